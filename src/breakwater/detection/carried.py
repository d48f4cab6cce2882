"""What a live watch knows, taken out of it and given to another one: after a restart, where places are new, or when there is no more room.

The other one has the same places and perhaps more, and begins at the same hour or later. Nothing is known of a place that is new, and of a
scope that is new what was known of the older places in it, which were some scope's. With the same places and hours it goes on as the first
one would have, to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from breakwater.detection import families, watch
from breakwater.detection.beside import Beside
from breakwater.detection.carried_alerts import alert_of, family_alert_of, plain, rare_alert_of
from breakwater.detection.evidence import CHANNELS, Spreads
from breakwater.detection.live import Key, Live
from breakwater.detection.panel import Indexes, Segment, scopes_of
from breakwater.detection.ramps import Wander
from breakwater.detection.series import DAY_H
from breakwater.model.decline_families import DeclineFamily
from breakwater.model.occurrences import Occurrence

Array = npt.NDArray[Any]
NOW = "now"
"""The piece of what changes every hour; the others are called after their day, in days since 1970."""


@dataclass(frozen=True, kw_only=True, eq=False)
class State:
    """What is known: plain words and numbers, and arrays in pieces; those of days gone by hardly change. Hours count since 1970."""

    said: Mapping[str, Any]
    pieces: Iterable[tuple[str, Mapping[str, Array]]]

    @property
    def keys(self) -> list[Key]:
        """The places that are known."""
        return [(partner, network, currency) for partner, network, currency in self.said["keys"]]


def state_of(live: Live, beside: Beside) -> State:
    """All that the watches know. The arrays are theirs: read them before an hour is added."""
    of_watch, of_rare, of_families = live.watch, beside.rare, beside.families
    said = {
        "keys": [list(key) for key in live.keys],
        **{name: getattr(live, name) for name in ("first", "newest", "end")},
        "hours": live.panel.hours,
        "next_hour": of_watch.next_hour + live.first,
        "stays": of_watch.wander.stays if of_watch.wander else None,
        "alerts": [plain(alert, first=live.first) for alert in of_watch.alerts],
        "open": [of_watch.alerts.index(alert) for alert in of_watch.open],
        "families": list(of_families.usual_days),
        "family_alerts": [plain(alert, first=live.first) for alert in of_families.alerts],
        "rare_alerts": [plain(alert, first=live.first) for alert in of_rare.alerts],
    }
    return State(said=said, pieces=_pieces(live, beside))


def carried(
    state: State, *, segment_of: Callable[[Key], Segment], more: Iterable[Key] = (), first: int | None = None, hours: int | None = None
) -> tuple[Live, Beside]:
    """Watches that go on where those of `state` stood: as they were, or with `more` places, from hour `first` on (a UTC midnight) and with
    room for so many hours. KeyError, TypeError or ValueError if `state` is none."""
    said = state.said
    begins = said["first"] if first is None else max(first, said["first"])
    room = said["hours"] if hours is None else hours
    live = Live([*state.keys, *more], segment_of=segment_of, first=begins, hours=room)
    beside = Beside(live)
    known = _Known(live, beside, said, _Moved.between(state.keys, live, segment_of=segment_of))
    for name, arrays in state.pieces:
        if name == NOW:
            known.take_now(arrays)
        elif int(name) * DAY_H >= begins:
            known.take_day(int(name) * DAY_H - begins, arrays)
    live.newest, live.end, live.watch.next_hour = said["newest"], said["end"] + said["first"] - begins, said["next_hour"] - begins
    live.refresh()
    return live, beside


# ------------------------------------------------------------ what there is


def _pieces(live: Live, beside: Beside) -> Iterator[tuple[str, Mapping[str, Array]]]:
    yield NOW, dict(_now(live, beside))
    hourly, sampled = dict(_hourly(live, beside)), dict(_sampled(live, beside))
    usual = beside.families.usual_days
    for first in range(0, max(live.watch.next_hour, live.newest + 1 - live.first), DAY_H):
        day = {name: values[:, first : first + DAY_H] for name, values in hourly.items()}
        day |= {f"usual.{family}": days[first] for family, days in usual.items() if first in days}
        day |= {name: np.stack(of_day) for name, by_day in sampled.items() if (of_day := by_day.get(first))}
        yield str((live.first + first) // DAY_H), day


def _hourly(live: Live, beside: Beside) -> Iterator[tuple[str, Array]]:
    """Segments × hours."""
    past = live.watch.past
    yield from ((f"counts.{name}", values) for name, values in live.counts.items())
    yield from ((f"past.{f.name}", getattr(past, f.name)) for f in fields(past) if f.name != "ok")
    yield from ((f"ok.{metric}", values) for metric, values in past.ok.items())
    yield from ((f"free.{metric}", values) for metric, values in live.watch.free.items())
    yield from ((f"happened.{what}", values) for what, values in beside.occurrences.counts.items())
    yield from ((f"minor.{what}", values) for what, values in beside.occurrences.minor.items())


def _sampled(live: Live, beside: Beside) -> Iterator[tuple[str, Mapping[int, list[Array]]]]:
    """Scopes × windows of hours gone by, by the first hour of their day."""
    after = live.watch.next_hour
    for channel, samples in live.watch.samples.items():
        yield f"samples.{channel}", _by_day(samples, every=watch.SAMPLE_H, after=after)
    for family, samples in beside.families.samples.items():
        yield f"family_samples.{family}", _by_day(samples, every=families.SAMPLE_H, after=after)


def _by_day(samples: Sequence[Array], *, every: int, after: int) -> Mapping[int, list[Array]]:
    """Samples of every so many hours, the last of them before hour `after`, by the first hour of their day."""
    days: dict[int, list[Array]] = {}
    last = (after - 1) // every * every
    for n, sample in enumerate(samples):
        days.setdefault((last - every * (len(samples) - 1 - n)) // DAY_H * DAY_H, []).append(sample)
    return days


def _now(live: Live, beside: Beside) -> Iterator[tuple[str, Array]]:
    of_watch, of_families = live.watch, beside.families
    if of_watch.spreads and of_watch.wander:
        yield from ((f"spreads.{f.name}", getattr(of_watch.spreads, f.name)) for f in fields(of_watch.spreads))
        yield "wander", of_watch.wander.variance
    for channel in CHANNELS:
        yield f"inflation.{channel.name}", of_watch.inflation[channel.name]
        yield f"common.{channel.name}", of_watch.common[channel.name]
        if of_watch.accepted[channel.name]:
            yield f"accepted.{channel.name}", np.stack(of_watch.accepted[channel.name])
    yield from ((f"near.{family}", near) for family, near in of_families.near.items())
    for family, (common, own) in of_families.noise.items():
        yield f"noise_in_common.{family}", common
        yield f"noise.{family}", own
    for n, alert in enumerate(beside.rare.alerts):
        yield f"week.{n}", alert.week
        yield f"day.{n}", alert.day


# ------------------------------------------------------------ into another


@dataclass(frozen=True, kw_only=True, eq=False)
class _Moved:
    """Where things are in the other one: the row of each older segment, and the scope of each older scope's name. `source` is, for each of
    its scopes, the older one that says what is known of it, −1 for none; `members` are the older rows of each older scope."""

    rows: Indexes
    scopes: Indexes
    source: Indexes
    members: Sequence[Indexes]

    @classmethod
    def between(cls, keys: Sequence[Key], live: Live, *, segment_of: Callable[[Key], Segment]) -> _Moved:
        older, newer = scopes_of([segment_of(key) for key in keys]), live.watch.scopes
        row_of = {key: row for row, key in enumerate(live.keys)}
        rows = np.array([row_of[key] for key in keys], dtype=np.int64)
        members = [older.rows(scope) for scope in range(len(older.names))]
        by_rows = {tuple(sorted(rows[of].tolist())): scope for scope, of in enumerate(members)}
        by_name = {name: scope for scope, name in enumerate(newer.names)}
        known = set(rows.tolist())
        source = [by_rows.get(tuple(r for r in newer.rows(s).tolist() if r in known), -1) for s in range(len(newer.names))]
        return cls(
            rows=rows,
            scopes=np.array([by_name[name] for name in older.names], dtype=np.int64),
            source=np.array(source, dtype=np.int64),
            members=members,
        )

    def of_rows(self, values: Array, *, rows: int, unknown: object) -> Array:
        """Older segments × anything, for the rows of the other one."""
        moved = np.full((rows, *values.shape[1:]), unknown, dtype=values.dtype)
        moved[self.rows] = values
        return moved

    def of_scopes(self, values: Array, *, unknown: object) -> Array:
        """Older scopes × anything, for the scopes of the other one."""
        moved = np.full((len(self.source), *values.shape[1:]), unknown, dtype=values.dtype)
        moved[self.source >= 0] = values[self.source[self.source >= 0]]
        return moved


class _Known:
    """Puts what was known into watches that know nothing."""

    def __init__(self, live: Live, beside: Beside, said: Mapping[str, Any], moved: _Moved) -> None:
        self.live, self.beside, self.said, self.moved = live, beside, said, moved
        self.hourly = dict(_hourly(live, beside))
        beside.families.usual_days = {DeclineFamily(family): {} for family in said["families"]}

    def take_day(self, first: int, arrays: Mapping[str, Array]) -> None:
        """What is known of the day that begins at this hour of the panel."""
        for name, values in arrays.items():
            kind, _, of = name.partition(".")
            if kind == "usual":
                usual = self.moved.of_rows(values, rows=len(self.live.keys), unknown=np.nan)
                self.beside.families.usual_days[DeclineFamily(of)][first] = usual
            elif kind in ("samples", "family_samples"):
                self._samples(kind, of).extend(self.moved.of_scopes(sample, unknown=0) for sample in values)
            else:
                self._hourly(name)[self.moved.rows, first : first + values.shape[1]] = values

    def _samples(self, kind: str, of: str) -> list[Array]:
        if kind == "samples":
            return self.live.watch.samples[of]
        return self.beside.families.samples.setdefault(DeclineFamily(of), [])

    def _hourly(self, name: str) -> Array:
        kind, _, of = name.partition(".")
        if kind == "happened":
            return self.beside.occurrences.counted(of)
        return self.beside.occurrences.worth(Occurrence(of)) if kind == "minor" else self.hourly[name]

    def take_now(self, arrays: Mapping[str, Array]) -> None:
        """What is known as of the last hour, and the alerts there were."""
        of_watch, of_families, moved, rows = self.live.watch, self.beside.families, self.moved, len(self.live.keys)
        spreads = {f.name: arrays.get(f"spreads.{f.name}") for f in fields(Spreads)}
        if "wander" in arrays:  # until the next day begins nothing is expected of a new place, however unsteady it is
            of_watch.spreads = Spreads(
                **{name: moved.of_rows(of, rows=rows, unknown=1.0) for name, of in spreads.items() if of is not None}
            )
            of_watch.wander = Wander(variance=moved.of_rows(arrays["wander"], rows=rows, unknown=1.0), stays=self.said["stays"])
        for channel in CHANNELS:
            of_watch.common[channel.name] = arrays[f"common.{channel.name}"]
            of_watch.inflation[channel.name] = moved.of_scopes(arrays[f"inflation.{channel.name}"], unknown=1.0)
            of_watch.accepted[channel.name] = [
                moved.of_scopes(of_hour, unknown=False) for of_hour in arrays.get(f"accepted.{channel.name}", ())
            ]
        for name, values in arrays.items():
            kind, _, of = name.partition(".")
            if kind == "near":
                of_families.near[DeclineFamily(of)] = moved.of_scopes(values, unknown=False)
            elif kind == "noise":
                own = moved.of_scopes(values, unknown=1.0)
                of_families.noise[DeclineFamily(of)] = arrays[f"noise_in_common.{of}"], own
        self._take_alerts(arrays)

    def _take_alerts(self, arrays: Mapping[str, Array]) -> None:
        """The alerts that were not over before the panel begins."""
        first, scopes = self.live.first, self.moved.scopes.tolist()
        told = [alert_of(said, first=first, scope=scopes.__getitem__) for said in self.said["alerts"]]
        self.live.watch.open = [told[n] for n in self.said["open"]]
        self.live.watch.alerts = [alert for alert in told if _still_counts(alert.closed)]
        of_families = [family_alert_of(said, first=first, scope=scopes.__getitem__) for said in self.said["family_alerts"]]
        self.beside.families.alerts = [alert for alert in of_families if _still_counts(alert.closed)]
        rare = [
            rare_alert_of(said, first=first, scope=scopes.__getitem__, week=self._week(said, arrays[f"week.{n}"]), day=arrays[f"day.{n}"])
            for n, said in enumerate(self.said["rare_alerts"])
        ]
        self.beside.rare.alerts = [alert for alert in rare if _still_counts(alert.closed)]

    def _week(self, said: Mapping[str, Any], week: Array) -> Array:
        """What each row of the alert's scope usually brings; a new one nothing."""
        rows = self.live.watch.scopes.rows(int(self.moved.scopes[said["scope"]]))
        moved = np.zeros((len(rows), week.shape[1]))
        moved[np.searchsorted(rows, self.moved.rows[self.moved.members[said["scope"]]])] = week
        return moved


def _still_counts(closed: int | None) -> bool:
    return closed is None or closed > 0
