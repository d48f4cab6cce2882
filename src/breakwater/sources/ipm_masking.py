"""A copy of a Mastercard IPM file in which no card number can be read, and which is otherwise the same file."""

from __future__ import annotations

import re
from typing import BinaryIO

from cardutil.mciipm import VbsWriter

from breakwater.model.masking import is_card_number
from breakwater.sources.documents import Document
from breakwater.sources.ipm_messages import CARD_NUMBER, PRIVATE_DATA, Message, is_blocked, messages, pds_fields, serialized

CHIP_DATA = 55
FREE_TEXT = (54, 72, 105, 111, 127)
_CONTROLS = frozenset({"0105", "0148", "0301", "0306"})  # PDS fields that are numbers of the file, and never a card's
_SEEN_FIRST, _SEEN_LAST = 6, 4
_RUN = re.compile(r"(?<![0-9])[0-9]{12,19}(?![0-9])")


def write_masked(document: Document, copy: BinaryIO) -> None:
    """Write a document with the same messages of the same length, and no card number.

    The card number element keeps its first six and last four digits, and so does what looks like one in free text; chip data is blanked.
    FileError if the document can't be cut into messages.
    """
    writer = VbsWriter(copy, blocked=is_blocked(document.head()))
    for message in messages(document):
        message.private_data()  # what can't be cut into its fields can't be masked
        writer.write(serialized(masked(message)))
    writer.close()


def masked(message: Message) -> Message:
    """The message with its card number covered, wherever it may stand."""
    elements = message.elements
    if CARD_NUMBER in elements:
        number = elements[CARD_NUMBER]
        hidden = max(len(number) - _SEEN_FIRST - _SEEN_LAST, 0)
        elements[CARD_NUMBER] = number[:_SEEN_FIRST] + b"*" * hidden + number[_SEEN_FIRST + hidden :]
    if CHIP_DATA in elements:
        elements[CHIP_DATA] = bytes(len(elements[CHIP_DATA]))
    for element in FREE_TEXT:
        if element in elements:
            elements[element] = _covered(message.text_untrimmed(element)).encode("latin-1")
    for element in PRIVATE_DATA:
        if element in elements:
            fields = pds_fields(message.text_untrimmed(element))
            text = "".join(
                f"{tag}{len(value or ''):03}{value or '' if tag in _CONTROLS else _covered(value or '')}" for tag, value in fields
            )
            elements[element] = text.encode("latin-1")
    return message


def _covered(text: str) -> str:
    """The text with the middle of each card number in it replaced, at the same length."""
    return _RUN.sub(lambda run: _starred(run[0]) if is_card_number(run[0]) else run[0], text)


def _starred(number: str) -> str:
    return number[:_SEEN_FIRST] + "*" * (len(number) - _SEEN_FIRST - _SEEN_LAST) + number[-_SEEN_LAST:]
