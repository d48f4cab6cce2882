"""Shares as people read them, the same everywhere."""

from __future__ import annotations


def per_cent(share: float, *, decimals: int = 0) -> str:
    """A share of one in per cent, like '64 %'."""
    return f"{100 * share:.{decimals}f} %"
