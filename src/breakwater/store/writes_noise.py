"""Changes to the rules for known noise, each with its audit row. Only steps call this."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Connection, update

from breakwater.model.access import Actor
from breakwater.model.noise import NoiseRule
from breakwater.store import audit
from breakwater.store.statements import insert_new
from breakwater.store.tables.breaks import noise_rule


def insert_rule(tx: Connection, rule: NoiseRule, *, actor: Actor, now: datetime) -> bool:
    """Keep a new rule. False, and no change, if it is there already: a form that was sent twice."""
    row = {**asdict(rule), "kind": str(rule.kind) if rule.kind else None}
    if not insert_new(tx, noise_rule, row):
        return False
    told = ("partner", "kind", "pattern", "currency", "most_minor", "limit_minor", "reason")
    detail = {name: row[name] for name in told} | {"expires_on": rule.expires_on.isoformat()}
    _note(tx, rule, "noise_rule_added", detail, actor=actor, now=now)
    return True


def end_rule(tx: Connection, rule: NoiseRule, *, actor: Actor, now: datetime) -> bool:
    """End a rule before its time. False, and no change, if somebody has."""
    same = (noise_rule.c.id == rule.id, noise_rule.c.ended_at.is_(None))
    if tx.execute(update(noise_rule).where(*same).values(ended_by=actor.id, ended_at=now)).rowcount == 0:
        return False
    _note(tx, rule, "noise_rule_ended", {"partner": rule.partner}, actor=actor, now=now)
    return True


def _note(tx: Connection, rule: NoiseRule, action: str, detail: dict[str, object], *, actor: Actor, now: datetime) -> None:
    audit.append(tx, at=now, actor_id=actor.id, action=action, about_kind="noise_rule", about_id=rule.id, detail=detail)
