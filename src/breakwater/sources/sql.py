"""Our own side from any SQL database, read-only: the rows changed since the last pull, in the order of their change.

The user's SELECT gives the columns of ledger records and `updated_at`, which changes with each change of a row. Least rights: SELECT on
what that query reads, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from breakwater.errors import CallError, FileError, WorldError
from breakwater.model.pulls import Pulled
from breakwater.sources.pulled_rows import RowFile

ROWS_PER_PULL = 1_000_000  # more waits for the next pull
ROWS_AT_ONCE = 5_000
STATEMENT_TIMEOUT_S = 600
CONNECT_TIMEOUT_S = 10
_SELECT = re.compile(r"\s*(select|with)\b", re.IGNORECASE)
_READ_ONLY = {"sqlite": "PRAGMA query_only = ON", "mysql": "SET TRANSACTION READ ONLY", "mariadb": "SET TRANSACTION READ ONLY"}
_PAGE = """
SELECT * FROM ({records}) AS changed
WHERE changed.updated_at > :at OR (changed.updated_at = :at AND changed.record_id > :id)
ORDER BY changed.updated_at, changed.record_id LIMIT {limit}
"""
_ALL_BOOKED = """
SELECT * FROM ({records}) AS booked
WHERE booked.booked_on >= :first AND booked.booked_on <= :last ORDER BY booked.record_id LIMIT {limit}
"""
_FIRST_PAGE = "SELECT * FROM ({records}) AS changed ORDER BY changed.updated_at, changed.record_id LIMIT {limit}"


@dataclass(frozen=True)
class _Moment:
    """A value of `updated_at`: as a time, and as the text it was where the database keeps times as texts (SQLite)."""

    at: datetime
    text: str | None

    @classmethod
    def of(cls, value: Any) -> _Moment:
        if isinstance(value, datetime):
            return cls(value, None)
        try:
            return cls(datetime.fromisoformat(str(value)), str(value))
        except ValueError:
            raise FileError(
                "bad-date", f"'updated_at' is {value!r}, which is no time.", remedy="Select the time of a row's last change as updated_at."
            ) from None

    def bound(self, *, less_s: float) -> datetime | str:
        """The time so much earlier, written as the database writes it."""
        earlier = self.at - timedelta(seconds=less_s)
        if self.text is None:
            return earlier
        written = earlier.isoformat(sep=self.text[10:11] or " ")
        return written.replace("+00:00", "Z") if self.text.endswith("Z") else written


class SqlSource:
    """A database and the SELECT that gives our records. Each pull begins `overlap_s` seconds before the end of the last one."""

    def __init__(self, url: str, *, records: str, password: str | None, overlap_s: float, rows_per_pull: int = ROWS_PER_PULL) -> None:
        if not _SELECT.match(records) or ";" in records.rstrip().rstrip(";"):
            raise CallError("The records of the ledger are not one SELECT.", remedy="Write one SELECT in [ledger] records.")
        self._records = records.rstrip().rstrip(";")
        self._overlap_s, self._rows_per_pull = overlap_s, rows_per_pull
        self._engine = _engine(url, password)
        self.name = self._engine.url.set(password=None, username=None).render_as_string()

    def pull(self, *, after: Mapping[str, Any] | None, to: Path) -> Pulled | None:
        """Write the rows changed after a position; the position names the last row that was written."""
        last: Mapping[str, Any] = {}
        with self._reading() as connection, RowFile(to) as file:
            for row in self._changed(connection, after):
                last = row
                file.add(row)
        if not last:
            return None
        moment = _Moment.of(last["updated_at"])
        is_full = file.rows == self._rows_per_pull
        position = {"at": moment.at.isoformat(), "text": moment.text, "id": str(last["record_id"]), "full": is_full}
        return Pulled(rows=file.rows, position=position)

    def all_booked(self, *, first: date, last: date, to: Path) -> int:
        """Write every row booked from one day through another. WorldError if there are more than one pull holds."""
        with self._reading() as connection, RowFile(to) as file:
            days = {"first": first, "last": last}
            bound = {name: day.isoformat() for name, day in days.items()} if connection.dialect.name == "sqlite" else days
            page = text(_ALL_BOOKED.format(records=self._records, limit=self._rows_per_pull + 1))
            for row in connection.execution_options(yield_per=ROWS_AT_ONCE).execute(page, bound).mappings():
                file.add(dict(row))
        if file.rows > self._rows_per_pull:
            raise WorldError(
                f"More than {self._rows_per_pull:,} rows of the ledger are booked from {first} through {last}.",
                remedy="Ask for fewer days in [ledger.complete].",
            )
        return file.rows

    def _changed(self, connection: Connection, after: Mapping[str, Any] | None) -> Iterator[Mapping[str, Any]]:
        """Rows in the order of their change. More than fit one pull go on exactly behind the last one, without the overlap."""
        page = (_PAGE if after else _FIRST_PAGE).format(records=self._records, limit=self._rows_per_pull)
        bound = {}
        if after:
            moment = _Moment(datetime.fromisoformat(after["at"]), after["text"])
            bound = {"at": moment.bound(less_s=0 if after["full"] else self._overlap_s), "id": after["id"] if after["full"] else ""}
        rows = connection.execution_options(yield_per=ROWS_AT_ONCE).execute(text(page), bound).mappings()
        for row in rows:
            if missing := [name for name in ("updated_at", "record_id") if row.get(name) is None]:
                raise FileError("malformed", f"A row has no '{missing[0]}'.", remedy="Select record_id and updated_at, never null.")
            yield dict(row)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        try:
            with self._engine.connect() as connection:
                if command := _READ_ONLY.get(connection.dialect.name):
                    connection.exec_driver_sql(command)
                    connection.commit()
                if connection.dialect.name == "postgresql":
                    connection = connection.execution_options(postgresql_readonly=True, isolation_level="REPEATABLE READ")
                    connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT_S}s'")
                yield connection
                connection.rollback()
        except DBAPIError as wrong:
            said = str(wrong.orig).strip().splitlines()[0].rstrip(".") if str(wrong.orig).strip() else "the connection was lost"
            raise WorldError(
                f"The ledger's database {self.name} failed: {said}.", remedy="Check the address, the rights and the SELECT in [ledger]."
            ) from None


def _engine(url: str, password: str | None) -> Engine:
    try:
        parsed: URL = make_url(url)
        parsed = parsed.set(password=password) if password else parsed
        options = {"connect_timeout": CONNECT_TIMEOUT_S} if parsed.get_backend_name() == "postgresql" else {}
        return create_engine(parsed, poolclass=NullPool, connect_args=options)
    except (ArgumentError, NoSuchModuleError):
        raise CallError("The ledger's source is no database address.", remedy="Write one like postgresql+psycopg://user@host/db.") from None
    except ModuleNotFoundError as missing:
        raise CallError(f"The driver of the ledger's database is not installed: {missing.name}.", remedy="Install it.") from None
