"""The scheduled summary: composed once, put in the outbox once, whoever's clock ticks first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from breakwater.detection import feedback
from breakwater.detection import files as file_clock
from breakwater.model.access import INTERNAL, person_audience
from breakwater.model.digests import ALL, METRIC_OF, Digest, LearntLine, Metric, PartnerVolume, Record, Subscription
from breakwater.model.findings import SEVERAL, Finding
from breakwater.model.partners import FileDue, Partner
from breakwater.model.unknown_codes import UnknownCode
from breakwater.steps.causes import standings
from breakwater.steps.detect import MOST_OPEN_FINDINGS, daily_volumes, late_files
from breakwater.steps.reconcile import state_of
from breakwater.steps.traffic import Traffic
from breakwater.store import break_lists, claims, learning, outbox, reads, subscriptions
from breakwater.store.database import Database
from breakwater.store.outbox import Kind, Priority
from breakwater.views import digests as digest_views

DUE_WITHIN = timedelta(hours=24)
RECORD_DAYS = 30
UNKNOWN_WITHIN = timedelta(days=1)  # of the first digest of a subscription
MOST_WAITING = 1_000


def post(
    database: Database,
    traffic: Traffic,
    *,
    subscription: Subscription,
    scheduled_at: datetime,
    partners: Mapping[str, Partner],
    now: datetime,
) -> bool:
    """Put the digest due at `scheduled_at` into the outbox; False if somebody already did.

    Claim and message are one transaction: a crash before its end leaves both to the next tick.
    """
    job = f"digest:{subscription.id}"
    with database.reading() as tx:
        if claims.is_taken(tx, job=job, scheduled_at=scheduled_at):
            return False  # every tick asks again for hours, and the volumes are read from the whole lake
        before = subscriptions.last_told(tx, subscription.id)
    chosen = subscribed(subscription, partners)
    measured = [p for p in chosen if not p.is_former]
    volumes = daily_volumes(traffic, partners=measured, now=now) if subscription.is_about(Metric.VOLUME) else []
    unknown = traffic.unknown_codes(since=before.scheduled_at if before else scheduled_at - UNKNOWN_WITHIN)
    key = f"{job}:{scheduled_at.isoformat()}"
    with database.transaction() as tx:
        if not claims.claim(tx, job=job, scheduled_at=scheduled_at, now=now):
            return False
        digest = compose(
            tx, subscription=subscription, scheduled_at=scheduled_at, partners=chosen, volumes=volumes, now=now, unknown=unknown
        )
        subscriptions.note_told(tx, subscription.id, digest.told())
        return outbox.enqueue(
            tx,
            key=key,
            kind=Kind.POST,
            audience=person_audience(subscription.person) if subscription.person else INTERNAL,
            channel=subscription.channel,
            payload=digest_views.digest(digest).payload(),
            priority=Priority.DIGEST,
            now=now,
        )


def compose(
    tx: Connection,
    *,
    subscription: Subscription,
    scheduled_at: datetime,
    partners: Sequence[Partner],
    volumes: Sequence[PartnerVolume],
    now: datetime,
    unknown: Sequence[UnknownCode] = (),
) -> Digest:
    """What the digest says at this moment."""
    names = {p.id for p in partners}
    before = subscriptions.last_told(tx, subscription.id)
    chosen = _chosen(reads.findings(tx, limit=MOST_OPEN_FINDINGS), subscription, names=names)
    shown = [f for f in chosen if subscription.wants(f)]
    over = learning.ended_findings(tx, since=before.scheduled_at) if before else []
    about_breaks, about_files = subscription.is_about(Metric.BREAKS), subscription.is_about(Metric.FILES)
    states = [
        state_of(tx, partner=p, today=p.business_date(now), late_files=late_files(tx, partner=p, now=now) if about_files else ())
        for p in (partners if about_breaks or about_files else ())
    ]
    measured = [p for p in partners if about_breaks and not p.is_former]
    return Digest(
        subscription_id=subscription.id,
        scheduled_at=scheduled_at,
        time_zone=subscription.time_zone,
        partners=tuple(s for s in states if not s.is_settled),
        findings=tuple(shown),
        incidents=tuple(i for i in reads.incidents(tx, open_only=True) if i.partner in names)
        if subscription.is_about(Metric.INCIDENTS)
        else (),
        volumes=tuple(volumes),
        standings={p.id: tuple(standings(tx, partner=p.id, today=p.business_date(now))) for p in measured},
        due=tuple(_due(partners, now=now)) if about_files else (),
        waiting=tuple(break_lists.proposed(tx, partners=names, limit=MOST_WAITING)) if about_breaks else (),
        learnt=tuple(_learnt(tx, since=before.scheduled_at if before else scheduled_at - timedelta(days=RECORD_DAYS))),
        record=Record(**dict(zip(("told", "useful", "false"), learning.record(tx, since=now - timedelta(days=RECORD_DAYS)), strict=True))),
        before=before,
        over=tuple(_chosen(over, subscription, names=names)),
        left_out=len(chosen) - len(shown),
        unknown_codes=tuple(code for code in unknown if code.partner in names),
    )


def open_findings(tx: Connection, *, subscription: Subscription, partners: Mapping[str, Partner]) -> list[Finding]:
    """Every open finding a subscription is about, whatever it is worth: what the file beside a digest holds."""
    names = {p.id for p in subscribed(subscription, partners)}
    return _chosen(reads.findings(tx, limit=MOST_OPEN_FINDINGS), subscription, names=names)


def subscribed(subscription: Subscription, partners: Mapping[str, Partner]) -> list[Partner]:
    """The partners a subscription is about and the legs that begin or end at them, in the order of the configuration."""
    asked = {*subscription.partners}
    return [p for p in partners.values() if asked & {ALL, p.id, *(p.leg.between if p.leg else ())}]


def _chosen(findings: Sequence[Finding], subscription: Subscription, *, names: set[str]) -> list[Finding]:
    """The findings a subscription is about: of its partners, or of several at once, and of its metrics; the dearest first."""
    mine = [f for f in findings if f.partner in (*names, SEVERAL) and subscription.is_about(METRIC_OF[f.kind])]
    return sorted(mine, key=lambda f: (not f.is_outage, -(f.at_risk_minor or 0), f.since, f.id))


def _due(partners: Sequence[Partner], *, now: datetime) -> list[FileDue]:
    """The files that are due within a day, the next one first."""
    due = [file_clock.next_due(partner, stream, now=now) for partner in partners for stream in partner.files]
    return sorted((d for d in due if d.due_at <= now + DUE_WITHIN), key=lambda d: (d.due_at, d.partner, d.stream))


def _learnt(tx: Connection, *, since: datetime) -> list[LearntLine]:
    """The cells of which people said something since then, as they stand now."""
    answers = learning.answers(tx)
    fresh = {answer.cell for answer in answers if answer.said_at >= since}
    return [
        LearntLine(cell=one.cell, useful=one.useful, false=one.false, precision=one.precision, caution=one.caution)
        for one in feedback.learnt(answers)
        if one.cell in fresh
    ]
