"""Amounts: finding records and events when all that somebody knows is how much it was, and about when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from breakwater.lake import lookup
from breakwater.lake.index import AMOUNTS, DATED_BY, Entry
from breakwater.lake.keys import amount_range
from breakwater.lake.lookup import Row
from breakwater.lake.parts import Lake
from breakwater.model.events import Event
from breakwater.model.parts import part_of
from breakwater.model.records import Record

FOUND = 100  # more have the same amount by chance: who asks has to say more


def find_records(
    lake: Lake, parts: Sequence[str], *, amount_minor: int, currency: str, dated_from: date, dated_to: date, limit: int = FOUND
) -> list[Record]:
    """Records of this amount, in either direction, booked on these days, both included. What the payer paid in his own currency counts too.

    In order of date and record id, at most `limit`. WorldError if a part can't be read.
    """
    wanted = _Wanted("records", amount_minor=amount_minor, currency=currency, dated_from=dated_from, dated_to=dated_to)
    rows = lookup.rows(lake, wanted.of(parts), entry=Entry.AMOUNT, ranges=wanted.ranges, is_wanted=wanted.is_in, most=limit)
    return sorted(map(lookup.record_of, rows), key=lambda r: (r.booked_on, r.record_id))


def find_events(
    lake: Lake, parts: Sequence[str], *, amount_minor: int, currency: str, dated_from: date, dated_to: date, limit: int = FOUND
) -> list[Event]:
    """Events of payments worth this amount that happened on these days (UTC), both included.

    Oldest first, at most `limit`; an event delivered twice is there once. WorldError if a part can't be read.
    """
    wanted = _Wanted("events", amount_minor=amount_minor, currency=currency, dated_from=dated_from, dated_to=dated_to)
    rows = lookup.rows(lake, wanted.of(parts), entry=Entry.AMOUNT, ranges=wanted.ranges, is_wanted=wanted.is_in, most=limit)
    events = {row["event_id"]: lookup.event_of(row) for row in rows}
    return sorted(events.values(), key=lambda e: (e.occurred_at, e.event_id))


class _Wanted:
    """An amount on some days."""

    def __init__(self, content: str, *, amount_minor: int, currency: str, dated_from: date, dated_to: date) -> None:
        self._columns = AMOUNTS[content]
        self._dated_by = DATED_BY[content]
        self._amount_minor, self._currency = abs(amount_minor), currency.upper()
        self._dated_from, self._dated_to = dated_from, dated_to

    @property
    def ranges(self) -> list[tuple[int, int]]:
        """The keys to look at: of one amount they lie by day."""
        if self._dated_from > self._dated_to:
            return []
        return [amount_range(self._amount_minor, self._currency, dated_from=self._dated_from, dated_to=self._dated_to)]

    def of(self, parts: Sequence[str]) -> list[str]:
        """The parts that can hold it: a part is named for its latest day."""
        return [part for part in parts if part_of(part).day >= self._dated_from]

    def is_in(self, row: Row) -> bool:
        """True if it is in this row indeed."""
        dated = row[self._dated_by]
        day = dated.astimezone(UTC).date() if isinstance(dated, datetime) else dated
        is_then = self._dated_from <= day <= self._dated_to
        return is_then and any(row[c] == self._currency and abs(row[a] or 0) == self._amount_minor for a, c in self._columns)
