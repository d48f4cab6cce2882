"""The hourly watch: alerts open at the narrowest scope that explains the change, are corrected while they last, and close when it is over.

What an open alert explains is taken out before anything else is asked, so a parent speaks only for what its children leave over.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from breakwater.detection.alerts import DEFAULT_LIMITS, Alert, Lesson, Limits, discovery_bar, leaves_next_to_nothing
from breakwater.detection.deepening import deeper
from breakwater.detection.evidence import CHANNELS, WINDOWS_H, Channel, Spreads, Sums, likelihoods
from breakwater.detection.forecast import Past, forecast
from breakwater.detection.noise import inflation
from breakwater.detection.panel import Bools, Indexes, Panel, Planned, Scopes, scopes_of
from breakwater.detection.ramps import RISES_H, Wander, rises, wander_before
from breakwater.detection.series import DAY_H, WEEK_H, Floats
from breakwater.detection.spreads import spreads_before
from breakwater.detection.windows import LONGEST_H, span_sums, window_sums
from breakwater.model.findings import level_of

WARM_UP_H = 2 * WEEK_H
LEARN_H = 4 * WEEK_H
SAMPLE_H = 3
TAUGHT_H = 2 * WEEK_H  # how long what a person called normal stays explained, while the forecasts come to it
EXPECTED_H = WEEK_H  # how long what a person expected is kept out of the forecasts, at most: they need some days to go by
SAME_CAUSE = 0.97  # the share of what alerts explain apart that one cause for all of them must explain
MOST_ROUNDS = 12
PLANNED = ("volume", "amount")  # what an announced rise changes
ANY_HOUR = ("drop", "decline")  # what an announced rise does not explain


class Watch:
    """All series of a panel, hour by hour, from a fortnight after its beginning. `lessons` may be added to while it goes on."""

    def __init__(
        self, panel: Panel, *, limits: Limits = DEFAULT_LIMITS, planned: Sequence[Planned] = (), lessons: Sequence[Lesson] = ()
    ) -> None:
        self.panel, self.limits, self.planned = panel, limits, planned
        self.scopes: Scopes = scopes_of(panel.segments)
        self.past = Past.of(panel)
        active = panel.attempts > 0
        self.born = np.where(active.any(1), active.argmax(1), panel.hours + DAY_H)
        self.free = {metric: np.ones_like(ok) for metric, ok in self.past.ok.items()}
        self.alerts: list[Alert] = []
        self.open: list[Alert] = []
        self.accepted: dict[str, list[Bools]] = {c.name: [] for c in CHANNELS}
        self.samples: dict[str, list[Floats]] = {c.name: [] for c in CHANNELS}
        self.inflation = {c.name: np.ones((len(self.scopes.names), len(c.spans_h))) for c in CHANNELS}
        self.common = {c.name: np.ones(len(c.spans_h)) for c in CHANNELS}
        self.spreads: Spreads | None = None
        self.wander: Wander | None = None
        self.rise_planned = np.zeros_like(self.past.known)
        self.lessons = list(lessons)
        self.caution: dict[str, Floats] = {}
        self.next_hour = WARM_UP_H

    def run(self) -> list[Alert]:
        """Replay every hour of the panel; the alerts in the order they fired."""
        self.advance(self.panel.hours)
        return self.alerts

    def advance(self, until: int) -> None:
        """Look at every hour before `until` that was not looked at yet."""
        while self.next_hour < until:
            if self.next_hour % DAY_H == 0:
                self.begin_day(self.next_hour)
            self.step(self.next_hour)
            self.next_hour += 1

    def be_cautious(self, cautions: Mapping[tuple[str, str], float]) -> None:
        """From now on channels must be so much surer at some levels, by (channel, level): what people's answers taught."""
        levels = [level_of(name) for name in self.scopes.names]
        self.caution = {
            channel.name: np.array([cautions.get((channel.name, level), 0.0) for level in levels])
            for channel in CHANNELS
            if any(name == channel.name for name, _ in cautions)
        }

    def reconsider(self, rows: Indexes) -> None:
        """The past of these rows was revised: an open alert that it no longer speaks for is over."""
        hour = self.next_hour - 1
        for alert in list(self.open):
            of_alert = self.scopes.rows(alert.scope)
            if not np.isin(of_alert, rows).any():
                continue
            first = max(alert.onset, hour + 1 - LONGEST_H)
            total = self.scopes.add_up(self._all_between(alert.channel, first, hour + 1))[alert.scope]
            if total[alert.channel.tells()].max() <= 0:
                self._close(alert, hour)
                for kept in (self.free, self.past.ok):
                    kept[alert.channel.metric][of_alert, alert.onset : hour + 1] = True

    # ------------------------------------------------------------ once a day

    def begin_day(self, hour: int) -> None:
        """Forecast the day that begins at `hour`, and learn from the days before how far forecasts stray."""
        self._plan(hour)
        if hour == WARM_UP_H:  # the fortnight that taught the first forecast also says how unsteady it was
            for day in range(WEEK_H, WARM_UP_H, DAY_H):
                self.past.note(forecast(self.panel, self.past, first=day, born=self.born))
        self.past.note(forecast(self.panel, self.past, first=hour, born=self.born))
        part = slice(max(WEEK_H, hour - LEARN_H), hour)
        self.spreads = spreads_before(self.panel, self.past, part=part)
        self.wander = wander_before(self.panel, self.past, part=part)
        self._learn_inflation()

    def _plan(self, hour: int) -> None:
        """Announced rises, and the other baskets they bring: they neither alarm nor teach."""
        for event in self.planned:
            if event.announced <= hour:
                part = slice(max(event.first, 0), max(event.after, 0))
                self.rise_planned[event.rows, part] = True
                for metric in PLANNED:
                    self.past.ok[metric][event.rows, part] = False

    def _learn_inflation(self) -> None:
        for channel in CHANNELS:
            kept = self.samples[channel.name] = self.samples[channel.name][-LEARN_H // SAMPLE_H :]
            if len(kept) >= WEEK_H // SAMPLE_H:
                noise = inflation(np.stack(kept), single=len(self.panel.segments))
                self.common[channel.name], self.inflation[channel.name] = noise

    # ------------------------------------------------------------ every hour

    def step(self, hour: int) -> None:
        """Look at the hour that has just passed."""
        self._learn_lessons(hour)
        for alert in list(self.open):
            self._follow(alert, hour)
        for channel in CHANNELS:
            self.accepted[channel.name] = self.accepted[channel.name][-(self.limits.persists) :]
        for first_round in (True, *[False] * MOST_ROUNDS):
            if not self._look(hour, first_round=first_round):
                break

    def _learn_lessons(self, hour: int) -> None:
        """What a person called normal teaches, and is no longer corrected or accepted by itself."""
        for lesson in self.lessons:
            for alert in self.open:
                rows = self.scopes.rows(alert.scope)
                same = alert.channel.name == lesson.channel and abs(alert.onset - lesson.onset) <= DAY_H
                if lesson.at > hour or not same or alert.taught or not np.isin(rows, lesson.rows).any():
                    continue
                if lesson.until is not None:
                    alert.expected_until = min(lesson.until, alert.onset + EXPECTED_H)
                else:
                    alert.taught = True
                    self.past.ok[alert.channel.metric][rows, alert.onset : hour + 1] = True

    def _look(self, hour: int, *, first_round: bool) -> bool:
        """One round over all channels; True if an alert fired, since it may explain what else there is."""
        sums = self._sums(hour)
        found: dict[str, Floats] = {}
        surprise: dict[str, Floats] = {}
        sizes: dict[str, np.ndarray] = {}
        for channel in CHANNELS:
            total = self.scopes.add_up(self._likelihoods(channel, sums["all" if channel.name in ANY_HOUR else "unplanned"], hour=hour))
            best = total.argmax(axis=2)
            ratio = np.maximum(np.take_along_axis(total, best[:, :, None], axis=2)[:, :, 0], 0.0)
            found[channel.name], sizes[channel.name] = ratio, best
            handicap = channel.caution - channel.credit * np.log10(channel.spans_h) * (ratio > 0)
            surprise[channel.name] = channel.tells()[best] * (ratio / self.inflation[channel.name] / math.log(10) - handicap)
            if channel.name in self.caution:
                surprise[channel.name] -= self.caution[channel.name][:, None] * ~leaves_next_to_nothing(
                    channel, np.array(channel.sizes)[best]
                )
        if first_round and hour % SAMPLE_H == 0:
            for channel in CHANNELS:
                self.samples[channel.name].append(found[channel.name].astype(np.float32))
        bar = max(self.limits.least, discovery_bar(np.concatenate([s.max(1) for s in surprise.values()]), share=self.limits.discovery))
        fired = False
        for channel in CHANNELS:
            peak = surprise[channel.name].max(1)
            if first_round:
                self.accepted[channel.name].append(peak >= bar)
            again = sum(a.astype(int) for a in self.accepted[channel.name]) >= self.limits.persists
            ready = (peak >= bar) & (again | (peak >= self.limits.at_once))
            if ready.any():
                fired |= self._fire(
                    channel, hour, found=found[channel.name], sizes=sizes[channel.name], surprise=peak, ready=ready, bar=bar
                )
        return fired

    def _likelihoods(self, channel: Channel, sums: Sums, *, hour: int) -> Floats:
        """Segments × spans × sizes."""
        at_once = likelihoods(channel, sums, self._spreads())
        if not channel.ramps_h:
            return at_once
        assert self.wander is not None
        part = slice(hour + 1 - RISES_H, hour + 1)
        counts = self.free[channel.metric][:, part]
        slowly = rises(self.panel, self.past, part=part, counts=counts, channel=channel, wander=self.wander)
        return np.concatenate([at_once, slowly], axis=1)

    def _spreads(self) -> Spreads:
        assert self.spreads is not None
        return self.spreads

    def _sums(self, hour: int) -> dict[str, Sums]:
        part = slice(hour + 1 - LONGEST_H, hour + 1)
        counts = {metric: free[:, part] for metric, free in self.free.items()}
        sums = window_sums(self.panel, self.past, end=hour + 1, counts=counts)
        if not self.rise_planned[:, part].any():
            return {"all": sums, "unplanned": sums}
        unplanned = counts | {metric: counts[metric] & ~self.rise_planned[:, part] for metric in PLANNED}
        return {"all": sums, "unplanned": window_sums(self.panel, self.past, end=hour + 1, counts=unplanned)}

    def _fire(self, channel: Channel, hour: int, *, found: Floats, sizes: np.ndarray, surprise: Floats, ready: Bools, bar: float) -> bool:
        """Open an alert for the worst that is ready, at the scope that explains it best. False if no such scope strays by enough to tell,
        or if what was learnt of it forbids."""
        weighed = found / self.common[channel.name]
        worst_first = np.flatnonzero(ready)[np.argsort(-surprise[ready], kind="stable")]
        for worst in worst_first:
            candidates = self.scopes.touching(self.scopes.rows(int(worst)))
            scope = int(candidates[int(weighed[candidates].max(1).argmax())])
            window = int(weighed[scope].argmax())
            if channel.tells()[sizes[scope, window]]:
                break
        else:
            return False
        if channel.name in self.caution and self.caution[channel.name][scope] and surprise[scope] < bar:
            return False
        size = channel.sizes[int(sizes[scope, window])]
        alert = Alert(
            channel=channel,
            scope=scope,
            first_scope=scope,
            fired=hour,
            onset=hour + 1 - channel.spans_h[window],
            size=size,
            first_size=size,
            depth=size,
            deeper_scope=scope,
            surprise=float(surprise[worst]),
        )
        self.alerts.append(alert)
        self.open.append(alert)
        self._claim(alert, alert.onset, hour + 1)
        return True

    def _claim(self, alert: Alert, first: int, after: int) -> None:
        rows, part, metric = self.scopes.rows(alert.scope), slice(first, after), alert.channel.metric
        self.free[metric][rows, part] = False
        self.past.ok[metric][rows, part] = False

    def _follow(self, alert: Alert, hour: int) -> None:
        """Carry an open alert over one more hour: corrected, closed, accepted as the new level, or simply still open."""
        metric = alert.channel.metric
        since = max(alert.onset, alert.expected_until)
        if hour - since >= (TAUGHT_H if alert.taught else self.limits.accept_after_h[metric]):
            alert.accepted = True
            self._close(alert, hour)
            self.past.ok[metric][self.scopes.rows(alert.scope), since : hour + 1] = True
            self.free[metric][self.scopes.rows(alert.scope), alert.onset : hour + 1] = False
            return
        self._claim(alert, hour, hour + 1)
        if alert.taught:
            self.past.ok[metric][self.scopes.rows(alert.scope), hour] = True
        else:
            self._correct(alert, hour)
        self._deepen(alert, hour)
        evidence = self._still(alert, hour)
        if alert.quiet <= 0:
            alert.quiet_from = hour
        alert.quiet = max(0.0, alert.quiet - evidence)
        if alert.quiet >= self.limits.recovered_at and hour - alert.quiet_from >= self.limits.quiet_h - 1 and hour > alert.fired:
            rows = self.scopes.rows(alert.scope)
            self._close(alert, hour)
            self.free[metric][rows, alert.quiet_from : hour + 1] = True
            self.past.ok[metric][rows, alert.quiet_from : hour + 1] = True

    def _close(self, alert: Alert, hour: int) -> None:
        alert.closed = hour
        self.open.remove(alert)

    def _deepen(self, alert: Alert, hour: int) -> None:
        """Note that a far larger change than the one that was told has begun inside an open alert."""
        if alert.channel.name not in ANY_HOUR and self.rise_planned[self.scopes.rows(alert.scope), hour].any():
            return
        found = deeper(
            alert,
            hour=hour,
            inside=self.scopes.inside(self.scopes.rows(alert.scope)),
            explained=lambda first, after: self.scopes.add_up(self._all_between(alert.channel, first, after)),
            noise=self.inflation[alert.channel.name],
            at_once=self.limits.at_once,
        )
        if found:
            alert.deeper_from, alert.deeper_scope, alert.depth = found.since, found.scope, found.size

    def _still(self, alert: Alert, hour: int) -> float:
        """Log likelihood that this hour still shows the change, in half its size, against normal."""
        rows = self.scopes.rows(alert.scope)
        every = {metric: np.ones((len(self.panel.segments), 1), dtype=bool) for metric in self.free}
        sums = span_sums(self.panel, self.past, first=hour, end=hour + 1, counts=every)
        ratio = self._one(alert.channel, sums, columns=0, sizes=(_half(alert.channel, alert.size),))[rows].sum()
        return float(ratio / self.inflation[alert.channel.name][alert.scope, 0])

    def _one(self, channel: Channel, sums: Sums, *, columns: int, sizes: tuple[float, ...]) -> Floats:
        """Segments × sizes for sums of a single window, whose spread is that of the window in `columns`."""
        spreads = self._spreads()
        alone = Spreads(
            counts=spreads.counts[:, [columns]].repeat(len(WINDOWS_H), 1),
            rates=spreads.rates[:, [columns]].repeat(len(WINDOWS_H), 1),
            tickets=spreads.tickets[:, [columns]].repeat(len(WINDOWS_H), 1),
            ticket_variance=spreads.ticket_variance,
        )
        asked = Channel(name=channel.name, metric=channel.metric, windows_h=(1,), sizes=sizes, least=channel.least)
        return likelihoods(asked, sums, alone)[:, 0]

    def _all_between(self, channel: Channel, first: int, after: int) -> Floats:
        """Segments × sizes: how much better each explains all that came from hour `first` to before `after` than normal does."""
        every = {metric: np.ones((len(self.panel.segments), after - first), dtype=bool) for metric in self.free}
        return self._since(channel, first, after - 1, counts=every)

    def _since(self, channel: Channel, first: int, hour: int, *, counts: Mapping[str, Bools]) -> Floats:
        """Segments × sizes of a channel: how much better each explains what came from hour `first` to this one than normal does."""
        sums = span_sums(self.panel, self.past, first=first, end=hour + 1, counts=counts)
        columns = min(_column(hour + 1 - first), len(WINDOWS_H) - 1)
        return self._one(channel, sums, columns=columns, sizes=channel.sizes)

    def _correct(self, alert: Alert, hour: int) -> None:
        """Another scope may explain better what came since the beginning; alerts that began together and lie inside it become one."""
        if alert.quiet > 0:
            return
        channel, metric = alert.channel, alert.channel.metric
        first = max(alert.onset, hour + 1 - LONGEST_H)
        free = self.free[metric][:, first : hour + 1].copy()
        others = [a for a in self.open if a.channel is channel and (a is alert or abs(a.onset - alert.onset) <= DAY_H // 4)]
        for other in others:
            free[self.scopes.rows(other.scope)] = True
        every = {name: np.ones_like(free) for name in self.free} | {metric: free}
        if channel.name not in ANY_HOUR:
            every[metric] = free & ~self.rise_planned[:, first : hour + 1]
        ratio = self._since(channel, first, hour, counts=every)
        total = self.scopes.add_up_beside(ratio, told=[self.scopes.rows(other.scope) for other in others if other is not alert])
        near = self.scopes.touching(self.scopes.rows(alert.scope))
        best = int(near[int(total[near].max(1).argmax())])
        alert.size = channel.sizes[int(total[alert.scope].argmax())]
        common = self.common[channel.name][min(_column(hour + 1 - first), len(channel.windows_h) - 1)]
        inside = set(self.scopes.rows(best).tolist())
        swallowed = [o for o in others if o is not alert and inside.issuperset(self.scopes.rows(o.scope).tolist())]
        # To take over other alerts a scope must explain what they explain apart: a neighbour's outage is no reason to grow.
        apart = float(sum(total[other.scope].max() for other in swallowed))
        needed = SAME_CAUSE * apart if swallowed else self.limits.correct_by * common
        if best == alert.scope or total[best].max() - total[alert.scope].max() < needed:
            return
        rows = self.scopes.rows(alert.scope)
        self.free[metric][rows, alert.onset : hour + 1] = True
        self.past.ok[metric][rows, alert.onset : hour + 1] = True
        alert.scope, alert.size = best, channel.sizes[int(total[best].argmax())]
        alert.updates.append((hour, best))
        for other in swallowed:
            self._close(other, hour)
        self._claim(alert, alert.onset, hour + 1)


def _column(hours: int) -> int:
    """The window whose spread fits a span of so many hours."""
    return int(np.searchsorted(WINDOWS_H, hours))


def _half(channel: Channel, size: float) -> float:
    return math.sqrt(size) if channel.metric == "volume" else size / 2
