"""When a question has several answers, or none that is sure: a short list to choose from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Why(StrEnum):
    """Why there is a choice to be made."""

    SEVERAL = "several"  # the reference is on several payments
    NEAR = "near"  # nothing carries the reference, but something like it
    AMOUNT = "amount"  # asked by amount
    NEAR_DAY = "near_day"  # nothing of that amount on the day, but around it


@dataclass(frozen=True, kw_only=True)
class Hit:
    """One payment that may be meant. `reference` finds it; `sort` is the field it stands in."""

    reference: str
    sort: str
    partner: str
    amount_minor: int
    currency: str
    day: date


@dataclass(frozen=True, kw_only=True)
class Hits:
    """Payments that may be meant by `asked`, the most likely first; with `more`, others were left out."""

    asked: str
    why: Why
    hits: tuple[Hit, ...]
    more: bool = False
    note: str = ""
