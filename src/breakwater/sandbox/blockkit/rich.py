"""Rules for rich_text blocks and for tables, whose cells may hold rich text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from breakwater.sandbox.blockkit.objects import URL
from breakwater.sandbox.blockkit.shapes import Check, Problems, anything, boolean, integer, items, one_of, shape, string, typed

MOST_RUNS = 1000
TABLE_ROWS = 100
TABLE_CELLS = 20
IDENTIFIER = string(most=255, pattern=r"[A-Z0-9]+")
BLOCK_ID = string(most=255)
STYLE = shape({}, dict.fromkeys(("bold", "italic", "strike", "code", "underline", "highlight", "client_highlight", "unlink"), boolean))


def _inline(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    return shape({"type": anything, **required}, {"style": STYLE, **(optional or {})})


INLINE: dict[str, Check] = {
    "text": _inline({"text": string(most=40_000)}),
    "link": _inline({"url": URL}, {"text": string(least=0, most=40_000), "unsafe": boolean}),
    "user": _inline({"user_id": IDENTIFIER}),
    "usergroup": _inline({"usergroup_id": IDENTIFIER}),
    "channel": _inline({"channel_id": IDENTIFIER}),
    "emoji": _inline({"name": string(most=255)}, {"unicode": string(most=255), "skin_tone": integer(least=1, most=6)}),
    "date": _inline(
        {"timestamp": integer(least=0, most=9_999_999_999), "format": string(most=255)}, {"url": URL, "fallback": string(most=255)}
    ),
    "broadcast": _inline({"range": one_of("here", "channel", "everyone")}),
    "color": _inline({"value": string(most=9, pattern=r"#[0-9A-Fa-f]{6}")}),
}
RUNS = items(typed(INLINE), most=MOST_RUNS)
LINKED_TEXT = items(typed(INLINE, {"text", "link"}), most=MOST_RUNS)
BORDER = integer(least=0, most=1)
SECTION = shape({"type": anything, "elements": RUNS})
PARTS: dict[str, Check] = {
    "rich_text_section": SECTION,
    "rich_text_list": shape(
        {
            "type": anything,
            "style": one_of("bullet", "ordered"),
            "elements": items(typed({"rich_text_section": SECTION}), most=MOST_RUNS),
        },
        {"indent": integer(least=0, most=8), "offset": integer(least=0, most=10_000), "border": BORDER},
    ),
    "rich_text_preformatted": shape({"type": anything, "elements": LINKED_TEXT}, {"border": BORDER, "language": string(least=0, most=50)}),
    "rich_text_quote": shape({"type": anything, "elements": RUNS}, {"border": BORDER}),
}
RICH_TEXT = shape({"type": anything, "elements": items(typed(PARTS), most=MOST_RUNS)}, {"block_id": BLOCK_ID})


def _number(value: Any, path: str, problems: Problems) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        problems.add("must provide a number", path)


CELLS: dict[str, Check] = {
    "raw_text": shape({"type": anything, "text": string(most=10_000)}),
    "raw_number": shape({"type": anything, "value": _number, "text": string(most=255)}),
    "rich_text": RICH_TEXT,
}
COLUMN = shape({}, {"align": one_of("left", "center", "right"), "is_wrapped": boolean})


def _column(value: Any, path: str, problems: Problems) -> None:
    """Settings for one column; null skips it."""
    if value is not None:
        COLUMN(value, path, problems)


TABLE = shape(
    {"type": anything, "rows": items(items(typed(CELLS), most=TABLE_CELLS), most=TABLE_ROWS)},
    {"block_id": BLOCK_ID, "column_settings": items(_column, most=TABLE_CELLS)},
)
