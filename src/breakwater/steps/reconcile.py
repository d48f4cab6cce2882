"""A run: a partner's records against ours, and what it changes in the breaks people work on."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial

from sqlalchemy import Connection

from breakwater.errors import WorldError
from breakwater.lake.parts import Lake
from breakwater.model.access import INTERNAL, SYSTEM, Actor, Permission, require
from breakwater.model.breaks import Break, BreakKind, BreakState
from breakwater.model.calendar import AGE_BANDS, age_band
from breakwater.model.late_files import LateFile
from breakwater.model.partners import Partner
from breakwater.model.runs import ActiveFigure, AgeFigure, BreakFigure, PartnerReconciliation, Run, total_of
from breakwater.model.signoff import SignOffState
from breakwater.steps import causes
from breakwater.steps.by_hand import holding_now
from breakwater.steps.overtaken import TOLD_ONE_BY_ONE, tell_of_overtaken, tell_of_standing, whereabouts
from breakwater.steps.run_breaks import follow
from breakwater.steps.runs import Given, Rematch, Terms, WorkedOut, asked_for, given_now, input_key, work_out
from breakwater.store import audit, break_lists, by_hand, claims, noise, outbox, reads, signoffs, writes
from breakwater.store.database import Database
from breakwater.store.outbox import Kind, Priority
from breakwater.views.breaks import break_card
from breakwater.views.without_card import more_breaks

CARDS_PER_RUN = 5  # new breaks that get a card of their own; the others are counted below them


def reconcile(
    database: Database,
    lake: Lake,
    *,
    partner: Partner,
    terms: Terms,
    rematch: Rematch,
    as_of: date,
    now: datetime,
    asked_by: Actor | None = None,
) -> Run | None:
    """Match what changed in what the lake holds of `partner`, and bring its breaks up to date. None if nothing did since the last run.

    What counts as a change: other parts, another agreement, another match by hand, another as-of date. Where somebody asked for it,
    everything is matched, changed or not.

    A break seen before keeps its life; one that is explained now is closed; one that breaks again is opened again.
    """
    if asked_by:
        require(asked_by, Permission.RERUN)
    given = _given(database, lake, partner=partner, now=now)
    if not asked_by and given.last and given.last.input_key == input_key(given, terms=terms, partner=partner, as_of=as_of):
        return None
    if given.last and given.last.agreement != terms.agreement.name:
        with database.transaction() as tx:
            writes.rename_agreement(tx, partner=partner.id, was=given.last.agreement, to=terms.agreement.name, actor=SYSTEM, now=now)
    is_whole = asked_by is not None
    found = work_out(lake, given, partner=partner, terms=terms, rematch=rematch, as_of=as_of, now=now, whole=is_whole)
    if asked_by:
        found = asked_for(found, by=asked_by.id, now=now, is_restatement=False)
    found.keep(lake, given)
    explained = causes.look(database, lake, run=found.run, parts=given.parts, partner=partner, agreement=terms.agreement, now=now)
    with database.transaction() as tx:
        claims.one_at_a_time(tx, job=f"run:{partner.id}")
        current = reads.last_run(tx, partner=partner.id)
        held = [made.pair for made in by_hand.holding(tx, partner=partner.id)]
        if (current and current.id) != (given.last and given.last.id) or held != given.by_hand:
            return None  # another process finished a run, or people matched by hand meanwhile: the next tick looks again
        return _bring_in(tx, lake, found, explained, partner=partner, actor=asked_by or SYSTEM, now=now)


def restate(
    database: Database, lake: Lake, *, partner: Partner, terms: Terms, rematch: Rematch, as_of: date, now: datetime, asked_by: Actor
) -> Run:
    """Reconcile a past day again with what is known now. It lands as a run of its own and changes no break."""
    require(asked_by, Permission.RERUN)
    with database.reading() as tx:
        before = reads.last_run(tx, partner=partner.id, as_of=as_of)
    given = replace(_given(database, lake, partner=partner, now=now), last=before)
    found = work_out(lake, given, partner=partner, terms=terms, rematch=rematch, as_of=as_of, now=now, whole=True)
    found = asked_for(found, by=asked_by.id, now=now, is_restatement=True)
    found.keep(lake, given)
    with database.transaction() as tx:
        writes.save_run(tx, found.run, actor=asked_by, now=now)
        _audit_changes(tx, found, now=now)
    return found.run


def _given(database: Database, lake: Lake, *, partner: Partner, now: datetime) -> Given:
    """What a run starts from; matches made by hand that no longer hold fall first."""
    with database.reading() as tx:
        given = given_now(tx, lake, partner=partner)
    held = holding_now(database, lake, partner=partner, parts=given.parts, now=now)
    return replace(given, by_hand=[made.pair for made in held])


def _bring_in(
    tx: Connection, lake: Lake, found: WorkedOut, explained: causes.Explained, *, partner: Partner, actor: Actor, now: datetime
) -> Run:
    """Keep a run, and what it means for the breaks and their causes."""
    known = reads.breaks_of_agreement(tx, agreement=found.run.agreement)
    opening = frozenset(found.opening["fingerprint"].to_pylist())
    seen = found.breaks(partner=partner, now=now)
    explain = partial(whereabouts, lake, found.run.id, seen)
    followed = follow(tx, seen, known=known, opening=opening, explain=explain, partner=partner, now=now)
    opened, closed, reopened = (len(some) for some in (followed.opened, followed.closed, followed.reopened))
    run = replace(found.run, changes=replace(found.run.changes, opened=opened, closed=closed, reopened=reopened))
    writes.save_run(tx, run, actor=actor, now=now)
    _audit_changes(tx, found, now=now)
    changed = [*followed.changed, *causes.keep(tx, explained, run=run, partner=partner, now=now)]
    broken = [*followed.opened, *_without_card(tx, followed.reopened, partner=partner)]
    alone = [b for b in broken if b.fingerprint not in explained.fingerprints]  # a cause has one card for all its breaks
    apart = followed.overtaken if len(followed.overtaken) <= TOLD_ONE_BY_ONE else ()
    _show(tx, run=run, broken=alone, told=apart, changed=changed, partner=partner, now=now)
    tell_of_overtaken(tx, followed.overtaken, run_id=run.id, partner=partner, now=now)
    tell_of_standing(tx, followed.standing, partner=partner, now=now)
    return run


def _audit_changes(tx: Connection, found: WorkedOut, *, now: datetime) -> None:
    """Matches that no longer hold as they were: how many, worth how much, and the first ones by their records."""
    changed = found.matches
    if not changed.count:
        return
    first = [{"ours": list(m.ours), "theirs": list(m.theirs), "was": m.pass_name, "now": list(m.passes_now)} for m in changed.first]
    detail = {"count": changed.count, "value_minor": dict(changed.value_minor), "first": first}
    audit.append(tx, at=now, actor_id=SYSTEM.id, action="matches_changed", about_kind="run", about_id=found.run.id, detail=detail)


def state_of(tx: Connection, *, partner: Partner, today: date, late_files: Sequence[LateFile] = ()) -> PartnerReconciliation:
    """The last run of a partner, and its active breaks by kind and by age in business days of its calendar.

    The run of one that is configured no longer says nothing of today, and is left out.
    """
    figures = reads.active_figures(tx, partner=partner.id)
    by_band: dict[str, list[ActiveFigure]] = defaultdict(list)
    for figure in figures:
        by_band[age_band(partner.calendar.between(figure.dated, today))].append(figure)
    return PartnerReconciliation(
        partner_id=partner.id,
        partner_name=partner.name,
        ends=partner.ends,
        run=None if partner.is_former else reads.last_run(tx, partner=partner.id),
        is_former=partner.is_former,
        active={kind: _figure([f for f in figures if f.kind is kind]) for kind in BreakKind if any(f.kind is kind for f in figures)},
        ageing=tuple(
            AgeFigure(band=band, count=total.count, value_minor=total.value_minor)
            for band, _, _ in AGE_BANDS
            if (total := _figure(by_band[band])).count
        ),
        acknowledged=sum(f.count for f in figures if f.state is not BreakState.OPEN),
        late_files=tuple(late_files),
        changed_periods=tuple(s for s in signoffs.sign_offs(tx, partners=[partner.id], state=SignOffState.SIGNED) if s.now),
        suppressed=total_of(noise.figures(tx, partners=[partner.id]).values()),
        overtaken=break_lists.overtaken(tx, partner=partner.id),
    )


def state_on(tx: Connection, *, partner: Partner, day: date, today: date) -> PartnerReconciliation:
    """What the last run as of a past day found: its breaks as they were then, without their life since."""
    run = reads.last_run(tx, partner=partner.id, as_of=day)
    return PartnerReconciliation(
        partner_id=partner.id,
        partner_name=partner.name,
        ends=partner.ends,
        run=run,
        active=run.breaks if run else {},
        ageing=(),
        acknowledged=0,
        is_ahead=day > today,
    )


def _figure(figures: Sequence[ActiveFigure]) -> BreakFigure:
    value: Counter[str] = Counter()
    for figure in figures:
        value[figure.currency] += figure.value_minor
    return BreakFigure(count=sum(f.count for f in figures), value_minor=dict(sorted(value.items())))


def _show(
    tx: Connection, *, run: Run, broken: Sequence[Break], told: Sequence[Break], changed: Sequence[Break], partner: Partner, now: datetime
) -> None:
    """Cards: the largest material ones of what broke and those a thread tells of get one; cards that are out are brought up to date."""
    if not partner.internal_channels:
        return
    channel = partner.internal_channels[0]
    new = sorted((b for b in broken if b.active and not b.suppressed_by), key=lambda b: (not b.material, -b.amount_minor, b.id))
    with_card = [b for b in new if b.material][:CARDS_PER_RUN]
    for brk in [*with_card, *told]:
        enqueue_card(tx, brk, partner=partner, channel=channel, now=now)
    rest = new[len(with_card) :]
    if with_card and rest:
        known = {brk.id for brk in changed}
        again = sum(brk.id in known for brk in rest)
        more = more_breaks(rest, again=again, cards=len(with_card), partner_name=partner.name, partner_id=partner.id)
        key = f"more:{run.id}:{channel}"
        outbox.enqueue(tx, key=key, kind=Kind.POST, audience=INTERNAL, channel=channel, payload=more.payload(), now=now)
    by_id = {brk.id: brk for brk in changed}
    for about, channels in outbox.channels_of(tx, abouts=list(by_id)).items():
        for shown_in in (c for c in channels if c in partner.internal_channels):
            enqueue_card(tx, by_id[about], partner=partner, channel=shown_in, now=now)


def _without_card(tx: Connection, breaks: Sequence[Break], *, partner: Partner) -> list[Break]:
    """Those that no card in a channel of their partner shows, or is about to."""
    shown = outbox.channels_of(tx, abouts=[brk.id for brk in breaks])
    return [brk for brk in breaks if not set(shown.get(brk.id, ())) & set(partner.internal_channels)]


def enqueue_card(tx: Connection, brk: Break, *, partner: Partner, channel: str, now: datetime) -> None:
    """Post or edit the card of a break in a channel; the same revision is shown once."""
    if channel not in partner.internal_channels:
        raise WorldError(f"{brk.id} belongs to {partner.name}, but {channel} is not one of its internal channels.")
    outbox.enqueue(
        tx,
        key=f"break:{brk.id}:{channel}:{brk.revision}",
        kind=Kind.CARD,
        audience=INTERNAL,
        channel=channel,
        payload=break_card(brk, partner_name=partner.name).payload(),
        about=brk.id,
        revision=brk.revision,
        priority=Priority.CARD,
        now=now,
    )
