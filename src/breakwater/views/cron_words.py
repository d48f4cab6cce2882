"""A cron time in words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from breakwater.views.blocks import word

_DAYS = {"mon": "Monday", "tue": "Tuesday", "wed": "Wednesday", "thu": "Thursday", "fri": "Friday", "sat": "Saturday", "sun": "Sunday"}
_STEP = re.compile(r"\*/(\d+)")


def cron_words(cron: str, *, calendar: str | None = None) -> str:
    """When a cron time comes, such as 'Monday to Friday at 08:00'; with a `calendar`, on its business days alone."""
    minute, hour, day, month, weekday = cron.casefold().split()
    if (day, month) != ("*", "*") or (days := _days(weekday)) is None or (at := _at(minute, hour)) is None:
        days, at = "at its own times", ""
    only = f"on business days of {word(calendar)}" if calendar else ""
    days = "" if only and days == "every day" else days
    return " ".join(part for part in (days, only, at) if part)


def _days(weekday: str) -> str | None:
    if weekday == "*":
        return "every day"
    if (pair := weekday.split("-")) and len(pair) == 2 and all(name in _DAYS for name in pair):
        return f"{_DAYS[pair[0]]} to {_DAYS[pair[1]]}"
    names = weekday.split(",")
    return _listed([_DAYS[name] for name in names]) if all(name in _DAYS for name in names) else None


def _at(minute: str, hour: str) -> str | None:
    if hour == "*" and (step := _STEP.fullmatch(minute)):
        return f"every {step[1]} minutes"
    if not minute.isdecimal():
        return None
    if hour == "*":
        return f"every hour at :{int(minute):02}"
    hours = hour.split(",")
    return f"at {_listed([f'{int(h):02}:{int(minute):02}' for h in hours])}" if all(h.isdecimal() for h in hours) else None


def _listed(names: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)
