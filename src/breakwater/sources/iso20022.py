"""What all ISO 20022 messages share: how one is known, how its elements are read, and how its control totals are proven.

Messages are read by local element names alone, so any version and any namespace or prefix will do, wrapped or not.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

from breakwater.errors import FileError
from breakwater.model.masking import mask_cards
from breakwater.model.money import exponent, minor_from_major
from breakwater.sources.amounts import minor_of
from breakwater.sources.documents import RESEND, Head
from breakwater.sources.markup import LocalNames

# The element that holds a message: its format. The first versions wrote their number behind it, or had the message's name alone.
MESSAGES = {
    "BkToCstmrStmt": "camt.053",
    "BkToCstmrAcctRpt": "camt.052",
    "BkToCstmrDbtCdtNtfctn": "camt.054",
    "FIToFIPmtCxlReq": "camt.056",
    "CstmrCdtTrfInitn": "pain.001",
    "CstmrPmtStsRpt": "pain.002",
    "CstmrDrctDbtInitn": "pain.008",
    "FIToFIPmtStsRpt": "pacs.002",
    "PmtRtr": "pacs.004",
    "FIToFICstmrCdtTrf": "pacs.008",
}
_NAMES = "|".join(MESSAGES)
_FIRST_VERSIONS = r"(camt\.05[2346]|pain\.00[128]|pacs\.00[248])\.\d{3}\.\d{2}"
_MESSAGE = re.compile(rf"(?:({_NAMES})(?:V\d\d)?|{_FIRST_VERSIONS})")
_START = re.compile(rf"<!--.*?-->|<(?:[\w.-]+:)?{_MESSAGE.pattern}[\s/>]", re.DOTALL)
_NAMESPACE = re.compile(rf"""=\s*["'][^"']*\b{_FIRST_VERSIONS}""")
_AFTER_DATE = frozenset("Tt Zz+-")
_COUNT = re.compile(r"[0-9]{1,18}")
_SUM_PLACES = 4  # no currency has more decimals
XML_BLANKS = " \t\r\n"


def recognise(head: Head) -> str | None:
    """The format of a document by its first message element, or where that has been cut off, by its namespace."""
    if not head.text.lstrip("\ufeff \t\r\n").startswith("<"):
        return None
    for found in _START.finditer(head.text):
        if found[1] or found[2]:
            return MESSAGES.get(found[1], found[2])
    named = _NAMESPACE.search(head.text)
    return named[1] if named else None


def format_of(local_name: str) -> str | None:
    """The format of a message by the local name of its element; None where it is no message we read."""
    found = _MESSAGE.fullmatch(local_name)
    return MESSAGES.get(found[1], found[2]) if found else None


class Elements:
    """Reads the elements of one document; its errors name the document."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.local = LocalNames()

    def children(self, element: Any) -> dict[str, Any]:
        """An element's children by local name; of several the first."""
        local = self.local
        found: dict[str, Any] = {}
        for child in () if element is None else element:
            found.setdefault(local[child.tag], child)
        return found

    def at(self, element: Any, *path: str) -> Any:
        """The element at a path below an element; None where there is none."""
        for step in path:
            element = None if element is None else self.children(element).get(step)
        return element

    def text(self, element: Any, *path: str) -> str | None:
        """The text at a path below an element, without blanks; None where there is none."""
        found = self.at(element, *path)
        return None if found is None else (found.text or "").strip(XML_BLANKS) or None

    def amount(self, element: Any, *, of: str) -> tuple[int, str]:
        """An unsigned amount in minor units of its own currency."""
        if element is None:
            raise self.wrong("bad-amount", f"{of} has no amount")
        text = (element.text or "").strip(XML_BLANKS)
        currency = (element.get("Ccy") or "").strip(XML_BLANKS).upper()
        try:
            places = exponent(currency)
        except KeyError:
            raise self.wrong("bad-amount", f"the amount of {of} is in '{currency}', which is no currency") from None
        try:
            # The direction has its own element, so a sign has no place here.
            return minor_of("" if text[:1] in "+-" else text, places), currency
        except ValueError:
            what = f"the amount of {of}, '{text}' {currency}, is not an unsigned number of {places} decimals"
            raise self.wrong("bad-amount", what) from None

    def given_amount(self, elements: Iterable[Any], *, of: str) -> tuple[int, str] | None:
        """The first amount of several places that is there and not empty; None where there is none."""
        return next((self.amount(e, of=of) for e in elements if e is not None and self.text(e)), None)

    def day(self, element: Any, *, of: str) -> tuple[date | None, str | None]:
        """The date in a date choice (`Dt` or `DtTm`), and its text; (None, None) where there is none."""
        for child in () if element is None else element:
            if self.local[child.tag] in ("Dt", "DtTm"):
                text = (child.text or "").strip(XML_BLANKS)
                return self._real_day(text, of=of), text
        return None, None

    def plain_day(self, element: Any, *, of: str) -> date | None:
        """A date that stands in the element itself, or in a choice below it; None where it is absent or empty."""
        text = self.text(element) or self.text(element, "Dt") or self.text(element, "DtTm")
        return None if text is None else self._real_day(text, of=of)

    def instant(self, element: Any, *, of: str) -> datetime | None:
        """A date time as an instant. Without a zone it is taken as UTC, without a readable time as the start of its day."""
        text = self.text(element)
        if text is None:
            return None
        day = self._real_day(text, of=of)
        try:
            moment = datetime.fromisoformat(text)
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            return datetime.combine(day, time(), UTC)

    def reason(self, element: Any) -> str | None:
        """The code in a `Rsn` choice, the bank's own word where it has no code of the standard."""
        own = self.text(element, "Rsn", "Prtry")
        return self.text(element, "Rsn", "Cd") or (mask_cards(own) if own else None)

    def account(self, element: Any) -> str | None:
        """The number of an account: its IBAN, or what the bank calls it."""
        return self.text(element, "Id", "IBAN") or self.text(element, "Id", "Othr", "Id")

    def _real_day(self, text: str, *, of: str) -> date:
        try:
            return iso_day(text)
        except ValueError:
            raise self.wrong("bad-date", f"the {of} '{text}' does not exist") from None

    def wrong(self, code: str, what: str) -> FileError:
        """A refusal of this document."""
        return FileError(code, f"{self.name}: {mask_cards(what)}.", remedy=RESEND)


@dataclass
class Tally:
    """Transactions counted and added up, against what their message or batch announces of them."""

    entries: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    minor: dict[str, int] = field(default_factory=dict)
    """What they move per currency, in order of first appearance."""

    def add(self, amount_minor: int, currency: str) -> None:
        """One transaction."""
        self.entries += 1
        self.counts[currency] = self.counts.get(currency, 0) + 1
        self.minor[currency] = self.minor.get(currency, 0) + amount_minor

    def prove(self, read: Elements, announced: dict[str, Any], *, of: str, total: str | None = None) -> None:
        """Refuse a header whose `NbOfTxs`, `CtrlSum` or element `total` says something else. What is absent or empty proves nothing."""
        count = read.text(announced.get("NbOfTxs"))
        if count is not None and not (_COUNT.fullmatch(count) and int(count) == self.entries):
            raise read.wrong("control-total", f"{of} announces {count} transactions and has {self.entries:,}")
        control_sum = read.text(announced.get("CtrlSum"))
        if control_sum is not None and self._sum_of(read, control_sum, of=of) != self._blind_sum():
            raise read.wrong("control-total", f"the amounts of {of} do not add up to its control sum {control_sum}")
        stated = read.given_amount([announced.get(total)], of=f"the total of {of}") if total else None
        if stated and stated[0] != self.minor.get(stated[1], 0):
            raise read.wrong("control-total", f"the amounts of {of} do not add up to its {total}")

    def _blind_sum(self) -> int:
        """The sum of all amounts whatever their currency, as `CtrlSum` is defined, in ten thousandths."""
        return sum(minor * 10 ** (_SUM_PLACES - exponent(currency)) for currency, minor in self.minor.items())

    def _sum_of(self, read: Elements, text: str, *, of: str) -> int:
        try:
            return minor_from_major(text, _SUM_PLACES)
        except ValueError:
            raise read.wrong("control-total", f"the control sum of {of}, '{text}', is no sum of amounts") from None


@functools.lru_cache(maxsize=4096)
def iso_day(text: str) -> date:
    """The date at the start of an ISO date or date time. ValueError if it does not exist."""
    if text[4:8:3] != "--" or (len(text) > 10 and text[10] not in _AFTER_DATE):  # Python also knows weeks and days without dashes
        raise ValueError(f"'{text}' is no date")
    return date.fromisoformat(text[:10])
