"""Sums over the windows that end at an hour, for every segment: what came, and what should have come."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from breakwater.detection.evidence import WINDOWS_H, Sums
from breakwater.detection.forecast import Past
from breakwater.detection.panel import Bools, Panel
from breakwater.detection.series import Floats

LONGEST_H = max(WINDOWS_H)


def window_sums(panel: Panel, past: Past, *, end: int, counts: Mapping[str, Bools]) -> Sums:
    """The windows of `WINDOWS_H` that end before hour `end`. `counts` says per metric which of the last hours count (segments × 72)."""
    columns = [LONGEST_H - w for w in WINDOWS_H]
    return _sums(panel, past, part=slice(end - LONGEST_H, end), counts=counts, columns=columns)


def span_sums(panel: Panel, past: Past, *, first: int, end: int, counts: Mapping[str, Bools]) -> Sums:
    """The one window from `first` to before `end`."""
    return _sums(panel, past, part=slice(first, end), counts=counts, columns=[0])


def _sums(panel: Panel, past: Past, *, part: slice, counts: Mapping[str, Bools], columns: list[int]) -> Sums:
    def back(values: Floats) -> Floats:
        return np.cumsum(values[:, ::-1], axis=1)[:, ::-1][:, columns]

    known = past.known[:, part]
    volume = counts["volume"] & known
    rate = counts["decline_rate"] & (past.decline[:, part] > 0)
    ticket_usual = past.ticket[:, part]
    attempts, declined, amount = panel.attempts[:, part], panel.declined[:, part], panel.amount_minor[:, part]
    approved = attempts - declined
    # Without a ticket to compare with, or anything approved, there is nothing to say about the amount.
    money = counts["amount"] & (ticket_usual > 0) & (approved > 0)
    expected = back(np.where(volume, past.expected[:, part], 0.0))
    doubted = back(np.where(volume, past.expected[:, part] * np.sqrt(past.doubt[:, part]), 0.0))
    return Sums(
        attempts=back(attempts * volume),
        expected=expected,
        doubt=(doubted / np.maximum(expected, 1e-9)) ** 2,
        tried=back(attempts * rate),
        declined=back(declined * rate),
        usual_declined=back(np.where(rate, attempts * past.decline[:, part], 0.0)),
        approved=back(approved * money),
        amount_minor=back(amount * money),
        usual_minor=back(np.where(money, approved * ticket_usual, 0.0)),
    )
