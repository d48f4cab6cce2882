"""What grew older is told once a day and partner, days that were missed together, and nothing that was old when it was found."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from break_work import NOW, PARTNERS, a_break
from sqlalchemy import select

from breakwater.model.access import SYSTEM
from breakwater.model.breaks import BreakState
from breakwater.model.calendar import named_calendar
from breakwater.model.reminders import Escalation, ReminderRules
from breakwater.steps.ageing import tell_what_aged
from breakwater.store import writes
from breakwater.store.database import Database, open_database
from breakwater.store.tables import delivery

RULES = ReminderRules(escalations=(Escalation(from_days=6, to=("S0LEADS",)),))
FRIDAY = NOW
MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
THURSDAY = datetime(2026, 11, 26, 9, tzinfo=UTC)


def lay_out(database: Database) -> None:
    with database.transaction() as tx:
        kept = [
            a_break("young", dated=date(2026, 11, 18)),  # on Friday 2 days old, on Monday 3
            a_break("yen", dated=date(2026, 11, 18), currency="JPY", amount_minor=900, material=False),
            a_break("older", dated=date(2026, 11, 13)),  # on Friday 5, on Monday 6
            a_break("steady", dated=date(2026, 11, 16)),  # 4, then 5
            a_break("done", dated=date(2026, 11, 18), state=BreakState.RESOLVED),
        ]
        writes.insert_breaks(tx, kept, actor=SYSTEM, now=NOW)


def look(database: Database, at: datetime, **changes: Any) -> int:
    return tell_what_aged(database, partners={"meridian": replace(PARTNERS["meridian"], **changes)}, rules=RULES, now=at)


def said(database: Database) -> list[str]:
    with database.reading() as tx:
        rows = tx.execute(select(delivery.outbox.c.payload).order_by(delivery.outbox.c.id))
        return [row.payload["blocks"][0]["text"]["text"] for row in rows]


def test_what_crossed_a_band_since_yesterday_is_told_once(database: Database) -> None:
    lay_out(database)

    told = [look(database, at) for at in (FRIDAY, FRIDAY + timedelta(hours=2), MONDAY, MONDAY + timedelta(hours=2))]

    assert told == [0, 0, 1, 0]
    assert said(database) == [
        "⌛ *Meridian*: 3 breaks grew older since 20 Nov 2026\n• T+6–30: 1, *EUR 12.50*\n• T+3–5: 2, *EUR 12.50* + *JPY 900*\n"
        "<!subteam^S0LEADS> please look."
    ]


def test_days_nobody_looked_are_told_of_together_each_break_once(database: Database) -> None:
    lay_out(database)
    look(database, FRIDAY)

    assert look(database, THURSDAY) == 1

    (told,) = said(database)
    assert "4 breaks grew older since 20 Nov 2026\n• T+6–30: 4, " in told


def test_a_break_that_was_old_when_it_was_found_is_no_news(database: Database) -> None:
    look(database, FRIDAY)
    with database.transaction() as tx:
        found = a_break("late", dated=date(2026, 11, 18), opened_at=FRIDAY + timedelta(hours=3))
        writes.insert_breaks(tx, [found], actor=SYSTEM, now=NOW)

    assert look(database, MONDAY) == 0


def test_it_waits_for_the_office_to_open_and_for_a_business_day_of_the_partner(database: Database) -> None:
    lay_out(database)
    look(database, FRIDAY)

    assert look(database, MONDAY - timedelta(hours=3)) == 0
    assert look(database, datetime(2026, 11, 22, 12, tzinfo=UTC)) == 0
    assert look(database, MONDAY, calendar=named_calendar("JP")) == 0  # a holiday there
    assert look(database, MONDAY) == 1


def test_two_processes_tell_it_once(database: Database, database_url: str) -> None:
    lay_out(database)
    look(database, FRIDAY)
    other = open_database(database_url)

    with ThreadPoolExecutor(4) as pool:
        told = sum(pool.map(lambda db: look(db, MONDAY), [database, other] * 2))
    other.close()

    assert told == 1
    assert len(said(database)) == 1
