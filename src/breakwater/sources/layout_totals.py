"""What a report's rows add up to: its statements, and whether the totals it carries agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from breakwater.errors import FileError
from breakwater.model.files import Reading
from breakwater.sources import columns
from breakwater.sources.csv_blocks import Block
from breakwater.sources.documents import RESEND
from breakwater.sources.layout_faults import Faults
from breakwater.sources.layouts import Column, Layout
from breakwater.sources.totals import Totals

_SHOWN_REFERENCES = 5
_EXACT_SUM = pa.decimal128(19, 0)  # a sum of these has 38 digits: no column of int64 can overflow it
_Key = tuple[str, ...]  # id, account, currency


class Statements:
    """Adds up the rows of one report, one statement for each id, account and currency, in order of first appearance."""

    def __init__(self, layout: Layout, *, name: str, account: str | None, count: int | None) -> None:
        self._layout = layout
        self._name = name
        self._account = account
        self._count = count
        self._rows = 0
        self._totals: dict[_Key, Totals] = {}
        self._ids: set[str] = set()
        self._accounts: set[str] = set()
        self._said: dict[_Key, int] = {}  # the sum in a report's own totals
        self._said_counts: Counter[_Key] = Counter()
        self._counts: Counter[_Key] = Counter()

    def see(self, block: Block, currency: pa.Array, *, is_pending: pa.Array | None, faults: Faults) -> None:
        """All rows of a block but those that are totals, before the booked ones are added."""
        self._rows += len(block.lines)
        for found, column in ((self._ids, self._layout.id_if_one), (self._accounts, self._layout.account_if_one)):
            if column and len(found) < 2:
                found.update(filter(None, pc.unique(block.filled(column)).to_pylist()))
        if is_pending is not None:
            for key, rows in self._grouped(block, currency):
                totals = self._totals.setdefault(key, Totals())
                totals.pending_entries += pc.sum(is_pending.filter(rows)).as_py() or 0
        if self._layout.total and self._layout.total.count in block.columns:
            counts = pc.fill_null(self._whole_numbers(block, faults), 1)  # a row that does not count stands for itself
            for key, rows in self._grouped(block, currency):
                self._counts[key] += pc.sum(counts.filter(rows)).as_py() or 0

    def add(self, block: Block, currency: pa.Array, *, credit: pa.Array, debit: pa.Array) -> None:
        """Booked rows, with their unsigned money."""
        at, keys = self._numbered(block, currency)
        money = {"at": at, "credit": pc.cast(credit, _EXACT_SUM), "debit": pc.cast(debit, _EXACT_SUM)}
        sums = pa.table(money).group_by("at").aggregate([("credit", "sum"), ("debit", "sum"), ("at", "count")])
        sums_by_number = {row["at"]: row for row in sums.to_pylist()}
        for number, key in keys.items():
            totals, sums_of_key = self._totals.setdefault(key, Totals()), sums_by_number[number]
            totals.entries += sums_of_key["at_count"]
            totals.credits_minor += int(sums_of_key["credit_sum"])
            totals.debits_minor += int(sums_of_key["debit_sum"])
            wanted = _SHOWN_REFERENCES - len(totals.references)
            if self._layout.reference and wanted:
                references = block.filled(self._layout.reference)
                mine = pc.and_(pc.equal(at, number), pc.invert(columns.blank(references)))
                totals.references += references.take(pc.indices_nonzero(mine)[:wanted]).to_pylist()

    def add_totals(self, block: Block, currency: pa.Array, amounts: pa.Array, *, faults: Faults) -> None:
        """Rows in which the report adds up its other rows; `amounts` are signed, null where a total names none."""
        assert self._layout.total is not None
        counts = self._whole_numbers(block, faults) if self._layout.total.count in block.columns else pa.nulls(len(amounts), pa.int64())
        for key, rows in self._grouped(block, currency):
            mine, counted = amounts.filter(rows).drop_null(), counts.filter(rows).drop_null()
            if len(mine):
                self._said[key] = self._said.get(key, 0) + sum(mine.to_pylist())
            if len(counted):
                self._said_counts[key] += sum(counted.to_pylist())

    def finish(self, reading: Reading) -> None:
        """The report is complete: its statements, once its own totals agree with them."""
        if self._count is not None and self._count != self._rows:
            raise self._disagreement(f"its first line counts {self._count:,} rows, but there are {self._rows:,}")
        for key, said in self._said.items():
            totals = self._totals.get(key, Totals())
            if said != (net := totals.credits_minor - totals.debits_minor):
                raise self._disagreement(f"its total is {said:,} {key[2]} in minor units, but its rows add up to {net:,}")
        for key, counted in self._said_counts.items():
            if counted != self._counts[key]:
                raise self._disagreement(f"its total counts {counted:,} transactions, but its rows {self._counts[key]:,}")
        only_id, only_account = (next(iter(found)) if len(found) == 1 else None for found in (self._ids, self._accounts))
        for (identity, account, currency), totals in self._totals.items():
            reading.statements.append(
                totals.statement(id=identity or only_id, account=account or only_account or self._account, currency=currency)
            )

    def _disagreement(self, what: str) -> FileError:
        return FileError("control-total", f"{self._name}: {what}.", remedy=RESEND)

    def _whole_numbers(self, block: Block, faults: Faults) -> pa.Array:
        assert self._layout.total is not None
        name = str(self._layout.total.count)
        return columns.whole_numbers(block.columns[name], faults.blame("malformed", name, "is no number of transactions"))

    def _grouped(self, block: Block, currency: pa.Array) -> Iterator[tuple[_Key, pa.Array]]:
        """Each key with the mask of its rows."""
        at, keys = self._numbered(block, currency)
        for number, key in keys.items():
            yield key, pc.equal(at, number)

    def _numbered(self, block: Block, currency: pa.Array) -> tuple[pa.Array, dict[int, _Key]]:
        """The number of each row's key, and the keys by their numbers, in order of first appearance."""
        parts = [self._cells(block, self._layout.id), self._cells(block, self._layout.account), currency]
        encoded = [pc.dictionary_encode(part) for part in parts if part is not None]
        at = pa.repeat(pa.scalar(0, pa.int64()), len(currency))
        for each in encoded:
            at = pc.add(pc.multiply(at, len(each.dictionary)), pc.cast(each.indices, pa.int64()))
        return at, {number: self._key(number, parts, encoded) for number in pc.unique(at).to_pylist()}

    def _key(self, number: int, parts: Sequence[pa.Array | None], encoded: Sequence[pa.DictionaryArray]) -> _Key:
        chosen: list[str] = []
        for each in reversed(encoded):
            number, place = divmod(number, len(each.dictionary))
            chosen.append(each.dictionary[place].as_py())
        return tuple("" if part is None else chosen.pop() for part in parts)

    def _cells(self, block: Block, column: Column) -> pa.Array | None:
        return block.filled(column) if column else None
