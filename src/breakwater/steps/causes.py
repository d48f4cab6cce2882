"""What a run means for the causes of a partner's breaks and for its state: looked for outside of a transaction, kept in the run's own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from breakwater.errors import RefusedError
from breakwater.lake import evidence, standing
from breakwater.lake.parts import Lake
from breakwater.matching import causes as explanations
from breakwater.matching import state as states
from breakwater.matching.agreement import Agreement
from breakwater.model import breaks as break_moves
from breakwater.model import causes as moves
from breakwater.model.access import INTERNAL, SYSTEM
from breakwater.model.breaks import ENDS, Break
from breakwater.model.causes import AbsentFile, Cause, Explanation
from breakwater.model.files import PartnerFiles
from breakwater.model.partner_state import PartnerState, Standing
from breakwater.model.partners import Partner
from breakwater.model.records import Side
from breakwater.model.runs import Run
from breakwater.steps.cards import channels_of
from breakwater.steps.cause_findings import finding_beside
from breakwater.steps.detect import files_of
from breakwater.steps.thresholds import watch
from breakwater.store import causes as known_causes
from breakwater.store import outbox, partner_states, reads, writes, writes_causes
from breakwater.store.database import Database
from breakwater.store.outbox import Kind, Priority
from breakwater.views.causes import cause_card
from breakwater.views.without_card import more_causes

CARDS_PER_RUN = 5  # new causes that get a card of their own; the others are told of in one message

Parts = Mapping[Side, Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Explained:
    """What was found in a run: the causes of its breaks, the one that explains most first, and the partner's state."""

    causes: Sequence[Explanation] = ()
    states: Sequence[PartnerState] = ()

    @property
    def fingerprints(self) -> frozenset[str]:
        """The breaks under a cause."""
        return frozenset(fingerprint for cause in self.causes for fingerprint in cause.fingerprints)


def look(database: Database, lake: Lake, *, run: Run, parts: Parts, partner: Partner, agreement: Agreement, now: datetime) -> Explained:
    """Look for the causes of a run whose outcome lies in the lake, and measure the partner's state. Nothing is kept yet."""
    if not any(parts.values()):
        return Explained()
    with database.reading() as tx:
        absent = _absent(tx, partner=partner, now=now)
        known = standing.Known(
            settled=partner_states.settled(tx, agreement=run.agreement),
            confirmed=known_causes.confirmed_fingerprints(tx, agreement=run.agreement),
            late=partner_states.matched_late(tx, agreement=run.agreement),
        )
    ours, theirs = parts[Side.OURS], parts[Side.THEIRS]
    broken = evidence.broken(lake, run.id, ours=ours, theirs=theirs, time_zone=partner.time_zone.key)
    population = evidence.population(lake, run.id, ours=ours, theirs=theirs, time_zone=partner.time_zone.key)
    first = first_day(run.as_of)
    days = states.days_before(run.as_of, calendar=partner.calendar)
    measured = standing.figures(lake, run.id, ours=ours, theirs=theirs, first=first, last=run.as_of, days=days, known=known)
    return Explained(
        causes=[_between(partner, e) for e in explanations.explain(broken, population, agreement=agreement, absent=absent)],
        states=[states.measured(row, partner=partner.id, business_date=run.as_of, run_id=run.id) for row in measured.to_pylist()],
    )


def keep(tx: Connection, explained: Explained, *, run: Run, partner: Partner, now: datetime) -> list[Break]:
    """Keep what was found, once the breaks of the run are kept: a cause seen before keeps its life, one without a break is over.

    Breaks that come under a cause somebody has acknowledged follow it; they are returned. New causes get a card, others show how they
    stand.
    """
    partner_states.replace_states(tx, explained.states, partner=partner.id, business_date=run.as_of)
    watch(tx, _now(tx, explained, partner=partner, run=run), partner=partner, now=now)
    active = known_causes.active_breaks(tx, agreement=run.agreement)
    members: dict[str, list[str]] = {}
    seen: list[Cause] = []
    for explanation in explained.causes:
        under = {f: active[f] for f in explanation.fingerprints if f in active}
        if under:
            left = _left(explanation, under)
            cause = moves.found(left, partner=partner.id, agreement=run.agreement, rank=len(seen) + 1, run_id=run.id, now=now)
            seen.append(cause)
            members[cause.id] = [brk.id for brk in under.values()]
    known = {c.id: c for c in known_causes.causes_of_last_run(tx, agreement=run.agreement)}
    changed = [_keep(tx, known.get(cause.id), seen=cause, now=now) for cause in seen]
    gone = [_end(tx, cause, now=now) for cause in known.values() if cause.active and cause.id not in members]
    fresh = writes_causes.place_under(tx, agreement=run.agreement, members=members)
    followers = [
        brk
        for cause in changed
        if cause.acknowledged_by
        for brk in _follow_acknowledged(tx, cause, [b for b in members[cause.id] if b in fresh], now=now)
    ]
    new = {c.id for c in changed if c.id not in known or not known[c.id].active}
    _show(tx, changed, gone, new=new, run=run, partner=partner, now=now)
    return followers


def show(tx: Connection, cause: Cause, *, partner: Partner, channel: str, now: datetime) -> None:
    """Post or edit the card of a cause in a channel of its partner; the same revision is shown once. It goes before cards of breaks."""
    outbox.enqueue(
        tx,
        key=f"cause:{cause.id}:{channel}:{cause.revision}",
        kind=Kind.CARD,
        audience=INTERNAL,
        channel=channel,
        payload=cause_card(cause, partner_name=partner.name, finding=finding_beside(tx, cause, partner=partner)).payload(),
        about=cause.id,
        revision=cause.revision,
        priority=Priority.ALERT,
        now=now,
    )


def refresh(tx: Connection, cause: Cause, *, partner: Partner, now: datetime) -> None:
    """Every card of the cause that is out shows its new state."""
    for channel in channels_of(tx, cause.id, partner=partner):
        show(tx, cause, partner=partner, channel=channel, now=now)


def standings(tx: Connection, *, partner: str, today: date) -> list[Standing]:
    """How a partner stands in each currency by its last run, the currency with most value due first."""
    since = today - timedelta(days=2 * states.LOOK_BACK_DAYS)
    found = [states.standing(history) for history in partner_states.history(tx, partner=partner, since=since).values()]
    last = max((s.business_date for s in found), default=today)
    return sorted((s for s in found if s.business_date == last), key=lambda s: (-s.due_minor, s.currency))


def _now(tx: Connection, explained: Explained, *, partner: Partner, run: Run) -> dict[str, list[PartnerState]]:
    """The history of every currency that this run measured."""
    history = partner_states.history(tx, partner=partner.id, since=first_day(run.as_of))
    return {state.currency: [s for s in history[state.currency] if s.business_date <= run.as_of] for state in explained.states}


def first_day(as_of: date) -> date:
    """The first day of what is looked back at from a business date."""
    return as_of - timedelta(days=states.LOOK_BACK_DAYS - 1)


def _between(partner: Partner, explanation: Explanation) -> Explanation:
    """In a leg an explanation knows between whom."""
    ends = dict(zip(ENDS, partner.ends, strict=True)) if partner.ends else {}
    return replace(explanation, evidence={**explanation.evidence, **ends})


def _left(explanation: Explanation, under: Mapping[str, known_causes.Worth]) -> Explanation:
    """The explanation with what is still open of it: a run finds breaks that people have closed since, too."""
    value: Counter[str] = Counter()
    for brk in under.values():
        value[brk.currency] += brk.amount_minor
    return replace(explanation, fingerprints=tuple(under), value_minor=dict(sorted(value.items())))


def _absent(tx: Connection, *, partner: Partner, now: datetime) -> list[AbsentFile]:
    """The files that would have stood on a side and did not count: the partner's own; for a leg those of its two partners."""
    if not partner.leg:
        return _not_counting(files_of(tx, partner=partner, now=now))
    leg = partner.leg
    return [
        replace(file, side=side, lags=True)
        for side, end in zip(Side, partner.between, strict=True)
        for file in _not_counting(files_of(tx, partner=end, now=now))
        if leg.end(side).is_about(file.stream)
    ]


def _not_counting(files: PartnerFiles) -> list[AbsentFile]:
    overdue = [(due, "late") for due in files.late] + [(due, "missing") for due in files.missing]
    refused = [AbsentFile(stream=f.stream, business_date=f.business_date, why="refused") for f in files.quarantined]
    return [AbsentFile(stream=due.stream, business_date=due.business_date, why=why) for due, why in overdue] + refused


def _keep(tx: Connection, was: Cause | None, *, seen: Cause, now: datetime) -> Cause:
    if was is None:
        writes_causes.put(tx, seen, was=None, action="found", actor=SYSTEM, now=now)
        return seen
    cause = moves.seen_again(was, seen=seen)
    if cause is not was:
        writes_causes.put(tx, cause, was=was, action="seen_again" if was.active else "found_again", actor=SYSTEM, now=now)
    return cause


def _end(tx: Connection, cause: Cause, *, now: datetime) -> Cause:
    ended = moves.over(cause, now=now)
    writes_causes.put(tx, ended, was=cause, action="over", actor=SYSTEM, now=now)
    return ended


def _follow_acknowledged(tx: Connection, cause: Cause, break_ids: Sequence[str], *, now: datetime) -> list[Break]:
    """Open breaks that came under an acknowledged cause belong to whoever has it."""
    changes = []
    for break_id in break_ids:
        brk = reads.break_by_id(tx, break_id)
        if brk and cause.owner_id:
            try:
                changes.append((brk, break_moves.acknowledge(brk, owner_id=cause.owner_id, now=now), "acknowledge"))
            except RefusedError:  # it is worked on already
                continue
    stale = {b.id for b in writes.save_breaks(tx, changes, actor=SYSTEM, now=now, because={"cause": cause.id})}
    return [after for _, after, _ in changes if after.id not in stale]


def _show(
    tx: Connection, changed: Sequence[Cause], gone: Iterable[Cause], *, new: set[str], run: Run, partner: Partner, now: datetime
) -> None:
    if not partner.internal_channels:
        return
    channel = partner.internal_channels[0]
    found = [c for c in changed if c.id in new]
    for cause in found[:CARDS_PER_RUN]:
        show(tx, cause, partner=partner, channel=channel, now=now)
    if rest := found[CARDS_PER_RUN:]:
        more = more_causes(rest, partner_name=partner.name, partner_id=partner.id)
        key = f"more_causes:{run.id}:{channel}"
        outbox.enqueue(tx, key=key, kind=Kind.POST, audience=INTERNAL, channel=channel, payload=more.payload(), now=now)
    for cause in [*(c for c in changed if c.id not in new), *gone]:
        refresh(tx, cause, partner=partner, now=now)
