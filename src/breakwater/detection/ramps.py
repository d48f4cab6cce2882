"""Declines that creep up: how much better a steady rise explains the last days than noise that lingers by itself does.

What strays lingers for some hours: the log odds of a decline wander around what is usual, as a first-order autoregression. A Kalman filter
takes out of every hour what the hours before foretold, and a rise is looked for in what is left (Willsky and Jones, "A generalized
likelihood ratio approach to the detection and estimation of jumps in linear systems", 1976).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from breakwater.detection.evidence import CHANNELS, Channel
from breakwater.detection.forecast import Past
from breakwater.detection.panel import Bools, Panel
from breakwater.detection.series import DAY_H, Floats

RISES_H = max(h for channel in CHANNELS for h in channel.ramps_h) + DAY_H  # the filter has a day to settle
LATER_H = 6
USUAL_WANDER, USUAL_STAYS, WANDER_WORTH = 0.003, 0.9, 10.0  # variance of the log odds, what stays, and the pairs that outweigh both
STAYS = (0.5, 0.98)
CLIP = 3.5  # standard deviations; one wild hour is no rise
LEAST_DECLINES = 4.0  # expected in a span; below that the log odds say nothing
_RATES = (0.002, 0.95)


@dataclass(frozen=True, kw_only=True, eq=False)
class Wander:
    """How the log odds of a decline wander: their variance, by segment, and the share of a deviation that is left after an hour."""

    variance: Floats
    stays: float


def wander_before(panel: Panel, past: Past, *, part: slice) -> Wander:
    """Learned from these hours of the panel: what hours have in common with the next is not chance."""
    decline = np.nan_to_num(past.decline[:, part])
    usable = past.ok["decline_rate"][:, part] & (decline > 0)
    rate = np.clip(decline, *_RATES)
    told = np.where(usable, panel.attempts[:, part] * rate * (1 - rate), 0.0)
    far = CLIP * np.sqrt(told * (1 + told * USUAL_WANDER))
    off = np.clip(np.where(usable, panel.declined[:, part] - panel.attempts[:, part] * rate, 0.0), -far, far)
    trusted = 1 + told * USUAL_WANDER
    next_off, next_worth = _in_common(off / trusted, told / trusted, lag=1)
    later_off, later_worth = _in_common(off / trusted, told / trusted, lag=LATER_H)
    first = _shared(next_off, next_worth, usual=USUAL_WANDER * USUAL_STAYS)
    last = _shared(later_off, later_worth, usual=USUAL_WANDER * USUAL_STAYS**LATER_H)
    stays = float(np.clip((max(last, 0.0) / first) ** (1 / (LATER_H - 1)), *STAYS)) if first > 0 else STAYS[0]
    pairs, shared = next_worth * USUAL_WANDER**2, max(first, 0.0) / stays
    own = np.maximum(next_off / np.maximum(next_worth, 1e-9) / stays, 0.0)
    return Wander(variance=(pairs * own + WANDER_WORTH * shared) / (pairs + WANDER_WORTH), stays=stays)


def _in_common(off: Floats, worth: Floats, *, lag: int) -> tuple[Floats, Floats]:
    """By segment: products of deviations so many hours apart, and what they are worth."""
    return (off[:, lag:] * off[:, :-lag]).sum(1), (worth[:, lag:] * worth[:, :-lag]).sum(1)


def _shared(off: Floats, worth: Floats, *, usual: float) -> float:
    """What all segments have in common with later hours, drawn towards what is usual while little is known."""
    assumed = WANDER_WORTH / USUAL_WANDER**2
    return float((off.sum() + assumed * usual) / (worth.sum() + assumed))


def rises(panel: Panel, past: Past, *, part: slice, counts: Bools, channel: Channel, wander: Wander) -> Floats:
    """Segments × `ramps_h` × sizes: log likelihood of a steady rise, to the size at its end, minus that of none. `part` are the last
    `RISES_H` hours, and `counts` (segments × hours) says which of them do."""
    decline, attempts = past.decline[:, part], panel.attempts[:, part]
    rate = np.clip(np.nan_to_num(decline, nan=0.1), *_RATES)
    usable = counts & (decline > 0) & (attempts > 0)
    told = np.where(usable, attempts * rate * (1 - rate), 0.0)
    off = np.where(usable, (panel.declined[:, part] - attempts * rate) / np.maximum(told, 1e-9), 0.0)
    spans = np.array(channel.ramps_h)
    shape = np.clip((np.arange(RISES_H)[:, None] + 1 - (RISES_H - spans)) / spans, 0.0, 1.0)
    speaks, weighs = _filtered(off, told, shape=shape[:, None, :] / (rate * (1 - rate)).T[:, :, None], wander=wander)
    size = np.array(channel.sizes)
    ratio = speaks[:, :, None] * size - weighs[:, :, None] * size**2 / 2
    expected = np.cumsum((attempts * rate * usable)[:, ::-1], axis=1)[:, spans - 1]
    likely: Floats = np.where((expected >= LEAST_DECLINES)[:, :, None], ratio, 0.0)
    return likely


def _filtered(off: Floats, told: Floats, *, shape: Floats, wander: Wander) -> tuple[Floats, Floats]:
    """Segments × spans: how much of each shape (hours × segments × spans) is in what no earlier hour foretold, and how much there would
    be if it were there in size 1. `off` are deviations of the log odds, of variance 1 / `told`."""
    speaks, weighs, foretold_shape = np.zeros(shape.shape[1:]), np.zeros(shape.shape[1:]), np.zeros(shape.shape[1:])
    foretold, doubt = np.zeros(len(off)), wander.variance
    for hour, wanted in enumerate(shape):
        total = doubt + 1 / np.maximum(told[:, hour], 1e-9)
        gain = doubt / total
        far = CLIP * np.sqrt(total)
        new = np.clip(off[:, hour] - foretold, -far, far)
        new_shape = wanted - foretold_shape
        speaks += new_shape * (new / total)[:, None]
        weighs += new_shape**2 / total[:, None]
        foretold = wander.stays * (foretold + gain * new)
        foretold_shape = wander.stays * (foretold_shape + gain[:, None] * new_shape)
        doubt = wander.stays**2 * doubt * (1 - gain) + (1 - wander.stays**2) * wander.variance
    return speaks, weighs
