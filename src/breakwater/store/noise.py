"""Rules for known noise, and what they suppress."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, false, func, or_, select

from breakwater.model.breaks import ACTIVE, Break, BreakKind, BreakState
from breakwater.model.noise import NoiseRule
from breakwater.model.runs import NO_BREAKS, BreakFigure
from breakwater.store.rows import break_of
from breakwater.store.sums import halves, whole
from breakwater.store.tables.breaks import breaks, noise_rule


def rules(tx: Connection, *, partners: Iterable[str], ended_since: datetime | None = None) -> list[NoiseRule]:
    """The rules of these partners that nobody has ended, the oldest first; with `ended_since`, also those ended from then on."""
    still_there = noise_rule.c.ended_at.is_(None)
    is_wanted = still_there if ended_since is None else or_(still_there, noise_rule.c.ended_at >= ended_since)
    query = select(noise_rule).where(noise_rule.c.partner.in_(sorted(partners)), is_wanted)
    return [_rule(row) for row in tx.execute(query.order_by(noise_rule.c.made_at, noise_rule.c.id)).mappings()]


def rule_by_id(tx: Connection, rule_id: str) -> NoiseRule | None:
    """The rule with this id."""
    row = tx.execute(select(noise_rule).where(noise_rule.c.id == rule_id)).mappings().first()
    return _rule(row) if row else None


def figures(tx: Connection, *, partners: Iterable[str]) -> dict[str, BreakFigure]:
    """What each rule suppresses now: count and value per currency, by its id."""
    groups = (breaks.c.suppressed_by, breaks.c.currency)
    here = (breaks.c.suppressed_by.is_not(None), breaks.c.partner.in_(sorted(partners)), breaks.c.state.in_(sorted(map(str, ACTIVE))))
    found: dict[str, BreakFigure] = {}
    for rule_id, currency, count, *value in tx.execute(
        select(*groups, func.count(), *halves(breaks.c.amount_minor)).where(*here).group_by(*groups).order_by(*groups)
    ):
        before = found.get(rule_id, NO_BREAKS)
        found[rule_id] = BreakFigure(count=before.count + count, value_minor={**before.value_minor, currency: whole(*value)})
    return found


def partners_with_suppressed(tx: Connection) -> set[str]:
    """The partners of whom anything is suppressed now."""
    return set(tx.scalars(select(breaks.c.partner).where(breaks.c.suppressed_by.is_not(None)).distinct()))


def suppressed_breaks(tx: Connection, *, partner: str) -> list[Break]:
    """The partner's breaks that are suppressed now."""
    query = select(breaks).where(breaks.c.suppressed_by.is_not(None), breaks.c.partner == partner).order_by(breaks.c.id)
    return [break_of(row) for row in tx.execute(query).mappings()]


def candidates(tx: Connection, given: Sequence[NoiseRule]) -> list[Break]:
    """Open breaks that nobody has and that may be what one of the rules describes; their references are not looked at."""
    described = or_(false(), *(_described(rule) for rule in given))
    query = select(breaks).where(breaks.c.state == str(BreakState.OPEN), breaks.c.owner_id.is_(None), described)
    return [break_of(row) for row in tx.execute(query.order_by(breaks.c.id)).mappings()]


def _described(rule: NoiseRule) -> Any:
    fits = (breaks.c.partner == rule.partner, breaks.c.currency == rule.currency, breaks.c.amount_minor <= rule.most_minor)
    return and_(*fits, breaks.c.kind == str(rule.kind)) if rule.kind else and_(*fits)


def _rule(row: Mapping[Any, Any]) -> NoiseRule:
    return NoiseRule(**{**row, "kind": BreakKind(row["kind"]) if row["kind"] else None})
