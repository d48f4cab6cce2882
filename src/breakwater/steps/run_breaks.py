"""What a run means for the breaks people work on: new ones, those with other figures, those explained, those that break again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from breakwater.model import breaks as moves
from breakwater.model.access import SYSTEM
from breakwater.model.breaks import Break
from breakwater.model.partners import Partner
from breakwater.model.proposals import ProposalKind
from breakwater.model.records import Side
from breakwater.model.reversals import MATCHED, WITHDRAWN, booking_of, overtake, stand_again
from breakwater.steps.hushing import hush_new
from breakwater.store import writes

_NO_BREAK_FOR_NOW = {moves.WAITS_AGAIN, moves.OPENING_ITEM}
_CLOSED_BY_MATCHING = {moves.MATCHED_LATE, WITHDRAWN, *_NO_BREAK_FOR_NOW, moves.REVERSED, str(ProposalKind.MANUAL_MATCH)}

Explain = Callable[[Sequence[Break]], Mapping[str, str]]
"""Where the run has the records of breaks that are gone, by their ids."""


@dataclass(frozen=True, kw_only=True)
class Followed:
    """What became of the breaks: those opened by a run, and those it closed, opened again or saw with other figures, as they are now.

    Of those that two people had booked, `overtaken` are explained now, and `standing` break again as they were booked.
    """

    opened: Sequence[Break]
    closed: Sequence[Break]
    reopened: Sequence[Break]
    restated: Sequence[Break]
    overtaken: Sequence[Break]
    standing: Sequence[Break]

    @property
    def changed(self) -> list[Break]:
        """Known breaks that look different now."""
        return [*self.closed, *self.reopened, *self.restated, *self.overtaken, *self.standing]


def follow(
    tx: Connection,
    seen: Sequence[Break],
    *,
    known: Mapping[str, Break],
    opening: frozenset[str],
    explain: Explain,
    partner: Partner,
    now: datetime,
) -> Followed:
    """Bring the breaks up to what a run has seen.

    `known` are those of the agreement from earlier runs, by fingerprint: where its partner went by another id, too, whose breaks are not
    over because this one does not see them. `opening` the fingerprints of what is an opening item and no break. Closings come
    first, since a break that takes another one's place takes over the life that this one had until the end.
    """
    here = {b.fingerprint for b in seen}
    mine = {fingerprint: b for fingerprint, b in known.items() if b.partner == partner.id}
    gone = [b for fingerprint, b in mine.items() if b.active and fingerprint not in here]
    new = [b for b in seen if b.fingerprint not in known]
    known_here = [(known[b.fingerprint], b) for b in seen if b.fingerprint in known]
    heirs = _heirs([*new, *(b for was, b in known_here if not was.active and _seen_again(was, seen=b))], gone)
    became = {predecessor.id: heir for heir, predecessor in heirs.items()}
    aside = {b.id: moves.OPENING_ITEM for b in gone if b.fingerprint in opening}
    where = {**explain([b for b in gone if b.id not in became and b.id not in aside]), **became, **aside}
    ends = {b.id: _end(where[b.id]) for b in gone}
    closed = _save(tx, [(b, partial(_closed, now=now, resolution=ends[b.id])) for b in gone], now=now)
    lives = {heir: closed[predecessor.id].was for heir, predecessor in heirs.items() if predecessor.id in closed}
    opened = hush_new(tx, [moves.succeed(b, predecessor=lives[b.id]) if b.id in lives else b for b in new], partner=partner, now=now)
    writes.insert_breaks(tx, opened, actor=SYSTEM, now=now)
    again = _save(tx, [(was, partial(_seen_again, seen=b, predecessor=lives.get(b.id))) for was, b in known_here], now=now).values()
    over = [b for fingerprint, b in mine.items() if booking_of(b) and fingerprint not in here | opening]
    why = explain([b for b in over if overtake(b, why="")])
    told = [b for b in over if why.get(b.id, moves.WAITS_AGAIN) not in _NO_BREAK_FOR_NOW]
    overtaken = _save(tx, [(b, partial(overtake, why=why[b.id])) for b in told], now=now)
    return Followed(
        opened=opened,
        closed=[c.now for c in closed.values()],
        reopened=[c.now for c in again if c.now.active and not c.was.active],
        restated=[c.now for c in again if c.was.active],
        overtaken=[c.now for c in overtaken.values()],
        standing=[c.now for c in again if not c.now.active],
    )


def _seen_again(was: Break, *, seen: Break, predecessor: Break | None = None) -> Break | None:
    """A break that is still there: its figures are brought up to date. None if there is nothing to change.

    One that was closed is opened again if a run had closed it, if the match by hand that closed it no longer holds, or if it has
    changed since people did; it takes over the life of the break that its records were in meanwhile.
    """
    restated = moves.restate(was, seen=seen)
    is_open_by_itself = was.resolution in _CLOSED_BY_MATCHING or (was.resolution or "").startswith(moves.BECAME)
    if not was.active and (is_open_by_itself or restated is not was):
        again = moves.reopen(restated)
        return moves.succeed(again, predecessor=predecessor) if predecessor else again
    return stand_again(was) if restated is was else restated


def _end(where: str) -> str:
    """Why a break is over, by where its records are now."""
    if where in {WITHDRAWN, *_NO_BREAK_FOR_NOW}:
        return where
    return moves.MATCHED_LATE if where == MATCHED else f"{moves.BECAME}{where}"


def _closed(was: Break, *, now: datetime, resolution: str) -> Break | None:
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
            is_overtaken = bool(self.now.proposal and self.now.proposal.overtaken)
            return "restate" if self.now.active else str(moves.Move.OVERTAKE if is_overtaken else moves.Move.STAND_AGAIN)
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
