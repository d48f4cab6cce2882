"""Damaged flat files: no surprise, and no accepted lie. Whatever is still accepted satisfies what the format itself proves."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from cardutil.mciipm import IpmReader
from flat_builders import ach, ach_entry, ach_return, bai2, bai2_account, ipm_file, mt940, mt942, mt_entry, presentment
from hypothesis import given, settings
from hypothesis import strategies as st
from source_builders import FILES, money_in_statements, money_of, read_all, read_whole

from breakwater.errors import FileError
from breakwater.model.files import Reading

SWIFT = mt940(
    mt_entry(123456, owner="A", purpose="166?20EREF+E1?21SVWZ+x"), mt_entry(23456, mark="D", owner="B"), closing=":62F:C261119EUR1100,00"
)
INTRADAY = mt942(mt_entry(123456, owner="A"), mt_entry(23456, mark="D"), totals=":90C:1EUR1234,56\n:90D:1EUR234,56\n")
BALANCES = bai2(
    bai2_account("16,142,1000,V,261119,,A,B,x/\n", "16,451,250,S,1,2,3,,C,y\n88,more/\n", balances="010,500,,,015,1250,,", total=3000),
    total=3000,
)
ENTRIES = ach(
    ("PPD", [ach_entry(123456), ach_entry(23456, code="27")]), ("PPD", [ach_entry(777, code="26", addenda=1), ach_return("R01", "1" * 15)])
)
CLEARING = ipm_file(presentment(123456), presentment(23456, DE3="200000"), presentment(777, DE49="392", PDS0148="39209782"))
WHOLE = {
    "swift": SWIFT.encode(),
    "intraday": INTRADAY.encode(),
    "balances": BALANCES.encode(),
    "entries": ENTRIES.encode(),
    "clearing": CLEARING,
    **{name: (FILES / name).read_bytes() for name in ("wolph_cmxl_mt940.sta", "moov_sample3.txt", "moov_iat-mixedCreditDebit.ach")},
}

POSITION = st.integers(min_value=0, max_value=10**9)
MUTATION = st.tuples(st.sampled_from(["flip", "cut", "drop", "insert", "repeat line", "drop line", "swap lines"]), POSITION, POSITION)


def mutated(content: bytes, kind: str, first: int, second: int) -> bytes:
    """One damage: a byte changed, dropped or inserted, the end cut off, a line repeated, dropped, or swapped with another."""
    at, byte = first % max(len(content), 1), bytes([second % 256])
    lines = content.splitlines(keepends=True) or [b""]
    n, m = first % len(lines), second % len(lines)
    swapped = [*lines]
    swapped[n], swapped[m] = lines[m], lines[n]
    return {
        "flip": content[:at] + byte + content[at + 1 :],
        "cut": content[:at],
        "drop": content[:at] + content[at + 1 :],
        "insert": content[:at] + byte + content[at:],
        "repeat line": b"".join([*lines[:n], lines[n], *lines[n:]]),
        "drop line": b"".join([*lines[:n], *lines[n + 1 :]]),
        "swap lines": b"".join(swapped),
    }[kind]


def outcome(path: Path, content: bytes) -> tuple[str, Reading | None, Counter[str]]:
    """The refusal's code, or 'accepted' with the reading and the money of its records."""
    path.write_bytes(content)
    try:
        reading, records, _ = read_all(path)
    except FileError as refused:
        return refused.code if refused.message and refused.remedy else "speechless", None, Counter()
    return "accepted", reading, money_of(records)


CODES = {
    "accepted",
    "empty-file",
    "unknown-format",
    "truncated",
    "bad-amount",
    "bad-date",
    "bad-encoding",
    "control-total",
    "malformed",
    "unsafe-xml",
}


@pytest.mark.parametrize("name", sorted(WHOLE.keys() - {"intraday"}))
@settings(deadline=None, max_examples=150)
@given(mutations=st.lists(MUTATION, min_size=1, max_size=3))
def test_damage_is_refused_with_a_reason_or_changes_no_money_unseen(
    name: str, mutations: list[tuple[str, int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = WHOLE[name]
    for mutation in mutations:
        content = mutated(content, *mutation)

    code, reading, moved = outcome(tmp_path_factory.getbasetemp() / "damaged.dat", content)

    assert code in CODES
    said = money_in_statements(reading) if reading else Counter()
    assert {currency: minor for currency, minor in moved.items() if minor} == {currency: minor for currency, minor in said.items() if minor}


@settings(deadline=None, max_examples=150)
@given(mutations=st.lists(MUTATION, min_size=1, max_size=3))
def test_a_damaged_intraday_report_is_refused_with_a_reason(
    mutations: list[tuple[str, int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = WHOLE["intraday"]
    for mutation in mutations:
        content = mutated(content, *mutation)

    assert outcome(tmp_path_factory.getbasetemp() / "damaged.dat", content)[0] in CODES


def figures(reading: Reading) -> list[tuple[str | None, int, int, int]]:
    return [(s.currency, s.entries, s.credits_minor, s.debits_minor) for s in reading.statements]


def unbalanced(reading: Reading) -> bool:
    return any(statement.balanced is not True for statement in reading.statements)


@pytest.mark.parametrize(
    ("name", "seen"),
    [("swift", unbalanced), ("balances", unbalanced), ("entries", lambda reading: False), ("intraday", lambda reading: False)],
)
def test_no_digit_of_money_can_change_unseen(name: str, seen: Callable[[Reading], bool], tmp_path: Path) -> None:
    """Each digit of a file is made another one: the file is refused, or says the same money, or says that it does not add up."""
    content = WHOLE[name]
    path = tmp_path / "changed.dat"
    path.write_bytes(content)
    whole = figures(read_whole(path)[0])

    lies = []
    for found in re.finditer(rb"[0-9]", content):
        digit = str((int(found[0]) + 1) % 10).encode()
        _, reading, _ = outcome(path, content[: found.start()] + digit + content[found.end() :])
        lies += [found.start() for r in (reading,) if r and figures(r) != whole and not seen(r)]
    assert lies == []


def test_an_accepted_clearing_file_has_the_amounts_its_trailer_says(tmp_path: Path) -> None:
    """Each byte of a file is made another one; where it is still accepted, the library beside us finds the same sum of amounts."""
    content = ipm_file(presentment(123456), presentment(23456, DE3="200000"), blocked=False, encoding="latin-1")
    accepted = 0
    for at in range(len(content)):
        changed = content[:at] + bytes([(content[at] + 1) % 256]) + content[at + 1 :]
        code, _, _ = outcome(tmp_path / "changed.ipm", changed)
        for _ in range(code == "accepted"):
            messages = list(IpmReader(io.BytesIO(changed), encoding="latin-1"))
            stated = [int(m["PDS0301"]) for m in messages if m.get("PDS0301")]
            assert stated in ([], [sum(m.get("DE4", 0) for m in messages)])
            accepted += 1

    assert 0 < accepted < len(content)
