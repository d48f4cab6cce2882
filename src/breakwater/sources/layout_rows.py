"""The rows of a declared layout become records, whole columns at a time."""

from __future__ import annotations

import fnmatch
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from breakwater.model.files import Notice, Reading
from breakwater.model.masking import mask_cards
from breakwater.model.payments import ProcessingState
from breakwater.model.records import RECORD_SCHEMA, Kind
from breakwater.sources import columns, layout_dates, layout_money
from breakwater.sources.batches import Ordinals
from breakwater.sources.csv_blocks import Block
from breakwater.sources.documents import Document
from breakwater.sources.layout_events import Events
from breakwater.sources.layout_faults import Faults
from breakwater.sources.layout_money import Amounts
from breakwater.sources.layout_totals import Statements
from breakwater.sources.layouts import Column, Layout

_SHOWN_WORDS = 5
_NO_TEXT = pa.scalar(None, pa.string())
_NO_AMOUNT = pa.scalar(None, pa.int64())


class Rows:
    """Turns the blocks of one report into batches. `account` and `count` are what its first line says of the whole report."""

    def __init__(
        self, layout: Layout, *, document: Document, reading: Reading, account: str | None = None, count: int | None = None
    ) -> None:
        self._layout = layout
        self._document = document
        self._reading = reading
        self._account = account
        self._statements = Statements(layout, name=document.name, account=account, count=count)
        self._events = Events(layout, document=document, reading=reading) if layout.pending_are_events else None
        self._ordinals = Ordinals()
        self._report_name: str | None = None  # of a report without an id of its own
        self._unknown_kinds: Counter[str] = Counter()
        self._unknown_states: Counter[str] = Counter()

    def batches(self, block: Block) -> Iterator[pa.RecordBatch]:
        """The records of one block: its rows that moved money."""
        rest, totals = _parted(block, self._are_totals(block))
        if totals:
            self._add_totals(totals)
        if rest:
            booked = self._without_pending(rest)
            if booked:
                yield self._batch(booked)

    def finish(self) -> None:
        """The report is complete: its statements, and what was odd about it."""
        self._statements.finish(self._reading)
        if self._events:
            self._events.finish()
        kind, status = self._layout.kind, self._layout.status
        self._tell(self._unknown_kinds, "unknown-kind", kind.column, " or ".join(dict.fromkeys(kind.otherwise or ())))
        self._tell(self._unknown_states, "unknown-status", status.column, ProcessingState.UNKNOWN)

    def _batch(self, block: Block) -> pa.RecordBatch:
        layout, faults = self._layout, Faults(self._document.name, block)
        currency, places = self._currency(block, faults)
        money = layout_money.amounts_of(block, layout, places=places, faults=faults)
        self._statements.add(block, currency, credit=money.credit, debit=money.debit)
        kind = self._kind(block, money)
        amount, fee = _fees_are_their_own(kind, money)
        local, moment = self._booked(block, faults)
        original_amount, original_currency = layout_money.original_of(block, layout, currency=currency, amount=amount, faults=faults)
        status = self._status(block)
        raw_status = columns.or_null(block.filled(layout.status.column)) if layout.status.column else None
        booked_on = pc.cast(local, pa.date32())
        given: dict[str, Any] = {
            "record_id": self._record_ids(block, booked_on),
            "kind": kind,
            "amount_minor": amount,
            "fee_minor": fee,
            "currency": currency,
            "booked_on": booked_on,
            "booked_at": moment,
            "value_date": self._value_date(block, faults),
            "status": status,
            "account": self._accounts(block),
            "original_amount_minor": original_amount,
            "original_currency": original_currency,
            "raw_status": raw_status,
            "raw_code": columns.or_null(block.filled(layout.kind.column)) if layout.kind.column else None,
            "line": block.lines,
            **self._references(block, kind),
        }
        for name in ("partner", "network", "source_file"):
            if (value := getattr(self._document, name)) is not None:
                given[name] = pa.repeat(pa.scalar(value, pa.string()), len(block.lines))
        days = (self._reading.business_date, pc.max(booked_on).as_py())
        self._reading.business_date = max(filter(None, days), default=None)
        arrays = [pa.nulls(len(block.lines), f.type) if given.get(f.name) is None else given[f.name] for f in RECORD_SCHEMA]
        return pa.RecordBatch.from_arrays(arrays, schema=RECORD_SCHEMA)

    def _are_totals(self, block: Block) -> pa.Array | None:
        total = self._layout.total
        if total is None or not any(name in block.columns for name in total.column):
            return None
        return pc.equal(pc.utf8_lower(block.filled(total.column)), total.word)

    def _add_totals(self, block: Block) -> None:
        """A total of money is in the columns of money, by its sign: it has no direction of its own."""
        faults = Faults(self._document.name, block)
        currency, places = self._currency(block, faults)
        amounts = layout_money.net_of_totals(block, self._layout, places=places, faults=faults)
        self._statements.add_totals(block, currency, amounts, faults=faults)

    def _without_pending(self, block: Block) -> Block:
        """The booked rows of a block; the others are counted."""
        faults = Faults(self._document.name, block)
        is_pending = self._are_pending(block)
        currency, _ = self._currency(block, faults)
        self._statements.see(block, currency, is_pending=is_pending, faults=faults)
        booked, pending = _parted(block, is_pending)
        if pending and self._events:
            self._events.add(pending)
        return booked

    def _are_pending(self, block: Block) -> pa.Array | None:
        state = self._layout.state
        if state is None or not any(name in block.columns for name in state.column):
            return None
        words = pc.dictionary_encode(pc.utf8_lower(block.filled(state.column)))
        is_pending = [
            _is_one_of(w, state.pending) if state.pending else not _is_one_of(w, state.booked) for w in words.dictionary.to_pylist()
        ]
        return pc.take(pa.array(is_pending, pa.bool_()), words.indices) if any(is_pending) else None

    def _currency(self, block: Block, faults: Faults) -> tuple[pa.Array, pa.Array]:
        """The currency of each row, and its decimal places."""
        if self._layout.always_currency:
            currency = pa.repeat(pa.scalar(self._layout.always_currency, pa.string()), len(block.lines))
        else:
            currency = pc.ascii_upper(block.filled(self._layout.currency))
        return currency, columns.exponents(currency, faults.blame("bad-amount", " / ".join(self._layout.currency), "is no currency"))

    def _kind(self, block: Block, money: Amounts) -> pa.Array:
        words = self._layout.kind
        assert words.otherwise is not None
        credit, debit = words.otherwise
        otherwise = pc.if_else(pc.greater(money.debit, money.credit), debit, credit) if credit != debit else credit
        if not any(name in block.columns for name in words.column):
            return otherwise if isinstance(otherwise, pa.Array) else pa.repeat(pa.scalar(otherwise, pa.string()), len(block.lines))
        texts = pc.utf8_lower(block.filled(words.column))
        known = _looked_up(texts, words.meanings)
        if known.null_count:
            self._unknown_kinds.update(texts.filter(pc.is_null(known)).to_pylist())
        return pc.if_else(pc.is_null(known), otherwise, known)

    def _status(self, block: Block) -> pa.Array:
        """The canonical status; null where the report states none. Without a column of its own it is told by the kind's words."""
        status = self._layout.status
        texts = pc.utf8_lower(block.filled(status.column or self._layout.kind.column))
        known = _looked_up(texts, status.meanings)
        if not status.column:
            return known
        strange = pc.and_(pc.is_null(known), pc.invert(columns.blank(texts)))
        if pc.any(strange).as_py():
            self._unknown_states.update(texts.filter(strange).to_pylist())
        return pc.if_else(strange, str(ProcessingState.UNKNOWN), known)

    def _booked(self, block: Block, faults: Faults) -> tuple[pa.Array, pa.Array]:
        layout = self._layout
        shown = " / ".join(layout.booked)
        blame = faults.blame("bad-date", shown, "is no date")
        local, moment = layout_dates.booked(block, layout.booked, zones=layout.zones, written=layout.written, blame=blame)
        faults.require(pc.is_null(local), shown, "is empty, so the row has no date", code="bad-date")
        return local, moment

    def _value_date(self, block: Block, faults: Faults) -> pa.Array | None:
        column = self._layout.value
        if not any(name in block.columns for name in column):
            return None
        blame = faults.blame("bad-date", " / ".join(column), "is no date")
        return layout_dates.days(block.filled(column), written=self._layout.written, blame=blame)

    def _accounts(self, block: Block) -> pa.Array | None:
        column = self._layout.account or self._layout.account_if_one
        if any(name in block.columns for name in column):
            return columns.cleaned(block.filled(column))
        return pa.repeat(pa.scalar(self._account, pa.string()), len(block.lines)) if self._account else None

    def _references(self, block: Block, kind: pa.Array) -> dict[str, pa.Array]:
        found = {}
        for target, reference in self._layout.references.items():
            if any(name in block.columns for name in reference.column):
                cleaned = columns.cleaned(block.filled(reference.column))
                if reference.part:
                    cleaned = pc.struct_field(pc.extract_regex(cleaned, reference.part_pattern), "part")
                of_kind = pc.is_in(kind, pa.array(reference.kinds, pa.string())) if reference.kinds else None
                found[target] = cleaned if of_kind is None else pc.if_else(of_kind, cleaned, _NO_TEXT)
        return found

    def _record_ids(self, block: Block, booked_on: pa.Array) -> pa.Array:
        """As `model.records.record_id`, for a whole column; each logical key is kept once."""
        layout = self._layout
        parts = [block.columns[name] for name in layout.line if name in block.columns]
        named = (
            pc.utf8_trim(pc.binary_join_element_wise(*parts, "/"), "/")
            if parts
            else pa.repeat(pa.scalar("", pa.string()), len(block.lines))
        )
        named = pc.if_else(columns.blank(named), "-", named)
        if self._report_name is None:
            self._report_name = f"{booked_on[0].as_py()}.{named[0].as_py()}"
        key = self._logical_keys(block)
        for found in pc.unique(key).to_pylist():
            if found not in self._reading.logical_keys:
                self._reading.logical_keys.append(found)
        line = pc.binary_join_element_wise(key, named, "/")
        ordinals = pc.cast(pa.array(self._ordinals.of(line.to_pylist()), pa.int64()), pa.string())
        return pc.binary_join_element_wise(line, ordinals, "/")

    def _logical_keys(self, block: Block) -> pa.Array:
        """What the report is, whatever its bytes: format, account and id; without an id its first row names it, by day and reference."""
        layout = self._layout
        account = block.filled(layout.account) if layout.account else self._account or ""
        identity = block.filled(layout.id or layout.id_if_one)
        identity = pc.if_else(columns.blank(identity), self._report_name, identity)
        return pc.binary_join_element_wise(layout.format, *([layout.report] if layout.report else []), account, identity, ":")

    def _tell(self, words: Counter[str], code: str, column: Column, meaning: str) -> None:
        if words:
            shown = ", ".join(f"'{mask_cards(word)}' ({count})" for word, count in words.most_common(_SHOWN_WORDS))
            self._reading.notices.append(Notice(code, f"Unknown words in '{' / '.join(column)}' were read as {meaning}: {shown}."))


def _parted(block: Block, mask: pa.Array | None) -> tuple[Block, Block | None]:
    """The rows of a block for which `mask` is false, and those for which it is true; None means that it is false for all."""
    if mask is None or not pc.any(mask).as_py():
        return block, None
    return block.where(pc.invert(mask)), block.where(mask)


def _is_one_of(word: str, words: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(word, known) for known in words)


def _fees_are_their_own(kind: pa.Array, money: Amounts) -> tuple[pa.Array, pa.Array]:
    """Amount and fee of each row. A row that is a fee has no fee: it is one."""
    is_fee = pc.equal(kind, str(Kind.FEE))
    net = pc.subtract_checked(money.credit, money.debit)
    return pc.if_else(is_fee, net, money.amount), pc.if_else(is_fee, _NO_AMOUNT, money.fee)


def _looked_up(words: pa.Array, meanings: Any) -> pa.Array:
    """The meaning of each word; null for a word without one."""
    encoded = pc.dictionary_encode(words)
    return pc.take(pa.array([meanings.get(word) for word in encoded.dictionary.to_pylist()], pa.string()), encoded.indices)
