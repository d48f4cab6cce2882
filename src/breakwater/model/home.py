"""App Home: what one person finds there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from breakwater.model.ageing import AgedBreak
from breakwater.model.files import PartnerFiles
from breakwater.model.incidents import Incident
from breakwater.model.runs import PartnerReconciliation


@dataclass(frozen=True, kw_only=True)
class HomePage:
    """What one person finds in App Home at a moment.

    `mine` are the first of their `mine_count` active breaks; `waiting` the first of the `waiting_count` proposals they may approve or
    decline, `out_of_reach` those of others that exceed their limit. `is_approver` is False for who can't approve anything.
    """

    at: datetime
    mine: tuple[AgedBreak, ...]
    mine_count: int
    is_approver: bool
    waiting: tuple[AgedBreak, ...]
    waiting_count: int
    out_of_reach: int
    partners: tuple[PartnerReconciliation, ...]
    incidents: tuple[Incident, ...]
    files: tuple[PartnerFiles, ...]
