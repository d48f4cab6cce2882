"""Acknowledged and left alone: when the owner is reminded, when the break is open again, and who hears of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from breakwater.model.breaks import Break, BreakState
from breakwater.model.calendar import BusinessCalendar
from breakwater.model.office_hours import OfficeHours
from breakwater.model.partners import Partner


class Due(StrEnum):
    """What is due with an acknowledged break."""

    NOTHING = "nothing"
    REMIND = "remind"
    REOPEN = "reopen"


@dataclass(frozen=True, kw_only=True)
class Escalation:
    """From an age in business days on, these people (U…) and user groups (S…) are named."""

    from_days: int
    to: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ReminderRules:
    """The spans, in office hours, and whose hours count: the owner's own, else the house's, else the partner's calendar and time zone."""

    remind_after: timedelta = timedelta(hours=8)
    reopen_after: timedelta = timedelta(hours=8)
    opens: time = time(9)
    closes: time = time(18)
    time_zone: ZoneInfo | None = None
    calendar: BusinessCalendar | None = None
    escalations: tuple[Escalation, ...] = ()
    people: Mapping[str, OfficeHours] = field(default_factory=dict)

    def hours_of(self, owner_id: str | None, *, partner: Partner) -> OfficeHours:
        """The office hours of who has a break of this partner; of the partner's desk for nobody."""
        return self.people.get(owner_id or "") or OfficeHours(
            calendar=self.calendar or partner.calendar,
            time_zone=self.time_zone or partner.time_zone,
            opens=self.opens,
            closes=self.closes,
        )

    def named_at(self, age_days: int) -> tuple[str, ...]:
        """Who is named for a break of this age: those of the highest entry that it has reached."""
        reached = [e for e in self.escalations if e.from_days <= age_days]
        return max(reached, key=lambda e: e.from_days).to if reached else ()


def due(brk: Break, *, rules: ReminderRules, partner: Partner, now: datetime) -> Due:
    """What is due with a break now. Nobody is reminded outside their office hours, or of a break that sleeps."""
    hours = rules.hours_of(brk.owner_id, partner=partner)
    since = _left_alone_since(brk, hours)
    if since is None or since > now or not hours.is_open(now):
        return Due.NOTHING
    if brk.reminded_at is None:
        return Due.REMIND if now >= hours.after(since, rules.remind_after) else Due.NOTHING
    return Due.REOPEN if now >= hours.after(max(brk.reminded_at, since), rules.reopen_after) else Due.NOTHING


def _left_alone_since(brk: Break, hours: OfficeHours) -> datetime | None:
    """Since when nobody did anything about an acknowledged break; a sleeping one counts from its waking day on."""
    if brk.state is not BreakState.ACKNOWLEDGED:
        return None
    known = [at for at in (brk.acknowledged_at, brk.touched_at) if at]
    awake = [hours.begin_of(brk.snoozed_until)] if brk.snoozed_until else []
    return max([*known, *awake], default=None)
