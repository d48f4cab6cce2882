"""What is in files against those before: missing fields and new codes are one finding per stream, and quiet months say nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from simulated import a_partner

from breakwater.detection.quality import FileContents, different, quality_findings
from breakwater.model.findings import FindingKind

START = datetime(2025, 9, 22, 6, tzinfo=UTC)
MISSING = {"value_date": 0.0, "ref_arn": 0.03, "fee_minor": 0.15, "account": 1.0, "ref_original": 0.93}
CODES = {"PAYMENT": 0.9, "REFUND": 0.08, "CHARGEBACK": 0.012, "FEE": 0.006, "CORRECTION": 0.0008, "RESERVE": 0.0003}


def a_file(n: int, *, seed: int = 1, missing: Mapping[str, float] = MISSING, codes: Mapping[str, float] = CODES) -> FileContents:
    """The file of a day, with as many rows as days have, and a mix of rows of its own."""
    random = np.random.default_rng((seed, n))
    rows = int(random.poisson(400 * random.gamma(20, 1 / 20)))
    drawn = random.multinomial(rows, [*codes.values(), max(0.0, 1 - sum(codes.values()))])
    mix = float(np.exp(random.normal(0, 0.15)))
    return FileContents(
        sha256=f"{n:064x}", name=f"settlement_{n}.csv", format="csv", received_at=START + timedelta(days=n), rows=rows,
        missing={field: int(random.binomial(rows, min(share * mix, 1.0) if share < 1 else 1.0)) for field, share in missing.items()},
        codes={code: int(count) for code, count in zip(codes, drawn, strict=False) if count},
    )  # fmt: skip


def days(first: int, after: int, **given: object) -> list[FileContents]:
    return [a_file(n, **given) for n in range(first, after)]  # type: ignore[arg-type]


QUIET = days(0, 30)


@pytest.mark.parametrize("seed", range(20))
def test_twelve_weeks_without_incidents_say_nothing(seed: int) -> None:
    files = days(0, 84, seed=seed)

    assert [different(files[:n]) for n in range(1, 85)] == [None] * 84


@pytest.mark.parametrize(
    ("field", "share", "said"),
    [
        ("value_date", 0.05, "value date is missing in"),
        ("value_date", 1.0, "value date is missing in every row (0 % before)"),
        ("fee_minor", 0.7, "fee minor is missing in"),
        ("ref_arn", 1.0, "ref arn is missing in every row (3 % before)"),
    ],
)
def test_a_field_that_goes_missing_is_told_with_the_first_file(field: str, share: float, said: str) -> None:
    found = different([*QUIET, a_file(30, missing=MISSING | {field: share})])

    assert found
    assert (found.first.name, len(found.what)) == ("settlement_30.csv", 1)
    assert found.what[0].startswith(said)


def test_a_field_that_was_hardly_ever_filled_is_not_missed() -> None:
    assert different([*QUIET, a_file(30, missing=MISSING | {"ref_original": 1.0})]) is None


def test_a_code_no_file_had_is_told_and_a_rare_one_is_not() -> None:
    often = CODES | {"PAYMENT": 0.85, "SCHEME_FEE": 0.05}

    found = different([*QUIET, a_file(30, codes=often)])

    assert found
    assert "is a code no file had before" in found.what[0]
    assert found.what[0].startswith("'SCHEME_FEE' in ")
    assert different([*QUIET, replace(QUIET[0], received_at=START + timedelta(days=31), codes=QUIET[0].codes | {"ODD": 2})]) is None


def test_a_code_that_little_history_may_have_missed_is_no_news() -> None:
    short = [replace(f, rows=80, codes={"PAYMENT": 80}, missing={}) for f in QUIET[:6]]
    today = replace(a_file(30), rows=400, codes={"PAYMENT": 396, "CHARGEBACK": 4}, missing={})

    assert different([*short, today]) is None
    assert (
        different([*short, *(replace(f, sha256=f"x{n}") for n, f in enumerate(QUIET[6:])), replace(today, codes={"ODD": 40})]) is not None
    )


def test_codes_like_references_are_never_new() -> None:
    many = [replace(f, codes={f"R{f.name}-{n}": 1 for n in range(100)}) for f in QUIET]

    assert different(many) is None


def test_one_finding_per_stream_from_its_first_file_until_one_is_as_before() -> None:
    changed = days(30, 33, missing=MISSING | {"value_date": 1.0, "ref_arn": 1.0}, codes=CODES | {"PAYMENT": 0.8, "NEW": 0.1})
    streams = {"settlement": [*QUIET, *changed], "payouts": QUIET}

    (found,) = quality_findings(a_partner(), streams=streams, now=START + timedelta(days=40))
    (first,) = quality_findings(a_partner(), streams={"settlement": [*QUIET, *changed[:1]]}, now=START + timedelta(days=31))

    assert found.kind is FindingKind.FILE_CHANGED
    assert found.id == first.id
    assert (found.scope, found.since) == ("meridian · settlement", START + timedelta(days=30))
    assert found.summary.startswith(
        "Meridian: settlement_32.csv is not like the settlement files before it: ref arn is missing in every row"
    )
    assert "value date is missing in every row (0 % before)" in found.summary
    assert "'NEW' in " in found.summary
    assert quality_findings(a_partner(), streams={"settlement": [*QUIET, *changed, a_file(33)]}, now=START) == []


def test_what_ten_files_show_is_how_files_are() -> None:
    changed = days(30, 45, missing=MISSING | {"value_date": 1.0})

    assert different([*QUIET, *changed[:9]]) is not None
    assert [different([*QUIET, *changed[:n]]) for n in (10, 11, 15)] == [None] * 3
    assert different([*QUIET, *changed[:15], a_file(46)]) is None


@pytest.mark.parametrize("files", [days(0, 4), [replace(f, rows=10) for f in QUIET]], ids=["few files", "small files"])
def test_too_little_to_compare_with_says_nothing(files: list[FileContents]) -> None:
    assert different([*files, a_file(30, missing=MISSING | {"value_date": 1.0})]) is None


COLUMNS = frozenset({"Id", "Amount", "Fee"})


def headed(files: list[FileContents], columns: set[str] | frozenset[str] | None = COLUMNS) -> list[FileContents]:
    return [replace(f, columns=None if columns is None else frozenset(columns)) for f in files]


def test_a_column_that_is_new_or_gone_is_told_even_if_nobody_reads_it() -> None:
    before = headed(QUIET)

    (gone,) = quality_findings(a_partner(), streams={"payouts": [*before, *headed(days(30, 31), COLUMNS - {"Fee"})]}, now=START)
    (new,) = quality_findings(a_partner(), streams={"payouts": [*before, *headed(days(30, 31), {*COLUMNS, "Tip"})]}, now=START)

    assert gone.summary == "Meridian: settlement_30.csv is not like the payouts files before it: column 'Fee' is gone."
    assert gone.since == START + timedelta(days=30)
    assert new.summary == "Meridian: settlement_30.csv is not like the payouts files before it: column 'Tip' is new."
    assert new.seen == "1 column that is new or gone"
    assert different([*before, *headed(days(30, 31))]) is None


def test_a_renamed_column_that_was_read_is_told_with_the_field_it_filled() -> None:
    renamed = headed([a_file(30, missing=MISSING | {"fee_minor": 1.0})], {"Id", "Amount", "Charges"})

    found = different([*headed(QUIET), *renamed])

    assert found
    assert found.what[:2] == ("column 'Fee' is gone", "column 'Charges' is new")
    assert found.what[2].startswith("fee minor is missing in every row")
    assert (found.columns, found.rows) == (2, renamed[0].rows)


def test_small_files_show_their_columns_and_nothing_else() -> None:
    small = [replace(f, rows=3) for f in headed(days(0, 12))]
    other = replace(small[-1], columns=COLUMNS - {"Fee"}, received_at=START + timedelta(days=20))
    without = [*headed(QUIET), *headed([a_file(30, missing=MISSING | {"value_date": 1.0})])]
    small_and_sound = [replace(f, rows=3) for f in headed(days(31, 32))]

    assert different([*small, other]) is not None
    assert different([*small, other, replace(small[0], received_at=START + timedelta(days=21))]) is None
    assert different([*without, *small_and_sound]) == different(without)


def test_columns_that_come_and_go_or_that_are_called_after_their_day_are_no_news() -> None:
    tips = [replace(f, columns=COLUMNS | {"Tip"} if n % 3 else COLUMNS) for n, f in enumerate(days(0, 31))]
    dated = [replace(f, columns=COLUMNS | {f"Paid {f.received_at:%d.%m.}"}) for f in days(0, 31)]

    assert [different(tips[:n]) for n in range(6, 32)] == [None] * 26
    assert [different(dated[:n]) for n in range(6, 32)] == [None] * 26


def test_files_whose_columns_nobody_noted_teach_and_say_nothing_of_them() -> None:
    unknown = headed(QUIET, None)

    assert different([*unknown, *headed(days(30, 35)), *headed(days(35, 36), {"Id"})]) is not None
    assert different([*unknown, *headed(days(30, 34)), *headed(days(34, 35), {"Id"})]) is None
    assert different([*headed(QUIET), *headed(days(30, 31), None)]) is None


def test_many_or_long_names_are_cut_and_card_numbers_in_them_are_masked() -> None:
    odd = {*COLUMNS, "4111111111111111", "x" * 80}

    few, many = (different([*headed(QUIET), *headed(days(30, 31), names)]) for names in (odd, {*COLUMNS, *"ABCDEFG"}))

    assert few
    assert many
    assert few.what == ("column '411111…1111' is new", f"column '{'x' * 59}…' is new")
    assert many.what == ("7 columns are new, 'A' among them",)


def test_what_ten_files_show_is_how_their_columns_are() -> None:
    files = [*headed(QUIET), *headed(days(30, 41), COLUMNS | {"Tip"})]

    assert different(files[:39]) is not None
    assert [different(files[:40]), different(files)] == [None, None]


def test_another_format_is_compared_with_its_own() -> None:
    other = [replace(f, format="camt.053", missing={"value_date": f.rows}, received_at=f.received_at + timedelta(hours=1)) for f in QUIET]

    assert different([*QUIET, *other]) is None


def test_a_cell_that_was_often_wrong_must_be_surer() -> None:
    changed = [*QUIET, a_file(30, missing=MISSING | {"value_date": 0.05})]

    assert different(changed, caution=2.0) is not None
    assert different(changed, caution=1_000_000.0) is None
