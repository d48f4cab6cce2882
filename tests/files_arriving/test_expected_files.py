"""Files that are late, missing, delivered twice, or left out of their sequence: each is told once, when it can be known."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from arriving import Clock, a_company, deliver, said, statement

from breakwater.app import Breakwater
from breakwater.model.findings import Finding, FindingState
from breakwater.steps.detect import late_files
from breakwater.store import reads

CONTINUOUS = 'due = "07:00", deadline = "08:30", sequence = "continuous"'


@pytest.fixture
def continuous(tmp_path: Path, clock: Clock) -> Iterator[Breakwater]:
    opened = a_company(tmp_path, clock, expected=CONTINUOUS)
    with contextlib.closing(opened.database):
        yield opened


def findings_of(bot: Breakwater, state: FindingState = FindingState.OPEN) -> list[Finding]:
    with bot.database.reading() as tx:
        return reads.findings(tx, partner="nordbank", state=state, limit=100)


def summaries(bot: Breakwater, state: FindingState = FindingState.OPEN) -> list[str]:
    return sorted(f.summary for f in findings_of(bot, state))


def test_an_alert_fires_at_the_deadline_and_not_before(bot: Breakwater, clock: Clock) -> None:
    clock.at = datetime(2026, 11, 24, 7, 30, tzinfo=UTC)  # 08:30 in Berlin
    bot.work()
    assert said(bot) == []

    clock.passes(1)
    bot.work()
    bot.work()

    assert said(bot) == ["Nordbank: the statement of 23 Nov is late."]


def test_a_file_that_comes_late_ends_the_alert(bot: Breakwater, tmp_path: Path, clock: Clock) -> None:
    clock.at = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
    bot.work()
    deliver(tmp_path, "late.xml", statement(7, "10.00"))
    clock.passes(600)

    bot.work()

    assert said(bot)[-2:] == ["Recovered: File late. Told then: “Nordbank: the statement of 23 Nov is late.”", "🟢 Over, after 40 minutes."]
    assert summaries(bot) == []


def test_a_number_left_out_is_named_and_comes_back_when_it_is_delivered(continuous: Breakwater, tmp_path: Path, clock: Clock) -> None:
    for number, day in ((125, "2026-11-19"), (126, "2026-11-20"), (129, "2026-11-23")):
        deliver(tmp_path, f"{number}.xml", statement(number, "1.00", day=day))
    continuous.work()
    assert summaries(continuous) == ["Nordbank: statement 127, 128 were never delivered."]
    assert findings_of(continuous)[0].next_step == "Ask Nordbank to send statement 127, 128."

    deliver(tmp_path, "128.xml", statement(128, "1.00", day="2026-11-23"))
    clock.passes(60)
    continuous.work()
    assert summaries(continuous) == ["Nordbank: statement 127 was never delivered."]

    deliver(tmp_path, "127.xml", statement(127, "1.00", day="2026-11-23"))
    clock.passes(60)
    continuous.work()
    assert summaries(continuous) == []


def test_a_new_count_is_no_gap(continuous: Breakwater, tmp_path: Path) -> None:
    for number, day in ((250, "2026-11-19"), (251, "2026-11-20"), (1, "2026-11-23")):
        deliver(tmp_path, f"{number}.xml", statement(number, "1.00", day=day))

    continuous.work()

    assert summaries(continuous) == []


def test_numbers_of_a_stream_that_is_not_said_to_be_continuous_may_jump(bot: Breakwater, tmp_path: Path) -> None:
    deliver(tmp_path, "1.xml", statement(1, "1.00", day="2026-11-20"))
    deliver(tmp_path, "9.xml", statement(9, "1.00", day="2026-11-23"))

    bot.work()

    assert summaries(bot) == []


@pytest.mark.parametrize("second", [statement(7, "10.00"), statement(7, "10.00", indent="\n  ")], ids=["same bytes", "other bytes"])
def test_a_file_that_repeats_another_is_told_for_some_days(bot: Breakwater, tmp_path: Path, clock: Clock, second: str) -> None:
    deliver(tmp_path, "first.xml", statement(7, "10.00"))
    bot.work()
    clock.passes(60)
    deliver(tmp_path, "second.xml", second)

    bot.work()

    assert said(bot) == ["Nordbank: second.xml repeats first.xml. Nothing was booked twice."]
    clock.passes(4 * 24 * 3600)
    bot.work()
    assert "Nordbank: second.xml repeats first.xml. Nothing was booked twice." in summaries(bot, FindingState.RECOVERED)


@pytest.mark.parametrize(
    ("days", "late"),
    [
        ('days = "business"', ["20 Nov", "23 Nov"]),
        ('days = "daily"', ["20 Nov", "21 Nov", "22 Nov", "23 Nov"]),
        ('days = ["sat", "mon"]', ["21 Nov", "23 Nov"]),
    ],
)
def test_a_stream_says_about_which_days_it_is(tmp_path: Path, clock: Clock, days: str, late: list[str]) -> None:
    clock.at = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)  # a Tuesday
    live_from = datetime(2026, 11, 20, tzinfo=UTC).date()  # a Friday
    opened = a_company(tmp_path, clock, expected=f'due = "07:00", deadline = "08:30", {days}', live_from=live_from)

    with contextlib.closing(opened.database):
        opened.work()

        told = [f.scope.rpartition(" · ")[2] for f in sorted(findings_of(opened), key=lambda f: f.scope)]
    assert told == late


def test_a_file_that_still_settles_at_the_first_start_is_not_called_missing(tmp_path: Path, clock: Clock) -> None:
    deliver(tmp_path, "late.xml", statement(7, "10.00"))
    clock.at = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
    opened = a_company(tmp_path, clock, settle_s=5)

    with contextlib.closing(opened.database):
        opened.work()
        at_first_sight = said(opened)
        clock.passes(60)
        opened.work()

        assert at_first_sight == []
        assert said(opened) == ["Nordbank: the statement of 24 Nov is late."]


def test_a_file_that_never_settles_excuses_nothing(tmp_path: Path, clock: Clock) -> None:
    deliver(tmp_path, "waits_for_its_done_file.xml", statement(7, "10.00"))
    clock.at = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
    opened = a_company(tmp_path, clock, drop='drop = "inbox/nordbank"\ndone_suffix = ".done"')

    with contextlib.closing(opened.database):
        opened.work()
        at_first_sight = said(opened)
        clock.passes(601)
        opened.work()

        assert at_first_sight == []
        assert said(opened) == ["Nordbank: the statement of 23 Nov is late."]


def test_an_alert_stays_while_another_file_settles(tmp_path: Path, clock: Clock) -> None:
    clock.at = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
    opened = a_company(tmp_path, clock, settle_s=5)

    with contextlib.closing(opened.database):
        opened.work()
        deliver(tmp_path, "earlier.xml", statement(6, "10.00", day="2026-11-20"))
        clock.passes(60)
        opened.work()

        assert summaries(opened) == ["Nordbank: the statement of 23 Nov is late."]
        with opened.database.reading() as tx:
            (late,) = late_files(tx, partner=opened.config.partners["nordbank"], now=clock())
            assert (late.name, late.due, late.is_missing) == ("statement of 23 Nov", "24 Nov 07:00 (Europe/Berlin)", False)


def test_a_first_start_over_old_history_tells_what_is_missing_in_one_message(tmp_path: Path, clock: Clock) -> None:
    opened = a_company(tmp_path, clock, live_from=date(2026, 11, 16))
    clock.at = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

    with contextlib.closing(opened.database):
        opened.work()
        opened.work()

        assert said(opened) == [
            "Nordbank: File missing, 5 at once. Nordbank: the statement of 16 Nov is missing. …",
            "Nordbank: the statement of 23 Nov is late.",
        ]
        assert len(findings_of(opened)) == 6


def test_that_one_of_many_missing_files_came_is_no_message_of_its_own(tmp_path: Path, clock: Clock) -> None:
    opened = a_company(tmp_path, clock, live_from=date(2026, 11, 16))
    clock.at = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

    with contextlib.closing(opened.database):
        opened.work()
        told = said(opened)
        deliver(tmp_path, "17.xml", statement(3, "10.00", day="2026-11-17"))
        clock.passes(60)
        opened.work()

        assert said(opened) == told
        assert summaries(opened, FindingState.RECOVERED) == ["Nordbank: the statement of 17 Nov is missing."]
