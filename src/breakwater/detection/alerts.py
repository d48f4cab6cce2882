"""Alerts: what one says, when to speak, and what a person called normal."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from breakwater.detection.evidence import Channel
from breakwater.detection.panel import Bools, Indexes
from breakwater.detection.series import Floats

OUTAGE = 0.15  # what is left of the payments, at most; an outage is never held back by what was learnt


@dataclass(frozen=True, kw_only=True)
class Limits:
    """When to speak. Surprises are −log10 of a chance; `discovery` is the share of false ones accepted among a pass's
    discoveries, and `least` the bar that few series do not lower: an hour comes again every hour. An alert is over after `quiet_h`
    quiet hours at least, and once the evidence for its end reaches `recovered_at`."""

    at_once: float = 4.3
    least: float = 3.5
    discovery: float = 0.15
    persists: int = 2
    correct_by: float = 3.0
    recovered_at: float = 5.0
    quiet_h: int = 2
    accept_after_h: Mapping[str, int] = field(default_factory=lambda: {"volume": 72, "amount": 72, "decline_rate": 168})


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, kw_only=True, eq=False)
class Lesson:
    """A person called an alert of this channel, which began about hour `onset` on some of these rows, normal when hour `at` had come.

    With `until` it was called expected up to that hour: its hours are no example of anything, and teach nothing.
    """

    channel: str
    rows: Indexes
    onset: int
    at: int
    until: int | None = None


@dataclass(kw_only=True, eq=False)
class Alert:
    """One message. `scope` is an index of the watch's scopes and may be corrected; hours are indexes of the panel. `taught`: a person
    called it normal, so its hours teach, and it stays open without a message until the forecasts agree. `expected_until`: a person
    expected it up to that hour, so it does not become the new level before. `depth` is the size that was told of it; since `deeper_from`
    it is so far larger at `deeper_scope` that it has to be told anew."""

    channel: Channel
    scope: int
    fired: int
    onset: int
    size: float
    surprise: float
    first_scope: int
    first_size: float
    depth: float
    deeper_scope: int
    deeper_from: int | None = None
    closed: int | None = None
    accepted: bool = False
    taught: bool = False
    expected_until: int = 0
    updates: list[tuple[int, int]] = field(default_factory=list)
    quiet: float = 0.0
    quiet_from: int = 0


def leaves_next_to_nothing(channel: Channel, size: Floats) -> Bools:
    """Which of the changes leave next to nothing."""
    return (channel.name == "drop") & (size <= OUTAGE)


def is_outage(alert: Alert) -> bool:
    """True if the alert says that next to nothing comes any more."""
    return alert.channel.name == "drop" and alert.size <= OUTAGE


def discovery_bar(surprises: Floats, *, share: float) -> float:
    """The surprise from which on at most `share` of the discoveries are expected to be false (Benjamini and Hochberg)."""
    ordered = np.sort(surprises)[::-1]
    needed = math.log10(len(ordered) / share) - np.log10(np.arange(1, len(ordered) + 1))
    passed = np.flatnonzero(ordered >= needed)
    return float(needed[passed[-1]]) if len(passed) else math.inf
