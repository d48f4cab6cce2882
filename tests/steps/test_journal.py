"""The journal for accounting: what is agreed is booked once, what is opened again is taken back, and a period never changes."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from break_work import ADA, AUTHORITY, BEN, NOW, PARTNERS, PEOPLE, a_break, a_click, a_proposal
from hypothesis import given
from hypothesis import strategies as st

from breakwater.errors import RefusedError
from breakwater.model import breaks as moves
from breakwater.model.access import SYSTEM, Role
from breakwater.model.breaks import Break, BreakState
from breakwater.model.journal import JournalEntry, entry_of, lines
from breakwater.model.money import exponent, minor_from_major
from breakwater.model.periods import Month
from breakwater.model.proposals import Effect, ProposalKind, ReasonCode, Tied
from breakwater.steps import breaks as steps
from breakwater.steps.journal import JournalExport, export, export_month
from breakwater.store import audit, writes
from breakwater.store.database import Database
from breakwater.views.journal_csv import journal_csv

DAY = date(2026, 11, 20)
NEXT_DAY = NOW + timedelta(days=1)
BANKED = {"meridian": replace(PARTNERS["meridian"], clearing_account="1460")}


def agreed(database: Database, name: str = "f1", *, now: datetime = NOW, **changes: Any) -> Break:
    """A break that Ada proposed to book and Ben agreed to at `now`."""
    with database.transaction() as tx:
        brk = a_break(name)
        writes.insert_breaks(tx, [brk], actor=SYSTEM, now=NOW)
    with database.transaction() as tx:
        brk = steps.propose(tx, a_click(brk), proposal=a_proposal(**changes))
    with database.transaction() as tx:
        return steps.approve(tx, a_click(brk, BEN, now=now), authority=AUTHORITY)


def exported(database: Database, *, first: date = DAY, last: date = DAY, now: datetime = NEXT_DAY, **changes: Any) -> str:
    with database.transaction() as tx:
        return export(tx, actor=BEN, first=first, last=last, partners=BANKED, now=now, **changes).csv


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def sums(text: str) -> dict[tuple[str, str], Decimal]:
    total: Counter[tuple[str, str]] = Counter()
    for row in rows_of(text):
        total[row["entry"], row["currency"]] += Decimal(row["debit"] or 0) - Decimal(row["credit"] or 0)  # type: ignore[assignment]
    return dict(total)  # type: ignore[arg-type]


def test_an_agreed_write_off_is_two_lines(database: Database) -> None:
    brk = agreed(database)

    debit, credit = rows_of(exported(database))

    said = {
        "date": "2026-11-20",
        "currency": "EUR",
        "reference": "PSP-f1",
        "break": brk.id,
        "booking": "write_off",
        "reason": "bank_charge",
    }
    assert {name: debit[name] for name in said} == said == {name: credit[name] for name in said}
    assert (debit["account"], debit["debit"], debit["credit"]) == ("1799", "12.50", "")
    assert (credit["account"], credit["debit"], credit["credit"]) == ("1460", "", "12.50")
    assert (debit["proposed_by"], debit["approved_by"], debit["first_exported_in"]) == (ADA.id, BEN.id, "2026-11-20..2026-11-20")


def test_a_gain_is_credited_and_a_correction_is_booked_too(database: Database) -> None:
    agreed(database, kind=ProposalKind.CORRECTION, effect=Effect.GAIN, amount_minor=1_000)

    debit, credit = rows_of(exported(database))

    assert (debit["account"], credit["account"], debit["booking"], debit["debit"]) == ("1460", "1799", "correction", "10.00")


def test_a_match_by_hand_and_a_plain_explanation_book_nothing(database: Database) -> None:
    one_of_each = {side: (Tied(record_id=f"{side}-1", amount_minor=1_250, currency="EUR"),) for side in ("ours", "theirs")}
    agreed(database, kind=ProposalKind.MANUAL_MATCH, **one_of_each)
    with database.transaction() as tx:
        brk = a_break("plain")
        writes.insert_breaks(tx, [brk], actor=SYSTEM, now=NOW)
        steps.resolve(tx, a_click(brk), reason="Came on Monday.")

    assert rows_of(exported(database)) == []


def test_what_is_opened_again_is_taken_back_by_a_person_or_a_run(database: Database) -> None:
    by_hand, by_run = agreed(database, "hand"), agreed(database, "run")
    with database.transaction() as tx:
        steps.reopen(tx, a_click(by_hand, now=NOW + timedelta(hours=1)), reason="It was another one.")
        again = moves.reopen(moves.restate(by_run, seen=a_break("run", amount_minor=9_999)))
        writes.save_breaks(tx, [(by_run, again, "reopen")], actor=SYSTEM, now=NOW + timedelta(hours=2))

    rows = rows_of(exported(database))

    assert [r["booking"] for r in rows[::2]] == ["write_off", "write_off", "reversal of write_off", "reversal of write_off"]
    assert {r["approved_by"] for r in rows[4:]} == {ADA.id, "system"}
    by_account: Counter[str] = Counter()
    for row in rows:
        by_account[row["account"]] += Decimal(row["debit"] or 0) - Decimal(row["credit"] or 0)  # type: ignore[assignment]
    assert by_account == {"1799": 0, "1460": 0}


def test_the_same_period_again_is_the_same_bytes_whatever_happened_since(database: Database) -> None:
    brk = agreed(database)
    first = exported(database)
    agreed(database, "later", now=NEXT_DAY)
    with database.transaction() as tx:
        steps.reopen(tx, a_click(brk, now=NEXT_DAY), reason="It was another one.")
        renamed = {"meridian": replace(BANKED["meridian"], clearing_account="9999")}
        second = export(tx, actor=SYSTEM, first=DAY, last=DAY, partners=renamed, now=NEXT_DAY + timedelta(days=90)).csv

    assert len(rows_of(first)) == 2
    assert second == first


def test_a_booking_that_was_under_way_when_its_day_was_exported_is_not_lost(database: Database) -> None:
    agreed(database)
    first = exported(database)

    agreed(database, "slow")

    assert len(rows_of(exported(database))) == 4 == len(rows_of(first)) + 2


def test_a_longer_period_says_which_lines_were_exported_before(database: Database) -> None:
    agreed(database)
    exported(database)

    rows = rows_of(exported(database, first=date(2026, 11, 1), last=date(2026, 11, 30), now=datetime(2026, 12, 2, tzinfo=UTC)))

    assert {r["first_exported_in"] for r in rows} == {"2026-11-20..2026-11-20"}


@pytest.mark.parametrize(
    ("now", "said"),
    [(NOW, "2026-11-20 is not over yet"), (datetime(2026, 11, 21, 0, 9, tzinfo=UTC), "2026-11-20 is not over yet")],
)
def test_a_period_that_is_not_over_is_refused(database: Database, now: datetime, said: str) -> None:
    with pytest.raises(RefusedError, match=said) as refused:
        exported(database, now=now)

    assert "Export through 2026-11-19" in refused.value.remedy


def test_a_month_can_be_asked_for_once_it_is_over_and_until_then_the_one_before(database: Database) -> None:
    agreed(database)
    november = Month(2026, 11)

    def asked(now: datetime) -> JournalExport:
        with database.transaction() as tx:
            return export_month(tx, actor=SYSTEM, month=november, partners=BANKED, now=now)

    with pytest.raises(RefusedError, match="2026-11 is not over yet") as refused:
        asked(datetime(2026, 12, 1, 0, 9, tzinfo=UTC))

    assert "`/recon journal 2026-10`" in refused.value.remedy
    assert asked(datetime(2026, 12, 1, 0, 10, tzinfo=UTC)).bookings == 1


def test_who_may_not_and_a_period_backwards_are_refused(database: Database) -> None:
    with pytest.raises(RefusedError, match="'approver' to have the journal"), database.transaction() as tx:
        export(tx, actor=PEOPLE[Role.OPERATOR], first=DAY, last=DAY, partners=BANKED, now=NEXT_DAY)
    with pytest.raises(RefusedError, match="is after"):
        exported(database, first=DAY, last=date(2026, 11, 19))


def test_each_export_is_audited_with_its_hash(database: Database) -> None:
    agreed(database)
    exported(database)
    exported(database)

    with database.transaction() as tx:
        one, two = audit.entries(tx, "2026-11-20..2026-11-20")
        assert one.detail == two.detail
        assert one.detail["bookings"] == 1
        assert audit.verify(tx) == []


def test_a_partner_without_an_account_has_a_speaking_one(database: Database) -> None:
    agreed(database)

    with database.transaction() as tx:
        made = export(tx, actor=BEN, first=DAY, last=DAY, partners=PARTNERS, now=NEXT_DAY)

    assert rows_of(made.csv)[1]["account"] == "clearing-meridian"


def test_no_cell_is_a_formula(database: Database) -> None:
    agreed(database, account='=HYPERLINK("x")', note="@SUM(A1)\n+1")

    debit, _ = rows_of(exported(database))

    assert (debit["account"], debit["note"]) == ('\'=HYPERLINK("x")', "'@SUM(A1) +1")


ENTRIES = st.builds(
    JournalEntry,
    id=st.uuids().map(str),
    break_id=st.just("B-1"),
    partner=st.sampled_from(["nordbank", "meridian"]),
    kind=st.sampled_from([ProposalKind.WRITE_OFF, ProposalKind.CORRECTION]),
    is_reversal=st.booleans(),
    effect=st.sampled_from(Effect),
    account=st.text(min_size=1, max_size=20),
    amount_minor=st.integers(1, 10**15),
    currency=st.sampled_from(["EUR", "JPY", "KWD", "CLF"]),
    reference=st.text(max_size=20),
    reason=st.sampled_from(ReasonCode),
    note=st.text(max_size=40),
    proposed_by=st.just("U0ADA"),
    approved_by=st.just("U0BEN"),
    booked_at=st.just(NOW),
    export=st.just("x"),
    contra_account=st.just("1460"),
)


@given(entries=st.lists(ENTRIES, max_size=12))
def test_every_entry_sums_to_zero_in_its_currency_and_loses_no_digit(entries: list[JournalEntry]) -> None:
    text = journal_csv(entries)

    assert sums(text) == {(e.id, e.currency): 0 for e in entries}
    debits = [minor_from_major(r["debit"], exponent(r["currency"])) for r in rows_of(text) if r["debit"]]
    assert debits == [e.amount_minor for e in entries]
    assert all(
        first.account != second.account or first.account == "1460" for e in entries for first, second in [lines(e, contra_account="1460")]
    )


def test_an_entry_is_made_only_when_a_booking_begins_or_ends() -> None:
    over = a_break(state=BreakState.WRITTEN_OFF, proposal=a_proposal(decided_by="U0BEN", decided_at=NOW), revision=4)

    assert entry_of(over, over, by="U0BEN", now=NOW) is None
    assert entry_of(over, moves.restate(over, seen=a_break(amount_minor=7)), by="system", now=NOW) is None
    assert entry_of(a_break(), a_break(state=BreakState.RESOLVED), by="U0BEN", now=NOW) is None
