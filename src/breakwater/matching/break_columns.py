"""Breaks in columns: what sets found, hundreds of thousands at once, and how all breaks become the table of an Outcome."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

import pyarrow as pa
import pyarrow.compute as pc

from breakwater.errors import CallError
from breakwater.matching import json_text
from breakwater.matching.agreement import KEY_COLUMNS, Agreement
from breakwater.matching.outcome import MOST_REFERENCES, PRECEDENCE, SIDES, Found, Share, references_of
from breakwater.model.breaks import BreakKind
from breakwater.model.runs import BREAK_SCHEMA

REFERENCES = tuple(name for name in KEY_COLUMNS if name != "account")
FLAGS = {
    BreakKind.LATE_SETTLEMENT: "late",
    BreakKind.FEE_VARIANCE: "fee_differs",
    BreakKind.STATUS_MISMATCH: "status_differs",
    BreakKind.REFERENCE_MISMATCH: "reference_differs",
}
PAIR_COLUMNS = (
    "amount", "delta", "fee_off", "lag",
    *(f"{x}_{name}" for x in "ot" for name in ("record_id", "amount_minor", "currency", "date", *REFERENCES)),
)  # fmt: skip
SINGLE_COLUMNS = ("record_id", "kind", "amount_minor", "currency", "date", *REFERENCES)
_MONEY = pa.decimal128(38, 0)
_TEXTS = pa.list_(pa.string())
_FOUND = [f for f in BREAK_SCHEMA if f.name not in ("fingerprint", "material")]
_SCHEMA = pa.schema([f.with_type(_MONEY) if f.name == "amount_minor" else f for f in _FOUND])
_LARGEST = 2**63 - 1


def pair_breaks(pairs: pa.Table, *, pass_name: str) -> pa.Table:
    """The breaks of compared pairs with findings: the first finding names it, the others are listed."""
    p = _arrays(pairs)
    found = {kind: p[flag] for kind, flag in FLAGS.items() if flag in p}
    found |= {kind: pc.fill_null(pc.equal(p["amount"], kind.value), False) for kind in PRECEDENCE if kind not in FLAGS}
    is_first, earlier = {}, pa.scalar(False)
    for kind in PRECEDENCE:
        if kind in found:
            is_first[kind] = pc.and_(found[kind], pc.invert(earlier))
            earlier = pc.or_(earlier, found[kind])
    by_theirs = _any(is_first, BreakKind.AMOUNT_MISMATCH, BreakKind.FX_VARIANCE, BreakKind.FEE_VARIANCE)
    value = pc.if_else(is_first[BreakKind.FEE_VARIANCE], p["fee_off"].cast(_MONEY), pc.abs(p["o_amount_minor"].cast(_MONEY)))
    value = pc.if_else(_any(is_first, BreakKind.AMOUNT_MISMATCH, BreakKind.FX_VARIANCE), p["delta"].cast(_MONEY), value)
    return _table(
        len(pairs),
        kind=pc.case_when(pc.make_struct(*is_first.values()), *(pa.scalar(kind.value) for kind in is_first)),
        ours=_lists_of_one(p["o_record_id"]),
        theirs=_lists_of_one(p["t_record_id"]),
        amount_minor=value,
        currency=pc.if_else(by_theirs, p["t_currency"], p["o_currency"]),
        also=_also(found, is_first),
        lag=p["lag"].cast(pa.int64()),
        dated=pc.min_element_wise(p["o_date"], p["t_date"]),
        references=_references([p[f"{x}_{name}"] for x in "ot" for name in REFERENCES]),
        **{"pass": pa.scalar(pass_name)},
    )


def _any(is_first: dict[BreakKind, pa.Array], *kinds: BreakKind) -> pa.Array:
    return pc.or_(is_first[kinds[0]], _any(is_first, *kinds[1:])) if len(kinds) > 1 else is_first[kinds[0]]


def _also(found: dict[BreakKind, pa.Array], is_first: dict[BreakKind, pa.Array]) -> pa.Array:
    """The findings after the first, in their order."""
    words = [pc.if_else(pc.and_not(found[kind], first), f"{kind.value} ", "") for kind, first in is_first.items()]
    listed = json_text.joined(*words)
    known = pc.unique(listed)
    return pa.array([text.split() for text in known.to_pylist()], _TEXTS).take(pc.index_in(listed, known))


def single_breaks(singles: pa.Table, *, side: str, kinds: pa.Array, pass_name: str | None = None) -> pa.Table:
    """The breaks of records that stand alone, each of its kind; a column `of` has the ids of those that they repeat."""
    records = _arrays(singles)
    none = _empty_lists(len(singles))
    ids = {side: _lists_of_one(records["record_id"])}
    return _table(
        len(singles),
        kind=kinds,
        ours=ids.get("ours", none),
        theirs=ids.get("theirs", none),
        amount_minor=pc.abs(records["amount_minor"].cast(_MONEY)),
        currency=records["currency"],
        also=none,
        dated=records["date"],
        references=_references([records[name] for name in REFERENCES]),
        of=records.get("of", pa.scalar(None, pa.string())),
        **{"pass": pa.scalar(pass_name, pa.string())},
    )


def _arrays(table: pa.Table) -> dict[str, pa.Array]:
    """Arrays in one piece: on chunked ones, some functions of Arrow lose rows."""
    return {name: table[name].combine_chunks() for name in table.column_names}


def _table(size: int, **columns: pa.Array) -> pa.Table:
    whole = {f.name: columns.get(f.name, pa.scalar(None, f.type)) for f in _SCHEMA}
    return pa.table({n: pa.repeat(c, size) if isinstance(c, pa.Scalar) else c for n, c in whole.items()}).cast(_SCHEMA)


def _lists_of_one(values: pa.Array) -> pa.Array:
    return pa.ListArray.from_arrays(pa.array(range(len(values) + 1), pa.int32()), values)


def _empty_lists(size: int) -> pa.Array:
    return pa.ListArray.from_arrays(pa.array([0] * (size + 1), pa.int32()), pa.array([], pa.string()))


def _references(columns: Sequence[pa.Array]) -> pa.Array:
    told: list[pa.Array] = []
    for column in columns:
        if column.null_count < len(column) and not any(column.equals(earlier) for earlier in told):
            told.append(column)
    if not told:
        return _empty_lists(len(columns[0]))
    return pa.array([references_of(row) for row in zip(*(column.to_pylist() for column in told), strict=True)], _TEXTS)


def shares(side: str, records: pa.Table, *, amount: str = "amount_minor", currency: str = "currency") -> list[Share]:
    """What records add to the totals."""
    worth = records[amount].cast(_MONEY)
    plain = pa.table({"currency": records[currency], "signed": worth, "moved": pc.abs(worth)})
    sums = plain.group_by("currency").aggregate([([], "count_all"), ("signed", "sum"), ("moved", "sum")])
    return [(side, row["currency"], row["count_all"], int(row["signed_sum"]), int(row["moved_sum"])) for row in sums.to_pylist()]


def break_table(breaks: Iterable[Found], agreement: Agreement, parts: Sequence[pa.Table] = ()) -> pa.Table:
    """All breaks by (kind, ours, theirs), with fingerprint and materiality; `parts` are those in columns already.

    CallError where a value is beyond 64 bits.
    """
    every = pa.concat_tables([_columns(breaks), *parts]).combine_chunks()
    # A record is in one break, so the first of ours, and of theirs where there is none of ours, decides the order.
    heads = {side: pc.binary_join(pc.list_slice(every[side], 0, 1), "") for side in SIDES}
    keys = pa.table({"kind": every["kind"], **heads})
    every = every.take(pc.sort_indices(keys, [(name, "ascending") for name in keys.column_names])).combine_chunks()
    _refuse_beyond(every)
    columns = {name: every[name].cast(pa.int64()) if name == "amount_minor" else every[name] for name in every.column_names}
    columns["fingerprint"] = _fingerprints(every)
    columns["material"] = pc.greater_equal(columns["amount_minor"], _materiality(every["currency"], agreement))
    return pa.table({name: columns[name] for name in BREAK_SCHEMA.names}).cast(BREAK_SCHEMA)


def _columns(breaks: Iterable[Found]) -> pa.Table:
    plain = ("kind", "ours", "theirs", "amount_minor", "currency", "also", "lag", "of", "dated", "references")
    found = list(breaks)
    columns = {name: [getattr(b, name) for b in found] for name in plain} | {"pass": [b.pass_name for b in found]}
    return pa.table({f.name: pa.array(columns[f.name], f.type) for f in _SCHEMA})


def _refuse_beyond(every: pa.Table) -> None:
    beyond = every.filter(pc.greater(every["amount_minor"], pa.scalar(_LARGEST, pa.int64()).cast(_MONEY)))
    for found in beyond.slice(0, 1).to_pylist():
        ids = ", ".join((*found["ours"], *found["theirs"])[:MOST_REFERENCES])
        raise CallError(f"The {found['kind']} of {ids} is worth more than {_LARGEST} minor units.", remedy="Check the amounts.")


def _fingerprints(every: pa.Table) -> pa.Array:
    """The identity of each break: its kind and its records, not its amounts or dates."""
    if not len(every):
        return pa.array([], pa.string())
    ours, theirs = (json_text.lists(every[side].combine_chunks()) for side in SIDES)
    told = json_text.joined('["', every["kind"].combine_chunks(), '",', ours, ",", theirs, "]")
    return pa.array([sha256(text).hexdigest() for text in told.cast(pa.binary()).to_pylist()], pa.string())


def _materiality(currencies: pa.ChunkedArray, agreement: Agreement) -> pa.ChunkedArray:
    known = pc.unique(currencies)
    least = pa.array([agreement.materiality.of(currency) for currency in known.to_pylist()], pa.int64())
    return pc.take(least, pc.index_in(currencies, known))
