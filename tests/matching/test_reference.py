"""The meaning itself, case by case: every kind of break and every consequence worth knowing, on the reference and on the engine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from matching_builders import AS_OF, BY_PAYMENT, Row, a_row, an_agreement, plain, run_engine, run_reference

from breakwater.errors import CallError
from breakwater.matching.agreement import Agreement
from breakwater.matching.reference import reconcile
from breakwater.matching.reference_claims import Result

WEDNESDAY, THURSDAY, FRIDAY, MONDAY = date(2026, 3, 11), date(2026, 3, 12), date(2026, 3, 13), date(2026, 3, 16)
LATE = date(2026, 3, 18)
USD_TO_EUR = '[fx]\nrate_tolerance_bps = 25\n[fx.rates]\n"USD/EUR" = "0.9200"\n'


def run(ours: Sequence[Row], theirs: Sequence[Row], agreement: Agreement | None = None, as_of: date = AS_OF) -> Result:
    """What the reference says, once the engine has said the same."""
    terms = agreement or an_agreement()
    found = run_reference(ours, theirs, terms, as_of)
    assert plain(run_engine(ours, theirs, terms, as_of)) == found
    return found


def told(found: Result) -> list[tuple[Any, ...]]:
    """The breaks in short: kind, records, value."""
    return [(str(b.kind), *b.ours, *b.theirs, b.amount_minor, b.currency) for b in found.breaks]


def matched(found: Result) -> list[tuple[Any, ...]]:
    return [(m.pass_name, *m.ours, *m.theirs) for m in found.matches]


def test_equal_records_match() -> None:
    found = run([a_row("o1")], [a_row("t1", booked_on=FRIDAY)])

    assert matched(found) == [("by-payment-id", "o1", "t1")]
    assert not found.breaks


def test_what_the_partner_does_not_know_is_missing_there() -> None:
    assert told(run([a_row("o1", -250)], [])) == [("missing_at_partner", "o1", 250, "EUR")]


def test_what_we_do_not_know_is_missing_in_our_ledger() -> None:
    assert told(run([], [a_row("t1", 250)])) == [("missing_in_ledger", "t1", 250, "EUR")]


@pytest.mark.parametrize(("as_of", "pending"), [(FRIDAY, [("ours", "o1")]), (MONDAY, [])])
def test_ours_is_pending_until_its_window_has_passed(as_of: date, pending: list[tuple[str, str]]) -> None:
    assert run([a_row("o1")], [], as_of=as_of).pending == pending


@pytest.mark.parametrize(("as_of", "pending"), [(WEDNESDAY, [("theirs", "t1")]), (THURSDAY, [])])
def test_theirs_is_pending_for_the_shorter_window_before(as_of: date, pending: list[tuple[str, str]]) -> None:
    assert run([], [a_row("t1")], as_of=as_of).pending == pending


def test_two_of_ours_against_one_is_a_match_and_a_duplicate() -> None:
    found = run([a_row("o1"), a_row("o2")], [a_row("t1")])

    assert matched(found) == [("by-payment-id", "o1", "t1")]
    assert told(found) == [("duplicate_in_ledger", "o2", 100, "EUR")]
    assert (found.breaks[0].of, found.breaks[0].pass_name) == ("o1", "by-payment-id")


def test_two_of_theirs_against_one_is_a_duplicate_at_the_partner() -> None:
    assert told(run([a_row("o1")], [a_row("t1"), a_row("t2")])) == [("duplicate_at_partner", "t2", 100, "EUR")]


def test_two_against_two_are_two_matches() -> None:
    assert matched(run([a_row("o1"), a_row("o2")], [a_row("t2"), a_row("t1")])) == [
        ("by-payment-id", "o1", "t1"),
        ("by-payment-id", "o2", "t2"),
    ]


def test_two_against_two_that_both_settle_late_are_two_late_settlements() -> None:
    found = run([a_row("o1"), a_row("o2")], [a_row("t1", booked_on=LATE), a_row("t2", booked_on=LATE)])

    assert told(found) == [("late_settlement", "o1", "t1", 100, "EUR"), ("late_settlement", "o2", "t2", 100, "EUR")]
    assert [b.lag for b in found.breaks] == [6, 6]


def test_a_surplus_is_a_duplicate_and_a_different_amount_is_missing() -> None:
    found = run([a_row("o1"), a_row("o2")], [a_row("t1"), a_row("t2", 105)])

    assert matched(found) == [("by-payment-id", "o1", "t1")]
    assert told(found) == [("duplicate_in_ledger", "o2", 100, "EUR"), ("missing_in_ledger", "t2", 105, "EUR")]


def test_a_repeated_record_further_apart_than_duplicates_are_is_missing() -> None:
    found = run([a_row("o1"), a_row("o2", booked_on=FRIDAY)], [a_row("t1")])

    assert told(found) == [("missing_at_partner", "o2", 100, "EUR")]


def test_a_payment_and_its_refund_under_one_reference_never_meet() -> None:
    found = run([a_row("o1")], [a_row("t1", -100, kind="refund", ref_original="P1")])

    assert told(found) == [("missing_at_partner", "o1", 100, "EUR"), ("missing_in_ledger", "t1", 100, "EUR")]


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("refund", "orphan_refund"),
        ("return", "orphan_return"),
        ("chargeback", "orphan_chargeback"),
        ("chargeback_reversal", "orphan_chargeback"),
    ],
)
def test_a_child_of_a_payment_nobody_knows_is_an_orphan(kind: str, word: str) -> None:
    assert told(run([], [a_row("t1", -70, kind=kind, ref_payment_id=None, ref_original="P9")])) == [(word, "t1", 70, "EUR")]


def test_a_child_whose_payment_is_known_by_the_partners_id_is_no_orphan() -> None:
    child = a_row("t1", -70, kind="refund", ref_payment_id=None, ref_original=" Q7 ")
    payment = a_row("o1", ref_partner_id="Q7")

    assert ("missing_in_ledger", "t1", 70, "EUR") in told(run([payment], [child]))


def test_another_amount_is_a_mismatch_worth_the_difference() -> None:
    assert told(run([a_row("o1")], [a_row("t1", 93)])) == [("amount_mismatch", "o1", "t1", 7, "EUR")]


def test_a_turned_sign_is_worth_twice_the_value() -> None:
    assert told(run([a_row("o1")], [a_row("t1", -100)])) == [("amount_mismatch", "o1", "t1", 200, "EUR")]


def test_the_tolerance_is_inclusive_and_per_currency() -> None:
    terms = an_agreement(tables="[tolerance]\namount_minor = { default = 0, EUR = 1 }\n")

    assert not run([a_row("o1")], [a_row("t1", 101)], terms).breaks
    assert told(run([a_row("o1", currency="USD")], [a_row("t1", 101, currency="USD")], terms)) == [
        ("amount_mismatch", "o1", "t1", 1, "USD")
    ]


def test_another_currency_is_worth_our_amount() -> None:
    assert told(run([a_row("o1")], [a_row("t1", 100, currency="USD")])) == [("currency_mismatch", "o1", "t1", 100, "EUR")]


@pytest.mark.parametrize(("theirs", "breaks"), [(9200, []), (9223, []), (9224, [("fx_variance", "o1", "t1", 24, "EUR")])])
def test_a_conversion_is_held_against_the_rate(theirs: int, breaks: list[tuple[Any, ...]]) -> None:
    ours = a_row("o1", 10_000, currency="USD")
    converted = a_row("t1", theirs, currency="EUR", original_amount_minor=10_000, original_currency="USD")

    assert told(run([ours], [converted], an_agreement(tables=USD_TO_EUR))) == breaks


@pytest.mark.parametrize(("amount", "expected"), [(25, 13), (-25, -13), (24, 12), (-24, -12)])
def test_a_conversion_rounds_half_away_from_zero(amount: int, expected: int) -> None:
    terms = an_agreement(tables='[fx.rates]\n"USD/JPY" = "50.00"\n[currency]\nexponent = { JPY = 0 }\n')
    ours = a_row("o1", amount, currency="USD")

    assert matched(run([ours], [a_row("t1", expected, currency="JPY", original_amount_minor=amount, original_currency="USD")], terms))


def test_an_original_amount_allows_for_the_rate_in_one_currency() -> None:
    terms = an_agreement(tables="[fx]\nrate_tolerance_bps = 100\n")
    original = {"original_amount_minor": 11_000, "original_currency": "USD"}

    assert not run([a_row("o1", 10_000, **original)], [a_row("t1", 10_100, **original)], terms).breaks
    assert told(run([a_row("o1", 10_000, **original)], [a_row("t1", 10_101, **original)], terms)) == [
        ("fx_variance", "o1", "t1", 101, "EUR")
    ]


def test_a_late_settlement_is_late_in_both_directions() -> None:
    late = run([a_row("o1")], [a_row("t1", booked_on=LATE)])
    early = run([a_row("o1")], [a_row("t1", booked_on=date(2026, 3, 5))])

    assert told(late) == told(early) == [("late_settlement", "o1", "t1", 100, "EUR")]
    assert (late.breaks[0].lag, early.breaks[0].lag) == (6, -3)


@pytest.mark.parametrize(("day", "kinds"), [(9, []), (6, ["late_settlement"]), (13, []), (14, []), (16, ["late_settlement"])])
def test_the_edges_of_the_window_are_inside(day: int, kinds: list[str]) -> None:
    # Tuesday the 10th: Monday is one day before; Friday, and the Saturday that counts like it, are three days after.
    found = run([a_row("o1")], [a_row("t1", booked_on=date(2026, 3, day))])

    assert [str(b.kind) for b in found.breaks] == kinds


@pytest.mark.parametrize(("day", "kinds"), [(8, ["late_settlement"]), (9, ["missing_at_partner", "missing_in_ledger"])])
def test_the_edge_of_the_link_still_belongs_together(day: int, kinds: list[str]) -> None:
    # 8 April is twenty business days after 9 March; Easter takes two.
    found = run([a_row("o1", booked_on=date(2026, 3, 9))], [a_row("t1", booked_on=date(2026, 4, day))])

    assert [str(b.kind) for b in found.breaks] == kinds


@pytest.mark.parametrize(("within", "kinds"), [(THURSDAY, ["duplicate_in_ledger"]), (FRIDAY, ["missing_at_partner"])])
def test_the_edge_of_a_duplicate(within: date, kinds: list[str]) -> None:
    found = run([a_row("o1"), a_row("o2", booked_on=within)], [a_row("t1")])

    assert [str(b.kind) for b in found.breaks] == kinds


@pytest.mark.parametrize(
    ("near", "far"),
    [
        ({"amount_minor": 100, "booked_on": THURSDAY}, {"amount_minor": 101}),
        ({"booked_on": WEDNESDAY, "status": "failed"}, {"booked_on": THURSDAY}),
        ({"booked_on": date(2026, 3, 13)}, {"booked_on": date(2026, 3, 14)}),
        ({"status": "settled"}, {"status": "failed"}),
    ],
    ids=["the amount before the lag", "the lag before the status", "calendar days where the lag is equal", "the status before the id"],
)
def test_the_nearest_of_two_is_taken(near: dict[str, Any], far: dict[str, Any]) -> None:
    terms = an_agreement(tables="[tolerance]\namount_minor = { default = 1 }\n")

    found = run([a_row("o1", status="settled")], [a_row("t1") | far, a_row("t2") | near], terms)

    claimed = [m.theirs for m in found.matches] + [b.theirs for b in found.breaks if b.ours]
    assert claimed == [("t2",)]


def test_further_apart_than_the_link_equal_references_are_a_reused_reference() -> None:
    found = run([a_row("o1")], [a_row("t1", booked_on=date(2026, 4, 10))])

    assert told(found) == [("missing_at_partner", "o1", 100, "EUR"), ("missing_in_ledger", "t1", 100, "EUR")]


def test_the_window_counts_business_days_over_easter() -> None:
    # Thursday 2 April to Thursday 9 April is three business days: Good Friday and Easter Monday are holidays.
    assert not run([a_row("o1", booked_on=date(2026, 4, 2))], [a_row("t1", booked_on=date(2026, 4, 9))]).breaks


FEES = '[[fees]]\nkind = "payment"\ncurrency = "EUR"\nbasis_points = 140\nfixed_minor = 25\n'


@pytest.mark.parametrize(("fee", "breaks"), [(33, []), (34, [("fee_variance", "o1", "t1", 1, "EUR")])])
def test_the_scheduled_fee_rounds_half_up(fee: int, breaks: list[tuple[Any, ...]]) -> None:
    # 1.40 % of 536 is 7.504, and 25 on top.
    assert told(run([a_row("o1", 536)], [a_row("t1", 536, fee_minor=fee)], an_agreement(tables=FEES))) == breaks


def test_without_a_schedule_our_own_fee_is_expected() -> None:
    assert told(run([a_row("o1", fee_minor=5)], [a_row("t1", fee_minor=9)])) == [("fee_variance", "o1", "t1", 4, "EUR")]
    assert not run([a_row("o1")], [a_row("t1", fee_minor=9)]).breaks


@pytest.mark.parametrize("statuses", [1, 40], ids=["few statuses", "many"])
def test_statuses_are_compared_however_many_there_are(statuses: int) -> None:
    ours = [a_row(f"o{n}", 1000 + n, ref_payment_id=f"P{n}", status=f"s{n % statuses}") for n in range(60)]
    theirs = [a_row(f"t{n}", 1000 + n, ref_payment_id=f"P{n}", status=f"s{n % statuses}") for n in range(60)]
    theirs[7]["status"] = ours[8]["status"] + "x"

    assert [(kind, ours_id) for kind, ours_id, *_ in told(run(ours, theirs))] == [("status_mismatch", "o7")]


@pytest.mark.parametrize(("ours", "theirs", "breaks"), [(None, 3, 0), (3, None, 0), (2, 3, 1)], ids=["theirs alone", "ours alone", "both"])
def test_fees_are_compared_where_both_sides_have_them(ours: int | None, theirs: int | None, breaks: int) -> None:
    assert len(run([a_row("o1", fee_minor=ours)], [a_row("t1", fee_minor=theirs)]).breaks) == breaks


def test_a_status_that_is_not_equivalent_is_a_mismatch() -> None:
    terms = an_agreement(tables='[status]\nequivalent = [["settled", "paid_out"]]\n')

    assert not run([a_row("o1", status="settled")], [a_row("t1", status="paid_out")], terms).breaks
    assert told(run([a_row("o1", status="settled")], [a_row("t1", status="failed")], terms)) == [
        ("status_mismatch", "o1", "t1", 100, "EUR")
    ]


def test_the_first_finding_names_the_break_and_the_others_are_listed() -> None:
    found = run([a_row("o1", status="settled", fee_minor=1)], [a_row("t1", 90, status="failed", fee_minor=3, booked_on=LATE)])

    assert told(found) == [("amount_mismatch", "o1", "t1", 10, "EUR")]
    assert found.breaks[0].also == ("late_settlement", "fee_variance", "status_mismatch")


def test_a_payment_id_that_differs_keeps_a_reused_partner_id_apart() -> None:
    by_partner = '[[passes]]\nname = "by-partner"\ntype = "exact"\nkeys = ["ref_partner_id"]\n'
    ours, theirs = a_row("o1", ref_partner_id="Q"), a_row("t1", ref_payment_id="P2", ref_partner_id="Q")

    assert matched(run([ours], [theirs], an_agreement(by_partner))) == [("by-partner", "o1", "t1")]
    assert not matched(run([ours], [theirs], an_agreement(by_partner, top='identity = ["ref_payment_id"]\n')))


def test_the_closest_pair_is_taken_first_and_may_leave_one_over() -> None:
    terms = an_agreement(tables="[tolerance]\namount_minor = { default = 2 }\n")

    found = run([a_row("o1", 100), a_row("o2", 102)], [a_row("t1", 101), a_row("t2", 102)], terms)

    assert matched(found) == [("by-payment-id", "o1", "t1"), ("by-payment-id", "o2", "t2")]


# Groups

BATCH = '[[passes]]\nname = "batch"\ntype = "grouped"\nkeys = ["ref_batch_id"]\n'


def in_batch(record_id: str, amount_minor: int, **changes: Any) -> Row:
    return a_row(record_id, amount_minor, ref_payment_id=None, ref_batch_id="B1", **changes)


def test_a_batch_matches_its_payout_net_of_fees() -> None:
    ours = [in_batch("o1", 100, fee_minor=3), in_batch("o2", 50, fee_minor=2)]

    found = run(ours, [in_batch("t1", 145, kind="payout")], an_agreement(BATCH + 'net_of_fees = "ours"\n'))

    assert matched(found) == [("batch", "o1", "o2", "t1")]


def test_a_batch_may_match_one_against_one_whatever_its_status() -> None:
    assert matched(run([in_batch("o1", 100, status="failed")], [in_batch("t1", 100, status="settled")], an_agreement(BATCH)))


def test_a_batch_that_does_not_add_up_is_incomplete_by_the_difference() -> None:
    found = run([in_batch("o1", 100), in_batch("o2", 50)], [in_batch("t1", 120)], an_agreement(BATCH))

    assert told(found) == [("batch_incomplete", "o1", "o2", "t1", 30, "EUR")]


def test_a_batch_that_adds_up_late_is_worth_ours() -> None:
    found = run([in_batch("o1", 100), in_batch("o2", 50)], [in_batch("t1", 150, booked_on=LATE)], an_agreement(BATCH))

    assert told(found) == [("late_settlement", "o1", "o2", "t1", 150, "EUR")]


def test_a_batch_that_may_still_grow_is_pending_whole() -> None:
    found = run([in_batch("o1", 100), in_batch("o2", 50)], [in_batch("t1", 120)], an_agreement(BATCH), as_of=FRIDAY)

    assert found.pending == [("ours", "o1"), ("ours", "o2"), ("theirs", "t1")]


def test_removing_a_duplicate_repairs_its_batch() -> None:
    # o2 repeats o1: without it, what is free under B1 adds up.
    ours = [in_batch("o1", 100), a_row("o2", 100, ref_batch_id="B1"), a_row("o3", 100), in_batch("o4", 20)]
    theirs = [a_row("t3", 100), in_batch("t1", 120)]

    found = run(ours, theirs, an_agreement(BY_PAYMENT + BATCH))

    assert ("batch", "o1", "o4", "t1") in matched(found)


# Similar references

ALIKE = '[[passes]]\nname = "alike"\ntype = "similar"\nkeys = ["ref_payment_id"]\n'


@pytest.mark.parametrize(
    ("x", "y"),
    [("INV-0042-7", "inv 42/7"), ("PAYMENT000123456", "PAYMENT000123456-REST"), ("A1B2C3D4E5F6G7H8/9", "a1b2c3d4e5f6g7h8")],
)
def test_a_reference_written_differently_or_cut_is_alike(x: str, y: str) -> None:
    found = run([a_row("o1", ref_payment_id=x)], [a_row("t1", ref_payment_id=y)], an_agreement(ALIKE + "min_length = 5\n"))

    assert matched(found) == [("alike", "o1", "t1")]
    assert found.matches[0].notice == "reference_mismatch"


def test_a_reference_difference_as_a_break_is_worth_ours() -> None:
    terms = an_agreement(ALIKE + 'reference_difference = "break"\n')

    found = run([a_row("o1", ref_payment_id="INV0042-A77")], [a_row("t1", ref_payment_id="inv42a77")], terms)

    assert told(found) == [("reference_mismatch", "o1", "t1", 100, "EUR")]


def test_a_reference_that_is_too_short_is_not_similar() -> None:
    assert not matched(run([a_row("o1", ref_payment_id="A-1")], [a_row("t1", ref_payment_id="A1")], an_agreement(ALIKE)))


def test_identical_twins_in_a_similar_pass_are_ambiguous() -> None:
    ours = [a_row("o1", ref_payment_id="INVOICE-1"), a_row("o2", ref_payment_id="INVOICE/1")]

    found = run(ours, [a_row("t1", ref_payment_id="INVOICE1")], an_agreement(ALIKE))

    assert told(found) == [("ambiguous_match", "o1", "o2", "t1", 200, "EUR")]


def test_a_word_that_is_no_key_never_matches() -> None:
    assert not matched(run([a_row("o1", ref_payment_id=" NotProvided ")], [a_row("t1", ref_payment_id="NOTPROVIDED")]))


# Netting

NET = '[[passes]]\nname = "net"\ntype = "netting"\nbucket = ["account"]\n'


def in_account(record_id: str, amount_minor: int, **changes: Any) -> Row:
    return a_row(record_id, amount_minor, ref_payment_id=None, account="A", **changes)


def test_the_only_set_of_items_that_adds_up_is_a_match() -> None:
    found = run([in_account("o1", 100), in_account("o2", 30), in_account("o3", 7)], [in_account("t1", 130)], an_agreement(NET))

    assert matched(found) == [("net", "o1", "o2", "t1")]
    assert told(found) == [("missing_at_partner", "o3", 7, "EUR")]


def test_two_sets_that_add_up_are_ambiguous() -> None:
    ours = [in_account("o1", 100), in_account("o2", 30), in_account("o3", 30)]

    assert told(run(ours, [in_account("t1", 130)], an_agreement(NET))) == [("ambiguous_match", "o1", "o2", "o3", "t1", 160, "EUR")]


def test_items_that_cancel_out_make_a_set_without_them_ambiguous() -> None:
    ours = [in_account("o1", 100), in_account("o2", 30), in_account("o3", 5), in_account("o4", -5)]

    assert told(run(ours, [in_account("t1", 130)], an_agreement(NET))) == [("ambiguous_match", "o1", "o2", "o3", "o4", "t1", 130, "EUR")]


def test_a_set_with_one_of_two_cancelling_items_can_stay_unique() -> None:
    ours = [in_account("o1", 100), in_account("o2", 5), in_account("o3", -5, booked_on=date(2026, 3, 25))]

    assert matched(run(ours, [in_account("t1", 105)], an_agreement(NET))) == [("net", "o1", "o2", "t1")]


def test_a_single_equal_item_is_left_alone() -> None:
    found = run([in_account("o1", 130)], [in_account("t1", 130)], an_agreement(NET))

    assert told(found) == [("missing_at_partner", "o1", 130, "EUR"), ("missing_in_ledger", "t1", 130, "EUR")]


def test_a_bucket_with_too_many_items_is_left_alone() -> None:
    ours = [in_account("o1", 100), in_account("o2", 30), in_account("o3", 7)]

    assert not matched(run(ours, [in_account("t1", 130)], an_agreement(NET + "max_items = 2\n")))


def test_targets_can_be_ours() -> None:
    found = run([in_account("o1", 130)], [in_account("t1", 100), in_account("t2", 30)], an_agreement(NET + 'target = "ours"\n'))

    assert matched(found) == [("net", "o1", "t1", "t2")]


# The whole


def test_a_break_says_when_it_began_and_by_what_it_is_known() -> None:
    found = run([a_row("o1", ref_partner_id="Z9", value_date=WEDNESDAY)], [a_row("t1", 90, ref_arn="  A1", booked_on=THURSDAY)])

    assert found.breaks[0].dated == WEDNESDAY
    assert found.breaks[0].references == ("A1", "P1", "Z9")


def test_a_key_for_more_than_four_million_pairs_is_refused() -> None:
    ours = [a_row(f"o{n}", 1000 + n) for n in range(2001)]
    theirs = [a_row(f"t{n}", -1000 - n) for n in range(2000)]

    with pytest.raises(CallError, match="'by-payment-id' has more than 4,000,000 pairs under one key: 'P1'"):
        run_engine(ours, theirs, an_agreement())
    with pytest.raises(CallError, match="'by-payment-id' has more than 4,000,000 pairs under one key: 'P1'"):
        reconcile(ours=ours, theirs=theirs, agreement=an_agreement(), as_of=AS_OF)


def test_the_largest_amounts_are_compared_exactly() -> None:
    largest = 2**63 - 1

    assert told(run([a_row("o1", largest)], [a_row("t1", largest - 1)])) == [("amount_mismatch", "o1", "t1", 1, "EUR")]
    with pytest.raises(CallError, match="The amount_mismatch of o1, t1 is worth more than 9223372036854775807 minor units"):
        run_engine([a_row("o1", largest)], [a_row("t1", -1)], an_agreement())


def test_two_empty_sides_are_reconciled() -> None:
    assert run([], []) == Result()
