"""How unsteady each segment is beyond chance, learned from the errors of past forecasts.

What a segment shows of its own spread counts as far as it can show any: where chance alone is larger, it has the spread all segments share.
"""

from __future__ import annotations

import numpy as np

from breakwater.detection.evidence import WINDOWS_H, Spreads
from breakwater.detection.forecast import Past
from breakwater.detection.panel import Panel
from breakwater.detection.series import Floats

USUAL_SPREAD = 0.01
USUAL_RATE_SPREAD = 0.0005
USUAL_TICKET_VARIANCE, TICKET_VARIANCE_WORTH = 1.5, 30.0
USUAL_TICKET_SPREAD = 0.0006
SHARED_WORTH, OWN_WORTH = 30.0, 12.0  # windows that tell everything: so many outweigh what is assumed, and what is shared
FAR_OFF = 10.0  # times the usual; a segment further off says no more about the others
STEADY_H = 6
_CLIP = 3.0


def spreads_before(panel: Panel, past: Past, *, part: slice) -> Spreads:
    """Learned from these hours of the panel, as far as they teach."""
    known = past.known[:, part]
    return spreads_of(
        attempts=panel.attempts[:, part],
        expected=np.where(known, past.expected[:, part], 0.0),
        declined=panel.declined[:, part],
        decline=np.nan_to_num(past.decline[:, part]),
        amount_minor=panel.amount_minor[:, part],
        ticket=np.nan_to_num(past.ticket[:, part]),
        ok={
            "volume": (past.ok["volume"][:, part] & known).astype(float),
            "decline_rate": past.ok["decline_rate"][:, part].astype(float),
            "amount": past.ok["amount"][:, part].astype(float),
        },
    )


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
    return _pooled(spread[:, 0], worth=(expected * usual / (1 + expected * usual)) ** 2, usual=usual)


def _rate_spread(tried: Floats, declined: Floats, usual: Floats, *, usual_spread: float) -> Floats:
    chance = usual * (1 - usual / np.maximum(tried, 1))
    spread = np.full((len(tried), 1), USUAL_RATE_SPREAD)
    for _ in range(3):
        off = np.clip(np.abs(declined - usual), 0, _CLIP * np.sqrt(chance * (1 + np.maximum(tried - 1, 0) * spread)))
        spread = np.maximum(0, (off**2 - chance).sum(1) / np.maximum((chance * np.maximum(tried - 1, 0)).sum(1), 1e-9))[:, None]
    return _pooled(spread[:, 0], worth=(tried * usual_spread / (1 + tried * usual_spread)) ** 2, usual=usual_spread)


def _ticket_spread(came: Floats, normal: Floats, number: Floats, variance: Floats, *, usual_spread: float) -> Floats:
    usable = (came > 0) & (normal > 0)
    own = np.log1p(variance[:, None] / np.maximum(number, 1))
    off = np.where(usable, np.log(np.where(usable, came, 1.0) / np.where(usable, normal, 1.0)) + own / 2, 0.0)
    weight = usable / (own + USUAL_TICKET_SPREAD)
    spread = np.full((len(came), 1), USUAL_TICKET_SPREAD)
    for _ in range(3):
        far = np.clip(np.abs(off), 0, _CLIP * np.sqrt(own + spread))
        spread = np.maximum(0, ((far**2 - own) * weight).sum(1) / np.maximum(weight.sum(1), 1e-9))[:, None]
    return _pooled(spread[:, 0], worth=usable * (usual_spread / (own + usual_spread)) ** 2, usual=usual_spread)


def _pooled(own: Floats, *, worth: Floats, usual: float) -> Floats:
    """Spreads of segments, drawn towards what all segments show by how little each of them can show: `worth` is what each window
    (segments × windows) tells of the spread, between 0 and 1."""
    told = worth.sum(1)
    shared = (float((np.minimum(own, FAR_OFF * usual) * told).sum()) + SHARED_WORTH * usual) / (float(told.sum()) + SHARED_WORTH)
    learned: Floats = (told * own + OWN_WORTH * shared) / (told + OWN_WORTH)
    return learned
