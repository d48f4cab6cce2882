"""Where is this payment? Everything both sides, their events and the last run say of a reference."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from breakwater.lake import references
from breakwater.lake.parts import Lake
from breakwater.model.breaks import Break
from breakwater.model.events import Event
from breakwater.model.files import SourceFile
from breakwater.model.incidents import Incident
from breakwater.model.payments import Evidence, PaymentTrace, ReconciliationState, SourceName, happening
from breakwater.model.records import REFERENCE_COLUMNS, Kind, Record, Side, clean_reference
from breakwater.steps.arrivals import Arrivals
from breakwater.store import reads
from breakwater.store.database import Database

SEARCHED = "payment ids, partner references, EndToEndIds, UETRs, TxIds, ARNs, RRNs, batches and record ids on both sides"
INCIDENTS_READ = 200  # of a partner, the latest, that are searched for the payment
BATCH_LINES = 20_000  # of one batch that are read: enough for any that a person looks into
# A batch holds thousands of payments: what a payment shares with its batch does not make them one payment.
OF_BATCHES = frozenset({"ref_batch_id", "ref_payout_trace_id"})
JOINING = tuple(name for name in REFERENCE_COLUMNS if name not in OF_BATCHES)
NO_LEGS = Arrivals()
Found = list[tuple[Side, Record]]
Parts = Mapping[tuple[str, Side], list[str]]  # by what they hold ('records', 'events') and whose they are


def trace(database: Database, lake: Lake, reference: str, *, arrivals: Arrivals = NO_LEGS) -> PaymentTrace:
    """What is known of `reference`: records of both sides, events, breaks, incidents. One without evidence or events found nothing.

    `arrivals` know whether its money is at our bank.
    """
    parts = active(database)
    found = records_of(lake, parts, [reference])
    told = events_of(lake, parts, [reference])
    names = sorted({reference, *names_of([r for _, r in found], [e for _, e in told])})
    joined, others = _of_one_payment(reference, found, told, records_of(lake, parts, names) if found or told else [])
    joined += _other_side_of_payouts(lake, parts, joined)
    names = sorted({reference, *names_of([r for _, r in joined], [e for _, e in told])})
    events, strangers = _events_of_one_payment(reference, joined, told, events_of(lake, parts, names) if found or told else [])
    others |= strangers
    with database.reading() as tx:
        breaks = breaks_of(tx, joined, arrivals=arrivals)
        hashes = {r.source_file for _, r in joined} | {e.source_file for e in events}
        files = reads.source_file_names(tx, {sha256 for sha256 in hashes if sha256})
        evidence = evidence_of(tx, lake, joined, breaks, files, arrivals=arrivals)
        partners = sorted({r.partner for _, r in joined} | {e.partner for e in events})
        latest = [i for p in partners for i in reads.incidents(tx, partner=p, open_only=False)[:INCIDENTS_READ]]
        incidents = [i for i in latest if _is_about(i, breaks, names)]
        arrived = arrivals.of(tx, lake, parts["records", Side.THEIRS], joined)
    found_trace = PaymentTrace(
        reference=reference,
        evidence=tuple(evidence),
        events=tuple(events),
        breaks=tuple(breaks),
        searched=SEARCHED,
        other_payment_ids=tuple(sorted(others)),
        sources={sha256: SourceName(side=f.side, name=f.name, format=f.format, received_at=f.received_at) for sha256, f in files.items()},
        incidents=tuple(incidents),
        arrivals=arrived,
    )
    return replace(found_trace, events=_with_happenings(found_trace))


def active(database: Database) -> Parts:
    """The parts that count."""
    with database.reading() as tx:
        return {(content, side): reads.active_parts(tx, side=side, content=content) for content in ("records", "events") for side in Side}


def records_of(lake: Lake, parts: Parts, names: Sequence[str], *, limit: int = references.RECORDS_FOUND) -> Found:
    """Records of both sides that carry one of these names, at most `limit` of each side."""
    return [(side, record) for side in Side for record in references.find_records(lake, parts["records", side], names, limit=limit)]


def events_of(lake: Lake, parts: Parts, names: Sequence[str]) -> list[tuple[Side, Event]]:
    """Events of payments with one of these names, told by either side."""
    return [(side, event) for side in Side for event in references.find_events(lake, parts["events", side], names)]


def names_of(records: Iterable[Record], events: Iterable[Event] = ()) -> Iterable[str]:
    """What a payment is called in records and events; names of batches are left out."""
    for record in records:
        for name in JOINING:
            if value := clean_reference(getattr(record, name)):
                yield value
    for event in events:
        for value in (event.payment_id, *(getattr(event, name, None) for name in JOINING)):
            if value and clean_reference(value):
                yield value


def breaks_of(tx: Connection, records: Found, *, arrivals: Arrivals) -> list[Break]:
    """The breaks that records are in, on either leg of their way: active ones first, then the largest."""
    own = reads.breaks_of_records(tx, records=[(side, r.record_id) for side, r in records])
    every = {b.id: b for b in (*own, *arrivals.breaks(tx, records))}
    return sorted(every.values(), key=lambda b: (not b.active, -b.amount_minor, b.id))


def evidence_of(
    tx: Connection,
    lake: Lake,
    records: Found,
    breaks: Sequence[Break],
    files: Mapping[str, SourceFile],
    *,
    arrivals: Arrivals,
) -> list[Evidence]:
    """Records as evidence: with their file, and what the last run says of each; of what its partner's does not compare, that of a leg."""
    in_break = {
        (side, record_id) for b in breaks if b.active for side, ids in ((Side.OURS, b.ours), (Side.THEIRS, b.theirs)) for record_id in ids
    }
    outcomes = arrivals.outcomes(tx, lake, records)
    for partner in sorted({r.partner for _, r in records}):
        if run := reads.last_run(tx, partner=partner):
            outcomes |= lake.outcome_of(run.id, [(side, r.record_id) for side, r in records if r.partner == partner])
    evidence = []
    for side, record in records:
        file = files.get(record.source_file or "")
        state, pass_name = outcomes.get((side, record.record_id), (ReconciliationState.NOT_RUN, None))
        evidence.append(
            Evidence(
                side=side,
                record=record,
                file_name=file.name if file else "unknown file",
                received_at=file.received_at if file else None,
                reconciliation=ReconciliationState.IN_BREAK if (side, record.record_id) in in_break else state,
                pass_name=pass_name,
            )
        )
    return sorted(evidence, key=lambda e: (e.record.booked_on, e.side, e.record.record_id))


def _with_happenings(found: PaymentTrace) -> tuple[Event, ...]:
    """Its events together with what partners' records say happened, oldest first."""
    told = list(found.events)
    for evidence in found.evidence:
        source = found.sources.get(evidence.record.source_file or "")
        if event := happening(evidence, payment_id=found.payment_id, format=source.format if source else ""):
            told.append(event)
    return tuple(sorted(told, key=lambda e: (e.occurred_at, e.event_id)))


def _other_side_of_payouts(lake: Lake, parts: Parts, records: Found) -> Found:
    """The payout of a batch has nothing in common with the partner's line but the batch, the account and the amount."""
    payouts = [(side, r) for side, r in records if r.kind is Kind.PAYOUT and clean_reference(r.ref_batch_id)]
    known = {(side, r.record_id) for side, r in records}
    of_batches = records_of(lake, parts, sorted({r.ref_batch_id or "" for _, r in payouts}), limit=BATCH_LINES) if payouts else []
    same = {(r.partner, r.account, r.currency, r.ref_batch_id) for _, r in payouts}
    return [
        (side, r)
        for side, r in of_batches
        if r.kind is Kind.PAYOUT and (side, r.record_id) not in known and (r.partner, r.account, r.currency, r.ref_batch_id) in same
    ]


def _is_about(incident: Incident, breaks: Sequence[Break], names: Sequence[str]) -> bool:
    """True if a break of the payment is linked to the incident, or its words name the payment."""
    words = f"{incident.title}\n{incident.summary}\n{incident.partner_text}".casefold()
    is_named = any(name.casefold() in words and re.search(rf"(?<!\w){re.escape(name.casefold())}(?!\w)", words) for name in names)
    return is_named or any(incident.id in link for b in breaks for link in b.links)


def _of_one_payment(reference: str, found: Found, told: Sequence[tuple[Side, Event]], joined: Found) -> tuple[Found, set[str]]:
    """What belongs to the payment that was found, and the ids of other payments that share a name with it, as two of one order do.

    Our ledger's ids decide. A partner may have ids of its own for our payments; only those that mean another payment are left out.
    """
    ids = {side: {r.ref_payment_id for s, r in joined if s is side and r.kind is Kind.PAYMENT and r.ref_payment_id} for side in Side}
    told_of = {e.payment_id for side, e in told if side is Side.OURS}
    named = {p for side, r in found if side is Side.OURS and (p := _payment_of(r))} | told_of
    named &= ids[Side.OURS] | told_of  # what goes back may name its payment in another way than by its id
    meant = {p for p in named if p.casefold() == reference.casefold()} or named or ids[Side.OURS]
    others = ids[Side.OURS] - meant
    theirs = ids[Side.THEIRS] - others
    others |= theirs - (meant & theirs or theirs)
    return [(side, r) for side, r in joined if _payment_of(r) not in others], others


def _events_of_one_payment(
    reference: str, records: Found, told: Sequence[tuple[Side, Event]], joined: Sequence[tuple[Side, Event]]
) -> tuple[list[Event], set[str]]:
    """What happened to the payment that was found, and the ids of others of which our own ledger told under a shared name."""
    ids = {name for side, r in records if side is Side.OURS for name in (_payment_of(r), clean_reference(r.ref_payment_id)) if name}
    asked = {e.payment_id for _, e in told if e.payment_id.casefold() == reference.casefold()}
    ours = {e.payment_id for side, e in joined if side is Side.OURS}
    meant = ours & (ids or asked or {e.payment_id for _, e in told}) or ours
    return [e for side, e in joined if side is Side.THEIRS or e.payment_id in meant], ours - meant


def _payment_of(record: Record) -> str | None:
    """The payment that a record is about, where it names one: its own, or that which went back."""
    return clean_reference(record.ref_payment_id if record.kind is Kind.PAYMENT else record.ref_original or record.ref_payment_id)
