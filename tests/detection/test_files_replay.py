"""What is in files, replayed: when each budget would have told what of them, and until when it lasted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from simulated import a_partner
from test_quality import CODES, MISSING, QUIET, START, a_file, days, headed

from breakwater.detection.file_numbers import came_at
from breakwater.detection.files_replay import files_would_tell
from breakwater.detection.quality import FileContents
from breakwater.model.backtests import Budget, WouldTell
from breakwater.model.files import SourceFile
from breakwater.model.findings import FindingKind
from breakwater.model.partners import ExpectedFile
from breakwater.model.records import Side

PARTNER = a_partner(files=(ExpectedFile(stream="settlement", format="csv", folder="", due=time(7), deadline=time(9)),))


def a_source(n: int, *, records: int = 400, received_at: datetime | None = None) -> SourceFile:
    day = START.date() + timedelta(days=n)
    return SourceFile(
        sha256=f"{n:064x}", partner="meridian", stream="settlement", side=Side.THEIRS, format="csv", name=f"settlement_{n}.csv",
        business_date=day - timedelta(days=1), received_at=received_at or START + timedelta(days=n), records=records, events=0,
        state="ingested", parts=("p",),
    )  # fmt: skip


def lacking(share: float) -> FileContents:
    """The next file, without its value date in this share of the rows."""
    file = a_file(30)
    return replace(file, missing=dict(file.missing) | {"value_date": round(share * file.rows)})


def replayed(
    contents: Sequence[FileContents] = (),
    *,
    files: Sequence[SourceFile] = (),
    since: datetime = START,
    cautions: Mapping[tuple[str, str], float] | None = None,
) -> dict[Budget, list[WouldTell]]:
    return files_would_tell(PARTNER, files=files, streams={"settlement": contents}, since=since, cautions=cautions or {})


def test_a_run_of_unlike_files_is_one_line_from_its_first_file_to_the_next_that_is_as_before() -> None:
    unlike = days(30, 33, missing=MISSING | {"value_date": 1.0})

    told = replayed([*QUIET, *unlike, a_file(33), *headed([a_file(34)], {"Id"})])

    assert told[Budget.AS_NOW] == [
        WouldTell(
            kind=FindingKind.FILE_CHANGED,
            scope="meridian · settlement",
            fired_at=unlike[0].received_at,
            ended_at=START + timedelta(days=33),
            what="settlement_30.csv: value date is missing in every row (0 % before)",
        )
    ]


def test_what_goes_on_has_no_end_what_became_usual_has_and_what_was_before_is_left_out() -> None:
    early = days(20, 22, missing=MISSING | {"value_date": 1.0})
    new = headed(days(30, 41), {"Id", "Tip"})
    last = headed(days(41, 42), {"Id"})
    files = [*headed(days(0, 20), {"Id"}), *early, *headed(days(22, 30), {"Id"}), *new, *last]

    told = replayed(files, since=START + timedelta(days=25))[Budget.AS_NOW]

    assert [(one.what, one.ended_at) for one in told] == [
        ("settlement_30.csv: column 'Tip' is new", START + timedelta(days=39)),
        ("settlement_41.csv: column 'Tip' is gone", None),
    ]


@pytest.mark.parametrize(
    ("file", "told"),
    [
        pytest.param(lacking(0.015), (0, 0, 1), id="looser"),
        pytest.param(lacking(0.03), (0, 1, 1), id="as now"),
        pytest.param(lacking(0.08), (1, 1, 1), id="stricter"),
        pytest.param(a_file(30, codes=CODES | {"PAYMENT": 0.85, "NEW": 0.05}), (1, 1, 1), id="a new code"),
        pytest.param(a_file(30), (0, 0, 0), id="as before"),
    ],
)
def test_a_stricter_budget_tells_less_and_a_looser_one_more(file: FileContents, told: tuple[int, int, int]) -> None:
    assert tuple(len(lines) for lines in replayed([*QUIET, file]).values()) == told


def test_files_that_are_cut_off_are_lines_too() -> None:
    files = [a_source(n, records=400 + n % 3) for n in range(30)] + [a_source(30, records=90)]

    for told in replayed(files=files).values():
        assert [(one.kind, one.fired_at) for one in told] == [(FindingKind.FILE_TRUNCATED, START + timedelta(days=30))]
        assert told[0].what == "settlement_30.csv has 90 rows, about 401 are usual"


def test_what_people_called_false_alarms_must_be_surer_here_too() -> None:
    changed = [*QUIET, a_file(30, missing=MISSING | {"value_date": 0.05})]
    cut = [*(a_source(n) for n in range(30)), a_source(30, records=280)]
    wary = {("changed", "file"): 1_000_000.0, ("truncated", "file"): 1_000_000.0}

    assert len(replayed(changed, files=cut)[Budget.AS_NOW]) == 2
    assert replayed(changed, files=cut, cautions=wary)[Budget.AS_NOW] == []


def test_a_past_that_was_loaded_at_once_is_dated_by_its_days() -> None:
    loaded_at = datetime(2026, 6, 1, 9, tzinfo=UTC)

    assert came_at(a_source(0, received_at=loaded_at)) == datetime.combine(START.date(), time(), tzinfo=UTC)
    assert came_at(replace(a_source(0), business_date=date(2026, 5, 30), received_at=loaded_at)) == loaded_at
