"""Runs from a desk: their history, a day once more, and the opening items with their file."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from desk import ADA, BEN, CARDS, NOW, OPS, VIC, Desk

from breakwater.model.access import SYSTEM
from breakwater.model.files import SourceFile
from breakwater.model.records import RECORD_SCHEMA, Side
from breakwater.sandbox import Message
from breakwater.store import reads, writes

HASH = "a" * 64


def a_record(name: str, minor: int, on: date) -> dict[str, Any]:
    record: dict[str, Any] = dict.fromkeys(RECORD_SCHEMA.names)
    money = {"kind": "payment", "amount_minor": minor, "currency": "EUR"}
    return {**record, **money, "record_id": f"L-{name}", "booked_on": on, "partner": "meridian", "ref_partner_id": name}


def delivered(desk: Desk, side: Side, sha256: str, *records: dict[str, Any]) -> None:
    """A file with these records was taken in."""
    batch = pa.RecordBatch.from_pylist(list(records), schema=RECORD_SCHEMA)
    parts = desk.bot.lake.write(iter([batch]), content="records", side=side, sha256=sha256)
    file = SourceFile(
        partner="ledger" if side is Side.OURS else "meridian",
        sha256=sha256,
        stream="records",
        side=side,
        format="ledger",
        name="records.csv",
        business_date=date(2026, 11, 2),
        received_at=NOW,
        records=len(records),
        events=0,
        state="ingested",
        parts=tuple(parts),
        logical_keys=(sha256,),
    )
    with desk.bot.database.transaction() as tx:
        writes.save_source_file(tx, file, actor=SYSTEM, now=NOW)


@pytest.fixture(scope="module")
def reconciled(desk: Desk) -> Desk:
    """Our ledger has two payments from before Meridian went live and one of later, and Meridian reported none."""
    records = [
        a_record("OLD", 99_000, date(2025, 12, 1)),
        a_record("=OLD", 500, date(2025, 12, 2)),
        a_record("NEW", 700, date(2026, 11, 2)),
    ]
    delivered(desk, Side.OURS, HASH, *records)
    desk.until(lambda: is_reconciled(desk))
    return desk


def is_reconciled(desk: Desk) -> bool:
    """Run, unless the bot did by itself: its first run may be under way, and of two at once one is left."""
    desk.bot.reconcile_all()
    with desk.bot.database.reading() as tx:
        run = reads.last_run(tx, partner="meridian")
    return run is not None and run.ours_rows == 3


def test_the_last_runs_are_listed(reconciled: Desk) -> None:
    told = reconciled.told(VIC, OPS, lambda: reconciled.person(VIC).command("/recon", "runs meridian", channel=OPS))

    assert "Meridian: the last runs" in told.replace("*", "")
    assert "1 break, worth EUR 7.00 · 1 opened · 1 file in" in told


def test_an_operator_has_a_day_reconciled_again_and_a_viewer_has_not(reconciled: Desk) -> None:
    ada, vic = reconciled.person(ADA), reconciled.person(VIC)

    def rerun(words: str) -> list[str]:
        before = len(ada.private(OPS))
        ada.command("/recon", words, channel=OPS)
        told = reconciled.sandbox.wait_for(lambda: answers if len(answers := ada.private(OPS)[before:]) == 2 else None)
        return [message.words.replace("*", "") for message in told]

    begun, told = rerun("rerun meridian")
    past_begun, past = rerun("rerun meridian 2026-11-03")
    refused = reconciled.told(VIC, OPS, lambda: vic.command("/recon", "rerun meridian", channel=OPS))

    assert "⏳ Matching everything of Meridian as of 20 Nov 2026 once more" in begun
    assert "⏳ Matching everything of Meridian as of 3 Nov 2026 once more" in past_begun
    assert "Nothing differs from the run before: 1 break, worth EUR 7.00" in told
    assert "as of 3 Nov 2026: seen again" in past
    assert "There was no run of that day before; now there is, with no breaks." in past
    assert "You need the role 'operator' to reconcile a day again." in refused


def test_nonsense_gets_an_example(reconciled: Desk) -> None:
    ada = reconciled.person(ADA)

    def told(words: str) -> str:
        return reconciled.told(ADA, OPS, lambda: ada.command("/recon", words, channel=OPS))

    assert "/recon rerun nordbank 2026-11-20" in told("rerun")
    assert "'2026-11-31' is not a date" in told("rerun meridian 2026-11-31")
    assert "business date of Meridian is" in told("rerun meridian 2030-01-02")
    assert "There is no partner 'meridan'. Did you mean 'meridian'?" in told("runs meridan")


def test_a_day_to_compare_with_that_has_no_run_is_offered_to_be_reconciled(reconciled: Desk) -> None:
    ada = reconciled.person(ADA)

    def private(words: str) -> Message:
        found: Message = reconciled.sandbox.wait_for(
            lambda: next((m for m in reversed(ada.private(OPS)) if words in m.words.replace("*", "")), None)
        )
        return found

    ada.command("/recon", "meridian", channel=OPS)
    answer = private("Reconciled as of 20 Nov 2026")
    ada.click(answer, "Compare with yesterday")
    ada.click(private("not reconciled as of 19 Nov 2026, so there is nothing to compare with"), "Reconcile 19 Nov 2026")
    private("Meridian as of 19 Nov 2026: seen again with what is known now; no break was moved")
    ada.click(answer, "Compare with yesterday")

    assert "1 break now, 1 then" in private("20 Nov 2026 against 19 Nov 2026").words


def test_a_day_that_has_not_come_is_not_offered_to_be_looked_at_again(reconciled: Desk) -> None:
    ada = reconciled.person(ADA)

    ahead = reconciled.told(ADA, OPS, lambda: ada.command("/recon", "meridian 2026-12-01", channel=OPS))
    past = reconciled.told(ADA, OPS, lambda: ada.command("/recon", "meridian 2026-11-04", channel=OPS))

    assert "That day has not come yet" in ahead
    assert "/recon rerun" not in ahead
    assert "/recon rerun meridian 2026-11-04" in past


def test_opening_items_are_listed_and_all_of_them_come_as_a_file(reconciled: Desk) -> None:
    vic = reconciled.person(VIC)
    listed = reconciled.told(VIC, OPS, lambda: vic.command("/recon", "opening meridian", channel=OPS))
    answer = vic.private(OPS)[-1]

    sent = reconciled.told(VIC, OPS, lambda: vic.click(answer, "All as CSV"))

    assert "2 opening items worth EUR 995.00" in listed.replace("*", "")
    assert "EUR 990.00 missing at partner of 1 Dec 2025" in listed.replace("*", "")
    assert "All 2 opening items are in a file" in sent
    (file,) = [m for m in reconciled.sandbox.messages(vic.direct()) if m.files]
    (content,) = [f.content.decode() for f in reconciled.sandbox.files if f.id in file.files]
    assert [line.split(",")[1] for line in content.splitlines()] == ["amount", "990.00", "5.00"]
    assert "'=OLD" in content


def test_a_match_by_hand_is_proposed_with_its_records_agreed_to_and_respected(reconciled: Desk) -> None:
    delivered(reconciled, Side.THEIRS, "b" * 64, a_record("OTHER", 700, date(2026, 11, 3)))
    reconciled.bot.reconcile_all()
    ada, ben = reconciled.person(ADA), reconciled.person(BEN)
    with reconciled.bot.database.reading() as tx:
        brk = next(b for b in reads.breaks_of_agreement(tx, agreement="meridian").values() if b.ours == ("L-NEW",))
    filled = {
        "What": "Match by hand: these records explain each other",
        "Reason": "Other",
        "What a second person should know": "Typed wrong.",
    }

    def propose(matches: str) -> None:
        ada.click(reconciled.card(brk), "break_more", choose="Propose…")
        ada.submit(reconciled.form(ADA, "Propose"), {**filled, "Matches": matches})

    assert "No record has 'NOPE' as a reference or id" in reconciled.told(ADA, CARDS, lambda: propose("NOPE"))
    propose("OTHER")
    card = reconciled.card(brk, "Approve")
    proposed = reconciled.thread(card, "proposes a match by hand")
    ben.click(card, "Approve")
    reconciled.card(brk, "matched by hand, agreed by two people")
    reconciled.bot.reconcile_all()

    assert "They agree to the cent" in proposed
    assert "L-OTHER" in proposed
    with reconciled.bot.database.reading() as tx:
        run = reads.last_run(tx, partner="meridian")
    assert run
    assert run.matched["EUR"].theirs_rows == 1


def test_slack_would_have_refused_nothing(reconciled: Desk) -> None:
    assert reconciled.sandbox.refusals == []
