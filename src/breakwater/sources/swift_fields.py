"""Fields of SWIFT messages: found in any envelope, and the dates, amounts and balances in them read exactly."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from breakwater.errors import FileError
from breakwater.model.masking import mask_cards
from breakwater.model.money import exponent
from breakwater.sources.amounts import minor_of
from breakwater.sources.documents import RESEND, Document
from breakwater.sources.text_lines import numbered_lines, six_digit_day

AMOUNT = re.compile(r"[0-9]*,[0-9]*")
_TAG = re.compile(r":([0-9]{2}[A-Z]?|NS):")
# The fields of statements. In free text only these start a field: '…T16\n:26:37 …' is a time of day that was cut in two.
_FIELDS = frozenset(
    {"13", "13D", "20", "21", "25", "25P", "28", "28C", "34F", "60F", "60M", "61", "62F", "62M", "64", "65", "86", "90C", "90D", "NS"}
)
_FREE_TEXT = frozenset({"61", "86", "NS"})
_KEPT_LINES = 40  # of one field; no bank writes more than a dozen


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message: the line it starts on, its tag, and its lines."""

    line: int
    tag: str
    lines: list[str]

    @property
    def first(self) -> str:
        """Its first line; what stands below may be an envelope."""
        return self.lines[0].strip()

    @property
    def joined(self) -> str:
        """All its lines as one text."""
        return "".join(line.strip() for line in self.lines)


def fields(document: Document) -> Iterator[Field]:
    """The fields of all messages of a document, from the first `:20:` on."""
    tag, start, lines = "", 0, [""]
    for number, line in numbered_lines(document):
        found = _TAG.match(line)
        if found and (tag or found[1] == "20") and (found[1] in _FIELDS or tag not in _FREE_TEXT):
            if tag:
                yield Field(start, tag, lines)
            tag, start, lines = found[1], number, [line[found.end() :]]
        elif len(lines) < _KEPT_LINES:
            lines.append(line)
    if tag:
        yield Field(start, tag, lines)


class Wording:
    """Reads the values of one document; its errors say on which line they stand."""

    def __init__(self, name: str) -> None:
        self._name = name

    def wrong(self, code: str, line: int, what: str) -> FileError:
        """The refusal of the document because of one line."""
        return FileError(code, f"{self._name} line {line}: {mask_cards(what)}.", remedy=RESEND)

    def day(self, text: str, *, line: int, of: str) -> date:
        """The date of YYMMDD."""
        try:
            return six_digit_day(text)
        except ValueError:
            raise self.wrong("bad-date", line, f"the {of} '{text}' does not exist") from None

    def minor(self, text: str, currency: str, *, line: int, of: str) -> int:
        """Minor units of an amount with a comma; missing decimals are zeros."""
        try:
            places = exponent(currency)
        except KeyError:
            raise self.wrong("bad-amount", line, f"the {of} is in '{currency}', which is no currency") from None
        try:
            return minor_of(text.replace(",", ".", 1) if AMOUNT.fullmatch(text) else "", places)
        except ValueError:
            raise self.wrong("bad-amount", line, f"the {of} '{text}' is no amount in {currency} with a decimal comma") from None

    def balance(self, text: str, *, line: int) -> tuple[int, date, str | None, str]:
        """(sign, day, currency if stated, amount as text) of a balance."""
        mark, day, rest = text[:1], text[1:7], text[7:]
        if mark not in ("C", "D"):
            raise self.wrong("malformed", line, f"the balance '{text}' says neither C nor D")
        currency = rest[:3] if rest[:3].isalpha() else None
        return (1 if mark == "C" else -1), self.day(day, line=line, of="balance date"), currency, rest[3:] if currency else rest
