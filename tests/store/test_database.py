from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError
from store_builders import ADA, NOW, a_break

from breakwater.errors import CallError, WorldError
from breakwater.store import audit, reads, writes
from breakwater.store.database import Database, open_database
from breakwater.store.tables import metadata


def test_migrations_lead_to_the_tables_the_code_knows(database_url: str) -> None:
    engine = create_engine(database_url)

    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)

    engine.dispose()
    assert differences == []


def test_processes_that_start_at_once_migrate_once(empty_url: str) -> None:
    together = Barrier(8)

    def start(_: int) -> None:
        together.wait()
        with contextlib.closing(open_database(empty_url)) as database:
            database.migrate()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(start, range(8)))

    with contextlib.closing(open_database(empty_url)) as database, database.transaction() as tx:
        assert tx.execute(text("SELECT count(*) FROM alembic_version")).scalar() == 1


def test_processes_that_open_a_new_file_at_once_all_get_in(tmp_path: Path) -> None:
    together = Barrier(8)

    def start(url: str) -> None:
        together.wait()
        with contextlib.closing(open_database(url)) as database:
            database.ping()

    with ThreadPoolExecutor(8) as pool:
        for number in range(25):
            list(pool.map(start, 8 * [f"sqlite:///{tmp_path}/{number}.db"]))


def test_tables_of_a_newer_version_are_refused_with_what_to_do(database: Database) -> None:
    with database.transaction() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(WorldError, match="not of this version") as refused:
        database.migrate()

    assert "newer" in refused.value.remedy


def test_an_error_rolls_the_whole_transaction_back_with_its_audit_rows(database: Database) -> None:
    with pytest.raises(IntegrityError), database.transaction() as tx:  # noqa: PT012
        writes.insert_breaks(tx, [a_break()], actor=ADA, now=NOW)
        writes.insert_breaks(tx, [a_break()], actor=ADA, now=NOW)

    with database.transaction() as tx:
        assert reads.break_by_id(tx, a_break().id) is None
        assert audit.entries(tx, a_break().id) == []


def test_a_reader_sees_what_was_committed_while_somebody_writes(database: Database) -> None:
    with database.transaction() as tx:
        writes.insert_breaks(tx, [a_break()], actor=ADA, now=NOW)
        with database.reading() as other:
            assert reads.break_by_id(other, a_break().id) is None

    with database.reading() as other:
        assert reads.break_by_id(other, a_break().id) == a_break()


def test_writers_queue_instead_of_failing(database: Database) -> None:
    def write(number: int) -> None:
        with database.transaction() as tx:
            audit.append(tx, at=NOW, actor_id="U", action="look", about_kind="thing", about_id="T", detail={"number": number})

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(write, range(20)))

    with database.transaction() as tx:
        assert sorted(e.detail["number"] for e in audit.entries(tx, "T")) == list(range(20))
        assert audit.verify(tx) == []


def test_a_server_that_does_not_answer_is_told_without_its_password() -> None:
    database = open_database("postgresql+psycopg://ben:s3cret@127.0.0.1:1/nothing?connect_timeout=1")

    with pytest.raises(WorldError) as failed:
        database.ping()

    assert "127.0.0.1" in failed.value.message
    assert "s3cret" not in failed.value.message + failed.value.remedy
    assert "BREAKWATER_DATABASE_URL" in failed.value.remedy


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file, not a folder")
    database = open_database(f"sqlite:///{tmp_path / 'taken' / 'breakwater.db'}")

    with pytest.raises(WorldError, match="unable to open"):
        database.ping()


def test_a_database_without_tables_is_told(sqlite_url: str) -> None:
    with pytest.raises(WorldError, match="no such table") as failed, open_database(sqlite_url).transaction() as tx:
        reads.break_by_id(tx, "B-1")

    assert "creates its tables" in failed.value.remedy


@pytest.mark.parametrize("url", ["", "mysql://host/db", "sqlite://", "sqlite:///:memory:", "postgresql://host/db", "nonsense"])
def test_other_databases_are_refused_with_an_example(url: str) -> None:
    with pytest.raises(CallError) as refused:
        open_database(url)

    assert "postgresql+psycopg://" in refused.value.remedy
