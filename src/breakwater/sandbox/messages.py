"""Messages as they stand in a channel, frozen, so that a reader keeps what was seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
TEXT_KEYS = ("text", "fallback", "alt_text", "title", "label", "hint", "description", "placeholder")


@dataclass(frozen=True)
class Message:
    """A message. `private_to` is the one person who sees it when it is ephemeral; `ts` is its identity within the channel."""

    channel: str
    ts: str
    user: str
    text: str
    team: str
    blocks: tuple[Json, ...] = ()
    thread_ts: str | None = None
    bot_id: str | None = None
    app_id: str | None = None
    metadata: Json | None = None
    edited_ts: str | None = None
    edited_by: str | None = None
    private_to: str | None = None
    files: tuple[str, ...] = ()
    reactions: tuple[tuple[str, tuple[str, ...]], ...] = ()
    unfurl_links: bool = True
    unfurl_media: bool = True
    client_msg_id: str | None = None
    in_channel_too: bool = False
    deleted: bool = False

    @property
    def is_reply(self) -> bool:
        return self.thread_ts is not None and self.thread_ts != self.ts

    @property
    def words(self) -> str:
        """Everything a person would read in it, one line per piece of text: the blocks, or the text where there are none."""
        return words_of(self.blocks) if self.blocks else self.text

    @property
    def buttons(self) -> list[str]:
        """The labels of its buttons, in order."""
        return [str(e["text"]["text"]) for _, e in elements_of(self.blocks) if e["type"] == "button"]


def words_of(blocks: object) -> str:
    """Every text within blocks, in reading order, a line each."""
    return "\n".join(_texts(blocks))


def _texts(part: object) -> Iterator[str]:
    if isinstance(part, list | tuple):
        for item in part:
            yield from _texts(item)
    elif isinstance(part, Mapping):
        if part.get("type") in {"rich_text_section", "rich_text_preformatted", "rich_text_quote"}:
            yield "".join(_run(e) for e in part.get("elements", []))
            return
        for key, value in part.items():
            if isinstance(value, str):
                if key in TEXT_KEYS:
                    yield value
            elif key != "confirm":
                yield from _texts(value)


def _run(element: Mapping[str, Any]) -> str:
    """One inline piece of rich text as a person reads it."""
    shown = {"user": "<@{user_id}>", "usergroup": "<!subteam^{usergroup_id}>", "channel": "<#{channel_id}>", "emoji": ":{name}:"}
    pattern = shown.get(str(element.get("type")))
    return pattern.format(**element) if pattern else str(element.get("text") or element.get("fallback") or element.get("url") or "")


def elements_of(blocks: object) -> Iterator[tuple[Json, Json]]:
    """Each interactive element within blocks, with the block it stands in."""
    for block in blocks if isinstance(blocks, list | tuple) else ():
        candidates = [block.get("accessory"), block.get("element")]
        if block.get("type") in {"actions", "context_actions"}:
            candidates += block.get("elements", [])
        for element in candidates:
            if isinstance(element, dict) and "action_id" in element:
                yield block, element
