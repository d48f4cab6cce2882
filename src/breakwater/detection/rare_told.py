"""What more refunds or chargebacks than usual say to a person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import numpy as np

from breakwater.detection.live import Live
from breakwater.detection.occurrences import Occurrences
from breakwater.detection.rare import DETECTORS, LEAST_EXPECTED, RareAlert, RareWatch
from breakwater.detection.series import DAY_H
from breakwater.detection.telling import CONTRIBUTIONS, finding_id, where_words
from breakwater.model.findings import SEVERAL, Contribution, Finding, FindingKind, SeriesPoint
from breakwater.model.money import format_minor
from breakwater.model.occurrences import Occurrence
from breakwater.model.partners import Partner

KINDS: Mapping[Occurrence, FindingKind] = {Occurrence.REFUND: FindingKind.REFUNDS_UP, Occurrence.CHARGEBACK: FindingKind.CHARGEBACKS_UP}
CHART_D = 28
_NEXT = {
    Occurrence.REFUND: "Look at the largest of them: a batch sent twice, one merchant, one person who refunds; what is wrong can still be"
    " stopped before the next payout.",
    Occurrence.CHARGEBACK: "Look which merchant, card range and day of purchase they are about, and whether {name} sent a file twice; each"
    " of them has a last day to be answered.",
}


def told_rare(
    alert: RareAlert, *, live: Live, rare: RareWatch, occurrences: Occurrences, partners: Mapping[str, Partner], now: datetime
) -> Finding:
    """An alert about refunds or chargebacks as a finding, with the figures up to the last hour looked at."""
    scopes, part = live.watch.scopes, slice(alert.onset, live.until)
    place, rows = scopes.names[alert.scope], scopes.rows(alert.scope)
    fields = dict(place)
    partner = partners[fields["partner"]] if "partner" in fields else None
    zone = partner.time_zone if partner else live.panel.segments[int(rows[0])].time_zone
    hours = part.stop - part.start
    came = occurrences.counts[alert.what][rows, part].sum(1)
    usual = alert.usually(until=part.stop).sum(1)
    worth = _worth_minor(came=came, usual=usual, minor=occurrences.minor[alert.what][rows, part].sum(1))
    by_currency: dict[str, int] = {}
    for row, minor in zip(rows.tolist(), worth, strict=True):
        by_currency[live.panel.segments[row].currency] = by_currency.get(live.panel.segments[row].currency, 0) + minor
    currency = next(iter(by_currency)) if len(by_currency) == 1 else None
    kind, since = KINDS[alert.what], live.panel.at(alert.onset)
    first_at = since.astimezone(zone)
    count, expected = int(came.sum()), float(usual.sum())
    noun = DETECTORS[alert.what]
    amounts = " and ".join(format_minor(minor, name) for name, minor in sorted(by_currency.items()) if minor)
    times = count / max(expected, LEAST_EXPECTED)
    return Finding(
        id=finding_id(kind, *(f"{name}={value}" for name, value in place), since.isoformat()),
        kind=kind,
        partner=partner.id if partner else SEVERAL,
        scope=" · ".join(value for _, value in place) or "everything",
        since=since,
        summary=f"{noun.capitalize()} at {where_words(place, live=live, partners=partners)} are {times:.1f} times the usual: {count:,} in "
        f"{hours} hours, about {expected:,.1f} expected." + (f" The extra ones are worth about {amounts}." if amounts else ""),
        expected=f"about {expected:,.1f} in {hours} hours",
        seen=f"{count:,} since {first_at.day} {first_at:%b %H:%M} ({zone})",
        next_step=_NEXT[alert.what].format(name=partner.name if partner else "a partner"),
        at_risk_minor=by_currency[currency] if currency else None,
        currency=currency,
        found_at=now,
        series=_chart(alert, live=live, rare=rare),
        place=place,
        contributions=_contributions(live, rows.tolist(), came=came, usual=usual, worth=worth),
    )


def _worth_minor(*, came: np.ndarray, usual: np.ndarray, minor: np.ndarray) -> list[int]:
    """What those beyond the usual are worth, by row, at the average of what came, in whole minor units."""
    beyond = [max(round(1000 * (float(n) - float(u))), 0) for n, u in zip(came, usual, strict=True)]
    return [int(m) * k // (1000 * int(n)) if n else 0 for m, k, n in zip(minor, beyond, came, strict=True)]


def _contributions(live: Live, rows: list[int], *, came: np.ndarray, usual: np.ndarray, worth: list[int]) -> tuple[Contribution, ...]:
    """The segments in which most of them are, if there are several."""
    found = [
        Contribution(
            where=" · ".join(value for _, value in live.panel.segments[row].scope()),
            payments=round(float(n - u)),
            worth_minor=minor,
            currency=live.panel.segments[row].currency,
        )
        for row, n, u, minor in zip(rows, came, usual, worth, strict=True)
    ]
    ordered = sorted((one for one in found if one.payments > 0), key=lambda one: (-one.payments, one.where))
    return tuple(ordered[:CONTRIBUTIONS]) if len(rows) > 1 else ()


def _chart(alert: RareAlert, *, live: Live, rare: RareWatch) -> tuple[SeriesPoint, ...]:
    """The last four weeks, in days that end with the last hour looked at."""
    last = live.until - 1
    came, usual = (values[-CHART_D:] for values in rare.daily(alert.what, live.watch.scopes.rows(alert.scope), hour=last))
    firsts = [live.until - DAY_H * (len(came) - n) for n in range(len(came))]
    return tuple(
        SeriesPoint(live.panel.at(first), float(n), round(float(u), 1) if np.isfinite(u) else None)
        for first, n, u in zip(firsts, came, usual, strict=True)
    )
