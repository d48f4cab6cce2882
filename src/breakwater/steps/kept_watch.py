"""The watch over the hours as it outlives a process, and as all processes share it: what one has looked at, the others go on from."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from typing import Any

from breakwater.detection.beside import Beside
from breakwater.detection.carried import State, carried, state_of
from breakwater.detection.live import Key, Live
from breakwater.detection.panel import Segment
from breakwater.errors import WorldError
from breakwater.lake import watch_states
from breakwater.lake.parts import Lake
from breakwater.model.partners import Partner
from breakwater.model.parts import part_of

# What a state follows from, beside the events: with other code it would be another one.
_CODE = (
    "lake/occurrences.py", "lake/series.py", "model/decline_families.py", "model/payment_states.py", "steps/kept_watch.py",
    "steps/traffic.py",
)  # fmt: skip


class KeptWatch:
    """What is kept of the watch by processes with this code and these partners; what others kept is none of ours."""

    def __init__(self, lake: Lake, *, partners: Mapping[str, Partner], segment_of: Callable[[Key], Segment]) -> None:
        self._lake, self._segment_of = lake, segment_of
        self._name = _name(partners)
        self._mark: str | None = None

    def newer(self, *, than: datetime | None, active: Collection[str]) -> tuple[Live, Beside, frozenset[str]] | None:
        """The watches that another process has kept since we last looked, and the parts they know; None if there are none, if they have not
        looked further `than` that, or if a part that they know is not among the `active` ones any more: then history is another one."""
        mark = watch_states.mark(self._lake, self._name)
        if mark is None or mark == self._mark:
            return None
        self._mark = mark
        found = watch_states.kept(self._lake, self._name)
        if found is None:
            return None
        said, pieces = found
        try:
            known, begins = frozenset(said["parts"]), _day(said["first"])
            if (than and _at(said) < than) or not known <= set(active):
                return None
            live, beside = carried(State(said=said, pieces=pieces), segment_of=self._segment_of)
        except (WorldError, LookupError, TypeError, ValueError):  # damaged: it is worked out again
            return None
        return live, beside, known | {part for part in active if part_of(part).day < begins}

    def keep(self, live: Live, beside: Beside, parts: Collection[str]) -> None:
        """Keep the watches as they are, and which parts they know."""
        state = state_of(live, beside)
        mine = sorted(part for part in parts if part_of(part).day >= _day(live.first))
        with contextlib.suppress(WorldError):  # the watch goes on without, and a full disk is told by what can't
            self._mark = watch_states.keep(self._lake, self._name, {**state.said, "parts": mine}, state.pieces)


def _at(said: Mapping[str, Any]) -> datetime:
    return datetime.fromtimestamp(said["next_hour"] * 3600, UTC)


def _day(hour: int) -> date:
    return datetime.fromtimestamp(hour * 3600, UTC).date()


def _name(partners: Mapping[str, Partner]) -> str:
    """What a state of this code and of these partners is called."""
    digest = hashlib.sha256(_code())
    for partner in sorted(partners.values(), key=lambda p: p.id):
        calendar = sorted(day.isoformat() for day in partner.calendar.holidays), sorted(partner.calendar.weekend)
        families = [(code, str(family)) for code, family in partner.decline_families]
        digest.update(repr((partner.id, partner.network, partner.time_zone.key, *calendar, families)).encode())
    return digest.hexdigest()[:32]


@cache
def _code() -> bytes:
    house = files("breakwater")
    detection = sorted((file for file in (house / "detection").iterdir() if file.name.endswith(".py")), key=lambda file: file.name)
    digest = hashlib.sha256()
    for file in (*detection, *(house.joinpath(path) for path in _CODE)):
        digest.update(file.read_bytes())
    return digest.digest()
