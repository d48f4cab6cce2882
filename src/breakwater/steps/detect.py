"""The pass: what looks wrong in the payments, and in the files that came or did not come."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TypedDict

from sqlalchemy import Connection

from breakwater.detection import feedback, file_numbers
from breakwater.detection import files as file_clock
from breakwater.detection.beside import Beside
from breakwater.detection.continuing import Change, News, Seen, changes, one_per_place, same_anomaly, same_id
from breakwater.detection.live import Live
from breakwater.detection.quality import quality_findings
from breakwater.detection.telling import told
from breakwater.detection.volumes import partner_volume
from breakwater.model.digests import PartnerVolume
from breakwater.model.files import PartnerFiles
from breakwater.model.findings import DAILY_KINDS, FILE_KINDS, OCCURRENCE_KINDS, PAYMENT_KINDS, Finding, FindingKind
from breakwater.model.late_files import LateFile
from breakwater.model.partners import FileDue, Partner
from breakwater.model.records import Side
from breakwater.steps.contents import Contents
from breakwater.steps.finding_cards import keep, keep_at_once, told_at_once
from breakwater.steps.levels import about_levels
from breakwater.steps.traffic import Traffic
from breakwater.store import deliveries, learning, reads
from breakwater.store.database import Database

FILES_LOOK_BACK_DAYS = 10  # a file that was missing for longer when we first looked is no news
NUMBERS_LOOK_BACK_DAYS = 35
COPIES_TOLD_DAYS = 3  # then a file that repeated another one, or is cut off, is no news any more
SAME_TIME = timedelta(days=1)  # a file comes at its own hour, so it can't be told closer
SETTLES_WITHIN = timedelta(minutes=10)  # a file that lies in the drop for longer and is not taken is not arriving
LAST_ARRIVALS = 5
REMEMBERED_DAYS = 15  # how long a finding that is over is the same anomaly if it shows again
ACCEPTED_WITHIN_H = 24
MOST_OPEN_FINDINGS = 10_000
TRAFFIC = "detection"  # the watermark that says up to which hour anybody has looked


class _Files(TypedDict):
    arrived: dict[tuple[str, str], set[date]]
    now: datetime
    since: date


def detect(database: Database, traffic: Traffic, *, partners: Mapping[str, Partner], channel: str, now: datetime) -> list[Finding]:
    """Look at everything once: findings open, get worse and recover. What is open afterwards.

    Each finding has one card in `channel`, edited when there is news of it; the news itself stands in the card's thread.
    """
    levels = traffic.levels.known(now=now)
    live = traffic.known(now=now)  # it takes a while to think: nobody waits for it
    with database.reading() as tx:
        current = learning.current_findings(tx, since=now - timedelta(days=REMEMBERED_DAYS))
        of_files = [f for f in current if f.kind in FILE_KINDS]
        files = [
            Seen(finding=f, at=now) for partner in partners.values() for f in _about_files(tx, partner, of_files, traffic.contents, now=now)
        ]
        found = changes(of_files, files, same=same_id, now=now)
        if live:
            found += _about_payments(tx, live, [f for f in current if f.kind in PAYMENT_KINDS], partners=partners, now=now)
        found += about_levels(tx, traffic.levels, levels, [f for f in current if f.kind in DAILY_KINDS], partners=partners, now=now)
        if traffic.beside:
            beside = [f for f in current if f.kind in OCCURRENCE_KINDS]
            found += _about_occurrences(tx, traffic.beside, beside, partners=partners, now=now)
    at_once, one_by_one = told_at_once(found)
    with database.transaction() as tx:
        for several in at_once:
            keep_at_once(tx, several, partners=partners, channel=channel, now=now)
        for change in one_by_one:
            keep(tx, _with_cause(change, files, traffic=traffic), partners=partners, channel=channel, now=now)
        if live:
            deliveries.move_position(tx, source=TRAFFIC, to={"until": live.panel.at(live.until).isoformat()}, now=now)
        return reads.findings(tx, limit=MOST_OPEN_FINDINGS)


def _about_payments(
    tx: Connection, live: Live, current: Sequence[Finding], *, partners: Mapping[str, Partner], now: datetime
) -> list[Change]:
    """What the watch shows now, against what was told before."""
    watch = live.watch
    late = live.until - ACCEPTED_WITHIN_H
    return changes(
        current,
        one_per_place(
            Seen(finding=told(alert, live=live, partners=partners, now=now), at=live.panel.at(alert.fired)) for alert in watch.open
        ),
        same=same_anomaly,
        now=now,
        looked_until=_looked_until(tx),
        accepted=[
            told(alert, live=live, partners=partners, now=now)
            for alert in watch.alerts
            if alert.accepted and alert.closed is not None and alert.closed >= late
        ],
    )


def _about_occurrences(
    tx: Connection, beside: Beside, current: Sequence[Finding], *, partners: Mapping[str, Partner], now: datetime
) -> list[Change]:
    """What the watches beside it show now, against what was told before."""
    return changes(
        current,
        one_per_place(beside.seen(partners=partners, now=now)),
        same=same_anomaly,
        now=now,
        looked_until=_looked_until(tx),
        accepted=beside.accepted(partners=partners, now=now),
    )


def _looked_until(tx: Connection) -> datetime | None:
    """Up to when anybody has looked; None if nobody has."""
    looked = deliveries.position(tx, source=TRAFFIC)
    return datetime.fromisoformat(looked["until"]) if looked else None


def _about_files(tx: Connection, partner: Partner, current: Sequence[Finding], contents: Contents, *, now: datetime) -> list[Finding]:
    """What is odd about the files of a partner: late, missing, numbers left out, repeated, cut off, or unlike those before."""
    mine = [f for f in current if f.partner == partner.id and f.open]
    left_out = [f.since for f in mine if f.kind is FindingKind.FILE_GAP]
    files = _files(tx, partner, now=now, open_findings=mine)
    overdue = {file_clock.late_id(due) for due in _overdue(partner, files, arriving=_arriving(tx, partner, now=now), told=mine)}
    since = (min([now, *left_out]) - timedelta(days=NUMBERS_LOOK_BACK_DAYS)).date()
    taken = reads.source_files(tx, partner=partner.id, side=Side.THEIRS)
    copies = deliveries.copies(tx, partner=partner.id, since=now - timedelta(days=COPIES_TOLD_DAYS))
    cautions = feedback.cautions(feedback.learnt(learning.answers(tx)))
    caution = cautions.get(("truncated", "file"), 0.0)
    numbered = [f for f in taken if f.business_date >= since]
    return [
        *(f for f in file_clock.late_file_findings(partner, **files, open_findings=mine) if f.id in overdue),
        *file_numbers.gap_findings(partner, files=numbered, now=now, open_findings=mine),
        *file_numbers.duplicate_findings(partner, copies=copies, now=now, open_findings=mine),
        *file_numbers.truncated_findings(partner, files=taken, now=now, told_days=COPIES_TOLD_DAYS, caution=caution, open_findings=mine),
        *quality_findings(
            partner, streams=contents.by_stream(taken), now=now, caution=cautions.get(("changed", "file"), 0.0), open_findings=mine
        ),
    ]


def _with_cause(change: Change, files: Sequence[Seen], *, traffic: Traffic) -> Change:
    """A change whose finding says why, where more than its own figures can tell."""
    finding = change.now
    if finding.kind is FindingKind.DECLINE_REASONS and change.news in (News.OPENED, News.WORSE, News.AGAIN):
        return replace(change, now=replace(finding, cause=finding.cause or traffic.shifted_reason(finding)))
    if change.news not in (News.OPENED, News.WORSE, News.AGAIN) or finding.kind not in PAYMENT_KINDS:
        was = change.was.cause if change.was else ""
        return replace(change, now=replace(finding, cause=was or finding.cause))
    reasons = traffic.shifted_reason(finding) if finding.kind is FindingKind.APPROVAL_DROP else ""
    told_why = reasons or finding.cause or at_the_same_time(finding, (seen.finding for seen in files))
    return replace(change, now=replace(finding, cause=told_why))


def at_the_same_time(finding: Finding, files: Iterable[Finding]) -> str:
    """What is odd about a file of the same partner since about when the finding began, the nearest to it; empty if nothing is."""
    apart = {f.summary.rstrip("."): abs(f.since - finding.since) for f in files if f.partner == finding.partner}
    near = [summary for summary, gap in sorted(apart.items(), key=lambda of: of[1]) if gap <= SAME_TIME]
    return f"At the same time: {near[0]}." if near else ""


def daily_volumes(traffic: Traffic, *, partners: Sequence[Partner], now: datetime) -> list[PartnerVolume]:
    """The recent daily volume of each partner, for the digest's chart."""
    live = traffic.known(now=now)
    return [partner_volume(p, live=live) for p in partners]


def files_of(tx: Connection, *, partner: Partner, now: datetime) -> PartnerFiles:
    """How the files of a partner stand now; its latest arrivals first."""
    overdue = _overdue_now(tx, partner, now=now)
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


def late_files(tx: Connection, *, partner: Partner, now: datetime) -> list[LateFile]:
    """The partner's files that are late or missing now."""
    return [
        LateFile(
            stream=due.stream,
            business_date=due.business_date,
            due_at=due.due_at,
            time_zone=partner.time_zone,
            is_missing=file_clock.is_missing(partner, due, now=now),
        )
        for due in _overdue_now(tx, partner, now=now)
    ]


def _overdue_now(tx: Connection, partner: Partner, *, now: datetime) -> list[FileDue]:
    arriving = _arriving(tx, partner, now=now)
    told = reads.findings(tx, partner=partner.id, limit=MOST_OPEN_FINDINGS) if arriving else ()
    return _overdue(partner, _files(tx, partner, now=now), arriving=arriving, told=told)


def _arriving(tx: Connection, partner: Partner, *, now: datetime) -> set[str]:
    """The streams whose files are just arriving: nobody knows yet which days they are about."""
    since = now - SETTLES_WITHIN
    return {s.stream for s in partner.files if deliveries.settling(tx, drop=f"{partner.id}/{s.stream}", since=since)}


def _overdue(partner: Partner, files: _Files, *, arriving: Collection[str], told: Iterable[Finding]) -> list[FileDue]:
    """The partner's files that are late or missing; of streams that are `arriving`, only those whose finding was told before."""
    known = {f.id for f in told}
    late = [due for due in file_clock.files_due(partner, **files) if due.is_late(now=files["now"])]
    return [due for due in late if due.stream not in arriving or file_clock.late_id(due) in known]


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
