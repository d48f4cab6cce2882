"""A small company whose partner delivers bank statements, and a clock that goes when it is told to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from breakwater import config
from breakwater.app import Breakwater
from breakwater.model.access import Actor, Role
from breakwater.model.files import SourceFile
from breakwater.model.records import Side
from breakwater.store import reads
from breakwater.store.tables.delivery import outbox

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
ADA = Actor(id="U0ADA", role=Role.OPERATOR, name="Ada")
BEN = Actor(id="U0BEN", role=Role.OPERATOR, name="Ben")
EMIL = Actor(id="U0EMIL", role=Role.VIEWER, name="Emil")
AGREEMENT = """
name = "nordbank"
[calendar]
weekend = ["sat", "sun"]
holidays = []
[window]
before = 1
after = 3
[tolerance]
amount_minor = { default = 0 }
[[passes]]
name = "by-end-to-end-id"
type = "exact"
keys = ["ref_end_to_end_id"]
"""
SETTINGS = """
[slack]
operations_channel = "C0PAYOPS"

[ledger]
{ledger}

[[partners]]
id = "nordbank"
name = "Nordbank"
network = "sepa"
time_zone = "Europe/Berlin"
live_from = {live_from}
agreement = "nordbank.toml"
internal_channels = ["C0SEPA"]

[[partners.files]]
stream = "statement"
format = "camt.053"
{drop}
expected = {{ {expected} }}
"""


@dataclass
class Clock:
    """The present, which goes on when it is told to."""

    at: datetime = NOW
    steps: list[float] = field(default_factory=list)

    def __call__(self) -> datetime:
        return self.at

    def passes(self, seconds: float) -> None:
        """So much time goes by."""
        self.at += timedelta(seconds=seconds)


def a_company(
    folder: Path,
    clock: Clock,
    *,
    settle_s: float = 0,
    drop: str = 'drop = "inbox/nordbank"',
    ledger: str = 'drop = "inbox/ledger"',
    expected: str = 'due = "07:00", deadline = "08:30"',
    live_from: date = date(2026, 11, 23),
    **environment: str,
) -> Breakwater:
    """The bot of a company in `folder`, not connected to Slack."""
    (folder / "inbox" / "nordbank").mkdir(parents=True, exist_ok=True)
    (folder / "inbox" / "ledger").mkdir(parents=True, exist_ok=True)
    (folder / "nordbank.toml").write_text(AGREEMENT)
    path = folder / "breakwater.toml"
    path.write_text(SETTINGS.format(drop=drop, ledger=ledger, expected=expected, live_from=live_from), encoding="utf-8")
    return Breakwater(config.load(path, environment=environment), now=clock, settle_s=settle_s)


def deliver(folder: Path, name: str, text: str) -> Path:
    """Put a file into Nordbank's drop."""
    path = folder / "inbox" / "nordbank" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def statement(number: int, *amounts: str, day: str = "2026-11-23", indent: str = "") -> str:
    """One camt.053 statement; `indent` changes its bytes and nothing else."""
    return document(_statement(number, *amounts, day=day), indent=indent)


def statements(*numbers: int, indent: str = "", amount: str = "10.00") -> str:
    """One file of several statements with one entry each."""
    return document(*(_statement(n, amount, day="2026-11-23") for n in numbers), indent=indent)


def document(*inside: str, indent: str = "") -> str:
    """A camt.053 message."""
    head = '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>M</MsgId></GrpHdr>'
    return (head + "".join(inside) + "</BkToCstmrStmt></Document>").replace("><", f">{indent}<")


def _statement(number: int, *amounts: str, day: str) -> str:
    entries = "".join(
        f'<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{day}</Dt></BookgDt>'
        f"<AcctSvcrRef>A-{number}-{n}</AcctSvcrRef><BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn>"
        f"</BkTxCd><NtryDtls><TxDtls><Refs><EndToEndId>E-{number}-{n}</EndToEndId></Refs></TxDtls></NtryDtls></Ntry>"
        for n, amount in enumerate(amounts)
    )
    account = "<Acct><Id><IBAN>CH9300762011623852957</IBAN></Id><Ccy>EUR</Ccy></Acct>"
    total = sum(int(amount.replace(".", "")) for amount in amounts)
    closing = f"{1000 + total // 100}.{total % 100:02d}"
    balances = "".join(
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{value}</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
        f"<Dt><Dt>{day}</Dt></Dt></Bal>"
        for code, value in (("OPBD", "1000.00"), ("CLBD", closing))
    )
    header = f"<Id>STMT-{day}</Id><ElctrncSeqNb>{number}</ElctrncSeqNb><CreDtTm>{day}T06:00:00</CreDtTm>"
    return f"<Stmt>{header}{account}{balances}{entries}</Stmt>"


def files_of(bot: Breakwater, state: str | None = "ingested", partner: str | None = "nordbank") -> list[SourceFile]:
    """The files of Nordbank in a state."""
    with bot.database.reading() as tx:
        return reads.source_files(tx, partner=partner, state=state)


def records_of(bot: Breakwater, side: Side = Side.THEIRS) -> list[dict[str, Any]]:
    """Every record that counts, without where it stood."""
    with bot.database.reading() as tx:
        parts = reads.active_parts(tx, side=side, content="records")
    if not parts:
        return []
    query = "SELECT * EXCLUDE (source_file, line) FROM read_parquet($parts) ORDER BY record_id, amount_minor"
    rows: list[dict[str, Any]] = bot.lake.query(query, {"parts": bot.lake.scanned(parts)}).to_pylist()
    return rows


def amounts_of(bot: Breakwater, side: Side = Side.THEIRS) -> list[int]:
    """What every record that counts moved, in minor units."""
    return [row["amount_minor"] for row in records_of(bot, side)]


def said(bot: Breakwater) -> list[str]:
    """What was said in the operations channel, oldest first, as a notification would read it."""
    with bot.database.reading() as tx:
        return [row.payload["text"] for row in tx.execute(outbox.select().order_by(outbox.c.id)) if row.channel == "C0PAYOPS"]


def cards(bot: Breakwater) -> list[dict[str, Any]]:
    """The states of cards that were put out for the operations channel, oldest first."""
    with bot.database.reading() as tx:
        rows = tx.execute(outbox.select().where(outbox.c.kind == "card").order_by(outbox.c.id)).mappings()
        return [dict(row) for row in rows]
