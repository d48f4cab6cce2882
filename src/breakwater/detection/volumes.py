"""Daily volumes of a partner in its own days, beside what each day was expected to bring when it began."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from breakwater.detection.baseline import HISTORY_WEEKS, count_baseline
from breakwater.detection.series import DAY_H, WEEK_H, HourlySeries, LocalHours, local_hours, total
from breakwater.model.digests import PartnerVolume, VolumeDay
from breakwater.model.partners import Partner


def partner_volume(partner: Partner, *, series: Sequence[HourlySeries], now: datetime, days: int = 14) -> PartnerVolume:
    """The last `days` complete local days, and the running one up to the last complete hour: its expected figure covers the same hours.

    A day that is not over says so in its label: '24 Nov until 14:00'. Days before the first payment are left out.
    """
    mine = [s for s in series if s.partner == partner.id]
    nothing = PartnerVolume(partner_id=partner.id, partner_name=partner.name, days=())
    if not mine or not any(s.complete_hours(now) for s in mine):
        return nothing
    whole = total([s.last(len(s.attempts), until=s.complete_hours(now)) for s in mine])
    known = whole.last((HISTORY_WEEKS + 1) * WEEK_H + (days + 1) * DAY_H, until=len(whole.attempts))
    local = local_hours(start=known.start, hours=len(known.attempts), time_zone=partner.time_zone, calendar=partner.calendar)
    if not known.attempts.any():
        return nothing
    first_active = int(local.day[known.attempts.nonzero()[0][0]])
    last = int(local.day[-1])
    is_running = known.at(len(known.attempts)).astimezone(partner.time_zone).date() == local.first_day + timedelta(days=last)
    oldest = max(first_active, last - days + (0 if is_running else 1))
    figures = tuple(_day(partner, known, local=local, day=day, is_running=is_running and day == last) for day in range(oldest, last + 1))
    return PartnerVolume(partner_id=partner.id, partner_name=partner.name, days=figures)


def _day(partner: Partner, known: HourlySeries, *, local: LocalHours, day: int, is_running: bool) -> VolumeDay:
    """One local day, with what the hours before it led one to expect."""
    first, after = local.hours_of(day)
    until = known.last(after, until=after)
    baseline = count_baseline(until, partner=partner, cut=first)
    date = local.first_day + timedelta(days=day)
    label = f"{date.day} {date:%b}"
    if is_running:
        label += f" until {known.at(after).astimezone(partner.time_zone):%H:%M}"
    expected = round(float(baseline.expected[first:].sum()), 1) if baseline else None
    return VolumeDay(label=label, seen=int(known.attempts[first:after].sum()), expected=expected)
