"""Published bank files all the way: taken in, reconciled, and every cent of them accounted for once."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from breakwater import config
from breakwater.app import Breakwater
from breakwater.store import reads

FILES = Path(__file__).parents[1] / "files"
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SETTINGS = """
[slack]
operations_channel = "C0PAYOPS"
[ledger]
drop = "inbox/ledger"
[[partners]]
id = "bank"
name = "Bank"
network = "sepa"
time_zone = "Europe/Zurich"
live_from = 2000-01-01
internal_channels = ["C0BANK"]
agreement = "bank.toml"
[[partners.files]]
stream = "statement"
format = "camt.053"
drop = "inbox/bank"
expected = { due = "07:00", deadline = "08:30" }
"""
AGREEMENT = """
name = "bank"
calendar.weekend = ["sat", "sun"]
window = { before = 1, after = 3 }
[[passes]]
name = "by-end-to-end-id"
type = "exact"
keys = ["ref_end_to_end_id"]
"""


@pytest.mark.parametrize(
    ("name", "net_minor"),
    [
        ("bsp_multicurrency.xml", {"EUR": 75025, "USD": -9999}),
        ("genkgo_camt053.v2.five.decimals.xml", {"EUR": 885}),
        ("genkgo_camt053.v2.multi.statement.xml", {"EUR": 185}),
        ("genkgo_camt053.v8.xml", {"EUR": 885}),
        ("gs_camt053_001_02.xml", {"USD": 6000, "EUR": -2906}),
    ],
)
def test_a_real_statement_is_taken_in_and_reconciled_to_the_cent(
    name: str, net_minor: Mapping[str, int], tmp_path: Path, database_url: str
) -> None:
    (tmp_path / "inbox" / "bank").mkdir(parents=True)
    (tmp_path / "breakwater.toml").write_text(SETTINGS)
    (tmp_path / "bank.toml").write_text(AGREEMENT)
    delivered = Path(shutil.copy(FILES / name, tmp_path / "inbox" / "bank"))
    os.utime(delivered, (NOW.timestamp() - 3600,) * 2)
    environment = {"BREAKWATER_DATABASE_URL": database_url, "BREAKWATER_DATA_DIR": str(tmp_path / "var")}
    bot = Breakwater(config.load(tmp_path / "breakwater.toml", environment=environment), now=lambda: NOW, settle_s=0)

    bot.ingest_new()
    bot.reconcile_all()

    with bot.database.reading() as tx:
        (file,) = reads.source_files(tx, partner="bank")
        run = reads.last_run(tx, partner="bank")
    bot.database.close()
    assert run is not None
    assert run.theirs_rows == file.records
    assert (run.matched, run.pending) == ({}, {})  # our ledger knows none of it, and it is long past
    assert {currency: totals.theirs_minor for currency, totals in run.in_breaks.items()} == net_minor
    assert sum(figure.count for figure in run.breaks.values()) == file.records
