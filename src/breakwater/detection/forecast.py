"""What tomorrow would normally bring to every segment: payments, decline rate, average ticket. Refitted once a day, from the past alone.

Payments are a multiplicative profile of the local hour of the week over eight weeks, times the level of the last normal days, times what
holidays and paydays did before. Hours that belong to an alert teach nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from breakwater.detection.panel import Bools, Clock, Panel
from breakwater.detection.ratios import Learning, medians, usual_ratio
from breakwater.detection.series import DAY_H, WEEK_H, Floats

WEEKS = 8
LEAST_DAYS = 10  # of history before a volume is judged
SETTLE_DAYS = 5  # the first days of a new segment are no example
OWN_SHAPE_DAYS = (18, 40)  # the age at which a segment's own shape begins to count, and that from which nothing else does
YOUNG_DOUBT, ALL_YOUNG_DOUBT, HOLIDAY_DOUBT = 0.05, 0.005, 0.03  # relative variances
LEVEL_DAYS = 14
FAST_DAYS, SLOW_DAYS, FAST_FROM = 3.0, 7.0, 300.0  # half-lives of the level, and the payments a day from which the fast one holds
PROFILE_WORTH = 30.0  # payments a cell of the week must have seen to weigh as much as its weekday times its hour
HOUR_WORTH = 60.0  # the same for an hour of the day against the hours of all segments on that clock
HOLIDAY_FACTOR, HOLIDAY_WORTH = 0.7, 2.0
PAYDAY_WORTH = 3.0
RATIO_DAYS = 28
RATES = Learning(shape_worth=3000.0, level_worth=20.0, per_observation=10.0)
TICKETS = Learning(shape_worth=10_000.0, level_worth=5.0, per_observation=2.0)
CLIP = 4.0  # standard deviations beyond which an hour teaches no more
USUAL_OVERDISPERSION = 0.05
TICKET_CLIP = 8.0  # a factor: an average ticket further off is a wrong exponent, not a customer


@dataclass(frozen=True, kw_only=True, eq=False)
class Forecast:
    """Segments × the 24 hours from `first`: payments expected (`base` before holidays and paydays), decline rate, ticket in minor units.

    `doubt` is the extra relative variance of what is expected where a holiday or a segment's youth makes it a guess.
    """

    first: int
    base: Floats
    expected: Floats
    doubt: Floats
    decline: Floats
    ticket: Floats
    known: Bools


@dataclass(kw_only=True, eq=False)
class Past:
    """What was forecast for the hours gone by, and which of them teach (`counts_ok`, `rates_ok`, `tickets_ok`)."""

    base: Floats
    expected: Floats
    doubt: Floats
    decline: Floats
    ticket: Floats
    known: Bools
    ok: dict[str, Bools]

    @classmethod
    def of(cls, panel: Panel) -> Past:
        """Nothing forecast yet, and every hour fit to teach."""
        shape = (len(panel.segments), panel.hours + DAY_H)
        blank = [np.full(shape, np.nan) for _ in range(4)]
        ok = {metric: np.ones(shape, dtype=bool) for metric in ("volume", "decline_rate", "amount")}
        return cls(
            base=blank[0],
            expected=blank[1],
            decline=blank[2],
            ticket=blank[3],
            doubt=np.zeros(shape),
            known=np.zeros(shape, dtype=bool),
            ok=ok,
        )

    def note(self, forecast: Forecast) -> None:
        """Keep a forecast beside what will come."""
        part = slice(forecast.first, forecast.first + DAY_H)
        for name in ("base", "expected", "doubt", "decline", "ticket"):
            getattr(self, name)[:, part] = getattr(forecast, name)
        self.known[:, part] = forecast.known[:, None]


def forecast(panel: Panel, past: Past, *, first: int, born: np.ndarray) -> Forecast:
    """The day that begins at hour `first`. `born` is each segment's first active hour; nothing from `first` on is looked at."""
    shape = (len(panel.segments), DAY_H)
    base, doubt = np.zeros(shape), np.zeros(shape)
    factor, ticket_factor = np.ones(shape), np.ones(shape)
    payday, payday_ticket = _payday_factors(panel, past, first=first)
    for clock in panel.clocks:
        day = slice(first, first + DAY_H)
        base[clock.rows] = _base(panel, past, clock=clock, first=first, born=born, payday=payday)
        holiday = _holiday_factor(panel, past, clock=clock, first=first)
        factor[clock.rows] = np.where(clock.hours.holiday[day], holiday, 1.0) * np.where(clock.payday[day], payday, 1.0)
        ticket_factor[clock.rows] = np.where(clock.payday[day], payday_ticket, 1.0)
        age_days = (first - born[clock.rows]) / DAY_H
        # A neighbour's shape is more of a guess than the own one of a few weeks, which is all there is after a first start.
        is_borrowed = (age_days >= OWN_SHAPE_DAYS[1]).any()
        young = (YOUNG_DOUBT if is_borrowed else ALL_YOUNG_DOUBT) * (1 - _own_share(age_days))
        doubt[clock.rows] = young[:, None] + HOLIDAY_DOUBT * clock.hours.holiday[day]
    return Forecast(
        first=first,
        base=base,
        expected=base * factor,
        doubt=doubt,
        decline=_decline(panel, past, first=first),
        ticket=_ticket(panel, past, first=first, payday=payday_ticket) * ticket_factor,
        known=born <= first - LEAST_DAYS * DAY_H,
    )


def _base(panel: Panel, past: Past, *, clock: Clock, first: int, born: np.ndarray, payday: float) -> Floats:
    """Profile times level for the segments of one clock."""
    oldest = max(0, first - WEEKS * WEEK_H)
    hours = np.arange(oldest, first)
    seen = panel.attempts[np.ix_(clock.rows, hours)]
    teaches = past.ok["volume"][np.ix_(clock.rows, hours)] & ~clock.hours.holiday[hours] & (hours >= born[clock.rows][:, None])
    seen = seen / np.where(clock.payday[hours], payday, 1.0)
    age_days = (first - born[clock.rows]) / DAY_H
    began = born[clock.rows][:, None]
    began = np.where(began >= SETTLE_DAYS * DAY_H, began + SETTLE_DAYS * DAY_H, 0)
    usable = ~clock.hours.holiday[hours] & (hours >= began)
    own = _profile(seen, teaches & usable, usable, cell=clock.cell[hours], week=(first - 1 - hours) // WEEK_H)
    profile = _borrowed(own, age_days=age_days, worth=seen.sum(1))
    level = _level(seen, teaches, usual=profile[:, clock.cell[hours]])
    return profile[:, clock.cell[first : first + DAY_H]] * level[:, None]


def _borrowed(profile: Floats, *, age_days: Floats, worth: Floats) -> Floats:
    """A young segment has the shape of its older neighbours until it has shown its own."""
    old = (age_days >= OWN_SHAPE_DAYS[1]) & (worth > 0)
    if not old.any():
        return profile
    weight = np.minimum(worth, 100 * WEEK_H) * old
    shared = (profile * weight[:, None]).sum(0) / weight.sum()
    own = _own_share(age_days)[:, None]
    blend: Floats = own * profile + (1 - own) * shared
    return blend


def _own_share(age_days: Floats) -> Floats:
    first, last = OWN_SHAPE_DAYS
    return np.clip((age_days - first) / (last - first), 0, 1)


def _profile(seen: Floats, teaches: Bools, usable: Bools, *, cell: np.ndarray, week: np.ndarray) -> Floats:
    """Segments × 168 local hours of the week, each segment's mean being 1. Weeks may differ in size; hours far off are cut."""
    segments, weeks = len(seen), int(week.max()) + 1
    place = week * WEEK_H + cell
    cells = np.zeros((3, segments, weeks * WEEK_H))
    for kept, values in zip(cells, (seen, teaches, usable), strict=True):
        kept[:, place] = values
    counts, fit, could = cells.reshape(3, segments, weeks, WEEK_H)
    # What alerts most weeks at the same hour is how that hour is.
    fit = np.where((fit.sum(1) < 0.5 * could.sum(1))[:, None, :], could, fit)
    counts = counts * fit
    size = counts.sum(2) / np.maximum(fit.sum(2), 1)
    for _ in range(2):
        shape = _shrunk(np.divide(counts.sum(1), np.maximum((fit * size[:, :, None]).sum(1), 1e-9)), fit=fit, size=size)
        size = counts.sum(2) / np.maximum((fit * shape[:, None, :]).sum(2), 1e-9)
        usual = size[:, :, None] * shape[:, None, :]
        spread = CLIP * np.sqrt(usual + USUAL_OVERDISPERSION * usual**2) + 1
        counts = np.clip(counts, usual - spread, usual + spread) * fit
    return _shrunk(np.divide(counts.sum(1), np.maximum((fit * size[:, :, None]).sum(1), 1e-9)), fit=fit, size=size)


def _shrunk(cells: Floats, *, fit: Floats, size: Floats) -> Floats:
    """Each cell between what it saw itself and its weekday times its hour of the day, by how much it saw."""
    worth = (fit * size[:, :, None]).sum(1)
    cube, weight = cells.reshape(-1, 7, DAY_H), worth.reshape(-1, 7, DAY_H)
    hours = (cube * weight).sum(1) / np.maximum(weight.sum(1), 1e-9)
    pooled = hours.mean(0) / max(float(hours.mean()), 1e-9)
    hours = (hours * weight.sum(1) + HOUR_WORTH * pooled) / (weight.sum(1) + HOUR_WORTH)
    # Against the same hours of other days: a day of which the night alone was seen is no quiet day.
    days = ((cube * weight).sum(2) + 1.0) / ((hours[:, None, :] * weight).sum(2) + 1.0)
    smooth = (days[:, :, None] * hours[:, None, :]).reshape(len(cells), WEEK_H)
    smooth /= np.maximum(smooth.mean(1, keepdims=True), 1e-9)
    saw = worth * smooth
    profile: Floats = (cells * saw + PROFILE_WORTH * smooth) / (saw + PROFILE_WORTH)
    return profile


def _level(seen: Floats, teaches: Bools, *, usual: Floats) -> Floats:
    """Each segment's level at the end: recent days weigh more, and a day far from the others counts as the furthest believable one."""
    days = min(LEVEL_DAYS, seen.shape[1] // DAY_H)
    tail = slice(seen.shape[1] - days * DAY_H, None)
    came = (seen * teaches)[:, tail].reshape(len(seen), days, DAY_H).sum(2)[:, ::-1]
    normal = (usual * teaches)[:, tail].reshape(len(seen), days, DAY_H).sum(2)[:, ::-1]
    ratio = np.where(normal > 0.25 * normal.max(1, keepdims=True), came / np.maximum(normal, 1e-9), np.nan)
    overall = came.sum(1) / np.maximum(normal.sum(1), 1e-9)
    middle = np.where(np.isfinite(ratio[:, :LEVEL_DAYS]).any(1), _median(ratio[:, :7], otherwise=overall), overall)
    loose = 0.15 + 3 / np.sqrt(np.maximum(middle[:, None] * normal, 1.0))
    kept = np.clip(came / np.maximum(normal, 1e-9), middle[:, None] * np.maximum(1 - loose, 0), middle[:, None] * (1 + loose))
    half_life = np.where(middle * normal.max(1) >= FAST_FROM, FAST_DAYS, SLOW_DAYS)
    weight = 0.5 ** (np.arange(days) / half_life[:, None]) * normal
    level: Floats = (kept * weight).sum(1) / np.maximum(weight.sum(1), 1e-9)
    return level


def _median(values: Floats, *, otherwise: Floats) -> Floats:
    seen = np.isfinite(values)
    return np.where(seen.sum(1) >= 3, medians(values), otherwise)


def _holiday_factor(panel: Panel, past: Past, *, clock: Clock, first: int) -> float:
    """What holidays of this calendar brought so far, drawn towards the usual while they are few."""
    ratios = _day_ratios(panel, past, clock=clock, first=first, flag=clock.hours.holiday)
    return (sum(ratios) + HOLIDAY_WORTH * HOLIDAY_FACTOR) / (len(ratios) + HOLIDAY_WORTH)


def _day_ratios(panel: Panel, past: Past, *, clock: Clock, first: int, flag: Bools) -> list[float]:
    """Seen against forecast, for each flagged local day gone by."""
    hours = np.flatnonzero(flag[:first])
    ratios = []
    for day in np.unique(clock.hours.day[hours]):
        part = hours[clock.hours.day[hours] == day]
        block = np.ix_(clock.rows, part)
        usable = past.ok["volume"][block] & past.known[block]
        usual = float((past.base[block] * usable)[usable].sum())
        if usual > 0 and len(part) == DAY_H:
            ratios.append(float(panel.attempts[block][usable].sum()) / usual)
    return [min(max(r, 0.2), 1.5) for r in ratios]


def _payday_factors(panel: Panel, past: Past, *, first: int) -> tuple[float, float]:
    """What paydays did to payments and to the average ticket, pooled over all segments."""
    volumes, tickets = [], []
    for clock in panel.clocks:
        flag = clock.payday & ~clock.hours.holiday
        volumes += _day_ratios(panel, past, clock=clock, first=first, flag=flag)
        hours = np.flatnonzero(flag[:first])
        block = np.ix_(clock.rows, hours)
        approved = panel.attempts[block] - panel.declined[block]
        usable = past.ok["amount"][block] & past.known[block] & (past.ticket[block] > 0)
        ratio = panel.amount_minor[block][usable] / np.maximum(approved * past.ticket[block], 1e-9)[usable]
        weight = np.minimum(approved[usable], 1000.0)
        if weight.sum() > 1000:
            tickets.append(float((np.clip(ratio, 0.5, 2.0) * weight).sum() / weight.sum()))
    worth = PAYDAY_WORTH * max(len(panel.clocks), 1)
    volume = (sum(volumes) + worth) / (len(volumes) + worth)
    return volume, (sum(tickets) + 2.0) / (len(tickets) + 2.0)


def _recent(*, first: int) -> slice:
    return slice(max(0, first - RATIO_DAYS * DAY_H), first)


def _decline(panel: Panel, past: Past, *, first: int) -> Floats:
    """The decline rate per hour of the day that begins at `first`."""
    part = _recent(first=first)
    teaches = past.ok["decline_rate"][:, part]
    tried, declined = panel.attempts[:, part] * teaches, panel.declined[:, part] * teaches
    usual = np.full(len(tried), (declined.sum() + 1) / (tried.sum() + 10))
    rate = usual_ratio(panel, top=declined, bottom=tried, first=first, learning=RATES, level=usual)
    return np.clip(rate, 0.002, 0.95)


def _ticket(panel: Panel, past: Past, *, first: int, payday: float) -> Floats:
    """The average approved ticket per hour, without hours whose ticket is out of all proportion."""
    part = _recent(first=first)
    approved = panel.attempts[:, part] - panel.declined[:, part]
    amount = panel.amount_minor[:, part]
    average = np.where((approved > 0) & past.ok["amount"][:, part], amount / np.maximum(approved, 1), np.nan)
    middle = medians(average)
    near = (average < TICKET_CLIP * middle[:, None]) & (average > middle[:, None] / TICKET_CLIP)
    paydays = np.ones_like(approved)
    for clock in panel.clocks:
        paydays[clock.rows] = np.where(clock.payday[part], payday, 1.0)
    number = approved * near * paydays
    mean = (amount * near).sum(1) / np.maximum(number.sum(1), 1)
    return usual_ratio(panel, top=amount * near, bottom=number, first=first, learning=TICKETS, level=mean)
