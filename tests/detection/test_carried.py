"""What a watch knows outlives it: after a restart, with new places and without its oldest weeks it tells what it would have told."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from simulated import HOUR, START, WEEK_H, Payments, a_partner, dearer, declining, payments, rows_of, scaled, segments
from simulated_beside import Happened, occurrences_of, reasons, recoded

from breakwater.detection.beside import Beside
from breakwater.detection.carried import State, carried, state_of
from breakwater.detection.evidence import CHANNELS
from breakwater.detection.live import Live, first_hour, room_h

SEVERAL = {
    "meridian": a_partner(),
    "nordbank": a_partner(id="nordbank", name="Nordbank", network="sepa"),
}
TROUBLE = 5 * WEEK_H + 30
UNTIL = 6 * WEEK_H


def told_of(live: Live, beside: Beside) -> dict[str, list[Any]]:
    """All alerts there were, with every figure of theirs, on places and hours that do not depend on the panel."""
    return {
        "payments": [(*_plain(live, alert), alert.channel.name) for alert in live.watch.alerts],
        "open": [live.watch.alerts.index(alert) for alert in live.watch.open],
        "beside": [_plain(live, alert) for alert in [*beside.families.alerts, *beside.rare.alerts]],
    }


def _plain(live: Live, alert: Any) -> tuple[Any, ...]:
    names = [f.name for f in fields(alert) if f.name not in ("channel", "scope", "first_scope", "deeper_scope", "week", "day", "updates")]
    scopes = live.watch.scopes.names
    return (
        *((name, getattr(alert, name)) for name in names),
        scopes[alert.scope],
        [(hour, scopes[scope]) for hour, scope in getattr(alert, "updates", [])],
    )


def through_a_file(state: State) -> State:
    """What is left of a state when it comes from a disk."""
    said = json.loads(json.dumps(state.said))
    held = []
    for name, arrays in state.pieces:
        file = io.BytesIO()
        np.savez(file, allow_pickle=False, **arrays)
        held.append((name, dict(np.load(io.BytesIO(file.getvalue()), allow_pickle=False))))
    return State(said=said, pieces=held)


class Hours:
    """Payments of several places in trouble of every kind, and the watches over them, hour by hour."""

    def __init__(self, series: Sequence[Payments], happened: Sequence[Happened], *, from_the_start: int) -> None:
        self.series, self.happened = series, happened
        rows = rows_of(series, first=0, after=from_the_start + 1)
        since = START
        self.live = Live.of(rows, segment_of=self.segment_of, since=since)
        self.beside = Beside(self.live)
        self.beside.add(occurrences_of(series, happened, first=0, after=from_the_start + 1))
        self.look(from_the_start)

    @staticmethod
    def segment_of(key: Any) -> Any:
        return segments(SEVERAL, key)

    def go_on(self, hour: int) -> None:
        """The hour comes; those before it are looked at."""
        self.live.add(rows_of(self.series, first=hour, after=hour + 1))
        self.beside.add(occurrences_of(self.series, self.happened, first=hour, after=hour + 1))
        self.look(hour)

    def look(self, hour: int) -> None:
        self.live.advance(now=START + (hour + 0.5) * HOUR, then=self.beside.step)

    def begin_again(self) -> None:
        """The process ends, and another one takes what it kept."""
        self.live, self.beside = carried(through_a_file(state_of(self.live, self.beside)), segment_of=self.segment_of)


def _in_trouble() -> tuple[list[Payments], list[Happened]]:
    """A drop, dearer payments, declines that only one family shows, refunds; and a partner that is struck in all of its currencies."""
    weeks = 7
    euro = scaled(payments(weeks=weeks), first=TROUBLE, after=TROUBLE + 7, factor=0.3)
    pound = dearer(payments(currency="GBP", seed=2, weeks=weeks), first=TROUBLE + 20, after=TROUBLE + 30, factor=2.0)
    at_nordbank = [
        payments(partner="nordbank", network="sepa", currency=c, seed=n, weeks=weeks) for n, c in enumerate(["EUR", "SEK"], start=3)
    ]
    at_nordbank = [declining(one, first=TROUBLE + 40, after=TROUBLE + 52, approval=0.7) for one in at_nordbank]
    krona = payments(currency="SEK", seed=8, per_hour=2_000, weeks=weeks)
    series = [euro, pound, *at_nordbank, krona]
    happened = [reasons(one, seed=n) for n, one in enumerate(series)]
    happened[4] = recoded(happened[4], krona, first=TROUBLE + 10, after=TROUBLE + 26, into="technical", share=0.02)
    random = np.random.default_rng(5)
    for by_what, one in zip(happened, series, strict=True):
        by_what["refund"] = random.binomial(one.attempts, 0.01)
        by_what["chargeback"] = random.binomial(one.attempts, 0.001)
    happened[1]["refund"][TROUBLE + 24 : TROUBLE + 60] *= 6
    return series, happened


@pytest.fixture(scope="module")
def trouble() -> tuple[list[Payments], list[Happened]]:
    return _in_trouble()


@pytest.fixture(scope="module")
def undisturbed(trouble: tuple[list[Payments], list[Happened]]) -> Mapping[int, dict[str, list[Any]]]:
    """What had been told after each hour by a process that never ended."""
    hours = Hours(*trouble, from_the_start=TROUBLE - 3)
    told = {}
    for hour in range(TROUBLE - 2, UNTIL):
        hours.go_on(hour)
        told[hour] = told_of(hours.live, hours.beside)
    return told


def test_the_trouble_is_of_every_kind(undisturbed: Mapping[int, dict[str, list[Any]]]) -> None:
    channels = {alert[-1] for alert in undisturbed[UNTIL - 1]["payments"]}
    beside = {alert[0] for alert in undisturbed[UNTIL - 1]["beside"]}

    assert {"drop", "decline", "dearer"} <= channels
    assert {("family", "technical"), ("what", "refund")} <= beside
    assert any(told["open"] for told in undisturbed.values())


def test_a_process_that_ends_after_every_hour_tells_what_one_that_never_ends_tells(
    trouble: tuple[list[Payments], list[Happened]], undisturbed: Mapping[int, dict[str, list[Any]]]
) -> None:
    hours = Hours(*trouble, from_the_start=TROUBLE - 3)
    for hour in range(TROUBLE - 2, UNTIL):
        hours.begin_again()
        hours.go_on(hour)
        assert told_of(hours.live, hours.beside) == undisturbed[hour]


@pytest.mark.parametrize("after", [8, 11, 44])
def test_all_that_is_known_is_known_afterwards_to_the_last_bit(trouble: tuple[list[Payments], list[Happened]], after: int) -> None:
    hours = Hours(*trouble, from_the_start=TROUBLE + after)
    before = through_a_file(state_of(hours.live, hours.beside))

    hours.begin_again()
    again = state_of(hours.live, hours.beside)

    assert json.loads(json.dumps(again.said)) == before.said
    assert _bytes(again) == _bytes(before)
    assert all(any(alert.channel is channel for channel in CHANNELS) for alert in hours.live.watch.alerts)  # they are compared so
    assert any(near.any() for near in hours.beside.families.near.values()) == (after == 11)


def _bytes(state: State) -> dict[str, dict[str, bytes]]:
    return {name: {of: np.ascontiguousarray(values).tobytes() for of, values in arrays.items()} for name, arrays in state.pieces}


def test_everything_that_a_watch_keeps_is_carried_or_follows_from_something_else(trouble: tuple[list[Payments], list[Happened]]) -> None:
    """What is added to a watch belongs to one of these: if it is not carried, a process that begins again forgets it."""
    hours = Hours(*trouble, from_the_start=TROUBLE - 3)
    watch, families, rare = hours.live.watch, hours.beside.families, hours.beside.rare
    carried_on = {"past", "free", "alerts", "open", "accepted", "samples", "inflation", "common", "spreads", "wander", "next_hour"}
    of_the_panel, told_each_pass, planned = {"panel", "scopes", "born", "limits"}, {"lessons", "caution"}, {"planned", "rise_planned"}

    assert set(vars(watch)) == carried_on | of_the_panel | told_each_pass | planned
    assert watch.planned == ()
    assert not watch.rise_planned.any()
    assert set(vars(families)) == {
        "alerts", "usual_days", "samples", "noise", "near", "lessons", "cautions", "_live", "_occurrences", "_bars", "_levels",
    }  # fmt: skip
    assert set(vars(rare)) == {"alerts", "lessons", "cautions", "_live", "_occurrences", "_bars", "_levels", "_partner"}
    assert set(vars(hours.beside.occurrences)) == {"counts", "minor", "_live"}
    assert set(vars(hours.live)) == {"keys", "_row_of", "first", "newest", "counts", "panel", "end", "watch"}


# With other places, and other hours


def test_a_place_that_is_new_changes_nothing_of_what_is_told_about_the_others(trouble: tuple[list[Payments], list[Happened]]) -> None:
    series, happened = trouble
    hours = Hours(series, happened, from_the_start=TROUBLE + 4)
    before = told_of(hours.live, hours.beside)
    new = [("meridian", "cards", "DKK"), ("nordbank", "cards", "EUR"), ("atlantic", "cards", "EUR")]
    partners = {**SEVERAL, "atlantic": a_partner(id="atlantic", name="Atlantic")}

    live, beside = carried(state_of(hours.live, hours.beside), segment_of=lambda key: segments(partners, key), more=new)

    assert told_of(live, beside) == before
    assert set(live.keys) == {*hours.live.keys, *new}
    known = {name: scope for scope, name in enumerate(live.watch.scopes.names)}
    for scope, name in enumerate(hours.live.watch.scopes.names):
        for channel, values in hours.live.watch.inflation.items():
            assert np.array_equal(live.watch.inflation[channel][known[name]], values[scope])
    everything_in_euro = live.watch.scopes.names.index((("currency", "EUR"),))
    assert not np.isnan(live.watch.past.expected[live.watch.scopes.rows(everything_in_euro)][:, live.until - 1]).all()


def test_a_scope_that_is_new_is_known_by_the_places_it_had_before() -> None:
    """A partner with one currency has no scope of its own, and one when it gets a second one."""
    series = [payments(), payments(partner="nordbank", network="sepa", currency="SEK", seed=2)]
    hours = Hours(series, [reasons(one) for one in series], from_the_start=TROUBLE)

    live, _ = carried(state_of(hours.live, hours.beside), segment_of=Hours.segment_of, more=[("nordbank", "sepa", "EUR")])

    whole, alone = (live.watch.scopes.names.index(name) for name in _SCOPES_OF_NORDBANK)
    before = hours.live.watch.scopes.names.index(_SCOPES_OF_NORDBANK[1])
    assert len(live.watch.samples["drop"]) == len(hours.live.watch.samples["drop"]) > 100
    for after, samples in zip(live.watch.samples["drop"], hours.live.watch.samples["drop"], strict=True):
        assert np.array_equal(after[whole], samples[before])
        assert np.array_equal(after[alone], samples[before])


_SCOPES_OF_NORDBANK = (
    (("partner", "nordbank"), ("network", "sepa")),
    (("partner", "nordbank"), ("network", "sepa"), ("currency", "SEK")),
)


def test_a_place_that_comes_later_is_watched_as_if_it_had_been_known_from_the_start() -> None:
    """It comes in the fifth week, and no hour before it is looked at once more."""
    old, appears, struck = payments(weeks=7), 4 * WEEK_H + 10, 6 * WEEK_H + 10
    new = scaled(payments(currency="SEK", seed=4, weeks=7), first=0, after=appears, factor=0)
    series = [old, scaled(new, first=struck, after=struck + 5, factor=0)]
    happened = [reasons(one) for one in series]
    later = Hours([old], happened[:1], from_the_start=appears - 1)
    later.live, later.beside = carried(state_of(later.live, later.beside), segment_of=Hours.segment_of, more=[new.key], hours=7 * WEEK_H)
    later.series, later.happened = series, happened

    for hour in range(appears, struck + 3):
        later.go_on(hour)

    from_the_start = Hours(series, happened, from_the_start=struck + 2)
    assert told_of(later.live, later.beside) == told_of(from_the_start.live, from_the_start.beside)
    assert [alert.channel.name for alert in later.live.watch.open] == ["drop"]


def test_without_its_oldest_weeks_it_goes_on_as_before() -> None:
    """What is left out is older than anything that is looked at: four weeks of rates, eight of payments, and no holiday in them."""
    weeks = 14
    series = [payments(weeks=weeks), declining(payments(currency="GBP", seed=2, weeks=weeks), first=2_060, after=2_074, approval=0.75)]
    happened = [reasons(one) for one in series]
    for by_what, one in zip(happened, series, strict=True):
        by_what["refund"] = np.random.default_rng(3).binomial(one.attempts, 0.01)
    happened[0]["refund"][2_020:2_060] *= 5
    whole, cut = (Hours(series, happened, from_the_start=2_050) for _ in range(2))
    first = first_hour(START) + 3 * WEEK_H
    cut.live, cut.beside = carried(
        through_a_file(state_of(cut.live, cut.beside)),
        segment_of=Hours.segment_of,
        first=first,
        hours=room_h(first, newest=cut.live.newest),
    )
    assert cut.live.panel.hours == whole.live.panel.hours - 3 * WEEK_H

    for hour in range(2_051, 2_110):
        whole.go_on(hour)
        cut.go_on(hour)

    whole_told, cut_told = ([_at(hours.live, a) for a in _alerts(hours)] for hours in (whole, cut))
    assert cut_told == whole_told
    assert len(whole_told) >= 2


def _alerts(hours: Hours) -> list[Any]:
    return [*hours.live.watch.alerts, *hours.beside.families.alerts, *hours.beside.rare.alerts]


def _at(live: Live, alert: Any) -> tuple[Any, ...]:
    ended = None if alert.closed is None else live.panel.at(alert.closed)
    return live.panel.at(alert.fired), live.panel.at(alert.onset), ended, live.watch.scopes.names[alert.scope]


def test_an_alert_that_was_over_before_the_panel_begins_is_forgotten() -> None:
    series = scaled(payments(weeks=7), first=4 * WEEK_H, after=4 * WEEK_H + 6, factor=0.1)
    hours = Hours([series], [reasons(series)], from_the_start=6 * WEEK_H)
    assert [alert.onset for alert in hours.live.watch.alerts] == [4 * WEEK_H]

    later, earlier = (
        carried(state_of(hours.live, hours.beside), segment_of=Hours.segment_of, first=hours.live.first + days * 24)[0] for days in (29, 28)
    )

    assert later.watch.alerts == []
    assert [alert.onset for alert in earlier.watch.alerts] == [0]


def test_what_is_no_state_is_refused() -> None:
    hours = Hours([payments()], [reasons(payments())], from_the_start=4 * WEEK_H)
    state = state_of(hours.live, hours.beside)

    for wrong in (
        State(said={}, pieces=[]),
        replace(state, said={**state.said, "keys": [["meridian"]]}),
        replace(state, pieces=[("now", {})]),
        replace(state, pieces=[("yesterday", {})]),
    ):
        with pytest.raises((LookupError, TypeError, ValueError)):
            carried(wrong, segment_of=Hours.segment_of)
