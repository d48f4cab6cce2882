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

USUAL_SPREAD, USUAL_SPREAD_WORTH = 0.01, 12.0
USUAL_RATE_SPREAD = 0.0005
USUAL_TICKET_VARIANCE, TICKET_VARIANCE_WORTH = 1.5, 30.0
USUAL_TICKET_SPREAD = 0.0006
STEADY_H = 6
_CLIP = 3.0


@dataclass(frozen=True, kw_only=True)
class Channel:
    """One question. `sizes` are factors of payments, added decline rate, or log factors of the ticket; `least` is what is worth telling,
    and `caution` what the surprise must have on top of the others', where normal life brings more of it or acting on it is less urgent."""

    name: str
    metric: str
    windows_h: tuple[int, ...]
    sizes: tuple[float, ...]
    least: float
    caution: float = 0.0

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
    ),
    Channel(
        name="dearer",
        metric="amount",
        windows_h=(1, 2, 3, 6, 12, 24),
        sizes=(0.1, 0.15, 0.2, 0.3, 0.45, 0.65, 1.0, 2.0, 3.0, 4.6),
        least=0.2,
        caution=0.6,
    ),
    Channel(
        name="cheaper",
        metric="amount",
        windows_h=(1, 2, 3, 6, 12, 24),
        sizes=(-0.1, -0.15, -0.2, -0.3, -0.45, -0.65, -1.0, -2.0, -3.0, -4.6),
        least=-0.2,
        caution=0.6,
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


def spreads_of(
    *, attempts: Floats, expected: Floats, declined: Floats, decline: Floats, amount_minor: Floats, ticket: Floats, ok: dict[str, Floats]
) -> Spreads:
    """Learned from the errors of past forecasts: arrays are segments × past hours, `ok` the hours that teach, 1 or 0."""
    hours = attempts.shape[1] // max(WINDOWS_H) * max(WINDOWS_H)
    tail = slice(attempts.shape[1] - hours, None)
    approved = (attempts - declined)[:, tail]
    counts, rates, tickets = [], [], []
    usable = (ok["amount"][:, tail] > 0) & (ticket[:, tail] > 0) & (approved > 0)
    ratio = np.where(usable, amount_minor[:, tail] / np.maximum(approved * ticket[:, tail], 1e-9), 1.0)
    single = np.minimum(np.minimum(approved, 300) * (ratio - 1) ** 2, 50.0) * usable
    worth = TICKET_VARIANCE_WORTH
    variance = (single.sum(1) + worth * USUAL_TICKET_VARIANCE) / (usable.sum(1) + worth)
    for window_h in WINDOWS_H:
        # Shared noise lasts some hours and averages out over more.
        averaged = min(1.0, STEADY_H / window_h)

        def summed(values: Floats, kind: str, window_h: int = window_h) -> Floats:
            total: Floats = (values * ok[kind][:, tail]).reshape(len(values), -1, window_h).sum(2)
            return total

        counts.append(
            _count_spread(summed(attempts[:, tail], "volume"), summed(expected[:, tail], "volume"), usual=USUAL_SPREAD * averaged)
        )
        tried, usual = summed(attempts[:, tail], "decline_rate"), summed((attempts * decline)[:, tail], "decline_rate")
        rates.append(_rate_spread(tried, summed(declined[:, tail], "decline_rate"), usual, usual_spread=USUAL_RATE_SPREAD * averaged))
        came = summed(np.where(usable, amount_minor[:, tail], 0.0), "amount")
        normal = summed(np.where(usable, approved * ticket[:, tail], 0.0), "amount")
        number = summed(np.where(usable, approved, 0.0), "amount")
        tickets.append(_ticket_spread(came, normal, number, variance, usual_spread=USUAL_TICKET_SPREAD * averaged))
    return Spreads(counts=np.stack(counts, 1), rates=np.stack(rates, 1), tickets=np.stack(tickets, 1), ticket_variance=variance)


def _count_spread(seen: Floats, expected: Floats, *, usual: float) -> Floats:
    spread = np.full((len(seen), 1), USUAL_SPREAD)
    for _ in range(3):
        off = np.clip(np.abs(seen - expected), 0, _CLIP * np.sqrt(expected + spread * expected**2))
        spread = np.maximum(0, (off**2 - expected).sum(1) / np.maximum((expected**2).sum(1), 1e-9))[:, None]
    windows = (expected > 0).sum(1)
    learned: Floats = (windows * spread[:, 0] + USUAL_SPREAD_WORTH * usual) / (windows + USUAL_SPREAD_WORTH)
    return learned


def _rate_spread(tried: Floats, declined: Floats, usual: Floats, *, usual_spread: float) -> Floats:
    chance = usual * (1 - usual / np.maximum(tried, 1))
    spread = np.full((len(tried), 1), USUAL_RATE_SPREAD)
    for _ in range(3):
        off = np.clip(np.abs(declined - usual), 0, _CLIP * np.sqrt(chance * (1 + np.maximum(tried - 1, 0) * spread)))
        spread = np.maximum(0, (off**2 - chance).sum(1) / np.maximum((chance * np.maximum(tried - 1, 0)).sum(1), 1e-9))[:, None]
    windows = (tried > 1).sum(1)
    learned: Floats = (windows * spread[:, 0] + USUAL_SPREAD_WORTH * usual_spread) / (windows + USUAL_SPREAD_WORTH)
    return learned


def _ticket_spread(came: Floats, normal: Floats, number: Floats, variance: Floats, *, usual_spread: float) -> Floats:
    usable = (came > 0) & (normal > 0)
    own = np.log1p(variance[:, None] / np.maximum(number, 1))
    off = np.where(usable, np.log(np.where(usable, came, 1.0) / np.where(usable, normal, 1.0)) + own / 2, 0.0)
    weight = usable / (own + USUAL_TICKET_SPREAD)
    spread = np.full((len(came), 1), USUAL_TICKET_SPREAD)
    for _ in range(3):
        far = np.clip(np.abs(off), 0, _CLIP * np.sqrt(own + spread))
        spread = np.maximum(0, ((far**2 - own) * weight).sum(1) / np.maximum(weight.sum(1), 1e-9))[:, None]
    windows = usable.sum(1)
    learned: Floats = (windows * spread[:, 0] + USUAL_SPREAD_WORTH * usual_spread) / (windows + USUAL_SPREAD_WORTH)
    return learned
