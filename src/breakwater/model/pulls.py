"""Pulls: our own side taken out of a database or an API, window by window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True)
class Pulled:
    """What one pull brought: how many rows, and the position after the last of them, from which the next pull goes on."""

    rows: int
    position: Mapping[str, Any]


class Source(Protocol):
    """A place our own records are pulled from. Nothing in it is ever changed. WorldError where it can't be reached."""

    name: str

    def pull(self, *, after: Mapping[str, Any] | None, to: Path) -> Pulled | None:
        """Write the rows changed after a position, less the overlap, to `to` as a file of ledger records; None if there are none."""

    def all_booked(self, *, first: date, last: date, to: Path) -> int:
        """Write every row booked from one day through another to `to`, as `pull` does; how many there are."""


@dataclass(frozen=True, kw_only=True)
class Completeness:
    """How often a source is asked for all rows of the last `days` days, so that what was deleted there is noticed.

    More than `most_gone_share` of what is held of those days gone at once is no deletion, but a source that says too little.
    """

    days: int
    every: timedelta
    most_gone_share: float
