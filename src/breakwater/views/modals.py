"""Modals: forms whose blocks keep Slack's limits, and how a submitted one is read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from breakwater.errors import RefusedError
from breakwater.model.masking import mask_cards
from breakwater.views.blocks import (
    ID_TEXT,
    INPUT_TEXT,
    LABEL_TEXT,
    METADATA_TEXT,
    MODAL_BLOCKS,
    MODAL_BUTTON,
    MODAL_TITLE,
    OPTION_TEXT,
    OPTION_VALUE,
    OPTIONS,
    PLACEHOLDER_TEXT,
    Block,
    cut,
    plain,
)

VALUE = "value"  # the action id of every input: the block id tells them apart
CLOSE = "Cancel"


def modal(callback_id: str, *, title: str, blocks: Sequence[Block], submit: str, metadata: Mapping[str, Any], close: str = CLOSE) -> Block:
    """A modal; `metadata` comes back with it. A RefusedError says by how much it is too long to come back whole."""
    packed = json.dumps(metadata, ensure_ascii=False, separators=(",", ":"))
    if len(packed) > METADATA_TEXT:
        raise RefusedError(
            "The texts together are too long for a preview.",
            remedy=f"Shorten them by {len(packed) - METADATA_TEXT:,} characters; details can follow in the thread.",
        )
    return {
        "type": "modal",
        "callback_id": callback_id[:ID_TEXT],
        "title": _plain(title, MODAL_TITLE),
        "submit": _plain(submit, MODAL_BUTTON),
        "close": _plain(close, MODAL_BUTTON),
        "private_metadata": packed,
        "blocks": list(blocks[:MODAL_BLOCKS]),
    }


def text_input(
    block_id: str,
    label: str,
    *,
    most: int,
    multiline: bool = False,
    hint: str = "",
    placeholder: str = "",
    initial: str = "",
    optional: bool = False,
) -> Block:
    """A field for text of at most `most` characters; it must be filled in unless it is `optional`."""
    element: Block = {
        "type": "plain_text_input",
        "action_id": VALUE,
        "multiline": multiline,
        "max_length": min(most, INPUT_TEXT),
    } | ({} if optional else {"min_length": 1})
    element |= {"placeholder": _plain(placeholder, PLACEHOLDER_TEXT)} if placeholder else {}
    element |= {"initial_value": cut(initial, most)} if initial else {}
    return _input(block_id, label, element, hint) | ({"optional": True} if optional else {})


def choice(
    block_id: str, label: str, options: Sequence[tuple[str, str]], *, chosen: str | None = None, hint: str = "", optional: bool = False
) -> Block:
    """A choice among (value, text) options, to be made unless it is `optional`.

    More than a menu holds are split into groups by their first and last text.
    """
    shown = [_option(value, text) for value, text in options]
    element: Block = {"type": "static_select", "action_id": VALUE}
    if len(shown) <= OPTIONS:
        element |= {"options": shown}
    else:
        groups = [shown[n : n + OPTIONS] for n in range(0, len(shown), OPTIONS)][:OPTIONS]
        element |= {"option_groups": [{"label": _plain(_span(group), OPTION_TEXT), "options": group} for group in groups]}
    initial = next((option for option, (value, _) in zip(shown, options, strict=True) if value == chosen), None)
    element |= {"initial_option": initial} if initial else {}
    return _input(block_id, label, element, hint) | ({"optional": True} if optional else {})


def several(block_id: str, label: str, options: Sequence[tuple[str, str]], *, hint: str = "", optional: bool = False) -> Block:
    """A choice of any number of (value, text) options, the first hundred of them."""
    element: Block = {"type": "multi_static_select", "action_id": VALUE, "options": [_option(v, text) for v, text in options[:OPTIONS]]}
    return _input(block_id, label, element, hint) | ({"optional": True} if optional else {})


def day_choice(block_id: str, label: str, *, initial: date, hint: str = "") -> Block:
    """A day of the calendar."""
    return _input(block_id, label, {"type": "datepicker", "action_id": VALUE, "initial_date": initial.isoformat()}, hint)


def person_choice(block_id: str, label: str, *, hint: str = "") -> Block:
    """Somebody of the workspace."""
    return _input(block_id, label, {"type": "users_select", "action_id": VALUE}, hint)


def typed(view: Mapping[str, Any], block_id: str) -> str:
    """The text somebody wrote into a field; card numbers are masked before anybody stores or shows it."""
    return mask_cards((view["state"]["values"][block_id][VALUE].get("value") or "").strip())


def chosen(view: Mapping[str, Any], block_id: str) -> str:
    """The value of the option somebody chose."""
    return str(view["state"]["values"][block_id][VALUE]["selected_option"]["value"])


def chosen_if_any(view: Mapping[str, Any], block_id: str) -> str:
    """The value of the option somebody chose where they need not; empty for none."""
    option = view["state"]["values"][block_id][VALUE].get("selected_option")
    return str(option["value"]) if option else ""


def chosen_several(view: Mapping[str, Any], block_id: str) -> tuple[str, ...]:
    """The values of the options somebody chose; none, perhaps."""
    return tuple(str(option["value"]) for option in view["state"]["values"][block_id][VALUE].get("selected_options") or ())


def chosen_day(view: Mapping[str, Any], block_id: str) -> date:
    """The day somebody chose."""
    return date.fromisoformat(view["state"]["values"][block_id][VALUE]["selected_date"])


def chosen_person(view: Mapping[str, Any], block_id: str) -> str:
    """The Slack id of the person somebody chose."""
    return str(view["state"]["values"][block_id][VALUE]["selected_user"])


def metadata(view: Mapping[str, Any]) -> dict[str, Any]:
    """What the modal was opened with."""
    return dict(json.loads(view["private_metadata"] or "{}"))


def _input(block_id: str, label: str, element: Block, hint: str) -> Block:
    block: Block = {"type": "input", "block_id": block_id[:ID_TEXT], "label": _plain(label, LABEL_TEXT), "element": element}
    return block | ({"hint": _plain(hint, LABEL_TEXT)} if hint else {})


def _option(value: str, text: str) -> Block:
    if len(value) > OPTION_VALUE:
        raise ValueError(f"The option '{value[:40]}…' is longer than {OPTION_VALUE} characters.")
    return {"text": _plain(text, OPTION_TEXT), "value": value}


def _span(group: Sequence[Block]) -> str:
    return f"{group[0]['text']['text'][:30]} … {group[-1]['text']['text'][:30]}"


def _plain(text: str, limit: int) -> Block:
    return {"type": "plain_text", "text": plain(text, limit) or "–", "emoji": True}
