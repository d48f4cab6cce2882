"""What the cards of payments, partners, breaks, findings and digests must say, and must not."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from slack_limits import named, nodes
from view_examples import NOW, a_break, a_digest, a_finding, a_late_file, a_record, a_run, a_state, a_trace, an_event, ours, theirs

from breakwater.model import breaks as moves
from breakwater.model.breaks import BreakKind, BreakState
from breakwater.model.findings import FindingKind, FindingState
from breakwater.model.payments import ProcessingState, ReconciliationState
from breakwater.model.runs import BreakFigure, Totals
from breakwater.views import break_offers, breaks, digests, findings, help, payments, recon
from breakwater.views.blocks import Message

NAMES = {"nordbank": "Nordbank"}


def shown(message: Message) -> str:
    """All the text a person sees."""
    return "\n".join(text for text in named(list(message.blocks), "text") if isinstance(text, str))


def test_every_break_kind_and_state_has_its_words() -> None:
    assert set(breaks.KIND_WORDS) == set(BreakKind)
    assert set(breaks.STATE_WORDS) == set(BreakState)
    assert breaks.kind_words("missing_at_partner") == "missing at partner"
    assert breaks.kind_words("brand_new_kind") == "brand new kind"


def test_an_open_break_can_be_acknowledged_at_the_revision_on_show() -> None:
    buttons = nodes(list(breaks.break_card(a_break(revision=3), partner_name="Nordbank").blocks), "button")

    assert [b["action_id"] for b in buttons] == [break_offers.ACKNOWLEDGE]
    assert json.loads(buttons[0]["value"]) == {"break_id": "B-4F1A90C2D7", "revision": 3}


@pytest.mark.parametrize("state", [s for s in BreakState if s is not BreakState.OPEN])
def test_a_break_that_is_not_open_can_not_be_acknowledged(state: BreakState) -> None:
    card = breaks.break_card(a_break(state=state, owner_id="U0ADA"), partner_name="Nordbank")

    assert break_offers.ACKNOWLEDGE not in [b["action_id"] for b in nodes(list(card.blocks), "button")]


def test_an_acknowledged_card_says_who_and_when() -> None:
    card = breaks.break_card(moves.acknowledge(a_break(), owner_id="U0ADA", now=NOW), partner_name="Nordbank")

    assert "*Acknowledged* by <@U0ADA>, <!date^1795504320^" in shown(card)
    assert card.text.endswith("Acknowledged by <@U0ADA>, 24 Nov 07:12 UTC.")


def test_the_list_says_how_many_it_does_not_show() -> None:
    message = breaks.break_list([a_break()] * 40, total=4_000, partner_names=NAMES)

    assert "*4,000 active breaks*, the 15 largest:" in shown(message)
    assert "3,985 more breaks not shown." in shown(message)
    assert len(nodes(list(message.blocks), "button")) == 15 + len(["Acknowledge", "Assign…", "Snooze…", "Resolve…", "More", "All as CSV"])


def test_the_list_says_how_it_is_sorted() -> None:
    def head(**given: Any) -> str:
        return shown(breaks.break_list([a_break()] * 15, total=40, partner_names=NAMES, **given)).split("\n")[0]

    assert head(oldest_first=True) == "*40 active breaks*, the 15 oldest:"
    assert head(page=1) == "*40 active breaks*, 16 to 30, the largest first:"
    assert head(page=1, oldest_first=True) == "*40 active breaks*, 16 to 30, the oldest first:"


def test_the_list_says_what_sleeps_and_until_when() -> None:
    asleep, awake = a_break(snoozed_until=date(2026, 11, 26)), a_break(snoozed_until=date(2026, 11, 24))
    over = a_break(snoozed_until=date(2026, 11, 26), state=BreakState.RESOLVED)

    rows = [
        shown(breaks.break_list([b], total=1, partner_names=NAMES, today={"nordbank": date(2026, 11, 24)})) for b in (asleep, awake, over)
    ]

    assert [("snoozed until 26 Nov 2026" in row, row.count("💤")) for row in rows] == [(True, 1), (False, 0), (False, 0)]


def test_the_list_says_that_currencies_are_not_converted_where_there_are_several() -> None:
    both = [a_break(), a_break(currency="JPY")]

    assert "currencies are not converted" in shown(breaks.break_list(both, total=2, partner_names=NAMES))
    assert "not converted" not in shown(breaks.break_list([a_break()] * 2, total=2, partner_names=NAMES))
    assert "not converted" not in shown(breaks.break_list(both, total=2, partner_names=NAMES, oldest_first=True))


def test_a_payment_keeps_its_three_states_apart() -> None:
    text = shown(payments.payment_answer(a_trace(), partner_names=NAMES))

    assert "Processing: *settled* (`ACSC`)" in text
    assert "Money: *cleared at the partner*" in text
    assert "Reconciliation: *reconciled*" in text


def test_a_payment_in_a_break_leads_with_it() -> None:
    trace = a_trace(evidence=(ours(reconciliation=ReconciliationState.IN_BREAK),), breaks=(a_break(),))

    text = shown(payments.payment_answer(trace, partner_names=NAMES))

    assert text.startswith("🔴 *In a break: amounts differ, EUR 10.00 at stake*")


def test_two_amounts_are_both_shown_where_the_sides_disagree() -> None:
    trace = a_trace(evidence=(ours(), theirs(record=a_record(amount_minor=11_000))))

    assert "ours *EUR 120.00*, theirs *EUR 110.00*" in shown(payments.payment_answer(trace, partner_names=NAMES))


def test_one_sided_evidence_is_said_plainly() -> None:
    only_ours = payments.payment_answer(a_trace(evidence=(ours(),)), partner_names=NAMES)
    only_theirs = payments.payment_answer(a_trace(evidence=(theirs(),)), partner_names=NAMES)
    both = payments.payment_answer(a_trace(), partner_names=NAMES)

    assert "*Only our ledger has it.*" in shown(only_ours)
    assert "*Only the partner has it.*" in shown(only_theirs)
    assert "*Only" not in shown(both)


def test_the_evidence_names_file_place_and_fee() -> None:
    text = shown(payments.payment_answer(a_trace(), partner_names=NAMES))

    assert "*Theirs* payment · *EUR 120.00* · fee EUR 0.30 · 19 Nov 2026 · value 20 Nov 2026" in text
    assert "`camt053_20261120.xml` entry 1,204 · `BOOK` · matched\n" in text + "\n"


def test_every_reference_stands_alone_for_copying_and_none_twice() -> None:
    text = shown(payments.payment_answer(a_trace(), partner_names=NAMES))

    assert "Payment id `pay_8F2K1`\nEndToEndId `E2E-8F2K1`\nUETR `97ed4827`" in text


def test_the_event_beside_the_state_is_the_one_that_made_it() -> None:
    refunded = an_event(event_id="e2", state="refunded", raw_code="RFND", occurred_at=NOW - timedelta(days=3))
    paid_out = an_event(event_id="e3", state="paid_out", raw_code="PAYOUT", occurred_at=NOW - timedelta(days=1))

    text = shown(payments.payment_answer(a_trace(events=(an_event(), refunded, paid_out)), partner_names=NAMES))

    assert "Processing: *refunded* (`RFND`) since <!date^1795245120^" in text


def test_an_event_code_nobody_knows_is_not_taken_for_success() -> None:
    trace = a_trace(events=(an_event(state="brand_new_state", raw_code="X9"),))

    text = shown(payments.payment_answer(trace, partner_names=NAMES))

    assert "Processing: *unknown* (`X9`)" in text
    assert "*unknown state brand_new_state* `X9`" in text


def test_every_processing_state_has_words() -> None:
    assert set(payments.PROCESSING_WORDS) == set(ProcessingState)


def test_a_payment_that_is_not_found_says_what_was_searched_and_never_repeats_a_card_number() -> None:
    message = payments.payment_not_found("4111 1111 1111 1111", searched="UETRs on both sides")

    assert "Searched: UETRs on both sides." in shown(message)
    assert "4111 1111" not in message.text + shown(message)


def test_what_is_pending_does_not_lower_the_share_that_is_matched() -> None:
    run = a_run(
        matched={
            "EUR": Totals(ours_rows=90, ours_minor=900, theirs_rows=90, theirs_minor=900, ours_moved_minor=900, theirs_moved_minor=900)
        },
        in_breaks={"EUR": Totals(ours_rows=20, ours_minor=-100, theirs_rows=0, theirs_minor=0, ours_moved_minor=100, theirs_moved_minor=0)},
    )

    text = shown(recon.reconciliation([a_state(run=run)]))

    assert "Matched *90.0 %* by count; by value EUR 94.7 %; 203 pending, still in time" in text


def test_a_run_of_which_nothing_is_due_says_so() -> None:
    text = shown(recon.reconciliation([a_state(run=a_run(matched={}, in_breaks={}))]))

    assert "Nothing is due yet; 203 pending, still in time" in text


def test_rows_and_money_of_both_sides_are_shown() -> None:
    text = shown(recon.reconciliation([a_state()]))

    assert "matched: 10,234 on each side, *EUR 1,234,567.00*" in text
    assert "in breaks: ours 9, *EUR 10,000.00* / theirs 3, *EUR 2,345.00*" in text


def test_the_kinds_worth_most_come_first() -> None:
    text = shown(recon.reconciliation([a_state()]))

    assert text.index("• Missing at partner: 9 · *EUR 10,000.00*") < text.index("• Amounts differ: 3 · *EUR 15.00*")
    assert "Age in business days T+0–2: 10 · T+3–5: 2 · acknowledged 4 of 12" in text


def test_a_partner_without_a_run_says_what_to_do() -> None:
    text = shown(recon.reconciliation([a_state(run=None, active={}, ageing=())]))

    assert "not reconciled yet" in text
    assert "put them into the partner's folder" in text
    assert "%" not in text


def test_with_many_partners_the_one_with_late_files_leads() -> None:
    states = [a_state(partner_name=name, late_files=late) for name, late in (("A", ()), ("B", ()), ("C", ()), ("D", (a_late_file(),)))]

    text = shown(recon.reconciliation(states))

    assert text.startswith("*48 breaks at 4 of 4 partners, worth EUR 40,060.00 · 1 file late*\n🔴 *D*")


def test_amounts_of_different_currencies_are_never_added() -> None:
    state = a_state(active={BreakKind.FEE_VARIANCE: BreakFigure(count=2, value_minor={"EUR": 100, "JPY": 100, "KWD": 100})})

    assert "worth *EUR 1.00* + *JPY 100* + *KWD 0.100*" in shown(recon.reconciliation([state]))


def test_a_quiet_day_is_one_line() -> None:
    message = digests.digest(a_digest(partners=(a_state(active={}, ageing=()),), findings=(), incidents=()))

    assert len(message.blocks) == 1
    assert "\n" not in shown(message)
    assert message.chart is None


@pytest.mark.parametrize(
    "trouble",
    [
        {"findings": (a_finding(),)},
        {"partners": (a_state(active={}, ageing=(), late_files=(a_late_file(),)),)},
        {"partners": (a_state(),)},
    ],
    ids=["finding", "late file", "breaks"],
)
def test_a_day_with_trouble_is_not_quiet(trouble: dict[str, Any]) -> None:
    quiet = {"partners": (a_state(active={}, ageing=()),), "findings": (), "incidents": ()}

    assert "quiet" not in digests.digest(a_digest(**{**quiet, **trouble})).text


def test_late_and_missing_files_are_told_apart_on_the_partners_clock() -> None:
    missing = a_late_file(stream="settlement", is_missing=True)
    text = shown(recon.reconciliation([a_state(active={}, ageing=(), late_files=(missing, a_late_file(), missing))]))

    assert "*Nordbank*: 2 files missing, 1 late" in text
    assert "⏰ Settlement of 23 Nov is missing, was due 24 Nov 07:00 (Europe/Berlin)" in text
    assert "⏰ Statement of 23 Nov is late, was due 24 Nov 07:00 (Europe/Berlin)" in text


def test_a_late_file_that_goes_missing_is_not_newly_late() -> None:
    before = a_digest(partners=(a_state(late_files=(a_late_file(),)),)).told()
    digest = a_digest(partners=(a_state(late_files=(a_late_file(is_missing=True),)),), before=before)

    assert "newly late" not in shown(digests.digest(digest))


def test_late_files_come_before_findings_and_breaks() -> None:
    text = shown(digests.digest(a_digest()))

    assert text.startswith("🔴 1 file late · 1 finding · 12 breaks · 1 incident open")
    assert text.index("*Files late or missing*") < text.index("*Findings*") < text.index("*Breaks*") < text.index("*Incidents*")


def test_a_late_file_is_told_once() -> None:
    finding = a_finding(kind=FindingKind.FILE_LATE, partner="nordbank", summary="The statement is late.")

    assert "The statement is late" not in shown(digests.digest(a_digest(findings=(finding,))))
    assert "The statement is late" in shown(digests.digest(a_digest(partners=(), findings=(finding,))))


def test_a_recovered_finding_is_no_news_in_a_digest() -> None:
    assert "*Findings*" not in shown(digests.digest(a_digest(findings=(a_finding(state=FindingState.RECOVERED),))))


def test_sixty_findings_are_cut_and_counted() -> None:
    text = shown(findings.findings([a_finding()] * 60, at=NOW, cards={}))

    assert text.startswith("*60 open findings*")
    assert "_… and 47 more: `/anomalies PARTNER`_" in text


def test_a_finding_says_what_where_since_against_what_worth_what_and_what_next() -> None:
    text = shown(findings.findings([a_finding(since=NOW - timedelta(hours=3))], at=NOW, cards={}))

    assert "🔴 *Approvals down.* Approval rate at Meridian in GBP fell from 92.1 % to 61.0 %." in text
    assert "expected 92.1 % approved" in text
    assert "meridian · cards · GBP · since <!date^1795493520^" in text
    assert "*GBP 12,345.00* at risk" in text
    assert "*Next:* Look at the decline reasons" in text


@pytest.mark.parametrize("command", help.HELP)
def test_help_shows_every_command_with_an_example(command: str) -> None:
    assert f"`{command} " in shown(help.command_help(command))


def test_a_wrong_argument_is_explained_by_an_example() -> None:
    message = help.wrong_argument("/recon", "There is no partner '<!here>'.", "/recon nordbank")

    assert "There is no partner '&lt;!here&gt;'." in shown(message)
    assert "For example `/recon nordbank`" in shown(message)
    assert "For example: /recon nordbank." in message.text
