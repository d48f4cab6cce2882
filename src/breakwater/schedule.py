"""What is due when: cron times read in their own time zone, and a clock that only ticks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger

CATCH_UP = timedelta(hours=6)  # a time missed for longer than this is not made up for

_CLOCK_CHANGE = timedelta(hours=2)  # no clock is changed by more


def last_due(cron: str, *, time_zone: ZoneInfo, now: datetime, catch_up: timedelta = CATCH_UP) -> datetime | None:
    """The latest time at or before `now` (both aware) that `cron` names, in UTC; None if there was none within `catch_up`.

    However many times were missed, only the latest counts: they are caught up once. A wall clock time that happens twice is the
    first of the two; one that is skipped when clocks go forward is as long after midnight as it would have been.
    """
    # The trigger's own time zone arithmetic stands still in the hour that happens twice, so it is asked in wall clock time.
    trigger = CronTrigger.from_crontab(cron, timezone=UTC)
    wall = _wall(now - catch_up, time_zone) - _CLOCK_CHANGE
    last_wall = _wall(now, time_zone) + _CLOCK_CHANGE
    found = None
    while (due := trigger.get_next_fire_time(None, wall)) and due <= last_wall:
        instant = due.replace(tzinfo=time_zone).astimezone(UTC)
        if now - catch_up <= instant <= now:
            found = max(found or instant, instant)
        wall = due + timedelta(seconds=1)
    return found


def _wall(moment: datetime, time_zone: ZoneInfo) -> datetime:
    """What a clock on the wall shows, dressed as UTC for arithmetic without clock changes."""
    return moment.astimezone(time_zone).replace(tzinfo=UTC)


class Clock:
    """Calls jobs at intervals. Job stores are never shared between processes: who does the work is decided by claims."""

    def __init__(self) -> None:
        self._scheduler = BackgroundScheduler(timezone="UTC")

    def every(self, seconds: float, job: Callable[[], None], *, name: str) -> None:
        """Call `job` every `seconds`, the first time at once; a slow call is never overtaken by the next."""
        self._scheduler.add_job(
            job, "interval", seconds=seconds, id=name, max_instances=1, coalesce=True, next_run_time=datetime.now(tz=UTC)
        )

    def start(self) -> None:
        """Begin to tick."""
        self._scheduler.start()

    def stop(self) -> None:
        """Finish the jobs under way and end. A clock that was never started has nothing to end."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)
