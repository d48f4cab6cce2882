"""What people's answers to findings are about: cells that learn together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from breakwater.model.findings import Finding, FindingKind

_DETECTORS: Mapping[FindingKind, tuple[str, str]] = {
    FindingKind.VOLUME_DROP: ("drop", "volume"),
    FindingKind.VOLUME_SPIKE: ("rise", "volume"),
    FindingKind.APPROVAL_DROP: ("decline", "decline_rate"),
    FindingKind.TICKET_UP: ("dearer", "amount"),
    FindingKind.TICKET_DOWN: ("cheaper", "amount"),
    FindingKind.FILE_TRUNCATED: ("truncated", "rows"),
    FindingKind.FILE_LATE: ("deadline", "arrival"),
    FindingKind.FILE_MISSING: ("deadline", "arrival"),
    FindingKind.FILE_DUPLICATE: ("copy", "content"),
    FindingKind.FILE_GAP: ("gap", "numbers"),
    FindingKind.FILE_CHANGED: ("changed", "fields"),
    FindingKind.STATE_BELOW: ("threshold", "state"),
    FindingKind.DECLINE_REASONS: ("reasons", "declines"),
    FindingKind.REFUNDS_UP: ("refunds", "count"),
    FindingKind.CHARGEBACKS_UP: ("chargebacks", "count"),
    FindingKind.FEE_DRIFT: ("fees", "level"),
    FindingKind.RATE_DRIFT: ("rates", "level"),
    FindingKind.SETTLEMENT_SLOW: ("settlement", "level"),
    FindingKind.BREAK_RATE_UP: ("breaks", "level"),
}
FACTS = frozenset({"deadline", "copy", "gap", "threshold"})  # detectors that estimate nothing: there is no bar to raise
PROMISED = 0.8  # the share of findings worth reading that answers bring a cell back to


@dataclass(frozen=True, kw_only=True, order=True)
class Cell:
    """What learns together: a detector, the level of its scope (such as 'partner, currency') and a metric."""

    detector: str
    level: str
    metric: str


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What somebody said of a finding, as a trial of its cell: useful or not."""

    finding_id: str
    cell: Cell
    useful: bool
    said_by: str
    said_at: datetime


def detector_of(kind: FindingKind) -> str:
    """The detector of a kind of findings."""
    return _DETECTORS[kind][0]


def learns(kind: FindingKind) -> bool:
    """Whether what people say of such findings can make them surer; what is a fact is told whatever they say."""
    return detector_of(kind) not in FACTS


def cell_of(found: Finding) -> Cell:
    """The cell that an answer to this finding teaches."""
    detector, metric = _DETECTORS[found.kind]
    return Cell(detector=detector, level=found.level, metric=metric)
