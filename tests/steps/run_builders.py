"""A desk at the tiny company: its bot, a clock that people set, and a look at what a run kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from tiny_company import DAY, NOW, PARTNER, Payment, TinyCompany

from breakwater.app import Breakwater
from breakwater.lake import outcomes
from breakwater.matching import engines, out, pieces
from breakwater.matching.tables import match_table
from breakwater.model.breaks import Break
from breakwater.model.partners import Partner
from breakwater.model.records import Side
from breakwater.model.runs import Run
from breakwater.store import audit, reads


class Desk:
    """The company, its bot, and a clock that people set."""

    def __init__(self, company: TinyCompany, bot: Breakwater, clock: list[datetime]) -> None:
        self.company, self.bot, self._clock = company, bot, clock

    def run(self, *, days: int = 0) -> Run:
        """An hour, or days later: new files, then a run."""
        self._clock[0] += timedelta(hours=1, days=days)
        self.bot.ingest_new()
        self.bot.reconcile_all()
        with self.bot.database.reading() as tx:
            run = reads.last_run(tx, partner=PARTNER)
        assert run
        return run

    @property
    def partner(self) -> Partner:
        return self.bot.config.partners[PARTNER]

    def breaks(self) -> list[Break]:
        with self.bot.database.reading() as tx:
            return sorted(reads.breaks_of_agreement(tx, agreement=PARTNER).values(), key=lambda b: b.references)

    def trail(self, about: str) -> list[Any]:
        with self.bot.database.transaction() as tx:
            assert audit.verify(tx) == []
            return [(e.action, e.detail) for e in audit.entries(tx, about)]

    def assert_as_a_whole_run(self, run: Run, folder: Path) -> None:
        """The outcome that was kept, opening items back in it, is byte for byte what matching everything gives."""
        with self.bot.database.reading() as tx:
            parts = {side: reads.active_parts(tx, side=side, content="records", partner=PARTNER) for side in Side}
        kept = outcomes.earlier(self.bot.lake, run)
        assert kept
        whole = engines.open(None)(
            ours=self.bot.lake.paths(parts[Side.OURS]),
            theirs=self.bot.lake.paths(parts[Side.THEIRS]),
            agreement=self.bot.terms[PARTNER].agreement,
            as_of=run.as_of,
        )
        places = {fingerprint: n for n, fingerprint in enumerate(kept.outcome.breaks["fingerprint"].to_pylist())}
        order = pa.array([places.pop(fingerprint) for fingerprint in whole.breaks["fingerprint"].to_pylist()], pa.int64())
        assert places == {}
        breaks = kept.outcome.breaks.take(order)
        with duckdb.connect() as connection:
            pieces.write(connection, kept.outcome.carried, folder / "matches.parquet")
        kept_together = replace(kept.outcome, breaks=breaks, matches=match_table(folder / "matches.parquet"))
        for name, outcome in (("kept", kept_together), ("whole", whole)):
            out.write(folder / name, outcome, agreement=PARTNER, as_of=run.as_of)
        assert (folder / "kept").read_bytes() == (folder / "whole").read_bytes()


class a_desk:  # noqa: N801  reads like a function where it is used
    """A desk at a new company, without any file yet; `live_from` is when the partner went live."""

    def __init__(self, folder: Path, url: str, *, live_from: date = date(2026, 1, 1)) -> None:
        self._clock = [NOW]
        self._company = TinyCompany(folder)
        settings = (folder / "breakwater.toml").read_text().replace("live_from = 2026-01-01", f"live_from = {live_from}")
        (folder / "breakwater.toml").write_text(settings)
        self._bot = self._company.bot(url, now=lambda: self._clock[0])

    def __enter__(self) -> Desk:
        return Desk(self._company, self._bot.__enter__(), self._clock)

    def __exit__(self, *wrong: Any) -> None:
        self._bot.__exit__(*wrong)


def paid(*references: str, minor: int = 1000, day: date = DAY) -> list[Payment]:
    return [Payment(reference=reference, minor=minor, day=day) for reference in references]
