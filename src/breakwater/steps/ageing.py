"""Once a day and partner: which breaks grew into an older band, and who has to hear of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import Connection

from breakwater.model.access import INTERNAL
from breakwater.model.ageing import Crossing, aged
from breakwater.model.break_filters import oldest_needed
from breakwater.model.calendar import AGE_BANDS, age_band
from breakwater.model.partners import Partner
from breakwater.model.reminders import ReminderRules
from breakwater.store import ageing, outbox
from breakwater.store.database import Database
from breakwater.store.outbox import Kind, Priority
from breakwater.views.ageing import crossed

LARGEST_READ = 5


def tell_what_aged(database: Database, *, partners: Mapping[str, Partner], rules: ReminderRules, now: datetime) -> int:
    """Tell each partner's channel what crossed a band since it was looked at last; how many were told.

    It is looked at once on each business day, in office hours. Days that were missed are told of together.
    """
    told = 0
    for partner in partners.values():
        if partner.internal_channels and rules.hours_of(None, partner=partner).is_open(now) and not _is_seen(database, partner, now=now):
            with database.transaction() as tx:
                told += _look_at(tx, partner, rules=rules, now=now)
    return told


def _is_seen(database: Database, partner: Partner, *, now: datetime) -> bool:
    """True if today's look was taken: most ticks of the clock have nothing to write."""
    with database.reading() as tx:
        last = ageing.seen(tx, partner=partner.id)
    return last is not None and last[0] >= now.astimezone(partner.time_zone).date()


def _look_at(tx: Connection, partner: Partner, *, rules: ReminderRules, now: datetime) -> bool:
    today = now.astimezone(partner.time_zone).date()
    last = ageing.seen(tx, partner=partner.id)
    seen_on, seen_at = last or (None, now)
    if seen_on is not None and seen_on >= today:
        return False
    if not ageing.advance(tx, partner=partner.id, was=seen_on, on=today, at=now) or seen_on is None:
        return False  # another process tells of it; or it is the first look, and nothing is known to have been younger before
    crossings = _crossings(tx, partner, since=seen_on, today=today, known_at=seen_at)
    if not crossings:
        return False
    named = rules.named_at(max(low for c in crossings for name, low, _ in AGE_BANDS if name == c.band))
    return outbox.enqueue(
        tx,
        key=f"ageing:{partner.id}:{today.isoformat()}",
        kind=Kind.POST,
        audience=INTERNAL,
        channel=partner.internal_channels[0],
        payload=crossed(crossings, partner_name=partner.name, since=seen_on, named=named).payload(),
        priority=Priority.DIGEST,
        now=now,
    )


def _crossings(tx: Connection, partner: Partner, *, since: date, today: date, known_at: datetime) -> list[Crossing]:
    """What grew into each band, the oldest band first."""
    calendar = partner.calendar
    dates = [
        (oldest_needed(calendar, today=since, age_days=low), oldest_needed(calendar, today=today, age_days=low))
        for _, low, _ in AGE_BANDS
        if low
    ]
    counts: Counter[str] = Counter()
    values: dict[str, Counter[str]] = defaultdict(Counter)
    for figure in ageing.dated_figures(tx, partner=partner.id, dates=dates, known_at=known_at):
        band = age_band(calendar.between(figure.dated, today))
        counts[band] += figure.count
        values[band][figure.currency] += figure.value_minor
    found = ageing.largest(tx, partner=partner.id, dates=dates, known_at=known_at, limit=LARGEST_READ)
    largest = [aged(brk, calendar=calendar, today=today) for brk in found]
    return [
        Crossing(
            band=band,
            count=counts[band],
            value_minor=dict(sorted(values[band].items())),
            largest=tuple(a for a in largest if a.band == band),
        )
        for band, _, _ in reversed(AGE_BANDS)
        if counts[band]
    ]
