"""Rows deleted in our own database: a complete answer takes them out and is told, and is not believed if it says too little."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from arriving import Clock, a_company, amounts_of, files_of, records_of, said
from test_pulls import RECORDS, Warehouse

from breakwater.app import Breakwater
from breakwater.deliveries import Deliveries
from breakwater.errors import CallError, WorldError
from breakwater.model.pulls import Source
from breakwater.model.records import CANONICAL_COLUMNS, Side
from breakwater.sources.http_json import HttpSource, Shape
from breakwater.steps.ingest import Arrival

LEDGER = 'source = "sqlite://"\nrecords = "SELECT 1"\n[ledger.complete]\ndays = 3\nevery_hours = 1\nmost_gone_share = 0.5'
HOUR_S = 3_600
Look = Callable[..., list[Arrival]]


@pytest.fixture
def warehouse(empty_url: str) -> Warehouse:
    return Warehouse(empty_url)


@pytest.fixture
def bot(tmp_path: Path, clock: Clock) -> Iterator[Breakwater]:
    opened = a_company(tmp_path / "company", clock, ledger=LEDGER)
    with contextlib.closing(opened.database):
        yield opened


def looks_at(bot: Breakwater, clock: Clock, open_source: Callable[[], Source]) -> Look:
    def look(*, after_s: float = HOUR_S) -> list[Arrival]:
        clock.passes(after_s)
        opened = Deliveries(bot.config, bot.database, bot.lake, now=clock, settle_s=0, report=lambda *_: None, open_source=open_source)
        return opened.take_in()

    return look


@pytest.fixture
def look(bot: Breakwater, warehouse: Warehouse, clock: Clock) -> Look:
    """`look()`: an hour later, what changed and what is gone."""
    return looks_at(bot, clock, warehouse.source)


def ours(bot: Breakwater) -> list[str]:
    return sorted(row["record_id"] for row in records_of(bot, Side.OURS))


def test_what_was_deleted_at_the_source_counts_no_longer_and_is_told_once(warehouse: Warehouse, look: Look, bot: Breakwater) -> None:
    for n in (1, 2, 3):
        warehouse.pays(f"p{n}", 100 * n, f"09:00:0{n}")
    look()
    warehouse.do("DELETE FROM payments WHERE id = 'p2'")

    assert look() == [Arrival.INGESTED]

    assert ours(bot) == ["p1", "p3"]
    (told,) = said(bot)
    assert told == "Our ledger: deleted at the source are 1 record of 21 Nov 2026 to 24 Nov 2026, EUR 2.00."
    assert [f.state for f in files_of(bot, None, partner="ledger")] == ["superseded", "ingested"]
    assert look() == []
    assert len(said(bot)) == 1


def test_what_is_deleted_comes_back_and_is_deleted_again(warehouse: Warehouse, look: Look, bot: Breakwater) -> None:
    for n in (1, 2, 3):
        warehouse.pays(f"p{n}", 100 * n, f"09:00:0{n}")
    look()
    warehouse.do("DELETE FROM payments WHERE id = 'p2'")
    look()
    warehouse.pays("p2", 200, "10:00:00")
    look()
    assert ours(bot) == ["p1", "p2", "p3"]
    warehouse.do("DELETE FROM payments WHERE id = 'p2'")

    look()

    assert ours(bot) == ["p1", "p3"]


def test_it_is_asked_only_so_often(warehouse: Warehouse, look: Look, bot: Breakwater) -> None:
    warehouse.pays("p1", 100, "09:00:00")
    warehouse.pays("p2", 100, "09:00:00")
    look()
    warehouse.do("DELETE FROM payments WHERE id = 'p2'")

    assert look(after_s=HOUR_S - 1) == []
    assert ours(bot) == ["p1", "p2"]
    assert look(after_s=1) == [Arrival.INGESTED]
    assert ours(bot) == ["p1"]


def test_days_that_were_not_asked_for_are_left_alone(warehouse: Warehouse, look: Look, bot: Breakwater) -> None:
    for id in ("old", "p1", "p2"):
        warehouse.pays(id, 100, "09:00:00")
    warehouse.do("UPDATE payments SET booked_on = '2026-11-20' WHERE id = 'old'")
    look()
    warehouse.do("DELETE FROM payments WHERE id IN ('old', 'p1')")

    look()

    assert ours(bot) == ["old", "p2"]


def test_a_source_that_says_too_little_is_not_believed(warehouse: Warehouse, look: Look, bot: Breakwater) -> None:
    for n in (1, 2, 3):
        warehouse.pays(f"p{n}", 100, "09:00:00")
    look()
    warehouse.do("DELETE FROM payments WHERE id <> 'p1'")

    assert look() == [Arrival.QUARANTINED]

    assert ours(bot) == ["p1", "p2", "p3"]
    (refused,) = files_of(bot, "quarantined", partner="ledger")
    assert (refused.reason or "").startswith("suspicious-shrinkage: Of 3 records booked from 2026-11-21 through 2026-11-24, 2 are gone")
    assert look() == [Arrival.ALREADY_KNOWN]
    assert len(said(bot)) == 1


def test_a_source_that_is_empty_is_not_believed(warehouse: Warehouse, look: Look, bot: Breakwater) -> None:
    warehouse.pays("p1", 100, "09:00:00")
    look()
    warehouse.do("DELETE FROM payments")

    assert look() == [Arrival.QUARANTINED]
    assert ours(bot) == ["p1"]


def test_an_empty_source_that_always_was_is_nothing(look: Look, bot: Breakwater) -> None:
    assert look() == []
    assert files_of(bot, None, partner="ledger") == []


def test_a_change_that_left_no_trace_is_noticed_too(warehouse: Warehouse, look: Look, bot: Breakwater) -> None:
    warehouse.pays("p1", 100, "09:00:00")
    look()
    warehouse.do("UPDATE payments SET amount_minor = 150")  # and not its updated_at
    warehouse.pays("p2", 7, "23:00:00")
    look()
    look()

    assert sorted(amounts_of(bot, Side.OURS)) == [7, 150]
    assert said(bot) == []


def test_more_rows_than_one_answer_holds_are_no_complete_answer(warehouse: Warehouse, tmp_path: Path, clock: Clock) -> None:
    for n in range(4):
        warehouse.pays(f"p{n}", 100, "09:00:00")
    last = clock().date()

    with pytest.raises(WorldError, match="More than 3 rows of the ledger are booked"):
        warehouse.source(rows_per_pull=3).all_booked(first=last.replace(day=1), last=last, to=tmp_path / "rows.csv")


def test_an_api_is_asked_for_days(bot: Breakwater, clock: Clock) -> None:
    rows = [
        {"record_id": id, "kind": "payment", "amount_minor": 100, "currency": "EUR", "booked_on": "2026-11-23", "partner": "nordbank"}
        for id in ("p1", "p2", "p3")
    ]
    asked: list[dict[str, str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(dict(request.url.params))
        is_complete = "from" in request.url.params
        return httpx.Response(200, json=rows if is_complete else [])

    shape = Shape(
        url="https://ledger.example/records",
        columns=dict.fromkeys(CANONICAL_COLUMNS, "nothing") | {name: name for name in rows[0]},
        booked_from="from",
        booked_to="to",
    )
    look = looks_at(bot, clock, lambda: HttpSource(shape, token=None, overlap_s=0, transport=httpx.MockTransport(answer)))
    look()
    rows.pop()

    look()

    assert ours(bot) == ["p1", "p2"]
    assert {"from": "2026-11-21", "to": "2026-11-24"} in asked
    with pytest.raises(CallError, match="does not say how days are asked for"):
        HttpSource(Shape(url=shape.url, columns={}), token=None, overlap_s=0).all_booked(
            first=clock().date(), last=clock().date(), to=Path("/dev/null")
        )


@pytest.mark.parametrize(
    ("ledger", "said"),
    [
        ('drop = "inbox/ledger"\n[ledger.complete]\ndays = 3', "complete is for our own side in a database or an API"),
        ('[ledger.http]\nurl = "https://x"\ncolumns = {}\n[ledger.complete]', "set booked_from and booked_to in [ledger.http]"),
        (f'source = "sqlite://"\nrecords = "{RECORDS.split()[0]} 1"\n[ledger.complete]\ndas = 3', "Did you mean 'days'"),
        ('source = "sqlite://"\nrecords = "SELECT 1"\n[ledger.complete]\nmost_gone_share = 1.0', "less than 1"),
    ],
)
def test_settings_that_can_not_be_are_refused(tmp_path: Path, clock: Clock, ledger: str, said: str) -> None:
    with pytest.raises(CallError) as refused:
        a_company(tmp_path / "company", clock, ledger=ledger)

    assert said in str(refused.value) + refused.value.message
