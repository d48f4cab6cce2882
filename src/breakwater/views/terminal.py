"""A Slack message in a terminal: the same words in the same order, times in a time zone of one's choice, buttons left out."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from rich.text import Text

from breakwater.views.blocks import Message

_PIECE = re.compile(
    r"<!date\^(?P<at>\d+)\^[^|>]*\|[^>]*>|<(?P<token>[@#][^>|]+)(?:\|[^>]*)?>|`(?P<code>[^`\n]+)`|(?<!\w)\*(?P<bold>[^*\n]+)\*(?!\w)"
)
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\u2060]")
_COMMAND = re.compile(r"`(/(?:payment|recon|anomalies|incident)\b[^`\n]*)`")
_SMALL = re.compile(r"^_(.*)_$", re.MULTILINE)


def lines(message: Message, *, zone: tzinfo) -> list[Text]:
    """The paragraphs of a message, one text each."""
    return [text for block in message.blocks for text in _block(block, zone)]


def spoken(text: str) -> str:
    """Words for Slack as they are true in a terminal: `/payment` is a command here, too, and the others are given in Slack."""
    return _COMMAND.sub(lambda piece: _command(piece[1]), text)


def _command(said: str) -> str:
    return f"`breakwater {said[1:]}`" if re.match(r"/payment\b(?! watching)", said) else f"`{said}` in Slack"


def _block(block: Mapping[str, Any], zone: tzinfo) -> list[Text]:
    if block["type"] in ("section", "header"):
        return [_styled(spoken(block["text"]["text"]), zone)]
    if block["type"] == "context":
        return [Text.assemble(*(_styled(spoken(e["text"]), zone) for e in block["elements"]), style="dim")]
    return []


def _styled(mrkdwn: str, zone: tzinfo) -> Text:
    text = Text()
    at = 0
    mrkdwn = _SMALL.sub(r"\1", mrkdwn)
    for piece in _PIECE.finditer(mrkdwn):
        text.append(_plain(mrkdwn[at : piece.start()]))
        at = piece.end()
        if piece["at"]:
            text.append(f"{datetime.fromtimestamp(int(piece['at']), zone):%Y-%m-%d %H:%M %Z}")
        elif piece["token"]:
            text.append(piece["token"])
        elif piece["code"]:
            text.append(_plain(piece["code"]), style="cyan")
        else:
            bold = _styled(piece["bold"], zone)
            bold.stylize("bold")
            text.append_text(bold)
    text.append(_plain(mrkdwn[at:]))
    return text


def _plain(text: str) -> str:
    """Characters as they were, but for those that would steer the terminal."""
    return _UNSEEN.sub("", html.unescape(text))
