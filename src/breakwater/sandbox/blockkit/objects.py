"""Rules for the small objects blocks are composed of: text, options, confirmations, images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from breakwater.sandbox.blockkit.shapes import Check, Problems, anything, boolean, items, one_of, shape, string, typed

ACTION_ID = string(least=1, most=255)
URL = string(least=1, most=3000, pattern=r"(https?|mailto|slack|tel):\S+")


def text(most: int, *, plain_only: bool = False) -> Check:
    """A text object of at most `most` characters."""
    kinds = {
        "plain_text": shape({"type": anything, "text": string(most=most)}, {"emoji": boolean}),
        "mrkdwn": shape({"type": anything, "text": string(most=most)}, {"verbatim": boolean}),
    }
    return typed(kinds, {"plain_text"} if plain_only else None)


def plain(most: int) -> Check:
    """A plain_text object of at most `most` characters."""
    return text(most, plain_only=True)


CONFIRM = shape({"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30)}, {"style": one_of("primary", "danger")})
DISPATCH = shape({"trigger_actions_on": items(one_of("on_enter_pressed", "on_character_entered"), most=2)})


def option(*, mrkdwn: bool = False, url: bool = False) -> Check:
    """One choice of a menu or a group of buttons."""
    more = {"url": URL} if url else {}
    return shape({"text": text(75) if mrkdwn else plain(75), "value": string(most=150)}, {"description": text(75), **more})


def options_or_groups(value: Mapping[str, Any], path: str, problems: Problems) -> None:
    """A menu has options or groups of them, not both; what is chosen at first must be among them."""
    if ("options" in value) == ("option_groups" in value):
        problems.add("must provide either options or option_groups", path)
        return
    initial_options_are_offered(value, path, problems)


def initial_options_are_offered(value: Mapping[str, Any], path: str, problems: Problems) -> None:
    """What is chosen at first must be one of the options, word for word; values must differ."""
    offered = [*value.get("options", []), *(o for g in value.get("option_groups", []) for o in g["options"])]
    chosen = [*value.get("initial_options", []), *([value["initial_option"]] if "initial_option" in value else [])]
    if any(one not in offered for one in chosen):
        problems.add("initial option must exactly match one of the provided options", path)
    if len({o["value"] for o in offered}) != len(offered):
        problems.add("option values must be unique", path)


SLACK_FILE = shape({}, {"id": string(most=255), "url": URL})


def image_source(value: Mapping[str, Any], path: str, problems: Problems) -> None:
    """An image comes from the web or from an uploaded file the bot can see, not both."""
    if ("image_url" in value) == ("slack_file" in value):
        problems.add("must provide either image_url or slack_file", path)
    elif "slack_file" in value and not problems.has_file(value["slack_file"]):
        problems.add("invalid slack file", f"{path}/slack_file")


IMAGE_URL = string(most=3000, pattern=r"https?://\S+")
IMAGE_FIELDS: dict[str, Check] = {"image_url": IMAGE_URL, "slack_file": SLACK_FILE}
