"""The rows of a declared layout become records and statements, whole columns at a time."""

from __future__ import annotations

import functools
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NoReturn

import pyarrow as pa
import pyarrow.compute as pc

from breakwater.errors import FileError
from breakwater.model.files import Notice, Reading, Statement
from breakwater.model.masking import mask_cards
from breakwater.model.records import RECORD_SCHEMA
from breakwater.sources import columns
from breakwater.sources.batches import Ordinals
from breakwater.sources.csv_blocks import Block
from breakwater.sources.documents import RESEND, Document
from breakwater.sources.layouts import Layout

_SHOWN_REFERENCES = 5
_SHOWN_WORDS = 5
_SEPARATOR = "\x1f"
_EXACT_SUM = pa.decimal128(19, 0)  # a sum of these has 38 digits: no column of int64 can overflow it

# Hours ahead of UTC of the zone abbreviations that reports print. Reports name standard and summer time apart, so each is one offset.
_ZONE_OFFSET_H = {
    "UTC": 0, "GMT": 0, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "CEST": 2, "MET": 1, "MEST": 2, "EET": 2, "EEST": 3, "MSK": 3,
    "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10,
    "BRT": -3, "ART": -3, "SAST": 2, "GST": 4, "SGT": 8, "HKT": 8, "AWST": 8, "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11,
    "NZST": 12, "NZDT": 13,
}  # fmt: skip


@dataclass
class _Totals:
    id: str | None
    account: str | None
    currency: str
    entries: int = 0
    credits_minor: int = 0
    debits_minor: int = 0
    references: list[str] = field(default_factory=list)


class Rows:
    """Turns the blocks of one report into batches, and adds up its statements."""

    def __init__(self, layout: Layout, *, document: Document, reading: Reading) -> None:
        self._layout = layout
        self._document = document
        self._reading = reading
        self._ordinals = Ordinals()
        self._totals: dict[str, _Totals] = {}
        self._unknown_words: Counter[str] = Counter()

    def batch(self, block: Block) -> pa.RecordBatch:
        """The records of one block."""
        layout, count = self._layout, len(block.lines)
        cells = functools.partial(_cells, block)
        currency = pc.ascii_upper(cells(layout.currency))
        places = columns.exponents(currency, self._blame(block, "bad-amount", layout.currency, "is no currency"))
        places = places if layout.unit == "major" else pa.repeat(pa.scalar(0, pa.int64()), count)
        credit, debit = self._money(block, places)
        fee = self._fee(block, places)
        amount = pc.add_checked(pc.subtract_checked(credit, debit), pc.fill_null(fee, 0))
        local, zone = self._booked(block)
        words = pc.utf8_lower(cells(layout.kind))
        kind = self._kinds(words)
        self._add_up(block, currency=currency, credit=credit, debit=debit)
        given: dict[str, Any] = {
            "record_id": self._record_ids(block),
            "kind": kind,
            "amount_minor": amount,
            "fee_minor": fee,
            "currency": currency,
            "booked_on": pc.cast(local, pa.date32()),
            "booked_at": pc.assume_timezone(pc.subtract(local, _offsets(zone)), "UTC"),
            "value_date": self._value_date(block),
            "status": _looked_up(words, layout.status_words),
            "account": columns.cleaned(cells(layout.account)) if layout.account else None,
            "raw_code": columns.or_null(cells(layout.kind)),
            "line": block.lines,
            **dict(zip(("original_amount_minor", "original_currency"), self._original(block, currency, amount), strict=True)),
            **self._references(block, kind),
        }
        constants = {"partner": self._document.partner, "network": self._document.network, "source_file": self._document.source_file}
        given |= {name: pa.repeat(pa.scalar(value, pa.string()), count) for name, value in constants.items() if value is not None}
        days = pc.max(given["booked_on"]).as_py()
        self._reading.business_date = max(filter(None, (self._reading.business_date, days)), default=None)
        arrays = [pa.nulls(count, f.type) if given.get(f.name) is None else given[f.name] for f in RECORD_SCHEMA]
        return pa.RecordBatch.from_arrays(arrays, schema=RECORD_SCHEMA)

    def finish(self) -> None:
        """The report is complete: its statements, and what was odd about it."""
        for totals in self._totals.values():
            self._reading.statements.append(
                Statement(
                    id=totals.id,
                    account=totals.account,
                    currency=totals.currency,
                    entries=totals.entries,
                    credits_minor=totals.credits_minor,
                    debits_minor=totals.debits_minor,
                    references=tuple(totals.references),
                )
            )
            key = self._logical_key(totals.account, totals.id)
            if key not in self._reading.logical_keys:
                self._reading.logical_keys.append(key)
        if self._unknown_words:
            shown = ", ".join(f"'{mask_cards(word)}' ({count})" for word, count in self._unknown_words.most_common(_SHOWN_WORDS))
            message = f"Unknown words in '{self._layout.kind}' were read as {self._layout.kind_otherwise}: {shown}."
            self._reading.notices.append(Notice("unknown-kind", message))

    def _money(self, block: Block, places: pa.Array) -> tuple[pa.Array, pa.Array]:
        """Unsigned credit and debit of each row; 0 where the cell is empty, but never both empty."""
        layout = self._layout
        if layout.net:
            net = columns.minor_units(block.columns[layout.net], places, self._no_number(block, layout.net))
            self._require(block, pc.is_null(net), layout.net, "is empty, so the row has no amount")
            return pc.max_element_wise(net, 0), pc.max_element_wise(pc.negate_checked(net), 0)
        assert layout.credit is not None
        assert layout.debit is not None
        sides = []
        for name in (layout.credit, layout.debit):
            side = columns.minor_units(block.columns[name], places, self._no_number(block, name))
            self._require(block, pc.less(side, 0), name, "is negative in a column of unsigned amounts")
            sides.append(side)
        self._require(block, pc.and_(*map(pc.is_null, sides)), layout.credit, f"and '{layout.debit}' are empty, so the row has no amount")
        return pc.fill_null(sides[0], 0), pc.fill_null(sides[1], 0)

    def _fee(self, block: Block, places: pa.Array) -> pa.Array:
        """The sum of the fee columns; null where none of them is filled."""
        total = pa.nulls(len(block.lines), pa.int64())
        for name in self._layout.fees:
            if name in block.columns and not pc.all(columns.blank(block.columns[name])).as_py():
                fee = columns.minor_units(block.columns[name], places, self._no_number(block, name))
                total = pc.if_else(pc.is_null(fee), total, pc.add_checked(fee, pc.fill_null(total, 0)))
        return total

    def _original(self, block: Block, currency: pa.Array, amount: pa.Array) -> tuple[pa.Array, pa.Array]:
        """Amount and currency before conversion, signed as `amount`; null where there was none."""
        nothing = pa.nulls(len(block.lines), pa.int64()), pa.nulls(len(block.lines), pa.string())
        if self._layout.original is None or not set(self._layout.original) <= set(block.columns):
            return nothing
        names = self._layout.original
        theirs = columns.or_null(pc.ascii_upper(block.columns[names[0]]))
        theirs = pc.if_else(pc.equal(theirs, currency), pa.scalar(None, pa.string()), theirs)
        if theirs.null_count == len(theirs):
            return nothing
        places = columns.exponents(theirs, self._blame(block, "bad-amount", names[0], "is no currency"))
        places = places if self._layout.unit == "major" else pc.if_else(pc.is_null(places), places, 0)
        texts = [pc.if_else(pc.is_null(theirs), "", block.columns[name]) for name in names[1:]]
        sides = [columns.minor_units(t, places, self._no_number(block, n)) for t, n in zip(texts, names[1:], strict=True)]
        known = pc.invert(pc.and_(*map(pc.is_null, sides)))
        gross = pc.subtract_checked(pc.fill_null(sides[0], 0), pc.fill_null(sides[1], 0))
        turned = pc.less(pc.multiply(pc.sign(gross), pc.sign(amount)), 0)
        signed = pc.if_else(turned, pc.negate(gross), gross)
        return pc.if_else(known, signed, pa.scalar(None, pa.int64())), pc.if_else(known, theirs, pa.scalar(None, pa.string()))

    def _booked(self, block: Block) -> tuple[pa.Array, pa.Array]:
        """The local booking time and its zone's name, from the first date column that is filled."""
        empty = pa.repeat(pa.scalar("", pa.string()), len(block.lines))
        text, zone = empty, empty
        zones = (*self._layout.zones, *[""] * len(self._layout.booked))
        for name, zone_name in reversed(list(zip(self._layout.booked, zones, strict=False))):
            if name in block.columns:
                filled = pc.invert(columns.blank(block.columns[name]))
                text = pc.if_else(filled, block.columns[name], text)
                zone = pc.if_else(filled, block.columns.get(zone_name, empty), zone)
        names = " / ".join(self._layout.booked)
        local = columns.moments(text, self._blame(block, "bad-date", names, "is no date"))
        self._require(block, pc.is_null(local), names, "is empty, so the row has no date", code="bad-date")
        return local, zone

    def _value_date(self, block: Block) -> pa.Array | None:
        name = self._layout.value
        if name is None or name not in block.columns:
            return None
        return pc.cast(columns.moments(block.columns[name], self._blame(block, "bad-date", name, "is no date")), pa.date32())

    def _kinds(self, words: pa.Array) -> pa.Array:
        known = _looked_up(words, self._layout.kind_words)
        if known.null_count:
            self._unknown_words.update(pc.filter(words, pc.is_null(known)).to_pylist())
        return pc.fill_null(known, self._layout.kind_otherwise)

    def _references(self, block: Block, kind: pa.Array) -> dict[str, pa.Array]:
        found = {}
        for target, reference in self._layout.references.items():
            if reference.column in block.columns:
                cleaned = columns.cleaned(block.columns[reference.column])
                of_kind = pc.is_in(kind, pa.array(reference.kinds, pa.string())) if reference.kinds else None
                found[target] = cleaned if of_kind is None else pc.if_else(of_kind, cleaned, pa.scalar(None, pa.string()))
        return found

    def _record_ids(self, block: Block) -> pa.Array:
        """As `model.records.record_id`, for a whole column."""
        layout = self._layout
        empty = pa.scalar("", pa.string())
        parts = [block.columns[name] for name in layout.line if name in block.columns]
        named = pc.utf8_trim(pc.binary_join_element_wise(*parts, "/"), "/") if parts else pa.repeat(empty, len(block.lines))
        account, identity = (_cells(block, name) if name else empty for name in (layout.account, layout.id))
        key = pc.binary_join_element_wise(layout.format, account, identity, ":")
        line = pc.binary_join_element_wise(key, pc.if_else(columns.blank(named), "-", named), "/")
        line = line if isinstance(line, pa.Array) else line.combine_chunks()
        ordinals = pc.cast(pa.array(self._ordinals.of(line.to_pylist()), pa.int64()), pa.string())
        return pc.binary_join_element_wise(line, ordinals, "/")

    def _add_up(self, block: Block, *, currency: pa.Array, credit: pa.Array, debit: pa.Array) -> None:
        """One statement for each id, account and currency, in order of first appearance."""
        layout = self._layout
        empty = pa.repeat(pa.scalar("", pa.string()), len(block.lines))
        parts = [_cells(block, layout.id) if layout.id else empty, _cells(block, layout.account) if layout.account else empty, currency]
        encoded = pc.dictionary_encode(pc.binary_join_element_wise(*parts, _SEPARATOR))
        money = {"at": encoded.indices, "credit": pc.cast(credit, _EXACT_SUM), "debit": pc.cast(debit, _EXACT_SUM)}
        sums = pa.table(money).group_by("at").aggregate([("credit", "sum"), ("debit", "sum"), ("at", "count")]).to_pylist()
        for row in sorted(sums, key=lambda row: row["at"]):
            key = encoded.dictionary[row["at"]].as_py()
            identity, account, code = key.split(_SEPARATOR)
            totals = self._totals.setdefault(key, _Totals(id=identity or None, account=account or None, currency=code))
            totals.entries += row["at_count"]
            totals.credits_minor += int(row["credit_sum"])
            totals.debits_minor += int(row["debit_sum"])
            wanted = _SHOWN_REFERENCES - len(totals.references)
            if layout.reference in block.columns and wanted:
                references = block.columns[layout.reference]
                mine = pc.and_(pc.equal(encoded.indices, row["at"]), pc.invert(columns.blank(references)))
                totals.references += references.take(pc.indices_nonzero(mine)[:wanted]).to_pylist()

    def _logical_key(self, account: str | None, identity: str | None) -> str:
        return f"{self._layout.format}:{account or ''}:{identity or ''}"

    def _no_number(self, block: Block, name: str) -> columns.Blame:
        return self._blame(block, "bad-amount", name, "is no amount this currency can have")

    def _blame(self, block: Block, code: str, name: str, why: str) -> columns.Blame:
        def blame(row: int, text: str) -> NoReturn:
            line = block.lines[row].as_py()
            raise FileError(code, f"{self._document.name} line {line}: '{name}' {mask_cards(repr(text))} {why}.", remedy=RESEND)

        return blame

    def _require(self, block: Block, wrong: pa.Array, name: str, why: str, *, code: str = "bad-amount") -> None:
        row = pc.index(wrong, value=True).as_py()
        if row >= 0:
            raise FileError(code, f"{self._document.name} line {block.lines[row].as_py()}: '{name}' {why}.", remedy=RESEND)


def _cells(block: Block, name: str) -> pa.Array:
    return block.columns[name]


def _looked_up(words: pa.Array, meanings: Any) -> pa.Array:
    """The meaning of each word; null for a word without one."""
    encoded = pc.dictionary_encode(words)
    return pc.take(pa.array([meanings.get(word) for word in encoded.dictionary.to_pylist()], pa.string()), encoded.indices)


def _offsets(zone: pa.Array) -> pa.Array:
    """How far each zone is ahead of UTC; null for one that is not known, since a guessed hour is worse than none."""
    encoded = pc.dictionary_encode(zone)
    hours = [_ZONE_OFFSET_H.get(name.upper()) for name in encoded.dictionary.to_pylist()]
    return pc.take(pa.array([None if h is None else timedelta(hours=h) for h in hours], pa.duration("us")), encoded.indices)
