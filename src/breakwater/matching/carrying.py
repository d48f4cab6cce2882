"""The outcome of a run, put together from what was matched again and what is carried over from the run before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from breakwater.matching.outcome import SIDES, Share, totals
from breakwater.model.runs import BREAK_SCHEMA, MatchPiece, Outcome, Totals

_WIDE = pa.decimal128(38, 0)


def merged(earlier: Outcome, fresh: Outcome, *, records: pa.Table, carried: Sequence[MatchPiece]) -> Outcome:
    """What holds for all records. `records` are those that were matched again (see `Touched.records`), `carried` the matches of others."""
    then, now = records.filter(records["then"]), records.filter(records["now"])
    taken = {side: _with_states(_of(then, side), side, earlier) for side in SIDES}
    ids = {side: _of(records, side)["record_id"].combine_chunks() for side in SIDES}
    figures = {
        state: totals([*_shares(of_earlier), *_taken(taken, state), *_shares(of_fresh)])
        for state, of_earlier, of_fresh in (
            ("matched", earlier.matched, fresh.matched),
            ("pending", earlier.pending_totals, fresh.pending_totals),
            ("in_breaks", earlier.in_breaks, fresh.in_breaks),
        )
    }
    return Outcome(
        ours_rows=earlier.ours_rows - len(taken["ours"]) + len(_of(now, "ours")),
        theirs_rows=earlier.theirs_rows - len(taken["theirs"]) + len(_of(now, "theirs")),
        matched=figures["matched"],
        pending_totals=figures["pending"],
        in_breaks=figures["in_breaks"],
        matches=fresh.matches.slice(0, 0),
        pending=fresh.pending,  # whatever was pending is touched
        breaks=_merged_breaks(earlier.breaks, fresh.breaks, ids),
        carried=carried,
    )


def _merged_breaks(earlier: pa.Table, fresh: pa.Table, ids: Mapping[str, pa.Array]) -> pa.Table:
    """The earlier ones without a touched record, and the fresh ones, by (kind, ours, theirs).

    No two breaks share a record, so the first of each side decide.
    """
    gone = [pc.is_in(_first(earlier[side]), value_set=ids[side], skip_nulls=True) for side in SIDES]
    both = pa.concat_tables([earlier.filter(pc.invert(pc.or_(*gone))), fresh]).combine_chunks()
    places = pa.table({"kind": both["kind"], **{side: _first(both[side]) for side in SIDES}})
    order = pc.sort_indices(places, sort_keys=[(name, "ascending", "at_start") for name in places.column_names])
    return both.take(order).cast(BREAK_SCHEMA)


def _first(lists: pa.ChunkedArray) -> pa.ChunkedArray:
    """The first element of each list; null where it is empty."""
    return pc.list_element(pc.if_else(pc.equal(pc.list_value_length(lists), 0), pa.scalar([None], lists.type), lists), 0)


def _of(records: pa.Table, side: str) -> pa.Table:
    return records.filter(pc.equal(records["is_ours"], side == "ours"))


def _with_states(records: pa.Table, side: str, earlier: Outcome) -> pa.Table:
    """`state`, `currency`, `amount` and `moved` of records of a side as the earlier run left them."""
    pending = earlier.pending.filter(pc.equal(earlier.pending["side"], side))["record_id"]
    is_waiting = pc.is_in(records["record_id"], value_set=pending.combine_chunks())
    is_broken = pc.is_in(records["record_id"], value_set=pc.list_flatten(earlier.breaks[side]).combine_chunks())
    amount = records["amount_minor"].cast(_WIDE)
    state = pc.if_else(is_waiting, "pending", pc.if_else(is_broken, "in_breaks", "matched"))
    return pa.table({"state": state, "currency": records["currency"], "amount": amount, "moved": pc.abs(amount)})


def _taken(records: Mapping[str, pa.Table], state: str) -> Iterator[Share]:
    """What the touched records added to the earlier totals of a state, taken away."""
    for side, of_side in records.items():
        held = of_side.filter(pc.equal(of_side["state"], state))
        for row in held.group_by("currency").aggregate([([], "count_all"), ("amount", "sum"), ("moved", "sum")]).to_pylist():
            yield side, row["currency"], -row["count_all"], -int(row["amount_sum"]), -int(row["moved_sum"])


def _shares(figures: Mapping[str, Totals]) -> Iterator[Share]:
    for currency, of in figures.items():
        yield "ours", currency, of.ours_rows, of.ours_minor, of.ours_moved_minor
        yield "theirs", currency, of.theirs_rows, of.theirs_minor, of.theirs_moved_minor
