"""The fast engine and the plain-Python meaning say the same of generated sides, and every record has one outcome."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from matching_builders import HEAD, Row, a_row, an_agreement, plain, run_engine, run_reference

from breakwater.errors import CallError
from breakwater.matching.agreement import Agreement, parse
from breakwater.model.runs import Outcome

SLOW = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
MAUNDY_THURSDAY = date(2026, 4, 2)

# Few values, so that twins, ties, conflicts and edges are common. Cut and rewritten references are alike.
REFERENCES = st.sampled_from(
    [None, "", "P1", "P1", " P1\t", "P2", "p-0002", "P02", "NOTPROVIDED", "NotProvided ", "INV2026000000001", "INV2026000000001-77", "é7"]
)
BATCHES = st.sampled_from([None, None, None, "B1", "B2"])
AMOUNTS = st.sampled_from([100, 100, 100, 101, 102, 103, 92, 93, 200, -100, 0, 17135, 2**58])
CURRENCIES = st.sampled_from(["EUR", "EUR", "EUR", "USD", "JPY"])
KINDS = st.sampled_from(["payment", "payment", "payment", "refund", "chargeback", "payout"])
STATUSES = st.sampled_from([None, "settled", "settled", "paid_out", "failed", ""])
FEES = st.sampled_from([None, None, 0, 1, 26, 27, 30])
ORIGINALS = st.sampled_from([(None, None), (None, None), (100, "EUR"), (101, "EUR"), (100, "USD"), (109, "USD"), (None, None)])
DAYS = st.integers(0, 9).map(lambda n: MAUNDY_THURSDAY + timedelta(days=n)) | st.sampled_from([date(2026, 5, 14), date(2026, 3, 3)])


@st.composite
def sides(draw: st.DrawFn, most: int = 24) -> tuple[list[Row], list[Row]]:
    return tuple([draw(records(f"{letter}{number}")) for number in range(draw(st.integers(0, most)))] for letter in ("o", "t"))  # type: ignore[return-value]


@st.composite
def records(draw: st.DrawFn, record_id: str) -> Row:
    original, original_currency = draw(ORIGINALS)
    return a_row(
        record_id,
        draw(AMOUNTS),
        kind=draw(KINDS),
        currency=draw(CURRENCIES),
        fee_minor=draw(FEES),
        booked_on=draw(DAYS),
        value_date=draw(st.none() | DAYS),
        status=draw(STATUSES),
        account=draw(BATCHES),
        ref_payment_id=draw(REFERENCES),
        ref_partner_id=draw(REFERENCES),
        ref_batch_id=draw(BATCHES),
        ref_original=draw(REFERENCES),
        original_amount_minor=original,
        original_currency=original_currency,
    )


PASSES = {
    "id": 'type = "exact"\nkeys = ["ref_payment_id"]',
    "partner": 'type = "exact"\nkeys = ["ref_partner_id"]',
    "account": 'type = "exact"\nkeys = ["account"]\nkinds_ours = ["payment", "refund"]',
    "both": 'type = "exact"\nkeys = ["ref_batch_id", "ref_partner_id"]',
    "batch": 'type = "grouped"\nkeys = ["ref_batch_id"]',
    "batch-net": 'type = "grouped"\nkeys = ["ref_batch_id"]\nnet_of_fees = "ours"\nkinds_theirs = ["payout"]',
    "splits": 'type = "grouped"\nkeys = ["ref_payment_id"]\nsame_kind = true\nnet_of_fees = "both"',
    "alike": 'type = "similar"\nkeys = ["ref_payment_id"]\nmin_length = 2',
    "alike-break": 'type = "similar"\nkeys = ["ref_partner_id"]\nreference_difference = "break"\nmin_length = 1',
}
NETTINGS = {
    "net": 'type = "netting"\nbucket = ["account"]\nmax_items = 8',
    "net-ours": 'type = "netting"\nbucket = ["ref_batch_id"]\ntarget = "ours"\nnet_of_fees = "both"\nmax_items = 5',
}
TABLES = [
    "",
    "[tolerance]\namount_minor = { default = 0, EUR = 1 }\nfee_minor = { default = 1 }\n",
    '[status]\nequivalent = [["settled", "paid_out"]]\n[materiality]\ndefault = 2\n[duplicates]\nwithin = 0\n',
    '[fx]\nrate_tolerance_bps = 100\n[fx.rates]\n"USD/EUR" = "0.9250"\n"EUR/JPY" = "171.355"\n[currency]\nexponent = { JPY = 0 }\n',
    '[[fees]]\nkind = "payment"\ncurrency = "EUR"\nbasis_points = 140\nfixed_minor = 25\n[[fees]]\nkind = "*"\ncurrency = "USD"\n'
    "basis_points = 50\nfixed_minor = 0\n",
]


@st.composite
def agreements(draw: st.DrawFn) -> Agreement:
    names = draw(st.lists(st.sampled_from(sorted(PASSES)), min_size=1, max_size=4, unique=True))
    netting = draw(st.lists(st.sampled_from(sorted(NETTINGS)), max_size=2, unique=True))
    tables = "".join(draw(st.sets(st.sampled_from(TABLES))))
    identity = draw(st.sampled_from(["", 'identity = ["ref_payment_id"]\n', 'identity = ["ref_partner_id", "account"]\n']))
    link = draw(st.sampled_from(["", "link = 3\n", "link = 0\n"]))
    passes = [f'[[passes]]\nname = "{name}"\n{(PASSES | NETTINGS)[name]}\n' for name in [*names, *netting]]
    return parse(identity + HEAD + link + tables + "".join(passes), name="generated.toml")


AS_OFS = st.sampled_from([date(2026, 4, 2), date(2026, 4, 10), date(2026, 6, 1)])


@SLOW
@given(both=sides(), agreement=agreements(), as_of=AS_OFS)
def test_the_engine_says_what_the_reference_says(both: tuple[list[Row], list[Row]], agreement: Agreement, as_of: date) -> None:
    found = run_engine(*both, agreement, as_of)

    assert plain(found) == run_reference(*both, agreement, as_of)
    assert outcomes(found) == Counter(
        {(side, row["record_id"]): 1 for side, rows in zip(("ours", "theirs"), both, strict=True) for row in rows}
    )
    assert_value_is_conserved(found, both)


FINE = [
    [a_row(f"{x}-fine-{n}", **dict.fromkeys(("ref_payment_id", "ref_partner_id", "ref_batch_id", "account"), f"F{n}")) for n in range(200)]
    for x in "ot"
]


@SLOW
@given(both=sides(most=12), agreement=agreements(), as_of=AS_OFS)
def test_it_says_so_of_a_few_among_many_that_are_fine(both: tuple[list[Row], list[Row]], agreement: Agreement, as_of: date) -> None:
    ours, theirs = (few + fine for few, fine in zip(both, FINE, strict=True))

    assert plain(run_engine(ours, theirs, agreement, as_of)) == run_reference(ours, theirs, agreement, as_of)


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_a_record_repeats_one_whose_match_is_out_of_its_reach(side: str) -> None:
    dates = {"o": date(2026, 3, 10), "t": date(2026, 3, 13)}  # three business days, as many as the window has
    repeated = {"ours": ("o", date(2026, 3, 9)), "theirs": ("t", date(2026, 3, 16))}[side]
    both = {x: [a_row(f"{x}1", booked_on=day), *fine] for (x, day), fine in zip(dates.items(), FINE, strict=True)}
    both[repeated[0]].append(a_row(f"{repeated[0]}2", booked_on=repeated[1]))

    found = run_engine(both["o"], both["t"], an_agreement())

    assert [(row["kind"], row[side], row["of"]) for row in found.breaks.to_pylist()] == [
        ({"ours": "duplicate_in_ledger", "theirs": "duplicate_at_partner"}[side], [f"{repeated[0]}2"], f"{repeated[0]}1")
    ]


@SLOW
@given(both=sides(), agreement=agreements(), shuffled=st.randoms(use_true_random=False))
def test_the_order_of_records_changes_nothing(both: tuple[list[Row], list[Row]], agreement: Agreement, shuffled: Any) -> None:
    once = run_engine(*both, agreement)

    for rows in both:
        shuffled.shuffle(rows)
    again = run_engine(*both, agreement)

    assert again == once


@pytest.mark.parametrize("decimals", [17, 2**62])
def test_an_exponent_beyond_what_amounts_leave_room_for_is_refused(decimals: int) -> None:
    tables = f'[currency]\nexponent = {{ XTS = {decimals} }}\n[fx.rates]\n"EUR/XTS" = "12345.5"\n'
    theirs = a_row("t1", currency="XTS", original_amount_minor=100, original_currency="EUR")

    with pytest.raises(CallError, match=r"multiplies amounts by 12345\.5 .* more than 19 digits"):
        run_engine([a_row("o1")], [theirs], an_agreement(tables=tables))


def outcomes(found: Outcome) -> Counter[tuple[str, str]]:
    """How often each record is in the outcome."""
    seen = Counter((row["side"], row["record_id"]) for table in (found.matches, found.pending) for row in table.to_pylist())
    return seen + Counter((side, i) for row in found.breaks.to_pylist() for side in ("ours", "theirs") for i in row[side])


def assert_value_is_conserved(found: Outcome, both: tuple[list[Row], list[Row]]) -> None:
    """The totals are the sums of the records they speak of, and together they are everything there was."""
    amounts = {(side, row["record_id"]): row for side, rows in zip(("ours", "theirs"), both, strict=True) for row in rows}
    in_breaks = [(side, i) for row in found.breaks.to_pylist() for side in ("ours", "theirs") for i in row[side]]
    for totals, members in (
        (found.matched, [(row["side"], row["record_id"]) for row in found.matches.to_pylist()]),
        (found.pending_totals, [(row["side"], row["record_id"]) for row in found.pending.to_pylist()]),
        (found.in_breaks, in_breaks),
    ):
        expected: Counter[tuple[str, str]] = Counter()
        rows: Counter[tuple[str, str]] = Counter()
        moved: Counter[tuple[str, str]] = Counter()
        for side, i in members:
            expected[amounts[side, i]["currency"], side] += amounts[side, i]["amount_minor"]
            rows[amounts[side, i]["currency"], side] += 1
            moved[amounts[side, i]["currency"], side] += abs(amounts[side, i]["amount_minor"])
        told = {(c, side): getattr(t, f"{side}_rows") for c, t in totals.items() for side in ("ours", "theirs")}
        worth = {(c, side): getattr(t, f"{side}_minor") for c, t in totals.items() for side in ("ours", "theirs")}
        assert +Counter(told) == rows
        assert +Counter({(c, side): getattr(t, f"{side}_moved_minor") for c, t in totals.items() for side in ("ours", "theirs")}) == +moved
        assert {k: v for k, v in worth.items() if v} == {k: v for k, v in expected.items() if v}
