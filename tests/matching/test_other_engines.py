"""The same sides on DuckDB, PostgreSQL and Spark, and what an engine that is not there, not proven or lost is told."""

from __future__ import annotations

import json
import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from matching_builders import AS_OF, Row, a_row, an_agreement, as_table

from breakwater.cli import main
from breakwater.errors import CallError, WorldError
from breakwater.matching import engine_postgres, engines, proof
from breakwater.matching.backend import Means
from breakwater.matching.golden_sets import golden_sets
from breakwater.model.breaks import BreakKind

OTHERS = [
    pytest.param("postgres_engine", id="postgresql", marks=pytest.mark.real("postgresql")),
    pytest.param("spark_engine", id="spark", marks=pytest.mark.real("java")),
]
ALL = [pytest.param("duckdb_engine", id="duckdb"), *OTHERS]


@pytest.fixture
def duckdb_engine() -> None:
    """The embedded engine has no URL."""


@pytest.fixture
def postgres_engine(postgres_url: str) -> str:
    """An empty database of its own, as libpq writes its URL."""
    return postgres_url.replace("+psycopg", "")


@pytest.fixture(scope="session")
def spark_engine() -> str:
    """Spark in this process. Missing is loud, and an error in CI."""
    missing = [name for name, found in (("Java", shutil.which("java")), ("pyspark", find_spec("pyspark"))) if not found]
    if missing:
        refuse = pytest.fail if os.environ.get("CI") else pytest.skip
        refuse(f"{missing[0]} is missing: matching on Spark is NOT tested. Install openjdk-17-jre-headless and the requirements of tests.")
    return "local[2]"


@pytest.fixture
def match(request: pytest.FixtureRequest) -> engines.Match:
    """The `match` of the engine a test names."""
    return engines.open(request.getfixturevalue(request.param))


def write(path: Path, rows: list[Row]) -> Path:
    pq.write_table(as_table(rows), path)
    return path


# What is found


@pytest.mark.parametrize("match", OTHERS, indirect=True)
def test_an_engine_finds_what_the_meaning_says_byte_for_byte(match: engines.Match) -> None:
    found = {each.name: proof.found_out(match, each) for each in golden_sets()}

    assert found == {each.name: proof.expected_out(each) for each in golden_sets()}


def test_the_embedded_engine_is_proven_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["engine", "check"]) == 0

    told = capsys.readouterr().out
    assert told.count("agrees") == len(golden_sets())
    assert "All sets agree, twice." in told


def test_any_backend_of_ibis_can_be_tried(tmp_path: Path) -> None:
    url = f"duckdb://{tmp_path / 'warehouse.duckdb'}"

    (verdict,) = proof.prove(engines.open(url, proven=True), golden_sets()[3:4])

    assert verdict.difference == ""


def test_an_engine_that_finds_something_else_is_told_where() -> None:
    embedded, (netting,) = engines.open(), [each for each in golden_sets() if each.name == "netting"]

    def match(*, agreement: object, **call: object) -> object:
        return embedded(agreement=golden_sets()[0].agreement, **call)

    (verdict,) = proof.prove(match, [netting])  # type: ignore[arg-type]

    assert verdict.difference.startswith("the first run says …")
    assert "and not …" in verdict.difference


def test_the_golden_sets_hold_every_kind_of_break_every_type_of_pass_and_what_is_pending() -> None:
    outs = [json.loads(proof.expected_out(each)) for each in golden_sets()]

    assert {kind for out in outs for kind in out["summary"]["breaks"]} == {str(kind) for kind in BreakKind}
    claimed = {match["pass"] for out in outs for match in out["matches"]}
    passes = [each_pass for each in golden_sets() for each_pass in each.agreement.passes]
    assert {type(each_pass) for each_pass in passes if each_pass.name in claimed} == {type(each_pass) for each_pass in passes}
    assert {side for out in outs for side, ids in out["pending"].items() if ids} == {"ours", "theirs"}
    assert any(match["notice"] for out in outs for match in out["matches"])


# Sides


@pytest.mark.parametrize("match", ALL, indirect=True)
def test_sides_of_several_parts_with_odd_names_and_odd_texts(match: engines.Match, tmp_path: Path) -> None:
    odd = ["a\tb\\n", "\\N", 'quo"ted', "it's", "line\nbreak\r", "😀"]
    (tmp_path / "a[1]*").mkdir()
    ours = [write(tmp_path / "a[1]*" / f"it's {n}?.parquet", [a_row(f"o{n}{text}", ref_payment_id=text)]) for n, text in enumerate(odd)]
    theirs = write(tmp_path / "theirs.parquet", [a_row(f"t{n}", ref_payment_id=text) for n, text in enumerate(reversed(odd))])

    found = match(ours=ours, theirs=[theirs], agreement=an_agreement(), as_of=AS_OF)

    matched = found.matches.to_pydict()
    pairs = dict(zip(matched["record_id"][::2], matched["record_id"][1::2], strict=True))
    assert pairs == {f"o{n}{text}": f"t{len(odd) - 1 - n}" for n, text in enumerate(odd)}


@pytest.mark.parametrize("match", ALL, indirect=True)
@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        (a_row("o1"), 'row 2: record_id "o1" was there before'),
        (a_row("o2", kind="gift"), "row 2: kind is 'gift'"),
        (a_row("o2", currency="eur"), "row 2: currency is 'eur'"),
        (a_row("o2", original_amount_minor=1), "row 2: original_amount_minor and original_currency have to be there both"),
    ],
    ids=["repeated id", "unknown kind", "currency", "half an original amount"],
)
def test_what_can_not_be_is_refused_with_its_place(match: engines.Match, row: Row, complaint: str, tmp_path: Path) -> None:
    ours, theirs = write(tmp_path / "ours.parquet", [a_row("o1"), row]), write(tmp_path / "theirs.parquet", [])

    with pytest.raises(CallError) as refused:
        match(ours=[ours], theirs=[theirs], agreement=an_agreement(), as_of=AS_OF)

    assert f"{ours} {complaint}" in refused.value.message


@pytest.mark.parametrize("match", ALL, indirect=True)
def test_a_day_beyond_the_calendar_is_refused(match: engines.Match, tmp_path: Path) -> None:
    table = as_table([a_row("o1"), a_row("o2")])
    days = pa.array([0, -1_000_000], pa.int32()).cast(pa.date32())
    pq.write_table(table.set_column(table.column_names.index("booked_on"), "booked_on", days), tmp_path / "ours.parquet")

    with pytest.raises(CallError, match=r"row 2: booked_on is empty, or a date is outside the years 1 to 9999"):
        match(ours=[tmp_path / "ours.parquet"], theirs=[write(tmp_path / "t.parquet", [])], agreement=an_agreement(), as_of=AS_OF)


# PostgreSQL


@pytest.mark.real("postgresql")
def test_postgresql_keeps_nothing_even_when_a_run_fails(postgres_engine: str, tmp_path: Path) -> None:
    match = engines.open(postgres_engine)
    fine, twice = write(tmp_path / "fine.parquet", [a_row("1")]), write(tmp_path / "twice.parquet", [a_row("1"), a_row("1")])

    match(ours=[fine], theirs=[fine], agreement=an_agreement(), as_of=AS_OF)
    with pytest.raises(CallError):
        match(ours=[fine], theirs=[twice], agreement=an_agreement(), as_of=AS_OF)

    with psycopg.connect(postgres_engine) as connection:
        left = connection.execute("SELECT relname FROM pg_class WHERE relname LIKE 'breakwater%'").fetchall()
    assert left == []


@pytest.mark.real("postgresql")
def test_texts_have_no_other_order_on_postgresql_than_that_of_code_points(postgres_engine: str, tmp_path: Path) -> None:
    with engine_postgres.connector(postgres_engine)(tmp_path, Means()) as backend:
        given = backend.put("given", pa.table({"text": ["b", "B", "ä"]}))
        backend.keep("kept", given.group_by(upper=given.text.upper()).aggregate(first=given.text.min()))

        columns = backend.connection.execute(
            "SELECT attname, collname FROM pg_attribute JOIN pg_collation ON attcollation = pg_collation.oid"
            " WHERE attrelid IN ('given'::regclass, 'kept'::regclass) ORDER BY attname"
        ).fetchall()

    assert columns == [("first", "C"), ("text", "C"), ("upper", "C")]


@pytest.mark.real("postgresql")
def test_postgresql_says_that_it_can_not_hold_a_text_with_a_zero(postgres_engine: str, tmp_path: Path) -> None:
    ours = write(tmp_path / "ours.parquet", [a_row("o\0")])

    with pytest.raises(CallError, match=r"U\+0000, which PostgreSQL can't hold"):
        engines.open(postgres_engine)(ours=[ours], theirs=[ours], agreement=an_agreement(), as_of=AS_OF)


@pytest.mark.real("postgresql")
def test_a_postgresql_that_is_lost_in_mid_run_is_told(postgres_engine: str, tmp_path: Path) -> None:
    with psycopg.connect(postgres_engine, autocommit=True) as connection:
        connection.execute("ALTER ROLE CURRENT_USER SET statement_timeout = '1ms'")
        try:
            rows = [a_row(f"{n}", ref_payment_id=f"P{n}") for n in range(20_000)]
            ours = write(tmp_path / "ours.parquet", rows)
            with pytest.raises(WorldError, match="PostgreSQL failed: canceling statement") as lost:
                engines.open(postgres_engine)(ours=[ours], theirs=[ours], agreement=an_agreement(), as_of=AS_OF)
        finally:
            connection.execute("SET statement_timeout = 0")
            connection.execute("ALTER ROLE CURRENT_USER RESET statement_timeout")

    assert lost.value.remedy == "Run it again; nothing was written."


# Engines that can't be used


@pytest.mark.real("postgresql")
def test_a_postgresql_that_is_not_there_says_where_the_login_comes_from(tmp_path: Path) -> None:
    side = write(tmp_path / "side.parquet", [a_row("1")])

    with pytest.raises(WorldError, match="PostgreSQL can't be reached") as refused:
        engines.open("postgresql://nobody@127.0.0.1:1/nowhere")(ours=[side], theirs=[side], agreement=an_agreement(), as_of=AS_OF)

    assert "PGPASSWORD" in refused.value.remedy


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("postgresql://ada:secret@db/warehouse", "holds a password"),
        ("postgresql://db/warehouse?password=secret", "holds a password"),
        ("postgresql://db/warehouse?colour=blue", "no URL of a PostgreSQL database"),
        ("spark://cluster", "no URL of a Spark master"),
        ("local[many]", "no URL of a Spark master"),
        ("trino://warehouse:8080/lake", "'trino' is not proven"),
        ("oracle", "no URL of an engine"),
    ],
)
def test_an_engine_that_can_not_be_used_is_refused_at_once(url: str, complaint: str) -> None:
    with pytest.raises(CallError, match=complaint) as refused:
        engines.open(url)

    assert refused.value.remedy
    assert "secret" not in refused.value.message


def test_spark_without_its_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "breakwater.matching.engine_spark", raising=False)
    monkeypatch.setitem(sys.modules, "pyspark.errors", None)

    with pytest.raises(CallError, match="needs pyspark") as refused:
        engines.open("local[2]")

    assert refused.value.remedy == "pip install 'breakwater[spark]'"


@pytest.mark.real("java")
def test_spark_without_java_says_what_to_install(spark_engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", "")

    with pytest.raises(CallError, match="Spark needs Java"):
        engines.open(spark_engine)


def test_a_folder_to_spill_into_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(CallError, match=r"no folder .* for what does not fit into memory"):
        engines.open(means=Means(spill_dir=tmp_path / "nowhere"))


def test_what_spills_is_gone_afterwards(tmp_path: Path) -> None:
    (tmp_path / "spill").mkdir()
    side = write(tmp_path / "side.parquet", [a_row("1")])
    match = engines.open(means=Means(memory_limit="500MB", spill_dir=tmp_path / "spill"))

    found = match(ours=[side], theirs=[side], agreement=an_agreement(), as_of=AS_OF)

    assert len(found.matches) == 2
    assert list((tmp_path / "spill").iterdir()) == []
