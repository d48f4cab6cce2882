"""Known noise: rules are added and ended by approvers, and the breaks follow them, there and back."""

from __future__ import annotations

import base64
import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from breakwater.errors import NotFoundError, RefusedError
from breakwater.model import breaks as moves
from breakwater.model.access import INTERNAL, SYSTEM, Actor, Permission, require
from breakwater.model.breaks import Break, BreakKind
from breakwater.model.noise import NoiseRule, complaint, require_within_limit, suppressed
from breakwater.model.partners import Partner
from breakwater.model.proposals import Authority
from breakwater.model.runs import NO_BREAKS, BreakFigure
from breakwater.steps.breaks import refresh_cards
from breakwater.steps.hushing import rules_in_force
from breakwater.store import noise, outbox, writes, writes_noise
from breakwater.store.database import Database
from breakwater.store.outbox import Kind
from breakwater.views import noise as views
from breakwater.views.blocks import Message

ENDED_SHOWN_DAYS = 30


@dataclass(frozen=True, kw_only=True)
class NoiseDraft:
    """A rule as somebody filled it in; `key` names the form, so that one sent twice makes one rule."""

    key: str
    partner: str
    currency: str
    most_minor: int
    reason: str
    expires_on: date
    kind: BreakKind | None = None
    pattern: str = ""


def add_rule(tx: Connection, *, actor: Actor, draft: NoiseDraft, authority: Authority, partner: Partner, now: datetime) -> NoiseRule:
    """Have known noise suppressed: by an approver, within their limit for write-offs, until a day."""
    require(actor, Permission.SUPPRESS_NOISE)
    rule = NoiseRule(
        id=f"N-{base64.b32encode(hashlib.sha256(draft.key.encode()).digest()).decode()[:8]}",
        partner=draft.partner,
        currency=draft.currency,
        most_minor=draft.most_minor,
        limit_minor=authority.limit_minor(actor.role, draft.currency),
        reason=draft.reason,
        owner_id=actor.id,
        made_at=now,
        expires_on=draft.expires_on,
        kind=draft.kind,
        pattern=draft.pattern,
    )
    if wrong := complaint(rule, today=now.astimezone(partner.time_zone).date()):
        raise RefusedError(wrong, remedy="Nothing was changed.")
    require_within_limit(rule, actor=actor)
    if writes_noise.insert_rule(tx, rule, actor=actor, now=now):
        follow_rules(tx, partner=partner, now=now)
        figure = noise.figures(tx, partners=[partner.id]).get(rule.id, NO_BREAKS)
        _post(tx, views.added(rule, figure, partner_name=partner.name), key=f"noise:{rule.id}:added", partner=partner, now=now)
    return rule


def end_rule(tx: Connection, *, actor: Actor, rule_id: str, partners: Mapping[str, Partner], now: datetime) -> NoiseRule:
    """End a rule before its time; what it suppressed is back at once."""
    require(actor, Permission.SUPPRESS_NOISE)
    rule = noise.rule_by_id(tx, rule_id.strip().upper())
    if rule is None or rule.partner not in partners:
        raise NotFoundError(f"There is no rule {rule_id[:20]}.", remedy="List them with `/recon noise`.")
    if not writes_noise.end_rule(tx, rule, actor=actor, now=now):
        raise RefusedError(f"{rule.id} was already ended{f' by <@{rule.ended_by}>' if rule.ended_by else ''}.")
    follow_rules(tx, partner=partners[rule.partner], now=now)
    return rule


def keep_following(database: Database, *, partners: Mapping[str, Partner], now: datetime) -> int:
    """What the rules say today, for every partner; how many breaks changed sides. Rules expire, and breaks grow beyond them."""
    changed = 0
    with database.reading() as tx:
        concerned = {rule.partner for rule in noise.rules(tx, partners=partners)} | noise.partners_with_suppressed(tx)
    for partner in (p for p in partners.values() if p.id in concerned):
        with database.transaction() as tx:
            changed += follow_rules(tx, partner=partner, now=now)
    return changed


def follow_rules(tx: Connection, *, partner: Partner, now: datetime) -> int:
    """Suppress what the partner's rules cover, and bring back what they no longer do: cards show it, and the channel hears of it."""
    rules = rules_in_force(tx, partner=partner, now=now)
    here = {b.id: b for b in noise.suppressed_breaks(tx, partner=partner.id)}
    here |= {b.id: b for b in noise.candidates(tx, rules)} if rules else {}
    by_rule = suppressed(here.values(), rules)
    changes = [(was, moves.suppress(was, by_rule=by_rule.get(was.id))) for was in here.values() if was.suppressed_by != by_rule.get(was.id)]
    named = [(was, brk, "suppress" if brk.suppressed_by else "bring_back") for was, brk in changes]
    stale = {b.id for b in writes.save_breaks(tx, named, actor=SYSTEM, now=now)}  # somebody took them meanwhile
    done = [(was, brk) for was, brk in changes if brk.id not in stale]
    for _, brk in done:
        refresh_cards(tx, brk, partner=partner, now=now)
    _tell_what_is_back(tx, [(was, brk) for was, brk in done if brk.suppressed_by is None], partner=partner, now=now)
    return len(done)


def standing(tx: Connection, *, partners: Mapping[str, Partner], now: datetime) -> list[tuple[NoiseRule, BreakFigure, bool]]:
    """The rules of these partners with what each suppresses and whether it is in force; those of the last weeks that are over too."""
    figures = noise.figures(tx, partners=partners)
    oldest = now - timedelta(days=ENDED_SHOWN_DAYS)
    return [
        (rule, figures.get(rule.id, NO_BREAKS), is_in_force)
        for rule in noise.rules(tx, partners=partners, ended_since=oldest)
        for is_in_force in [rule.in_force(now.astimezone(partners[rule.partner].time_zone).date())]
        if is_in_force or rule.expires_on >= oldest.date()
    ]


def _tell_what_is_back(tx: Connection, back: list[tuple[Break, Break]], *, partner: Partner, now: datetime) -> None:
    by_rule: dict[str, list[Break]] = defaultdict(list)
    for was, brk in back:
        by_rule[was.suppressed_by or ""].append(brk)
    for rule_id, breaks in sorted(by_rule.items()):
        if rule := noise.rule_by_id(tx, rule_id):
            message = views.back(rule, breaks, partner_name=partner.name)
            _post(tx, message, key=f"noise:{rule.id}:back:{now.isoformat()}", partner=partner, now=now)


def _post(tx: Connection, message: Message, *, key: str, partner: Partner, now: datetime) -> None:
    for channel in partner.internal_channels[:1]:
        outbox.enqueue(tx, key=key, kind=Kind.POST, audience=INTERNAL, channel=channel, payload=message.payload(), now=now)
