"""From an engine's URL to the file that knows it. Drivers are extras, loaded only when their engine is wanted."""

from __future__ import annotations

import importlib
from urllib.parse import urlsplit

from breakwater.errors import CallError
from breakwater.matching import engine_duckdb
from breakwater.matching.backend import Connect

PROVEN = ("PostgreSQL (postgresql://…)", "Spark (spark://host:7077, local[2])")


def connector(url: str | None, *, proven: bool = False) -> Connect:
    """How to connect to an engine; None is the embedded DuckDB. CallError for a URL that can't be used.

    DuckDB, PostgreSQL and Spark are tested with each change. Any other backend that Ibis has a driver for is taken only if somebody says
    that it is `proven`.
    """
    if url is None:
        return engine_duckdb.connect
    if url.startswith(("postgresql://", "postgres://", "postgresql+psycopg://")):
        return _engine("postgres", url.replace("+psycopg", "", 1), extra="postgres")
    if url.startswith(("spark://", "local")):
        return _engine("spark", url, extra="spark")
    if "://" not in url:
        raise CallError(f"'{url}' is no URL of an engine.", remedy=f"Known are {', '.join(PROVEN)}; without one it is the embedded DuckDB.")
    scheme = urlsplit(url).scheme
    if not proven:
        raise CallError(
            f"The engine '{scheme}' is not proven: nobody has shown that it finds what the others find.",
            remedy="Run `breakwater engine check URL`; where it agrees, say so with --proven, or proven = true under [matching].",
        )
    return _engine("ibis", url, extra=scheme)


def _engine(name: str, url: str, *, extra: str) -> Connect:
    try:
        module = importlib.import_module(f"breakwater.matching.engine_{name}")
    except ImportError as missing:
        raise CallError(f"That engine needs {missing.name}, which is missing.", remedy=f"pip install 'breakwater[{extra}]'") from missing
    connect: Connect = module.connector(url)
    return connect
