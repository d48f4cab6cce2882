"""ISO 20022 files at random: what is written is read back, and what is damaged is refused or still satisfies its own totals."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iso_builders import (
    batch,
    camt056,
    collection,
    pacs002,
    pacs004,
    pacs008,
    pain001,
    pain002,
    pain008,
    returned,
    settled,
    status,
    transfer,
)
from lxml import etree
from source_builders import balance, camt, detail, entry, money_in_statements, money_of, read_all, statement

from breakwater.errors import FileError
from breakwater.model.money import major_text

DECIMALS = {"EUR": 2, "JPY": 0, "KWD": 3}
REFERENCE = st.text("ABCabc0129-+.:/?()',<&>\" ", min_size=1, max_size=35).map(str.strip).filter(lambda t: t and t.upper() != "NOTPROVIDED")
LINE = st.fixed_dictionaries(
    {
        "minor": st.integers(min_value=0, max_value=10**14),
        "currency": st.sampled_from(sorted(DECIMALS)),
        "day": st.integers(min_value=0, max_value=9999).map(lambda days: date(2010, 1, 1) + timedelta(days=days)),
        "reference": REFERENCE,
    }
)
LINES = st.lists(LINE, min_size=1, max_size=20)


def major(line: dict[str, Any]) -> str:
    return major_text(line["minor"], DECIMALS[line["currency"]])


def totals(lines: list[dict[str, Any]]) -> str:
    return f"<NbOfTxs>{len(lines)}</NbOfTxs><CtrlSum>{sum(Decimal(major(line)) for line in lines):f}</CtrlSum>"


def ids(line: dict[str, Any], name: str = "EndToEndId") -> str:
    return f"<{name}>{escape(line['reference'])}</{name}>"


def day(line: dict[str, Any]) -> str:
    return f"<IntrBkSttlmDt>{line['day']}</IntrBkSttlmDt>"


def written(text: str, folder: Path) -> Path:
    path = folder / "random.xml"
    path.write_text(text, encoding="utf-8")
    return path


@settings(deadline=None)
@given(lines=LINES)
@pytest.mark.parametrize(("write", "order", "sign"), [(pain001, transfer, -1), (pain008, collection, 1)])
def test_orders_give_back_their_transactions(
    write: Any, order: Any, sign: int, lines: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    orders = [order(major(line), currency=line["currency"], ids=ids(line)) for line in lines]
    text = write(batch(*orders, header=totals(lines)), header=totals(lines))

    reading, records, events = read_all(written(text, tmp_path_factory.getbasetemp()))

    assert records == []
    assert [(e["amount_minor"], e["currency"], e["payment_id"]) for e in events] == [
        (line["minor"], line["currency"], line["reference"]) for line in lines
    ]
    moved = {currency: sign * sum(line["minor"] for line in lines if line["currency"] == currency) for currency in DECIMALS}
    assert +money_in_statements(reading) == {currency: minor for currency, minor in moved.items() if minor > 0}
    assert -money_in_statements(reading) == {currency: -minor for currency, minor in moved.items() if minor < 0}
    assert len({e["event_id"] for e in events}) == len(lines)


@settings(deadline=None)
@given(lines=LINES)
@pytest.mark.parametrize(
    ("write", "transaction", "name", "kind"),
    [(pacs008, settled, "EndToEndId", "payment"), (pacs004, returned, "OrgnlEndToEndId", "return")],
)
def test_interbank_payments_give_back_their_transactions(
    write: Any, transaction: Any, name: str, kind: str, lines: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    inside = [transaction(major(line), currency=line["currency"], ids=ids(line, name), extra=day(line)) for line in lines]

    reading, records, _ = read_all(written(write(*inside, header=totals(lines)), tmp_path_factory.getbasetemp()))

    assert [(r["kind"], r["amount_minor"], r["currency"], r["booked_on"], r["ref_end_to_end_id"]) for r in records] == [
        (kind, line["minor"], line["currency"], line["day"], line["reference"]) for line in lines
    ]
    assert +money_of(records) == +money_in_statements(reading)
    assert len({r["record_id"] for r in records}) == len(lines)


@settings(deadline=None)
@given(lines=LINES)
def test_statuses_and_recalls_give_back_the_payments_they_name(
    lines: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.getbasetemp()
    named = [ids(line, "OrgnlEndToEndId") for line in lines]
    amounts = [f'<OrgnlIntrBkSttlmAmt Ccy="{line["currency"]}">{major(line)}</OrgnlIntrBkSttlmAmt>' for line in lines]

    _, _, reported = read_all(written(pacs002(*[status("RJCT", ids=name) for name in named]), folder))
    _, _, recalled = read_all(
        written(camt056(*[f"<TxInf>{name}{amount}</TxInf>" for name, amount in zip(named, amounts, strict=True)]), folder)
    )

    assert [(e["payment_id"], e["state"]) for e in reported] == [(line["reference"], "rejected") for line in lines]
    assert [(e["payment_id"], e["amount_minor"], e["currency"]) for e in recalled] == [
        (line["reference"], line["minor"], line["currency"]) for line in lines
    ]


HEADER = "<NbOfTxs>2</NbOfTxs><CtrlSum>12.50</CtrlSum>"
DETAILS = detail("<EndToEndId>A</EndToEndId>", amount='<Amt Ccy="EUR">3.10</Amt>') + detail(amount='<Amt Ccy="EUR">6.90</Amt>')
VALID = {
    "camt.053": camt(
        statement(entry("10.00", details=DETAILS), entry("2.50"), balances=balance("OPBD", "0.00") + balance("CLBD", "12.50")),
    ),
    "camt.054": camt(statement(entry("10.00", details=DETAILS)))
    .replace("Stmt>", "Ntfctn>")
    .replace("<BkToCstmrNtfctn>", "<BkToCstmrDbtCdtNtfctn>")
    .replace("</BkToCstmrNtfctn>", "</BkToCstmrDbtCdtNtfctn>"),
    "pain.001": pain001(batch(transfer("10.00"), transfer("2.50"), header=HEADER), header=HEADER),
    "pain.008": pain008(batch(collection("10.00"), collection("2.50"), header=HEADER), header=HEADER),
    "pain.002": pain002(f"<OrgnlPmtInfAndSts>{status('RJCT', reason='AC04')}</OrgnlPmtInfAndSts>"),
    "pacs.002": pacs002(status(), status("RJCT")),
    "pacs.004": pacs004(returned("10.00"), returned("2.50"), header=HEADER),
    "pacs.008": pacs008(settled("10.00"), settled("2.50"), header=HEADER + '<TtlIntrBkSttlmAmt Ccy="EUR">12.50</TtlIntrBkSttlmAmt>'),
    "camt.056": camt056("<TxInf><OrgnlTxId>T</OrgnlTxId></TxInf>"),
}
BYTES = b"<>/\"'= 0159.,-+&;\x00\xffAZx!?"


def damaged(content: bytes, dice: random.Random) -> bytes:
    """The content with a few bytes flipped, cut, repeated or put in."""
    for _ in range(dice.randint(1, 3)):
        at = dice.randrange(len(content))
        length = dice.randint(1, 40)
        change = dice.choice(
            (b"", bytes([dice.choice(BYTES)]), content[at : at + length] * 2, content[dice.randrange(len(content)) :][:length])
        )
        content = content[:at] + change + content[at + (length if dice.random() < 0.5 else len(change[:1])) :] or b"<"
    return content


def texts(content: bytes, name: str) -> list[str]:
    """The texts of all elements of a name in a file that was accepted, read independently of the readers."""
    wrapped = b"<all>" + content + b"</all>"
    return [(e.text or "").strip() for e in etree.fromstring(wrapped).iter(f"{{*}}{name}")]


@pytest.mark.parametrize("name", VALID)
def test_what_is_damaged_is_refused_or_still_proves_itself(name: str, tmp_path: Path) -> None:
    dice = random.Random(f"damage {name}")
    accepted = 0
    for _ in range(1_000):
        content = damaged(VALID[name].encode(), dice)
        path = tmp_path / "damaged.xml"
        path.write_bytes(content)
        try:
            reading, records, _ = read_all(path)
        except FileError:
            continue
        accepted += 1
        assert +money_of(records) in ({}, +money_in_statements(reading))
        entries = sum(s.entries for s in reading.statements)
        counts = [int(text) for text in texts(content, "NbOfTxs") if text]
        assert all(count == entries for count in counts), content

    assert accepted > 0, "damage to names and free text is harmless, and accepted"


@pytest.mark.parametrize("name", VALID)
def test_the_undamaged_file_is_what_it_says(name: str, tmp_path: Path) -> None:
    reading, _, _ = read_all(written(VALID[name], tmp_path))

    assert reading.format == name


@pytest.mark.parametrize("name", VALID)
def test_a_file_cut_anywhere_is_refused(name: str, tmp_path: Path) -> None:
    content = VALID[name].encode()
    path = tmp_path / "cut.xml"
    codes = set()
    for end in range(0, len(content), 7):
        path.write_bytes(content[:end])
        with pytest.raises(FileError) as refused:
            read_all(path)
        codes.add(refused.value.code)

    assert codes <= {"empty-file", "malformed", "truncated", "unknown-format"}
