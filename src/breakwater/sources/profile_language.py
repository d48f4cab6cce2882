"""Print-style reports read by their profiles: each figure proven by the others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import NoReturn

import pyarrow as pa

from breakwater.errors import FileError
from breakwater.model.files import Reading
from breakwater.model.masking import mask_cards
from breakwater.model.money import exponent
from breakwater.model.records import Side, clean_reference
from breakwater.sources.amounts import minor_of
from breakwater.sources.documents import RESEND, Document, Head
from breakwater.sources.profiles import FIGURES, WRITTEN_DAYS, Profile, ProfileLine
from breakwater.sources.report_records import Movement, ReportRecords
from breakwater.sources.text_lines import numbered_lines

_AMOUNT = re.compile(r"[+-]?[0-9][0-9.,' ]*[A-Z-]{0,3}")


@dataclass(frozen=True, kw_only=True)
class _Figures:
    """The figures of one line in minor units, None where the line does not print them; `net` is signed."""

    line: int
    count: int | None
    credit: int | None
    debit: int | None
    net: int


class ProfileLanguage:
    """One profile as a partner language."""

    side = Side.THEIRS
    event_formats: tuple[str, ...] = ()

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.formats: tuple[str, ...] = (profile.format,)

    def recognise(self, head: Head) -> str | None:
        """By the words that its first page starts with."""
        return self.profile.format if self.profile.starts in head.text else None

    def read(self, document: Document, reading: Reading) -> Iterator[pa.RecordBatch]:
        """The records of one report."""
        report = _Report(self.profile, document, reading)
        for number, line in numbered_lines(document):
            report.line(number, line.lstrip("\f").expandtabs().rstrip())
        yield from report.finish()


class _Report:
    """Reads line by line. A new id, account, currency or day closes a statement: what it printed has to add up by then."""

    def __init__(self, profile: Profile, document: Document, reading: Reading) -> None:
        self._profile = profile
        self._name = document.name
        self._records = ReportRecords(document, reading)
        self._batches: list[pa.RecordBatch] = []
        self._said: dict[str, str] = {}
        self._section = ""
        self._sections = {line.section for line in profile.lines if line.section}
        self._figures: dict[str, _Figures] = {}
        self._number = 0
        self._is_over = False

    def line(self, number: int, text: str) -> None:
        self._number = number
        if not text.strip():
            return
        if self._is_over and self._profile.starts not in text:
            self._refuse("malformed", "text stands after the end of the report")
        if self._profile.end in text:
            self._close()
            self._is_over = True
            return
        self._is_over = False
        is_about = [self._anchor(entry, words, text) for entry, words in self._profile.anchors.items()]
        label = text[slice(*self._profile.columns["label"])].strip()
        if label in self._sections:
            self._section = label
        elif not any(is_about):
            self._figures_of(label, text)

    def finish(self) -> Iterator[pa.RecordBatch]:
        if not self._is_over:
            raise FileError("truncated", f"{self._name} does not end with '{self._profile.end}'.", remedy=RESEND)
        yield from self._batches
        yield from self._records.finish(id=self._said.get("id"))

    def _anchor(self, entry: str, words: str, text: str) -> bool:
        """True if the line says the report's id, account, currency or day: what stands after its words, up to two blanks."""
        _, found, rest = text.partition(words)
        if not found:
            return False
        value = re.split(r" {2,}", rest.strip(), maxsplit=1)[0]
        if self._said.get(entry, value) != value:
            self._close()
        self._said[entry] = value
        return True

    def _figures_of(self, label: str, text: str) -> None:
        cells = {name: text[slice(*place)].strip() for name, place in self._profile.columns.items() if name != "label"}
        declared = next((line for line in self._profile.lines if line.label == label and line.section in (None, self._section)), None)
        if declared is None:
            if _AMOUNT.fullmatch(cells["net"].upper()):
                self._refuse("malformed", f"the line {mask_cards(label)!r} has an amount, but the profile does not know it")
            return
        if declared.name in self._figures:
            self._refuse("malformed", f"the line '{declared.name}' stands twice in one report")
        amounts = {name: self._amount(cells[name], name) for name in ("credit", "debit", "net") if cells.get(name)}
        if "net" not in amounts:
            self._refuse("bad-amount", f"the line '{label}' has no net amount")
        credit, debit = amounts.get("credit"), amounts.get("debit")
        if (credit is not None or debit is not None) and abs(credit or 0) - abs(debit or 0) != amounts["net"]:
            self._refuse("control-total", f"the net of '{label}' is not its credits less its debits")
        self._figures[declared.name] = _Figures(
            line=self._number, count=self._count(cells.get("count", "")), credit=credit, debit=debit, net=amounts["net"]
        )

    def _amount(self, text: str, name: str) -> int:
        """Signed minor units: a debit word behind the digits makes it negative, as does a minus before them."""
        profile = self._profile
        digits, sign = text, 1
        for word, turns in (*((w, 1) for w in profile.credit_words), *((w, -1) for w in profile.debit_words)):
            if text.upper().endswith(word):
                digits, sign = text[: -len(word)].strip(), turns
                break
        plain = digits.replace(profile.thousands, "") if profile.thousands else digits
        try:
            return sign * minor_of(plain.replace(profile.decimal, ".") if profile.decimal != "." else plain, exponent(self._currency()))
        except (ValueError, KeyError):
            self._refuse("bad-amount", f"the {name} {mask_cards(text)!r} is no amount in {self._currency() or 'an unnamed currency'}")

    def _count(self, text: str) -> int | None:
        plain = text.replace(self._profile.thousands, "") if self._profile.thousands else text
        if plain and not (plain.isascii() and plain.isdecimal()):
            self._refuse("malformed", f"the count {text!r} is no number")
        return int(plain) if plain else None

    def _currency(self) -> str:
        return self._said.get("currency", "").upper()

    def _close(self) -> None:
        """The lines of one statement are complete: each that others add up to is proven, and what is money becomes records."""
        for line in self._profile.lines:
            self._prove(line)
        if any(line.kind for line in self._profile.lines if line.name in self._figures):
            day = self._day()
            for line in self._profile.lines:
                if line.kind and line.name in self._figures:
                    self._keep(line, self._figures[line.name], day)
        self._figures = {}
        self._section = ""

    def _prove(self, line: ProfileLine) -> None:
        found = [self._figures[child.name] for child in self._profile.lines if child.under == line.name and child.name in self._figures]
        said = self._figures.get(line.name)
        if not found or line.kind:
            return
        if said is None:
            raise FileError("truncated", f"{self._name} ends before its line '{line.name}'.", remedy=RESEND)
        for figure in FIGURES:
            total, parts = getattr(said, figure), [getattr(each, figure) for each in found]
            if total is not None and None not in parts and total != sum(parts):
                self._number = said.line
                self._refuse("control-total", f"the {figure} of '{line.name}' is {total:,}, but its lines add up to {sum(parts):,}")

    def _keep(self, line: ProfileLine, figures: _Figures, day: date) -> None:
        account, identity = self._said.get("account"), self._said.get("id")
        totals = self._records.totals(self._currency(), account=account)
        totals.entries += 1
        totals.details += figures.count or 0
        sides = (figures.credit, figures.debit) if figures.credit is not None or figures.debit is not None else _by_sign(figures.net)
        totals.credits_minor += abs(sides[0] or 0)
        totals.debits_minor += abs(sides[1] or 0)
        movement = Movement(
            currency=self._currency(),
            kind=line.kind,  # type: ignore[arg-type]  # only lines with a kind are kept
            amount_minor=figures.net,
            fee_minor=None,
            booked_on=day,
            account=clean_reference(account),
            raw_code=line.name,
            ref_batch_id=clean_reference(identity),
            line=figures.line,
        )
        key = ":".join((self._profile.format, account or "", f"{identity or ''}.{day}.{self._currency()}"))
        self._batches += self._records.add(movement, key=key, reference=line.name)

    def _day(self) -> date:
        text = self._said.get("day", "")
        try:
            return datetime.strptime(text, WRITTEN_DAYS[self._profile.written]).replace(tzinfo=UTC).date()
        except ValueError:
            self._refuse("bad-date", f"the day {text!r} is no date")

    def _refuse(self, code: str, what: str) -> NoReturn:
        raise FileError(code, f"{self._name} line {self._number}: {what}.", remedy=RESEND)


def _by_sign(net: int) -> tuple[int, int]:
    return (net, 0) if net >= 0 else (0, net)
