"""How much better a change explains what came than normal does: log likelihood ratios per segment, which add up to any scope.

A channel is one question: did payments drop, did they rise, did declines rise, did the average ticket shift up or down. For each channel a
few sizes of the change are asked about; every segment of a scope is taken to have changed by the same size, so a scope that includes
bystanders explains less than the scope that was struck, and one that leaves out victims explains less, too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from breakwater.detection.panel import Bools
from breakwater.detection.series import Floats


@dataclass(frozen=True, kw_only=True)
class Channel:
    """One question. `sizes` are factors of payments, added decline rate, or log factors of the ticket; `least` is what is worth telling,
    and `caution` what the surprise must have on top of the others', where normal life brings more of it or acting on it is less urgent.

    A change may come at once, in the last `windows_h`, or rise steadily over `ramps_h` to its size. Chance has fewer occasions to look
    like something that takes long; `credit` is how much of that (log10 of the hours) is set against the surprise.
    """

    name: str
    metric: str
    windows_h: tuple[int, ...]
    sizes: tuple[float, ...]
    least: float
    caution: float = 0.0
    ramps_h: tuple[int, ...] = ()
    credit: float = 0.0

    @property
    def spans_h(self) -> tuple[int, ...]:
        """Every span that is looked at: changes at once first, then rises."""
        return self.windows_h + self.ramps_h

    def tells(self) -> Bools:
        """Which of the sizes are worth telling."""
        size = np.array(self.sizes)
        return size <= self.least if self.name in ("drop", "cheaper") else size >= self.least


CHANNELS = (
    Channel(name="drop", metric="volume", windows_h=(1, 2, 3, 6, 12, 24), sizes=(0.01, 0.15, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9), least=0.8),
    Channel(name="rise", metric="volume", windows_h=(1, 2, 3, 6, 12), sizes=(1.2, 1.35, 1.5, 1.75, 2.0, 2.5, 4.0), least=1.5, caution=0.6),
    Channel(
        name="decline",
        metric="decline_rate",
        windows_h=(1, 2, 3, 6, 12, 24, 72),
        sizes=(0.012, 0.02, 0.03, 0.045, 0.065, 0.09, 0.13, 0.18, 0.25, 0.35, 0.5),
        least=0.02,
        ramps_h=(24, 36, 48, 72),
        credit=0.15,
    ),
    Channel(
        name="dearer",
        metric="amount",
        windows_h=(1, 2, 3, 6, 12, 24),
        sizes=(0.1, 0.15, 0.2, 0.3, 0.45, 0.65, 1.0, 2.0, 3.0, 4.6),
        least=0.2,
        caution=0.8,
    ),
    Channel(
        name="cheaper",
        metric="amount",
        windows_h=(1, 2, 3, 6, 12, 24),
        sizes=(-0.1, -0.15, -0.2, -0.3, -0.45, -0.65, -1.0, -2.0, -3.0, -4.6),
        least=-0.2,
        caution=0.8,
    ),
)
WINDOWS_H = (1, 2, 3, 6, 12, 24, 72)


@dataclass(frozen=True, kw_only=True, eq=False)
class Spreads:
    """How unsteady each segment is beyond chance, per window of `WINDOWS_H`: relative variances of payments, correlation of declines,
    log variance of the ticket; and `ticket_variance`, the squared variation of a single ticket."""

    counts: Floats
    rates: Floats
    tickets: Floats
    ticket_variance: Floats


def likelihoods(channel: Channel, sums: Sums, spreads: Spreads) -> Floats:
    """Segments × windows × sizes: log likelihood of the change minus that of no change."""
    columns = [WINDOWS_H.index(w) for w in channel.windows_h]
    part = sums.of(columns)
    size = np.array(channel.sizes)
    if channel.metric == "volume":
        return _counts(part, spread=spreads.counts[:, columns] + part.doubt, size=size)
    if channel.metric == "decline_rate":
        return _rates(part, spread=spreads.rates[:, columns], size=size)
    return _tickets(part, spread=spreads.tickets[:, columns], variance=spreads.ticket_variance[:, None], size=size)


@dataclass(frozen=True, kw_only=True, eq=False)
class Sums:
    """Segments × windows: what came and what was expected in each window, hours that do not count left out.

    `usual_declined` is what `attempts` would normally have declined, `usual_minor` what the approved would normally be worth,
    `doubt` the extra relative variance of the count.
    """

    attempts: Floats
    expected: Floats
    doubt: Floats
    tried: Floats
    declined: Floats
    usual_declined: Floats
    approved: Floats
    amount_minor: Floats
    usual_minor: Floats

    def of(self, columns: list[int]) -> Sums:
        """Some of the windows."""
        return Sums(**{name: getattr(self, name)[:, columns] for name in self.__dataclass_fields__})

    def at(self, rows: np.ndarray) -> Sums:
        """Some of the segments."""
        return Sums(**{name: getattr(self, name)[rows] for name in self.__dataclass_fields__})


def _counts(part: Sums, *, spread: Floats, size: Floats) -> Floats:
    """Negative binomial, Var = mean + spread · mean²."""
    usual = part.expected[:, :, None]
    spread = np.maximum(spread, 1e-6)[:, :, None]
    grown = np.log1p(spread * usual * size) - np.log1p(spread * usual)
    ratio: Floats = part.attempts[:, :, None] * (np.log(size) - grown) - grown / spread
    return ratio


def _rates(part: Sums, *, spread: Floats, size: Floats) -> Floats:
    """Binomial of as many independent payments as the correlation leaves."""
    tried = np.maximum(part.tried, 1e-9)
    rate = np.clip(part.usual_declined / tried, 0.002, 0.95)[:, :, None]
    worse = np.minimum(rate + size, np.maximum(0.98, rate))
    shrink = 1 + np.maximum(tried - 1, 0) * spread
    declined, approved = (part.declined / shrink)[:, :, None], ((part.tried - part.declined) / shrink)[:, :, None]
    ratio: Floats = declined * np.log(worse / rate) + approved * np.log((1 - worse) / (1 - rate))
    return ratio


def _tickets(part: Sums, *, spread: Floats, variance: Floats, size: Floats) -> Floats:
    """The mean of n log-normal tickets is nearly log-normal."""
    usable = (part.approved > 0) & (part.amount_minor > 0) & (part.usual_minor > 0)
    ratio = np.log(np.where(usable, part.amount_minor, 1.0) / np.where(usable, part.usual_minor, 1.0))
    own = np.log1p(variance / np.maximum(part.approved, 1))
    total = (own + spread)[:, :, None]
    off = (ratio + own / 2)[:, :, None]
    return np.where(usable[:, :, None], (off * size - size**2 / 2) / total, 0.0)
