"""New breaks that a rule calls known noise are noise from the start: no card is posted for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from breakwater.model.breaks import Break
from breakwater.model.noise import NoiseRule, suppressed
from breakwater.model.partners import Partner
from breakwater.store import noise


def hush_new(tx: Connection, new: Sequence[Break], *, partner: Partner, now: datetime) -> list[Break]:
    """The new breaks of a partner, those that a rule covers marked as suppressed."""
    rules = rules_in_force(tx, partner=partner, now=now)
    if not rules:
        return list(new)
    figures = noise.figures(tx, partners=[partner.id])
    by_rule = suppressed(new, rules, used_minor={rule: sum(f.value_minor.values()) for rule, f in figures.items()})
    return [replace(b, suppressed_by=by_rule.get(b.id)) for b in new]


def rules_in_force(tx: Connection, *, partner: Partner, now: datetime) -> list[NoiseRule]:
    """The partner's rules that count today, by its own date."""
    today = now.astimezone(partner.time_zone).date()
    return [rule for rule in noise.rules(tx, partners=[partner.id]) if rule.in_force(today)]
