"""All payments hour by hour, kept between passes: what is new in the lake is added, and only new hours are looked at."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from breakwater.detection import feedback
from breakwater.detection.beside import Beside
from breakwater.detection.beside_replay import with_beside, with_more
from breakwater.detection.carried import carried, state_of
from breakwater.detection.coverage import unmonitored, unmonitored_beside
from breakwater.detection.files_replay import files_would_tell
from breakwater.detection.live import COLUMNS, HISTORY_H, HourRows, Key, Live, first_hour, room_h
from breakwater.detection.occurrences import OccurrenceRows
from breakwater.detection.panel import Segment
from breakwater.detection.reasons import shifted
from breakwater.detection.replay import named, replayed
from breakwater.detection.series import HOUR, Counts
from breakwater.detection.telling import lesson_of
from breakwater.detection.watch import WARM_UP_H
from breakwater.errors import RefusedError
from breakwater.lake import series
from breakwater.lake.occurrences import hourly_occurrences
from breakwater.lake.parts import Lake
from breakwater.lake.unknown_codes import unknown_codes
from breakwater.model.backtests import Backtest
from breakwater.model.events import NO_CURRENCY
from breakwater.model.findings import Finding, FindingKind, Unmonitored
from breakwater.model.partners import Partner
from breakwater.model.records import Side
from breakwater.model.unknown_codes import UnknownCode
from breakwater.steps.contents import Contents
from breakwater.steps.kept_watch import KeptWatch
from breakwater.steps.levels import Levels
from breakwater.store import learning, reads
from breakwater.store.database import Database

REASONS_BEFORE = timedelta(days=7)
AHEAD_AT_MOST = timedelta(days=1)


class Traffic:
    """The payments of the configured partners as this process knows them. One caller at a time: others wait.

    `unmonitored` is what no alert could be promised for when it was last asked; nobody waits for it. `beside` is what is watched beside
    the payments, brought up to date with them; None while there are none. `levels` are those of partners, day by day,
    `contents` what is in their files.
    """

    def __init__(self, database: Database, lake: Lake, *, partners: Mapping[str, Partner]) -> None:
        self._database, self._lake, self._partners = database, lake, partners
        self.levels = Levels(database, lake, partners=partners)
        self.contents = Contents(lake)
        self._parts: frozenset[str] = frozenset()
        self._live: Live | None = None
        self.beside: Beside | None = None
        self._kept = KeptWatch(lake, partners=partners, segment_of=self._segment)
        self.unmonitored: tuple[Unmonitored, ...] = ()
        self._lock = threading.Lock()

    def known(self, *, now: datetime) -> Live | None:
        """The counts brought up to date with the lake, and every hour that is over looked at, with what people have said; None while
        there are no counts.

        Counts add up over parts, so only new parts are read, and what was known is kept for the next process; where a part was taken away,
        all are read and looked at again.
        """
        with self._lock:
            is_revised = self._read(now=now)
            if self._live and self.beside:
                looked_until = self._live.watch.next_hour
                with self._database.reading() as tx:
                    said = learning.said_findings(tx, since=now - HISTORY_H * HOUR)
                    learnt = feedback.learnt(learning.answers(tx))
                self._live.watch.lessons = [lesson for f in said if (lesson := lesson_of(f, live=self._live))]
                self._live.watch.be_cautious(feedback.cautions(learnt))
                self.beside.learn(said, cautions=feedback.cautions(learnt))
                self._live.advance(now=now, then=self.beside.step)
                if is_revised or self._live.watch.next_hour > looked_until:
                    self._kept.keep(self._live, self.beside, self._parts)
            self.unmonitored = tuple(unmonitored(self._live, partners=self._partners, now=now))
            if self._live and self.beside:
                self.unmonitored += tuple(unmonitored_beside(self._live, self.beside, partners=self._partners, now=now))
            return self._live

    def _read(self, *, now: datetime) -> bool:
        """Bring the counts up to date. True if hours that were looked at are not what they were."""
        with self._database.reading() as tx:
            parts = frozenset(reads.active_parts(tx, side=Side.OURS, content="events"))
        is_revised = False
        if found := self._kept.newer(than=self._live.panel.at(self._live.watch.next_hour) if self._live else None, active=parts):
            self._live, self.beside, self._parts = found
        if self._live is None or self.beside is None or self._parts - parts or not self._live.reaches(now - HISTORY_H * HOUR):
            self._begin(parts, now=now)
            is_revised = True
        elif parts - self._parts:
            is_revised = self._add(self._live, self.beside, sorted(parts - self._parts), now=now)
        self._parts = parts
        return is_revised

    def _begin(self, parts: frozenset[str], *, now: datetime) -> None:
        rows = self._rows(sorted(parts), now=now)
        self._live = Live.of(rows, segment_of=self._segment, since=now - HISTORY_H * HOUR) if rows else None
        self.beside = Beside(self._live) if self._live else None
        if self.beside:
            self.beside.add(self._occurrences(sorted(parts), now=now))

    def _add(self, live: Live, beside: Beside, parts: Sequence[str], *, now: datetime) -> bool:
        """Add the counts in these parts. True if some are of hours that were looked at, or of places nobody knew."""
        rows = self._rows(parts, now=now)
        if rows is None:
            return False
        has_room = live.has_room_for(rows)
        if not has_room:
            first = first_hour(now - HISTORY_H * HOUR)
            room = room_h(max(first, live.first), newest=max(rows.newest, live.newest))
            live, beside = carried(state_of(live, beside), segment_of=self._segment, more=rows.places, first=first, hours=room)
            self._live, self.beside = live, beside
        is_late = live.add(rows)
        beside.add(self._occurrences(parts, now=now))
        return is_late or not has_room

    def _rows(self, parts: Sequence[str], *, now: datetime) -> HourRows | None:
        """The counts in these parts of partners that are configured, in a currency; None if there are none."""
        hourly = self._ours(series.hourly_counts(self._lake, parts, since=now - HISTORY_H * HOUR), now=now)
        if not hourly.num_rows:
            return None
        return HourRows(places=self._places(hourly), hours=_hours(hourly), columns={name: hourly[name].to_numpy() for name in COLUMNS})

    def _occurrences(self, parts: Sequence[str], *, now: datetime) -> OccurrenceRows:
        """What went wrong with the same payments."""
        taught = {partner.id: dict(partner.decline_families) for partner in self._partners.values()}
        table = self._ours(hourly_occurrences(self._lake, parts, since=now - HISTORY_H * HOUR, taught=taught), now=now)
        return OccurrenceRows(
            places=self._places(table),
            hours=_hours(table),
            what=table["what"].to_pylist(),
            count=table["count"].to_numpy(),
            minor=table["minor"].to_numpy(),
        )

    def _ours(self, table: pa.Table, *, now: datetime) -> pa.Table:
        """The rows of partners that are configured, in a currency, that clocks which differ explain: events dated far ahead would stretch
        the panel to their day, and call every hour before it wholly told."""
        known = pc.is_in(table["partner"], value_set=pa.array(list(self._partners), pa.string()))
        has_come = pc.less(table["hour"], pa.scalar(now + AHEAD_AT_MOST, table["hour"].type))
        return table.filter(pc.and_(pc.and_(known, has_come), pc.not_equal(table["currency"], NO_CURRENCY)))

    def _places(self, table: pa.Table) -> list[Key]:
        """The place of each row; an event without a network is on its partner's."""
        columns = (table[name].to_pylist() for name in ("partner", "network", "currency"))
        return [(partner, network or self._partners[partner].network, c) for partner, network, c in zip(*columns, strict=True)]

    def _segment(self, key: Key) -> Segment:
        partner, network, currency = key
        known = self._partners[partner]
        return Segment(partner=partner, network=network, currency=currency, time_zone=known.time_zone, calendar=known.calendar)

    def replayed(self, partner: Partner, *, days: int, now: datetime) -> Backtest:
        """What would have been told about a partner in the last `days`, from the lake as it is now. It takes seconds, and keeps nobody else
        waiting. Refused where there is too little history."""
        with self._database.reading() as tx:
            parts = reads.active_parts(tx, side=Side.OURS, content="events")
            cautions = feedback.cautions(feedback.learnt(learning.answers(tx)))
            files = reads.source_files(tx, partner=partner.id, side=Side.THEIRS)
        since = now - timedelta(days=days)
        rows = self._rows(sorted(parts), now=now)
        if rows is None or not any(place[0] == partner.id for place in rows.places):
            raise RefusedError(
                f"No payments of {partner.name} are known.", remedy="A backtest needs two weeks of them, and more to look at."
            )
        live = Live.of(rows, segment_of=self._segment, since=now - HISTORY_H * HOUR)
        if live.panel.at(WARM_UP_H) >= now:
            raise RefusedError(
                f"The payments of {partner.name} are known for less than two weeks.", remedy="Try again when there are more."
            )
        done = replayed(live, partner=partner, since=since, now=now, cautions=cautions)
        occurrences = self._occurrences(sorted(parts), now=now)
        done = with_beside(done, live=live, occurrences=occurrences, partner=partner, now=now, cautions=cautions)
        streams = self.contents.replayed(files, since=done.since)
        done = with_more(done, files_would_tell(partner, files=files, streams=streams, since=done.since, cautions=cautions))
        return named(with_more(done, self.levels.would_tell(partner, since=done.since, now=now)), live=live, partner=partner)

    def unknown_codes(self, *, since: datetime) -> list[UnknownCode]:
        """The codes of events from `since` on, told by either side, that nobody here knows."""
        with self._database.reading() as tx:
            parts = [part for side in Side for part in reads.active_parts(tx, side=side, content="events")]
        return unknown_codes(self._lake, parts, since=since)

    def shifted_reason(self, finding: Finding) -> str:
        """Which family of reasons for declines grew most since a finding began, and which reason, in a sentence each; '' where none did."""
        if not self._parts or not self.beside:
            return ""
        family = self.beside.why_declined(finding) if finding.kind is FindingKind.APPROVAL_DROP else ""
        earliest = finding.since - REASONS_BEFORE
        place = dict(finding.place)
        table = series.decline_reasons(self._lake, sorted(self._parts), since=finding.since, earliest=earliest, place=place)
        return " ".join(sentence for sentence in (family, shifted(table.to_pylist())) if sentence)


def _hours(table: pa.Table) -> Counts:
    """The hour of each row, in whole hours since 1970."""
    hours: Counts = table["hour"].cast(pa.timestamp("s", tz="UTC")).cast(pa.int64()).to_numpy() // 3600
    return hours
