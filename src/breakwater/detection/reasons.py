"""Why payments are declined: the reason whose share grew, if one stands out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from breakwater.model.per_cent import per_cent

LEAST_DECLINES = 10  # since then; fewer have no shares
GREW_BY = 0.15  # of all declines


class ReasonCounts(TypedDict):
    """How often a reason was given before and since."""

    reason: str
    before: int
    after: int


def shifted(counts: Sequence[ReasonCounts]) -> str:
    """A sentence about the reason whose share of the declines grew most; '' if no share grew by much."""
    before, after = sum(c["before"] for c in counts), sum(c["after"] for c in counts)
    if after < LEAST_DECLINES or not before:
        return ""
    grew, most = max(((c["after"] / after - c["before"] / before, c) for c in counts), key=lambda pair: (pair[0], pair[1]["reason"]))
    if grew < GREW_BY:
        return ""
    now, then = per_cent(most["after"] / after), per_cent(most["before"] / before)
    return f"'{most['reason']}' is now the reason of {now} of the declines, {then} before."
