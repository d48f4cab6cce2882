"""Who holds the money, what comes next and by when, on the partner's calendar; and whether a batch adds up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from breakwater.model.calendar import named_calendar
from breakwater.model.events import Event
from breakwater.model.expectations import RULES, Holder, expected_next, holder
from breakwater.model.partners import ExpectedFile, Partner
from breakwater.model.payment_batches import batch_of
from breakwater.model.payment_states import ProcessingState, Rail
from breakwater.model.payments import Evidence, MoneyState, PaymentTrace, ReconciliationState
from breakwater.model.records import Kind, Record, Side

THURSDAY = datetime(2026, 12, 24, 9, tzinfo=UTC)  # the next TARGET2 day after Christmas is Monday the 28th
BERLIN = ZoneInfo("Europe/Berlin")
STATEMENT = ExpectedFile(stream="statement", format="camt.053", folder="x", due=time(7), deadline=time(8, 30))


def a_partner(*, network: str = "sepa", files: tuple[ExpectedFile, ...] = (STATEMENT,)) -> Partner:
    return Partner(
        id="nordbank",
        name="Nordbank",
        network=network,
        calendar=named_calendar("TARGET2"),
        calendar_name="TARGET2",
        time_zone=BERLIN,
        cut_off=time(17),
        live_from=date(2026, 1, 1),
        agreement="nordbank",
        files=files,
    )


def an_event(state: str, *, at: datetime = THURSDAY, network: str = "sepa") -> Event:
    return Event(
        event_id=f"E-{state}",
        payment_id="P-1",
        partner="nordbank",
        occurred_at=at,
        state=state,
        amount_minor=1_000,
        currency="EUR",
        network=network,
    )


def a_line(side: Side = Side.OURS, kind: Kind = Kind.PAYMENT, amount_minor: int = 1_000, **more: Any) -> Evidence:
    given: dict[str, Any] = {"currency": "EUR", "booked_on": date(2026, 12, 23), "partner": "nordbank", "network": "sepa"}
    record = Record(record_id=f"{side}/{kind}", kind=kind, amount_minor=amount_minor, **{**given, **more})
    return Evidence(side=side, record=record, file_name="f", received_at=None, reconciliation=ReconciliationState.MATCHED)


def a_trace(*events: Event, evidence: tuple[Evidence, ...] = ()) -> PaymentTrace:
    return PaymentTrace(reference="P-1", evidence=evidence, events=events, breaks=(), searched="everything")


@pytest.mark.parametrize(
    ("state", "network", "at", "by"),
    [
        pytest.param("accepted", "sepa", THURSDAY, "2026-12-29 08:30", id="credited on the next business day, told on the one after"),
        pytest.param("accepted", "sepa", THURSDAY.replace(hour=17), "2026-12-30 08:30", id="after cut-off it is the next day's"),
        pytest.param("created", "sepa", THURSDAY, "2026-12-24 23:59", id="the same day"),
        pytest.param("return_requested", "sepa", THURSDAY, "2027-01-18 23:59", id="fifteen banking days over two holidays"),
        pytest.param("created", "cards", THURSDAY, "2026-12-24 11:00", id="an hour"),
        pytest.param("settled", "cards", THURSDAY, "2026-12-29 23:59", id="a payout in two days"),
    ],
)
def test_by_when_on_the_partners_calendar(state: str, network: str, at: datetime, by: str) -> None:
    expected = expected_next(a_trace(an_event(state, at=at, network=network)), a_partner(network=network), now=THURSDAY)

    assert expected
    assert f"{expected.by.astimezone(BERLIN):%Y-%m-%d %H:%M}" == by
    assert expected.overdue is None


@pytest.mark.parametrize(
    ("code", "by"),
    [pytest.param("ACSP", "2026-12-29 08:30", id="the same said again"), pytest.param("ACCC", "2026-12-30 08:30", id="something further")],
)
def test_a_partner_that_says_the_same_again_gains_no_time(code: str, by: str) -> None:
    first = replace(an_event("accepted"), raw_code="ACSP")
    again = replace(an_event("accepted", at=THURSDAY + timedelta(days=4)), event_id="E-again", raw_code=code)

    expected = expected_next(a_trace(first, again), a_partner(), now=THURSDAY)

    assert expected
    assert f"{expected.by.astimezone(BERLIN):%Y-%m-%d %H:%M}" == by


def test_the_day_our_ledger_expects_the_money_counts_where_it_says_one() -> None:
    trace = a_trace(an_event("accepted"), evidence=(a_line(value_date=date(2026, 12, 23)),))

    expected = expected_next(trace, a_partner(), now=datetime(2026, 12, 29, 9, tzinfo=UTC))

    assert expected
    assert expected.by == datetime(2026, 12, 24, 7, 30, tzinfo=UTC)
    assert (expected.file, expected.overdue_days) == ("statement", 2)
    assert expected.overdue == timedelta(days=5, hours=1, minutes=30)


def test_without_a_file_that_would_tell_the_day_itself_counts() -> None:
    expected = expected_next(a_trace(an_event("accepted")), a_partner(files=()), now=THURSDAY)

    assert expected
    assert (f"{expected.by.astimezone(BERLIN):%Y-%m-%d}", expected.file) == ("2026-12-28", None)


@pytest.mark.parametrize(
    "trace",
    [
        pytest.param(a_trace(an_event("settled")), id="credited"),
        pytest.param(a_trace(an_event("rejected")), id="rejected"),
        pytest.param(a_trace(an_event("gibberish")), id="unknown"),
        pytest.param(a_trace(), id="nothing known"),
        pytest.param(a_trace(an_event("accepted", network="carrier pigeon")), id="a rail without rules"),
        pytest.param(
            a_trace(an_event("paid_out", network="cards"), an_event("settled", network="cards", at=THURSDAY + timedelta(days=1))),
            id="paid out already",
        ),
    ],
)
def test_where_nothing_is_due_or_nobody_can_say_nothing_is_expected(trace: PaymentTrace) -> None:
    assert expected_next(trace, a_partner(), now=THURSDAY) is None


def test_no_partner_no_calendar() -> None:
    assert expected_next(a_trace(an_event("accepted")), None, now=THURSDAY) is None


def test_every_rail_has_rules_and_no_rule_follows_an_end() -> None:
    ends = {ProcessingState.PAID_OUT, ProcessingState.REJECTED, ProcessingState.CANCELED, ProcessingState.REFUNDED, ProcessingState.UNKNOWN}

    assert set(RULES) == set(Rail)
    assert not any(ends & set(rules) for rules in RULES.values())


@pytest.mark.parametrize(
    ("state", "network", "evidence", "has"),
    [
        ("created", "sepa", (), Holder.PAYER),
        ("accepted", "sepa", (), Holder.ON_ITS_WAY),
        ("settled", "sepa", (a_line(Side.THEIRS),), Holder.OUR_ACCOUNT),
        ("settled", "cards", (a_line(Side.THEIRS, network="cards"),), Holder.PARTNER),
        ("paid_out", "cards", (a_line(Side.THEIRS, network="cards"),), Holder.OUR_ACCOUNT),
        ("authorized", "cards", (), Holder.RESERVED),
        ("refunded", "cards", (), Holder.PAYER),
        ("disputed", "cards", (), Holder.DISPUTED),
        ("on_hold", "sepa", (), Holder.HELD),
        ("failed", "cards", (), Holder.PAYER),
        ("settled", "sepa", (a_line(kind=Kind.PAYOUT, amount_minor=-1_000),), Holder.PAYEE),
        ("returned", "sepa", (a_line(kind=Kind.PAYOUT, amount_minor=-1_000),), Holder.OUR_ACCOUNT),
        ("accepted", "sepa", (a_line(kind=Kind.PAYOUT, amount_minor=-1_000),), Holder.ON_ITS_WAY_OUT),
        ("submitted", "sepa", (a_line(kind=Kind.PAYOUT, amount_minor=-1_000),), Holder.OUR_ACCOUNT),
        ("gibberish", "sepa", (a_line(kind=Kind.PAYOUT, amount_minor=-1_000),), Holder.UNKNOWN),
        ("settled", "sepa", (a_line(Side.THEIRS, kind=Kind.PAYOUT, amount_minor=-1_000),), Holder.PAYEE),
        ("gibberish", "sepa", (), Holder.UNKNOWN),
    ],
)
def test_who_has_the_money(state: str, network: str, evidence: tuple[Evidence, ...], has: Holder) -> None:
    assert holder(a_trace(an_event(state, network=network), evidence=evidence)) is has


@pytest.mark.parametrize(
    ("state", "evidence", "money"),
    [
        ("returned", (a_line(), a_line(Side.THEIRS), a_line(Side.THEIRS, Kind.RETURN, -1_000)), MoneyState.GONE_BACK),
        ("returned", (a_line(), a_line(Side.THEIRS)), MoneyState.GONE_BACK),
        ("refunded", (a_line(), a_line(Side.THEIRS), a_line(Side.THEIRS, Kind.REFUND, -400)), MoneyState.CLEARED),
        ("returned", (a_line(kind=Kind.PAYOUT, amount_minor=-1_000),), MoneyState.GONE_BACK),
        ("rejected", (a_line(),), MoneyState.NONE),
        ("accepted", (a_line(),), MoneyState.EXPECTED),
    ],
)
def test_what_went_back_is_not_at_the_partner_and_what_never_moved_not_expected(
    state: str, evidence: tuple[Evidence, ...], money: MoneyState
) -> None:
    assert a_trace(an_event(state), evidence=evidence).money is money


def test_a_part_that_went_back_is_known_from_events_too() -> None:
    trace = a_trace(replace(an_event("refunded"), amount_minor=400), evidence=(a_line(), a_line(Side.THEIRS)))

    assert (trace.part_back, trace.money) == ((400, "EUR"), MoneyState.CLEARED)


@pytest.mark.parametrize(
    ("ours", "theirs", "part"),
    [
        pytest.param(2, 2, (1_000, "EUR"), id="two captures on each side"),
        pytest.param(1, 2, None, id="one payment that the partner has in two files"),
        pytest.param(0, 2, None, id="in two files of the partner alone"),
    ],
)
def test_a_refund_of_one_capture_is_a_part_of_what_was_paid(ours: int, theirs: int, part: tuple[int, str] | None) -> None:
    refund = a_line(Side.THEIRS, Kind.REFUND, -1_000)
    trace = a_trace(an_event("refunded"), evidence=(*[a_line()] * ours, *[a_line(Side.THEIRS)] * theirs, refund))

    assert (trace.part_back, trace.money) == (part, MoneyState.CLEARED if part else MoneyState.GONE_BACK)


def of_batch(kind: Kind, amount_minor: int, *, fee_minor: int | None = None, side: Side = Side.THEIRS, **more: Any) -> Evidence:
    return a_line(side, kind, amount_minor, fee_minor=fee_minor, ref_batch_id="77", account="HarbourEU", **more)


def test_a_batch_adds_up_after_its_fees() -> None:
    lines = [of_batch(Kind.PAYMENT, 10_000, fee_minor=150), of_batch(Kind.REFUND, -2_000), of_batch(Kind.FEE, -50)]

    [sheet] = batch_of("77", [*lines, of_batch(Kind.PAYOUT, -7_800, ref_payment_id="po_1")]).sheets

    assert (sheet.count, sheet.fees_minor, sheet.net_minor, sheet.payout_minor, sheet.difference_minor) == (3, 150, 7_800, 7_800, 0)
    assert sheet.items == {Kind.PAYMENT: (1, 10_000), Kind.REFUND: (1, -2_000), Kind.FEE: (1, -50)}
    assert sheet.payout_references == ("po_1",)


@pytest.mark.parametrize(("paid_out", "difference"), [(-7_000, -3_000), (-10_001, 1), (None, None)])
def test_what_is_missing_or_too_much_is_said(paid_out: int | None, difference: int | None) -> None:
    payouts = [of_batch(Kind.PAYOUT, amount) for amount in (paid_out,) if amount is not None]

    [sheet] = batch_of("77", [of_batch(Kind.PAYMENT, 10_000), *payouts]).sheets

    assert sheet.difference_minor == difference


def test_each_currency_is_added_up_by_itself_and_our_lines_only_where_theirs_are_missing() -> None:
    theirs = [of_batch(Kind.PAYMENT, 100), of_batch(Kind.PAYMENT, 900, currency="JPY")]

    batch = batch_of("77", [*theirs, of_batch(Kind.PAYMENT, 5, side=Side.OURS)])
    alone = batch_of("77", [of_batch(Kind.PAYMENT, 5, side=Side.OURS)])

    assert [(s.currency, s.net_minor, s.side) for s in batch.sheets] == [("EUR", 100, Side.THEIRS), ("JPY", 900, Side.THEIRS)]
    assert [(s.net_minor, s.side) for s in alone.sheets] == [(5, Side.OURS)]
