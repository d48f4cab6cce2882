"""Daily volumes of a partner in its own days, beside what each day was expected to bring when it began."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from breakwater.detection.live import Live
from breakwater.detection.panel import Indexes
from breakwater.detection.series import LocalHours
from breakwater.model.digests import PartnerVolume, VolumeDay
from breakwater.model.partners import Partner

MOSTLY = 0.9  # the share of a day's payments in segments of which something was expected


def partner_volume(partner: Partner, *, live: Live | None, days: int = 14) -> PartnerVolume:
    """The last `days` complete local days, and the running one up to the last hour looked at: its expected figure covers the same hours.

    A day that is not over says so in its label: '24 Nov until 14:00'. Days before the first payment are left out.
    """
    rows = live.rows_of(partner.id) if live else np.array([], dtype=np.int64)
    if live is None or not len(rows) or not live.panel.attempts[rows, : live.until].any():
        return PartnerVolume(partner_id=partner.id, partner_name=partner.name, days=())
    local = next(clock.hours for clock in live.panel.clocks if rows[0] in clock.rows)
    first_active = int(local.day[live.panel.attempts[rows, : live.until].any(0).argmax()])
    last = int(local.day[live.until - 1])
    is_running = live.until < len(local.day) and local.day[live.until] == last
    oldest = max(first_active, last - days + (0 if is_running else 1))
    figures = [_day(live, rows, local=local, day=day, is_running=is_running and day == last) for day in range(oldest, last + 1)]
    return PartnerVolume(partner_id=partner.id, partner_name=partner.name, days=tuple(figures))


def _day(live: Live, rows: Indexes, *, local: LocalHours, day: int, is_running: bool) -> VolumeDay:
    """One local day, with what the hours before it led one to expect."""
    first, after = local.hours_of(day)
    after = min(after, live.until)
    date = local.first_day + timedelta(days=day)
    label = f"{date.day} {date:%b}"
    if is_running:
        label += f" until {int(local.hour[after]):02}:00"
    attempts = live.panel.attempts[rows, first:after]
    known = live.watch.past.known[rows, first:after]
    is_known = known.any() and (attempts * known).sum() >= MOSTLY * attempts.sum()
    expected = float(np.where(known, np.nan_to_num(live.watch.past.expected[rows, first:after]), 0.0).sum())
    return VolumeDay(label=label, seen=int(attempts.sum()), expected=round(expected, 1) if is_known else None)
