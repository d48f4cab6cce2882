"""From what somebody typed to an answer: both sides' records and events by any reference, exact first, a near miss only offered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from sqlalchemy import select

from breakwater.errors import RefusedError
from breakwater.lake.parts import Lake
from breakwater.model.access import SYSTEM
from breakwater.model.calendar import named_calendar
from breakwater.model.digests import Subscription
from breakwater.model.events import EVENT_SCHEMA, NO_CURRENCY, Event
from breakwater.model.files import SourceFile
from breakwater.model.incidents import Incident, Severity
from breakwater.model.partners import Partner
from breakwater.model.payment_batches import Batch
from breakwater.model.payment_hits import Hits, Why
from breakwater.model.payments import MoneyState, PaymentTrace, ProcessingState
from breakwater.model.records import RECORD_SCHEMA, Kind, Record, Side
from breakwater.steps import digest
from breakwater.steps.look_up import Tracing
from breakwater.steps.traffic import Traffic
from breakwater.store import writes
from breakwater.store.database import Database, open_database
from breakwater.store.tables import delivery

NOW = datetime(2026, 11, 24, 9, 15, tzinfo=UTC)
DAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def a_record(record_id: str, **changes: Any) -> Record:
    given: dict[str, Any] = {"kind": Kind.PAYMENT, "amount_minor": 1_250, "currency": "EUR", "booked_on": DAY, "partner": "nordbank"}
    return Record(record_id=record_id, **{**given, "network": "sepa", **changes})


def an_event(event_id: str, state: str, **changes: Any) -> Event:
    given: dict[str, Any] = {"payment_id": "pay_1", "partner": "nordbank", "occurred_at": NOON, "amount_minor": 1_250, "currency": "EUR"}
    return Event(event_id=event_id, state=state, **{**given, "network": "sepa", **changes})


def a_partner(partner_id: str) -> Partner:
    return Partner(
        id=partner_id,
        name=partner_id.title(),
        network="sepa",
        calendar=named_calendar("TARGET2"),
        calendar_name="TARGET2",
        time_zone=ZoneInfo("Europe/Berlin"),
        cut_off=time(17),
        live_from=date(2026, 1, 1),
        agreement=partner_id,
    )


class Company:
    """A lake and a store to fill."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.lake = database, Lake(folder / "lake")
        self.tracing = Tracing(database, self.lake, partners={p: a_partner(p) for p in ("nordbank", "meridian")})
        self._files = 0

    def deliver(self, side: Side, *, records: Iterable[Record] = (), events: Iterable[Event] = (), format: str = "camt.053") -> None:
        """One file of these records and events, taken in."""
        self._files += 1
        sha256 = f"{self._files:064x}"
        rows = [{**asdict(r), "kind": str(r.kind), "source_file": sha256, "line": n} for n, r in enumerate(records, start=1)]
        told = [{**asdict(e), "source_file": sha256, "line": n} for n, e in enumerate(events, start=1)]
        parts = [
            part
            for content, held, schema in (("records", rows, RECORD_SCHEMA), ("events", told, EVENT_SCHEMA))
            for part in self.lake.write(iter([pa.RecordBatch.from_pylist(held, schema=schema)]), content=content, side=side, sha256=sha256)
            if held
        ]
        file = SourceFile(
            partner="nordbank" if side is Side.THEIRS else "ledger",
            sha256=sha256,
            stream="statement",
            side=side,
            format=format,
            name=f"{side}-{self._files}.xml",
            business_date=DAY,
            received_at=NOW,
            records=len(rows),
            events=len(told),
            state="ingested",
            parts=tuple(parts),
            logical_keys=(sha256,),
            notices=(),
        )
        with self.database.transaction() as tx:
            writes.save_source_file(tx, file, actor=SYSTEM, now=NOW)

    def trace(self, asked: str) -> PaymentTrace:
        found = self.tracing.look_up(asked, now=NOW)
        assert isinstance(found, PaymentTrace)
        return found

    def hits(self, asked: str) -> Hits:
        found = self.tracing.look_up(asked, now=NOW)
        assert isinstance(found, Hits)
        return found


@pytest.fixture
def company(sqlite_template: Path, tmp_path: Path) -> Iterator[Company]:
    (tmp_path / "b.db").write_bytes(sqlite_template.read_bytes())
    with closing(open_database(f"sqlite:///{tmp_path / 'b.db'}")) as opened:
        yield Company(opened, tmp_path)


OURS = a_record("L-1", ref_payment_id="pay_1", ref_end_to_end_id="E2E-2026-000017", ref_uetr="97ed4827-7b6f-4491-a06f-b548d5a7512d")
THEIRS = a_record("S-1", ref_partner_id="NB0042", ref_end_to_end_id="E2E-2026-000017", ref_tx_id="TX9", raw_status="BOOK")


def both_sides(company: Company) -> None:
    company.deliver(Side.OURS, records=[OURS], events=[an_event("e1", "accepted", raw_code="ACSP")])
    company.deliver(Side.THEIRS, records=[THEIRS])


@pytest.mark.parametrize(
    "typed", ["pay_1", "PAY_1 ", "E2E-2026-000017", "NB0042", "TX9", "97ed4827-7b6f-4491-a06f-b548d5a7512d", "S-1", "nb0042"]
)
def test_every_reference_leads_to_both_sides_and_their_events(company: Company, typed: str) -> None:
    both_sides(company)

    found = company.trace(typed)

    assert [(e.side, e.record.record_id) for e in found.evidence] == [(Side.OURS, "L-1"), (Side.THEIRS, "S-1")]
    assert [e.event_id for e in found.events] == ["record:S-1", "e1"]
    assert (found.payment_id, found.partner, found.processing, found.money) == ("pay_1", "nordbank", "settled", MoneyState.CLEARED)
    assert (found.found_as or found.reference.strip()).casefold() == typed.strip().casefold()


@pytest.mark.parametrize("typed", ["97ed48277b6f4491a06fb548d5a7512d", "e2e 2026 000017", "97ED4827 7B6F 4491 A06F B548D5A7512D"])
def test_blanks_and_dashes_are_for_the_eye(company: Company, typed: str) -> None:
    both_sides(company)

    found = company.trace(typed)

    assert found.payment_id == "pay_1"
    assert found.reference == typed
    assert found.found_as in ("97ed4827-7b6f-4491-a06f-b548d5a7512d", "E2E-2026-000017")


@pytest.mark.parametrize("typed", ["000NB0042", "E2E-2026-000017-AND-MORE-OF-IT"])
def test_leading_zeros_and_cuts_are_offered_and_never_assumed(company: Company, typed: str) -> None:
    company.deliver(Side.THEIRS, records=[a_record("S-1", ref_partner_id="NB0042"), a_record("S-2", ref_partner_id="E2E-2026-000017-")])

    found = company.hits(typed)

    assert found.why is Why.NEAR
    assert [hit.reference for hit in found.hits] in (["NB0042"], ["E2E-2026-000017-"])


def test_what_nobody_knows_is_not_found_and_the_answer_says_what_was_searched(company: Company) -> None:
    both_sides(company)

    found = company.trace("pay_2")

    assert not found.known
    assert "EndToEndIds" in found.searched


@pytest.mark.parametrize("typed", ["123.45", "123.45 nordbank", "123.45 2026-11-20"])
def test_what_reads_as_an_amount_and_is_no_reference_is_told_how_to_look_for_an_amount(company: Company, typed: str) -> None:
    both_sides(company)

    with pytest.raises(RefusedError) as refused:
        company.trace(typed)

    assert refused.value.message.startswith(f"No payment has the reference {typed}. For an amount of 123.45 I need")
    assert "/payment 123.45 EUR 2026-11-20" in refused.value.remedy


def test_a_reference_that_reads_as_an_amount_is_found(company: Company) -> None:
    company.deliver(Side.OURS, records=[replace(OURS, ref_end_to_end_id="2026.001")])

    assert company.trace("2026.001").known


def test_a_partners_own_messages_count(company: Company) -> None:
    """A status report and a notification name the transfer by its EndToEndId alone; our ledger has the payment id."""
    company.deliver(Side.OURS, records=[OURS], events=[an_event("e1", "created")])
    rejected = an_event("M1/E2E/0", "rejected", payment_id="E2E-2026-000017", occurred_at=NOW, raw_code="RJCT", reason="AC04")
    company.deliver(Side.THEIRS, events=[rejected], format="pain.002")

    for typed in ("pay_1", "E2E-2026-000017"):
        found = company.trace(typed)
        assert (found.processing, [e.raw_code for e in found.events]) == ("rejected", [None, "RJCT"])
        assert {s.format for s in found.sources.values()} == {"camt.053", "pain.002"}


def test_a_message_alone_is_an_answer_too_and_leads_to_what_it_names(company: Company) -> None:
    held = an_event("M1", "on_hold", payment_id="E2E-9", ref_uetr="u-9", raw_code="PDNG", amount_minor=0, currency=NO_CURRENCY)
    company.deliver(Side.THEIRS, events=[held], format="pacs.002")

    assert company.trace("u-9").processing is ProcessingState.ON_HOLD
    assert company.trace("E2E-9").events == company.trace("u-9").events


@pytest.mark.parametrize(
    ("kind", "format", "state"),
    [
        (Kind.PAYMENT, "camt.053", "settled"),
        (Kind.PAYMENT, "pacs.008", "clearing"),
        (Kind.RETURN, "pacs.004", "returned"),
        (Kind.REFUND, "adyen-settlement", "refunded"),
        (Kind.CHARGEBACK, "adyen-settlement", "disputed"),
        (Kind.CHARGEBACK_REVERSAL, "adyen-settlement", "dispute_won"),
        (Kind.PAYOUT, "camt.053", "settled"),
        (Kind.FEE, "camt.053", "unknown"),
    ],
)
def test_a_partners_record_says_what_happened(company: Company, kind: Kind, format: str, state: str) -> None:
    company.deliver(Side.THEIRS, records=[a_record("S-1", kind=kind, ref_end_to_end_id="E2E-1")], format=format)

    assert company.trace("E2E-1").processing == state


def test_a_reference_on_several_payments_is_a_list_and_a_payment_id_means_its_payment(company: Company) -> None:
    company.deliver(
        Side.OURS, records=[a_record(f"L-{n}", ref_payment_id=f"pay_{n}", ref_network_id="ORDER-7", amount_minor=n) for n in range(1, 11)]
    )

    found = company.hits("order-7")

    assert (found.why, len(found.hits), found.more) == (Why.SEVERAL, 8, True)
    alone = company.trace("pay_3")
    assert ([e.record.record_id for e in alone.evidence], len(alone.other_payment_ids)) == (["L-3"], 9)


@pytest.mark.parametrize("typed", ["12.50 EUR 2026-11-20", "EUR12,50 2026-11-20 nordbank", "411111…1111 12.50 EUR 2026-11-20"])
def test_an_amount_on_a_day_leads_to_the_one_payment_that_fits(company: Company, typed: str) -> None:
    both_sides(company)

    found = company.trace(typed)

    assert found.found_as == "pay_1"
    assert {e.record.record_id for e in found.evidence} == {"L-1", "S-1"}


def test_a_masked_card_that_no_file_shows_says_that_amount_and_day_alone_were_compared(company: Company) -> None:
    both_sides(company)

    assert company.trace("411111******1111 12.50 EUR 2026-11-20").searched.startswith("No file shows 411111…1111")


def test_a_masked_card_is_looked_for_in_the_files_as_they_were_delivered(company: Company) -> None:
    company.deliver(Side.THEIRS, records=[a_record(f"S-{n}", ref_partner_id=f"NB{n}") for n in (1, 2, 3)])
    lines = {1: "NB1;411111******1111", 2: "NB2;555555******4444", 3: "NB3"}
    tracing = replace(company.tracing, raw_record=lambda sha256, name, format, line, names: lines[line])

    seen = tracing.look_up("555555…4444 12.50 EUR 2026-11-20", now=NOW)
    unseen = tracing.look_up("400000…0000 12.50 EUR 2026-11-20", now=NOW)

    assert isinstance(seen, PaymentTrace)
    assert (seen.found_as, seen.searched) == ("NB2", "555555…4444 stands in the files of what is shown.")
    assert isinstance(unseen, Hits)
    assert (len(unseen.hits), unseen.note) == (3, "No file shows 400000…0000, so amount and day alone were compared.")


def test_several_of_an_amount_are_a_list_each_payment_once(company: Company) -> None:
    both_sides(company)
    company.deliver(Side.THEIRS, records=[a_record("S-9", ref_end_to_end_id="E2E-9")])
    company.deliver(Side.OURS, events=[an_event("e9", "failed", payment_id="pay_9", partner="meridian")])

    found = company.hits("12.50 EUR 2026-11-20")

    assert (found.why, [h.reference for h in found.hits]) == (Why.AMOUNT, ["pay_9", "E2E-9", "pay_1"])
    assert company.trace("12.50 EUR 2026-11-20 meridian").found_as == "pay_9"


def test_an_amount_of_another_day_is_only_offered(company: Company) -> None:
    both_sides(company)

    assert company.hits("12.50 EUR 2026-11-23").why is Why.NEAR_DAY
    assert not company.trace("12.50 EUR 2026-11-24").known
    assert not company.trace("12.50 USD 2026-11-20").known


@pytest.mark.parametrize("typed", ["20.00 XYZ 2026-11-20", "20.00xyz 2026-11-20", "20.00 XYZ", "20.00 XYZ 2026-11-20 nordbank"])
def test_a_currency_that_is_none_is_refused_by_its_name(company: Company, typed: str) -> None:
    both_sides(company)

    with pytest.raises(RefusedError, match="'XYZ' is no currency"):
        company.tracing.look_up(typed, now=NOW)


def test_a_partner_of_three_letters_is_not_taken_for_a_currency(company: Company) -> None:
    tracing = replace(company.tracing, partners={"psp": a_partner("psp")})

    with pytest.raises(RefusedError, match="I need its currency and its day"):
        tracing.look_up("20.00 psp 2026-11-20", now=NOW)


def test_a_day_that_has_not_come_is_refused_unless_something_is_dated_then(company: Company) -> None:
    ahead = date(2026, 11, 30)
    company.deliver(Side.THEIRS, records=[a_record("S-9", booked_on=ahead, ref_partner_id="AHEAD")])

    with pytest.raises(RefusedError, match="2026-12-24 has not come yet"):
        company.tracing.look_up("12.50 EUR 2026-12-24", now=NOW)
    assert company.trace("12.50 EUR 2026-11-30").found_as == "AHEAD"
    assert not company.trace("99.50 EUR 2026-11-24").known


@pytest.mark.parametrize(
    ("typed", "found_as"), [("PAY_1", "pay_1"), ("nb0042", "NB0042"), ("s-1", "S-1"), ("pay_1", None), ("E2E-2026-000017", None)]
)
def test_a_reference_typed_in_another_case_says_how_it_is_written(company: Company, typed: str, found_as: str | None) -> None:
    both_sides(company)

    assert company.trace(typed).found_as == found_as


def test_a_batch_typed_in_another_case_is_named_as_it_is_written(company: Company) -> None:
    company.deliver(Side.THEIRS, records=[a_record("S-1", ref_payment_id="pay_1", ref_batch_id="Batch-A")])

    batch = company.tracing.look_up("bATCH-a", now=NOW)

    assert isinstance(batch, Batch)
    assert batch.reference == "Batch-A"


def test_a_partner_nobody_knows_is_refused_with_the_nearest(company: Company) -> None:
    with pytest.raises(RefusedError, match="Did you mean 'nordbank'"):
        company.tracing.look_up("12.50 EUR 2026-11-20 nordbnk", now=NOW)


def test_a_batch_shows_what_is_in_it_and_whether_it_adds_up(company: Company) -> None:
    lines = [
        a_record("S-1", ref_payment_id="pay_1", amount_minor=10_000, fee_minor=100, ref_batch_id="77", account="EU"),
        a_record("S-2", ref_payment_id="pay_2", amount_minor=5_000, ref_batch_id="77", account="EU"),
        a_record("S-3", kind=Kind.PAYOUT, amount_minor=-14_900, ref_batch_id="77", account="EU"),
    ]
    company.deliver(Side.THEIRS, records=lines, format="adyen-settlement")
    company.deliver(Side.OURS, records=[a_record("L-9", kind=Kind.PAYOUT, ref_payment_id="po_1", ref_batch_id="77", account="EU")])

    batch = company.tracing.look_up("77", now=NOW)
    payout = company.trace("po_1")

    assert isinstance(batch, Batch)
    assert [(s.count, s.net_minor, s.difference_minor) for s in batch.sheets] == [(2, 14_900, 0)]
    assert [e.record.record_id for e in batch.payments] == ["S-1", "S-2"]
    assert company.trace("pay_1").batches == ("77",)
    assert {e.record.record_id for e in payout.evidence} == {"L-9", "S-3"}


def test_a_payouts_trace_id_leads_to_what_is_in_it(company: Company) -> None:
    payout = a_record("S-3", kind=Kind.PAYOUT, amount_minor=-1_250, ref_batch_id="77", ref_payout_trace_id="TRACE9")
    company.deliver(Side.THEIRS, records=[a_record("S-1", ref_batch_id="77"), payout])
    company.deliver(Side.THEIRS, records=[a_record("S-4", kind=Kind.PAYOUT, amount_minor=-5, ref_payout_trace_id="ALONE")])

    known, alone = company.tracing.look_up("TRACE9", now=NOW), company.tracing.look_up("ALONE", now=NOW)

    assert isinstance(known, Batch)
    assert [(s.count, s.difference_minor) for s in known.sheets] == [(1, 0)]
    assert isinstance(alone, Batch)
    assert [(s.count, s.payout_minor, s.difference_minor) for s in alone.sheets] == [(0, 5, None)]


@pytest.mark.parametrize(("asked", "lines"), [("77", 2), (" 77 ", 1), ("TRACE9", 1)])
def test_a_batch_of_too_many_lines_to_read_adds_up_all_the_same(company: Company, asked: str, lines: int) -> None:
    records = [
        a_record("S-1", ref_payment_id="pay_1", amount_minor=10_000, fee_minor=100, ref_batch_id="77", account="EU"),
        a_record("S-2", ref_payment_id="pay_2", amount_minor=5_000, ref_batch_id="77 ", account="EU"),
        a_record("S-3", kind=Kind.REFUND, amount_minor=-500, ref_batch_id="77", account="EU"),
        a_record("S-4", amount_minor=900, currency="JPY", ref_batch_id="77", account="EU"),
        a_record("S-5", kind=Kind.PAYOUT, amount_minor=-14_399, ref_batch_id="77", account="EU", ref_payout_trace_id="TRACE9"),
        a_record("S-9", amount_minor=1, ref_batch_id="78", account="EU"),
    ]
    company.deliver(Side.THEIRS, records=records)
    company.deliver(Side.OURS, records=[a_record("L-1", ref_batch_id="77", amount_minor=7)])

    whole = company.tracing.look_up(asked, now=NOW)
    cut = replace(company.tracing, batch_lines=lines).look_up(asked, now=NOW)

    assert isinstance(whole, Batch)
    assert isinstance(cut, Batch)
    assert cut.sheets == whole.sheets
    assert [(s.currency, s.count, s.net_minor, s.difference_minor) for s in cut.sheets] == [("EUR", 3, 14_400, -1), ("JPY", 1, 900, None)]
    assert cut.sheets[0].payout_references == ("TRACE9",)
    assert (cut.is_cut, whole.is_cut) == (True, False)


def test_a_batch_does_not_make_its_payments_one(company: Company) -> None:
    company.deliver(Side.THEIRS, records=[a_record(f"S-{n}", ref_payment_id=f"pay_{n}", ref_batch_id="77") for n in (1, 2)])

    assert [e.record.record_id for e in company.trace("pay_1").evidence] == ["S-1"]


def test_attempts_of_one_order_stay_apart_whether_they_became_money_or_not(company: Company) -> None:
    attempts = [an_event(f"e{n}", "failed", payment_id=f"pay_{n}", ref_network_id="ORDER-7") for n in (1, 2)]
    paid = [an_event("e3", "settled", payment_id="pay_3", ref_network_id="ORDER-7", occurred_at=NOON.replace(hour=8))]
    company.deliver(Side.OURS, records=[a_record("L-3", ref_payment_id="pay_3", ref_network_id="ORDER-7")], events=[*attempts, *paid])

    settled, declined = company.trace("pay_3"), company.trace("pay_1")

    assert (settled.processing, [e.event_id for e in settled.events]) == ("settled", ["e3"])
    assert set(settled.other_payment_ids) == {"pay_1", "pay_2"}
    assert (declined.processing, [e.event_id for e in declined.events], declined.evidence) == ("failed", ["e1"], ())


def test_declined_attempts_of_one_order_are_a_list(company: Company) -> None:
    attempts = [an_event(f"e{n}", "failed", payment_id=f"pay_{n}", ref_network_id="ORDER-7") for n in (1, 2)]
    company.deliver(Side.OURS, events=attempts)

    assert sorted(h.reference for h in company.hits("ORDER-7").hits) == ["pay_1", "pay_2"]
    assert company.trace("pay_2").events[0].event_id == "e2"


@pytest.mark.parametrize("typed", ["pay_1", "E2E-1", "NB0042", "R-1"])
def test_a_return_that_names_its_payment_by_another_reference_belongs_to_it(company: Company, typed: str) -> None:
    company.deliver(Side.OURS, records=[a_record("L-1", ref_payment_id="pay_1", ref_end_to_end_id="E2E-1")])
    back = a_record("S-2", kind=Kind.RETURN, amount_minor=-1_250, ref_end_to_end_id="E2E-1", ref_original="E2E-1", ref_partner_id="R-1")
    credit = a_record("S-1", ref_end_to_end_id="E2E-1", ref_payment_id="ORDER-9", ref_partner_id="NB0042")
    company.deliver(Side.THEIRS, records=[credit, back])

    found = company.trace(typed)

    assert [e.record.record_id for e in found.evidence] == ["L-1", "S-1", "S-2"]
    assert (found.payment_id, found.processing) == ("pay_1", "returned")


@pytest.mark.parametrize(("said", "is_told"), [("See E2E-2026-000017, please.", True), ("See E2E-2026-0000170.", False), ("pay_1?", True)])
def test_the_incident_that_names_a_payment_is_told(company: Company, said: str, is_told: bool) -> None:
    both_sides(company)
    incident = Incident(
        id="INC-0001",
        partner="nordbank",
        title="Transfers stuck",
        severity=Severity.SEV2,
        summary=said,
        partner_text="",
        opened_by="U0ADA",
        opened_at=NOW,
    )
    with company.database.transaction() as tx:
        writes.insert_incident(tx, incident, actor=SYSTEM, now=NOW)

    assert [i.id for i in company.trace("NB0042").incidents] == ["INC-0001"] * is_told


def test_codes_that_nobody_knows_are_named_in_the_next_digest(company: Company) -> None:
    strange = an_event("M1", "unknown", payment_id="E2E-1", raw_code="ACWP", occurred_at=NOW - timedelta(hours=1))
    company.deliver(Side.THEIRS, events=[strange], format="pain.002")
    subscription = Subscription(id="ops", channel="C0PAYOPS", cron="0 8 * * *", time_zone=ZoneInfo("Europe/Berlin"))
    traffic = Traffic(company.database, company.lake, partners=company.tracing.partners)

    digest.post(company.database, traffic, subscription=subscription, scheduled_at=NOW, partners=company.tracing.partners, now=NOW)

    with company.database.reading() as tx:
        [payload] = tx.execute(select(delivery.outbox.c.payload)).scalars()
    assert "1 unknown code" in payload["text"]
    assert "`ACWP` in 1 event" in str(payload["blocks"])
