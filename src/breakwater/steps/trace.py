"""Where is this payment? Everything both sides, their events and the last run say of a reference."""

from __future__ import annotations

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
from breakwater.store import reads
from breakwater.store.database import Database

SEARCHED = "payment ids, partner references, EndToEndIds, UETRs, TxIds, ARNs, RRNs, batches and record ids on both sides"
BATCH_LINES = 20_000  # of one batch that are read: enough for any that a person looks into
# A batch holds thousands of payments: what a payment shares with its batch does not make them one payment.
OF_BATCHES = frozenset({"ref_batch_id", "ref_payout_trace_id"})
JOINING = tuple(name for name in REFERENCE_COLUMNS if name not in OF_BATCHES)
Found = list[tuple[Side, Record]]


def trace(database: Database, lake: Lake, reference: str) -> PaymentTrace:
    """What is known of `reference`: records of both sides, events, breaks, incidents. One without evidence or events found nothing."""
    parts = active(database)
    found = records_of(lake, parts, [reference])
    told = references.find_events(lake, parts["events"], [reference])
    names = sorted({reference, *names_of([r for _, r in found], told)})
    joined, others = _of_one_payment(reference, found, records_of(lake, parts, names) if found or told else [])
    joined += _other_side_of_payouts(lake, parts, joined)
    names = sorted({reference, *names_of([r for _, r in joined], told)})
    events = references.find_events(lake, parts["events"], names) if found or told else []
    events = [e for e in events if e.payment_id not in others]
    with database.reading() as tx:
        breaks = reads.breaks_of_records(tx, records=[(side, r.record_id) for side, r in joined])
        hashes = {r.source_file for _, r in joined} | {e.source_file for e in events}
        files = reads.source_file_names(tx, {sha256 for sha256 in hashes if sha256})
        evidence = evidence_of(tx, lake, joined, breaks, files)
        partners = sorted({r.partner for _, r in joined} | {e.partner for e in events})
        incidents = [i for p in partners for i in reads.incidents(tx, partner=p, open_only=False) if _is_about(i, breaks, names)]
    found_trace = PaymentTrace(
        reference=reference,
        evidence=tuple(evidence),
        events=tuple(events),
        breaks=tuple(breaks),
        searched=SEARCHED,
        other_payment_ids=tuple(sorted(others)),
        sources={sha256: SourceName(side=f.side, name=f.name, format=f.format, received_at=f.received_at) for sha256, f in files.items()},
        incidents=tuple(incidents),
    )
    return replace(found_trace, events=_with_happenings(found_trace))


def active(database: Database) -> dict[str, list[str]]:
    """The parts that count: records by side ('ours', 'theirs'), and the events of both."""
    with database.reading() as tx:
        records = {str(side): reads.active_parts(tx, side=side, content="records") for side in Side}
        events = [part for side in Side for part in reads.active_parts(tx, side=side, content="events")]
    return records | {"events": events}


def records_of(lake: Lake, parts: Mapping[str, list[str]], names: Sequence[str], *, limit: int = references.RECORDS_FOUND) -> Found:
    """Records of both sides that carry one of these names, at most `limit` of each side."""
    return [(side, record) for side in Side for record in references.find_records(lake, parts[side], names, limit=limit)]


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


def evidence_of(tx: Connection, lake: Lake, records: Found, breaks: Sequence[Break], files: Mapping[str, SourceFile]) -> list[Evidence]:
    """Records as evidence: with their file, and what the last run says of each."""
    in_break = {
        (side, record_id) for b in breaks if b.active for side, ids in ((Side.OURS, b.ours), (Side.THEIRS, b.theirs)) for record_id in ids
    }
    outcomes: dict[tuple[Side, str], tuple[ReconciliationState, str | None]] = {}
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


def _other_side_of_payouts(lake: Lake, parts: Mapping[str, list[str]], records: Found) -> Found:
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
    return any(incident.id in link for b in breaks for link in b.links) or any(len(n) > 5 and n.casefold() in words for n in names)


def _of_one_payment(reference: str, found: Found, joined: Found) -> tuple[Found, set[str]]:
    """What belongs to the payment that was found, and the ids of other payments that share a name with it, as two of one order do."""
    kept: Found = []
    others: set[str] = set()
    asked = {p for _, r in found if (p := _payment_of(r)) and p.casefold() == reference.casefold()}
    direct = asked or {p for _, r in found if (p := _payment_of(r))}
    for side in Side:
        of_side = {p for s, r in joined if s is side and (p := _payment_of(r))}
        meant = direct & of_side or of_side
        others |= of_side - meant
        kept += [(s, r) for s, r in joined if s is side and (_payment_of(r) is None or _payment_of(r) in meant)]
    return kept, others


def _payment_of(record: Record) -> str | None:
    """The payment that a record is about, where it names one: its own, or that which went back."""
    return clean_reference(record.ref_payment_id if record.kind is Kind.PAYMENT else record.ref_original or record.ref_payment_id)
