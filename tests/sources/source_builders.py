"""Builders of small partner files, written independently of the readers, and a way to read one whole."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa

from breakwater.model.events import EVENT_SCHEMA
from breakwater.model.files import Reading
from breakwater.model.records import RECORD_SCHEMA
from breakwater.sources import files

FILES = Path(__file__).parents[1] / "files"
ADYEN_COLUMNS = (
    "Merchant Account", "Psp Reference", "Merchant Reference", "Creation Date", "TimeZone", "Type", "Modification Reference",
    "Gross Currency", "Gross Debit (GC)", "Gross Credit (GC)", "Net Currency", "Net Debit (NC)", "Net Credit (NC)", "Commission (NC)",
    "Markup (NC)", "Batch Number",
)  # fmt: skip


def read_whole(path: Path, **options: Any) -> tuple[Reading, list[dict[str, Any]]]:
    """A reading that has been read to its end, and its records."""
    reading, records, _ = read_all(path, **options)
    return reading, records


def read_all(path: Path, **options: Any) -> tuple[Reading, list[dict[str, Any]], list[dict[str, Any]]]:
    """A reading that has been read to its end, its records and its events."""
    reading = files.read(path, **{"partner": "nordbank", **options})
    records = pa.Table.from_batches(list(reading.records), schema=RECORD_SCHEMA)
    events = pa.Table.from_batches(list(reading.events), schema=EVENT_SCHEMA)
    records.validate(full=True)
    events.validate(full=True)
    return reading, records.to_pylist(), events.to_pylist()


def money_of(records: list[dict[str, Any]]) -> Counter[str]:
    """What the records moved, per currency: amounts less fees."""
    moved: Counter[str] = Counter()
    for record in records:
        moved[record["currency"]] += record["amount_minor"] - (record["fee_minor"] or 0)
    return moved


def money_in_statements(reading: Reading) -> Counter[str]:
    """What the statements say was moved, per currency."""
    moved: Counter[str] = Counter()
    for statement in reading.statements:
        moved[statement.currency or ""] += statement.credits_minor - statement.debits_minor
    return moved


def camt(*statements: str, namespace: str = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08", declaration: str = "") -> str:
    """A camt.053 message of statements."""
    inside = "".join(statements)
    return f'{declaration}<Document xmlns="{namespace}"><BkToCstmrStmt><GrpHdr><MsgId>M</MsgId></GrpHdr>{inside}</BkToCstmrStmt></Document>'


def statement(*entries: str, id: str = "STMT-1", balances: str = "", header: str = "<CreDtTm>2026-11-20T06:00:00</CreDtTm>") -> str:
    """One statement of a Swiss account in EUR."""
    account = "<Acct><Id><IBAN>CH9300762011623852957</IBAN></Id><Ccy>EUR</Ccy></Acct>"
    return f"<Stmt><Id>{id}</Id>{header}{account}{balances}{''.join(entries)}</Stmt>"


def balance(code: str, amount: str, *, currency: str = "EUR", day: str = "2026-11-19", direction: str = "CRDT") -> str:
    """One balance."""
    kind = f"<Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>"
    return f'<Bal>{kind}<Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>{direction}</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>'


def entry(
    amount: str = "10.00",
    *,
    direction: str = "CRDT",
    currency: str = "EUR",
    status: str = "<Sts><Cd>BOOK</Cd></Sts>",
    booked: str = "<BookgDt><Dt>2026-11-19</Dt></BookgDt>",
    valued: str = "<ValDt><Dt>2026-11-20</Dt></ValDt>",
    reference: str = "<AcctSvcrRef>ASR-1</AcctSvcrRef>",
    code: str = "RCDT/ESCT",
    details: str = "",
) -> str:
    """One entry."""
    family, sub_family = code.split("/")
    codes = f"<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>{family}</Cd><SubFmlyCd>{sub_family}</SubFmlyCd></Fmly></Domn></BkTxCd>"
    money = f'<Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>{direction}</CdtDbtInd>'
    return f"<Ntry>{money}{status}{booked}{valued}{reference}{codes}<NtryDtls>{details}</NtryDtls></Ntry>"


def detail(references: str = "", *, amount: str = "", extra: str = "") -> str:
    """One transaction detail; `references` and `amount` are the inside of `Refs` and a whole `Amt` element."""
    return f"<TxDtls><Refs>{references}</Refs>{amount}{extra}</TxDtls>"


def adyen(*rows: dict[str, str], delimiter: str = ",", columns: tuple[str, ...] = ADYEN_COLUMNS) -> str:
    """An Adyen settlement report of rows, each a settled payment unless it says otherwise."""
    lines = [delimiter.join(columns)]
    for row in rows:
        filled = {
            "Merchant Account": "AcmeEU",
            "Creation Date": "2026-11-19 10:00:00",
            "TimeZone": "CET",
            "Type": "Settled",
            "Net Currency": "EUR",
            "Batch Number": "77",
            **row,
        }
        lines.append(delimiter.join(filled.get(column, "") for column in columns))
    return "\n".join(lines) + "\n"
