"""The two partners of the demo company, and when their files come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from breakwater.model.calendar import named_calendar
from breakwater.model.partners import ExpectedFile, Partner

HISTORY_DAYS = 28
WINDOW_BEFORE, WINDOW_AFTER = 1, 3  # business days, in both agreements


def nordbank(folder: Path, *, live_from: date) -> Partner:
    """A bank: SEPA credit transfers in and out, one camt.053 statement per TARGET2 day, sent on the next one."""
    return Partner(
        id="nordbank",
        name="Nordbank",
        network="sepa",
        calendar=named_calendar("TARGET2"),
        calendar_name="TARGET2",
        time_zone=ZoneInfo("Europe/Berlin"),
        cut_off=time(17),
        live_from=live_from,
        agreement=str(folder / "agreements" / "nordbank.toml"),
        internal_channels=("C0SEPA",),
        shared_channel="C0NORDBANK",
        files=(
            ExpectedFile(
                stream="statement", format="camt.053", folder=str(folder / "inbox" / "nordbank"), due=time(7), deadline=time(8, 30)
            ),
        ),
    )


def meridian(folder: Path, *, live_from: date) -> Partner:
    """A card PSP: one settlement detail report per weekday, sent on the next one."""
    return Partner(
        id="meridian",
        name="Meridian",
        network="cards",
        calendar=named_calendar("weekends"),
        calendar_name="weekends",
        time_zone=ZoneInfo("Europe/Amsterdam"),
        cut_off=time(17),
        live_from=live_from,
        agreement=str(folder / "agreements" / "meridian.toml"),
        internal_channels=("C0CARDS",),
        shared_channel="C0MERIDIAN",
        files=(
            ExpectedFile(
                stream="settlement", format="adyen-settlement", folder=str(folder / "inbox" / "meridian"), due=time(10), deadline=time(11)
            ),
        ),
    )


@dataclass(frozen=True, kw_only=True)
class Days:
    """A partner's days as they stand at `now`: the date a run is as of, and the last day whose file has come."""

    partner: Partner
    now: datetime
    first: date
    as_of: date
    last_filed: date

    def age(self, day: date) -> int:
        """Business days from `day` to the as-of date; a break of that date has this age."""
        return self.partner.calendar.between(day, self.as_of)

    def filed(self, day: date) -> bool:
        """True if the file about `day` has come."""
        return day <= self.last_filed

    def of_age(self, age: int) -> date:
        """The latest business day that is at least `age` business days old and whose file has come."""
        return self.partner.calendar.shift(self.last_filed, -max(0, age - self.age(self.last_filed)))

    def business_days(self, *, until: datetime | None = None) -> list[date]:
        """The business days of the history up to `until`, or up to the last whose file has come; oldest first."""
        last = self.local_date(until) if until else self.last_filed
        days = (self.first + timedelta(days=n) for n in range((last - self.first).days + 1))
        return [day for day in days if self.partner.calendar.is_business_day(day)]

    def local_date(self, moment: datetime) -> date:
        """The partner's calendar day at a moment."""
        return moment.astimezone(self.partner.time_zone).date()


def at_local(partner: Partner, day: date, clock: time) -> datetime:
    """The moment (UTC) when the partner's clocks show `clock` on `day`."""
    return datetime.combine(day, clock, partner.time_zone).astimezone(ZoneInfo("UTC"))


def arrival(partner: Partner, day: date) -> datetime:
    """When the file about the business day `day` comes: on the next one, some minutes before it is due."""
    due = at_local(partner, partner.calendar.shift(day, 1), partner.files[0].due)
    return due - timedelta(minutes=12 + day.toordinal() * 7 % 29)


def days_with_the_latest_file(partner: Partner, *, now: datetime, first: date) -> Days:
    """Everything that should have come has come."""
    last = partner.calendar.shift(now.astimezone(partner.time_zone).date(), -1)
    while arrival(partner, last) > now:
        last = partner.calendar.shift(last, -1)
    return Days(partner=partner, now=now, first=first, as_of=partner.business_date(now), last_filed=last)


@dataclass(frozen=True, kw_only=True)
class LateFile:
    """The file that did not come: about `business_date`, due on `due_on`, late since `deadline_at`."""

    partner: str
    stream: str
    business_date: date
    due_on: date
    deadline_at: datetime


def days_without_the_latest_file(partner: Partner, *, now: datetime, first: date) -> tuple[Days, LateFile]:
    """Everything has come but the latest file whose deadline has passed, and whatever was due after it."""
    expected, calendar = partner.files[0], partner.calendar
    due_on = calendar.shift(now.astimezone(partner.time_zone).date() + timedelta(days=1), -1)
    while at_local(partner, due_on, expected.deadline) >= now:
        due_on = calendar.shift(due_on, -1)
    about = calendar.shift(due_on, -1)
    deadline_at = at_local(partner, due_on, expected.deadline)
    late = LateFile(partner=partner.id, stream=expected.stream, business_date=about, due_on=due_on, deadline_at=deadline_at)
    return Days(partner=partner, now=now, first=first, as_of=partner.business_date(now), last_filed=calendar.shift(about, -1)), late
