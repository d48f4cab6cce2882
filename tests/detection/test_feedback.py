"""What was learnt moves one cell's threshold, never an outage's; and what a person called normal is normal from then on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from simulated import HOUR, START, WEEK_H, Story, payments, scaled

from breakwater.detection.continuing import News, Seen, changes, one_per_place, same_id
from breakwater.detection.feedback import MOST, Learnt, stricter
from breakwater.detection.live import Live
from breakwater.model.findings import Finding, FindingKind, FindingState, acknowledge, judge, mute
from breakwater.model.learning import Cell

NOON = 6 * WEEK_H + 10
SEGMENTS = Cell(detector="drop", level="partner, network, currency", metric="volume")


def a_cell(*, useful: int = 0, false: int = 0, cell: Cell = SEGMENTS) -> Learnt:
    return Learnt(cell=cell, useful=useful, false=false)


def test_nothing_said_and_good_answers_leave_the_bar_where_it_is() -> None:
    assert a_cell().caution == 0
    assert a_cell(useful=50, false=3).caution == 0


def test_each_false_alarm_raises_the_bar_up_to_a_bound() -> None:
    raised = [a_cell(false=n).caution for n in (2, 5, 10, 20, 100, 100_000)]

    assert raised == sorted(raised)
    assert raised[0] > 0
    assert raised[-1] == MOST


def test_a_deadline_is_a_fact_and_learns_nothing() -> None:
    assert a_cell(false=50, cell=Cell(detector="deadline", level="file", metric="arrival")).caution == 0


def test_a_bar_in_deviations_rises_with_caution() -> None:
    assert stricter(3.2, caution=0) == 3.2
    assert stricter(3.2, caution=1) == pytest.approx(3.85, abs=0.01)


def weak_drop() -> Story:
    """A drop that is just told."""
    return Story([scaled(payments(), first=NOON, after=NOON + 2, factor=0.72), payments(currency="GBP", seed=2)])


def test_a_learnt_cell_says_no_more_what_was_often_false() -> None:
    told_at_first = weak_drop().until(NOON + 2)
    learnt = replace(weak_drop(), cautions={("drop", "partner, network, currency"): 2.0, ("drop", "partner"): 2.0}).until(NOON + 2)

    assert [f.scope for f in told_at_first.open] == ["meridian · cards · EUR"]
    assert learnt.open == []


def test_other_cells_speak_as_before() -> None:
    story = replace(weak_drop(), cautions={("drop", "partner, currency"): 2.0, ("rise", "partner, network, currency"): 2.0}).until(NOON + 2)

    assert [f.scope for f in story.open] == ["meridian · cards · EUR"]


def test_an_outage_is_told_at_once_whatever_was_learnt() -> None:
    every = {
        (channel, level): MOST for channel in ("drop", "decline") for level in ("partner, network, currency", "partner, network", "partner")
    }
    struck = [scaled(payments(), first=NOON, after=NOON + 4, factor=0), payments(currency="GBP", seed=2)]

    (outage,) = Story(struck, cautions=every).until(NOON + 1).open

    assert outage.is_outage


# What a person said of a finding, hours later


def fallen(hours: int = 7 * 24) -> Story:
    return Story([scaled(payments(weeks=9), first=NOON, after=NOON + hours, factor=0.5), payments(weeks=9, currency="GBP", seed=2)])


@pytest.mark.parametrize("said", [FindingState.NEW_LEVEL, FindingState.FALSE_POSITIVE])
def test_what_is_called_normal_stays_silent_and_becomes_what_is_expected(said: FindingState) -> None:
    story = fallen(hours=15 * 24).until(NOON + 3)
    (found,) = story.open
    story.findings[found.id] = judge(found, as_=said, by="U0ADA", now=START + (NOON + 3) * HOUR)

    for hour in range(NOON + 4, NOON + 10 * 24, 3):
        story.until(hour)

    assert [(change.news, change.now.scope) for hour, change in story.told if hour > NOON + 3] == []
    assert story.live
    assert _expected_share(story.live) < 0.75


def _expected_share(live: Live) -> float:
    """What is expected of euros today, against their first week."""
    rows = [row for row, s in enumerate(live.panel.segments) if s.currency == "EUR"]
    week = live.panel.attempts[rows, NOON - WEEK_H : NOON].sum()
    return float(live.watch.past.expected[rows, live.until - WEEK_H : live.until].sum() / week)


def test_a_false_alarm_that_turns_into_an_outage_is_told() -> None:
    weak = scaled(payments(), first=NOON, after=NOON + 3, factor=0.6)
    series = [scaled(weak, first=NOON + 3, after=NOON + 8, factor=0), payments(currency="GBP", seed=2)]
    story = Story(series).until(NOON + 2)
    (found,) = story.open
    story.findings[found.id] = judge(found, as_=FindingState.FALSE_POSITIVE, by="U0ADA", now=START + (NOON + 2) * HOUR)

    story.through(NOON + 3, NOON + 8)

    assert any(finding.is_outage for _, finding in story.news(News.AGAIN) + story.news(News.OPENED)[1:])


def test_what_was_expected_for_some_hours_is_told_again_afterwards() -> None:
    story = fallen(hours=30).until(NOON + 2)
    (found,) = story.open
    until = START + (NOON + 8) * HOUR
    story.findings[found.id] = judge(found, as_=FindingState.EXPECTED, by="U0ADA", now=START + (NOON + 2) * HOUR, until=until)

    story.through(NOON + 3, NOON + 12)

    assert [(hour, f.id) for hour, f in story.news(News.AGAIN)] == [(NOON + 8, found.id)]


def test_what_is_muted_is_silent_but_an_outage_is_not() -> None:
    weak = scaled(payments(), first=NOON, after=NOON + 30, factor=0.4)
    series = [scaled(weak, first=NOON + 6, after=NOON + 30, factor=0), payments(currency="GBP", seed=2)]
    story = Story(series).until(NOON + 2)
    (found,) = story.open
    silent = mute(found, until=START + (NOON + 48) * HOUR, by="U0ADA", now=START + (NOON + 2) * HOUR)
    story.findings[found.id] = silent

    story.through(NOON + 3, NOON + 6)
    before_the_outage = list(story.told[1:])
    story.through(NOON + 7, NOON + 14)

    assert before_the_outage == []
    assert all(f.is_outage for _, f in story.news(News.WORSE))


def test_what_was_acknowledged_stays_so_when_it_gets_worse() -> None:
    story = fallen().until(NOON + 1)
    (found,) = story.open
    story.findings[found.id] = acknowledge(found, by="U0ADA", now=START + (NOON + 1) * HOUR + timedelta(minutes=5))

    story.through(NOON + 2, NOON + 5)

    assert {f.acknowledged_by for _, f in story.news(News.WORSE)} == {"U0ADA"}


def test_a_change_that_lasts_a_day_asks_whether_it_is_the_new_level_and_becomes_it_by_itself() -> None:
    story = fallen(hours=15 * 24).through(NOON + 1, NOON + 26)
    asked = [f.is_new_level for f in story.open]

    story.through(NOON + 27, NOON + 74)

    assert asked == [True]
    assert [f.state for _, f in story.news(News.NEW_LEVEL)] == [FindingState.NEW_LEVEL]


def test_two_alerts_of_one_kind_at_one_place_are_one_finding() -> None:
    (early,) = fallen().until(NOON + 2).open
    late = replace(early, id="F-LATER", since=early.since + 3 * HOUR)

    told = one_per_place(Seen(finding=f, at=START) for f in (late, early, replace(early, place=(("currency", "EUR"),))))

    assert [(one.finding.id, one.finding.since) for one in told] == [(early.id, early.since)] * 2


def five_days_more() -> Story:
    """Payments that are up by more than half for five days, and have just been told of."""
    series = [scaled(payments(weeks=8), first=NOON, after=NOON + 120, factor=1.7), payments(weeks=8, currency="GBP", seed=2)]
    return Story(series).until(NOON + 3)


def usual_after(story: Story) -> float:
    """What is expected of the day after the five, against the same day of the week before them."""
    live = story.until(NOON + 150).live
    assert live
    first = live.hour_of(START + (NOON + 125) * HOUR)
    row = next(row for row, segment in enumerate(live.panel.segments) if segment.currency == "EUR")
    expected = live.watch.past.expected[row]
    return float(expected[first : first + 24].sum() / expected[first - WEEK_H : first - WEEK_H + 24].sum())


def test_what_was_expected_is_no_example_of_what_is_usual() -> None:
    left_alone, promoted = five_days_more(), five_days_more()
    (rise,) = promoted.open
    until = START + (NOON + 120) * HOUR
    promoted.findings[rise.id] = judge(rise, as_=FindingState.EXPECTED, by="U0ADA", now=START + (NOON + 4) * HOUR, until=until)

    assert usual_after(left_alone) > 1.3
    assert usual_after(promoted) == pytest.approx(1, abs=0.1)
    assert promoted.open == []
    assert [f.state for f in promoted.findings.values()] == [FindingState.EXPECTED]
    assert {f.state for f in left_alone.findings.values()} == {FindingState.NEW_LEVEL}


def test_what_goes_on_long_after_it_was_expected_to_end_becomes_the_new_level() -> None:
    story = five_days_more()
    (rise,) = story.open
    until = START + (NOON + 24) * HOUR
    story.findings[rise.id] = judge(rise, as_=FindingState.EXPECTED, by="U0ADA", now=START + (NOON + 4) * HOUR, until=until)

    assert usual_after(story) > 1.3


@pytest.mark.parametrize(("fresh", "silent"), [("volume_drop", True), ("file_late", False)])
def test_what_is_muted_of_everything_is_muted_again_but_no_other_file_is(fresh: str, silent: bool) -> None:
    """Neither fixes a place: everything is one, files have none in common."""
    was = Finding(
        id="F-1", kind=FindingKind(fresh), partner="*", scope="everything", since=START, summary="", expected="", seen="", next_step="",
        silent_until=START + 9 * HOUR,
    )  # fmt: skip
    again = replace(was, id="F-2", since=START + 30 * HOUR, silent_until=None)
    muted = replace(was, silent_until=START + 60 * HOUR)

    told = changes([muted], [Seen(finding=again, at=START + 31 * HOUR)], same=same_id, now=START + 31 * HOUR)

    assert [change.now.is_silent(START + 31 * HOUR) for change in told if change.was is None] == [silent]
