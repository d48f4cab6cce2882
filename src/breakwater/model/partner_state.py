"""The state of a partner: whole figures per currency and business date, and the shares that follow from them. No float touches either."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from breakwater.model.causes import Cause

AFTER_DAYS = (1, 2, 4)  # business days after which we ask how much is explained
MILLION = 1_000_000


class Measure(StrEnum):
    """What is measured of a partner."""

    CLEARING = "clearing"
    TIMELINESS = "timeliness"
    COMPLETENESS = "completeness"
    EXPLAINED_1 = "explained_1"
    EXPLAINED_2 = "explained_2"
    EXPLAINED_4 = "explained_4"
    MATCHED_BY_VALUE = "matched_by_value"
    MATCHED_BY_COUNT = "matched_by_count"


@dataclass(frozen=True)
class Share:
    """A part of a whole, exactly: minor units, or records."""

    part: int
    whole: int

    def is_below(self, threshold_ppm: int) -> bool:
        """True if it is less than so many millionths; a share of nothing is below nothing."""
        return self.part * MILLION < threshold_ppm * self.whole


@dataclass(frozen=True, kw_only=True)
class PartnerState:
    """What a run says of a partner's records of the last 90 days in one currency. `…_minor` sums absolute amounts of both sides.

    A record is due when it is not pending. `unresolved` are in active breaks, `missing` in breaks of kind missing_at_partner and
    missing_in_ledger, `matched_late` are matched now but were in a break before. `explained_minor` and `dated_minor` are, for each n of
    AFTER_DAYS, about the records dated n business days before: those that are explained, and all of them.
    """

    partner: str
    currency: str
    business_date: date
    run_id: str
    due_rows: int
    due_minor: int
    matched_rows: int
    matched_minor: int
    matched_late_minor: int
    unresolved_minor: int
    missing_minor: int
    explained_minor: tuple[int, ...]
    dated_minor: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a partner stands in one currency as of a business date, and a business date before it; `due_minor` is the value due.

    Each share names its own whole: what is explained is a share of what was so many business days old when a run looked, summed over
    the runs of 90 days, and not of the value due.
    """

    currency: str
    business_date: date
    due_minor: int
    shares: Mapping[Measure, Share]
    before: Mapping[Measure, Share]
    trend: tuple[tuple[date, Share], ...] = ()
    """Clearing by business date, oldest first."""


@dataclass(frozen=True, kw_only=True)
class Reasons:
    """What `/recon` says beside the figures of a partner: the causes of its breaks, the one that explains most first, and how it stands in
    each currency, the one with most value due first. `alone` are the active breaks under no cause."""

    causes: tuple[Cause, ...] = ()
    standings: tuple[Standing, ...] = ()
    alone: int = 0
