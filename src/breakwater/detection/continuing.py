"""From one pass to the next: which findings are new, worse, over, and which are the same as before and no news."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from breakwater.detection.telling import continued
from breakwater.model import findings as moves
from breakwater.model.findings import FILE_KINDS, SAID, Finding, FindingState, Place


class News(StrEnum):
    """What people hear of a finding."""

    OPENED = "opened"
    WORSE = "worse"
    AGAIN = "again"  # what a person said of it no longer fits what is seen
    RECOVERED = "recovered"
    NEW_LEVEL = "new_level"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What a pass shows: the finding, and when it first could be known."""

    finding: Finding
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Change:
    """A finding as it was (None for a new one) and as it is now, and what of that is news."""

    was: Finding | None
    now: Finding
    news: News | None = None


Same = Callable[[Finding, Sequence[Finding]], Finding | None]


def same_anomaly(fresh: Finding, earlier: Sequence[Finding]) -> Finding | None:
    """The earlier finding about payments that this one carries on."""
    return continued(fresh, earlier=earlier)


def same_id(fresh: Finding, earlier: Sequence[Finding]) -> Finding | None:
    """The earlier finding about a file that this one carries on."""
    return next((f for f in earlier if f.id == fresh.id), None)


def one_per_place(seen: Iterable[Seen]) -> list[Seen]:
    """Of several that are the same kind at the same place, the one that began first: it says what the others say."""
    first: dict[tuple[str, Place], Seen] = {}
    for one in sorted(seen, key=lambda s: (s.finding.since, s.finding.id)):
        first.setdefault((one.finding.kind, one.finding.place), one)
    return list(first.values())


def changes(
    earlier: Iterable[Finding],
    seen: Iterable[Seen],
    *,
    same: Same,
    now: datetime,
    looked_until: datetime | None = None,
    accepted: Sequence[Finding] = (),
) -> list[Change]:
    """What a pass changes. `earlier` are the findings that are open, and the others of late. What could be known before `looked_until`
    and was not told then is hindsight, and not told now. `accepted` have become how things are."""
    left = list(earlier)
    found: list[Change] = []
    muted = [f for f in left if f.is_silent(now) and f.open]
    for one in sorted(seen, key=lambda s: (s.finding.since, s.finding.id)):
        before = _before(one.finding, left, same)
        if before:
            left.remove(before)
            found += _carried_on(before, one, now=now, looked_until=looked_until)
        elif not _is_hindsight(one, looked_until):
            found.append(_opened(one.finding, muted=muted, now=now))
    for finding in left:
        if finding.open:
            found.append(_over(finding, accepted=accepted, now=now))
    return found


def _before(fresh: Finding, left: Sequence[Finding], same: Same) -> Finding | None:
    """The open finding it carries on, else what a person said something of, else one that was over."""
    for states in ({FindingState.OPEN}, SAID, {FindingState.RECOVERED}):
        if before := same(fresh, [f for f in left if f.state in states]):
            return before
    return None


def _is_hindsight(one: Seen, looked_until: datetime | None) -> bool:
    return looked_until is not None and one.at < looked_until


def _carried_on(before: Finding, one: Seen, *, now: datetime, looked_until: datetime | None) -> list[Change]:
    again = moves.seen_again(before, fresh=one.finding)
    if before.open:
        if moves.is_worse(before, again) and (not before.is_silent(now) or (again.is_outage and not before.is_outage)):
            worse = replace(again, revision=before.revision + 1, told_minor=again.at_risk_minor)
            return [Change(was=before, now=replace(worse, silent_until=None) if again.is_outage else worse, news=News.WORSE)]
        return [Change(was=before, now=replace(again, deeper_since=before.deeper_since))]
    if before.state is FindingState.RECOVERED:
        was_over = before.ended_at is not None and one.at > before.ended_at
        return [_again(before, again)] if was_over and not _is_hindsight(one, looked_until) else []
    is_time_up = before.state is FindingState.EXPECTED and not before.is_silent(now)
    becomes_outage = again.is_outage and not before.is_outage
    # Whoever expects something expects it to grow as well; what was called false or normal was that as far as it had come.
    has_grown = before.state is not FindingState.EXPECTED and moves.is_deeper(before, again)
    return [_again(before, again)] if is_time_up or becomes_outage or has_grown else []


def _again(before: Finding, again: Finding) -> Change:
    return Change(was=before, now=replace(moves.reopen(again), told_minor=again.at_risk_minor), news=News.AGAIN)


def _opened(fresh: Finding, *, muted: Sequence[Finding], now: datetime) -> Change:
    """A new finding; silent where the same is muted at the same place, unless it is an outage."""
    about_files = fresh.kind in FILE_KINDS  # these have no place in common
    like = None if about_files else next((f for f in muted if f.kind is fresh.kind and f.place == fresh.place), None)
    opened = replace(fresh, found_at=now, told_minor=fresh.at_risk_minor)
    if like and not fresh.is_outage:
        return Change(was=None, now=replace(opened, silent_until=like.silent_until, said_by=like.said_by, said_at=like.said_at))
    return Change(was=None, now=opened, news=News.OPENED)


def _over(finding: Finding, *, accepted: Sequence[Finding], now: datetime) -> Change:
    if any(continued(level, earlier=[finding]) for level in accepted):
        return Change(was=finding, now=moves.accept_by_itself(finding, now=now), news=News.NEW_LEVEL)
    return Change(was=finding, now=moves.recover(finding, now=now), news=News.RECOVERED)
