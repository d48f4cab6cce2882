"""`breakwater backtest`: a folder of hours and files in, alerts out."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from breakwater import config as settings
from breakwater.app import Breakwater
from breakwater.cli import main
from breakwater.demo.company import build

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
START = datetime(2026, 1, 12, tzinfo=UTC)
DAYS = 42
ENDS_AT = START + DAYS * DAY
OUTAGE = (START + 40 * DAY + 10 * HOUR, START + 40 * DAY + 16 * HOUR)
LATE_DAY = 39


def a_folder(folder: Path, *, until: datetime = ENDS_AT) -> Path:
    """Six weeks of two partners in euros, one of which stands still for six hours, and a daily file that misses one day."""
    random = np.random.default_rng(5)
    rows = []
    for partner, per_hour in (("nordbank", 400.0), ("meridian", 250.0)):
        for n in range(DAYS * 24):
            hour = START + n * HOUR
            normal = per_hour * (1 + 0.6 * np.sin((hour.hour - 9) / 24 * 2 * np.pi))
            stopped = partner == "nordbank" and OUTAGE[0] <= hour < OUTAGE[1]
            attempts = int(random.poisson(normal * (not stopped)))
            declined = int(random.binomial(attempts, 0.1))
            rows.append((hour, partner, "visa", "EUR", attempts, declined, int((attempts - declined) * 4_000)))
    files = []
    for n in range(DAYS):
        scheduled_at = START + n * DAY + 6 * HOUR
        arrived_at = scheduled_at + timedelta(minutes=float(40 * np.exp(random.normal(0, 0.1))))
        came = arrived_at < until and n != LATE_DAY
        files.append((scheduled_at, arrived_at if came else None, f"sha{n}" if came else None, 1_000 + int(random.normal(0, 30)), n))
    attempts_table = pa.table(
        dict(zip(("hour", "partner", "network", "currency", "attempts", "declined", "amount_minor"), zip(*rows, strict=True), strict=True))
    )
    pq.write_table(attempts_table.filter(pa.array([row[0] < until and row[4] > 0 for row in rows])), folder / "attempts.parquet")
    pq.write_table(_files(files, until=until), folder / "files.parquet")
    (folder / "segments.json").write_text(json.dumps(_setup(until)))
    return folder


def _files(files: list[tuple[Any, ...]], *, until: datetime) -> pa.Table:
    rows = [f for f in files if f[0] < until]
    return pa.table(
        {
            "stream": ["nordbank/statement"] * len(rows),
            "partner": ["nordbank"] * len(rows),
            "business_date": [f[0].date() for f in rows],
            "scheduled_at": [f[0] for f in rows],
            "arrived_at": pa.array([f[1] for f in rows], type=pa.timestamp("us", tz="UTC")),
            "sha256": pa.array([f[2] for f in rows], type=pa.string()),
            "rows": [f[3] for f in rows],
            "amount_minor": [f[3] * 100 + f[4] for f in rows],
            "sequence_no": pa.array([None] * len(rows), type=pa.int64()),
            "file_name": [f"statement-{f[4]}.xml" for f in rows],
        }
    )


def _setup(until: datetime) -> dict[str, Any]:
    place = {"network": "visa", "currency": "EUR", "country": "DE", "time_zone": "Europe/Berlin", "exponent": 2}
    stream = {"stream": "nordbank/statement", "partner": "nordbank", "calendar": None, "time_zone": "Europe/Berlin"}
    return {
        "test_starts_at": (START + 35 * DAY).isoformat(),
        "ends_at": until.isoformat(),
        "segments": [{"partner": "nordbank"} | place, {"partner": "meridian"} | place],
        "streams": [stream | {"weekdays": list(range(7)), "local_time": "07:00", "sequence": None}],
        "events": [],
    }


def alerts_of(folder: Path, out: Path) -> list[dict[str, Any]]:
    assert main(["backtest", str(folder), "--json", str(out)]) == 0
    alerts: list[dict[str, Any]] = json.loads(out.read_text())
    return alerts


def test_an_outage_and_a_missing_file_are_told_once_each(tmp_path: Path) -> None:
    alerts = alerts_of(a_folder(tmp_path), tmp_path / "out.json")

    outage, late = (next(a for a in alerts if a["metric"] == metric) for metric in ("volume", "file_late"))
    assert sorted(a["metric"] for a in alerts) == ["file_late", "volume"]
    assert outage["scope"] == {"partner": "nordbank", "network": "visa", "currency": "EUR"}
    assert outage["fired_at"] == "2026-02-21T10:00:00Z"
    assert outage["ended_at"] < "2026-02-22T00:00:00Z"
    assert outage["summary"] == "nordbank visa EUR: payments fell to 1 % of normal"
    assert late["scope"] == {"stream": "nordbank/statement"}
    assert "2026-02-20T06:40:00Z" < late["fired_at"] < "2026-02-20T09:00:00Z"


def test_what_comes_later_changes_nothing_told_before(tmp_path: Path) -> None:
    (tmp_path / "cut").mkdir()
    until = OUTAGE[0] + 2 * HOUR

    whole = alerts_of(a_folder(tmp_path), tmp_path / "whole.json")
    cut = alerts_of(a_folder(tmp_path / "cut", until=until), tmp_path / "cut.json")

    told = [(a["metric"], a["fired_at"], a["scope"], a["summary"]) for a in whole if datetime.fromisoformat(a["fired_at"]) < until]
    assert [(a["metric"], a["fired_at"], a["scope"], a["summary"]) for a in cut] == told


@pytest.mark.parametrize("missing", ["segments.json", "attempts.parquet", "files.parquet"])
def test_a_folder_that_lacks_a_file_is_a_wrong_call(missing: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (a_folder(tmp_path) / missing).unlink()

    assert main(["backtest", str(tmp_path), "--json", str(tmp_path / "out.json")]) == 2

    assert missing in capsys.readouterr().err
    assert not (tmp_path / "out.json").exists()


def test_a_setup_without_segments_is_a_wrong_call(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (a_folder(tmp_path) / "segments.json").write_text("{}")

    assert main(["backtest", str(tmp_path), "--json", str(tmp_path / "out.json")]) == 2

    assert "try: Give a folder with segments.json" in capsys.readouterr().err


def test_what_the_lake_holds_of_a_partner_is_replayed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    company = build(tmp_path / "company", now=datetime.now(UTC), payments=20_000)
    bot = Breakwater(settings.load(company.config, environment={}), now=lambda: company.now, settle_s=0)
    with contextlib.closing(bot.database):
        bot.ingest_new()

    status = main(["backtest", "--config", str(company.config), "--partner", "meridian", "--days", "7"])

    said = capsys.readouterr().out
    assert status == 0
    assert "meridian · cards · GBP" in said
    assert "findings by budget: stricter" in said


@pytest.mark.parametrize(
    ("given", "complaint"),
    [(["backtest"], "Give a FOLDER and --json OUT"), (["backtest", "x", "--partner", "meridian"], "Give a FOLDER and --json OUT")],
)
def test_a_call_that_names_neither_or_both_is_a_wrong_call(given: list[str], complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(given) == 2

    assert complaint in capsys.readouterr().err
