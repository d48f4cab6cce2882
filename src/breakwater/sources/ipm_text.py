"""A message of a Mastercard IPM file for the eyes of people: a line for each data element, the card number masked."""

from __future__ import annotations

from collections.abc import Iterator

from breakwater.sources.documents import Document
from breakwater.sources.ipm_masking import CHIP_DATA, masked
from breakwater.sources.ipm_messages import PRIVATE_DATA, Message, messages, pds_fields


def message_text(document: Document, number: int) -> str | None:
    """The message with this number, counted from 1; None where there are fewer. FileError if the document can't be cut into messages."""
    found = next((message for message in messages(document) if message.number == number), None)
    return None if found is None else "\n".join([f"MTI {found.type}", *_elements(masked(found))])


def _elements(message: Message) -> Iterator[str]:
    for element in sorted(message.elements):
        text = _readable(message.text_untrimmed(element))
        if element == CHIP_DATA:
            yield f"DE{element} ({len(text)} bytes of chip data)"
        elif element in PRIVATE_DATA:
            fields = pds_fields(message.text_untrimmed(element))
            yield from (f"DE{element} PDS{tag} {_readable(value or '')}".rstrip() for tag, value in fields)
        else:
            yield f"DE{element} {text}".rstrip()


def _readable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "·" for letter in text)
