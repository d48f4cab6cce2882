"""Files against each other: a number that was left out, a file that only repeats an earlier one, and one that is cut off."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from breakwater.detection.arrivals import HISTORY_FILES, Delivery, Fault, size_fault
from breakwater.detection.files import file_due
from breakwater.detection.telling import finding_id
from breakwater.model.drops import Copy
from breakwater.model.files import SourceFile
from breakwater.model.findings import Finding, FindingKind
from breakwater.model.partners import ExpectedFile, Partner

NAMED_NUMBERS = 8
LARGEST_GAP = 1_000  # a longer jump is another way of counting
LOADED_AFTER = timedelta(days=4)  # what comes so late was no delivery: somebody loaded the past
_PAGE = re.compile(r":page [^:]*\Z")
_NUMBER = re.compile(r"\d{1,9}")


@dataclass(frozen=True, kw_only=True)
class Gap:
    """Statement numbers of one account between two that came. `before` is the number after the gap, of the file about `on`."""

    account: str
    numbers: tuple[int, ...]
    before: int
    on: date


def number_of(logical_key: str) -> tuple[str, int] | None:
    """The account and number in a logical key such as 'camt.053:CH93…:STMT-7:127'; None where it ends in no number."""
    parts = _PAGE.sub("", logical_key).split(":")
    if len(parts) < 3 or not _NUMBER.fullmatch(parts[-1]):
        return None
    return f"{parts[0]}:{parts[1]}", int(parts[-1])


def gaps(files: Iterable[SourceFile]) -> list[Gap]:
    """The numbers that were left out, account by account, in the order of the days the files are about.

    A number that goes back to 1 begins a new count, as many banks do each year.
    """
    came: dict[str, set[tuple[date, int]]] = defaultdict(set)
    for file in files:
        for account, number in filter(None, map(number_of, file.logical_keys)):
            came[account].add((file.business_date, number))
    return [gap for account in sorted(came) for gap in _gaps_of(account, sorted(came[account]))]


def _gaps_of(account: str, came: Sequence[tuple[date, int]]) -> Iterable[Gap]:
    numbers = {number for _, number in came}
    for (_, last), (on, number) in pairwise(came):
        first = last + 1 if number > last else 1
        left_out = tuple(n for n in range(first, min(number, first + LARGEST_GAP)) if n not in numbers)
        if number != last and number - first < LARGEST_GAP and left_out:
            yield Gap(account=account, numbers=left_out, before=number, on=on)


def gap_findings(partner: Partner, *, files: Sequence[SourceFile], now: datetime, open_findings: Iterable[Finding] = ()) -> list[Finding]:
    """One finding for each run of numbers that was left out in a stream whose numbers are continuous."""
    found_at = {f.id: f.found_at or now for f in open_findings}
    findings = []
    for stream in partner.files:
        if not stream.is_continuous:
            continue
        for gap in gaps(f for f in files if f.stream == stream.stream):
            finding = _gap_finding(partner, stream.stream, gap)
            findings.append(replace(finding, found_at=found_at.get(finding.id, now)))
    return findings


def duplicate_findings(partner: Partner, *, copies: Iterable[Copy], now: datetime, open_findings: Iterable[Finding] = ()) -> list[Finding]:
    """One finding for each file that only repeats another one."""
    found_at = {f.id: f.found_at or now for f in open_findings}
    findings = []
    for copy in copies:
        finding = _duplicate_finding(partner, copy)
        findings.append(replace(finding, found_at=found_at.get(finding.id, now)))
    return findings


def truncated_findings(
    partner: Partner,
    *,
    files: Sequence[SourceFile],
    now: datetime,
    told_days: int,
    caution: float = 0.0,
    open_findings: Iterable[Finding] = (),
) -> list[Finding]:
    """One finding for each file of the last `told_days` with far fewer rows than its stream's files before it lead one to expect."""
    found_at = {f.id: f.found_at or now for f in open_findings}
    findings = []
    for file, why in truncated(partner, files=files, caution=caution):
        if file.received_at >= now - timedelta(days=told_days):
            finding = _truncated_finding(partner, file, why=why)
            findings.append(replace(finding, found_at=found_at.get(finding.id, now)))
    return findings


def came_at(file: SourceFile) -> datetime:
    """When a file came, and of one that was loaded later with the past, when it may have: the day after the one it is about."""
    day_after = datetime.combine(file.business_date + timedelta(days=1), time(), tzinfo=UTC)
    return day_after if file.received_at - day_after > LOADED_AFTER else file.received_at


def truncated(partner: Partner, *, files: Sequence[SourceFile], caution: float = 0.0) -> Iterator[tuple[SourceFile, str]]:
    """The files with far fewer rows than their stream's files before them lead one to expect, and why."""
    for stream in partner.files:
        sound: list[Delivery] = []
        before: date | None = None
        for file in sorted((f for f in files if f.stream == stream.stream), key=lambda f: (f.received_at, f.name)):
            delivery = _delivery(partner, stream, file, before=before)
            fault = size_fault(delivery, sound=sound[-HISTORY_FILES:], caution=caution)
            before = file.business_date
            if fault is None or fault[0] is not Fault.TRUNCATED:
                sound.append(delivery)
            else:
                yield file, fault[1]


def _delivery(partner: Partner, stream: ExpectedFile, file: SourceFile, *, before: date | None) -> Delivery:
    due = file_due(partner, stream, business_date=file.business_date)
    return Delivery(
        business_date=file.business_date,
        scheduled_at=due.due_at,
        arrived_at=file.received_at,
        after_closure=before is not None and (file.business_date - before).days > 1,
        rows=file.records,
        name=file.name,
    )


def _truncated_finding(partner: Partner, file: SourceFile, *, why: str) -> Finding:
    return Finding(
        id=finding_id(FindingKind.FILE_TRUNCATED, partner.id, file.stream, file.sha256),
        kind=FindingKind.FILE_TRUNCATED,
        partner=partner.id,
        scope=f"{partner.id} · {file.stream}",
        since=came_at(file),
        summary=f"{partner.name}: {why}.",
        expected="as many rows as such days usually bring",
        seen=f"{file.records:,} rows",
        next_step=f"Ask {partner.name} whether {file.name} is complete; a corrected file takes its place by itself.",
    )


def _gap_finding(partner: Partner, stream: str, gap: Gap) -> Finding:
    named = ", ".join(str(number) for number in gap.numbers[:NAMED_NUMBERS])
    more = len(gap.numbers) - NAMED_NUMBERS
    numbers = f"{named} and {more:,} more" if more > 0 else named
    one = len(gap.numbers) == 1
    account = gap.account.partition(":")[2]
    return Finding(
        id=finding_id(FindingKind.FILE_GAP, partner.id, stream, gap.account, str(gap.before)),
        kind=FindingKind.FILE_GAP,
        partner=partner.id,
        scope=" · ".join(part for part in (partner.id, stream, account) if part),
        since=datetime.combine(gap.on, time(), tzinfo=UTC),
        summary=f"{partner.name}: {stream} {numbers} {'was' if one else 'were'} never delivered.",
        expected=f"{numbers} before {gap.before}",
        seen=f"{gap.before} came without {'it' if one else 'them'}",
        next_step=f"Ask {partner.name} to send {stream} {numbers}.",
    )


def _duplicate_finding(partner: Partner, copy: Copy) -> Finding:
    came = copy.of_came_at.astimezone(partner.time_zone)
    return Finding(
        id=finding_id(FindingKind.FILE_DUPLICATE, partner.id, copy.stream, copy.name, copy.seen_at.isoformat()),
        kind=FindingKind.FILE_DUPLICATE,
        partner=partner.id,
        scope=f"{partner.id} · {copy.stream}",
        since=copy.seen_at,
        summary=f"{partner.name}: {copy.name} repeats {copy.of}. Nothing was booked twice.",
        expected="each file once",
        seen=f"{copy.of} had come on {came.day} {came:%b %H:%M}",
        next_step=f"Tell {partner.name} if it goes on; there is nothing to correct here.",
    )
