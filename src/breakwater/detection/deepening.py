"""Changes that get far larger while their alert is open: what an alert explains is looked at no more, so it must say so itself.

The last hours are compared with what the alert told, and with the hours before them, at its scope and at every scope inside it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from breakwater.detection.alerts import Alert
from breakwater.detection.evidence import Channel
from breakwater.detection.panel import Indexes
from breakwater.detection.series import DAY_H, Floats

SPANS_H = (1, 3, 6)
LEAST_BEFORE_H = 2  # fewer hours of the alert's own say nothing of how far a place inside it strayed
TIMES = 2.0  # far larger: so many times as far, on the log scale for counts

Explained = Callable[[int, int], Floats]
"""For the hours from one to before another: scopes × sizes, how much better each size explains what came there than normal does."""


@dataclass(frozen=True, kw_only=True)
class Deeper:
    """Since which hour what change shows at which scope."""

    since: int
    scope: int
    size: float


def deeper(alert: Alert, *, hour: int, inside: Indexes, explained: Explained, noise: Floats, at_once: float) -> Deeper | None:
    """The change that is far larger than the one of the alert in the hours up to and with `hour`, and surely so; None if there is none.

    `inside` are the scopes that lie in that of the alert, `noise` (scopes × spans of its channel) how much more chance does than it
    should, `at_once` the surprise of what is told at once.
    """
    channel = alert.channel
    sizes = np.array(channel.sizes)
    found: list[tuple[float, Deeper]] = []
    usual = _usual(alert, hour=hour, inside=inside, explained=explained)
    among = inside if usual is not None else np.array([alert.scope])
    told = (
        np.full(len(among), alert.depth)
        if usual is None
        else np.where(_far(channel, usual) > _far(channel, alert.depth), usual, alert.depth)
    )
    for span in SPANS_H:
        first = hour + 1 - span
        if first <= alert.onset or first <= (alert.deeper_from or 0):
            continue
        late = explained(first, hour + 1)[among]
        is_far = _far(channel, sizes)[None, :] >= TIMES * _far(channel, told)[:, None]
        known = np.take_along_axis(late, np.abs(sizes[None, :] - told[:, None]).argmin(1)[:, None], axis=1)
        more = np.where(is_far & channel.tells(), late - np.maximum(known, 0.0), -np.inf)
        column = channel.windows_h.index(span)
        surprise = more.max(1) / noise[among, column] / math.log(10) - math.log10(len(among))
        worst = int(surprise.argmax())
        if surprise[worst] >= at_once:
            found.append((float(surprise[worst]), Deeper(since=first, scope=int(among[worst]), size=float(sizes[more[worst].argmax()]))))
    return max(found, key=lambda pair: pair[0])[1] if found else None


def _usual(alert: Alert, *, hour: int, inside: Indexes, explained: Explained) -> Floats | None:
    """How far each scope inside the alert strayed in the day before the last hours; None where that is too short to say."""
    after = hour + 1 - SPANS_H[-1]
    first = max(alert.onset, after - DAY_H)
    if after - first < LEAST_BEFORE_H:
        return None
    before = explained(first, after)[inside]
    size: Floats = np.array(alert.channel.sizes)[before.argmax(1)]
    nothing = 1.0 if alert.channel.metric == "volume" else 0.0
    return np.where(before.max(1) > 0, size, nothing)


def _far(channel: Channel, size: Floats | float) -> Floats:
    """How far a change of this size lies from normal."""
    return np.abs(np.log(size) if channel.metric == "volume" else size)
