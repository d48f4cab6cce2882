"""What customers tried to pay, hour by hour: the daily and weekly shape, the declines, and the drop at the end."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

_SHOPS_BY_HOUR = (25, 15, 10, 8, 8, 12, 25, 50, 75, 90, 100, 108, 112, 105, 100, 98, 100, 108, 115, 120, 110, 90, 65, 40)
_BANKS_BY_HOUR = (6, 4, 3, 3, 4, 8, 25, 60, 105, 130, 135, 125, 100, 110, 115, 105, 90, 75, 60, 55, 48, 36, 22, 12)
_SHOPS_BY_WEEKDAY = (96, 95, 98, 102, 112, 108, 89)
_BANKS_BY_WEEKDAY = (122, 118, 115, 116, 112, 60, 57)
WALLETS = "alipay"  # the network of payments by wallet, which the card PSP settles with its cards
BUSY_HOUR = 70  # hours of at least this weight count as business-like
DROP_HOURS = 8
DROP_KEEPS_PERCENT = 12

_CARD_DECLINES = (
    (38, "05", "Do not honor"), (27, "51", "Insufficient funds"), (9, "54", "Expired card"), (9, "1A", "Strong authentication required"),
    (8, "59", "Suspected fraud"), (5, "82", "CVV mismatch"), (4, "91", "Issuer unavailable"),
)  # fmt: skip
_BANK_DECLINES = (
    (46, "CUST", "Customer cancelled at the bank"), (30, "AM04", "Insufficient funds"),
    (14, "AC04", "Closed account"), (10, "AG01", "Transaction forbidden"),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Flow:
    """One stream of payments with a shape of its own: shares are per mille of all payments, declines per mille of the flow's payments."""

    partner: str
    network: str
    currency: str
    share: int
    declines: int
    median_minor: int
    spread: float
    by_hour: tuple[int, ...]
    by_weekday: tuple[int, ...]
    time_zone: str


FLOWS = (
    Flow(
        partner="nordbank", network="sepa", currency="EUR", share=330, declines=52, median_minor=18_500, spread=1.0,
        by_hour=_BANKS_BY_HOUR, by_weekday=_BANKS_BY_WEEKDAY, time_zone="Europe/Berlin",
    ),
    Flow(
        partner="meridian", network="cards", currency="EUR", share=270, declines=148, median_minor=4_300, spread=0.8,
        by_hour=_SHOPS_BY_HOUR, by_weekday=_SHOPS_BY_WEEKDAY, time_zone="Europe/Amsterdam",
    ),
    Flow(
        partner="meridian", network="cards", currency="GBP", share=300, declines=158, median_minor=3_900, spread=0.75,
        by_hour=_SHOPS_BY_HOUR, by_weekday=_SHOPS_BY_WEEKDAY, time_zone="Europe/London",
    ),
    Flow(
        partner="meridian", network="cards", currency="USD", share=100, declines=155, median_minor=6_200, spread=0.7,
        by_hour=_SHOPS_BY_HOUR, by_weekday=_SHOPS_BY_WEEKDAY, time_zone="Europe/Amsterdam",
    ),
)  # fmt: skip
DROPPED = FLOWS[2]


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A customer tried to pay. `code` and `reason` say why it failed; both are None where it did not."""

    partner: str
    network: str
    currency: str
    created_at: datetime
    amount_minor: int
    code: str | None = None
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class Drop:
    """A fall of volume that lasts until `until`: attempts expected by the usual shape, and seen."""

    partner: str
    network: str
    currency: str
    since: datetime
    until: datetime
    keeps_percent: int
    attempts_expected: int
    attempts_seen: int
    approved_expected: int
    approved_seen: int


def attempts(rng: random.Random, *, first: datetime, now: datetime, payments: int) -> tuple[list[Attempt], Drop]:
    """Every attempt from `first` to `now` in order of time: `payments` approved ones and their share of declines."""
    found: list[Attempt] = []
    counts = [payments * flow.share // 1000 for flow in FLOWS]
    counts[0] += payments - sum(counts)
    drop_since = _drop_since(now)
    for flow, count in zip(FLOWS, counts, strict=True):
        hours = _hours(flow, first=first, now=now, drop_since=drop_since if flow is DROPPED else None)
        approved = [_attempt(rng, flow, moment) for moment in _moments(rng, hours, count, now=now)]
        declined = [_declined(rng, flow, moment) for moment in _moments(rng, hours, count * flow.declines // 1000, now=now)]
        found += approved + declined
    found.sort(key=lambda a: (a.created_at, a.partner, a.currency, a.amount_minor))
    return found, _drop(found, first=first, now=now, since=drop_since, approved=counts[FLOWS.index(DROPPED)])


def _drop_since(now: datetime) -> datetime:
    """The start of the last busy hours before `now`, counted in the dropped flow's time."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    busy = 0
    while busy < DROP_HOURS:
        hour -= timedelta(hours=1)
        busy += DROPPED.by_hour[hour.astimezone(ZoneInfo(DROPPED.time_zone)).hour] >= BUSY_HOUR
    return hour


def _hours(flow: Flow, *, first: datetime, now: datetime, drop_since: datetime | None) -> list[tuple[datetime, int]]:
    """The start of each hour of the history, and its weight."""
    zone = ZoneInfo(flow.time_zone)
    hours = []
    hour = first
    while hour < now:
        local = hour.astimezone(zone)
        weight = flow.by_hour[local.hour] * flow.by_weekday[local.weekday()] * min(int((now - hour).total_seconds()), 3600)
        hours.append((hour, weight * DROP_KEEPS_PERCENT // 100 if drop_since and hour >= drop_since else weight))
        hour += timedelta(hours=1)
    return hours


def _moments(rng: random.Random, hours: list[tuple[datetime, int]], count: int, *, now: datetime) -> list[datetime]:
    weights = list(accumulate(weight for _, weight in hours))
    drawn = rng.choices([hour for hour, _ in hours], cum_weights=weights, k=count)
    return [hour + timedelta(milliseconds=rng.randrange(min(int((now - hour).total_seconds()), 3600) * 1000)) for hour in drawn]


def _amount(rng: random.Random, flow: Flow) -> int:
    """A ticket size; many prices end in .99 or .00."""
    minor = max(1_000, int(flow.median_minor * rng.lognormvariate(0, flow.spread)))
    return minor - minor % 100 + rng.choice((0, 0, 90, 95, 99, 99, minor % 100, minor % 100))


def _attempt(rng: random.Random, flow: Flow, moment: datetime) -> Attempt:
    return Attempt(partner=flow.partner, network=flow.network, currency=flow.currency, created_at=moment, amount_minor=_amount(rng, flow))


def _declined(rng: random.Random, flow: Flow, moment: datetime) -> Attempt:
    declines = _CARD_DECLINES if flow.network == "cards" else _BANK_DECLINES
    _, code, reason = rng.choices(declines, weights=[weight for weight, _, _ in declines])[0]
    return Attempt(
        partner=flow.partner,
        network=flow.network,
        currency=flow.currency,
        created_at=moment,
        amount_minor=_amount(rng, flow),
        code=code,
        reason=reason,
    )


def _drop(found: list[Attempt], *, first: datetime, now: datetime, since: datetime, approved: int) -> Drop:
    usual = _hours(DROPPED, first=first, now=now, drop_since=None)
    dropped = _hours(DROPPED, first=first, now=now, drop_since=since)
    share = (sum(weight for hour, weight in usual if hour >= since), sum(weight for _, weight in dropped))
    seen = [a for a in found if (a.partner, a.currency) == (DROPPED.partner, DROPPED.currency) and a.created_at >= since]
    tried = approved + approved * DROPPED.declines // 1000
    return Drop(
        partner=DROPPED.partner,
        network=DROPPED.network,
        currency=DROPPED.currency,
        since=since,
        until=now,
        keeps_percent=DROP_KEEPS_PERCENT,
        attempts_expected=tried * share[0] // share[1],
        attempts_seen=len(seen),
        approved_expected=approved * share[0] // share[1],
        approved_seen=sum(a.code is None for a in seen),
    )
