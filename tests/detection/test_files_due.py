"""Files that did not come, across weekends, bank holidays, New Year and the change of clocks."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time

import pytest
from simulated import a_partner

from breakwater.detection.continuing import News, Seen, changes, same_id
from breakwater.detection.files import files_due, late_file_findings
from breakwater.model.calendar import BusinessCalendar
from breakwater.model.findings import Finding, FindingKind, FindingState
from breakwater.model.partners import ExpectedFile, Partner


def nordbank(
    *, due: time = time(7), deadline: time = time(8, 30), live_from: date = date(2026, 1, 1), zone: str = "Europe/Berlin"
) -> Partner:
    statement = ExpectedFile(stream="statement", format="camt.053", folder="", due=due, deadline=deadline)
    return a_partner(id="nordbank", name="Nordbank", live_from=live_from, files=(statement,))


def came(*days: date) -> dict[tuple[str, str], Collection[date]]:
    return {("nordbank", "statement"): set(days)}


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("about", "due_at", "deadline_at"),
    [
        pytest.param(date(2026, 11, 19), utc(2026, 11, 20, 6), utc(2026, 11, 20, 7, 30), id="the next morning, in winter time"),
        pytest.param(date(2026, 7, 1), utc(2026, 7, 2, 5), utc(2026, 7, 2, 6, 30), id="the next morning, in summer time"),
        pytest.param(date(2026, 11, 20), utc(2026, 11, 23, 6), utc(2026, 11, 23, 7, 30), id="Friday's on Monday"),
        pytest.param(date(2026, 4, 2), utc(2026, 4, 7, 5), utc(2026, 4, 7, 6, 30), id="Maundy Thursday's after Easter Monday"),
        pytest.param(date(2026, 12, 31), utc(2027, 1, 4, 6), utc(2027, 1, 4, 7, 30), id="New Year's Eve's after New Year and a weekend"),
        pytest.param(date(2026, 3, 27), utc(2026, 3, 30, 5), utc(2026, 3, 30, 6, 30), id="over the night the clocks go forward"),
        pytest.param(date(2026, 10, 23), utc(2026, 10, 26, 6), utc(2026, 10, 26, 7, 30), id="over the night they go back"),
    ],
)
def test_a_statement_is_due_on_the_next_business_day(about: date, due_at: datetime, deadline_at: datetime) -> None:
    (due,) = files_due(nordbank(), arrived={}, now=due_at, since=about)

    assert (due.business_date, due.due_at, due.deadline_at) == (about, due_at, deadline_at)
    assert not due.is_late(now=deadline_at)


def test_nothing_is_due_a_minute_before() -> None:
    assert files_due(nordbank(), arrived={}, now=utc(2026, 11, 20, 5, 59), since=date(2026, 11, 19)) == []


def test_weekends_and_target2_holidays_have_no_statement() -> None:
    over_easter = files_due(nordbank(), arrived={}, now=utc(2026, 4, 9, 12), since=date(2026, 4, 1))

    assert [d.business_date for d in over_easter] == [date(2026, 4, 1), date(2026, 4, 2), date(2026, 4, 7), date(2026, 4, 8)]


def test_only_from_the_day_the_partner_is_live() -> None:
    due = files_due(nordbank(live_from=date(2026, 11, 19)), arrived={}, now=utc(2026, 11, 20, 12), since=date(2026, 1, 1))

    assert [d.business_date for d in due] == [date(2026, 11, 19)]


def test_what_arrived_is_not_due() -> None:
    partner = nordbank()

    due = files_due(partner, arrived=came(date(2026, 11, 18)), now=utc(2026, 11, 20, 12), since=date(2026, 11, 18))

    assert [d.business_date for d in due] == [date(2026, 11, 19)]


def test_a_time_that_never_happens_is_read_as_the_one_an_hour_later() -> None:
    every_day = BusinessCalendar(weekend=frozenset())
    partner = a_partner(id="nordbank", calendar=every_day, files=nordbank(due=time(2, 30), deadline=time(4)).files)

    (due,) = files_due(partner, arrived={}, now=utc(2026, 3, 29, 12), since=date(2026, 3, 28))

    assert due.due_at.astimezone(partner.time_zone).time() == time(3, 30)


def test_a_time_that_happens_twice_is_the_second() -> None:
    every_day = BusinessCalendar(weekend=frozenset())
    partner = a_partner(id="nordbank", calendar=every_day, files=nordbank(due=time(2, 15), deadline=time(2, 45)).files)

    (due,) = files_due(partner, arrived={}, now=utc(2026, 10, 25, 12), since=date(2026, 10, 24))

    assert due.deadline_at == utc(2026, 10, 25, 1, 45)


def test_late_after_the_deadline_in_words_a_person_can_act_on() -> None:
    (late,) = late_file_findings(nordbank(), arrived={}, now=utc(2026, 11, 23, 7, 31), since=date(2026, 11, 20))

    assert late.kind is FindingKind.FILE_LATE
    assert late.summary == "Nordbank: the statement of 20 Nov is late."
    assert late.scope == "nordbank · statement · 20 Nov"
    assert late.expected == "23 Nov 07:00, at the latest 08:30 (Europe/Berlin)"
    assert late.seen == "nothing has arrived"
    assert late.next_step == "Ask Nordbank for the statement of 20 Nov."
    assert late.since == utc(2026, 11, 23, 7, 30)


def test_silent_until_the_deadline() -> None:
    assert late_file_findings(nordbank(), arrived={}, now=utc(2026, 11, 23, 7, 30), since=date(2026, 11, 20)) == []


def test_missing_after_one_further_business_day_and_still_the_same_finding() -> None:
    partner, since = nordbank(), date(2026, 11, 20)
    arrived = came(date(2026, 11, 23))

    (late,) = late_file_findings(partner, arrived=arrived, now=utc(2026, 11, 24, 7, 30), since=since)
    (missing,) = late_file_findings(partner, arrived=arrived, now=utc(2026, 11, 24, 7, 31), since=since)

    assert (late.kind, missing.kind) == (FindingKind.FILE_LATE, FindingKind.FILE_MISSING)
    assert late.id == missing.id
    assert missing.summary == "Nordbank: the statement of 20 Nov is missing."
    assert missing.next_step == "Ask Nordbank for the statement of 20 Nov, and open an incident with them."


def test_a_file_still_late_keeps_the_time_it_was_found() -> None:
    partner, since, first, later = nordbank(), date(2026, 11, 20), utc(2026, 11, 23, 8), utc(2026, 11, 23, 12)
    found = late_file_findings(partner, arrived={}, now=first, since=since)

    assert late_file_findings(partner, arrived={}, now=later, since=since, open_findings=found) == found
    assert found[0].found_at == first


def test_a_late_file_is_told_once_and_again_when_it_goes_missing_and_when_it_comes() -> None:
    partner, since = nordbank(), date(2026, 11, 20)
    (late,) = late_file_findings(partner, arrived={}, now=utc(2026, 11, 23, 8), since=since)
    (missing,) = late_file_findings(partner, arrived=came(date(2026, 11, 23)), now=utc(2026, 11, 24, 8), since=since)

    def told(earlier: list[Finding], *seen: Finding) -> list[tuple[News | None, FindingState]]:
        now = utc(2026, 11, 24, 8)
        return [(c.news, c.now.state) for c in changes(earlier, [Seen(finding=f, at=now) for f in seen], same=same_id, now=now)]

    assert told([], late) == [(News.OPENED, FindingState.OPEN)]
    assert told([late], late) == [(None, FindingState.OPEN)]
    assert told([late], missing) == [(News.WORSE, FindingState.OPEN)]
    assert told([late]) == [(News.RECOVERED, FindingState.RECOVERED)]


def test_each_day_and_stream_is_a_finding_of_its_own() -> None:
    fees = ExpectedFile(stream="fees", format="camt.053", folder="", due=time(9), deadline=time(10))
    partner = a_partner(id="nordbank", name="Nordbank", files=(*nordbank().files, fees))

    found = late_file_findings(partner, arrived={}, now=utc(2026, 11, 20, 12), since=date(2026, 11, 18))

    assert [f.scope for f in found] == [
        "nordbank · statement · 18 Nov", "nordbank · fees · 18 Nov", "nordbank · statement · 19 Nov", "nordbank · fees · 19 Nov",
    ]  # fmt: skip
    assert len({f.id for f in found}) == 4
