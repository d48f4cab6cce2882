"""[[digests]] of breakwater.toml: what is summed up, for which channel, and when."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger
from pydantic import AfterValidator, Field

from breakwater.config.files import Table
from breakwater.config.words import EVERYBODY, Calendar, Channel, Currency, TimeZone
from breakwater.model.digests import Subscription


def _cron(text: str) -> str:
    try:
        CronTrigger.from_crontab(text)
    except ValueError as wrong:
        raise ValueError(f"'{text}' is no cron time ({wrong}); five fields, like '0 8 * * mon-fri'") from None
    if any(c.isdigit() for c in text.split()[4]):
        # The scheduler counts from Monday = 0, cron from Sunday = 0: '1-5' would run from Tuesday to Saturday.
        raise ValueError(f"'{text}' names weekdays by number, which programs count differently; write them out, like '0 8 * * mon-fri'")
    return text


Cron = Annotated[str, AfterValidator(_cron)]


class DigestSettings(Table):
    """[[digests]]: a scheduled summary for one channel. With a `calendar` it comes on business days alone."""

    channel: Channel
    cron: Cron
    time_zone: TimeZone
    partners: tuple[str, ...] = (EVERYBODY,)
    metrics: tuple[Literal["*", "files", "volume", "approvals", "amounts", "breaks", "incidents", "refunds", "terms"], ...] = Field(
        ("*",), min_length=1
    )
    calendar: Calendar | None = None
    least_minor: dict[Currency, int] = Field(default_factory=dict)


def subscription(given: DigestSettings) -> Subscription:
    """The digest of a table. Its id comes from what it says, so that moving it in the file posts nothing twice."""
    more = [given.metrics, given.calendar, given.least_minor]
    said = json.dumps([given.channel, given.cron, given.time_zone, given.partners, *(more if more != [("*",), None, {}] else [])])
    return Subscription(
        id=f"{given.channel}-{hashlib.sha256(said.encode()).hexdigest()[:8]}",
        channel=given.channel,
        cron=given.cron,
        time_zone=ZoneInfo(given.time_zone),
        partners=given.partners,
        metrics=given.metrics,
        calendar=given.calendar,
        least_minor=given.least_minor,
    )
