"""The database: opening, migrating and transactions, the same on SQLite and PostgreSQL, and its errors in plain words."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, NoSuchModuleError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from breakwater.errors import CallError, WorldError
from breakwater.store import audit

__all__ = ["Connection", "Database", "open_database"]

BUSY_TIMEOUT_S = 5
MIGRATION_TIMEOUT_S = 60
WAL_RETRY_S = 0.02
CONNECT_TIMEOUT_S = 5
POOL_SIZE = 10
POOL_OVERFLOW = 20
_MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATION_LOCK = 0x42726561  # any number, as long as every process uses the same
_READ_ONLY = "breakwater_read_only"
_MIGRATES = "breakwater_migrates"


class Database:
    """Our own data in one SQL database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction: committed at the end, with its audit rows, or rolled back whole. On SQLite writers queue."""
        with self._errors_in_words(), self._engine.begin() as tx:
            audit.begin(tx)
            yield tx
            audit.write_pending(tx)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One transaction that only reads: on SQLite it waits for no writer."""
        options: dict[str, Any] = {_READ_ONLY: True, "postgresql_readonly": True}
        if self._engine.dialect.name == "postgresql":
            options["isolation_level"] = "REPEATABLE READ"  # several reads see one moment, as they do on SQLite
        with (
            self._errors_in_words(),
            self._engine.connect().execution_options(**options) as tx,
            tx.begin(),
        ):
            yield tx

    def migrate(self) -> None:
        """Bring the tables up to this version. Several processes may start at once: one migrates, the others wait and find it done."""
        with self._errors_in_words(), self._engine.connect().execution_options(**{_MIGRATES: True}) as tx, tx.begin():
            if tx.dialect.name == "postgresql":
                tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
            config = Config()
            config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
            config.attributes["connection"] = tx
            try:
                command.upgrade(config, "head")
            except CommandError as wrong:
                raise WorldError(
                    f"The tables of {self._name} are not of this version of Breakwater: {wrong}.",
                    remedy="Run the version of Breakwater that migrated them last, or a newer one.",
                ) from None

    def ping(self) -> None:
        """WorldError unless the database answers."""
        with self.reading() as tx:
            tx.execute(text("SELECT 1"))

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    @property
    def _name(self) -> str:
        return self._engine.url.render_as_string(hide_password=True)

    @contextmanager
    def _errors_in_words(self) -> Iterator[None]:
        try:
            yield
        except PoolTimeout:
            raise WorldError(
                f"All connections to {self._name} are busy.", remedy="Try again; if it stays so, look for what holds them."
            ) from None
        except DBAPIError as wrong:
            if not isinstance(wrong, OperationalError | InterfaceError) and not wrong.connection_invalidated:
                raise
            raise WorldError(f"The database {self._name} failed: {self._words(wrong)}", remedy=_remedy(wrong)) from None

    def _words(self, wrong: DBAPIError) -> str:
        """The first line of what the driver says, as a sentence, without the password."""
        said = str(wrong.orig).strip().splitlines()[0] if str(wrong.orig).strip() else "the connection was lost"
        password = self._engine.url.password
        return (said.replace(str(password), "***") if password else said).rstrip(".") + "."


def open_database(url: str) -> Database:
    """The database at an SQLAlchemy URL: `sqlite:///path` or `postgresql+psycopg://…`. CallError for any other; nothing is opened yet."""
    try:
        parsed = make_url(url)
        if parsed.drivername not in {"sqlite", "sqlite+pysqlite", "postgresql+psycopg"}:
            raise ArgumentError(parsed.drivername)
        return Database(_sqlite(parsed) if parsed.get_backend_name() == "sqlite" else _postgresql(parsed))
    except (ArgumentError, NoSuchModuleError):
        raise CallError(
            "BREAKWATER_DATABASE_URL is no database Breakwater knows.",
            remedy="Use sqlite:///path/to/breakwater.db or postgresql+psycopg://user@host/database.",
        ) from None
    except ModuleNotFoundError:
        raise CallError("The PostgreSQL driver is not installed.", remedy="Install breakwater[postgres].") from None


def _postgresql(url: URL) -> Engine:
    return create_engine(
        url,
        pool_pre_ping=True,
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW,
        connect_args={"connect_timeout": CONNECT_TIMEOUT_S, "options": "-c timezone=UTC"},
    )


def _sqlite(url: URL) -> Engine:
    if not url.database or url.database == ":memory:":
        raise ArgumentError("a database in memory is gone with its connection")
    engine = create_engine(url, pool_size=POOL_SIZE, max_overflow=POOL_OVERFLOW, connect_args={"timeout": BUSY_TIMEOUT_S})
    event.listen(engine, "do_connect", lambda *_: _make_folder(Path(str(url.database)).parent))
    event.listen(engine, "connect", _sqlite_settings)
    event.listen(engine, "begin", _sqlite_begin)
    return engine


def _make_folder(folder: Path) -> None:
    with suppress(OSError):  # SQLite then says what it can't open
        folder.mkdir(parents=True, exist_ok=True)


def _sqlite_settings(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions by itself: see _sqlite_begin
    _sqlite_wal(connection)
    for pragma in ("foreign_keys = ON", "synchronous = FULL"):
        connection.execute(f"PRAGMA {pragma}").close()


def _sqlite_wal(connection: sqlite3.Connection) -> None:
    """Readers beside a writer. For this change alone SQLite doesn't wait for others that make it at the same moment."""
    last_try_at = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").close()
        except sqlite3.OperationalError as wrong:
            if wrong.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > last_try_at:
                raise
            time.sleep(WAL_RETRY_S)
        else:
            return


def _sqlite_begin(connection: Connection) -> None:
    """Writers take the lock at once, so that they queue; a reader that became a writer half-way would fail instead."""
    options = connection.get_execution_options()
    timeout_s = MIGRATION_TIMEOUT_S if options.get(_MIGRATES, False) else BUSY_TIMEOUT_S
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {timeout_s * 1000}")
    connection.exec_driver_sql("BEGIN" if options.get(_READ_ONLY, False) else "BEGIN IMMEDIATE")


def _remedy(wrong: DBAPIError) -> str:
    said = str(wrong.orig)
    if "locked" in said:
        return "Somebody else is writing for long: try again."
    if "no such table" in said:
        return "Start Breakwater once so that it creates its tables."
    return "Check that the database is running and that BREAKWATER_DATABASE_URL is right, then try again."
