"""What a traffic finding says to a person: what was expected, what came, what it is worth, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from breakwater.detection.nodes import Node
from breakwater.detection.series import HOUR, Floats
from breakwater.model.findings import Finding, FindingKind, SeriesPoint
from breakwater.model.money import format_minor

CHART_H = 48


def traffic_finding(
    kind: FindingKind, *, node: Node, finding_id: str, since: datetime, found_at: datetime, worth_minor: Mapping[str, int]
) -> Finding:
    """The finding of a node that has strayed since `since`. `worth_minor` is what the strayed payments are worth, by currency."""
    name = node.partner.name
    where = f"{name} in {node.currency}" if node.currency else f"{name} in all currencies"
    started = since.astimezone(node.partner.time_zone)
    when = f"since {started.day} {started:%b %H:%M} ({node.partner.time_zone.key})"
    first = max(0, (since - node.series.start) // HOUR)
    attempts = int(node.series.attempts[first:].sum())
    amounts = " and ".join(format_minor(minor, currency) for currency, minor in sorted(worth_minor.items()))
    if kind is FindingKind.APPROVAL_DROP and node.rates:
        approved = int(node.series.approved[first:].sum())
        usual = float((node.series.attempts[first:] * node.rates.expected[first:]).sum())
        expected, seen = (
            f"{_percent(usual, attempts)} approved",
            f"{_percent(approved, attempts)} approved, of {attempts:,} attempts {when}",
        )
        summary = f"Approval rate at {where} fell from {_percent(usual, attempts)} to {_percent(approved, attempts)}."
        next_step = f"Look at the decline reasons since then, and ask {name} about the most frequent one."
    else:
        usual = float(node.counts.expected[first:].sum()) if node.counts else 0.0
        change = attempts / usual - 1 if usual else 0.0
        expected, seen = f"about {usual:,.0f} payments {when}", f"{attempts:,} payments"
        summary, next_step = _volume_words(kind, where=where, name=name, change=change, attempts=attempts)
    if amounts:
        summary += (
            f" The extra payments are worth about {amounts}." if kind is FindingKind.VOLUME_SPIKE else f" About {amounts} did not move."
        )
    is_loss = kind is not FindingKind.VOLUME_SPIKE
    return Finding(
        id=finding_id,
        kind=kind,
        partner=node.partner.id,
        scope=node.scope,
        since=since,
        summary=summary,
        expected=expected,
        seen=seen,
        next_step=next_step,
        at_risk_minor=worth_minor.get(node.currency or "") if is_loss else None,
        currency=node.currency,
        found_at=found_at,
        series=_chart(kind, node),
    )


def _volume_words(kind: FindingKind, *, where: str, name: str, change: float, attempts: int) -> tuple[str, str]:
    """The summary and the next step of a drop or a spike."""
    if kind is FindingKind.VOLUME_SPIKE:
        return (
            f"Payments at {where} are {change:.0%} above normal.",
            "Look for a batch or a file that was sent or loaded twice; if there is none, find out what brought the customers.",
        )
    if attempts == 0:
        return f"No payments at {where}.", f"Check our connection to {name} and our last release, then call {name}."
    return (
        f"Payments at {where} are {-change:.0%} below normal.",
        f"Check our checkout and our last release, then ask {name} whether they see the same.",
    )


def _percent(part: float, whole: int) -> str:
    return f"{100 * part / max(whole, 1):.1f}%"


def _chart(kind: FindingKind, node: Node) -> tuple[SeriesPoint, ...]:
    """The last two days, hour by hour: payments, or the approval rate in percent (an hour without attempts has none)."""
    hours = range(max(0, node.end - CHART_H), node.end)
    series = node.series
    if kind is FindingKind.APPROVAL_DROP:
        usual = node.rates.expected * 100 if node.rates else None
        return tuple(
            SeriesPoint(series.at(h), round(100 * int(series.approved[h]) / int(series.attempts[h]), 2), _value(usual, h))
            for h in hours
            if series.attempts[h]
        )
    usual = node.counts.expected if node.counts else None
    return tuple(SeriesPoint(series.at(h), float(series.attempts[h]), _value(usual, h)) for h in hours)


def _value(values: Floats | None, hour: int) -> float | None:
    return None if values is None else round(float(values[hour]), 2)
