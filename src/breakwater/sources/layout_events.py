"""Rows that have moved no money yet, as events: each says what became of a payment, so that it can be traced."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from breakwater.model.events import EVENT_REFERENCE_COLUMNS, EVENT_SCHEMA, NO_CURRENCY
from breakwater.model.files import Notice, Reading
from breakwater.model.masking import mask_cards
from breakwater.model.payments import ProcessingState
from breakwater.sources import columns, layout_dates, layout_money
from breakwater.sources.batches import Ordinals
from breakwater.sources.csv_blocks import Block
from breakwater.sources.documents import Document
from breakwater.sources.layout_faults import Faults
from breakwater.sources.layouts import Layout

_NAMED_WORDS = 5
_NAMES = ("ref_payment_id", *EVENT_REFERENCE_COLUMNS)


class Events:
    """Gathers the events of one report. What names no payment, or has no time, is counted and told rather than kept."""

    def __init__(self, layout: Layout, *, document: Document, reading: Reading) -> None:
        self._layout = layout
        self._document = document
        self._reading = reading
        self._ordinals = Ordinals()
        self._unknown: Counter[str] = Counter()
        self._lost: Counter[str] = Counter()

    def add(self, block: Block) -> None:
        """Rows that are pending. FileError `bad-date` for a date that can't be."""
        layout, faults = self._layout, Faults(self._document.name, block)
        names = {name: columns.cleaned(block.filled(layout.references[name].column)) for name in _NAMES if name in layout.references}
        payment = names["ref_payment_id"]
        blame = faults.blame("bad-date", " / ".join(layout.booked), "is no date")
        _, moment = layout_dates.booked(block, layout.booked, zones=layout.zones, written=layout.written, blame=blame)
        word = block.filled(layout.status.column or layout.kind.column)
        amount, currency = layout_money.as_ordered(block, layout, faults=faults)
        given: dict[str, Any] = {
            "event_id": self._ids(block),
            "payment_id": payment,
            "occurred_at": moment,
            "state": self._states(word),
            "amount_minor": pc.fill_null(amount, 0),
            "currency": pc.fill_null(currency, NO_CURRENCY),
            "raw_code": columns.or_null(word),
            **{name: reference for name, reference in names.items() if name in EVENT_REFERENCE_COLUMNS},
            "line": block.lines,
        }
        for name in ("partner", "network", "source_file"):
            if (value := getattr(self._document, name)) is not None:
                given[name] = pa.repeat(pa.scalar(value, pa.string()), len(block))
        self._lost["name no payment"] += payment.null_count
        self._lost["have no time"] += pc.sum(pc.and_(pc.is_valid(payment), pc.is_null(moment))).as_py()
        arrays = [pa.nulls(len(block), f.type) if given.get(f.name) is None else given[f.name] for f in EVENT_SCHEMA]
        kept = pa.table(arrays, names=EVENT_SCHEMA.names).filter(pc.and_(pc.is_valid(payment), pc.is_valid(moment)))
        self._reading.events_among_records += kept.cast(EVENT_SCHEMA).to_batches()

    def finish(self) -> None:
        """What was odd about the events of the report."""
        if self._unknown:
            words = ", ".join(f"'{mask_cards(word)}' ({n:,})" for word, n in self._unknown.most_common(_NAMED_WORDS))
            self._reading.notices.append(Notice("unknown-status", f"Words that are not known here, and count as unknown: {words}."))
        for why, n in self._lost.items():
            if n:
                self._reading.notices.append(Notice("event-not-kept", f"{n:,} rows about payments {why}, so they can't be traced."))

    def _states(self, word: pa.Array) -> pa.Array:
        encoded = pc.dictionary_encode(pc.utf8_lower(word))
        states = [self._layout.status.meanings.get(each) for each in encoded.dictionary.to_pylist()]
        found = pc.take(pa.array(states, pa.string()), encoded.indices)
        self._unknown.update(word.filter(pc.is_null(found)).to_pylist())
        return pc.fill_null(found, str(ProcessingState.UNKNOWN))

    def _ids(self, block: Block) -> pa.Array:
        """By account and the reference of the line, which the same row has wherever it is reported."""
        parts = [block.columns[name] for name in self._layout.line if name in block.columns]
        line = pc.binary_join_element_wise(self._layout.format, block.filled(self._layout.account), *parts, "/")
        ordinals = pc.cast(pa.array(self._ordinals.of(line.to_pylist()), pa.int64()), pa.string())
        return pc.binary_join_element_wise(line, ordinals, "/")
