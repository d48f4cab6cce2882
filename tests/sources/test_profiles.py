"""A print-style report is read by a profile: its figures are proven by each other, and what the profile does not know is refused."""

from __future__ import annotations

import contextlib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from source_builders import money_in_statements, money_of, read_whole

from breakwater.errors import CallError, FileError
from breakwater.model.files import Reading
from breakwater.sources import own_formats, profiles

PROFILE = """
format = "northern-settlement"
[report]
starts = "NORTHERN SCHEME SETTLEMENT SERVICE"
end = "END OF REPORT"
written = "31DEC26"
[anchors]
id = "REPORT ID:"
account = "REPORTING FOR:"
currency = "SETTLEMENT CURRENCY:"
day = "SETTLEMENT DATE:"
[columns]
label = [1, 32]
count = [33, 42]
credit = [43, 60]
debit = [61, 78]
net = [79, 98]
[[lines]]
section = "ACQUIRER TRANSACTIONS"
label = "ORIGINAL SALE"
name = "acquirer sales"
under = "TOTAL ACQUIRER"
kind = "payment"
[[lines]]
section = "ACQUIRER TRANSACTIONS"
label = "REFUNDS"
under = "TOTAL ACQUIRER"
kind = "refund"
[[lines]]
label = "TOTAL ACQUIRER"
under = "NET SETTLEMENT AMOUNT"
[[lines]]
section = "REIMBURSEMENT FEES"
label = "ORIGINAL SALE"
name = "fees on sales"
under = "TOTAL FEES"
kind = "fee"
[[lines]]
label = "TOTAL FEES"
under = "NET SETTLEMENT AMOUNT"
[[lines]]
label = "NET SETTLEMENT AMOUNT"
"""


def printed(label: str, count: str = "", credit: str = "", debit: str = "", net: str = "") -> str:
    return f"{label:<32}{count:>10}{credit:>18}{debit:>18}{net:>20}".rstrip() + "\n"


def head(currency: str = "EUR", day: str = "19NOV26", page: int = 1) -> str:
    return (
        f"\fREPORT ID:  NSS-110          NORTHERN SCHEME SETTLEMENT SERVICE                  PAGE: {page}\n"
        f"REPORTING FOR: 9000000001 ACME  SETTLEMENT DATE: {day}\n"
        f"SETTLEMENT CURRENCY: {currency}\n\n" + printed("", "COUNT", "CREDIT AMOUNT", "DEBIT AMOUNT", "TOTAL AMOUNT")
    )


REFUNDS = "  REFUNDS", "14", "0.00", "320.10", "320.10 DB"
NET = "NET SETTLEMENT AMOUNT", "", "45,120.33", "410.34", "44,709.99 CR"
SALES = "  ORIGINAL SALE", "1,204", "45,120.33", "0.00", "45,120.33 CR"
BODY = (
    printed("ACQUIRER TRANSACTIONS")
    + printed(*SALES)
    + printed(*REFUNDS)
    + printed("TOTAL ACQUIRER", "1,218", "45,120.33", "320.10", "44,800.23 CR")
    + printed("REIMBURSEMENT FEES")
    + printed("  ORIGINAL SALE", "1,204", "0.00", "90.24", "90.24 DB")
    + printed("TOTAL FEES", "1,204", "0.00", "90.24", "90.24 DB")
    + printed(*NET)
)
END = "                  *** END OF REPORT ***\n"
REPORT = head() + BODY + END


def read(tmp_path: Path, text: str, profile: str = PROFILE) -> tuple[Reading, list[dict[str, Any]]]:
    path, declared = tmp_path / "report.txt", tmp_path / "northern.toml"
    path.write_text(text)
    declared.write_text(profile)
    reading, records = read_whole(path, layouts=own_formats.load([declared]))
    assert money_of(records) == money_in_statements(reading)
    return reading, records


def figures(reading: Reading) -> list[tuple[Any, ...]]:
    return [(s.id, s.account, s.currency, s.entries, s.details, s.credits_minor, s.debits_minor) for s in reading.statements]


def test_what_is_money_becomes_records_and_what_adds_up_does_not(tmp_path: Path) -> None:
    reading, records = read(tmp_path, REPORT)

    assert reading.format == "northern-settlement"
    assert figures(reading) == [("NSS-110", "9000000001 ACME", "EUR", 3, 2422, 4512033, 41034)]
    assert [(r["kind"], r["amount_minor"], r["raw_code"], r["booked_on"], r["ref_batch_id"]) for r in records] == [
        ("payment", 4512033, "acquirer sales", date(2026, 11, 19), "NSS-110"),
        ("refund", -32010, "REFUNDS", date(2026, 11, 19), "NSS-110"),
        ("fee", -9024, "fees on sales", date(2026, 11, 19), "NSS-110"),
    ]
    assert records[0]["record_id"] == "northern-settlement:9000000001 ACME:NSS-110.2026-11-19.EUR/acquirer sales/0"


def test_a_page_in_another_currency_is_another_statement(tmp_path: Path) -> None:
    yen = BODY.replace(".33", "").replace(".10", "").replace(".23", "").replace(".24", "").replace(".34", "").replace(".99", "")
    yen = yen.replace(".00", "").replace("44,709", "44,710")

    reading, _ = read(tmp_path, head() + BODY + head("JPY", page=2) + yen + END)

    assert figures(reading) == [
        ("NSS-110", "9000000001 ACME", "EUR", 3, 2422, 4512033, 41034),
        ("NSS-110", "9000000001 ACME", "JPY", 3, 2422, 45120, 410),
    ]


def test_a_report_may_go_on_over_pages(tmp_path: Path) -> None:
    first, second = BODY.split("REIMBURSEMENT FEES")

    assert figures(read(tmp_path, head() + first + head(page=2) + "REIMBURSEMENT FEES" + second + END)[0])[0][3] == 3


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        (REPORT.replace(END, ""), "truncated", "does not end with 'END OF REPORT'"),
        (REPORT.replace(printed(*NET), ""), "truncated", "'NET SETTLEMENT AMOUNT'"),
        (REPORT.replace(printed(*REFUNDS), ""), "control-total", "the count of 'TOTAL ACQUIRER' is 1,218"),
        (REPORT.replace("320.10 DB", "320.10 CR"), "control-total", "the net of 'REFUNDS' is not its credits less its debits"),
        (REPORT.replace("44,709.99", "44,709.98"), "control-total", "the net of 'NET SETTLEMENT AMOUNT'"),
        (REPORT.replace("410.34", "410.33").replace("44,709.99", "44,710.00"), "control-total", "the debit of 'NET SETTLEMENT AMOUNT'"),
        (REPORT.replace("  REFUNDS", "  CHARGEBACKS"), "malformed", "'CHARGEBACKS' has an amount, but the profile does not know it"),
        (REPORT.replace(printed(*SALES), printed(*SALES) * 2), "malformed", "the line 'acquirer sales' stands twice"),
        (REPORT.replace("45,120.33 CR", "45,120.3x CR"), "bad-amount", "is no amount in EUR"),
        (REPORT.replace("45,120.33 CR", ""), "bad-amount", "has no net amount"),
        (REPORT.replace("1,204", "1,2x4"), "malformed", "is no number"),
        (REPORT.replace("CURRENCY: EUR", "CURRENCY: XYZ"), "bad-amount", "in XYZ"),
        (REPORT.replace("19NOV26", "31NOV26"), "bad-date", "'31NOV26' is no date"),
        (REPORT + "and so on\n", "malformed", "after the end of the report"),
    ],
)  # fmt: skip
def test_what_refuses_a_report(tmp_path: Path, text: str, code: str, said: str) -> None:
    with pytest.raises(FileError) as refused:
        read(tmp_path, text)

    assert (refused.value.code, said in refused.value.message) == (code, True), refused.value.message


def test_no_digit_of_a_figure_can_change_unseen(tmp_path: Path) -> None:
    """Each digit is made another one: the report is refused, or it says the same money."""
    start = REPORT.index("ACQUIRER TRANSACTIONS")
    whole = figures(read(tmp_path, REPORT)[0])

    lies = []
    for at in (n for n in range(start, len(REPORT)) if REPORT[n].isdigit()):
        changed = REPORT[:at] + str((int(REPORT[at]) + 1) % 10) + REPORT[at + 1 :]
        with contextlib.suppress(FileError):
            lies += [at] * (figures(read(tmp_path, changed)[0]) != whole)
    assert lies == []


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("[columns]", "[colums]"), "'colums' is no entry of the top. Did you mean 'columns'?"),
        (("net = [79, 98]", ""), "[columns] has to name 'label' and 'net'"),
        (("net = [79, 98]", "net = [98, 79]"), "the column 'net' has to be its first and last place"),
        (('currency = "SETTLEMENT CURRENCY:"', ""), "'currency' is missing in [anchors]"),
        (('end = "END OF REPORT"', ""), "'end' is missing in [report]"),
        (('"31DEC26"', '"december"'), "'december' is no way to write a date"),
        (('kind = "refund"', 'kind = "refunds"'), "'refunds' is no kind. Did you mean 'refund'?"),
        (('kind = "refund"', ""), "'REFUNDS' is neither money of a kind, nor do others add up to it"),
        (('name = "fees on sales"', 'name = "acquirer sales"'), "each by a name of its own"),
        (('under = "TOTAL FEES"', 'under = "TOTAL FEE"'), "'TOTAL FEE' is no line. Did you mean 'TOTAL FEES'?"),
        (('under = "TOTAL FEES"', 'under = "REFUNDS"'), "'REFUNDS' is money of its own"),
        (('format = "northern-settlement"', ""), "'format' is missing"),
        (("[report]", "[report"), "is not TOML"),
    ],
)
def test_a_wrong_profile_is_told_what_is_wrong(change: tuple[str, str], complaint: str) -> None:
    with pytest.raises(CallError) as refused:
        profiles.profile_of(PROFILE.replace(*change), name="northern.toml")

    assert complaint in refused.value.message
    assert refused.value.remedy
