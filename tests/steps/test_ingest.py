"""Files that come twice, come again, can't be trusted, or are gone while they are read: each concerns itself only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from tiny_company import NOW, OPS, PARTNER, REPORT_COLUMNS, Payment, TinyCompany, everything, lake_files, outbox_of

from breakwater.model.records import Side
from breakwater.sources import files as source_files
from breakwater.steps.ingest import Arrival, Delivery, ingest
from breakwater.store import reads


@pytest.fixture
def company(tmp_path: Path) -> TinyCompany:
    return TinyCompany(tmp_path / "company")


def records(bot: Any, side: Side) -> dict[str, int]:
    """The amounts that count, by record id."""
    with bot.database.transaction() as tx:
        parts = reads.active_parts(tx, side=side, content="records")
    tables = [pq.read_table(path).to_pylist() for path in bot.lake.paths(parts)]
    return {row["record_id"]: row["amount_minor"] for table in tables for row in table}


def test_the_same_bytes_again_change_nothing_and_say_so(company: TinyCompany, database_url: str) -> None:
    first = company.report("report", Payment(reference="P1"))
    company.ledger("records", Payment(reference="P1"))
    with company.bot(database_url) as bot:
        assert bot.ingest_new() == [Arrival.INGESTED, Arrival.INGESTED]
        before = everything(bot.database)
    company.copy(first, "report-sent-again")

    with company.bot(database_url) as bot:  # another process: what was taken before is known to it
        again = bot.ingest_new()

        assert again == [Arrival.ALREADY_KNOWN]
        assert everything(bot.database) == before


def test_a_report_issued_again_takes_the_place_of_the_earlier_one_and_its_records_keep_their_ids(
    company: TinyCompany, database_url: str
) -> None:
    company.report("a-first", Payment(reference="P1", minor=1000), Payment(reference="P2", minor=500))
    with company.bot(database_url) as bot:
        bot.ingest_new()
        was = records(bot, Side.THEIRS)
        company.report("b-again", Payment(reference="P2", minor=501), Payment(reference="P1", minor=1000), Payment(reference="P3", minor=7))

        bot.ingest_new()

        now = records(bot, Side.THEIRS)
        with bot.database.transaction() as tx:
            states = {f.name: f.state for f in reads.source_files(tx, state=None)}
            (columns,) = {f.columns for f in reads.source_files(tx, state=None)}
    assert states == {"a-first.csv": "superseded", "b-again.csv": "ingested"}
    assert columns == REPORT_COLUMNS
    assert sorted(was.values()) == [500, 1000]
    assert sorted(now.values()) == [7, 501, 1000]
    assert was.keys() < now.keys()


def test_a_file_that_can_not_be_trusted_is_told_once_and_its_neighbours_go_on(company: TinyCompany, database_url: str) -> None:
    company.report("a", Payment(reference="P1"), batch=1)
    company.garbage("b-nonsense")
    company.report("c", Payment(reference="P2"), batch=2)
    for _ in range(2):
        with company.bot(database_url) as bot:
            bot.ingest_new()
            bot.ingest_new()

    with company.bot(database_url) as bot:
        with bot.database.transaction() as tx:
            states = {f.name: f.state for f in reads.source_files(tx, state=None)}
        told = [(channel, state) for key, channel, state in outbox_of(bot.database) if key.startswith("quarantine:")]

    assert states == {"a.csv": "ingested", "b-nonsense.csv": "quarantined", "c.csv": "ingested"}
    assert told == [(OPS, "waiting")]


def test_a_file_that_is_taken_away_before_it_is_read_stops_only_itself(company: TinyCompany, database_url: str) -> None:
    company.report("a", Payment(reference="P1"), batch=1)
    gone = company.report("b", Payment(reference="P2"), batch=2)
    company.report("c", Payment(reference="P3"), batch=3)

    def now() -> Any:
        gone.unlink(missing_ok=True)  # a partner tidies up while we look at the drop
        return NOW

    with company.bot(database_url, now=now) as bot:
        bot.ingest_new()

        with bot.database.transaction() as tx:
            names = [f.name for f in reads.source_files(tx, state=None)]
    assert sorted(names) == ["a.csv", "c.csv"]


def test_a_file_that_breaks_off_while_it_is_read_leaves_nothing(company: TinyCompany, database_url: str) -> None:
    path = company.report("report", Payment(reference="P1"))
    delivery = Delivery(path=path, partner=PARTNER, partner_name="Meridian", stream="settlement", side=Side.THEIRS)

    def breaks_off(*given: Any, **named: Any) -> Any:
        reading = source_files.read(*given, **named)
        whole = reading.records

        def half() -> Any:
            yield from whole
            raise OSError(5, "Input/output error")

        reading.records = half()
        return reading

    with company.bot(database_url) as bot:
        with pytest.raises(OSError, match="Input/output error"):
            ingest(bot.database, bot.lake, delivery=delivery, read=breaks_off, channel=OPS, now=NOW)

        assert everything(bot.database)["files"] == []
        assert lake_files(bot.lake.root) == set()
        done = ingest(bot.database, bot.lake, delivery=delivery, read=source_files.read, channel=OPS, now=NOW)
        assert (done.arrival, done.file.records) == (Arrival.INGESTED, 1)
