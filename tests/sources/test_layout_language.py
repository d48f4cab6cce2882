"""What a layout can say, one entry after the other, on reports of one's own."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from source_builders import money_in_statements, money_of, read_whole

from breakwater.errors import CallError, FileError
from breakwater.model.files import Reading
from breakwater.sources import layout_files, own_formats

TOP = 'format = "mine"\nheader = ["Ref"]\n'
STATEMENT = '[statement]\ncurrency = "Cur"\n'
NET = '[money]\nnet = "Net"\n'
DATES = '[dates]\nbooked = "Day"\n'
REST = '[line]\nreference = ["Ref"]\n[kind]\notherwise = "payment"\n'


def read(tmp_path: Path, report: str | bytes, *, statement: str = STATEMENT, money: str = NET, dates: str = DATES, rest: str = REST) -> Any:
    path, layout = tmp_path / "mine.csv", tmp_path / "mine.toml"
    path.write_bytes(report.encode() if isinstance(report, str) else report)
    layout.write_text(TOP + statement + money + dates + rest, encoding="utf-8")
    reading, records = read_whole(path, layouts=own_formats.load([layout]))
    assert money_of(records) == money_in_statements(reading)
    return reading, records


def refusal(tmp_path: Path, report: str | bytes, **tables: str) -> tuple[str, str]:
    with pytest.raises(FileError) as refused:
        read(tmp_path, report, **tables)
    return refused.value.code, refused.value.message


def sides(reading: Reading) -> list[tuple[str | None, int, int]]:
    return [(s.currency, s.credits_minor, s.debits_minor) for s in reading.statements]


def of(records: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(record[name] for name in names) for record in records]


@pytest.mark.parametrize(
    ("unit", "currency", "text", "minor"),
    [
        ("major", "EUR", "1.5", 150), ("major", "JPY", "15", 15), ("major", "KWD", "1.5", 1500), ("minor", "KWD", "1500", 1500),
        ("hundredths", "EUR", "150", 150), ("hundredths", "JPY", "1500", 15), ("hundredths", "KWD", "150", 1500),
        ("hundredths", "JPY", "-100", -1),
    ],
)  # fmt: skip
def test_units(tmp_path: Path, unit: str, currency: str, text: str, minor: int) -> None:
    _, [record] = read(tmp_path, f"Ref,Cur,Day,Net\nA,{currency},2026-11-19,{text}\n", money=f'{NET}unit = "{unit}"\n')

    assert record["amount_minor"] == minor


@pytest.mark.parametrize(("unit", "text"), [("hundredths", "1550"), ("hundredths", "1"), ("minor", "1.5"), ("major", "0.5")])
def test_units_are_exact(tmp_path: Path, unit: str, text: str) -> None:
    code, _ = refusal(tmp_path, f"Ref,Cur,Day,Net\nA,JPY,2026-11-19,{text}\n", money=f'{NET}unit = "{unit}"\n')

    assert code == "bad-amount"


@pytest.mark.parametrize(
    ("entries", "text", "minor"),
    [
        ('decimal = ","', "1234,5", 123450), ('decimal = ","', "-0,05", -5), ('decimal = ","', "7", 700), ('decimal = ","', ",5", 50),
        ('decimal = ","\nthousands = "."', "1.234.567,89", 123456789), ('decimal = ","\nthousands = "."', "1234,5", 123450),
        ('thousands = ","', "-1,234.50", -123450), ('thousands = "\'"', "12'345.00", 1234500), ('thousands = " "', "1 234.5", 123450),
    ],
)  # fmt: skip
def test_decimal_signs_and_thousands(tmp_path: Path, entries: str, text: str, minor: int) -> None:
    _, [record] = read(tmp_path, f"Ref;Cur;Day;Net\nA;EUR;2026-11-19;{text}\n", money=f"{NET}{entries}\n")

    assert record["amount_minor"] == minor


@pytest.mark.parametrize(
    ("entries", "text"),
    [
        ('decimal = ","', "1.5"), ('decimal = ","', "1,5,5"), ('decimal = ","\nthousands = "."', "1.23,45"), ('thousands = ","', "12,34"),
        ('thousands = ","', "1,2345"), ('thousands = ","', ",123"), ('decimal = ","\nthousands = "."', "1.234.56"),
        ('decimal = ","', "1,5-"),
    ],
)  # fmt: skip
def test_an_amount_that_is_not_written_so_is_shown_as_it_stands(tmp_path: Path, entries: str, text: str) -> None:
    code, message = refusal(tmp_path, f"Ref;Cur;Day;Net\nA;EUR;2026-11-19;1\nB;EUR;2026-11-19;{text}\n", money=f"{NET}{entries}\n")

    assert (code, f"line 3: 'Net' '{text}'" in message) == ("bad-amount", True)


@pytest.mark.parametrize(
    ("signs", "payment_fee", "refund_fee", "payment", "refund"),
    [
        ("costs", "0.25", "-0.10", (1025, 25), (-510, -10)), ("signed", "-0.25", "0.10", (1025, 25), (-510, -10)),
        ("unsigned", "0.25", "0.10", (1025, 25), (-510, -10)),
    ],
)  # fmt: skip
def test_fees_beside_a_net(
    tmp_path: Path, signs: str, payment_fee: str, refund_fee: str, payment: tuple[int, int], refund: tuple[int, int]
) -> None:
    report = f"Ref,Cur,Day,Net,Fee\nA,EUR,2026-11-19,10,{payment_fee}\nB,EUR,2026-11-19,-5,{refund_fee}\nC,EUR,2026-11-19,1,\n"

    reading, records = read(tmp_path, report, money=f'{NET}fees = ["Fee"]\nfees_are = "{signs}"\n')

    assert sides(reading) == [("EUR", 1100, 500)]
    assert of(records, "amount_minor", "fee_minor") == [payment, refund, (100, None)]


def test_a_fee_finer_than_a_cent_is_rounded_since_no_statement_counts_it(tmp_path: Path) -> None:
    rows = "".join(f"{n},EUR,2026-11-19,10,{fee}\n" for n, fee in enumerate(("0.0349", "0.035", "-0.035", "0.030000")))

    reading, records = read(tmp_path, "Ref,Cur,Day,Net,Fee\n" + rows, money=f'{NET}fees = ["Fee"]\n')

    assert sides(reading) == [("EUR", 4000, 0)]
    assert of(records, "amount_minor", "fee_minor") == [(1003, 3), (1004, 4), (996, -4), (1003, 3)]


def test_gross_and_fees_make_the_net_or_count_apart(tmp_path: Path) -> None:
    report = "Ref,Cur,Day,Gross,Fee\nA,EUR,2026-11-19,10,0.25\nB,EUR,2026-11-19,-5,-0.10\nC,EUR,2026-11-19,1,\n"
    money = '[money]\ngross = "Gross"\nfees = ["Fee"]\n'

    netted, records = read(tmp_path, report, money=money)
    apart, same = read(tmp_path, report, money=f"{money}apart = true\n")

    assert (sides(netted), sides(apart)) == ([("EUR", 1075, 490)], [("EUR", 1110, 525)])
    assert of(records, "amount_minor", "fee_minor") == of(same, "amount_minor", "fee_minor") == [(1000, 25), (-500, -10), (100, None)]
    assert refusal(tmp_path, "Ref,Cur,Day,Gross,Fee\nA,EUR,2026-11-19,10,0.255\n", money=money)[0] == "bad-amount"
    assert refusal(tmp_path, "Ref,Cur,Day,Gross,Fee\nA,EUR,2026-11-19,,0.25\n", money=money)[0] == "bad-amount"


def test_two_columns_of_which_one_is_negative(tmp_path: Path) -> None:
    money = '[money]\ncredit = "In"\ndebit = "Out"\nnegative_debits = true\n'

    assert sides(read(tmp_path, "Ref,Cur,Day,In,Out\nA,EUR,2026-11-19,1,\nB,EUR,2026-11-19,,-2\n", money=money)[0]) == [("EUR", 100, 200)]
    for row, what in (("1,2", "'Out' is positive"), ("-1,", "'In' is negative"), (",", "'In' and 'Out' are empty")):
        assert what in refusal(tmp_path, f"Ref,Cur,Day,In,Out\nA,EUR,2026-11-19,{row}\n", money=money)[1]


@pytest.mark.parametrize(("otherwise", "credits", "debits"), [("sign", 300, 300), ("credit", 500, 100), ("debit", 200, 400)])
def test_a_direction_by_words(tmp_path: Path, otherwise: str, credits: int, debits: int) -> None:
    rest = f'{REST}[direction]\ncolumn = "Way"\ncredit = ["IN"]\ndebit = ["out"]\notherwise = "{otherwise}"\n'
    report = "Ref,Cur,Day,Net,Way\nA,EUR,2026-11-19,-2,in\nB,EUR,2026-11-19,1,OUT\nC,EUR,2026-11-19,-2,\nD,EUR,2026-11-19,1,x\n"

    assert sides(read(tmp_path, report, rest=rest)[0]) == [("EUR", credits, debits)]


@pytest.mark.parametrize(
    ("written", "text", "day", "moment"),
    [
        ("2026-12-31", "2026-11-09 08:07:06", date(2026, 11, 9), datetime(2026, 11, 9, 7, 7, 6, tzinfo=UTC)),
        ("2026-12-31", "2026-11-09T08:07:06.5", date(2026, 11, 9), datetime(2026, 11, 9, 7, 7, 6, 500000, tzinfo=UTC)),
        ("2026-12-31", "2026-11-09T23:07:06-0530", date(2026, 11, 9), datetime(2026, 11, 10, 4, 37, 6, tzinfo=UTC)),
        ("2026-12-31", "2026-11-09T08:07:06Z", date(2026, 11, 9), datetime(2026, 11, 9, 8, 7, 6, tzinfo=UTC)),
        ("2026-12-31", "2026-11-09", date(2026, 11, 9), None),
        ("2026/12/31", "2026/11/09 08:07:06", date(2026, 11, 9), datetime(2026, 11, 9, 7, 7, 6, tzinfo=UTC)),
        ("20261231", "20261109", date(2026, 11, 9), None),
        ("31.12.2026", "9.11.2026", date(2026, 11, 9), None),
        ("31.12.2026", "09.11.2026 8:07", date(2026, 11, 9), datetime(2026, 11, 9, 7, 7, tzinfo=UTC)),
        ("31/12/2026", "09/11/2026", date(2026, 11, 9), None),
        ("12/31/2026", "11/9/2026 08:07:06", date(2026, 11, 9), datetime(2026, 11, 9, 7, 7, 6, tzinfo=UTC)),
    ],
)
def test_dates_are_written_in_many_ways(tmp_path: Path, written: str, text: str, day: date, moment: datetime | None) -> None:
    dates = f'{DATES}zone = ["+01:00"]\nvalue = "Val"\nwritten = "{written}"\n'

    _, [record] = read(tmp_path, f"Ref,Cur,Day,Val,Net\nA,EUR,{text},{text},1\n", dates=dates)

    assert (record["booked_on"], record["value_date"], record["booked_at"]) == (day, day, moment)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("31.12.2026", "31.02.2026"),
        ("12/31/2026", "31/12/2026"),
        ("20261231", "2026110"),
        ("31.12.2026", "9.11.26"),
        ("2026-12-31", "soon"),
    ],
)
def test_a_date_that_is_not_written_so_is_shown_as_it_stands(tmp_path: Path, written: str, text: str) -> None:
    code, message = refusal(tmp_path, f"Ref,Cur,Day,Net\nA,EUR,{text},1\n", dates=f'{DATES}written = "{written}"\n')

    assert (code, f"'Day' '{text}' is no date" in message) == ("bad-date", True)


def test_rows_that_wait_by_a_word_or_by_all_other_words(tmp_path: Path) -> None:
    report = "Ref,Cur,Day,Net,State\n" + "".join(
        f"{n},EUR,2026-11-19,1,{word}\n" for n, word in enumerate(("Done", "open", "UnDone", "done", ""))
    )
    counts = {}
    for words in ('pending = ["OPEN"]', 'booked = ["*done"]', 'booked = ["done", ""]'):
        [statement] = read(tmp_path, report, rest=f'{REST}[state]\ncolumn = "State"\n{words}\n')[0].statements
        counts[words] = (statement.entries, statement.pending_entries)

    assert list(counts.values()) == [(4, 1), (3, 2), (3, 2)]


def test_a_currency_that_never_changes_and_a_kind_by_side(tmp_path: Path) -> None:
    rest = '[line]\nreference = ["Ref"]\n[kind]\notherwise_credit = "payment"\notherwise_debit = "refund"\n'

    reading, records = read(
        tmp_path, "Ref,Day,Net\nA,2026-11-19,1\nB,2026-11-19,-2\n", statement='[statement]\nalways_currency = "CHF"\n', rest=rest
    )

    assert sides(reading) == [("CHF", 100, 200)]
    assert of(records, "kind", "raw_code") == [("payment", None), ("refund", None)]


def test_of_several_columns_the_first_that_is_filled_counts(tmp_path: Path) -> None:
    statement = '[statement]\ncurrency = ["Cur", "Other"]\naccount = ["Missing", "A", "B"]\n'

    reading, _ = read(tmp_path, "Ref,Cur,Other,A,B,Day,Net\n1,,usd,,b,2026-11-19,1\n2,EUR,USD,a,b,2026-11-19,1\n", statement=statement)

    assert [(s.account, s.currency) for s in reading.statements] == [("b", "USD"), ("a", "EUR")]


def test_a_status_column_of_its_own_is_kept_raw_and_told_where_nobody_knows_it(tmp_path: Path) -> None:
    rest = f'{REST}[status]\ncolumn = "State"\nwords = {{ OK = "settled" }}\n'

    reading, records = read(
        tmp_path, "Ref,Cur,Day,Net,State\nA,EUR,2026-11-19,1,ok\nB,EUR,2026-11-19,1,odd\nC,EUR,2026-11-19,1,\n", rest=rest
    )

    assert of(records, "status", "raw_status") == [("settled", "ok"), ("unknown", "odd"), (None, None)]
    assert [n.message for n in reading.notices] == ["Unknown words in 'State' were read as unknown: 'odd' (1)."]


COMMENTED = "# made by us\nRef,Cur,Day,Net\nA,EUR,2026-11-19,1\n# that is all\n"


@pytest.mark.parametrize(
    ("end", "report"), [("that is all", COMMENTED), ("that is all", COMMENTED + "# really\n\n"), ("EOF", COMMENTED + "EOF\n")]
)
def test_comments_may_stand_around_the_rows(tmp_path: Path, end: str, report: str) -> None:
    reading, _ = read(tmp_path, report, rest=f'{REST}[text]\ncomment = "#"\nend = "{end}"\n')

    assert sides(reading) == [("EUR", 100, 0)]


@pytest.mark.parametrize(
    ("end", "report"),
    [
        ("that is all", COMMENTED.replace("# that is all\n", "")),
        ("that is all", COMMENTED.replace("that is all", "to be continued")),
        ("EOF", COMMENTED),
        ("EOF", COMMENTED + "# EO\n"),
    ],
)
def test_a_report_without_the_mark_of_its_end_is_truncated(tmp_path: Path, end: str, report: str) -> None:
    assert refusal(tmp_path, report, rest=f'{REST}[text]\ncomment = "#"\nend = "{end}"\n')[0] == "truncated"


def test_amounts_too_large_to_be_added_are_refused(tmp_path: Path) -> None:
    huge = "9" * 17

    code, message = refusal(tmp_path, f"Ref,Cur,Day,Net,Fee\nA,EUR,2026-11-19,{huge[:-1]},{huge}\n", money=f'{NET}fees = ["Fee"]\n')

    assert (code, "too large" in message or "no amount" in message) == ("bad-amount", True)


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ('[statement]\ncurrency = "Cur"\nalways_currency = "EUR"\n', "either the column 'currency', or 'always_currency'"),
        ('[statement]\nalways_currency = "EURO"\n', "'EURO' is no currency"),
        ('[statement]\ncurrency = "Cur"\n[state]\ncolumn = "S"\n', "either the words 'pending', or the words 'booked'"),
        ('[statement]\ncurrency = "Cur"\n[original]\ncurrency = "C"\n', "either 'amount', or 'credit' and 'debit'"),
        ('[statement]\ncurrency = "Cur"\n[direction]\ncolumn = "D"\notherwise = "up"\n', "'up' is no direction"),
        ('[statement]\ncurrency = "Cur"\n[direction]\ncredit = ["D"]\n', "'column' is missing in [direction]"),
    ],
)
def test_what_contradicts_itself_is_told(table: str, complaint: str) -> None:
    with pytest.raises(CallError) as refused:
        layout_files.layout_of(TOP + table + NET + DATES + REST, name="mine.toml")

    assert complaint in refused.value.message


@pytest.mark.parametrize(
    ("money", "complaint"),
    [
        ('decimal = ";"', "as 'decimal' '.' or ','"),
        ('thousands = "."', "as 'thousands' the other one"),
        ("apart = true", "'apart' in [money] goes with 'gross' and 'fees'"),
        ('fees_are = "high"', "'high' is no sign of fees"),
        ('gross = "G"\ncredit = "C"', "either 'credit' and 'debit', or 'net', or 'gross' and 'fees'"),
        ("apart = 1", "'apart' in [money] has to be true or false"),
    ],
)
def test_money_that_contradicts_itself_is_told(money: str, complaint: str) -> None:
    with pytest.raises(CallError) as refused:
        layout_files.layout_of(TOP + STATEMENT + NET + money + "\n" + DATES + REST, name="mine.toml")

    assert complaint in refused.value.message
