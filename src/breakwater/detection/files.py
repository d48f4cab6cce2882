"""The files that did not come: due, late or missing on the partner's own calendar and clock.

The file about day D is expected on the next day it can be delivered on, at the stream's due time in the partner's time zone. It is late
after the deadline of that day, and missing once the deadline of one further such day has passed too. Which days those are the stream says.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from breakwater.detection.telling import finding_id
from breakwater.model.calendar import WEEKDAYS
from breakwater.model.findings import Finding, FindingKind
from breakwater.model.partners import ExpectedFile, FileDue, Partner

_WEEK = 14  # days: a file that is due from now on is not about a day before that, whatever holidays lie between
Arrived = Mapping[tuple[str, str], Collection[date]]
"""(partner, stream) -> the business dates that arrived files are about."""


def files_due(partner: Partner, *, arrived: Arrived, now: datetime, since: date) -> list[FileDue]:
    """The files due at `now` that have not come, oldest first, about days from `since` and from the partner's first live day on."""
    first = max(since, partner.live_from)
    last = now.astimezone(partner.time_zone).date()
    days = [first + timedelta(days=n) for n in range((last - first).days)]
    expected = (
        file_due(partner, stream, business_date=day)
        for day in days
        for stream in partner.files
        if is_expected(partner, stream, day) and day not in arrived.get((partner.id, stream.stream), ())
    )
    return sorted((f for f in expected if f.due_at <= now), key=lambda f: (f.due_at, f.stream))


def is_expected(partner: Partner, stream: ExpectedFile, day: date) -> bool:
    """True if there is to be a file about this day."""
    if stream.days == "business":
        return partner.calendar.is_business_day(day)
    return stream.days == "daily" or WEEKDAYS[day.weekday()] in stream.days


def next_due(partner: Partner, stream: ExpectedFile, *, now: datetime) -> FileDue:
    """The file of a stream that is due next, after `now`."""
    day = max(now.astimezone(partner.time_zone).date() - timedelta(days=_WEEK), partner.live_from)
    while not (is_expected(partner, stream, day) and file_due(partner, stream, business_date=day).due_at > now):
        day += timedelta(days=1)
    return file_due(partner, stream, business_date=day)


def delivery_day(partner: Partner, stream: ExpectedFile, day: date, *, later: int = 0) -> date:
    """The day on which the file about a day is delivered, or one of the days `later` on which it still could be."""
    return day + timedelta(days=1 + later) if stream.days == "daily" else partner.calendar.shift(day, 1 + later)


def file_due(partner: Partner, stream: ExpectedFile, *, business_date: date) -> FileDue:
    """When the file about a day is due, and from when it is late."""
    arrival = delivery_day(partner, stream, business_date)
    return FileDue(
        partner=partner.id,
        stream=stream.stream,
        business_date=business_date,
        due_at=_moment(partner, arrival, stream.due),
        deadline_at=_moment(partner, arrival, stream.deadline),
    )


def is_missing(partner: Partner, due: FileDue, *, now: datetime) -> bool:
    """True once a file that is late was not delivered on the next day it could be either."""
    stream = next(stream for stream in partner.files if stream.stream == due.stream)
    return now > _moment(partner, delivery_day(partner, stream, due.business_date, later=1), stream.deadline)


def late_id(due: FileDue) -> str:
    """The id of the finding that this file is late or missing."""
    return id_of_late(due.partner, due.stream, due.business_date)


def id_of_late(partner: str, stream: str, business_date: date) -> str:
    """The same by whose file it is, its stream and its business date."""
    return finding_id("file", partner, stream, business_date.isoformat())


def late_file_findings(
    partner: Partner, *, arrived: Arrived, now: datetime, since: date, open_findings: Iterable[Finding] = ()
) -> list[Finding]:
    """One finding per file that is late or missing at `now`. A late file that goes missing is the same finding, of another kind.

    `open_findings` are those of earlier passes: one that is still open keeps the time it was found.
    """
    found_at = {f.id: f.found_at or now for f in open_findings}
    streams = {stream.stream: stream for stream in partner.files}
    return [
        replace(finding, found_at=found_at.get(finding.id, now))
        for due in files_due(partner, arrived=arrived, now=now, since=since)
        if due.is_late(now=now)
        for finding in [_finding(partner, streams[due.stream], due=due, now=now)]
    ]


def _finding(partner: Partner, stream: ExpectedFile, *, due: FileDue, now: datetime) -> Finding:
    kind = FindingKind.FILE_MISSING if is_missing(partner, due, now=now) else FindingKind.FILE_LATE
    day = f"{due.business_date.day} {due.business_date:%b}"
    file = f"the {stream.stream} of {day}"
    local_due, local_deadline = due.due_at.astimezone(partner.time_zone), due.deadline_at.astimezone(partner.time_zone)
    ask = f"Ask {partner.name} for {file}"
    return Finding(
        id=late_id(due),
        kind=kind,
        partner=partner.id,
        scope=f"{partner.id} · {due.stream} · {day}",
        since=due.deadline_at,
        summary=f"{partner.name}: {file} {'is missing' if kind is FindingKind.FILE_MISSING else 'is late'}.",
        expected=f"{local_due.day} {local_due:%b %H:%M}, at the latest {local_deadline:%H:%M} ({partner.time_zone.key})",
        seen="nothing has arrived",
        next_step=f"{ask}, and open an incident with them." if kind is FindingKind.FILE_MISSING else f"{ask}.",
    )


def _moment(partner: Partner, day: date, at: time) -> datetime:
    """A local time of a day as UTC. Where the clocks change and it happens twice or never, the later reading: nothing is late early."""
    local = datetime.combine(day, at, tzinfo=partner.time_zone)
    return max(local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
