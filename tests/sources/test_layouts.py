"""A layout is a table in TOML that a user can write: what it can say, and how it is told what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from breakwater.errors import CallError
from breakwater.model.files import Reading
from breakwater.model.records import RECORD_SCHEMA, Side
from breakwater.sources import layout_files
from breakwater.sources.documents import Document, head_of
from breakwater.sources.layout_language import LayoutLanguage

OWN = """
format = "acme-report"
header = ["Txn", "Net"]
[statement]
currency = "Cur"
[money]
unit = "minor"
net = "Net"
fees = ["Fee"]
[dates]
booked = ["Day"]
value = "Settled on"
[kind]
column = "What"
otherwise = "payment"
words = { BACK = "refund" }
[original]
currency = "Paid in"
credit = "Paid"
debit = "Paid back"
[line]
reference = ["Txn"]
[references]
ref_partner_id = "Txn"
"""


def document(path: Path) -> Document:
    return Document(name=path.name, open=lambda: path.open("rb"), partner="acme", network=None, source_file=path.name)


def test_a_user_s_own_report_is_read_as_declared(tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    path.write_text(
        "Txn|Day|Settled on|Cur|Net|Fee|What|Paid in|Paid|Paid back\n"
        "T1|2026-11-19|2026-11-21|jpy|1500|20|sale|EUR|920|\nT2|2026-11-20||JPY|-300||back|JPY||300\n"
    )
    language = LayoutLanguage(layout_files.layout_of(OWN, name="own.toml"))
    reading = Reading(format="acme-report", side=Side.THEIRS, records=iter(()))

    records = pa.Table.from_batches(list(language.read(document(path), reading)), schema=RECORD_SCHEMA).to_pylist()

    assert language.recognise(head_of(document(path))) == "acme-report"
    assert [(r["record_id"], r["kind"], r["amount_minor"], r["fee_minor"], r["currency"]) for r in records] == [
        ("acme-report::2026-11-19.T1/T1/0", "payment", 1520, 20, "JPY"),
        ("acme-report::2026-11-19.T1/T2/0", "refund", -300, None, "JPY"),
    ]
    assert [(r["original_amount_minor"], r["original_currency"]) for r in records] == [(920, "EUR"), (None, None)]
    assert [str(r["value_date"]) for r in records] == ["2026-11-21", "None"]
    assert [(s.id, s.account, s.credits_minor, s.debits_minor) for s in reading.statements] == [(None, None, 1500, 300)]
    assert reading.columns == ["Txn", "Day", "Settled on", "Cur", "Net", "Fee", "What", "Paid in", "Paid", "Paid back"]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("[money]", "[mony]"), r"there is no table \[mony\]\. Did you mean 'money'\?$"),
        (("[dates]", "[kind]"), r"is not TOML"),
        (('[dates]\nbooked = ["Day"]\nvalue = "Settled on"', ""), r"the table \[dates\] is missing"),
        (('net = "Net"', 'nett = "Net"'), r"'nett' is no entry of \[money\]\. Did you mean 'net'\?"),
        (('net = "Net"', ""), r"either 'credit' and 'debit', or 'net', or 'gross'"),
        (('net = "Net"', 'net = "Net"\ncredit = "C"'), r"either 'credit' and 'debit', or 'net', or 'gross'"),
        (('"minor"', '"cents"'), r"'cents' is no unit"),
        (('["Fee"]', '"Fee"'), r"'fees' in \[money\] has to be a list of texts"),
        (('["Fee"]', "[7]"), r"'fees' in \[money\] has to be a list of texts"),
        (('currency = "Cur"', ""), r"\[statement\] has to name either the column 'currency', or 'always_currency'"),
        (('format = "acme-report"', ""), r"'format' is missing in the top"),
        (('"refund"', '"refunds"'), r"'refunds' is no kind\. Did you mean 'refund'\?"),
        (("ref_partner_id", "ref_partner"), r"'ref_partner' is no reference\. Did you mean 'ref_partner_id'\?"),
        (('ref_partner_id = "Txn"', "ref_partner_id = 7"), r"'ref_partner_id' has to be a column's name"),
        (('"Txn"\n', '{ column = "Txn", kinds = ["payment"], part = "(" }\n'), r"the part '\(' of 'ref_partner_id' is no pattern of RE2"),
        (('"Txn"\n', '{ column = "Txn", kinds = ["payment"], part = "(A|B)" }\n'), r"is no pattern of RE2 without groups of its own"),
        (('"Txn"\n', '{ column = "Txn", kinds = ["payment"], piece = "A" }\n'), r"with a 'part' of the text"),
        (("[kind]", "[extra]\n[kind]"), r"there is no table \[extra\]"),
        (("[kind]", "[kind"), r"is not TOML"),
    ],
)
def test_a_wrong_layout_is_told_what_is_wrong(change: tuple[str, str], complaint: str) -> None:
    with pytest.raises(CallError, match=complaint):
        layout_files.layout_of(OWN.replace(*change), name="own.toml")


def test_every_layout_that_comes_along_is_well_formed() -> None:
    assert {layout.format for layout in layout_files.built_in()} == {
        "adyen-accounting", "adyen-settlement", "alipay-settlement", "alipay-transactions", "antom-settlement", "checkout-settlement",
        "stripe-balance", "stripe-payout",
    }  # fmt: skip
