"""Single entries of breakwater.toml, checked: time zones, calendars, currencies, ids of Slack."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field

from breakwater.model.calendar import named_calendar
from breakwater.model.money import exponent

EVERYBODY = "*"
LEDGER = "ledger"  # what our own side is called among the partners


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"'{name}' is no time zone; use a name like 'Europe/Berlin'") from None
    return name


def _calendar(name: str) -> str:
    try:
        named_calendar(name)
    except KeyError:
        raise ValueError(f"'{name}' is no calendar; use 'TARGET2', 'weekends' or a country code like 'DE'") from None
    return name


def _currency(code: str) -> str:
    try:
        exponent(code)
    except KeyError:
        raise ValueError(f"'{code}' is no currency; use a code of ISO 4217, like 'EUR'") from None
    return code


TimeZone = Annotated[str, AfterValidator(_time_zone)]
Calendar = Annotated[str, AfterValidator(_calendar)]
Currency = Annotated[str, AfterValidator(_currency)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
Person = Annotated[str, Field(pattern=r"^[UW][A-Z0-9]{2,}$")]
PersonOrGroup = Annotated[str, Field(pattern=r"^[UWS][A-Z0-9]{2,}$")]
Channel = Annotated[str, Field(pattern=r"^[CGD][A-Z0-9]{2,}$")]
