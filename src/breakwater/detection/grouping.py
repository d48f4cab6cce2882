"""One finding per incident: each currency of a partner first, the whole partner only if what is left is surprising too."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime

from breakwater.detection.nodes import Node, Unmonitored, Why, currency_nodes, together, unmonitored
from breakwater.detection.series import HourlySeries
from breakwater.detection.surprise import Surprise, Thresholds
from breakwater.detection.words import traffic_finding
from breakwater.model.findings import Finding, FindingKind, FindingState
from breakwater.model.partners import Partner

TRAFFIC_KINDS = (FindingKind.VOLUME_DROP, FindingKind.VOLUME_SPIKE, FindingKind.APPROVAL_DROP)
DEFAULT_THRESHOLDS = Thresholds()


@dataclass(frozen=True, kw_only=True)
class TrafficPass:
    """What one hourly pass over a partner's payments says, and what it could not look at."""

    findings: tuple[Finding, ...]
    unmonitored: tuple[Unmonitored, ...]


def traffic_findings(
    partner: Partner,
    *,
    series: Sequence[HourlySeries],
    now: datetime,
    open_findings: Iterable[Finding] = (),
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
) -> TrafficPass:
    """Drops, spikes and approval drops of one partner at the last complete hour before `now`.

    `open_findings` are those of earlier passes that have not recovered: the same anomaly keeps its id and its beginning.
    """
    nodes = currency_nodes(partner, series=series, now=now)
    blind = {node: why for node in nodes if (why := unmonitored(node, now=now, thresholds=thresholds))}
    seeing = [node for node in nodes if node not in blind or blind[node].why is not Why.NO_DATA]
    whole = together(seeing) if len(seeing) > 1 else None
    found: list[Finding] = []
    for kind in TRAFFIC_KINDS:
        earlier = [f for f in open_findings if f.partner == partner.id and f.kind is kind and f.state is FindingState.OPEN]
        struck = _Pass(kind, seeing, whole, {f.currency for f in earlier}, thresholds).struck()
        found += _findings(kind, struck=struck, earlier=earlier, now=now, thresholds=thresholds)
    return TrafficPass(findings=tuple(found), unmonitored=tuple(blind.values()))


@dataclass(frozen=True)
class _Pass:
    """One kind of anomaly asked of all nodes of a partner."""

    kind: FindingKind
    nodes: Sequence[Node]
    whole: Node | None
    open_currencies: Set[str | None]
    thresholds: Thresholds

    def struck(self) -> list[tuple[Node, Surprise]]:
        """The narrowest nodes that explain what strays, the most surprising first."""
        singly = [(node, surprise) for node in self.nodes if (surprise := self._ask(node))]
        if self.whole and self._is_everywhere(singly) and (surprise := self._ask(self.whole)):
            return [(self.whole, surprise)]
        return sorted(singly, key=lambda found: -found[1].score)

    def _is_everywhere(self, singly: Sequence[tuple[Node, Surprise]]) -> bool:
        """Whether the currencies that were not struck by themselves stray too, taken together, or are too small to contradict."""
        struck = {node for node, _ in singly}
        rest = [node for node in self.nodes if node not in struck]
        if not struck:
            return True
        if not rest:
            return len(struck) > 1
        remainder = together(rest)
        began_at = min(node.series.at(surprise.first) for node, surprise in singly)
        can_tell = remainder.expected_since(began_at) >= self.thresholds.least_expected_per_day
        return self._ask(remainder) is not None if can_tell else len(struck) > 1

    def _ask(self, node: Node) -> Surprise | None:
        open_already = not self.open_currencies.isdisjoint({node.currency, None})
        return node.surprise(self.kind, thresholds=self.thresholds, open_already=open_already)


def _findings(
    kind: FindingKind, *, struck: Sequence[tuple[Node, Surprise]], earlier: Sequence[Finding], now: datetime, thresholds: Thresholds
) -> list[Finding]:
    """The struck nodes as findings; one that continues an earlier finding keeps its id and its beginning."""
    found, left = [], list(earlier)
    for node, surprise in sorted(struck, key=lambda s: s[0].currency not in {f.currency for f in earlier}):
        before = _continued(node, left)
        if before:
            left.remove(before)
        since = before.since if before else node.series.at(surprise.first)
        worth_minor = _worth_minor(node, kind=kind, since=since)
        if worth_minor and all(minor < thresholds.least_minor.get(currency, 0) for currency, minor in worth_minor.items()):
            continue
        found.append(
            traffic_finding(
                kind,
                node=node,
                finding_id=before.id if before else finding_id(kind, node.partner.id, node.currency or "*", since.isoformat()),
                since=since,
                found_at=(before.found_at if before else None) or now,
                worth_minor=worth_minor,
            )
        )
    return found


def _continued(node: Node, earlier: Sequence[Finding]) -> Finding | None:
    """The earlier finding that this node carries on: of the same currency, else one that is wider or narrower."""
    same = [f for f in earlier if f.currency == node.currency]
    wider = [f for f in earlier if f.currency is None or node.currency is None]
    return min(same or wider, key=lambda f: f.since, default=None)


def _worth_minor(node: Node, *, kind: FindingKind, since: datetime) -> dict[str, int]:
    """What has strayed since then, by currency, in minor units."""
    worth = {part.currency or "": part.worth_minor(part.strayed(kind, since=since), kind=kind) for part in node.parts or (node,)}
    return {currency: minor for currency, minor in worth.items() if minor}


def finding_id(kind: FindingKind | str, *parts: str) -> str:
    """The stable name of a finding, from what makes it this one."""
    return f"F-{hashlib.sha256('|'.join((kind, *parts)).encode()).hexdigest()[:10].upper()}"


def recovered(
    open_findings: Iterable[Finding], *, fresh: Collection[Finding], unmonitored: Iterable[Unmonitored] = ()
) -> tuple[Finding, ...]:
    """The open findings that a fresh pass no longer shows, marked as recovered. Hand in those of the partners it looked at, no others.

    Not recovered is what a wider fresh finding covers, and a series that could not be looked at.
    """
    shown = {f.id for f in fresh}
    wide = {(f.partner, f.kind) for f in fresh if f.kind in TRAFFIC_KINDS and f.currency is None}
    blind = {(u.partner, u.currency) for u in unmonitored}

    def is_over(finding: Finding) -> bool:
        if finding.state is not FindingState.OPEN or finding.id in shown:
            return False
        if finding.kind not in TRAFFIC_KINDS:
            return True
        return (finding.partner, finding.kind) not in wide and (finding.partner, finding.currency) not in blind

    return tuple(replace(f, state=FindingState.RECOVERED) for f in open_findings if is_over(f))
