"""Our own side pulled out of a database: each record counts once, as it is now, whatever is pulled twice, late or in pieces."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from arriving import ADA, Clock, a_company, amounts_of, files_of, records_of, said

from breakwater.app import Breakwater
from breakwater.deliveries import Deliveries
from breakwater.errors import CallError, RefusedError, WorldError
from breakwater.model.records import Side
from breakwater.sources.sql import SqlSource
from breakwater.steps.ingest import Arrival

RECORDS = """
SELECT id AS record_id, kind, amount_minor, NULL AS fee_minor, 'EUR' AS currency, booked_on, NULL AS value_date, status, NULL AS account,
    id AS ref_payment_id, NULL AS ref_partner_id, NULL AS ref_end_to_end_id, NULL AS ref_arn, NULL AS ref_batch_id, NULL AS ref_original,
    NULL AS original_amount_minor, NULL AS original_currency, 'nordbank' AS partner, updated_at
FROM payments
"""


class Warehouse:
    """A table of payments in somebody's database."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = sa.create_engine(url, poolclass=sa.NullPool)
        time = "TIMESTAMP WITH TIME ZONE" if self.engine.dialect.name == "postgresql" else "TEXT"
        self.do(
            f"CREATE TABLE payments (id TEXT PRIMARY KEY, kind TEXT, amount_minor BIGINT, booked_on DATE, status TEXT, updated_at {time})"
        )

    def do(self, sql: str, **bound: Any) -> None:
        with self.engine.begin() as tx:
            tx.execute(sa.text(sql), bound)

    def pays(self, id: str, minor: int, at: str, *, status: str = "captured") -> None:
        """A payment is booked, or changed, at a time of the 23rd."""
        self.do(
            "INSERT INTO payments VALUES (:id, 'payment', :minor, '2026-11-23', :status, :at) "
            "ON CONFLICT (id) DO UPDATE SET amount_minor = :minor, status = :status, updated_at = :at",
            id=id,
            minor=minor,
            status=status,
            at=f"2026-11-23 {at}+00:00",
        )

    def source(self, **options: Any) -> SqlSource:
        return SqlSource(self.url, **{"records": RECORDS, "password": None, "overlap_s": 300, **options})


@pytest.fixture
def warehouse(empty_url: str) -> Warehouse:
    return Warehouse(empty_url)


@pytest.fixture
def bot(tmp_path: Path, clock: Clock) -> Iterator[Breakwater]:
    opened = a_company(tmp_path / "company", clock)
    with contextlib.closing(opened.database):
        yield opened


Pull = Callable[..., list[Arrival]]


@pytest.fixture
def pull(bot: Breakwater, warehouse: Warehouse, clock: Clock) -> Pull:
    """`pull()`: one more look at everything, a minute later."""

    def look(**options: Any) -> list[Arrival]:
        clock.passes(60)
        opened = Deliveries(
            bot.config,
            bot.database,
            bot.lake,
            now=clock,
            settle_s=0,
            report=lambda *_: None,
            open_source=lambda: warehouse.source(**options),
        )
        return opened.take_in()

    return look


def ours(bot: Breakwater) -> dict[str, tuple[int, str]]:
    return {row["record_id"]: (row["amount_minor"], row["status"]) for row in records_of(bot, Side.OURS)}


def test_a_first_pull_takes_everything_and_the_next_one_nothing(warehouse: Warehouse, pull: Pull, bot: Breakwater) -> None:
    warehouse.pays("p1", 100, "09:00:00")
    warehouse.pays("p2", 200, "09:00:01")

    assert pull() == [Arrival.INGESTED]
    assert pull() == []
    assert ours(bot) == {"p1": (100, "captured"), "p2": (200, "captured")}


def test_what_is_new_is_a_file_of_its_own(warehouse: Warehouse, pull: Pull, bot: Breakwater) -> None:
    warehouse.pays("p1", 100, "09:00:00")
    pull()
    warehouse.pays("p2", 200, "09:02:00")

    assert pull() == [Arrival.INGESTED]

    assert ours(bot) == {"p1": (100, "captured"), "p2": (200, "captured")}
    assert [f.records for f in files_of(bot, partner="ledger")] == [1, 1]


def test_a_row_committed_late_is_caught_by_the_overlap(warehouse: Warehouse, pull: Pull, bot: Breakwater) -> None:
    warehouse.pays("p1", 100, "09:04:00")
    pull()
    warehouse.pays("late", 50, "09:00:00")
    assert pull() == [Arrival.INGESTED]
    warehouse.pays("later", 70, "09:00:30")
    assert pull() == [Arrival.INGESTED]

    assert sorted(amounts_of(bot, Side.OURS)) == [50, 70, 100]


def test_a_changed_row_counts_once_as_it_is_now_and_its_neighbours_stay(warehouse: Warehouse, pull: Pull, bot: Breakwater) -> None:
    warehouse.pays("p1", 100, "09:00:00")
    warehouse.pays("p2", 200, "09:00:01")
    pull()
    warehouse.pays("p1", 100, "12:00:00", status="settled")

    assert pull() == [Arrival.INGESTED]

    assert ours(bot) == {"p1": (100, "settled"), "p2": (200, "captured")}
    assert [f.state for f in files_of(bot, None, partner="ledger")] == ["superseded", "ingested"]
    assert pull() == []
    assert said(bot) == []


def test_a_row_that_is_changed_back_is_as_it_was(warehouse: Warehouse, pull: Pull, bot: Breakwater) -> None:
    for minute, minor in enumerate((100, 150, 100, 150)):
        warehouse.pays("p1", minor, f"09:0{minute}:00")
        assert pull() == [Arrival.INGESTED]

    assert ours(bot) == {"p1": (150, "captured")}


def test_more_rows_than_a_pull_holds_are_taken_in_pieces(warehouse: Warehouse, pull: Pull, bot: Breakwater) -> None:
    for n in range(7):
        warehouse.pays(f"p{n}", n + 1, "09:00:00")

    arrived = [pull(rows_per_pull=3) for _ in range(4)]

    assert arrived == [[Arrival.INGESTED], [Arrival.INGESTED], [Arrival.INGESTED], []]
    assert amounts_of(bot, Side.OURS) == [1, 2, 3, 4, 5, 6, 7]


def test_rows_that_cannot_be_trusted_are_quarantined_and_pulled_again_once_they_are_right(
    warehouse: Warehouse, pull: Pull, bot: Breakwater
) -> None:
    warehouse.pays("p1", 100, "09:00:00")
    warehouse.do("UPDATE payments SET kind = 'gift'")
    assert pull() == [Arrival.QUARANTINED]
    assert pull() == [Arrival.ALREADY_KNOWN]
    (refused,) = files_of(bot, "quarantined", partner="ledger")
    assert "'kind' is a word nobody knows" in (refused.reason or "")
    with pytest.raises(RefusedError, match="was pulled out of our own side"):
        bot.deliveries.retry(actor=ADA, file=refused)

    warehouse.do("UPDATE payments SET kind = 'payment'")

    assert pull() == [Arrival.INGESTED]
    assert amounts_of(bot, Side.OURS) == [100]


def test_a_source_that_is_lost_is_told_once_and_once_when_it_is_back(
    warehouse: Warehouse, pull: Pull, bot: Breakwater, clock: Clock
) -> None:
    warehouse.pays("p1", 100, "09:00:00")
    broken = RECORDS.replace("FROM payments", "FROM nowhere")
    assert pull(records=broken) == []
    clock.passes(60)
    assert pull(records=broken) == []
    (told,) = said(bot)
    assert told.startswith("Our ledger: where our own side comes from can't be reached. The ledger's database")

    clock.passes(3600)

    assert pull() == [Arrival.INGESTED]
    assert said(bot)[-1] == "Our ledger: where our own side comes from is back."


def test_nothing_can_be_written_through_the_source(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.pays("p1", 100, "09:00:00")
    writing = "WITH gone AS (DELETE FROM payments RETURNING *) SELECT * FROM gone"

    with pytest.raises(WorldError, match=r"The ledger's database .* failed"):
        warehouse.source(records=writing).pull(after=None, to=tmp_path / "rows.csv")
    assert warehouse.source().pull(after=None, to=tmp_path / "rows.csv") is not None


@pytest.mark.parametrize("records", ["DELETE FROM payments", "SELECT 1; DROP TABLE payments", ""])
def test_only_one_select_is_taken(warehouse: Warehouse, records: str) -> None:
    with pytest.raises(CallError, match="not one SELECT"):
        warehouse.source(records=records)


def test_a_password_is_never_shown() -> None:
    source = SqlSource("postgresql+psycopg://reader@127.0.0.1:1/ledger", records=RECORDS, password="s3cret", overlap_s=0)

    with pytest.raises(WorldError) as lost:
        source.pull(after=None, to=Path("/dev/null"))
    assert "s3cret" not in str(lost.value) + source.name
