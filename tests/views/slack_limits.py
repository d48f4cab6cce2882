"""What Slack would say to a message or a modal: its documented limits, and the validators of its own SDK."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from breakwater.views.blocks import Message

# The pieces that must never reach Slack alive, wherever a foreign word is shown.
ALIVE = ("<!channel>", "<!here>", "<!everyone>", "<@U123>", "@here", "@channel", "<@U12")


def accept(message: Message) -> None:
    """Fail where Slack would accept the message, or where a foreign word stayed alive in it."""
    blocks = [dict(block) for block in message.blocks]
    assert 1 <= len(blocks) <= 50
    assert 0 < len(message.text) <= 40_000
    assert sum(len(text) for text in texts(blocks)) < 13_200
    check_blocks(blocks)
    check_alive([message.text, *parsed(blocks)])
    json.dumps(message.payload())


def accept_modal(view: Mapping[str, Any]) -> None:
    """Fail where Slack would accept the modal."""
    assert len(view["blocks"]) <= 100
    assert len(view["title"]["text"]) <= 24
    assert len(view["submit"]["text"]) <= 24
    assert len(view["close"]["text"]) <= 24
    assert len(view["private_metadata"]) <= 3_000
    check_blocks(view["blocks"])
    View(**view).to_dict()
    check_alive(parsed(view["blocks"]))


def accept_home(view: Mapping[str, Any]) -> None:
    """Fail where Slack would accept an App Home."""
    assert view["type"] == "home"
    assert 1 <= len(view["blocks"]) <= 100
    check_blocks(view["blocks"])
    View(**view).to_dict()
    check_alive(parsed(view["blocks"]))


def check_blocks(blocks: list[dict[str, Any]]) -> None:
    for block in blocks:
        parsed = Block.parse(dict(block))
        assert parsed is not None, block
        parsed.validate_json()
        assert all(0 < len(text) <= 3_000 for text in texts([block])), block
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    assert len(ids) == len(set(ids))
    assert all(len(button["value"]) <= 2_000 for button in nodes(blocks, "button"))
    assert all(len(options) <= 100 for options in named(blocks, "options"))


def check_alive(shown: Iterator[str] | list[str]) -> None:
    for text in shown:
        assert [piece for piece in ALIVE if piece in text.replace("\u2060", "|")] == [], text


def texts(node: Any) -> Iterator[str]:
    """Every text that is shown, but for what stands in code type: Slack pings nobody from there."""
    for value in named(node, "text"):
        yield from [without_code(value)] if isinstance(value, str) else []


def parsed(node: Any) -> Iterator[str]:
    """The texts in which Slack looks for mentions: all but those of rich text, where a mention is an element of its own."""
    mappings = [n for n in everything(node) if isinstance(n, Mapping) and n.get("type") != "text"]
    yield from (without_code(n["text"]) for n in mappings if isinstance(n.get("text"), str))


def without_code(text: str) -> str:
    return "`".join(part for part in text.split("`")[::2]) or "`"


def nodes(node: Any, kind: str) -> list[dict[str, Any]]:
    return [n for n in everything(node) if isinstance(n, Mapping) and n.get("type") == kind]


def named(node: Any, name: str) -> list[Any]:
    return [n[name] for n in everything(node) if isinstance(n, Mapping) and name in n]


def everything(node: Any) -> Iterator[Any]:
    yield node
    children = node.values() if isinstance(node, Mapping) else node if isinstance(node, list | tuple) else ()
    for child in children:
        yield from everything(child)
