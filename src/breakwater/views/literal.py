"""A person's words as they typed them: rich text, in which Slack looks for no marks, links or mentions.

A mention there is an element of its own, so words can't become one (docs.slack.dev/reference/block-kit/blocks/rich-text-block).
"""

from __future__ import annotations

from breakwater.views.blocks import WORD, Block, cut, visible


def said(text: str, limit: int) -> Block:
    """Somebody's words as a quotation, letter for letter and line for line."""
    return _rich_text("rich_text_quote", words(text.strip(), limit))


def line(*runs: Block) -> Block:
    """A paragraph put together from words."""
    return _rich_text("rich_text_section", *runs)


def words(text: str, limit: int = WORD, *, strong: bool = False) -> Block:
    """Words within a line."""
    run: Block = {"type": "text", "text": cut(visible(text), limit) or "–"}
    return run | ({"style": {"bold": True}} if strong else {})


def _rich_text(kind: str, *runs: Block) -> Block:
    return {"type": "rich_text", "elements": [{"type": kind, "elements": list(runs)}]}
