"""Messages of a Mastercard IPM clearing file: found in plain or blocked bytes, in either alphabet, and cut into their data elements.

The list of data elements is cardutil's. Its reader isn't used: it logs every message with the card number, and reads some 3,000 a second.
Here the card number (DE2) is passed over as bytes and never becomes text, and no message of ours quotes a message of theirs.
Source: ISO 8583:1993, and Mastercard's elements as cardutil documents them.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass

from cardutil.config import config

from breakwater.errors import FileError
from breakwater.sources.documents import RESEND, Document

ENCODINGS = ("cp500", "latin-1")  # EBCDIC and ASCII
TYPES = ("1240", "1442", "1644", "1740")  # presentment, chargeback, file administration, fee collection
CARD_NUMBER = 2
PRIVATE_DATA = (48, 62, 123, 124, 125)  # elements that hold PDS fields

_BLOCK, _DATA, _PAD = 1014, 1012, b"\x40\x40"
_CHUNK_BYTES = 1000 * _BLOCK
_LENGTH_BYTES = 4
_LONGEST_MESSAGE: int = config["MAX_VBS_RECORD_LENGTH"]
_HEADER = 20  # message type and bitmap
_TO_LATIN = bytes(range(256)).decode("cp500").encode("latin-1")  # the two alphabets have the same 256 letters in another order
_FROM_LATIN = bytes(range(256)).decode("latin-1").encode("cp500")
# data element: (digits of its length, else 0; its fixed length)
_ELEMENTS: dict[int, tuple[int, int]] = {
    int(bit): ({"LLVAR": 2, "LLLVAR": 3}.get(element["field_type"], 0), element["field_length"])
    for bit, element in config["bit_config"].items()
}


@dataclass(frozen=True, slots=True)
class Message:
    """One message: its number in the file, its type, and its data elements by number, as bytes of Latin-1 whatever they came in."""

    name: str
    number: int
    type: str
    encoding: str
    head: bytes  # type and bitmap
    elements: dict[int, bytes]

    def text(self, element: int) -> str:
        """A data element as text without blanks around; '' where there is none. Never the card number."""
        assert element != CARD_NUMBER
        return self.elements.get(element, b"").decode("latin-1").strip()

    def digits(self, element: int, *, code: str) -> int | None:
        """A data element of digits; None where there is none. `code` is the refusal's where it holds anything else."""
        text = self.text(element)
        if element not in self.elements:
            return None
        if not (text.isascii() and text.isdecimal()):
            raise self.wrong(code, f"data element {element} is no number")
        return int(text)

    def private_data(self) -> dict[str, str]:
        """The PDS fields by their tags of four digits."""
        found: dict[str, str] = {}
        for element in PRIVATE_DATA:
            for tag, value in pds_fields(self.text_untrimmed(element)) if element in self.elements else ():
                if value is None:
                    raise self.wrong("malformed", f"data element {element} can't be cut into its PDS fields")
                found[tag] = value
        return found

    def text_untrimmed(self, element: int) -> str:
        """A data element as it stands."""
        return self.elements[element].decode("latin-1")

    def wrong(self, code: str, what: str) -> FileError:
        """The refusal of the document because of this message, of which nothing is quoted."""
        return FileError(code, f"{self.name} message {self.number}: {what}.", remedy=RESEND)


def pds_fields(text: str) -> Iterator[tuple[str, str | None]]:
    """(tag, value) of each PDS field: four digits of tag, three of length, value. The last value is None where the text can't be cut."""
    at = 0
    while at < len(text):
        head = text[at : at + 7]
        length = int(head[4:]) if len(head) == 7 and head.isascii() and head.isdecimal() else len(text)
        value = text[at + 7 : at + 7 + length]
        yield head[:4], value if len(value) == length else None
        at += 7 + length


def encoding_of(head: bytes) -> str | None:
    """The alphabet of a file by the type of its first message; None where it does not start like an IPM file."""
    length = int.from_bytes(head[:_LENGTH_BYTES], "big")
    if not _HEADER <= length <= _LONGEST_MESSAGE:
        return None
    first = head[_LENGTH_BYTES : _LENGTH_BYTES + 4]
    return next((encoding for encoding in ENCODINGS for type in TYPES if first == type.encode(encoding)), None)


def is_blocked(head: bytes) -> bool:
    """True if every whole block in the head ends with its two bytes of padding, and reading on as if there were none goes wrong."""
    ends = [head[end - 2 : end] for end in range(_BLOCK, len(head) + 1, _BLOCK)]
    return bool(ends) and all(end == _PAD for end in ends) and not _is_plain(head)


def _is_plain(head: bytes) -> bool:
    """True if the lengths lead from message to message beyond the first block: that can't be if it has padding in it."""
    encoding, at = encoding_of(head), 0
    types = {type.encode(encoding or "ascii") for type in TYPES}
    while at + 8 <= len(head) and head[at + 4 : at + 8] in types:
        if at > _DATA:
            return True
        at += _LENGTH_BYTES + int.from_bytes(head[at : at + 4], "big")
    return at > _DATA and head[at : at + 4] == bytes(4) and len(head) == at + 4


def raw_messages(document: Document) -> Iterator[bytes]:
    """The bytes of each message of a document. `truncated` where one ends early, `malformed` where there can be none."""
    blocked = is_blocked(document.head())
    buffer, at, number = b"", 0, 0
    chunks = _chunks(document, blocked=blocked)
    while True:
        while len(buffer) - at < _LENGTH_BYTES + _LONGEST_MESSAGE and (chunk := next(chunks, b"")):
            buffer, at = buffer[at:] + chunk, 0
        length = int.from_bytes(buffer[at : at + _LENGTH_BYTES], "big")
        end = at + _LENGTH_BYTES + length
        if not length or (blocked and buffer[at : at + 2] == _PAD):
            break
        number += 1
        if length > _LONGEST_MESSAGE or length < _HEADER:
            raise FileError("malformed", f"{document.name}: what should be message {number} has {length:,} bytes.", remedy=RESEND)
        if end > len(buffer):
            raise FileError("truncated", f"{document.name} ends in the midst of message {number}.", remedy=RESEND)
        yield buffer[at + _LENGTH_BYTES : end]
        at = end
    for rest in (buffer[at:], *chunks):
        if rest.strip(b"\x00\x40"):
            raise FileError("malformed", f"{document.name} goes on behind its end mark.", remedy=RESEND)


def _chunks(document: Document, *, blocked: bool) -> Iterator[bytes]:
    with document.open() as stream:
        pending = b""
        while chunk := stream.read(_CHUNK_BYTES):
            if not blocked:
                yield chunk
                continue
            pending += chunk
            whole = len(pending) // _BLOCK * _BLOCK
            blocks = [pending[start : start + _BLOCK] for start in range(0, whole, _BLOCK)]
            if any(block[_DATA:] != _PAD for block in blocks):
                raise FileError("malformed", f"{document.name} has a block without its padding.", remedy=RESEND)
            yield b"".join(block[:_DATA] for block in blocks)
            pending = pending[whole:]
        if pending:
            yield pending


def messages(document: Document) -> Iterator[Message]:
    """The messages of a document, cut into their data elements."""
    encoding = encoding_of(document.head())
    if encoding is None:
        raise FileError("malformed", f"{document.name} does not start with an IPM message.", remedy=RESEND)
    for number, raw in enumerate(raw_messages(document), start=1):
        yield message_of(raw, encoding=encoding, name=document.name, number=number)


def message_of(raw: bytes, *, encoding: str, name: str, number: int) -> Message:
    """One message, cut into its data elements, which must fill it exactly."""
    elements: dict[int, bytes] = {}
    message = Message(name, number, raw[:4].decode(encoding), encoding, raw[:_HEADER], elements)
    if message.type not in TYPES:
        raise message.wrong("malformed", "its type is none of " + ", ".join(TYPES))
    body = raw[_HEADER:].translate(_TO_LATIN) if encoding == "cp500" else raw[_HEADER:]
    at = 0
    for element in _present(raw[4:_HEADER]):
        if element not in _ELEMENTS:
            raise message.wrong("malformed", f"it has a data element {element}, which IPM does not know")
        digits, length = _ELEMENTS[element]
        if digits:
            stated = body[at : at + digits]
            if len(stated) < digits or not stated.isdigit():
                raise message.wrong("malformed", f"data element {element} has no length")
            at, length = at + digits, int(stated)
        elements[element] = body[at : at + length]
        at += length
    if at != len(body):
        raise message.wrong("malformed", f"its data elements take {at} bytes, but it has {len(body)}")
    return message


def serialized(message: Message) -> bytes:
    """The bytes of a message, as they came where no data element has been replaced."""
    parts = []
    for element, value in message.elements.items():
        digits, _ = _ELEMENTS[element]
        parts += [f"{len(value):0{digits}}".encode() if digits else b"", value]
    body = b"".join(parts)
    return message.head + (body.translate(_FROM_LATIN) if message.encoding == "cp500" else body)


@functools.lru_cache(maxsize=256)
def _present(bitmap: bytes) -> tuple[int, ...]:
    """The numbers of the data elements that a bitmap says are there; the first bit says that it has 16 bytes, which all of them have."""
    bits = int.from_bytes(bitmap, "big")
    present = tuple(element for element in range(1, 129) if bits >> (128 - element) & 1)
    return present[1:] if present[:1] == (1,) else (129,)  # a bitmap of 8 bytes is none of IPM's
