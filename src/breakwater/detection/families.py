"""Declines by family of reason, hour by hour: a family that jumps while the approval rate as a whole hides it.

The questions are those of the decline rate, asked of each family: the scope whose segments' likelihoods add up to most carries the alert.
Hours that an alert about the decline rate explains are not asked again: there the family is its cause, and no news of its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from breakwater.detection.alerts import Lesson, discovery_bar
from breakwater.detection.evidence import WINDOWS_H, Channel, Sums, likelihoods
from breakwater.detection.forecast import RATES, RATIO_DAYS
from breakwater.detection.live import Live
from breakwater.detection.noise import inflation
from breakwater.detection.occurrences import Occurrences
from breakwater.detection.panel import Bools, Indexes
from breakwater.detection.ratios import usual_ratio
from breakwater.detection.series import DAY_H, WEEK_H, Floats
from breakwater.detection.windows import LONGEST_H
from breakwater.model.decline_families import DeclineFamily
from breakwater.model.findings import level_of

DETECTOR, FAMILY = "reasons", "reasons"  # what learns, and what a scope of ours fixes beside the place
DECLINES = Channel(
    name="decline",
    metric="decline_rate",
    windows_h=WINDOWS_H,
    sizes=(0.012, 0.02, 0.03, 0.045, 0.065, 0.09, 0.13, 0.18, 0.25, 0.35, 0.5),
    least=0.02,
)  # the question that is asked of each family
LEAST_TRIED = 200.0  # attempts a segment must have taught with before anything is expected of it
SAMPLE_H, SAMPLES_KEPT, SAMPLES_NEEDED = 6, 56, 28
REMEMBERED_H = 10 * DAY_H
ACCEPTED_AFTER_H = WEEK_H
RECOVERED_AT = 5.0


@dataclass(frozen=True, kw_only=True)
class Bars:
    """How sure one must be to speak: surprises are −log10 of a chance, `discovery` the share of false ones accepted in an hour."""

    at_once: float = 6.0
    least: float = 4.0
    discovery: float = 0.1


DEFAULT_BARS = Bars()


@dataclass(kw_only=True, eq=False)
class FamilyAlert:
    """One family that jumped at one scope of the watch. Hours are indexes of the panel; `size` is how much of all attempts was added."""

    family: DeclineFamily
    scope: int
    fired: int
    onset: int
    size: float
    closed: int | None = None
    quiet_from: int | None = None
    quiet: float = 0.0
    accepted: bool = False
    taught: bool = False


class FamilyWatch:
    """All families of a live panel. `step` is called with each hour right after the panel's own watch looked at it."""

    def __init__(self, live: Live, occurrences: Occurrences, *, bars: Bars = DEFAULT_BARS) -> None:
        self._live, self._occurrences, self._bars = live, occurrences, bars
        self.alerts: list[FamilyAlert] = []
        self.lessons: Sequence[Lesson] = ()
        self.cautions: Mapping[tuple[str, str], float] = {}
        self.usual_days: dict[DeclineFamily, dict[int, Floats]] = {}
        self.samples: dict[DeclineFamily, list[Floats]] = {}
        self.noise: dict[DeclineFamily, tuple[Floats, Floats]] = {}
        self.near: dict[DeclineFamily, Bools] = {}
        self._levels = [level_of((*name, (FAMILY, ""))) for name in live.watch.scopes.names]

    @property
    def open(self) -> list[FamilyAlert]:
        """The alerts that are not over."""
        return [alert for alert in self.alerts if alert.closed is None]

    @property
    def is_ready(self) -> bool:
        """True once enough hours have passed to know how much families vary by themselves."""
        return bool(self.noise)

    def too_small(self, rows: Indexes) -> Bools:
        """Which of these segments have shown too little to expect anything of any family."""
        small = np.ones(len(rows), dtype=bool)
        for days in self.usual_days.values():
            small &= np.isnan(days[max(days)][rows, 0])
        return small

    def usual(self, family: DeclineFamily, rows: Indexes, *, first: int, end: int) -> Floats:
        """Rows × hours: the share of attempts that is usually declined for this reason; not a number where nothing is known."""
        days = self.usual_days.get(family, {})
        blank = np.full((len(rows), DAY_H), np.nan)
        begins = range(first // DAY_H * DAY_H, end, DAY_H)
        whole = np.concatenate([blank if day not in days else days[day][rows] for day in begins], axis=1)
        return whole[:, first - begins[0] : end - begins[0]]

    def begin_day(self, hour: int) -> None:
        """What each family usually takes of the attempts of the day that begins at `hour`, learned from the four weeks before."""
        for name in sorted(self._occurrences.counts.keys() & set(DeclineFamily)):
            family = DeclineFamily(name)
            days = self.usual_days.setdefault(family, {})
            days[hour] = self._learned(family, hour)
            for old in [day for day in days if day < hour - REMEMBERED_H]:
                del days[old]
            kept = self.samples.get(family, [])
            if len(kept) >= SAMPLES_NEEDED:
                self.noise[family] = inflation(np.stack(kept), single=len(self._live.panel.segments))

    def step(self, hour: int) -> None:
        """Look at an hour that has passed."""
        if hour % DAY_H == 0 or not self.usual_days:
            self.begin_day(hour // DAY_H * DAY_H)
        for alert in self.open:
            self._follow(alert, hour)
        found = {family: self._likelihoods(family, hour) for family in self.usual_days}
        if hour % SAMPLE_H == 0:
            for family, (ratio, _) in found.items():
                self.samples[family] = [*self.samples.get(family, [])[1 - SAMPLES_KEPT :], ratio.astype(np.float32)]
        surprises = {family: self._surprise(family, ratio, size) for family, (ratio, size) in found.items() if family in self.noise}
        if not surprises:
            return
        bar = max(self._bars.least, discovery_bar(np.concatenate(list(surprises.values())), share=self._bars.discovery))
        for family, surprise in surprises.items():
            near = surprise >= bar
            ready = near & ((surprise >= self._bars.at_once) | self.near.get(family, False))
            if ready.any():
                ratio, size = found[family]
                self._fire(family, hour, ratio=ratio, size=size, surprise=surprise, ready=ready, bar=bar)
            self.near[family] = near

    # ------------------------------------------------------------ what is usual

    def _learned(self, family: DeclineFamily, hour: int) -> Floats:
        """Segments × the 24 hours from `hour`, not a number for a segment that has shown too little."""
        panel, past = self._live.panel, self._live.watch.past
        part = slice(max(0, hour - RATIO_DAYS * DAY_H), hour)
        teaches = past.ok["decline_rate"][:, part] & self._teaches(family, part)
        tried, declined = panel.attempts[:, part] * teaches, (self._occurrences.counts[family][:, part] * teaches).astype(np.float64)
        level = np.zeros(len(tried))
        networks = np.array([segment.network for segment in panel.segments])
        for network in np.unique(networks):  # reasons are those of a rail
            rows = networks == network
            level[rows] = (declined[rows].sum() + 0.1) / (tried[rows].sum() + 10)
        rate = np.clip(usual_ratio(panel, top=declined, bottom=tried, first=hour, learning=RATES, level=level), 0.0, 0.95)
        return np.where(tried.sum(1)[:, None] >= LEAST_TRIED, rate, np.nan)

    def _teaches(self, family: DeclineFamily, part: slice) -> Bools:
        """Hours of an alert teach nothing, unless somebody called it normal; what was before a new level teaches nothing any more."""
        teaches = np.ones((len(self._live.panel.segments), part.stop - part.start), dtype=bool)
        for alert in self.alerts:
            if alert.family is not family:
                continue
            rows, onset = self._live.watch.scopes.rows(alert.scope), max(alert.onset - part.start, 0)
            if alert.accepted or alert.taught:
                teaches[rows, :onset] = False
            else:
                teaches[rows, onset : max(self._end(alert, part.stop) - part.start, 0)] = False
        return teaches

    def _end(self, alert: FamilyAlert, now: int) -> int:
        """The hour from which on an alert claims nothing."""
        if alert.closed is None:
            return now
        return alert.closed + 1 if alert.quiet_from is None else alert.quiet_from

    # ------------------------------------------------------------ what came

    def _sums(self, family: DeclineFamily, hour: int, *, free: Bools) -> Sums:
        """The windows of `WINDOWS_H` that end with this hour."""
        part = slice(hour + 1 - LONGEST_H, hour + 1)
        every = np.arange(len(self._live.panel.segments))
        usual = self.usual(family, every, first=part.start, end=part.stop)
        counts = free & np.isfinite(usual)
        tried = self._live.panel.attempts[:, part] * counts
        declined = (self._occurrences.counts[family][:, part] * counts).astype(np.float64)
        tried, declined, usually = (_windows(values) for values in (tried, declined, tried * np.nan_to_num(usual)))
        nothing = np.zeros_like(tried)
        return Sums(
            attempts=nothing, expected=nothing, doubt=nothing, tried=tried, declined=np.minimum(declined, tried), usual_declined=usually,
            approved=nothing, amount_minor=nothing, usual_minor=nothing,
        )  # fmt: skip

    def _likelihoods(self, family: DeclineFamily, hour: int) -> tuple[Floats, Floats]:
        """Scopes × windows: how much better a jump explains the hours that are not explained yet than nothing does, and its size."""
        watch = self._live.watch
        part = slice(hour + 1 - LONGEST_H, hour + 1)
        free = watch.free["decline_rate"][:, part].copy()
        for alert in self.alerts:
            if alert.family is family and self._end(alert, hour + 1) > part.start:
                free[watch.scopes.rows(alert.scope), max(alert.onset - part.start, 0) : self._end(alert, hour + 1) - part.start] = False
        assert watch.spreads
        total = watch.scopes.add_up(likelihoods(DECLINES, self._sums(family, hour, free=free), watch.spreads))
        best = total.argmax(axis=2)
        ratio = np.maximum(np.take_along_axis(total, best[:, :, None], axis=2)[:, :, 0], 0.0)
        return ratio, np.array(DECLINES.sizes)[best]

    def _surprise(self, family: DeclineFamily, ratio: Floats, size: Floats) -> Floats:
        """The largest of each scope's windows, in units of surprise, where it is worth telling."""
        surprise: Floats = ((size >= DECLINES.least) * ratio / self.noise[family][1]).max(1) / math.log(10)
        return surprise - self._caution()

    def _caution(self) -> Floats:
        return np.array([self.cautions.get((DETECTOR, level), 0.0) for level in self._levels])

    # ------------------------------------------------------------ alerts

    def _fire(self, family: DeclineFamily, hour: int, *, ratio: Floats, size: Floats, surprise: Floats, ready: Bools, bar: float) -> None:
        """Open an alert at the scope that explains best what is most surprising, unless what was learnt of that scope forbids it."""
        scopes = self._live.watch.scopes
        weighed = ratio / self.noise[family][0]
        near = scopes.touching(scopes.rows(int(np.where(ready, surprise, -1.0).argmax())))
        scope = int(near[int(weighed[near].max(1).argmax())])
        if self._caution()[scope] and surprise[scope] < bar:
            return
        window = int(weighed[scope].argmax())
        onset = hour + 1 - WINDOWS_H[window]
        self.alerts.append(FamilyAlert(family=family, scope=scope, fired=hour, onset=onset, size=float(size[scope, window])))

    def _follow(self, alert: FamilyAlert, hour: int) -> None:
        """Carry an open alert over one more hour: over, accepted as how things are, or still open."""
        for lesson in self.lessons:
            same = lesson.channel == alert.family and abs(lesson.onset - alert.onset) <= DAY_H and lesson.at <= hour
            alert.taught = alert.taught or (same and bool(np.isin(self._live.watch.scopes.rows(alert.scope), lesson.rows).any()))
        if hour - alert.onset >= ACCEPTED_AFTER_H:
            alert.accepted, alert.closed, alert.quiet_from = True, hour, None
            return
        if alert.taught:  # it explains these hours while what is usual comes to them
            alert.quiet_from = None
            return
        evidence = self._still(alert, hour)
        if alert.quiet <= 0:
            alert.quiet_from = hour
        alert.quiet = max(0.0, alert.quiet - evidence)
        if alert.quiet >= RECOVERED_AT:
            alert.closed = hour
        elif alert.quiet <= 0:
            alert.quiet_from = None

    def _still(self, alert: FamilyAlert, hour: int) -> float:
        """Log likelihood that this hour still shows half of the change, against normal."""
        watch = self._live.watch
        rows = watch.scopes.rows(alert.scope)
        free = np.zeros((len(self._live.panel.segments), LONGEST_H), dtype=bool)
        free[rows, -1] = True
        sums = self._sums(alert.family, hour, free=free).at(rows)
        assert watch.spreads
        spreads = replace(watch.spreads, **{name: getattr(watch.spreads, name)[rows] for name in ("counts", "rates", "tickets")},
                          ticket_variance=watch.spreads.ticket_variance[rows])  # fmt: skip
        half = replace(DECLINES, windows_h=(1,), sizes=(alert.size / 2,))
        return float(likelihoods(half, sums, spreads).sum()) / float(self.noise[alert.family][1][alert.scope, 0])


def _windows(hours: Floats) -> Floats:
    """Rows × hours summed to rows × `WINDOWS_H`, each window ending with the last hour."""
    hours_known = hours.shape[1]
    firsts = [hours_known - w for w in WINDOWS_H]
    parts = [hours[:, first:end].sum(1) for first, end in zip(firsts, [hours_known, *firsts[:-1]], strict=True)]
    return np.cumsum(np.stack(parts, 1), axis=1)
