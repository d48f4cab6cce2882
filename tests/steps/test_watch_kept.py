"""A process that begins again goes on where the last one stood, whoever that was; and what it can't trust it works out again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from tiny_company import everything
from traffic_at_work import MERIDIAN, START, AtWork

from breakwater.detection.live import Live
from breakwater.detection.series import HOUR
from breakwater.lake.parts import Lake
from breakwater.model.access import SYSTEM
from breakwater.model.decline_families import DeclineFamily
from breakwater.model.findings import FindingKind, FindingState
from breakwater.steps.traffic import Traffic
from breakwater.store import writes
from breakwater.store.database import Database, open_database

BEFORE = 21 * 24  # hours that are known when the first pass comes
TRIED = np.random.default_rng(2).poisson(30 + 15 * np.sin(np.arange(BEFORE + 60) / 24 * 2 * np.pi)) + 1
DOWN = range(BEFORE + 4, BEFORE + 10)  # nothing comes; of the first of these hours it comes late


def hour_comes(at_work: AtWork, hour: int) -> None:
    """The events of an hour; during the drop none but what says that time goes on."""
    counts = TRIED[hour : hour + 1] if hour not in DOWN else np.ones(1, dtype=int)
    at_work.happen({("created", None): counts, ("authorized", None): counts}, first=hour)
    if hour == DOWN[-1] - 2:
        late = TRIED[DOWN[0] : hour]
        at_work.happen({("created", None): late, ("authorized", None): late, ("refunded", None): late // 8}, first=DOWN[0])


def begun(database: Database, folder: Path) -> AtWork:
    """A process that has looked at all hours before `BEFORE`."""
    at_work = AtWork(database, Lake(folder))
    known = TRIED[: BEFORE + 1]
    at_work.happen({("created", None): known, ("authorized", None): known, ("refunded", None): known // 8}, first=0)
    at_work.look(hour=BEFORE)
    return at_work


def begin_again(at_work: AtWork, **partner: Any) -> None:
    """The process ends, and another one begins, perhaps with a partner's settings changed."""
    at_work.partners = {"meridian": replace(MERIDIAN, **partner)}
    at_work.traffic = Traffic(at_work.database, Lake(at_work.lake.root), partners=at_work.partners)


def live_of(at_work: AtWork, *, hour: int) -> Live:
    live = at_work.traffic.known(now=START + hour * HOUR + HOUR / 2)
    assert live
    return live


def fired(at_work: AtWork, *, hour: int) -> list[tuple[str, int]]:
    """Every alert that the process knows of."""
    return [(alert.channel.name, alert.fired) for alert in live_of(at_work, hour=hour).watch.alerts]


LAST = DOWN[-1] + 12


def undisturbed(database: Database, folder: Path) -> dict[int, Any]:
    """All that is kept after each hour by a process that never ends."""
    at_work = begun(database, folder)
    kept = {}
    for hour in range(BEFORE + 1, LAST):
        hour_comes(at_work, hour)
        at_work.look(hour=hour)
        kept[hour] = everything(database)
    return kept


@pytest.fixture(scope="module")
def without_end(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, Any]]:
    folder = tmp_path_factory.mktemp("undisturbed")
    database = open_database(f"sqlite:///{folder / 'breakwater.db'}")
    database.migrate()
    yield undisturbed(database, folder / "lake")
    database.close()


def test_wherever_it_ends_the_next_process_tells_what_one_without_end_tells(
    database: Database, tmp_path: Path, without_end: dict[int, Any]
) -> None:
    at_work = begun(database, tmp_path / "lake")

    for hour in range(BEFORE + 1, LAST):
        begin_again(at_work)
        hour_comes(at_work, hour)
        at_work.look(hour=hour)
        assert everything(database) == without_end[hour]

    (drop,) = without_end[LAST - 1]["findings"]
    assert (drop.kind, drop.state) == (FindingKind.VOLUME_DROP, FindingState.RECOVERED)


LOOKED = DOWN[0] + 2


@pytest.fixture(scope="module")
def taken_back(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a process leaves that has told a drop which late data then took back."""
    folder = tmp_path_factory.mktemp("taken_back")
    database = open_database(f"sqlite:///{folder / 'breakwater.db'}")
    database.migrate()
    at_work = begun(database, folder / "lake")
    for hour in range(BEFORE + 1, LOOKED):
        hour_comes(at_work, hour)
        at_work.look(hour=hour)
    late = TRIED[DOWN[0] : DOWN[0] + 1]
    at_work.happen({("created", None): late, ("authorized", None): late}, first=DOWN[0])
    at_work.look(hour=LOOKED - 1)
    assert fired(at_work, hour=LOOKED - 1) == [("drop", DOWN[0])]
    assert live_of(at_work, hour=LOOKED - 1).watch.open == []
    database.close()
    return folder


@pytest.fixture
def looked(taken_back: Path, tmp_path: Path) -> Iterator[AtWork]:
    """The next process, that has not looked yet."""
    folder = shutil.copytree(taken_back, tmp_path / "taken_back")
    database = open_database(f"sqlite:///{folder / 'breakwater.db'}")
    yield AtWork(database, Lake(folder / "lake"), files=LOOKED - BEFORE + 2)
    database.close()


def test_another_process_remembers_what_late_data_took_back(looked: AtWork) -> None:
    assert fired(looked, hour=LOOKED - 1) == [("drop", DOWN[0])]


def test_with_other_settings_history_is_looked_at_again(looked: AtWork) -> None:
    """What is kept of other settings is none of theirs. As it lies there now, history has no drop."""
    begin_again(looked, time_zone=ZoneInfo("Asia/Tokyo"))

    assert fired(looked, hour=LOOKED - 1) == []


def test_where_a_code_for_declines_means_something_else_history_is_looked_at_again(looked: AtWork) -> None:
    begin_again(looked, decline_families=(("65", DeclineFamily.AUTHENTICATION),))

    assert fired(looked, hour=LOOKED - 1) == []


def test_where_a_file_was_taken_back_history_is_looked_at_again(looked: AtWork) -> None:
    with looked.database.transaction() as tx:
        writes.supersede_source_file(tx, old_sha256=f"{2:064x}", partner="ledger", by_sha256=f"{3:064x}", actor=SYSTEM, now=START)

    live = live_of(looked, hour=LOOKED - 1)

    assert live.counts["attempts"][0, BEFORE + 1] == 0  # what the second file told
    assert ("drop", DOWN[0]) not in fired(looked, hour=LOOKED - 1)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def _pieces(folder: Path) -> list[Path]:
    return [folder / file for file in json.loads((folder / "state.json").read_text())["pieces"].values()]


def _say(folder: Path, said: str) -> None:
    (folder / "state.json").write_text(said)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "a piece is missing": lambda folder: _pieces(folder)[3].unlink(),
    "a piece is cut off": lambda folder: _cut(_pieces(folder)[0]),
    "a piece is another one": lambda folder: shutil.copy(_pieces(folder)[3], _pieces(folder)[4]),
    "the list is cut off": lambda folder: _cut(folder / "state.json"),
    "the list is empty": lambda folder: _say(folder, "{}"),
    "the list says nothing": lambda folder: _say(folder, '{"said": {}, "pieces": {}}'),
    "the list is of something else": lambda folder: _say(folder, "[1]"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_damaged_is_worked_out_again_and_kept_anew(looked: AtWork, damage: str) -> None:
    (folder,) = (looked.lake.root / "watch").iterdir()
    DAMAGES[damage](folder)

    anew = live_of(looked, hour=LOOKED - 1)
    begin_again(looked)
    again = live_of(looked, hour=LOOKED - 1)

    assert anew.watch.alerts == again.watch.alerts == []
    assert anew.watch.next_hour == again.watch.next_hour == LOOKED - 1
    assert np.array_equal(anew.watch.past.expected, again.watch.past.expected, equal_nan=True)


def test_what_a_process_saw_and_did_not_live_to_tell_the_next_one_tells(looked: AtWork) -> None:
    for hour in (LOOKED, LOOKED + 1, LOOKED + 2):
        hour_comes(looked, hour)
    seen = live_of(looked, hour=LOOKED + 2).watch.open

    begin_again(looked)
    (drop,) = looked.look(hour=LOOKED + 2)

    assert [alert.channel.name for alert in seen] == ["drop"]
    assert drop.kind is FindingKind.VOLUME_DROP


def test_two_processes_that_look_in_turns_know_the_same(looked: AtWork) -> None:
    other = AtWork(looked.database, Lake(looked.lake.root), files=looked.files)
    for hour in range(LOOKED, LAST):
        looker = (looked, other)[hour % 2]
        looker.files = max(looked.files, other.files)
        hour_comes(looker, hour)
        looker.look(hour=hour)

    told = fired(looked, hour=LAST - 1)

    assert ("drop", DOWN[0]) in told
    assert fired(other, hour=LAST - 1) == told


def test_what_another_process_has_looked_at_less_far_is_not_taken(looked: AtWork) -> None:
    """It was kept by a process that hung, and comes last."""
    (folder,) = (looked.lake.root / "watch").iterdir()
    live_of(looked, hour=LOOKED - 1)
    older = (folder / "state.json").read_bytes()
    for hour in (LOOKED, LOOKED + 1):
        hour_comes(looked, hour)
        looked.look(hour=hour)
    (folder / "state.json").write_bytes(older)

    live = live_of(looked, hour=LOOKED + 1)

    assert live.watch.next_hour == LOOKED + 1


def test_a_place_that_is_new_is_added_without_a_look_at_history(looked: AtWork) -> None:
    looked.happen({("created", None): np.full(1, 3)}, first=LOOKED - 1, currency="SEK")

    live = live_of(looked, hour=LOOKED)

    assert [key[2] for key in live.keys] == ["EUR", "SEK"]
    assert [(alert.channel.name, alert.fired) for alert in live.watch.alerts] == [("drop", DOWN[0])]
    assert live.counts["attempts"][1].sum() == 3
    begin_again(looked)
    assert fired(looked, hour=LOOKED) == [("drop", DOWN[0])]


def test_hours_beyond_the_room_of_the_watch_are_added_without_a_look_at_history(looked: AtWork) -> None:
    room = live_of(looked, hour=LOOKED - 1).panel.hours
    looked.happen({("created", None): np.full(1, 3)}, first=room + 30)

    live = live_of(looked, hour=room + 30)

    assert live.panel.hours > room
    assert live.watch.next_hour == room + 30
    assert ("drop", DOWN[0]) in [(alert.channel.name, alert.fired) for alert in live.watch.alerts]


def test_after_a_silence_of_months_history_begins_anew(looked: AtWork) -> None:
    later = LOOKED + 10 * 7 * 24
    looked.happen({("created", None): np.full(15 * 24, 30), ("authorized", None): np.full(15 * 24, 30)}, first=later)

    live = live_of(looked, hour=later + 15 * 24)

    assert live.panel.at(0) > START
    assert [alert for alert in live.watch.alerts if live.panel.at(alert.fired) < START + later * HOUR] == []


def test_a_disk_on_which_nothing_can_be_kept_keeps_nobody_from_looking(database: Database, tmp_path: Path) -> None:
    (tmp_path / "lake").mkdir()
    (tmp_path / "lake" / "watch").write_text("a file where a folder should be")

    at_work = begun(database, tmp_path / "lake")

    assert live_of(at_work, hour=BEFORE).watch.next_hour == BEFORE
