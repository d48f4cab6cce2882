"""Acknowledged and left alone: reminded once, reopened once, whoever's clock ticks, and never while nobody is at the desk."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from break_work import ADA, BEN, CARDS, NOW, PARTNERS, a_break, a_click
from sqlalchemy import select

from breakwater.model.access import SYSTEM
from breakwater.model.breaks import Break, BreakState
from breakwater.model.calendar import named_calendar
from breakwater.model.office_hours import OfficeHours
from breakwater.model.reminders import Escalation, ReminderRules
from breakwater.steps import breaks as steps
from breakwater.steps.reconcile import enqueue_card
from breakwater.steps.reminders import BATCH, look_after
from breakwater.store import audit, reads, writes
from breakwater.store.database import Database, open_database
from breakwater.store.tables import delivery

RULES = ReminderRules(
    escalations=(Escalation(from_days=0, to=("S0TECHOPS",)), Escalation(from_days=3, to=("S0LEADS", "U0EVE"))),
)
REMINDED_AT = NOW + timedelta(hours=8)  # Friday 16:30 UTC, half past five in Berlin
REOPENED_AT = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)  # half an hour on Friday, the rest on Monday
TAKEN = {"state": BreakState.ACKNOWLEDGED, "acknowledged_at": NOW, "touched_at": NOW}


def left_alone(database: Database, *, cards: bool = True, **changes: Any) -> Break:
    """A break that Ada acknowledged on Friday at half past eight UTC."""
    with database.transaction() as tx:
        brk = a_break(**changes)
        writes.insert_breaks(tx, [brk], actor=SYSTEM, now=NOW)
        if cards:
            enqueue_card(tx, brk, partner=PARTNERS["meridian"], channel=CARDS, now=NOW)
    with database.transaction() as tx:
        return steps.acknowledge(tx, a_click(brk))


def look(database: Database, at: datetime, rules: ReminderRules = RULES) -> int:
    return look_after(database, partners=PARTNERS, rules=rules, now=at)


def as_it_is(database: Database, brk: Break) -> Break:
    with database.reading() as tx:
        found = reads.break_by_id(tx, brk.id)
    assert found
    return found


def replies(database: Database) -> list[str]:
    table = delivery.outbox
    with database.reading() as tx:
        rows = tx.execute(select(table.c.payload).where(table.c.kind == "reply").order_by(table.c.id))
        return [row.payload["blocks"][0]["text"]["text"] for row in rows]


def test_it_is_reminded_of_and_then_open_again_and_escalated(database: Database) -> None:
    brk = left_alone(database)

    told = [look(database, at) for at in (REMINDED_AT - timedelta(minutes=1), REMINDED_AT, REOPENED_AT - timedelta(minutes=1), REOPENED_AT)]

    assert told == [0, 1, 0, 1]
    reminder, reopened = replies(database)
    assert reminder.startswith("⏰ <@U0ADA>, you have this since")
    assert f"<!date^{int(REOPENED_AT.timestamp())}^" in reminder
    assert "<@U0ADA> acknowledged this and left it alone" in reopened
    assert "EUR 12.50 · T+3–5 · severity medium\n<!subteam^S0LEADS> <@U0EVE> please look." in reopened
    after = as_it_is(database, brk)
    assert (after.state, after.owner_id, after.escalated, after.reminded_at) == (BreakState.OPEN, None, 1, None)
    with database.transaction() as tx:
        assert [e.action for e in audit.entries(tx, brk.id)] == ["open", "acknowledge", "remind", "expire"]
        assert audit.verify(tx) == []
    assert look(database, REOPENED_AT + timedelta(days=30)) == 0


def test_the_buttons_of_a_reminder_still_work(database: Database) -> None:
    brk = left_alone(database)
    look(database, REMINDED_AT)

    with database.transaction() as tx:
        steps.investigate(tx, a_click(brk, now=REMINDED_AT))

    assert look(database, REOPENED_AT + timedelta(days=9)) == 0


@pytest.mark.parametrize(
    "deed",
    [
        lambda tx, click: steps.comment(tx, click, text="Looking."),
        lambda tx, click: steps.assign(tx, click, to=BEN),
    ],
    ids=["comment", "assign"],
)
def test_whoever_does_something_has_the_whole_span_again(database: Database, deed: Callable[..., Break]) -> None:
    brk = left_alone(database)
    look(database, REMINDED_AT)
    with database.transaction() as tx:
        deed(tx, a_click(brk, now=REMINDED_AT))

    assert look(database, REOPENED_AT - timedelta(minutes=1)) == 0
    assert look(database, REOPENED_AT) == 1
    assert as_it_is(database, brk).state is BreakState.ACKNOWLEDGED
    assert len([said for said in replies(database) if said.startswith("⏰")]) == 2


def test_what_sleeps_is_left_in_peace_until_its_day_and_a_span_more(database: Database) -> None:
    brk = left_alone(database)
    look(database, REMINDED_AT)
    with database.transaction() as tx:
        steps.snooze(tx, a_click(brk, now=REMINDED_AT), until=date(2026, 11, 26))

    wednesday, thursday = datetime(2026, 11, 25, 12, tzinfo=UTC), datetime(2026, 11, 26, 16, tzinfo=UTC)
    assert [look(database, at) for at in (wednesday, thursday - timedelta(minutes=1), thursday)] == [0, 0, 1]
    assert as_it_is(database, brk).state is BreakState.ACKNOWLEDGED


@pytest.mark.parametrize("at", ["2026-11-20T18:30", "2026-11-21T12:00", "2026-11-23T07:00", "2026-12-25T12:00"])
def test_nobody_is_reminded_outside_office_hours(database: Database, at: str) -> None:
    left_alone(database)

    assert look(database, datetime.fromisoformat(at).replace(tzinfo=UTC)) == 0


def test_the_owners_own_hours_and_holidays_count(database: Database) -> None:
    tokyo = OfficeHours(calendar=named_calendar("JP"), time_zone=ZoneInfo("Asia/Tokyo"), opens=time(9), closes=time(18))
    rules = replace(RULES, people={ADA.id: tokyo})
    left_alone(database)  # half past five on Friday in Tokyo; Monday 23 November is Labour Thanksgiving Day there

    assert look(database, REMINDED_AT, rules) == 0
    assert look(database, datetime(2026, 11, 24, 7, 29, tzinfo=UTC), rules) == 0
    assert look(database, datetime(2026, 11, 24, 7, 30, tzinfo=UTC), rules) == 1


def test_two_processes_and_a_restart_between_remind_and_reopen_once(database: Database, database_url: str) -> None:
    breaks = [left_alone(database, fingerprint=f"f{n}", id=f"B-{n}") for n in range(12)]
    second = open_database(database_url)
    third = open_database(database_url)

    def both(at: datetime, *of: Database) -> int:
        with ThreadPoolExecutor(4) as pool:
            return sum(pool.map(lambda db: look(db, at), [*of, *of]))

    reminded = both(REMINDED_AT, database, second)
    second.close()  # a restart
    again = both(REMINDED_AT + timedelta(minutes=1), database, third)
    reopened = both(REOPENED_AT + timedelta(minutes=1), database, third)
    third.close()

    assert (reminded, again, reopened) == (12, 0, 12)
    assert len(replies(database)) == 24
    with database.transaction() as tx:
        assert {b.id: [e.action for e in audit.entries(tx, b.id)] for b in breaks} == {
            b.id: ["open", "acknowledge", "remind", "expire"] for b in breaks
        }


def test_breaks_without_cards_are_told_of_together(database: Database) -> None:
    with database.transaction() as tx:
        many = [a_break(f"f{n}", **TAKEN, owner_id=(ADA.id, "U0EVE")[n % 2], touched_by=ADA.id, amount_minor=100 + n) for n in range(40)]
        writes.insert_breaks(tx, many, actor=SYSTEM, now=NOW)

    assert [look(database, at) for at in (REMINDED_AT, REMINDED_AT, REOPENED_AT, REOPENED_AT)] == [40, 0, 40, 0]

    with database.reading() as tx:
        table = delivery.outbox
        posts = [row.payload["blocks"] for row in tx.execute(select(table.c.payload, table.c.kind).order_by(table.c.id))]
    said = [blocks[0]["text"]["text"] for blocks in posts]
    assert len(said) == 4
    assert sorted(said[:2])[0].startswith("⏰ <@U0ADA>, you have 20 breaks worth *EUR 23.80*, and nothing has happened.")
    assert all("12 more: `/recon breaks mine`" in blocks[1]["text"]["text"] for blocks in posts[:2])
    assert all("<!subteam^S0LEADS> <@U0EVE> please look." in text for text in said[2:])
    with database.transaction() as tx:
        assert {tuple(e.action for e in audit.entries(tx, b.id)) for b in many} == {("open", "remind", "expire")}
        assert audit.verify(tx) == []


def test_a_partner_that_is_configured_no_longer_is_passed_over(database: Database) -> None:
    left_alone(database)

    assert look_after(database, partners={}, rules=RULES, now=REMINDED_AT) == 0


def test_more_than_a_batch_is_looked_through(database: Database) -> None:
    early = [a_break(f"f{n}", **TAKEN, owner_id=ADA.id, touched_by=ADA.id) for n in range(BATCH)]
    last = a_break("last", **TAKEN, owner_id="U0EARLY", touched_by="U0EARLY", id="B-ZZZZ")
    with database.transaction() as tx:
        writes.insert_breaks(tx, [*early, last], actor=SYSTEM, now=NOW)
    evening = OfficeHours(calendar=named_calendar("weekends"), time_zone=ZoneInfo("UTC"), opens=time(16), closes=time(18))

    assert look(database, REMINDED_AT, replace(RULES, people={ADA.id: evening})) == 1

    assert as_it_is(database, last).reminded_at == REMINDED_AT
