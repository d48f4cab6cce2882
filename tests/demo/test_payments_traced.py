"""Where the demo's payments are: every kind of reference of every story leads to its payment, and the answers are as agreed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest

from breakwater import config
from breakwater.app import Breakwater
from breakwater.cli import payment as command
from breakwater.demo.company import Company, build
from breakwater.model.payment_batches import Batch
from breakwater.model.payment_hits import Hits
from breakwater.model.payments import PaymentTrace
from breakwater.model.records import Kind, Side
from breakwater.sources.raw_records import raw_record
from breakwater.steps.evidence import pieces_of, raw_text
from breakwater.steps.trace import names_of
from breakwater.views.payment_csv import payment_sql

NOW = datetime(2026, 11, 24, 9, 15, tzinfo=UTC)  # a Tuesday; the bank's statement about Monday is late since 08:30 in Berlin
Golden = Callable[[str, Any], None]


class Traced:
    """The demo company with its files taken in and reconciled."""

    def __init__(self, company: Company, bot: Breakwater) -> None:
        self.company, self.bot = company, bot

    def reference(self, story: str) -> str:
        return next(s.reference for s in self.company.showcases if s.story == story)

    def trace(self, asked: str) -> PaymentTrace:
        found = self.bot.tracing.look_up(asked, now=NOW)
        assert isinstance(found, PaymentTrace), asked
        return found


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Traced]:
    company = build(tmp_path_factory.mktemp("traced") / "company", now=NOW, payments=2_000)
    bot = Breakwater(config.load(company.config, environment={}), now=lambda: NOW, settle_s=0)
    bot.work()
    yield Traced(company, bot)
    bot.database.close()


STORIES = (
    "card settled", "transfer settled", "refunded", "returned", "charged back", "missing", "short paid", "in the late file", "on its way",
    "wallet settled", "on hold", "paid out", "declined",
)  # fmt: skip


def answer(traced: Traced, asked: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What a person reads in a terminal; Slack shows the same message."""
    command.show(asked, config=traced.bot.config, zone=ZoneInfo("Europe/Berlin"), now=lambda: NOW)
    return capsys.readouterr().out.rstrip("\n").split("\n")


def test_every_story_is_told(traced: Traced) -> None:
    assert {s.story for s in traced.company.showcases} == set(STORIES)


@pytest.mark.parametrize("story", STORIES)
def test_the_answer_is_as_agreed(traced: Traced, story: str, capsys: pytest.CaptureFixture[str], golden: Golden) -> None:
    golden(f"traced_{story.replace(' ', '_')}", answer(traced, traced.reference(story), capsys))


@pytest.mark.parametrize("story", STORIES)
def test_every_kind_of_reference_leads_to_the_same_answer(traced: Traced, story: str) -> None:
    showcase = next(s for s in traced.company.showcases if s.story == story)
    known = traced.trace(showcase.reference)
    names = {*names_of([e.record for e in known.evidence], known.events), *(e.record.record_id for e in known.evidence)}

    assert known.payment_id == showcase.payment_id
    assert len(names) >= 2
    for name in names:
        found = traced.trace(f" {name.upper()} ")
        assert (found.payment_id, found.events, found.evidence) == (known.payment_id, known.events, known.evidence), name


@pytest.mark.parametrize(("story", "batches"), [("card settled", 1), ("refunded", 2), ("charged back", 2), ("wallet settled", 1)])
def test_the_batch_a_payment_went_out_with_holds_it_and_adds_up(traced: Traced, story: str, batches: int) -> None:
    known = traced.trace(traced.reference(story))

    found = [traced.bot.tracing.look_up(batch, now=NOW) for batch in known.batches]

    assert len(found) == batches
    for batch in found:
        assert isinstance(batch, Batch)
        assert [s.difference_minor for s in batch.sheets] == [0]
        assert known.payment_id in {e.record.ref_payment_id for e in batch.payments} | {e.record.ref_original for e in batch.payments}


def test_a_batch_is_as_agreed(traced: Traced, capsys: pytest.CaptureFixture[str], golden: Golden) -> None:
    [batch] = traced.trace(traced.reference("card settled")).batches

    golden("traced_batch", answer(traced, batch, capsys))


def test_an_unknown_reference_and_a_near_one_are_as_agreed(traced: Traced, capsys: pytest.CaptureFixture[str], golden: Golden) -> None:
    reference = traced.reference("transfer settled")

    golden("traced_unknown", answer(traced, "pay_nobodyknowsthis", capsys))
    golden("traced_near", answer(traced, reference[:16], capsys))
    golden("traced_without_dashes", answer(traced, traced.reference("short paid").replace("-", ""), capsys)[:3])


@pytest.mark.parametrize("story", ["card settled", "transfer settled", "declined", "on hold"])
def test_amount_currency_and_day_are_enough(traced: Traced, story: str) -> None:
    known = traced.trace(traced.reference(story))
    payments = [e.record for e in known.evidence if e.side is Side.OURS and e.record.kind is Kind.PAYMENT]
    event = known.events[0]
    day = payments[0].booked_on if payments else event.occurred_at.date()

    found = traced.bot.tracing.look_up(f"{event.amount_minor / 100:.2f} {event.currency} {day} {known.partner}", now=NOW)

    hits = (
        {h.reference for h in found.hits} if isinstance(found, Hits) else {found.payment_id} if isinstance(found, PaymentTrace) else set()
    )
    assert known.payment_id in hits


def test_the_file_that_would_tell_and_is_late_is_named(traced: Traced, capsys: pytest.CaptureFixture[str]) -> None:
    told = "\n".join(answer(traced, traced.reference("in the late file"), capsys))

    assert "late by 1 hour; statement of 23 Nov, due 24 Nov 07:00 (Europe/Berlin), has not come" in told


def test_the_evidence_is_shown_as_it_was_delivered(traced: Traced) -> None:
    known = traced.trace(traced.reference("short paid"))

    pieces = pieces_of(known, partial(raw_text, traced.bot.lake, raw_record))

    assert {p.file_name.partition("-")[0].partition("_")[0] for p in pieces} == {"records", "events", "NORDBANK"}
    assert all(p.raw for p in pieces)
    bank = next(p for p in pieces if p.file_name.startswith("NORDBANK"))
    assert "<Ntry" in (bank.raw or "")
    credited = next(e.record.amount_minor for e in known.evidence if e.side is Side.THEIRS)
    assert f"{credited // 100}.{credited % 100:02}" in (bank.raw or "")


def test_the_sql_finds_what_the_answer_shows(traced: Traced) -> None:
    known = traced.trace(traced.reference("refunded"))
    records, events = payment_sql(known).split("\n\n")

    with duckdb.connect() as engine:
        engine.execute("SET file_search_path = ?", [str(traced.bot.lake.root)])
        found = engine.sql(records).to_arrow_table()["record_id"].to_pylist(), engine.sql(events).to_arrow_table()["event_id"].to_pylist()

    assert sorted(found[0]) == sorted(e.record.record_id for e in known.evidence)
    assert sorted(found[1]) == sorted(e.event_id for e in known.events if not e.event_id.startswith("record:"))
