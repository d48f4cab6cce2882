"""Where is this payment? Everything both sides and the last run say of a reference."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from breakwater.errors import RefusedError
from breakwater.lake import references
from breakwater.lake.parts import Lake
from breakwater.model.breaks import Break
from breakwater.model.masking import is_card_number, mask_card
from breakwater.model.payments import Evidence, PaymentTrace, ReconciliationState
from breakwater.model.records import REFERENCE_COLUMNS, Record, Side, clean_reference
from breakwater.store import reads
from breakwater.store.database import Database

SEARCHED = "payment ids, partner references, EndToEndIds, UETRs, ARNs, RRNs, batches and record ids on both sides"
# A batch holds thousands of payments: what a payment shares with its batch does not make them one payment.
_JOINING = tuple(name for name in REFERENCE_COLUMNS if name not in {"ref_batch_id", "ref_payout_trace_id"})


def trace(database: Database, lake: Lake, reference: str) -> PaymentTrace:
    """What is known of `reference`: records of both sides, events, the break if any. A trace without evidence or events found nothing."""
    wanted = clean_reference(reference)
    if wanted is None:
        raise RefusedError("There is no reference to look for.", remedy="Type one, for example `/payment pay_8f2k1`.")
    if is_card_number(wanted):
        raise RefusedError(
            f"{mask_card(wanted)} looks like a full card number. It was neither stored nor searched for: it must not be in Slack.",
            remedy="Delete your message where others can see it, and ask again with the payment id, the partner's reference or the ARN.",
        )
    with database.reading() as tx:
        parts = {side: reads.active_parts(tx, side=side, content="records") for side in Side}
        event_parts = reads.active_parts(tx, side=Side.OURS, content="events")
    found = _records(lake, parts, [wanted])
    joined = _records(lake, parts, sorted({wanted} | set(_references_of(r for _, r in found)))) if found else []
    events = references.find_events(lake, event_parts, sorted({wanted} | {r.ref_payment_id for _, r in joined if r.ref_payment_id}))
    with database.reading() as tx:
        breaks = reads.breaks_of_records(tx, records=[(side, r.record_id) for side, r in joined])
        evidence = _evidence(tx, lake, joined, breaks)
    return PaymentTrace(
        reference=wanted,
        evidence=tuple(evidence),
        events=tuple(sorted(events, key=lambda e: (e.occurred_at, e.event_id))),
        breaks=tuple(breaks),
        searched=SEARCHED,
        other_payment_ids=_others(wanted, {r.ref_payment_id for _, r in joined if r.ref_payment_id}),
    )


def _others(wanted: str, payment_ids: set[str]) -> tuple[str, ...]:
    """Payments beside the one that was asked for; a reference that leads to one payment has none."""
    others = payment_ids - {wanted}
    return () if wanted not in payment_ids and len(others) == 1 else tuple(sorted(others))


def _records(lake: Lake, parts: dict[Side, list[str]], wanted: Sequence[str]) -> list[tuple[Side, Record]]:
    return [(side, record) for side in Side for record in references.find_records(lake, parts[side], wanted)]


def _references_of(records: Iterable[Record]) -> Iterable[str]:
    for record in records:
        for name in _JOINING:
            if value := clean_reference(getattr(record, name)):
                yield value


def _evidence(tx: Connection, lake: Lake, records: Sequence[tuple[Side, Record]], breaks: Sequence[Break]) -> list[Evidence]:
    files = reads.source_file_names(tx, {r.source_file for _, r in records if r.source_file})
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
