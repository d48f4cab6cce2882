"""A run: a partner's records against ours, and what it changes in the breaks people work on."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection

from breakwater.errors import WorldError
from breakwater.lake.parts import Lake
from breakwater.matching.agreement import Agreement
from breakwater.model import breaks as moves
from breakwater.model.access import INTERNAL, SYSTEM
from breakwater.model.breaks import Break, BreakKind, BreakState, break_id
from breakwater.model.calendar import AGE_BANDS, age_band
from breakwater.model.partners import Partner
from breakwater.model.records import Side
from breakwater.model.runs import ActiveFigure, AgeFigure, BreakFigure, Outcome, PartnerReconciliation, Run
from breakwater.store import claims, outbox, reads, writes
from breakwater.store.database import Database
from breakwater.store.outbox import Kind, Priority
from breakwater.views.breaks import break_card

Match = Callable[..., Outcome]
BECAME = "became "  # resolution of a break whose records are in another one now
CARDS_PER_RUN = 5  # new breaks that get a card of their own; the others wait in `/recon breaks`


def reconcile(
    database: Database,
    lake: Lake,
    *,
    partner: Partner,
    agreement: Agreement,
    agreement_sha256: str,
    match: Match,
    as_of: date,
    now: datetime,
) -> Run | None:
    """Match everything the lake holds of `partner`, and bring its breaks up to date. None if nothing changed since the last run.

    What counts as a change: other parts, another agreement (by the hash of its file), another as-of date.

    A break seen before keeps its life; one that is explained now is closed; one that breaks again is opened again.
    """
    with database.reading() as tx:
        parts = {side: reads.active_parts(tx, side=side, content="records", partner=partner.id) for side in Side}
        last = reads.last_run(tx, partner=partner.id)
    input_key = _input_key(parts, agreement_sha256=agreement_sha256, as_of=as_of)
    if last and last.input_key == input_key:
        return None
    outcome = match(ours=lake.paths(parts[Side.OURS]), theirs=lake.paths(parts[Side.THEIRS]), agreement=agreement, as_of=as_of)
    run = _run(outcome, partner=partner, agreement=agreement, as_of=as_of, input_key=input_key, started_at=now)
    lake.write_outcome(run.id, outcome)
    with database.transaction() as tx:
        claims.one_at_a_time(tx, job=f"run:{partner.id}")
        current = reads.last_run(tx, partner=partner.id)
        if (current and current.id) != (last and last.id):
            return None  # another process finished a run meanwhile: its view is newer, and the next tick looks again
        seen = [_seen(row, run=run, partner=partner, now=now) for row in outcome.breaks.to_pylist()]
        writes.save_run(tx, run, actor=SYSTEM, now=now)
        _bring_up_to_date(tx, seen, known=reads.breaks_of_agreement(tx, agreement=run.agreement), partner=partner, now=now)
    return run


def state_of(tx: Connection, *, partner: Partner, today: date, late_files: Sequence[str] = ()) -> PartnerReconciliation:
    """The last run of a partner, and its active breaks by kind and by age in business days of its calendar."""
    figures = reads.active_figures(tx, partner=partner.id)
    by_band: dict[str, list[ActiveFigure]] = defaultdict(list)
    for figure in figures:
        by_band[age_band(partner.calendar.between(figure.dated, today))].append(figure)
    return PartnerReconciliation(
        partner_id=partner.id,
        partner_name=partner.name,
        run=reads.last_run(tx, partner=partner.id),
        active={kind: _figure([f for f in figures if f.kind is kind]) for kind in BreakKind if any(f.kind is kind for f in figures)},
        ageing=tuple(
            AgeFigure(band=band, count=total.count, value_minor=total.value_minor)
            for band, _, _ in AGE_BANDS
            if (total := _figure(by_band[band])).count
        ),
        acknowledged=sum(f.count for f in figures if f.state is not BreakState.OPEN),
        late_files=tuple(late_files),
    )


def state_on(tx: Connection, *, partner: Partner, day: date) -> PartnerReconciliation:
    """What the last run as of a past day found: its breaks as they were then, without their life since."""
    run = reads.last_run(tx, partner=partner.id, as_of=day)
    return PartnerReconciliation(
        partner_id=partner.id, partner_name=partner.name, run=run, active=run.breaks if run else {}, ageing=(), acknowledged=0
    )


def _figure(figures: Sequence[ActiveFigure]) -> BreakFigure:
    value: Counter[str] = Counter()
    for figure in figures:
        value[figure.currency] += figure.value_minor
    return BreakFigure(count=sum(f.count for f in figures), value_minor=dict(sorted(value.items())))


def _input_key(parts: Mapping[Side, Sequence[str]], *, agreement_sha256: str, as_of: date) -> str:
    given = [sorted(parts[Side.OURS]), sorted(parts[Side.THEIRS]), agreement_sha256, as_of.isoformat()]
    return hashlib.sha256(json.dumps(given).encode()).hexdigest()


def _run(outcome: Outcome, *, partner: Partner, agreement: Agreement, as_of: date, input_key: str, started_at: datetime) -> Run:
    by_kind: dict[BreakKind, Counter[str]] = defaultdict(Counter)
    counts: Counter[BreakKind] = Counter()
    for row in outcome.breaks.select(["kind", "currency", "amount_minor"]).to_pylist():
        counts[BreakKind(row["kind"])] += 1
        by_kind[BreakKind(row["kind"])][row["currency"]] += row["amount_minor"]
    return Run(
        id=f"{partner.id}-{as_of.isoformat()}-{input_key[:12]}",
        partner=partner.id,
        agreement=agreement.name,
        as_of=as_of,
        started_at=started_at,
        finished_at=started_at,
        ours_rows=outcome.ours_rows,
        theirs_rows=outcome.theirs_rows,
        matched=outcome.matched,
        pending=outcome.pending_totals,
        in_breaks=outcome.in_breaks,
        breaks={kind: BreakFigure(count=counts[kind], value_minor=dict(by_kind[kind])) for kind in BreakKind if counts[kind]},
        input_key=input_key,
    )


def _bring_up_to_date(tx: Connection, seen: Sequence[Break], *, known: Mapping[str, Break], partner: Partner, now: datetime) -> None:
    """What a run means for the breaks: new ones, those with other figures, those explained, those that break again.

    `known` are those of earlier runs by fingerprint. Closings come first, since a break that takes another one's place takes over the
    life that this one had until the end.
    """
    here = {b.fingerprint for b in seen}
    gone = [b for fingerprint, b in known.items() if b.active and fingerprint not in here]
    new = [b for b in seen if b.fingerprint not in known]
    known_here = [(known[b.fingerprint], b) for b in seen if b.fingerprint in known]
    heirs = _heirs([*new, *(b for was, b in known_here if not was.active and _seen_again(was, seen=b))], gone)
    became = {predecessor.id: heir for heir, predecessor in heirs.items()}
    closed = _save(tx, [(b, partial(_closed, now=now, became=became.get(b.id))) for b in gone], now=now)
    lives = {heir: closed[predecessor.id].was for heir, predecessor in heirs.items() if predecessor.id in closed}
    opened = [moves.succeed(b, predecessor=lives[b.id]) if b.id in lives else b for b in new]
    writes.insert_breaks(tx, opened, actor=SYSTEM, now=now)
    restated = _save(tx, [(was, partial(_seen_again, seen=b, predecessor=lives.get(b.id))) for was, b in known_here], now=now)
    _show(tx, opened=opened, changed=[c.now for c in (*closed.values(), *restated.values())], partner=partner, now=now)


def _seen_again(was: Break, *, seen: Break, predecessor: Break | None = None) -> Break | None:
    """A break that is still there: its figures are brought up to date. None if there is nothing to change.

    One that was closed is opened again if a run had closed it, or if it has changed since people did; it takes over the life of the
    break that its records were in meanwhile.
    """
    restated = moves.restate(was, seen=seen)
    closed_by_a_run = was.resolution == moves.MATCHED_LATE or (was.resolution or "").startswith(BECAME)
    if not was.active and (closed_by_a_run or restated is not was):
        again = moves.reopen(restated)
        return moves.succeed(again, predecessor=predecessor) if predecessor else again
    return None if restated is was else restated


def _closed(was: Break, *, now: datetime, became: str | None) -> Break | None:
    resolution = f"{BECAME}{became}" if became else moves.MATCHED_LATE
    return moves.auto_close(was, now=now, resolution=resolution) if was.active else None


@dataclass(frozen=True)
class _Changed:
    """A break before and after a run."""

    was: Break
    now: Break

    @property
    def action(self) -> str:
        """What the audit trail calls it."""
        if self.was.active == self.now.active:
            return "restate"
        return str(moves.Move.REOPEN if self.now.active else moves.Move.AUTO_CLOSE)


def _save(tx: Connection, changes: Sequence[tuple[Break, Callable[[Break], Break | None]]], *, now: datetime) -> dict[str, _Changed]:
    """Save what the run makes of known breaks: those that it changes, by their ids.

    A break that somebody moved since it was read is looked at again as it is now.
    """
    saved: dict[str, _Changed] = {}
    apply = {was.id: change for was, change in changes}
    to_do = [_Changed(was, after) for was, change in changes if (after := change(was))]
    while to_do:
        saved |= {c.was.id: c for c in to_do}
        moved = writes.save_breaks(tx, [(c.was, c.now, c.action) for c in to_do], actor=SYSTEM, now=now)
        for current in moved:
            del saved[current.id]
        to_do = [_Changed(current, after) for current in moved if (after := apply[current.id](current))]
    return saved


def _heirs(new: Sequence[Break], gone: Sequence[Break]) -> dict[str, Break]:
    """For each new break that holds a record of one that is gone: that predecessor (the first by id)."""
    by_record: dict[tuple[Side, str], Break] = {}
    for brk in sorted(gone, key=lambda b: b.id, reverse=True):
        by_record |= dict.fromkeys(_records_of(brk), brk)
    found: dict[str, Break] = {}
    taken: set[str] = set()
    for brk in sorted(new, key=lambda b: b.id):
        candidates = sorted({p.id: p for r in _records_of(brk) if (p := by_record.get(r)) and p.id not in taken}.items())
        if candidates:
            taken.add(candidates[0][0])
            found[brk.id] = candidates[0][1]
    return found


def _records_of(brk: Break) -> list[tuple[Side, str]]:
    return [(Side.OURS, r) for r in brk.ours] + [(Side.THEIRS, r) for r in brk.theirs]


def _seen(row: Mapping[str, Any], *, run: Run, partner: Partner, now: datetime) -> Break:
    """A break as the run found it."""
    return Break(
        id=break_id(run.agreement, row["fingerprint"]),
        agreement=run.agreement,
        fingerprint=row["fingerprint"],
        partner=partner.id,
        kind=BreakKind(row["kind"]),
        ours=tuple(row["ours"]),
        theirs=tuple(row["theirs"]),
        amount_minor=row["amount_minor"],
        currency=row["currency"],
        material=row["material"],
        dated=row["dated"],
        opened_at=now,
        pass_name=row["pass"],
        also=tuple(row["also"] or ()),
        lag=row["lag"],
        references=tuple(row["references"] or ()),
        run_id=run.id,
    )


def _show(tx: Connection, *, opened: Sequence[Break], changed: Sequence[Break], partner: Partner, now: datetime) -> None:
    """Cards: the largest new material breaks get one, and cards that are out are brought up to date."""
    if not partner.internal_channels:
        return
    channel = partner.internal_channels[0]
    new = sorted((b for b in opened if b.material and b.active), key=lambda b: (-b.amount_minor, b.id))[:CARDS_PER_RUN]
    for brk in new:
        enqueue_card(tx, brk, partner=partner, channel=channel, now=now)
    by_id = {brk.id: brk for brk in changed}
    for about, channels in outbox.channels_of(tx, abouts=list(by_id)).items():
        for shown_in in (c for c in channels if c in partner.internal_channels):
            enqueue_card(tx, by_id[about], partner=partner, channel=shown_in, now=now)


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
