"""Damaged provider reports: no surprise, and no accepted lie. Whatever is still accepted satisfies what the format itself proves."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_builders import (
    PAYPAL,
    accounting,
    antom,
    braintree,
    checkout,
    disbursed,
    dispute,
    dlocal,
    forex,
    funding,
    in_store,
    item,
    paypal,
    sb,
    stripe,
    trustly,
)
from source_builders import money_in_statements, money_of, read_all
from test_flat_mutations import CODES, MUTATION, mutated

from breakwater.errors import FileError
from breakwater.model.files import Reading

PAYPAL_FOOTERS = '"SF","EUR",5400,134,47,225,"CR",0\n"RF","EUR",5400,134,47,225\n'
WHOLE = {
    "accounting": accounting({"Payable (SC)": "9.50", "Commission (SC)": ".30"}, {"Record Type": "Received"}, {"Payable (SC)": "-3"}),
    "forex": forex({"Settlement": "98.8", "Fee": "1.2"}, {"Settlement": "9", "Type": "R"}, first_line="Partner:2088|Total_count:2\n"),
    "in store": in_store({"Transaction_amount": "100", "Charge_amount": "3"}, {"Transaction_amount": "7", "Charge_amount": "0"}),
    "antom": antom(
        {"summaryType": "TOTAL", "count": 3, "settlementAmountValue": 725},
        {"summaryType": "PAYMENT", "count": 2, "settlementAmountValue": 1450},
        {"summaryType": "REFUND", "count": 1, "settlementAmountValue": -725},
    ),
    "stripe": stripe({"net": "28.80", "gross": "30", "fee": "1.20"}, {"net": "28.80", "reporting_category": "payout"}),
    "checkout": checkout({"Net In Holding Currency": "48.5", "Gross In Holding Currency": "50"}, {"Net In Holding Currency": "-1"}),
    "paypal": paypal(sb(5200, -225), sb(-134, 47), sb(200, Transactional_Status="P"), columns=PAYPAL, footers=PAYPAL_FOOTERS),
    "trustly": trustly(item("10.00", "-0.25"), item("-2.50", id="2"), funding("7.25"), trail="L,2,7.50,1,7.25"),
    "dlocal": dlocal({"NET_AMOUNT": "3.219065", "GROSS_AMOUNT": "3.2"}, {"NET_AMOUNT": "-1"}, top={"NET_TOTAL_AMOUNT": "2.22"}),
    "braintree": braintree(disbursed("30.10"), dispute("5.35", "LOST"), disbursed("1.00", status="SETTLING")),
}  # fmt: skip


def outcome(path: Path, content: bytes) -> tuple[str, Reading | None, Counter[str]]:
    path.write_bytes(content)
    try:
        reading, records, _ = read_all(path)
    except FileError as refused:
        return refused.code if refused.message and refused.remedy else "speechless", None, Counter()
    return "accepted", reading, money_of(records)


@pytest.mark.parametrize("name", WHOLE)
@settings(deadline=None, max_examples=120)
@given(mutations=st.lists(MUTATION, min_size=1, max_size=3))
def test_damage_is_refused_with_a_reason_or_changes_no_money_unseen(
    name: str, mutations: list[tuple[str, int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = WHOLE[name].encode()
    for mutation in mutations:
        content = mutated(content, *mutation)

    code, reading, moved = outcome(tmp_path_factory.getbasetemp() / "damaged.dat", content)

    assert code in CODES
    said = money_in_statements(reading) if reading else Counter()
    assert {code: minor for code, minor in moved.items() if minor} == {code: minor for code, minor in said.items() if minor}


def figures(reading: Reading) -> list[tuple[str | None, int, int, int]]:
    return [(s.currency, s.entries, s.credits_minor, s.debits_minor) for s in reading.statements]


# Reports that prove themselves: a row that is lost or doubled, or a report that is cut, can't pass.
PROVEN = ("in store", "antom", "paypal", "trustly", "dlocal")


@pytest.mark.parametrize("name", PROVEN)
def test_no_row_is_lost_or_doubled_unseen(name: str, tmp_path: Path) -> None:
    lines = WHOLE[name].splitlines(keepends=True)
    rows = [
        n
        for n, line in enumerate(lines)
        if line.startswith(("SB", "I,", "F,", "PAYMENT,", "|")) or ",PAYMENT," in line or ",REFUND," in line
    ]
    assert rows

    for n in rows:
        assert outcome(tmp_path / "lost.dat", "".join(lines[:n] + lines[n + 1 :]).encode())[0] == "control-total"
        assert outcome(tmp_path / "twice.dat", "".join([*lines[:n], lines[n], *lines[n:]]).encode())[0] == "control-total"


@pytest.mark.parametrize("name", ["antom", "paypal", "trustly"])
def test_cut_after_any_byte_the_report_is_refused(name: str, tmp_path: Path) -> None:
    content = WHOLE[name].rstrip("\n").encode()

    accepted = [n for n in range(len(content)) if outcome(tmp_path / "cut.dat", content[:n])[0] == "accepted"]

    assert accepted == []


@pytest.mark.parametrize("name", ["antom", "trustly", "paypal"])
def test_no_digit_of_an_amount_can_change_unseen(name: str, tmp_path: Path) -> None:
    """Each digit is made another one: the report is refused, or still says the same money."""
    content = WHOLE[name].encode()
    path = tmp_path / "changed.dat"
    whole = outcome(path, content)[1]
    assert whole

    lies = []
    for at in (n for n, byte in enumerate(content) if chr(byte).isdigit()):
        digit = str((content[at] - ord("0") + 1) % 10).encode()
        _, reading, _ = outcome(path, content[:at] + digit + content[at + 1 :])
        lies += [
            at for r in (reading,) if r and figures(r) != figures(whole) and content[at - 8 : at] and not is_of_a_fee(content, at, name)
        ]
    assert lies == []


def is_of_a_fee(content: bytes, at: int, name: str) -> bool:
    """The fee of an item is in no total of Trustly's."""
    end = content.find(b"\n", at)
    return name == "trustly" and b"," not in content[at:end] and content[content.rfind(b"\n", 0, at) + 1 :].startswith(b"I,")


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("content", [b"", b"   \n", b"<html><body>Please log in</body></html>", b"\xff\xfe\x00", b"\x00" * 50])
def test_what_is_no_report_is_refused(name: str, content: bytes, tmp_path: Path) -> None:
    assert outcome(tmp_path / "no.dat", content)[0] in {"empty-file", "unknown-format", "bad-encoding", "truncated"}


@pytest.mark.parametrize("name", WHOLE)
def test_bytes_that_are_no_text_are_bad_encoding(name: str, tmp_path: Path) -> None:
    content = WHOLE[name].encode()
    last = content.removesuffix(b"<END>\n").rstrip(b"\n").rfind(b"\n") + 2

    assert outcome(tmp_path / "bytes.dat", content[:last] + b"\xff\xfe" + content[last:])[0] == "bad-encoding"


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("ends", ["\r\n", "\n\n"])
def test_line_ends_and_byte_order_marks_change_nothing(name: str, ends: str, tmp_path: Path) -> None:
    plain = outcome(tmp_path / "plain.dat", WHOLE[name].encode())
    text = WHOLE[name].replace("\n", ends)
    changed = [outcome(tmp_path / "changed.dat", text.encode(encoding)) for encoding in ("utf-8", "utf-8-sig", "utf-16")]

    assert plain[0] == "accepted"
    for code, reading, moved in changed:
        assert (code, figures(reading) if reading else None, moved) == ("accepted", figures(plain[1]) if plain[1] else None, plain[2])
