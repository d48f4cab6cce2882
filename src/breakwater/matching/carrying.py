"""The outcome of a run, put together from what was matched again and what is carried over from the run before."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from breakwater.matching.outcome import SIDES, Share, share, totals
from breakwater.model.runs import BREAK_SCHEMA, MATCH_SCHEMA, Outcome, Totals

Records = Iterable[tuple[str, str, str, int]]
"""(side, record id, currency, amount in minor units)."""


@dataclass(frozen=True)
class Split:
    """The matches of a run: those that stay as they are, and those with a touched record."""

    carried: pa.Table
    dropped: pa.Table


def split_matches(matches: pa.Table, ids: Mapping[str, pa.Array]) -> Split:
    """Take out the matches of touched records. A match hangs together, so its first record of ours speaks for all of it."""
    heads = _heads(matches)
    is_touched = pc.is_in(heads, value_set=ids["ours"].cast(pa.large_string()))
    of_row = is_touched.take(matches["match_id"]) if len(matches) else is_touched
    return Split(carried=matches.filter(pc.invert(of_row)), dropped=matches.filter(of_row))


def merged(earlier: Outcome, fresh: Outcome, *, split: Split, ids: Mapping[str, pa.Array], then: Records, now: Records) -> Outcome:
    """What holds for all records. `ids` are those of touched records, `then` and `now` the touched records of the two runs."""
    before = _states(then, earlier)
    ours = [record for record in before if record[0] == "ours"]
    size = {side: sum(1 for record in now if record[0] == side) for side in SIDES}
    figures = {
        state: totals([*_shares(of_earlier), *_taken(before, state), *_shares(of_fresh)])
        for state, of_earlier, of_fresh in (
            ("matched", earlier.matched, fresh.matched),
            ("pending", earlier.pending_totals, fresh.pending_totals),
            ("in_breaks", earlier.in_breaks, fresh.in_breaks),
        )
    }
    return Outcome(
        ours_rows=earlier.ours_rows - len(ours) + size["ours"],
        theirs_rows=earlier.theirs_rows - (len(before) - len(ours)) + size["theirs"],
        matched=figures["matched"],
        pending_totals=figures["pending"],
        in_breaks=figures["in_breaks"],
        matches=_merged_matches(split.carried, fresh.matches),
        pending=fresh.pending,  # whatever was pending is touched
        breaks=_merged_breaks(earlier.breaks, fresh.breaks, ids),
    )


def _heads(matches: pa.Table) -> pa.Array:
    """The first record of ours of each match, in their order: a match's rows stand together, ours first."""
    number = matches["match_id"].combine_chunks()
    if not len(number):
        return pa.array([], pa.large_string())
    is_head = pa.concat_arrays([pa.array([True]), pc.not_equal(number[1:], number[:-1])])
    heads = matches["record_id"].filter(is_head).cast(pa.large_string())
    return heads.combine_chunks() if isinstance(heads, pa.ChunkedArray) else heads


def _merged_matches(carried: pa.Table, fresh: pa.Table) -> pa.Table:
    """Both, in the order of their first record of ours, numbered anew. Either is in that order already."""
    carried, fresh = _numbered(carried), _numbered(fresh)
    heads, new = _heads(carried), _heads(fresh).to_pylist()
    places = list(_places(heads, new))
    stride = len(new) + 1  # room for every fresh match before each carried one
    keys = [
        pc.add(pc.multiply(carried["match_id"], stride), len(new)),
        pc.add(pc.multiply(pa.array(places, pa.int64()).take(fresh["match_id"]), stride), fresh["match_id"]),
    ]
    both = pa.concat_tables([carried, fresh])
    key = pa.chunked_array([chunk for k in keys for chunk in (k.chunks if isinstance(k, pa.ChunkedArray) else [k])], pa.int64())
    if not len(new):
        return both
    order = pc.sort_indices(key)
    ordered = both.take(order)
    return _set_numbers(ordered, key.take(order))


def _places(heads: pa.Array, new: Iterable[str]) -> Iterator[int]:
    """Before which of the carried matches each fresh one stands; both are in order."""
    place = 0
    for head in new:
        place = bisect_left(heads, head, lo=place, key=lambda head: head.as_py())
        yield place


def _numbered(matches: pa.Table) -> pa.Table:
    return _set_numbers(matches, matches["match_id"])


def _set_numbers(matches: pa.Table, key: pa.ChunkedArray) -> pa.Table:
    """Number the matches from 0: rows of a match have one key and stand together."""
    if not len(matches):
        return matches
    flat = key.combine_chunks()
    steps = pa.concat_arrays([pa.array([0], pa.int64()), pc.not_equal(flat[1:], flat[:-1]).cast(pa.int64())])
    return matches.set_column(0, MATCH_SCHEMA.field("match_id"), pc.cumulative_sum(steps))


def _merged_breaks(earlier: pa.Table, fresh: pa.Table, ids: Mapping[str, pa.Array]) -> pa.Table:
    """The earlier ones without a touched record, and the fresh ones, by (kind, ours, theirs)."""
    gone = [
        pc.is_in(pc.list_element(_padded(earlier[side]), 0), value_set=ids[side], skip_nulls=True)
        for side in SIDES
    ]  # fmt: skip
    both = pa.concat_tables([earlier.filter(pc.invert(pc.or_(*gone))), fresh]).combine_chunks()
    places = list(zip(*(both[name].to_pylist() for name in ("kind", "ours", "theirs")), strict=True))
    order = pa.array(sorted(range(len(places)), key=places.__getitem__), pa.int64())
    return both.take(order).cast(BREAK_SCHEMA)


def _padded(lists: pa.ChunkedArray) -> pa.ChunkedArray:
    """Lists of which every one has a first element: an empty one is null instead."""
    return pc.if_else(pc.equal(pc.list_value_length(lists), 0), pa.scalar(None, lists.type), lists)


def _states(records: Records, earlier: Outcome) -> list[tuple[str, str, int, str]]:
    """(side, currency, amount, state) of records as the earlier run left them."""
    waiting = set(zip(earlier.pending["side"].to_pylist(), earlier.pending["record_id"].to_pylist(), strict=True))
    broken = {(side, i) for side in SIDES for i in pc.list_flatten(earlier.breaks[side]).to_pylist()}
    return [
        (side, currency, amount, "pending" if (side, i) in waiting else "in_breaks" if (side, i) in broken else "matched")
        for side, i, currency, amount in records
    ]


def _taken(records: Iterable[tuple[str, str, int, str]], state: str) -> Iterator[Share]:
    """What the touched records added to the earlier totals of a state, taken away."""
    for side, currency, amount_minor, was in records:
        if was == state:
            _, _, rows, amount, moved = share(side, currency, amount_minor)
            yield side, currency, -rows, -amount, -moved


def _shares(figures: Mapping[str, Totals]) -> Iterator[Share]:
    for currency, of in figures.items():
        yield "ours", currency, of.ours_rows, of.ours_minor, of.ours_moved_minor
        yield "theirs", currency, of.theirs_rows, of.theirs_minor, of.theirs_moved_minor
