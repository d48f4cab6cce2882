"""The demo company read back by the real readers and reconciled by the real engine says what its truth says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from breakwater import config
from breakwater.app import Breakwater
from breakwater.demo.company import Company, build
from breakwater.detection.files import files_due
from breakwater.matching import agreement, engines
from breakwater.model.files import Reading
from breakwater.model.records import RECORD_SCHEMA, Side
from breakwater.model.runs import Totals
from breakwater.sources import files
from breakwater.store import reads

LEG = "meridian-nordbank"
NOWS = [
    datetime(2026, 11, 23, 6, tzinfo=UTC),  # a Monday, before the bank's file is due
    datetime(2026, 11, 28, 12, tzinfo=UTC),  # a Saturday
    datetime(2027, 1, 2, 9, 15, tzinfo=UTC),  # after New Year, TARGET2 closed the day before
    datetime(2027, 3, 30, 17, 30, tzinfo=UTC),  # after Easter and after cut-off, the clocks went forward on Easter Sunday
]


@pytest.fixture(scope="module", params=NOWS, ids=lambda now: f"{now:%a-%d-%b}")
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Company:
    return build(tmp_path_factory.mktemp("company"), now=request.param, payments=2_500)


def readings(paths: Iterable[Path], *, partner: str, side: Side) -> list[tuple[Reading, pa.Table]]:
    """Each file with its records and, of our ledger, its events; read whole, so that its totals are proven."""
    found = []
    for path in sorted(paths):
        reading = files.read(path, partner=partner, side=side)
        schema = RECORD_SCHEMA
        table = pa.Table.from_batches(reading.records, schema=schema)
        assert list(reading.events) == []
        found.append((reading, table))
    return found


def records_of(built: Company, partner: str) -> tuple[pa.Table, pa.Table]:
    inbox = built.folder / "inbox"
    ours = pa.concat_tables(t for _, t in readings((inbox / "ledger").glob("records-*"), partner="ledger", side=Side.OURS))
    theirs = pa.concat_tables(t for _, t in readings((inbox / partner).iterdir(), partner=partner, side=Side.THEIRS))
    taken = pc.fill_null(pc.starts_with(theirs["ref_end_to_end_id"], "MERIDIAN-"), False)  # by the leg
    return ours.filter(pc.equal(ours["partner"], partner)), theirs.filter(pc.invert(taken))


def found_items(breaks: list[dict[str, Any]], references: dict[str, str]) -> list[tuple[Any, ...]]:
    return sorted(
        (b["kind"], tuple(b["ours"]), tuple(sorted(references[i] for i in b["theirs"])), b["amount_minor"], b["currency"], b["dated"])
        for b in breaks
    )


def told_items(told: dict[str, Any]) -> list[tuple[Any, ...]]:
    return sorted(
        (kind, tuple(i["ours"]), tuple(i["theirs"]), i["value_minor"], i["currency"], date.fromisoformat(i["dated"]))
        for kind, figure in told["breaks"].items()
        for i in figure["items"]
    )


def as_told(totals: dict[str, Totals]) -> dict[str, dict[str, int]]:
    return {currency: asdict(figures) for currency, figures in totals.items()}


@pytest.mark.parametrize("now", NOWS, ids=lambda now: f"{now:%a-%d-%b}")
def test_what_many_breaks_have_in_common_is_told(now: datetime, tmp_path: Path) -> None:
    psp = build(tmp_path / "company", now=now, payments=20_000).truth["partners"]["meridian"]

    told = {cause["kind"]: cause for cause in psp["causes"]}

    assert set(told) == {"fx_rate", "batch_missing"}
    assert told["fx_rate"]["count"] == psp["breaks"]["fx_variance"]["count"]
    assert 40 < told["batch_missing"]["count"] < psp["breaks"]["missing_at_partner"]["count"]
    assert set(told["batch_missing"]["value_minor"]) == {"GBP"}


@pytest.mark.parametrize("partner", ["nordbank", "meridian"])
def test_the_engine_finds_exactly_what_was_planted(built: Company, partner: str, tmp_path: Path) -> None:
    ours, theirs = records_of(built, partner)
    told = built.truth["partners"][partner]
    pq.write_table(ours, tmp_path / "ours.parquet")
    pq.write_table(theirs, tmp_path / "theirs.parquet")

    outcome = engines.open()(
        ours=[tmp_path / "ours.parquet"],
        theirs=[tmp_path / "theirs.parquet"],
        agreement=agreement.load(built.folder / "agreements" / f"{partner}.toml"),
        as_of=built.as_of[partner],
    )

    references = dict(zip(theirs["record_id"].to_pylist(), theirs["ref_partner_id"].to_pylist(), strict=True))
    breaks = outcome.breaks.to_pylist()
    assert {"ours": outcome.ours_rows, "theirs": outcome.theirs_rows} == told["rows"]
    assert found_items(breaks, references) == told_items(told)
    assert as_told(dict(outcome.matched)) == told["matched"]
    assert as_told(dict(outcome.pending_totals)) == told["pending"]
    assert as_told(dict(outcome.in_breaks)) == told["in_breaks"]
    assert {b["kind"]: b["also"] for b in breaks if b["also"]} == {}


def test_the_leg_to_the_bank_finds_exactly_what_did_not_arrive(built: Company) -> None:
    told = built.truth["legs"][LEG]
    bot = Breakwater(config.load(built.config, environment={}), now=lambda: built.now, settle_s=0)
    bot.ingest_new()
    bot.reconcile_all()
    with bot.database.reading() as tx:
        run = reads.last_run(tx, partner=LEG)
        breaks = [b for b in reads.breaks_of_agreement(tx, agreement=LEG).values() if b.active]
    bot.database.close()

    (lost,) = told["breaks"]["missing_at_partner"]["items"]
    assert run
    assert run.as_of.isoformat() == told["as_of"]
    assert {"ours": run.ours_rows, "theirs": run.theirs_rows} == told["rows"]
    assert as_told(dict(run.matched)) == told["matched"]
    assert as_told(dict(run.pending)) == told["pending"]
    assert as_told(dict(run.in_breaks)) == told["in_breaks"]
    assert [(str(b.kind), b.amount_minor, b.dated.isoformat()) for b in breaks] == [
        ("missing_at_partner", lost["value_minor"], lost["dated"])
    ]
    assert lost["ours"][0] in breaks[0].references


def test_bank_statements_are_read_as_balanced_and_without_notices(built: Company) -> None:
    for reading, table in readings((built.folder / "inbox" / "nordbank").iterdir(), partner="nordbank", side=Side.THEIRS):
        assert (reading.format, reading.notices) == ("camt.053", [])
        assert [s.balanced for s in reading.statements] == [True]
        assert pc.unique(table["booked_on"]).to_pylist() == [reading.business_date]


def test_settlement_reports_are_read_as_paid_out_in_full_and_without_notices(built: Company) -> None:
    accounts = []
    for reading, _ in readings((built.folder / "inbox" / "meridian").iterdir(), partner="meridian", side=Side.THEIRS):
        assert (reading.format, reading.notices) == ("adyen-settlement", [])
        assert {s.credits_minor - s.debits_minor for s in reading.statements} == {0}
        accounts.append([s.account for s in reading.statements])

    accounts.remove(["HarbourEU"])  # the day of the batch that is in no report
    assert {tuple(a) for a in accounts} == {("HarbourEU", "HarbourUK")}


def test_our_events_are_read(built: Company) -> None:
    states: Counter[str] = Counter()
    for path in (built.folder / "inbox" / "ledger").glob("events-*"):
        for batch in files.read(path, partner="ledger", side=Side.OURS).events:
            states.update(batch["state"].to_pylist())

    assert states["created"] == built.truth["attempts"]


def test_only_the_planted_file_is_late(built: Company) -> None:
    late = []
    for partner in (p for p in config.load(built.config, environment={}).partners.values() if p.files):
        read = readings((built.folder / "inbox" / partner.id).iterdir(), partner=partner.id, side=Side.THEIRS)
        arrived = {(partner.id, partner.files[0].stream): {reading.business_date for reading, _ in read}}
        due = files_due(partner, arrived=arrived, now=built.now, since=built.now.date() - timedelta(days=28))
        late += [(f.partner, f.stream, f.business_date, f.deadline_at) for f in due if f.is_late(now=built.now)]

    planted = built.late_file
    assert late == [(planted.partner, planted.stream, planted.business_date, planted.deadline_at)]


def test_showcases_are_in_the_state_they_promise(built: Company) -> None:
    shown = {s.story: s.payment_id for s in built.showcases}
    last: dict[str, str] = {}
    for path in sorted((built.folder / "inbox" / "ledger").glob("events-*")):
        for event in pq.read_table(path, columns=["payment_id", "state"]).to_pylist():
            last[event["payment_id"]] = event["state"]

    assert {story: last.get(payment_id, "no events") for story, payment_id in shown.items()} == {
        "card settled": "settled",
        "transfer settled": "settled",
        "refunded": "refunded",
        "returned": "returned",
        "charged back": "disputed",
        "missing": "captured",
        "short paid": "settled",
        "in the late file": "accepted",
        "on its way": "captured",
        "wallet settled": "settled",
        "on hold": "on_hold",
        "paid out": "no events",
        "declined": "failed",
    }
