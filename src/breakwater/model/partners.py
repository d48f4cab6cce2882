"""Partners: who we exchange money with, where they may be talked about, and which files they owe us."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from breakwater.model.calendar import BusinessCalendar
from breakwater.model.decline_families import DeclineFamily
from breakwater.model.legs import Leg, LegEnd


@dataclass(frozen=True, kw_only=True)
class ExpectedFile:
    """One stream of files a partner owes us, due at `due`, late after `deadline` (partner's time). `folder` is a path, or a URL.

    `days` says about which days there is a file: 'business' (each business day of the partner's calendar, delivered on the next one),
    'daily' (each day, delivered on the next) or weekdays such as ('mon', 'thu'), holidays or not, delivered on the next business day.
    Where `is_continuous`, the statements are numbered without gaps.
    """

    stream: str
    format: str
    folder: str
    due: time
    deadline: time
    days: str | tuple[str, ...] = "business"
    is_continuous: bool = False


@dataclass(frozen=True, kw_only=True)
class Partner:
    """A network, bank or PSP we exchange money with. `clearing_account` is what accounting calls our account with it; '' for none.

    A leg from one of them to another is reconciled like one, and is one here, with a `leg`: it has no files and no channel shared with
    anybody. `taken` are the ends of legs at a partner, where they take something out of its own reconciliation.
    """

    id: str
    name: str
    network: str
    calendar: BusinessCalendar
    calendar_name: str
    time_zone: ZoneInfo
    cut_off: time
    live_from: date
    agreement: str
    internal_channels: tuple[str, ...] = ()
    shared_channel: str | None = None
    files: tuple[ExpectedFile, ...] = field(default=())
    thresholds: tuple[tuple[str, int], ...] = ()
    """The least of each measure of its state, in millionths: less is a finding."""
    clearing_account: str = ""
    decline_families: tuple[tuple[str, DeclineFamily], ...] = ()
    """What its own codes for declines mean, each folded, where that is not what the tables say."""
    leg: Leg | None = None
    between: tuple[Partner, ...] = ()
    """For a leg its two partners, the provider first: their files are what it compares."""
    taken: tuple[LegEnd, ...] = ()
    is_former: bool = False
    """True for one that is configured no longer, and is here for what it left open."""
    was_between: tuple[str, str] | None = None
    """For a leg that is configured no longer, the names of its two ends."""

    @property
    def ends(self) -> tuple[str, str] | None:
        """For a leg the names of the provider that pays out and of the bank where that arrives."""
        return self.leg.ends if self.leg else self.was_between

    def business_date(self, now: datetime) -> date:
        """The partner's business date at a moment: its local day, the next one after cut-off, moved to a business day."""
        local = now.astimezone(self.time_zone)
        day = local.date() + timedelta(days=1 if local.time() >= self.cut_off else 0)
        return self.calendar.shift(day, 0)


def former(partner_id: str, *, channels: tuple[str, ...], ends: tuple[str, str] | None = None) -> Partner:
    """A partner, or a leg, that is configured no longer: only its id is still known, so weekends alone are no business days of it.

    `channels` are where its cards are, the first of them the one where what it left open is talked about. `ends` are the names of those
    that a leg lay between. Nothing reconciles it, and no file of it is expected.
    """
    return Partner(
        id=partner_id,
        name=f"{partner_id} (no longer configured)",
        network="",
        calendar=BusinessCalendar(),
        calendar_name="weekends",
        time_zone=ZoneInfo("UTC"),
        cut_off=time.max,
        live_from=date.min,
        agreement="",
        internal_channels=channels,
        is_former=True,
        was_between=ends,
    )


@dataclass(frozen=True, kw_only=True)
class FileDue:
    """One expected file that has not come: `business_date` is the partner's day it is about, `deadline_at` the moment it becomes late."""

    partner: str
    stream: str
    business_date: date
    due_at: datetime
    deadline_at: datetime

    def is_late(self, *, now: datetime) -> bool:
        """True once the deadline has passed."""
        return now > self.deadline_at
