"""Declines by family: one that jumps is found though the total hides it, explains a total that does not, and is silent otherwise."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
from simulated import HOUR, START, WEEK_H, Payments, a_partner, declining, payments, rows_of, segments
from simulated_beside import USUAL_FAMILIES, BesideStory, Happened, occurrences_of, reasons, recoded

from breakwater.detection.beside import Beside
from breakwater.detection.beside_replay import with_beside
from breakwater.detection.continuing import News
from breakwater.detection.live import HISTORY_H, Live
from breakwater.detection.replay import replayed
from breakwater.model.backtests import Budget
from breakwater.model.calendar import named_calendar
from breakwater.model.decline_families import DeclineFamily
from breakwater.model.findings import Finding, FindingKind, FindingState, judge

NOON = 6 * WEEK_H + 10
CARDS = payments()
HIDDEN = recoded(reasons(CARDS), CARDS, first=NOON, after=NOON + 8, into="technical", share=0.05)


def test_quiet_weeks_give_no_finding() -> None:
    series = [payments(per_hour=r, seed=n, currency=c) for n, (c, r) in enumerate([("EUR", 300), ("GBP", 40), ("SEK", 3)])]

    story = BesideStory(series, [reasons(one, seed=n) for n, one in enumerate(series)]).until(7 * WEEK_H - 1)

    assert story.beside
    assert story.beside.families.alerts == []


def test_twelve_weeks_over_a_change_of_clocks_and_christmas_keep_the_budget_of_false_alerts() -> None:
    """The declines of three currencies by five families, whose mix wanders from day to day."""
    start, weeks = datetime(2025, 9, 8, tzinfo=UTC), 17
    series = [
        payments(per_hour=r, seed=n, currency=c, start=start, weeks=weeks)
        for n, (c, r) in enumerate([("EUR", 300), ("GBP", 60), ("USD", 8)])
    ]
    random = np.random.default_rng(8)
    happened = []
    for n, one in enumerate(series):
        shares = np.array(list(USUAL_FAMILIES.values())) * np.exp(random.normal(0, 0.15, (weeks * 7, len(USUAL_FAMILIES))))
        drawn = [np.random.default_rng((n, h)).multinomial(d, shares[h // 24] / shares[h // 24].sum())
                 for h, d in enumerate((one.attempts - one.approved).tolist())]  # fmt: skip
        happened.append({family: np.array(drawn)[:, at] for at, family in enumerate(USUAL_FAMILIES)})

    partners = {"meridian": a_partner(calendar=named_calendar("DE"))}
    live = Live.of(rows_of(series, first=0, after=weeks * WEEK_H), segment_of=lambda key: segments(partners, key), since=start)
    beside = Beside(live)
    beside.add(occurrences_of(series, happened, first=0, after=weeks * WEEK_H))

    live.advance(now=start + weeks * WEEK_H * HOUR, then=beside.step)

    false = [alert for alert in beside.families.alerts if alert.fired >= 5 * WEEK_H]
    assert live.until > 16 * WEEK_H
    assert 100 * len(false) / (len(series) * len(USUAL_FAMILIES) * 12 * 7) <= 1


def test_a_family_that_jumps_is_found_within_hours_while_the_total_hides_it_and_is_over_when_it_is() -> None:
    story = BesideStory([CARDS], [HIDDEN]).through(NOON - 2, NOON + 14)

    ((opened, jump),) = story.news(News.OPENED)
    ((over, _),) = story.news(News.RECOVERED)

    assert 1 <= opened - NOON <= 2
    assert NOON + 8 < over <= NOON + 13
    assert jump.kind is FindingKind.DECLINE_REASONS
    assert jump.place == (("partner", "meridian"), ("network", "cards"), ("currency", "EUR"), ("reasons", "technical"))
    assert story.live
    assert story.live.watch.alerts == []


def test_it_says_what_where_since_when_against_what_worth_how_much_and_what_to_do() -> None:
    (jump,) = BesideStory([CARDS], [HIDDEN]).until(NOON + 4).open

    assert jump.scope == "meridian · cards · EUR"
    assert jump.since == START + NOON * HOUR
    assert jump.summary.startswith("Technical declines at Meridian in EUR rose from 0.4 % to 4.4 % of")
    assert "the approval rate as a whole, 9" in jump.summary
    assert jump.expected == "0.4 % of the attempts"
    assert jump.seen.endswith("since 13 Oct 12:00 (Europe/Berlin)")
    assert jump.next_step.startswith("Check our connection and the status page of Meridian")
    extra = int(HIDDEN["technical"][NOON : NOON + 4].sum())
    assert jump.currency == "EUR"
    assert 0.85 * extra * 4_000 < (jump.at_risk_minor or 0) <= extra * 4_000
    assert len(jump.series) == 48
    assert jump.series[-1].seen > 3 > (jump.series[-1].expected or 9)


def test_another_family_that_lost_as_much_is_named() -> None:
    changed = {family: counts.copy() for family, counts in reasons(CARDS).items()}
    moved = changed["refused"][NOON:].copy()
    changed["refused"][NOON:] -= moved
    changed["data"] = np.zeros_like(changed["refused"])
    changed["data"][NOON:] += moved
    changed["data"][:NOON:40] = 1  # it was known before

    (jump,) = BesideStory([CARDS], [changed]).until(NOON + 6).open

    assert jump.place[-1] == ("reasons", "data")
    assert jump.cause.startswith("Refusals without a reason fell from 2.")
    assert jump.cause.endswith("perhaps the same declines have other codes now.")


def test_where_the_total_tells_it_the_family_is_the_cause_and_no_finding() -> None:
    series = declining(CARDS, first=NOON, after=NOON + 8, approval=0.7)
    happened = reasons(CARDS)
    happened["technical"] = happened["technical"] + (CARDS.approved - series.approved).clip(0)

    story = BesideStory([series], [happened]).through(NOON - 2, NOON + 12)

    assert story.live
    assert story.beside
    assert [alert.channel.name for alert in story.live.watch.alerts] == ["decline"]
    assert story.told == []
    drop = a_drop()
    story = BesideStory([series], [happened]).until(NOON + 3)
    assert story.beside
    assert story.beside.why_declined(drop) == "Technical declines went from 0.5 % to 22.3 % of the attempts."


def a_drop() -> Finding:
    """An approval rate that fell at noon."""
    (jump,) = BesideStory([CARDS], [HIDDEN]).until(NOON + 4).open
    return replace(jump, kind=FindingKind.APPROVAL_DROP, place=jump.place[:-1])


def test_no_family_is_named_where_all_grow_alike() -> None:
    story = BesideStory([CARDS], [reasons(CARDS)]).until(NOON + 4)

    assert story.beside
    assert story.beside.why_declined(a_drop()) == ""


def two_currencies(first: int) -> tuple[list[Payments], list[Happened]]:
    series = [payments(seed=n, currency=c) for n, c in enumerate(["EUR", "GBP", "USD"])]
    happened = [reasons(one, seed=n) for n, one in enumerate(series)]
    return series, [recoded(h, s, first=first, after=first + 8, into="fraud", share=0.06) for s, h in zip(series, happened, strict=True)]


def test_one_message_where_all_currencies_of_a_partner_show_it() -> None:
    series, happened = two_currencies(NOON)
    beside = payments(seed=9, partner="nordbank", network="sepa")
    partners = {"meridian": a_partner(), "nordbank": a_partner(id="nordbank", name="Nordbank", network="sepa")}

    story = BesideStory([*series, beside], [*happened, reasons(beside)], partners).through(NOON - 1, NOON + 4)

    ((_, jump),) = story.news(News.OPENED)
    assert jump.scope == "meridian · cards"
    assert [one.where for one in jump.contributions] != []
    assert jump.at_risk_minor is None
    assert "EUR" in jump.summary
    assert "GBP" in jump.summary


def test_what_is_said_does_not_change_when_the_later_data_is_cut_away() -> None:
    whole, cut = BesideStory([CARDS], [HIDDEN]), BesideStory([CARDS], [HIDDEN])

    whole.until(7 * WEEK_H - 1)
    cut.until(NOON + 3)

    assert whole.beside
    assert cut.beside
    early = [(a.family, a.scope, a.fired, a.onset) for a in whole.beside.families.alerts if a.fired < NOON + 3]
    assert early == [(a.family, a.scope, a.fired, a.onset) for a in cut.beside.families.alerts] != []


def test_late_counts_can_end_a_finding_and_invent_none() -> None:
    story = BesideStory([CARDS], [HIDDEN]).through(NOON - 1, NOON + 4)
    taken_back = {f: reasons(CARDS)[f] - HIDDEN[f] for f in HIDDEN}
    assert story.beside
    assert story.live
    story.beside.add(occurrences_of([CARDS], [taken_back], first=NOON, after=NOON + 5))
    story.happened = [reasons(CARDS)]

    story.through(NOON + 5, NOON + 5)

    assert story.open == []

    late = BesideStory([CARDS], [reasons(CARDS)]).through(NOON + 8, NOON + 9)
    assert late.beside
    late.beside.add(occurrences_of([CARDS], [{f: HIDDEN[f] - reasons(CARDS)[f] for f in HIDDEN}], first=NOON, after=NOON + 8))
    late.look(now=START + (NOON + 9.6) * HOUR)
    assert late.told == []


def test_what_a_person_called_the_new_level_is_not_told_again_and_becomes_usual() -> None:
    for_ever = recoded(reasons(CARDS), CARDS, first=NOON, after=len(CARDS.attempts), into="technical", share=0.05)
    story = BesideStory([CARDS], [for_ever]).until(NOON + 3)
    (jump,) = story.open
    said = judge(jump, as_=FindingState.NEW_LEVEL, by="U0ADA", now=START + (NOON + 4) * HOUR)
    story.findings = {said.id: said}

    story.through(NOON + 4, NOON + 150)

    assert story.news(News.OPENED)[1:] == []
    assert story.open == []
    assert story.live
    assert story.beside
    rows = np.array([0])
    usual = story.beside.families.usual(DeclineFamily.TECHNICAL, rows, first=NOON + 144, end=NOON + 145)
    assert usual[0, 0] > 0.03


def test_false_alarms_make_its_cell_surer() -> None:
    told = BesideStory([CARDS], [HIDDEN], cautions={("reasons", "partner, network, currency, reasons"): 1000.0}).through(NOON - 1, NOON + 4)

    assert told.told == []


def test_a_backtest_tells_it_once_under_every_budget() -> None:
    rows = rows_of([CARDS], first=0, after=7 * WEEK_H)
    now = START + (7 * WEEK_H - 1) * HOUR
    partner = a_partner()
    live = Live.of(rows, segment_of=lambda key: segments({"meridian": partner}, key), since=now - HISTORY_H * HOUR)
    done = replayed(live, partner=partner, since=now - timedelta(days=14), now=now, cautions={})

    happened = occurrences_of([CARDS], [HIDDEN], first=0, after=7 * WEEK_H)
    whole = with_beside(done, live=live, occurrences=happened, partner=partner, now=now, cautions={})

    kinds = {budget: [one.kind for one in told] for budget, told in whole.told.items()}
    assert kinds == {budget: [FindingKind.DECLINE_REASONS] for budget in Budget}
    (one,) = whole.told[Budget.AS_NOW]
    assert (one.scope, one.what) == ("meridian · cards · EUR", "technical declines: 4 % more of the attempts")
