"""Nodes: a partner's currency, or several together, with what is normal for it; and those too small or too new to be judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import groupby

from breakwater.detection.baseline import CountBaseline, RateBaseline, count_baseline, rate_baseline
from breakwater.detection.series import DAY_H, HOUR, WEEK_H, HourlySeries, total
from breakwater.detection.surprise import CHECKS, Direction, Surprise, Thresholds, approval_surprise, count_surprise
from breakwater.model.findings import FindingKind
from breakwater.model.money import half_up
from breakwater.model.partners import Partner

HISTORY_H = 9 * WEEK_H  # eight weeks to learn from, the windows, and room for a level to settle
STALE_AFTER_H = 24


class Why(StrEnum):
    """Why a series can't be monitored."""

    NO_DATA = "no_data"
    TOO_NEW = "too_new"
    TOO_SMALL = "too_small"


@dataclass(frozen=True, kw_only=True)
class Unmonitored:
    """A series for which no alert can be promised; `text` says so aloud, to a person."""

    partner: str
    currency: str | None
    scope: str
    why: Why
    text: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Node:
    """The payments of a partner in one currency, or in several (then `parts` are the currencies), and what is normal for them."""

    partner: Partner
    series: HourlySeries
    counts: CountBaseline | None
    rates: RateBaseline | None
    parts: tuple[Node, ...] = field(default=())

    @property
    def currency(self) -> str | None:
        """Its currency, or None where there are several."""
        return self.series.currency or None

    @property
    def end(self) -> int:
        """The hour after the last one known."""
        return len(self.series.attempts)

    @property
    def scope(self) -> str:
        """Where that is, in words: 'meridian · cards · GBP'."""
        return " · ".join(filter(None, (self.partner.id, self.series.network, self.currency)))

    def surprise(self, kind: FindingKind, *, thresholds: Thresholds, open_already: bool) -> Surprise | None:
        """What strays at the last hour known, if anything of this kind does."""
        if kind is FindingKind.APPROVAL_DROP:
            if self.rates is None:
                return None
            return approval_surprise(self.rates, end=self.end, thresholds=thresholds, open_already=open_already)
        if self.counts is None:
            return None
        direction = Direction.SPIKE if kind is FindingKind.VOLUME_SPIKE else Direction.DROP
        return count_surprise(self.counts, direction=direction, end=self.end, thresholds=thresholds, open_already=open_already)

    def expected_since(self, since: datetime) -> float:
        """How many payments were expected from `since` to the last hour known; 0 while nothing is expected yet."""
        first = max(0, (since - self.series.start) // HOUR)
        return float(self.counts.expected[first : self.end].sum()) if self.counts else 0.0

    def strayed(self, kind: FindingKind, *, since: datetime) -> int:
        """How many payments went missing (or came on top, for a spike) from `since` to the last hour known, compared with normal."""
        first = max(0, (since - self.series.start) // HOUR)
        part = slice(first, self.end)
        if kind is FindingKind.APPROVAL_DROP and self.rates:
            return round(float((self.series.attempts[part] * self.rates.expected[part] - self.series.approved[part]).sum()))
        missing = round(float((self.counts.expected[part] - self.series.attempts[part]).sum())) if self.counts else 0
        return -missing if kind is FindingKind.VOLUME_SPIKE else missing

    def worth_minor(self, payments: int, *, kind: FindingKind) -> int | None:
        """What so many payments of this currency are worth, by what past ones were; None if nothing was ever approved, or for several."""
        past = slice(0, max(0, self.end - DAY_H))
        approvals_only = kind is FindingKind.APPROVAL_DROP
        number = int((self.series.approved if approvals_only else self.series.attempts)[past].sum())
        value_minor = int(self.series.approved_minor[past].sum())
        if self.parts or number == 0 or payments <= 0:
            return None
        return half_up(payments * value_minor, number)


def currency_nodes(partner: Partner, *, series: Sequence[HourlySeries], now: datetime) -> list[Node]:
    """One node per currency of the partner, from the complete hours before `now`."""
    mine = sorted((s for s in series if s.partner == partner.id), key=lambda s: s.currency)
    return [
        _node(partner, total([s.last(HISTORY_H, until=s.complete_hours(now)) for s in group], currency=currency))
        for currency, group in groupby(mine, key=lambda s: s.currency)
    ]


def together(nodes: Sequence[Node]) -> Node:
    """Several currencies as one, up to the last hour that all of them know."""
    until = min(n.series.at(n.end) for n in nodes)
    known = [n.series.last(n.end, until=n.series.complete_hours(until)) for n in nodes]
    return _node(nodes[0].partner, total(known), parts=nodes)


def _node(partner: Partner, series: HourlySeries, *, parts: Sequence[Node] = ()) -> Node:
    # What lies inside the longest window of the oldest vote must not teach: an anomaly would say of itself that it is normal.
    cut = max(0, len(series.attempts) - DAY_H - CHECKS + 1)
    counts, rates = count_baseline(series, partner=partner, cut=cut), rate_baseline(series, partner=partner, cut=cut)
    return Node(partner=partner, series=series, counts=counts, rates=rates, parts=tuple(parts))


def unmonitored(node: Node, *, now: datetime, thresholds: Thresholds) -> Unmonitored | None:
    """Why no alert can be promised for this node, or None where it is watched."""
    last_at = node.series.at(node.end)
    per_day = float(node.counts.expected[-DAY_H:].sum()) if node.counts else None
    if now - last_at > STALE_AFTER_H * HOUR:
        why = Why.NO_DATA
        text = f"Nothing is known of {node.scope} after {last_at.day} {last_at:%b %H:%M} UTC: our own events have stopped arriving."
    elif per_day is None:
        why = Why.TOO_NEW
        text = f"{node.scope} is too new to monitor: two weeks of history are needed before anything can be expected."
    elif per_day < thresholds.least_expected_per_day:
        why = Why.TOO_SMALL
        text = (
            f"{node.scope} is not monitorable at this size: about {per_day:.0f} payments a day are expected,"
            f" and below {thresholds.least_expected_per_day:.0f} a drop looks like chance."
        )
    else:
        return None
    return Unmonitored(partner=node.partner.id, currency=node.currency, scope=node.scope, why=why, text=text)
