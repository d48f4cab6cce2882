"""Is the money at our bank? What the last runs of legs say of the payouts of a payment, of a batch, or of a credit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import Connection

from breakwater.lake import legs, references
from breakwater.lake.parts import Lake
from breakwater.model.arrivals import Arrival, ArrivalState
from breakwater.model.breaks import Break
from breakwater.model.partners import Partner
from breakwater.model.parts import part_of, partner_folder
from breakwater.model.payments import ReconciliationState
from breakwater.model.records import Record, Side, clean_reference
from breakwater.store import reads

PAID_OUT_WITHIN_DAYS = 60  # of a payment, calendar days: later, its batch's number is likely to be another one's
MOST_PAYOUTS = 200
_STATES = {
    ReconciliationState.MATCHED: ArrivalState.ARRIVED,
    ReconciliationState.PENDING: ArrivalState.EXPECTED,
    ReconciliationState.OPENING_ITEM: ArrivalState.OPENING_ITEM,
}

Outcomes = dict[tuple[Side, str], tuple[ReconciliationState, str | None]]
Found = Sequence[tuple[Side, Record]]


@dataclass(frozen=True)
class Arrivals:
    """The legs of a company. `due_days` are business days that a payout may take, by leg."""

    legs: Sequence[Partner] = ()
    due_days: Mapping[str, int] = field(default_factory=dict)

    def outcomes(self, tx: Connection, lake: Lake, found: Found) -> Outcomes:
        """What legs say of partners' records, by the side the records were found on."""
        said: Outcomes = {}
        for leg, side, ids in self._touched(found):
            if run := reads.last_run(tx, partner=leg.id):
                of_leg = lake.outcome_of(run.id, [(side, i) for i in ids])
                said |= {(Side.THEIRS, record_id): outcome for (_, record_id), outcome in of_leg.items()}
        return said

    def breaks(self, tx: Connection, found: Found) -> list[Break]:
        """The breaks that these records have in legs."""
        asked = [(leg, [(side, i) for i in ids]) for leg, side, ids in self._touched(found)]
        return [b for leg, records in asked for b in reads.breaks_of_records(tx, records=records) if b.agreement == leg.id]

    def of(self, tx: Connection, lake: Lake, parts: Sequence[str], found: Found) -> tuple[Arrival, ...]:
        """The payouts that these records are, that they are in, or that they are the arrival of. `parts` are the partners' records."""
        arrivals: list[Arrival] = []
        for leg in self.legs:
            reported, credited = (self._at(found, leg, side) for side in Side)
            run = reads.last_run(tx, partner=leg.id) if reported or credited else None
            if run is None or leg.leg is None:
                continue
            ids = {r.record_id for r in reported if r.kind in leg.leg.source.kinds}
            ids |= {r.record_id for r in self._payouts_of(lake, leg, parts, reported)}
            ids |= {payout for payout, _ in legs.arrived(lake, run.id, Side.THEIRS, [r.record_id for r in credited])}
            if ids:
                arrivals += self._stand(tx, lake, leg, run.id, parts, sorted(ids)[:MOST_PAYOUTS])
        return tuple(sorted(arrivals, key=lambda a: (a.payout.booked_on, a.leg, a.payout.record_id)))

    def _touched(self, found: Found) -> list[tuple[Partner, Side, list[str]]]:
        """Each leg and side of it that takes from a partner of whom there are records, and their ids."""
        every = [
            (leg, side, [r.record_id for r in self._at(found, leg, side) if leg.leg and r.kind in leg.leg.end(side).kinds])
            for leg in self.legs
            for side in Side
        ]
        return [(leg, side, ids) for leg, side, ids in every if ids]

    def _at(self, found: Found, leg: Partner, side: Side) -> list[Record]:
        """Those that are of the partner on a side of a leg."""
        return [r for of, r in found if of is Side.THEIRS and leg.leg and r.partner == leg.leg.end(side).partner]

    def _payouts_of(self, lake: Lake, leg: Partner, parts: Sequence[str], reported: Sequence[Record]) -> list[Record]:
        """The payouts of the batches that payments are in: of the same account and currency."""
        batches = {
            (r.account, r.currency, batch): r.booked_on
            for r in reported
            if leg.leg and r.kind not in leg.leg.source.kinds and (batch := clean_reference(r.ref_batch_id))
        }
        if not batches or leg.leg is None:
            return []
        first, last = min(batches.values()), max(batches.values()) + timedelta(days=PAID_OUT_WITHIN_DAYS)
        source = [p for p in self._of(parts, leg.leg.source.partner) if first <= part_of(p).day]  # the last day that is in it
        ids = legs.payouts_of(lake, leg.leg, source, sorted({batch for *_, batch in batches}))
        payouts = references.records_by_id(lake, source, ids)
        return [r for r in payouts if r.booked_on <= last and (r.account, r.currency, clean_reference(r.ref_batch_id)) in batches]

    def _stand(self, tx: Connection, lake: Lake, leg: Partner, run_id: str, parts: Sequence[str], ids: Sequence[str]) -> list[Arrival]:
        """Where payouts stand by the last run of their leg; one that it has not seen is left out."""
        assert leg.leg
        states = lake.outcome_of(run_id, [(Side.OURS, i) for i in ids])
        breaks = [b for b in reads.breaks_of_records(tx, records=[(Side.OURS, i) for i in ids]) if b.agreement == leg.id and b.active]
        in_break = {i: b for b in breaks for i in b.ours}
        credits: dict[str, list[str]] = {i: list(b.theirs) for i, b in in_break.items()}
        for payout, credit in legs.arrived(lake, run_id, Side.OURS, ids):
            credits.setdefault(payout, []).append(credit)
        payouts = references.records_by_id(lake, self._of(parts, leg.leg.source.partner), ids)
        of_bank = {i for some in credits.values() for i in some}
        arrived = {r.record_id: r for r in references.records_by_id(lake, self._of(parts, leg.leg.target.partner), sorted(of_bank))}
        return [
            Arrival(
                leg=leg.id,
                provider=leg.leg.source.name,
                bank=leg.leg.target.name,
                payout=payout,
                state=_state(states[Side.OURS, payout.record_id][0], has_credits=bool(credits.get(payout.record_id))),
                due_on=leg.calendar.shift(leg.calendar.shift(payout.value_date or payout.booked_on, 0), self.due_days.get(leg.id, 0)),
                credits=tuple(arrived[i] for i in credits.get(payout.record_id, ()) if i in arrived),
                break_id=in_break[payout.record_id].id if payout.record_id in in_break else None,
            )
            for payout in payouts
            if (Side.OURS, payout.record_id) in states
        ]

    def _of(self, parts: Sequence[str], partner: str) -> list[str]:
        return [part for part in parts if part_of(part).partner_folder == partner_folder(partner)]


def _state(state: ReconciliationState, *, has_credits: bool) -> ArrivalState:
    return _STATES.get(state) or (ArrivalState.DIFFERS if has_credits else ArrivalState.MISSING)
