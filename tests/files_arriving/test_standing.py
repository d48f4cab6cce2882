"""How a partner's files stand, at a moment."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from arriving import Clock, deliver, statement

from breakwater.app import Breakwater
from breakwater.model.files import PartnerFiles
from breakwater.steps.detect import files_of


def standing(bot: Breakwater, clock: Clock) -> PartnerFiles:
    with bot.database.reading() as tx:
        return files_of(tx, partner=bot.config.partners["nordbank"], now=clock())


def test_due_next_late_missing_refused_and_last_arrivals(bot: Breakwater, tmp_path: Path, clock: Clock) -> None:
    deliver(tmp_path, "9.xml", statement(9, "1.00", day="2026-11-25"))
    deliver(tmp_path, "cut.xml", statement(8, "1.00")[:-60])
    bot.ingest_new()
    clock.at = datetime(2026, 11, 26, 6, 30, tzinfo=UTC)

    seen = standing(bot, clock)

    assert [d.business_date.day for d in seen.missing] == [23]
    assert [d.business_date.day for d in seen.late] == [24]
    assert [(d.business_date.day, d.due_at) for d in seen.next_due] == [(26, datetime(2026, 11, 27, 6, 0, tzinfo=UTC))]
    assert [f.name for f in seen.quarantined] == ["cut.xml"]
    assert [f.name for f in seen.arrived] == ["9.xml"]


def test_a_file_late_by_one_day_is_not_missing(bot: Breakwater, clock: Clock) -> None:
    clock.at = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

    seen = standing(bot, clock)

    assert ([d.business_date.day for d in seen.late], seen.missing) == ([23], ())
