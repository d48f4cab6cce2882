"""Rules for blocks, one entry per type, and the identities they must not share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from breakwater.sandbox.blockkit.elements import ELEMENTS, IN_ACTIONS, IN_INPUT, IN_SECTION
from breakwater.sandbox.blockkit.objects import IMAGE_FIELDS, image_source, plain, text
from breakwater.sandbox.blockkit.rich import BLOCK_ID, RICH_TEXT, TABLE
from breakwater.sandbox.blockkit.shapes import Check, Problems, anything, boolean, items, one_of, shape, string, typed

MARKDOWN_CHARACTERS = 12_000


def _block(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None, *, also: Check | None = None) -> Check:
    return shape({"type": anything, **required}, {"block_id": BLOCK_ID, **(optional or {})}, also=also)


def _text_or_fields(value: Mapping[str, Any], path: str, problems: Problems) -> None:
    if "text" not in value and "fields" not in value:
        problems.add("must provide either text or fields", path)


def _context_piece(value: Any, path: str, problems: Problems) -> None:
    check = text(3000) if isinstance(value, dict) and value.get("type") in {"mrkdwn", "plain_text"} else typed(ELEMENTS, {"image"})
    check(value, path, problems)


BLOCKS: dict[str, Check] = {
    "section": _block(
        {},
        {"text": text(3000), "fields": items(text(2000), most=10), "accessory": typed(ELEMENTS, IN_SECTION), "expand": boolean},
        also=_text_or_fields,
    ),
    "header": _block({"text": plain(150)}),
    "divider": _block({}),
    "image": _block({"alt_text": string(most=2000)}, {**IMAGE_FIELDS, "title": plain(2000)}, also=image_source),
    "context": _block({"elements": items(_context_piece, most=10)}),
    "actions": _block({"elements": items(typed(ELEMENTS, IN_ACTIONS), most=25)}),
    "input": _block(
        {"label": plain(2000), "element": typed(ELEMENTS, IN_INPUT)},
        {"hint": plain(2000), "optional": boolean, "dispatch_action": boolean},
    ),
    "rich_text": RICH_TEXT,
    "markdown": _block({"text": string(most=MARKDOWN_CHARACTERS)}),
    "table": TABLE,
    "alert": _block({"text": text(3000)}, {"level": one_of("default", "info", "warning", "error", "success")}),
}
ALLOWED = {
    "message": BLOCKS.keys() - {"alert"},
    "modal": BLOCKS.keys() - {"markdown", "table"},
    "home": BLOCKS.keys() - {"markdown", "table", "alert"},
}
MOST_BLOCKS = {"message": 50, "modal": 100, "home": 100}


def check_blocks(blocks: Any, path: str, problems: Problems) -> None:
    """Note everything Slack would refuse in a list of blocks of the problems' surface."""
    surface = problems.surface
    least = 0 if surface == "message" else 1
    items(typed(BLOCKS, ALLOWED[surface]), least=least, most=MOST_BLOCKS[surface])(blocks, path, problems)
    if not problems.found:
        _identities_differ(blocks, path, problems)
        _whole_message(blocks, path, problems)


def _identities_differ(blocks: list[dict[str, Any]], path: str, problems: Problems) -> None:
    seen: set[str] = set()
    for n, block in enumerate(blocks):
        block_id = block.get("block_id")
        if block_id is not None and block_id in seen:
            problems.add(f"`block_id` `{block_id}` already exists for another block", f"{path}/{n}/block_id")
        seen.add(block_id or "")
        inside: set[str] = set()
        for k, element in enumerate(block.get("elements", []) if block["type"] == "actions" else []):
            action_id = element.get("action_id")
            if action_id is not None and action_id in inside:
                problems.add(
                    f"`action_id` `{action_id}` already exists for another element with `block_id` `{block_id}`",
                    f"{path}/{n}/elements/{k}/action_id",
                )
            inside.add(action_id or "")


def _whole_message(blocks: list[dict[str, Any]], path: str, problems: Problems) -> None:
    """Limits over all blocks together: the markdown of one payload, one table, one focus."""
    if sum(len(b["text"]) for b in blocks if b["type"] == "markdown") > MARKDOWN_CHARACTERS:
        problems.add(f"markdown blocks must hold less than {MARKDOWN_CHARACTERS + 1} characters together", path)
    if sum(b["type"] == "table" for b in blocks) > 1:
        problems.add("only_one_table_allowed", path)
    if sum(bool(b.get("element", {}).get("focus_on_load")) for b in blocks) > 1:
        problems.add("only one element may have focus_on_load", path)
