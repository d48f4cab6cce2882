"""The hourly pass: what looks wrong in the volumes, and in the files that did not come."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TypedDict

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from breakwater.detection import file_numbers
from breakwater.detection import files as file_clock
from breakwater.detection.grouping import recovered, traffic_findings
from breakwater.detection.nodes import HISTORY_H
from breakwater.detection.series import HOUR, HourlySeries
from breakwater.detection.volumes import partner_volume
from breakwater.lake import series
from breakwater.lake.parts import Lake
from breakwater.model.access import INTERNAL, SYSTEM
from breakwater.model.digests import PartnerVolume
from breakwater.model.files import PartnerFiles
from breakwater.model.findings import Finding, FindingKind
from breakwater.model.partners import FileDue, Partner
from breakwater.model.records import Side
from breakwater.store import deliveries, outbox, reads, writes
from breakwater.store.database import Database
from breakwater.store.outbox import Kind, Priority
from breakwater.views.findings import finding_card

FILES_LOOK_BACK_DAYS = 10  # a file that was missing for longer when we first looked is no news
NUMBERS_LOOK_BACK_DAYS = 35
COPIES_TOLD_DAYS = 3  # then a file that repeated another one is no news any more
LAST_ARRIVALS = 5
MOST_OPEN_FINDINGS = 10_000


class _Files(TypedDict):
    arrived: dict[tuple[str, str], set[date]]
    now: datetime
    since: date


def detect(database: Database, lake: Lake, *, partners: Sequence[Partner], channel: str, now: datetime) -> list[Finding]:
    """Look at every partner once: open, keep and recover its findings. What is open afterwards.

    Each finding has one card in `channel`, posted when it opens and edited when it turns into something else or is over.
    """
    hourly = _hourly(database, lake, now=now)
    news: list[tuple[Partner, Finding]] = []
    fresh: list[Finding] = []
    with database.reading() as tx:  # it takes a while to think: nobody waits for it
        was_open = reads.findings(tx, limit=MOST_OPEN_FINDINGS)
        for partner in partners:
            mine = [f for f in was_open if f.partner == partner.id]
            seen = traffic_findings(partner, series=_series_of(hourly, partner), now=now, open_findings=mine)
            files = _files(tx, partner, now=now, open_findings=mine)
            found = [
                *seen.findings,
                *file_clock.late_file_findings(partner, **files, open_findings=mine),
                *_arrived(tx, partner, mine, now=now),
            ]
            fresh += found
            news += [(partner, f) for f in (*found, *recovered(mine, fresh=found, unmonitored=seen.unmonitored))]
    with database.transaction() as tx:
        for partner, finding in news:
            was = reads.finding_by_id(tx, finding.id)
            if was is None:
                writes.open_finding(tx, finding, actor=SYSTEM, now=now)
            else:
                writes.save_finding(tx, finding, was=was, actor=SYSTEM, now=now)
            _alert(tx, finding, partner_name=partner.name, channel=channel, now=now)
    return fresh


def _arrived(tx: Connection, partner: Partner, mine: Sequence[Finding], *, now: datetime) -> list[Finding]:
    """What is odd about the files that came: numbers left out, and files that only repeat others."""
    left_out = [f.since for f in mine if f.kind is FindingKind.FILE_GAP]
    since = (min([now, *left_out]) - timedelta(days=NUMBERS_LOOK_BACK_DAYS)).date()
    taken = [f for f in reads.source_files(tx, partner=partner.id) if f.business_date >= since]
    copies = deliveries.copies(tx, partner=partner.id, since=now - timedelta(days=COPIES_TOLD_DAYS))
    return [
        *file_numbers.gap_findings(partner, files=taken, now=now, open_findings=mine),
        *file_numbers.duplicate_findings(partner, copies=copies, now=now, open_findings=mine),
    ]


def _alert(tx: Connection, finding: Finding, *, partner_name: str, channel: str, now: datetime) -> None:
    outbox.enqueue(
        tx,
        key=f"finding:{finding.id}:{finding.kind}:{finding.state}:{finding.since.isoformat()}",
        kind=Kind.CARD,
        audience=INTERNAL,
        channel=channel,
        payload=finding_card(finding, partner_name=partner_name).payload(),
        about=f"finding:{finding.id}",
        revision=int(now.timestamp()),
        priority=Priority.ALERT,
        now=now,
    )


def daily_volumes(database: Database, lake: Lake, *, partners: Sequence[Partner], now: datetime) -> list[PartnerVolume]:
    """The recent daily volume of each partner, for the digest's chart."""
    hourly = _hourly(database, lake, now=now)
    return [partner_volume(p, series=_series_of(hourly, p), now=now) for p in partners]


def files_of(tx: Connection, *, partner: Partner, now: datetime) -> PartnerFiles:
    """How the files of a partner stand now; its latest arrivals first."""
    overdue = [due for due in file_clock.files_due(partner, **_files(tx, partner, now=now)) if due.is_late(now=now)]
    missing = [due for due in overdue if file_clock.is_missing(partner, due, now=now)]
    arrived = [f for f in reads.source_files(tx, partner=partner.id, state=None) if f.state in ("ingested", "superseded", "duplicate")]
    lost = [(stream.stream, deliveries.lost(tx, drop=f"{partner.id}/{stream.stream}")) for stream in partner.files]
    return PartnerFiles(
        partner_id=partner.id,
        partner_name=partner.name,
        time_zone=partner.time_zone,
        next_due=tuple(file_clock.next_due(partner, stream, now=now) for stream in partner.files),
        late=tuple(due for due in overdue if due not in missing),
        missing=tuple(missing),
        quarantined=tuple(reads.source_files(tx, partner=partner.id, state="quarantined")),
        arrived=tuple(sorted(arrived, key=lambda f: (f.received_at, f.name), reverse=True)[:LAST_ARRIVALS]),
        lost_since=tuple((stream, is_lost.since) for stream, is_lost in lost if is_lost),
    )


def late_files(tx: Connection, *, partner: Partner, now: datetime) -> list[str]:
    """The partner's files that are late now, like 'statement of 23 Nov, due 24 Nov 07:00'."""
    return [_in_words(due, partner) for due in file_clock.files_due(partner, **_files(tx, partner, now=now)) if due.is_late(now=now)]


def _in_words(due: FileDue, partner: Partner) -> str:
    at = due.due_at.astimezone(partner.time_zone)
    return f"{due.stream} of {due.business_date.day} {due.business_date:%b}, due {at.day} {at:%b %H:%M}"


def _files(tx: Connection, partner: Partner, *, now: datetime, open_findings: Iterable[Finding] = ()) -> _Files:
    """What the clock of the files asks for: which have come, and how far to look back: to the oldest file that is still missed."""
    missed = [_about(f, partner) for f in open_findings if f.kind in (FindingKind.FILE_LATE, FindingKind.FILE_MISSING)]
    oldest = min([now.date() - timedelta(days=FILES_LOOK_BACK_DAYS), *missed])
    arrived: dict[tuple[str, str], set[date]] = {}
    for file in reads.source_files(tx, partner=partner.id, side=Side.THEIRS):
        arrived.setdefault((file.partner, file.stream), set()).add(file.business_date)
    return {"arrived": arrived, "now": now, "since": oldest}


def _about(missed: Finding, partner: Partner) -> date:
    """The business day of a file that is missed since its deadline, one business day later."""
    return partner.calendar.shift(missed.since.astimezone(partner.time_zone).date(), -1)


def _hourly(database: Database, lake: Lake, *, now: datetime) -> pa.Table:
    with database.reading() as tx:
        parts = reads.active_parts(tx, side=Side.OURS, content="events")
    return series.hourly_counts(lake, parts, since=now - HISTORY_H * HOUR)


def _series_of(hourly: pa.Table, partner: Partner) -> list[HourlySeries]:
    """One series per currency of a partner.

    The feed is known up to its newest hour, whichever partner that came from; that hour itself may be half told.
    """
    if not hourly.num_rows:
        return []
    end = pc.max(hourly["hour"]).as_py().astimezone(UTC)
    mine = hourly.filter(pc.and_(pc.equal(hourly["partner"], partner.id), pc.less(hourly["hour"], end)))
    return [
        _filled(mine.filter(pc.equal(mine["currency"], currency)), partner=partner, currency=currency, end=end)
        for currency in sorted(pc.unique(mine["currency"]).to_pylist())
    ]


def _filled(rows: pa.Table, *, partner: Partner, currency: str, end: datetime) -> HourlySeries:
    """The rows of one currency as a series; hours without a row are zeros."""
    columns = [rows[name].to_pylist() for name in ("hour", "attempts", "approved", "approved_minor")]
    hours = [(hour.astimezone(UTC), *figures) for hour, *figures in zip(*columns, strict=True)]
    return HourlySeries.of_hours(hours, partner=partner.id, currency=currency, network=partner.network, end=end)
