"""A company of a few payments: one PSP, two merchant files a day at most, and everything the bot needs to run on them."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from breakwater import config
from breakwater.app import Breakwater
from breakwater.model.breaks import Break
from breakwater.model.records import CANONICAL_COLUMNS
from breakwater.store import audit, reads
from breakwater.store.database import Database
from breakwater.store.tables import audit_trail, delivery, runs

NOW = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
DAY = date(2026, 11, 10)
PARTNER, OPS, CARDS = "meridian", "C0PAYOPS", "C0CARDS"

SETTINGS = """
data_dir = "var"
[slack]
operations_channel = "C0PAYOPS"
[roles]
operator = ["*"]
[ledger]
drop = "inbox/ledger"
[[partners]]
id = "meridian"
name = "Meridian"
network = "cards"
calendar = "weekends"
time_zone = "Europe/Berlin"
live_from = 2026-01-01
internal_channels = ["C0CARDS"]
shared_channel = "C0MERIDIAN"
agreement = "meridian.toml"
[[partners.files]]
stream = "settlement"
format = "adyen-settlement"
drop = "inbox/meridian"
expected = { due = "07:00", deadline = "23:00" }
"""
AGREEMENT = """
name = "meridian"
[calendar]
weekend = ["sat", "sun"]
[window]
before = 1
after = 2
[materiality]
default = 100
[[passes]]
name = "by-psp-reference"
type = "exact"
keys = ["ref_partner_id"]
"""
REPORT_COLUMNS = (
    "Merchant Account", "Psp Reference", "Merchant Reference", "Creation Date", "TimeZone", "Type", "Net Currency", "Net Debit (NC)",
    "Net Credit (NC)", "Batch Number",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Payment:
    """One payment as either side books it: its PSP reference, and its amount in cents."""

    reference: str
    minor: int = 1000
    day: date = DAY

    def in_ledger(self) -> dict[str, Any]:
        return {
            "record_id": f"L-{self.reference}",
            "kind": "payment",
            "amount_minor": self.minor,
            "currency": "EUR",
            "booked_on": self.day.isoformat(),
            "ref_partner_id": self.reference,
            "partner": PARTNER,
        }

    def in_report(self, batch: int) -> dict[str, Any]:
        return {
            "Merchant Account": "HarbourEU",
            "Psp Reference": self.reference,
            "Creation Date": f"{self.day} 10:00:00",
            "TimeZone": "CET",
            "Type": "Settled",
            "Net Currency": "EUR",
            "Net Credit (NC)": f"{self.minor // 100}.{self.minor % 100:02}",
            "Batch Number": batch,
        }


class TinyCompany:
    """The folder in which everything lies: settings, agreement, and the drops."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("inbox/ledger", "inbox/meridian"):
            (folder / name).mkdir(parents=True)
        (folder / "breakwater.toml").write_text(SETTINGS)
        (folder / "meridian.toml").write_text(AGREEMENT)

    def ledger(self, name: str, *payments: Payment) -> Path:
        """Our side: one export of the ledger."""
        return self._drop("ledger", name, _csv((*CANONICAL_COLUMNS, "partner"), [p.in_ledger() for p in payments]))

    def report(self, name: str, *payments: Payment, batch: int = 77) -> Path:
        """Their side: one report of the PSP. The same batch again is the same delivery, issued again."""
        return self._drop(PARTNER, name, _csv(REPORT_COLUMNS, [p.in_report(batch) for p in payments]))

    def garbage(self, name: str) -> Path:
        """A file of the PSP that can't be trusted."""
        return self._drop(PARTNER, name, "this is no settlement report\n")

    def copy(self, path: Path, name: str) -> Path:
        """The same bytes under another name."""
        return self._drop(path.parent.name, name, path.read_text())

    def _drop(self, drop: str, name: str, text: str) -> Path:
        path = self.folder / "inbox" / drop / f"{name}.csv"
        path.write_text(text)
        came_at = NOW.timestamp() - 3600
        os.utime(path, (came_at, came_at))
        return path

    def settings(self, url: str, *, folder: str = "var") -> config.Config:
        environment = {"BREAKWATER_DATABASE_URL": url, "BREAKWATER_DATA_DIR": str(self.folder / folder)}
        return config.load(self.folder / "breakwater.toml", environment=environment)

    @contextmanager
    def bot(self, url: str, *, folder: str = "var", now: Any = lambda: NOW, kind: type[Breakwater] = Breakwater) -> Iterator[Breakwater]:
        """The real bot on these files, without Slack: what it would say waits in its outbox."""
        bot = kind(self.settings(url, folder=folder), now=now, settle_s=0)
        try:
            yield bot
        finally:
            bot.database.close()


def _csv(columns: Iterable[str], rows: Iterable[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(columns), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def breaks_of(database: Database) -> dict[str, Break]:
    """Every break by the reference of its first record."""
    with database.transaction() as tx:
        found = reads.breaks_of_agreement(tx, agreement=PARTNER).values()
    return {(b.references or ("",))[0] + ("" if b.active else " (closed)"): b for b in found}


def outbox_of(database: Database) -> list[tuple[str, str, str]]:
    """Every message in the order of its arrival: key, channel and state."""
    table = delivery.outbox
    with database.transaction() as tx:
        return [tuple(row) for row in tx.execute(select(table.c.key, table.c.channel, table.c.state).order_by(table.c.id))]


def everything(database: Database) -> dict[str, Any]:
    """All that is kept, so that two histories can be compared."""
    with database.transaction() as tx:
        assert audit.verify(tx) == []
        return {
            "files": reads.source_files(tx, state=None),
            "parts": [reads.active_parts(tx, side=side, content="records") for side in ("ours", "theirs")],
            "runs": list(tx.execute(select(runs.run).order_by(runs.run.c.id)).all()),
            "breaks": sorted(reads.breaks_of_agreement(tx, agreement=PARTNER).values(), key=lambda b: b.id),
            "findings": reads.findings(tx, state=None, limit=100),
            "outbox": list(tx.execute(select(delivery.outbox.c.key, delivery.outbox.c.payload).order_by(delivery.outbox.c.key)).all()),
            "audit": sorted(tx.execute(select(audit_trail.audit.c.action, audit_trail.audit.c.about_id)).all()),
        }


def lake_files(folder: Path) -> set[str]:
    """Every file of records and outcomes that lies in a lake."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*.parquet")}
