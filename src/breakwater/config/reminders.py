"""[reminders] of breakwater.toml: after how many hours at the desk somebody is reminded, and who hears of it then."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from breakwater.config.files import LocalTime, Table
from breakwater.config.words import Calendar, Person, PersonOrGroup, TimeZone
from breakwater.model.calendar import named_calendar
from breakwater.model.office_hours import OfficeHours
from breakwater.model.reminders import Escalation, ReminderRules


class EscalationSettings(Table):
    """One entry of [reminders] escalation: who is named once a break is `from_days` business days old."""

    from_days: int = Field(ge=0, le=1_000)
    to: tuple[PersonOrGroup, ...] = Field(min_length=1, max_length=10)


class DeskSettings(Table):
    """One entry of [[reminders.desks]]: somebody whose office hours differ."""

    id: Person
    time_zone: TimeZone
    calendar: Calendar
    opens: LocalTime = time(9)
    closes: LocalTime = time(18)

    @model_validator(mode="after")
    def _is_a_day(self) -> Self:
        if self.opens >= self.closes:
            raise ValueError("'opens' comes before 'closes'")
        return self


class ReminderSettings(Table):
    """[reminders]: hours are office hours. Time zone and calendar are the partner's where none is given."""

    remind_after_hours: int = Field(default=8, ge=1, le=200)
    reopen_after_hours: int = Field(default=8, ge=1, le=200)
    opens: LocalTime = time(9)
    closes: LocalTime = time(18)
    time_zone: TimeZone | None = None
    calendar: Calendar | None = None
    escalation: tuple[EscalationSettings, ...] = ()
    desks: tuple[DeskSettings, ...] = ()

    @model_validator(mode="after")
    def _is_a_day(self) -> Self:
        if self.opens >= self.closes:
            raise ValueError("'opens' comes before 'closes'")
        return self

    def rules(self) -> ReminderRules:
        """The rules as the steps read them."""
        return ReminderRules(
            remind_after=timedelta(hours=self.remind_after_hours),
            reopen_after=timedelta(hours=self.reopen_after_hours),
            opens=self.opens,
            closes=self.closes,
            time_zone=ZoneInfo(self.time_zone) if self.time_zone else None,
            calendar=named_calendar(self.calendar) if self.calendar else None,
            escalations=tuple(Escalation(from_days=e.from_days, to=e.to) for e in self.escalation),
            people={
                p.id: OfficeHours(calendar=named_calendar(p.calendar), time_zone=ZoneInfo(p.time_zone), opens=p.opens, closes=p.closes)
                for p in self.desks
            },
        )
