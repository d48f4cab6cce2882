"""What Slack accepts: its limits, its escaping, and builders that can't exceed either.

Text given to the builders is mrkdwn whose foreign words went through `escape`, `word`, `bold` or `code` before.
Limits: docs.slack.dev/reference/block-kit and the validators of slack_sdk 3.48.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from breakwater.views.figures import Chart

SECTION_TEXT = 3000
HEADER_TEXT = 150
CONTEXT_ELEMENTS = 10
CONTEXT_TEXT = 2000
ACTIONS = 25
BUTTON_TEXT = 75
BUTTON_VALUE = 2000
ID_TEXT = 255  # block_id, action_id, callback_id
IMAGE_ALT_TEXT = 2000
MESSAGE_BLOCKS = 50
MESSAGE_TEXT = 40_000
MESSAGE_CHARACTERS = 12_000  # all blocks together; not documented, Slack answers msg_blocks_too_long near 13,200 (bolt-js#2509)
MODAL_BLOCKS = 100
HOME_BLOCKS = 100
MODAL_TITLE = 24
MODAL_BUTTON = 24
METADATA_TEXT = 3000
LABEL_TEXT = 2000
PLACEHOLDER_TEXT = 150
INPUT_TEXT = 3000
OPTIONS = 100
OVERFLOW_OPTIONS = 5
CONFIRM_TEXT = 300
CONFIRM_TITLE = 100
CONFIRM_BUTTON = 30
OPTION_TEXT = 75
OPTION_VALUE = 150

WORD = 80  # our own: how much of a foreign name is worth showing
NOTE_TEXT = 200  # our own: room kept for the line that says what was left out

CHART_BLOCK = "chart"

Block = dict[str, Any]

# Control characters, and the marks that turn the direction of text around: an amount could be made to read backwards.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_BROADCAST = re.compile(r"@(?=channel|here|everyone)", re.IGNORECASE)
_HALF_TOKEN = re.compile(r"(?:<[^<>]{0,90}|&[a-z]{0,3})\Z")
_OUR_TOKENS = re.compile(r"&lt;([@#][CGUW][A-Z0-9]{1,20}|!date\^\d{1,12}\^[^|<>&]{1,60}\|[^|<>&]{1,60})&gt;")


@dataclass(frozen=True, kw_only=True)
class Message:
    """What is sent: blocks for the eye, `text` for notifications and screen readers, and the chart to be drawn for it, if any."""

    text: str
    blocks: tuple[Block, ...]
    chart: Chart | None = None

    def payload(self) -> dict[str, Any]:
        """The message as JSON-able data, the way it waits to be sent."""
        return {"text": self.text, "blocks": list(self.blocks)} | ({"chart": self.chart.to_json()} if self.chart else {})


def escape(text: str) -> str:
    """Foreign text made harmless in mrkdwn: it can't ping anybody, hide characters or open a token. Lines stay lines."""
    shown = visible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _BROADCAST.sub("@\u2060", shown)


def visible(text: str) -> str:
    """Text without what can't be seen but changes how it reads. Lines stay lines."""
    return _UNSEEN.sub("", text.replace("\r\n", "\n"))


def word(text: str, limit: int = WORD) -> str:
    """A foreign name on one line, cut at `limit` characters, escaped, and unable to change the formatting around it."""
    return escape(unmarked(cut(" ".join(text.split()), limit)))


def unmarked(text: str) -> str:
    """Words whose marks are replaced by their likes, so that they can't change the formatting around them."""
    return text.translate({ord("`"): "'", ord("*"): "∗", ord("~"): "∼"})


def bold(text: str, limit: int = WORD) -> str:
    """A foreign name in bold."""
    return f"*{word(text, limit) or '–'}*"


def code(text: str, limit: int = WORD) -> str:
    """A reference in code type, as it stands, for copying."""
    shown = cut(" ".join(_UNSEEN.sub("", text).split()), limit).replace("`", "'") or "–"
    return "`" + shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") + "`"


def paragraph(text: str, limit: int) -> str:
    """A person's words, several lines perhaps."""
    return escape(cut(text.strip(), limit))


def quote(text: str, limit: int) -> str:
    """A person's words, several lines perhaps, as a quotation."""
    return "\n".join(f"> {line}" for line in paragraph(text, limit).split("\n"))


def with_our_tokens(text: str) -> str:
    """A sentence of our own, escaped, in which names of people and channels and times made by us still work.

    Only for private answers and our own thread: a foreign `<@U…>` inside it would work as well (a broadcast never does).
    """
    return _OUR_TOKENS.sub(r"<\1>", escape(text))


def plain(text: str, limit: int) -> str:
    """Foreign text for a plain_text object, which knows no escaping: one line, cut at `limit`."""
    shown = " ".join(_UNSEEN.sub("", text).split()).replace("<", "‹").replace(">", "›")
    return cut(_BROADCAST.sub("@\u2060", shown), limit)


def cut(text: str, limit: int) -> str:
    """`text`, or as much of it as fits `limit` together with how much was left out. Tokens and entities stay whole."""
    if len(text) <= limit:
        return text
    room = max(limit - len(f"… (+{len(text):,} characters)"), 1)
    head = _HALF_TOKEN.sub("", text[:room])
    newline = head.rfind("\n")
    head = head[:newline] if newline > room // 2 else head
    return f"{head.rstrip()}… (+{len(text) - len(head):,} characters)"[: max(limit, 1)]


def listing(lines: Sequence[str], *, most: int, rest: str, limit: int = SECTION_TEXT) -> str:
    """The first lines, at most `most` and within `limit`, and a last one that says how many more there are and `rest`: where."""
    shown = list(lines[:most])
    while len(text := "\n".join([*shown, *_more(len(lines) - len(shown), rest)])) > limit and shown:
        shown.pop()
    return text


def _more(count: int, rest: str) -> list[str]:
    return [f"_… and {count:,} more{': ' if rest else ''}{rest}_"] if count else []


def section(text: str, *, accessory: Block | None = None) -> Block:
    """A paragraph, with a button beside it perhaps."""
    block: Block = {"type": "section", "text": _mrkdwn(text, SECTION_TEXT)}
    return block | ({"accessory": accessory} if accessory else {})


def context(*texts: str) -> Block:
    """Small print: source and time."""
    return {"type": "context", "elements": [_mrkdwn(text, CONTEXT_TEXT) for text in texts[:CONTEXT_ELEMENTS]]}


def header(text: str) -> Block:
    """A headline in large type, plain text only."""
    return {"type": "header", "text": _plain(text, HEADER_TEXT)}


def divider() -> Block:
    """A thin line."""
    return {"type": "divider"}


def actions(*elements: Block) -> Block:
    """A row of buttons."""
    return {"type": "actions", "elements": list(elements[:ACTIONS])}


def button(action_id: str, text: str, value: Mapping[str, Any], *, style: str | None = None, confirm: str = "") -> Block:
    """A button; `value` comes back as JSON, and a question (`confirm`) comes first. ValueError if it is too long to come back whole."""
    packed = _packed(value)
    if len(packed) > BUTTON_VALUE or len(action_id) > ID_TEXT:
        raise ValueError(f"The value of button '{action_id[:ID_TEXT]}' is longer than {BUTTON_VALUE} characters.")
    block: Block = {"type": "button", "action_id": action_id, "text": _plain(text, BUTTON_TEXT), "value": packed}
    return block | ({"style": style} if style else {}) | ({"confirm": _confirmation(confirm, text)} if confirm else {})


def overflow(action_id: str, options: Sequence[tuple[str, Mapping[str, Any]]]) -> Block:
    """A menu of up to five (text, value) for what does not fit into buttons; the chosen value comes back as JSON."""
    shown = [{"text": _plain(text, OPTION_TEXT), "value": _packed(value)} for text, value in options]
    if len(shown) > OVERFLOW_OPTIONS or any(len(option["value"]) > OPTION_VALUE for option in shown):
        raise ValueError(f"The menu '{action_id}' has too many options, or one whose value is longer than {OPTION_VALUE} characters.")
    return {"type": "overflow", "action_id": action_id, "options": shown}


def image(*, file_id: str, alt_text: str, block_id: str) -> Block:
    """An image that was uploaded to Slack before."""
    return {"type": "image", "block_id": block_id, "slack_file": {"id": file_id}, "alt_text": plain(alt_text, IMAGE_ALT_TEXT)}


def chart_place(chart: Chart) -> Block:
    """Where the chart belongs; as it stands it says in words what the chart shows, so a lost upload loses no fact."""
    return context(escape(chart.alt_text)) | {"block_id": CHART_BLOCK}


def fit(message: Message, *, rest: str = "") -> Message:
    """The message within Slack's limits; what had to go is counted in a line near its end. `rest` says where it can be read.

    The last block stays: it is the one that says where the message comes from.
    """
    body, last = list(message.blocks[:-1]), list(message.blocks[-1:])
    room = MESSAGE_CHARACTERS - characters(last) - NOTE_TEXT
    while body and (len(body) + len(last) > MESSAGE_BLOCKS or characters(body) > room):
        body.pop()
    left_out = len(message.blocks) - len(body) - len(last)
    if left_out:
        body = body[: MESSAGE_BLOCKS - len(last) - 1]
        left_out = len(message.blocks) - len(body) - len(last)
        body.append(context(f"_{left_out:,} more parts did not fit into this message.{' ' if rest else ''}{rest}_"))
    return replace(message, text=cut(message.text, MESSAGE_TEXT), blocks=(*body, *last))


def characters(blocks: Iterable[Block]) -> int:
    """How many characters of text the blocks hold, as Slack counts them against its limit for a message."""
    return sum(len(text) for block in blocks for text in _texts(block))


def _texts(node: Any) -> Iterable[str]:
    if isinstance(node, Mapping):
        yield from (node["text"],) if isinstance(node.get("text"), str) else ()
        for value in node.values():
            yield from _texts(value)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from _texts(value)


def _packed(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _confirmation(question: str, button_text: str) -> Block:
    yes, no = _plain(button_text, CONFIRM_BUTTON), _plain("Cancel", CONFIRM_BUTTON)
    return {"title": _plain("Are you sure?", CONFIRM_TITLE), "text": _plain(question, CONFIRM_TEXT), "confirm": yes, "deny": no}


def _mrkdwn(text: str, limit: int) -> Block:
    return {"type": "mrkdwn", "text": cut(text, limit) or "–", "verbatim": True}


def _plain(text: str, limit: int) -> Block:
    return {"type": "plain_text", "text": plain(text, limit) or "–", "emoji": True}
