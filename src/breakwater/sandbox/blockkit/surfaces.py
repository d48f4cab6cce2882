"""Whole messages and views checked as Slack checks them, and given the identities Slack gives."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from breakwater.sandbox.blockkit.blocks import check_blocks
from breakwater.sandbox.blockkit.objects import plain
from breakwater.sandbox.blockkit.shapes import Check, Problems, anything, boolean, shape, string
from breakwater.sandbox.messages import Json, words_of
from breakwater.sandbox.refusal import RefusalError

TEXT_CHARACTERS = 40_000
BLOCK_TEXT_CHARACTERS = 13_200  # not documented by Slack; reported as msg_blocks_too_long near this total
VIEW_BYTES = 250_000
HasFile = Callable[[Mapping[str, Any]], bool]
INTERACTIVE_IN = ("accessory", "element")

VIEW_COMMON: dict[str, Check] = {
    "private_metadata": string(least=0, most=3000),
    "callback_id": string(least=0, most=255),
    "external_id": string(least=0, most=255),
}


def accept_message(*, text: Any, blocks: Any, has_file: HasFile) -> tuple[Json, ...]:
    """The blocks of a message as Slack would keep them; RefusalError when it would refuse the message."""
    if text is not None and not isinstance(text, str):
        raise RefusalError("invalid_arguments", ["[ERROR] must provide a string [json-pointer:/text]"])
    if not text and not blocks:
        raise RefusalError("no_text")
    if len(text or "") > TEXT_CHARACTERS:
        raise RefusalError("msg_too_long")
    if blocks is None:
        return ()
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise RefusalError("invalid_blocks_format")
    problems = Problems(surface="message", has_file=has_file)
    check_blocks(blocks, "/blocks", problems)
    if problems.found:
        raise RefusalError("invalid_blocks", problems.found)
    if len(words_of(blocks).replace("\n", "")) > BLOCK_TEXT_CHARACTERS:
        raise RefusalError("msg_blocks_too_long")
    return tuple(with_identities(blocks))


def _inputs_need_submit(view: Mapping[str, Any], path: str, problems: Problems) -> None:
    if "submit" not in view and any(block["type"] == "input" for block in view["blocks"]):
        problems.add("`submit` is required when an `input` block is within blocks", path)


MODAL = shape(
    {"type": anything, "title": plain(24), "blocks": check_blocks},
    {
        **VIEW_COMMON,
        "submit": plain(24),
        "close": plain(24),
        "clear_on_close": boolean,
        "notify_on_close": boolean,
        "submit_disabled": boolean,
    },
    also=_inputs_need_submit,
)
HOME = shape({"type": anything, "blocks": check_blocks}, VIEW_COMMON)


def accept_view(view: Any, *, surface: str, has_file: HasFile) -> Json:
    """The view as Slack would keep it (`surface` is modal or home); RefusalError when it would refuse it."""
    if not isinstance(view, dict) or view.get("type") != surface:
        raise RefusalError("invalid_arguments", [f"[ERROR] view type must be {surface} [json-pointer:/view/type]"])
    if len(json.dumps(view)) > VIEW_BYTES:
        raise RefusalError("view_too_large")
    problems = Problems(surface=surface, has_file=has_file)
    (MODAL if surface == "modal" else HOME)(view, "/view", problems)
    if problems.found:
        raise RefusalError("invalid_arguments", problems.found)
    return {**view, "blocks": with_identities(view["blocks"])}


def with_identities(blocks: list[Json]) -> list[Json]:
    """A copy in which every block and every interactive element has an id, as Slack fills them in."""
    kept = deepcopy(blocks)
    for block in kept:
        block.setdefault("block_id", secrets.token_urlsafe(4))
        elements = [block[name] for name in INTERACTIVE_IN if name in block]
        elements += block["elements"] if block["type"] == "actions" else []
        for element in elements:
            if element["type"] != "image":
                element.setdefault("action_id", secrets.token_urlsafe(4))
    return kept
