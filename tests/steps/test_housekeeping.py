"""What is past is forgotten; what a file names stays, and so does what a crash left a moment ago."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from tiny_company import NOW, PARTNER, Payment, TinyCompany

from breakwater.lake.merging import FEWEST
from breakwater.lake.parts import Lake
from breakwater.model.access import INTERNAL, SYSTEM
from breakwater.model.records import Side
from breakwater.steps.housekeeping import MESSAGES_AT_ONCE
from breakwater.store import audit, claims, inbox, outbox, reads, sending
from breakwater.store.database import Connection
from breakwater.store.outbox import Kind
from breakwater.store.tables import delivery


def test_old_claims_and_deliveries_are_forgotten_and_new_ones_kept(tmp_path: Path, database_url: str) -> None:
    with TinyCompany(tmp_path / "company").bot(database_url) as bot:
        with bot.database.transaction() as tx:
            for at in (NOW - timedelta(days=8), NOW):
                claims.claim(tx, job="work", scheduled_at=at, now=at)
                inbox.first_time(tx, key=f"event:{at}", now=at)

        bot.tidy()

        with bot.database.transaction() as tx:
            assert claims.claim(tx, job="work", scheduled_at=NOW - timedelta(days=8), now=NOW)
            assert not claims.claim(tx, job="work", scheduled_at=NOW, now=NOW)
            assert inbox.first_time(tx, key=f"event:{NOW - timedelta(days=8)}", now=NOW)
            assert not inbox.first_time(tx, key=f"event:{NOW}", now=NOW)


def test_messages_long_delivered_are_forgotten_and_the_audit_trail_never(tmp_path: Path, database_url: str) -> None:
    days = 90  # where the settings say nothing
    with TinyCompany(tmp_path / "company").bot(database_url) as bot:
        with bot.database.transaction() as tx:
            old = NOW - timedelta(days=days, seconds=1)
            delivered(tx, *(f"old{n}" for n in range(2 * MESSAGES_AT_ONCE + 1)), now=old)
            delivered(tx, "recent", now=NOW - timedelta(days=days))
            audit.append(tx, at=old, actor_id="U0ADA", action="said", about_kind="break", about_id="B-1", detail={})

        bot.tidy()

        with bot.database.transaction() as tx:
            assert list(tx.scalars(select(delivery.outbox.c.key))) == ["recent"]
            assert [entry.action for entry in audit.entries(tx, "B-1")] == ["said"]


def delivered(tx: Connection, *keys: str, now: datetime) -> None:
    """Messages that were delivered as soon as they were made, each in a channel of its own."""
    for key in keys:
        outbox.enqueue(tx, key=key, kind=Kind.POST, audience=INTERNAL, channel=f"C{key}", payload={"text": key}, now=now)
    for row in sending.claim(tx, now=now, lease_s=30, limit=len(keys)):
        sending.sent(tx, row_id=row.id, ts="1700.1", now=now)


def test_only_parts_that_no_file_names_and_that_are_old_are_removed(tmp_path: Path, database_url: str) -> None:
    company = TinyCompany(tmp_path / "company")
    with company.bot(database_url) as bot:
        company.report("report", Payment(reference="P1"))
        bot.ingest_new()
        with bot.database.reading() as tx:
            named = [part for file in reads.source_files(tx) for part in file.parts]
        left_old, left_now = (bot.lake.root / Path(named[0]).with_name(f"{letter * 64}-0.parquet") for letter in "ab")
        for path in (left_old, left_now, *(bot.lake.root / part for part in named)):
            path.touch()
        os.utime(left_old, (0, 0))
        os.utime(bot.lake.root / named[0], (0, 0))

        bot.tidy()

        assert not left_old.exists()
        assert left_now.exists()
        assert all((bot.lake.root / part).exists() for part in named)


def test_small_parts_of_a_day_are_merged_and_nothing_is_matched_anew(tmp_path: Path, database_url: str) -> None:
    company = TinyCompany(tmp_path / "company")
    with company.bot(database_url) as bot:
        for n in range(FEWEST):
            company.report(f"report{n}", Payment(reference=f"P{n}"))
        bot.ingest_new()
        bot.reconcile_all()
        with bot.database.reading() as tx:
            parts, run = reads.active_parts(tx, side=Side.THEIRS, content="records"), reads.last_run(tx, partner=PARTNER)

        bot.tidy()
        bot.reconcile_all()

        assert len(bot.lake.files(parts)) == 1
        with bot.database.reading() as tx:
            assert reads.active_parts(tx, side=Side.THEIRS, content="records") == parts
            assert run is not None
            assert reads.last_run(tx, partner=PARTNER) == run


def test_matches_of_runs_that_nobody_compares_with_any_more_are_forgotten(tmp_path: Path, database_url: str) -> None:
    company, clock = TinyCompany(tmp_path / "company"), [NOW]
    with company.bot(database_url, now=lambda: clock[0]) as bot:
        company.ledger("records", Payment(reference="P1"), Payment(reference="P2"))
        for n, days in enumerate((0, 0, 10, 10)):  # two runs of the first day, one of the 10th after, one of the 20th
            clock[0] += timedelta(days=days, hours=1)
            company.report(f"report{n}", Payment(reference=f"P{n}"), batch=n)
            bot.ingest_new()
            bot.reconcile_all()
        last = bot.runs.history(bot.config.partners[PARTNER], limit=1)[0]
        carried = {piece.path for piece in bot.lake.matches_of(last.id)}
        _make_old(bot.lake)

        bot.tidy()

        assert all(path.exists() for path in carried)  # whichever run found them
        clock[0] += timedelta(hours=1)
        bot.runs.rerun(bot.config.partners[PARTNER], as_of=None, actor=SYSTEM)  # everything is matched anew
        clock[0] += timedelta(days=20)
        bot.reconcile_all()
        *old, present = [run.id for run in reversed(bot.runs.history(bot.config.partners[PARTNER], limit=9))]
        _make_old(bot.lake)

        bot.tidy()

        kept = {piece.path for piece in bot.lake.matches_of(present)}
        assert set(bot.lake.root.glob("runs/*/matches*.parquet")) == kept
        assert carried.isdisjoint(kept)
        assert all(Path(bot.lake.outcome_path(run_id, "breaks")).exists() for run_id in old)
        bot.runs.rerun(bot.config.partners[PARTNER], as_of=NOW.date(), actor=SYSTEM)


def _make_old(lake: Lake) -> None:
    for path in lake.root.glob("runs/*/*"):
        os.utime(path, (0, 0))
