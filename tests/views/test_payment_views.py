"""What people see of payments beside the answer itself: lists, batches, watches, evidence, and the texts written beforehand."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from slack_limits import accept, check_alive, check_blocks, texts
from view_examples import LONG, NASTY, NOW, a_break, a_digest, a_partner, a_record, a_trace, an_event, an_incident, ours, theirs

from breakwater.model.events import NO_CURRENCY
from breakwater.model.expectations import Expected
from breakwater.model.live import LiveAnswer
from breakwater.model.payment_batches import BatchSum, batch_of
from breakwater.model.payment_hits import Hit, Hits, Why
from breakwater.model.payment_watches import Watch
from breakwater.model.payments import PaymentTrace, ProcessingState, ReconciliationState, SourceName, with_answers
from breakwater.model.records import Kind, Side
from breakwater.model.unknown_codes import UnknownCode
from breakwater.views import digests, incident_forms, payment_csv, payment_forms, payment_lists, payment_news, payments
from breakwater.views.blocks import Message

Golden = Callable[[str, Any], None]
NAMES = {"nordbank": "Nordbank", "meridian": "Meridian"}
LATE = Expected(what="its booking on our account", by=NOW - timedelta(days=2), file="statement", overdue=timedelta(days=2), overdue_days=2)
HIT = Hit(reference="pay_8F2K1", sort="ref_payment_id", partner="nordbank", amount_minor=12_000, currency="EUR", day=date(2026, 11, 20))
WATCH = Watch(
    user_id="U0ADA",
    payment_id="pay_8F2K1",
    channel="D0ADA",
    position="x",
    processing=ProcessingState.ACCEPTED,
    since=NOW,
    moved_at=NOW,
)


def rich_trace(word: str = "pay_8F2K1") -> PaymentTrace:
    """A payment with everything: two sides, a refund, a batch, a message without money, an incident, live answers."""
    refund = a_record(
        record_id="nordbank/r", kind=Kind.REFUND, amount_minor=-2_000, ref_payment_id="rf_1", ref_original=word, ref_batch_id="1235", line=9
    )
    statement = "s" * 64
    trace = a_trace(
        reference=word,
        evidence=(
            ours(record=a_record(ref_payment_id=word)),
            theirs(record=a_record(ref_batch_id="1230", source_file=statement, line=1_204)),
            theirs(record=refund),
        ),
        events=(
            an_event(),
            an_event(event_id="e2", occurred_at=datetime(2026, 11, 20, tzinfo=UTC), state="settled", source_file=statement, line=1_204),
            an_event(event_id="e3", state="refunded", amount_minor=0, currency=NO_CURRENCY, occurred_at=NOW, reason=word),
        ),
        breaks=(a_break(links=("INC-0007",)),),
        sources={statement: SourceName(side=Side.THEIRS, name=word, format="camt.053", received_at=NOW)},
        incidents=(an_incident(),),
    )
    answers = (
        LiveAnswer(source=word, partner="nordbank", asked_at=NOW, facts=(word,), references=(("charge", "ch_1"),)),
        LiveAnswer(source="Status page", partner="nordbank", asked_at=NOW, problem="The status page did not answer within 2 seconds."),
        LiveAnswer(source="In-house", partner="nordbank", asked_at=NOW),
    )
    return with_answers(trace, answers)


def a_batch_answer(*, paid_minor: int | None = -11_970, sums: Sequence[BatchSum] = ()) -> Message:
    lines = [
        theirs(record=a_record(fee_minor=30, ref_batch_id="77", account="DE89")),
        theirs(record=a_record(kind=Kind.FEE, amount_minor=-0)),
    ]
    paid = [theirs(record=a_record(kind=Kind.PAYOUT, amount_minor=paid_minor, ref_payment_id="po_1", account="DE89"))] if paid_minor else []
    of_account = [replace(e, record=replace(e.record, account="DE89")) for e in [*lines, *paid]]
    return payment_lists.batch(batch_of("77", of_account, sums=sums), partner_names=NAMES)


def a_sum(kind: Kind, count: int, amount_minor: int) -> BatchSum:
    """Lines of a batch that are too many to read."""
    of = {"partner": "nordbank", "account": "DE89", "currency": "EUR"}
    return BatchSum(side=Side.THEIRS, kind=kind, count=count, amount_minor=amount_minor, fees_minor=0, **of)


MESSAGES: dict[str, Message] = {
    "payment_rich": payments.payment_answer(rich_trace(), partner_names=NAMES, expected=LATE, is_watched=True),
    "payment_found_as": payments.payment_answer(a_trace(reference="pay 8f2k1", found_as="pay_8F2K1"), partner_names=NAMES),
    "payment_hits_several": payment_lists.hits(
        Hits(asked="ORDER-7", why=Why.SEVERAL, hits=(HIT, replace(HIT, reference="pay_2")), more=True), partner_names=NAMES
    ),
    "payment_hits_near": payment_lists.hits(Hits(asked="8F2K1", why=Why.NEAR, hits=(HIT,)), partner_names=NAMES),
    "payment_hits_amount": payment_lists.hits(
        Hits(asked="EUR 120.00 2026-11-20", why=Why.AMOUNT, hits=(HIT,), note="No card was compared."), partner_names=NAMES
    ),
    "payment_batch": a_batch_answer(),
    "payment_batch_off": a_batch_answer(paid_minor=-11_000),
    "payment_batch_open": a_batch_answer(paid_minor=None),
    "payment_batch_cut": a_batch_answer(sums=[a_sum(Kind.PAYMENT, 40_000, 400_000_000), a_sum(Kind.PAYOUT, 1, -399_999_900)]),
    "payment_batch_of_nothing": payment_lists.batch(
        batch_of("77", [theirs(record=a_record(kind=Kind.PAYOUT, amount_minor=-500))]), partner_names=NAMES
    ),
    "payment_watching": payment_lists.watching([WATCH, replace(WATCH, payment_id="pay_2")]),
    "payment_watching_none": payment_lists.watching([]),
    "payment_watch_begun": payment_lists.watch_begun("pay_8F2K1"),
    "payment_watch_ended": payment_lists.watch_ended("pay_8F2K1"),
    "payment_moved": payment_news.moved(a_trace(), was=ProcessingState.ACCEPTED, partner_names=NAMES, expected=None),
    "payment_moved_late": payment_news.moved(a_trace(), was=ProcessingState.SETTLED, partner_names=NAMES, expected=LATE),
    "payment_export_sent": payment_csv.export_sent("pay_8F2K1"),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_messages_look_as_agreed_and_slack_takes_them(name: str, golden: Golden) -> None:
    accept(MESSAGES[name])
    golden(name, MESSAGES[name].payload())


@pytest.mark.parametrize("word", [NASTY, LONG])
def test_foreign_words_stay_words_everywhere(word: str) -> None:
    short = word[:140]
    hit = replace(HIT, reference=short, partner=word)
    accept(payments.payment_answer(rich_trace(short), partner_names={"nordbank": word}, expected=replace(LATE, file=word)))
    accept(payment_lists.hits(Hits(asked=short, why=Why.NEAR, hits=(hit,) * 8, note=word), partner_names={word: word}))
    accept(payment_lists.watching([replace(WATCH, payment_id=short)] * 50))
    accept(payment_news.moved(rich_trace(short), was=ProcessingState.CREATED, partner_names={"nordbank": word}, expected=LATE))
    line = theirs(record=a_record(ref_payment_id=short, account=word, partner=word, ref_batch_id=short))
    accept(payment_lists.batch(batch_of(short, [line] * 30), partner_names={word: word}))
    modal = payment_forms.evidence_modal(short, [payment_forms.Piece(file_name=word, line=1, what=word, raw=word * 20)] * 60)
    check_blocks(modal["blocks"])
    check_alive(texts(modal["blocks"]))
    assert len(modal["blocks"]) <= 100


def words(node: Any) -> list[str]:
    """Every text below a block, code and all."""
    if isinstance(node, dict):
        own = [node["text"]] if isinstance(node.get("text"), str) else []
        return own + [text for value in node.values() for text in words(value)]
    return [text for each in node for text in words(each)] if isinstance(node, list | tuple) else []


def shown(message: Message) -> str:
    return "\n".join(words(message.blocks))


def test_a_message_without_money_shows_no_amount() -> None:
    assert "XXX" not in shown(MESSAGES["payment_rich"])


def test_what_a_source_could_not_tell_is_said_with_how_old_our_news_is() -> None:
    text = shown(MESSAGES["payment_rich"])

    assert "⚠️ The status page did not answer within 2 seconds. What is shown here is as of our files." in text
    assert "*In-house* knows nothing under these references" in text
    assert "Charge `ch_1`" in text


def test_the_buttons_stay_however_much_is_known() -> None:
    crowded = rich_trace()
    many = tuple(an_event(event_id=f"e{n}", reason=LONG, occurred_at=NOW - timedelta(hours=n)) for n in range(300))
    message = payments.payment_answer(replace(crowded, events=many, evidence=crowded.evidence * 40), partner_names=NAMES)

    accept(message)
    assert {"Evidence", "Watch", "Open incident", "Ask the partner", "SQL and CSV"} <= set(shown(message).split("\n"))


def test_an_answer_that_arrives_again_takes_its_own_place() -> None:
    later = LiveAnswer(source="Status page", partner="nordbank", asked_at=NOW, events=(an_event(event_id="live", state="paid_out"),))

    once = with_answers(rich_trace(), [later])

    assert [a.source for a in once.live].count("Status page") == 1
    assert with_answers(once, [later]) == once
    assert "live" in {e.event_id for e in once.events}


# --- evidence, as it was delivered ---


def test_evidence_shows_file_line_and_raw_text_and_can_not_break_out_of_its_frame() -> None:
    raw = 'pay_8F2K1,"12.00",```<!channel>'
    view = payment_forms.evidence_modal("pay_8F2K1", [payment_forms.Piece(file_name="a.csv", line=1_204, what="theirs payment", raw=raw)])

    text = "\n".join(words(view["blocks"]))
    assert "`a.csv` line 1,204 · theirs payment" in text
    assert "```pay_8F2K1,\"12.00\",'''&lt;!channel&gt;```" in text


def test_more_evidence_than_a_modal_holds_is_counted() -> None:
    piece = payment_forms.Piece(file_name="a.ipm", line=3, what="theirs payment", raw=None)

    text = "\n".join(words(payment_forms.evidence_modal("pay_8F2K1", [piece] * 25)["blocks"]))

    assert "5 more pieces are in the CSV" in text
    assert "Not kept as text" in text
    assert "No file that was taken in" in "\n".join(words(payment_forms.evidence_modal("pay_8F2K1", [])["blocks"]))


# --- what is written beforehand ---


def test_the_question_to_the_partner_names_what_it_finds_the_payment_by_and_nothing_of_ours() -> None:
    trace = rich_trace()

    question = payment_forms.question_for(trace, expected=LATE)

    assert "EndToEndId: E2E-8F2K1" in question
    assert "Our reference: pay_8F2K1" in question
    assert "Amount: EUR 120.00" in question
    ours_alone = ("ledger", "break", "B-", "INC-", "matched", "by_end_to_end", "at stake", "record", "Status page")
    assert [w for w in ours_alone if w in question] == []


def test_what_another_partner_calls_the_payment_is_not_told() -> None:
    elsewhere = theirs(record=a_record(partner="meridian", ref_partner_id="PSP-SECRET", kind=Kind.FEE))

    question = payment_forms.question_for(a_trace(evidence=(ours(), theirs(), elsewhere)), expected=None)

    assert "PSP-SECRET" not in question


def test_a_payment_is_settled_since_it_was_said_first() -> None:
    times = [NOW - timedelta(days=5), NOW - timedelta(days=2), NOW]
    events = tuple(an_event(event_id=f"e{n}", state="settled", occurred_at=at) for n, at in enumerate(times))

    text = shown(payments.payment_answer(a_trace(events=events), partner_names=NAMES))

    assert f"*settled* (`ACTC`) since <!date^{int(times[0].timestamp())}^" in text


def test_the_question_says_since_when_we_wait() -> None:
    waiting = a_trace(evidence=(ours(),), events=(an_event(state="accepted"),))

    question = payment_forms.question_for(waiting, expected=LATE)

    assert (
        "The last we know: accepted on 19 Nov 07:12 UTC. We are waiting for its booking on our account, due by 22 Nov 07:12 UTC."
        in question
    )
    assert question.endswith("Please tell us where this payment is, what holds it, and when it will be settled.")


def test_what_we_owe_the_partner_is_not_asked_of_the_partner() -> None:
    recall = replace(LATE, what="our answer to the recall")

    assert "recall" not in payment_forms.question_for(a_trace(), expected=recall)


def test_the_form_of_an_incident_is_filled_in_and_fits() -> None:
    trace = rich_trace(LONG[:140])
    view = incident_forms.open_modal(
        partner=a_partner(),
        title=payment_forms.title_for(trace),
        summary=payment_forms.known_of(trace, expected=LATE),
        partner_text=payment_forms.question_for(trace, expected=LATE),
    )

    fields = {b["block_id"]: b["element"].get("initial_value", "") for b in view["blocks"] if b["type"] == "input"}
    assert fields["title"].startswith("Payment ")
    assert "is late by 2 business days" in fields["summary"]
    assert "EndToEndId" in fields["partner_text"]
    check_blocks(view["blocks"])


# --- CSV and SQL ---


def test_the_csv_has_every_record_and_event_and_no_formula() -> None:
    trace = rich_trace("=cmd()")

    rows = list(csv.DictReader(io.StringIO(payment_csv.payment_csv(trace))))

    assert [row["what"] for row in rows] == ["record"] * 3 + ["event"] * 3
    assert rows[2]["amount_minor"] == "-2000"
    assert {row["ref_payment_id"] for row in rows[:1]} == {"'=cmd()"}
    assert rows[4]["file"] == "'=cmd()"


def test_the_sql_finds_the_same_rows_whatever_they_are_called() -> None:
    trace = a_trace(evidence=(theirs(record=a_record(record_id="it's", source_file="f" * 64)),))

    sql = payment_csv.payment_sql(trace)

    assert "record_id IN ('it''s')" in sql
    assert f"source_file IN ('{'f' * 64}')" in sql
    assert "event_id IN ('e1', 'e2')" in sql


def test_a_late_payment_says_so_in_the_first_lines_and_in_the_notification() -> None:
    trace = a_trace(evidence=(ours(reconciliation=ReconciliationState.PENDING),))

    message = payments.payment_answer(trace, partner_names=NAMES, expected=LATE)

    assert "*late by 2 business days*" in message.blocks[0]["text"]["text"]
    assert "Late: its booking on our account." in message.text


def test_a_digest_names_the_codes_that_nobody_knows() -> None:
    strange = UnknownCode(partner="nordbank", network="sepa", code="ACWP", count=12)
    nameless = UnknownCode(partner="meridian", network=None, code="", count=1)
    quiet = a_digest(partners=(), findings=(), incidents=(), volumes=())

    message = digests.digest(replace(quiet, unknown_codes=(strange, nameless)))

    accept(message)
    assert message.text == "Digest: 2 unknown codes."
    assert "*nordbank*: `ACWP` in 12 events, whose payments are in an unknown state" in shown(message)
    assert "*meridian*: no code at all in 1 event," in shown(message)
    assert "quiet" in digests.digest(quiet).text


def test_what_was_converted_is_no_disagreement() -> None:
    dollars = ours(record=a_record(amount_minor=2_100, currency="USD"))
    settled = a_record(amount_minor=1_937, original_amount_minor=2_100, original_currency="USD")

    converted = payments.payment_answer(a_trace(evidence=(dollars, theirs(record=settled))), partner_names=NAMES)
    differing = payments.payment_answer(
        a_trace(evidence=(dollars, theirs(record=replace(settled, original_amount_minor=2_000)))), partner_names=NAMES
    )

    assert "*USD 21.00*, settled as *EUR 19.37*" in shown(converted)
    assert "ours *USD 21.00*, theirs *EUR 19.37*" in shown(differing)
