"""References: finding records and events by any name somebody gave them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date
from pathlib import Path

from breakwater.lake import lookup
from breakwater.lake.index import DATED_BY, INDEXED, Entry
from breakwater.lake.keys import BLANKS, CUT_AT, id_key_of, key_of, plain
from breakwater.lake.lookup import Row
from breakwater.lake.parts import Lake
from breakwater.model.events import Event
from breakwater.model.parts import part_of
from breakwater.model.records import Record, clean_reference

RECORDS_FOUND = 1_000  # a batch id names a whole batch: nobody reads more in a thread
EVENTS_FOUND = 1_000
NEAR_FOUND = 10


def find_records(lake: Lake, parts: Sequence[str], references: Sequence[str], *, limit: int = RECORDS_FOUND) -> list[Record]:
    """Records that carry one of `references` in any reference or as their own id, whatever the case or blanks around it.

    In order of date and record id, at most `limit` of them. WorldError if a part can't be read.
    """
    rows = _rows(lake, parts, references, content="records", limit=limit)
    return sorted(map(lookup.record_of, rows), key=lambda r: (r.booked_on, r.record_id))


def find_events(lake: Lake, parts: Sequence[str], references: Sequence[str], *, limit: int = EVENTS_FOUND) -> list[Event]:
    """What happened to payments that are called one of `references`, by payment id or any other reference, as `find_records` compares.

    Oldest first, at most `limit`; an event delivered twice is there once. WorldError if a part can't be read.
    """
    events = {row["event_id"]: lookup.event_of(row) for row in _rows(lake, parts, references, content="events", limit=limit)}
    return sorted(events.values(), key=lambda e: (e.occurred_at, e.event_id))


def records_by_id(lake: Lake, parts: Sequence[str], ids: Sequence[str]) -> list[Record]:
    """The records with exactly these ids, in order of date and record id."""
    wanted = set(ids)
    ranges = [(key, key) for key in map(id_key_of, wanted)]
    rows = lookup.rows(
        lake, parts, entry=Entry.REFERENCE, ranges=ranges, is_wanted=lambda row: row["record_id"] in wanted, most=RECORDS_FOUND
    )
    return sorted(map(lookup.record_of, rows), key=lambda r: (r.booked_on, r.record_id))


def parts_with(lake: Lake, parts: Sequence[str], references: Sequence[str]) -> list[Path]:
    """The files that may hold rows which carry one of `references`: their indexes say so."""
    return lookup.files_with(lake, parts, entry=Entry.REFERENCE, ranges=_ranges(references))


@dataclass(frozen=True, kw_only=True)
class Near:
    """A reference that is almost the one that was asked for, and whose it is. `day` is the first on which it was seen."""

    reference: str
    column: str
    partner: str
    amount_minor: int
    currency: str
    day: date


def find_near(lake: Lake, parts: Sequence[str], references: Sequence[str], *, limit: int = NEAR_FOUND) -> list[Near]:
    """References that differ from one of `references` only by blanks, dashes or leading zeros, or in that one of the two is cut at 16.

    To be offered and never assumed: what `find_records` and `find_events` find is left out. Each once, at most `limit`; `parts` may be of
    records and of events.
    """
    wanted = [cleaned for r in references if (cleaned := clean_reference(r)) and plain(cleaned)]
    found: dict[str, Near] = {}
    for content, columns in INDEXED.items():
        of_content = [part for part in parts if part_of(part).content == content]
        names = columns[1:] if content == "records" else columns  # nobody cuts or respells our own record ids
        search = _NearSearch(wanted, names)
        rows = lookup.rows(lake, of_content, entry=Entry.REFERENCE, ranges=search.ranges(), is_wanted=search.is_wanted, most=RECORDS_FOUND)
        for row in rows:
            for name in search.hits(row):
                found.setdefault(_folded(row[name]), _near(row, name, content))
    return list(found.values())[:limit]


class _NearSearch:
    """What comes near to references that are wanted, in some columns."""

    def __init__(self, wanted: Sequence[str], columns: Sequence[str]) -> None:
        self._columns = columns
        self._exact = {_folded(reference) for reference in wanted}
        self._plain = {plain(reference) for reference in wanted}
        self._as_cut = {cut for reference in wanted for cut in (plain(reference[:CUT_AT]), plain(reference)[:CUT_AT])}

    def ranges(self) -> list[tuple[int, int]]:
        """Keys to look at."""
        return [(key, key) for key in map(key_of, sorted(self._plain | self._as_cut))]

    def is_wanted(self, row: Row) -> bool:
        """True if a row carries something near."""
        return next(self.hits(row), None) is not None

    def hits(self, row: Row) -> Iterator[str]:
        """The columns of a row in which something near stands."""
        for name in self._columns:
            there = clean_reference(row[name])
            if there and _folded(there) not in self._exact and self._is_near(there):
                yield name

    def _is_near(self, there: str) -> bool:
        return plain(there) in self._plain | self._as_cut or plain(there[:CUT_AT]) in self._plain


def _rows(lake: Lake, parts: Sequence[str], references: Sequence[str], *, content: str, limit: int) -> list[Row]:
    wanted = {_folded(cleaned) for r in references if (cleaned := clean_reference(r))}
    columns = INDEXED[content]
    return lookup.rows(
        lake,
        parts,
        entry=Entry.REFERENCE,
        ranges=_ranges(references),
        is_wanted=lambda row: not wanted.isdisjoint(_folded(row[name]) for name in columns if row[name]),
        most=limit,
    )


def _ranges(references: Sequence[str]) -> list[tuple[int, int]]:
    """Where the indexes have these references."""
    asked = [cleaned for r in references if (cleaned := clean_reference(r))]
    return sorted({(key, key) for reference in asked for key in (key_of(reference), id_key_of(reference))})


def _folded(reference: str) -> str:
    return reference.strip(BLANKS).lower()


def _near(row: Row, column: str, content: str) -> Near:
    dated = row[DATED_BY[content]]
    return Near(
        reference=row[column].strip(BLANKS),
        column=column,
        partner=row["partner"],
        amount_minor=row["amount_minor"],
        currency=row["currency"],
        day=dated if content == "records" else dated.astimezone(UTC).date(),
    )
