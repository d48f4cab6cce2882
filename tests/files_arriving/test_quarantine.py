"""A refused file is tried again or put aside by a person, once, and its card says so."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from arriving import ADA, BEN, EMIL, Clock, amounts_of, cards, deliver, files_of, said, statement

from breakwater.app import Breakwater
from breakwater.cli import main
from breakwater.errors import FileError, NotFoundError, RefusedError, WorldError
from breakwater.model.files import Reading, SourceFile
from breakwater.sources import files as source_files
from breakwater.steps import quarantine
from breakwater.steps.ingest import Arrival, Ingestion, Read, ingest
from breakwater.store import audit

CUT = statement(7, "10.00", "5.00")[:-90]


@pytest.fixture
def refused(bot: Breakwater, tmp_path: Path, clock: Clock) -> SourceFile:
    """A file that was cut short, in quarantine."""
    deliver(tmp_path, "cut.xml", CUT)
    assert bot.ingest_new() == [Arrival.QUARANTINED]
    clock.passes(60)
    (file,) = files_of(bot, "quarantined")
    return file


def read_whole(path: Path, **how: str) -> Reading:
    """A reader that was put right: it reads what the file should have been."""
    whole = path.with_name("whole.xml")
    whole.write_text(statement(7, "10.00", "5.00"))
    return source_files.read(whole, **how)  # type: ignore[arg-type]


def put_right(bot: Breakwater, file: SourceFile, clock: Clock) -> Ingestion:
    like = bot.deliveries.like(file)
    return quarantine.retry(bot.database, bot.lake, actor=ADA, file=file, like=like, read=read_whole, channel="C0PAYOPS", clock=clock)


def retry_in_a_hurry(bot: Breakwater, file: SourceFile, clock: Clock, *, read: Read) -> Ingestion:
    """A retry by Ada during which time goes by with every look at the clock."""

    def hurried() -> datetime:
        clock.passes(0.02)
        return clock()

    like = bot.deliveries.like(file)
    return quarantine.retry(bot.database, bot.lake, actor=ADA, file=file, like=like, read=read, channel="C0PAYOPS", clock=hurried)


def test_a_retry_after_the_reader_was_put_right_takes_the_file_in(bot: Breakwater, refused: SourceFile, clock: Clock) -> None:
    done = put_right(bot, refused, clock)

    assert (done.arrival, done.file.records, done.file.name) == (Arrival.INGESTED, 2, "cut.xml")
    assert amounts_of(bot) == [1000, 500]
    assert files_of(bot, "quarantined") == []
    assert "was taken in, 2 records" in said(bot)[-1]
    before, after = cards(bot)
    assert before["about"] == after["about"]
    assert after["payload"]["blocks"][0]["text"]["text"].startswith("✅ *Nordbank*: refused file taken in by <@U0ADA>, 2 records booked")
    assert "actions" not in [block["type"] for block in after["payload"]["blocks"]]


def test_a_retry_in_vain_says_why_and_the_buttons_stay(bot: Breakwater, refused: SourceFile) -> None:
    done = bot.deliveries.retry(actor=ADA, file=refused)

    assert done.refused is not None
    assert done.refused.code == "truncated"
    assert amounts_of(bot) == []
    last = cards(bot)[-1]["payload"]["blocks"]
    assert [button["text"]["text"] for button in last[1]["elements"]] == ["Retry", "Discard"]
    assert "tried again by <@U0ADA>" in last[2]["elements"][0]["text"]


def test_a_long_file_shows_on_its_card_how_far_it_has_been_read_again(bot: Breakwater, tmp_path: Path, clock: Clock) -> None:
    deliver(tmp_path, "long.xml", CUT + " " * quarantine.LONG_BYTES)
    bot.ingest_new()
    (file,) = files_of(bot, "quarantined")

    retry_in_a_hurry(bot, file, clock, read=source_files.read)

    refused, *being_read, refused_again = [card["payload"]["blocks"] for card in cards(bot)]
    shown = [card[0]["text"]["text"] for card in being_read]
    percents = [int(re.search(r"(\d+) %", text)[1]) for text in shown]  # type: ignore[index]
    assert shown[0].startswith("⏳ *Nordbank*: refused file is being read again by <@U0ADA>")
    assert percents == sorted(set(percents))
    assert len(percents) > 2
    assert all([button["text"]["text"] for button in card[1]["elements"]] == ["Retry", "Discard"] for card in being_read)
    assert "tried again by <@U0ADA>" in refused_again[2]["elements"][0]["text"]
    assert [b["type"] for b in refused] == [b["type"] for b in refused_again]


def test_a_file_that_somebody_discards_while_it_is_read_again_is_read_no_further(bot: Breakwater, tmp_path: Path, clock: Clock) -> None:
    deliver(tmp_path, "long.xml", CUT + " " * quarantine.LONG_BYTES)
    bot.ingest_new()
    (file,) = files_of(bot, "quarantined")

    def discarded_meanwhile(path: Path, **how: Any) -> Reading:
        bot.deliveries.discard(actor=BEN, file=file)
        return source_files.read(path, **how)

    with pytest.raises(RefusedError, match=r"<@U0BEN> discarded it first\. Nothing was changed"):
        retry_in_a_hurry(bot, file, clock, read=discarded_meanwhile)
    assert "refused file discarded by <@U0BEN>" in cards(bot)[-1]["payload"]["blocks"][0]["text"]["text"]


def test_a_disk_that_fails_while_it_is_read_again_is_told_and_the_card_is_as_before(
    bot: Breakwater, refused: SourceFile, clock: Clock
) -> None:
    def broken(path: Path, **how: Any) -> Reading:
        raise WorldError("The disk is full.", remedy="Make room.")

    with pytest.raises(WorldError, match="The disk is full"):
        retry_in_a_hurry(bot, refused, clock, read=broken)
    assert "Make room. Then click Retry." in cards(bot)[-1]["payload"]["text"]


def test_a_discarded_file_stays_away_even_if_it_is_delivered_again(
    bot: Breakwater, refused: SourceFile, tmp_path: Path, clock: Clock
) -> None:
    bot.deliveries.discard(actor=ADA, file=refused)
    clock.passes(60)
    deliver(tmp_path, "again.xml", CUT)

    assert bot.ingest_new() == [Arrival.ALREADY_KNOWN]
    assert [f.state for f in files_of(bot, None)] == ["discarded"]
    assert "refused file discarded by <@U0ADA>" in cards(bot)[-1]["payload"]["blocks"][0]["text"]["text"]


def test_the_second_to_click_is_told_who_was_first(bot: Breakwater, refused: SourceFile) -> None:
    bot.deliveries.discard(actor=ADA, file=refused)

    with pytest.raises(RefusedError, match=r"<@U0ADA> discarded it first\. Nothing was changed"):
        bot.deliveries.discard(actor=BEN, file=refused)
    with pytest.raises(RefusedError, match="<@U0ADA> discarded it first"):
        bot.deliveries.retry(actor=BEN, file=refused)


def test_a_retry_of_what_was_taken_in_meanwhile_changes_nothing(bot: Breakwater, refused: SourceFile, clock: Clock) -> None:
    put_right(bot, refused, clock)

    with pytest.raises(RefusedError, match="<@U0ADA> took it in first"):
        bot.deliveries.retry(actor=BEN, file=refused)
    assert amounts_of(bot) == [1000, 500]


def test_a_viewer_may_do_neither(bot: Breakwater, refused: SourceFile) -> None:
    with pytest.raises(RefusedError, match="role 'operator' to retry or discard a refused file"):
        bot.deliveries.retry(actor=EMIL, file=refused)
    with pytest.raises(RefusedError, match="role 'operator'"):
        bot.deliveries.discard(actor=EMIL, file=refused)
    assert len(files_of(bot, "quarantined")) == 1


def test_who_did_what_is_in_the_audit_trail(bot: Breakwater, refused: SourceFile) -> None:
    bot.deliveries.retry(actor=BEN, file=refused)
    bot.deliveries.discard(actor=ADA, file=refused)

    with bot.database.transaction() as tx:
        trail = [(e.actor_id, e.action) for e in audit.entries(tx, refused.sha256)]
        assert audit.verify(tx) == []
    assert trail == [("system", "file_quarantined"), ("U0BEN", "file_quarantined"), ("U0ADA", "file_discarded")]


def test_a_file_that_was_not_kept_says_so(bot: Breakwater, refused: SourceFile) -> None:
    (bot.lake.root / "archive" / refused.sha256[:2] / refused.sha256).unlink()

    with pytest.raises(NotFoundError, match=r"cut\.xml was not kept") as gone:
        bot.deliveries.retry(actor=ADA, file=refused)
    assert gone.value.remedy == "Ask the partner to send it again."


def test_the_command_line_lists_retries_and_discards(
    bot: Breakwater, refused: SourceFile, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = ["--config", str(tmp_path / "breakwater.toml")]

    assert main(["quarantine", "list", *config]) == 0
    assert "cut.xml" in capsys.readouterr().out
    assert main(["quarantine", "retry", refused.sha256[:8], *config]) == 1
    assert "cut.xml is still refused. truncated" in capsys.readouterr().out
    assert main(["quarantine", "discard", refused.sha256[:8], "--json", *config]) == 0
    assert json.loads(capsys.readouterr().out)["state"] == "discarded"
    assert main(["quarantine", "list", "--json", *config]) == 0
    assert capsys.readouterr().out == ""
    assert main(["quarantine", "discard", refused.sha256[:8], *config]) == 1
    assert "(command line) discarded it first" in capsys.readouterr().err
    assert main(["quarantine", "retry", "f00d", *config]) == 1
    assert "There is no file f00d" in capsys.readouterr().err


def test_a_masked_format_is_archived_as_its_mask_writes_it(bot: Breakwater, tmp_path: Path, clock: Clock) -> None:
    def mask(path: Path, to: Path) -> None:
        to.write_text(path.read_text().replace("STMT", "****"))

    path = deliver(tmp_path, "bears-cards.xml", statement(8, "1.00"))
    like = replace(bot.deliveries.streams()[("nordbank", "statement")], path=path, mask=mask)
    done = ingest(bot.database, bot.lake, delivery=like, read=source_files.read, channel="C0PAYOPS", now=clock())

    kept = (bot.lake.root / "archive" / done.file.sha256[:2] / done.file.sha256).read_text()
    assert "STMT" not in kept
    assert amounts_of(bot) == [100]


def test_what_cannot_be_masked_is_refused_and_not_kept(bot: Breakwater, tmp_path: Path, clock: Clock) -> None:
    def mask(path: Path, to: Path) -> None:
        to.write_text("half")
        raise FileError("malformed", "It is no clearing file.", remedy="Ask for it again.")

    path = deliver(tmp_path, "no-clearing.xml", "4111111111111111")
    like = replace(bot.deliveries.streams()[("nordbank", "statement")], path=path, mask=mask)
    done = ingest(bot.database, bot.lake, delivery=like, read=source_files.read, channel="C0PAYOPS", now=clock())

    assert done.arrival is Arrival.QUARANTINED
    assert [p for p in (bot.lake.root / "archive").rglob("*") if p.is_file()] == []
