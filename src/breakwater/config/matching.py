"""[matching] of breakwater.toml: the engine that compares the sides, and what it may use of the machine."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

from breakwater.config.files import Table

_PASSWORD_IN_URL = re.compile(r"://[^/@]*:[^/@]+@|[?&]password=")
_MEMORY = re.compile(r"[1-9][0-9]{0,5}(MB|GB)")


def _engine_url(url: str) -> str:
    if _PASSWORD_IN_URL.search(url):
        raise ValueError("a password does not belong into the settings; set it in the environment, for PostgreSQL as PGPASSWORD")
    return url


def _memory_limit(text: str) -> str:
    if not _MEMORY.fullmatch(text):
        raise ValueError(f"'{text}' is no amount of memory; write it like '4GB'")
    return text


EngineUrl = Annotated[str, AfterValidator(_engine_url)]
MemoryLimit = Annotated[str, AfterValidator(_memory_limit)]


class MatchingSettings(Table):
    """[matching]: the engine that compares the sides, by its URL; without one DuckDB, embedded, which spills to disk."""

    engine: EngineUrl | None = None
    proven: bool = False  # `breakwater engine check` agreed on an engine other than PostgreSQL and Spark
    memory_limit: MemoryLimit = "1500MB"
    spill_dir: str | None = None
