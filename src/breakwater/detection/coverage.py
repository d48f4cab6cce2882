"""What no alert can be promised for, said aloud: series too new, too small, or of which nothing is known any more."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import numpy as np

from breakwater.detection.live import Live
from breakwater.detection.panel import Bools
from breakwater.detection.series import DAY_H, HOUR
from breakwater.model.findings import Unmonitored
from breakwater.model.partners import Partner

LEAST_PER_DAY = 30.0  # payments; below it a drop looks like chance
STALE_AFTER_H = 24


def unmonitored(live: Live | None, *, partners: Mapping[str, Partner], now: datetime) -> list[Unmonitored]:
    """One sentence for each partner, or segment of one, for which no alert can be promised."""
    if live is None:
        return [Unmonitored(partner=None, text="No payments are known yet, so nothing can be said of volumes and approvals.")]
    ended_at = live.panel.at(live.until)
    if now - ended_at > STALE_AFTER_H * HOUR:
        since = f"{ended_at.day} {ended_at:%b %H:%M} UTC"
        text = f"Nothing is known of any payment after {since}: our own events have stopped arriving."
        return [Unmonitored(partner=None, text=text)]
    said = []
    for partner in partners.values():
        rows = live.rows_of(partner.id)
        if len(rows):
            said += [Unmonitored(partner=partner.id, text=text) for text in _of_partner(partner, live, rows.tolist())]
    return said


def _of_partner(partner: Partner, live: Live, rows: list[int]) -> list[str]:
    """A partner whose payments together are too few is said once; one that is watched names its segments that are not."""
    day = slice(max(0, live.until - DAY_H), live.until)
    per_day = np.nan_to_num(live.watch.past.expected[rows, day]).sum(1)
    known: Bools = live.watch.past.known[rows, live.until - 1]
    if not known.any():
        return [f"{partner.name} is too new to monitor: ten days of payments are needed before anything can be expected."]
    if per_day.sum() < LEAST_PER_DAY:
        return [f"{partner.name} is not monitorable at this size: {_few(per_day.sum())}"]
    said = []
    for row, expected, is_known in zip(rows, per_day.tolist(), known.tolist(), strict=True):
        where = " · ".join(value for _, value in live.panel.segments[row].scope())
        if not is_known:
            said.append(f"{where} is too new to be monitored by itself.")
        elif expected < LEAST_PER_DAY and len(rows) > 1:
            said.append(
                f"{where} is not monitorable at this size: {_few(expected)} It is watched together with the rest of {partner.name}."
            )
    return said


def _few(per_day: float) -> str:
    return f"about {per_day:.0f} payments a day are expected, and below {LEAST_PER_DAY:.0f} a drop looks like chance."
