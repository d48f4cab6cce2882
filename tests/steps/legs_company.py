"""A company with one PSP and one bank: settlement reports, statements with the credits of its payouts, and the leg between the two."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from breakwater import config
from breakwater.app import Breakwater
from breakwater.model.breaks import Break
from breakwater.model.records import CANONICAL_COLUMNS
from breakwater.model.runs import Run
from breakwater.store import reads

NOW = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
DAY = date(2026, 11, 10)
LEG, PSP, BANK = "meridian-nordbank", "meridian", "nordbank"

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
[[partners]]
id = "nordbank"
name = "Nordbank"
network = "sepa"
calendar = "weekends"
time_zone = "Europe/Berlin"
live_from = 2026-01-01
internal_channels = ["C0SEPA"]
shared_channel = "C0NORDBANK"
agreement = "nordbank.toml"
[[partners.files]]
stream = "statement"
format = "camt.053"
drop = "inbox/nordbank"
expected = { due = "07:00", deadline = "23:00" }
"""
LEG_SETTINGS = """
[[legs]]
id = "meridian-nordbank"
agreement = "leg.toml"
from = { partner = "meridian" }
to = { partner = "nordbank", where = { ref_end_to_end_id = "MERIDIAN-(?P<ref_batch_id>[0-9]+)" } }
"""
AGREEMENT = """
name = "{name}"
[calendar]
weekend = ["sat", "sun"]
[window]
before = 1
after = {after}
[[passes]]
name = "{by}"
type = "exact"
keys = ["{keys}"]
"""
REPORT_COLUMNS = (
    "Merchant Account", "Psp Reference", "Merchant Reference", "Creation Date", "TimeZone", "Type", "Modification Reference",
    "Net Currency", "Net Debit (NC)", "Net Credit (NC)", "Batch Number",
)  # fmt: skip
STATEMENT = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>
<GrpHdr><MsgId>M-{number}</MsgId><CreDtTm>{day}T20:00:00+01:00</CreDtTm></GrpHdr>
<Stmt><Id>S-{number}</Id><ElctrncSeqNb>{number}</ElctrncSeqNb><CreDtTm>{day}T20:00:00+01:00</CreDtTm>
<Acct><Id><IBAN>DE02120300000000202051</IBAN></Id><Ccy>EUR</Ccy></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">0.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{sum}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>
{entries}</Stmt></BkToCstmrStmt></Document>
"""
ENTRY = """<Ntry><NtryRef>{reference}</NtryRef><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
<BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt><AcctSvcrRef>{reference}</AcctSvcrRef>
<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>
<NtryDtls><TxDtls><Refs><EndToEndId>{end_to_end_id}</EndToEndId></Refs></TxDtls></NtryDtls></Ntry>
"""


@dataclass(frozen=True, kw_only=True)
class Credit:
    """One credit on the bank's statement: what the payer wrote as its EndToEndId, and its amount in cents."""

    end_to_end_id: str
    minor: int
    reference: str = ""


def of_payout(batch: int, minor: int, *, reference: str = "") -> Credit:
    """The credit of the PSP's payout of a batch."""
    return Credit(end_to_end_id=f"MERIDIAN-{batch}", minor=minor, reference=reference)


class LegsCompany:
    """The folder in which everything lies. A batch of the PSP holds one payment and its payout."""

    def __init__(self, folder: Path, *, legs: str = LEG_SETTINGS) -> None:
        self.folder = folder
        for name in ("ledger", PSP, BANK):
            (folder / "inbox" / name).mkdir(parents=True)
        (folder / "breakwater.toml").write_text(SETTINGS + legs)
        for name, by, keys, after in (
            (PSP, "by-batch", "ref_batch_id", 2),
            (BANK, "by-end-to-end-id", "ref_end_to_end_id", 2),
            ("leg", "by-batch", "ref_batch_id", 3),
        ):
            (folder / f"{name}.toml").write_text(AGREEMENT.format(name=name, by=by, keys=keys, after=after))

    def batch(self, number: int, minor: int, *, day: date = DAY) -> None:
        """A batch in the PSP's report and in our ledger: one payment, and its payout."""
        self.report(number, minor, day=day)
        self.ledger(
            f"batch-{number}",
            self.booked(f"pay-{number}", "payment", minor, day, partner=PSP, ref_batch_id=f"{number}", ref_payment_id=f"pay-{number}"),
            self.booked(f"po-{number}", "payout", -minor, day, partner=PSP, ref_batch_id=f"{number}"),
        )

    def report(self, number: int, minor: int, *, day: date = DAY) -> None:
        """A settlement report of the PSP: one payment, and its payout."""
        self.reports((number, minor, day))

    def reports(self, *batches: tuple[int, int, date]) -> None:
        """One report of several batches: each with its number, what it is worth in cents, and its day."""
        rows = [row for number, minor, day in batches for row in self._reported(number, minor, day)]
        self._drop(PSP, f"report-{batches[0][0]}.csv", _csv(REPORT_COLUMNS, rows))

    def _reported(self, number: int, minor: int, day: date) -> list[dict[str, Any]]:
        amount = f"{minor // 100}.{minor % 100:02}"
        base = {
            "Merchant Account": "HarbourEU", "Creation Date": f"{day} 10:00:00", "TimeZone": "CET", "Net Currency": "EUR",
            "Batch Number": number,
        }  # fmt: skip
        return [
            base | {"Psp Reference": f"PSP{number}", "Merchant Reference": f"pay-{number}", "Type": "Settled", "Net Credit (NC)": amount},
            base | {"Type": "MerchantPayout", "Modification Reference": f"TX{number}", "Net Debit (NC)": amount},
        ]

    def statement(self, number: int, *credits: Credit, day: date = DAY) -> None:
        """A statement of the bank."""
        entries = "".join(
            ENTRY.format(
                reference=c.reference or f"NB-{number}-{n}",
                amount=f"{c.minor // 100}.{c.minor % 100:02}",
                day=day,
                end_to_end_id=c.end_to_end_id,
            )
            for n, c in enumerate(credits)
        )
        total = sum(c.minor for c in credits)
        text = STATEMENT.format(number=number, day=day, sum=f"{total // 100}.{total % 100:02}", entries=entries)
        self._drop(BANK, f"statement-{number}.xml", text)

    def transfer(self, end_to_end_id: str, minor: int, *, day: date = DAY) -> None:
        """A customer's transfer, as our ledger expects it at the bank."""
        self.ledger(end_to_end_id, self.booked(end_to_end_id, "payment", minor, day, partner=BANK, ref_end_to_end_id=end_to_end_id))

    def ledger(self, name: str, *rows: dict[str, Any]) -> None:
        """One export of the ledger."""
        self._drop("ledger", f"{name}.csv", _csv((*CANONICAL_COLUMNS, "partner"), list(rows)))

    def booked(self, name: str, kind: str, minor: int, day: date, **more: str) -> dict[str, Any]:
        """A record of our ledger in euros."""
        return {"record_id": f"L-{name}", "kind": kind, "amount_minor": minor, "currency": "EUR", "booked_on": day.isoformat(), **more}

    def _drop(self, drop: str, name: str, text: str) -> None:
        path = self.folder / "inbox" / drop / name
        path.write_text(text)
        came_at = NOW.timestamp() - 3600
        os.utime(path, (came_at, came_at))

    def settings(self, url: str) -> config.Config:
        environment = {"BREAKWATER_DATABASE_URL": url, "BREAKWATER_DATA_DIR": str(self.folder / "var")}
        return config.load(self.folder / "breakwater.toml", environment=environment)

    @contextmanager
    def bot(self, url: str, *, now: datetime = NOW) -> Iterator[Breakwater]:
        """The real bot on these files, without Slack."""
        bot = Breakwater(self.settings(url), now=lambda: now, settle_s=0)
        try:
            yield bot
        finally:
            bot.database.close()


def worked(bot: Breakwater) -> None:
    """Files are taken in, and everything they change is reconciled."""
    bot.ingest_new()
    bot.reconcile_all()


def run_of(bot: Breakwater, partner: str = LEG) -> Run:
    with bot.database.reading() as tx:
        found = reads.last_run(tx, partner=partner)
    assert found
    return found


def breaks_of(bot: Breakwater, agreement: str = LEG) -> list[Break]:
    """The active breaks of an agreement."""
    with bot.database.reading() as tx:
        return sorted((b for b in reads.breaks_of_agreement(tx, agreement=agreement).values() if b.active), key=lambda b: b.id)


def _csv(columns: tuple[str, ...], rows: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(columns), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
