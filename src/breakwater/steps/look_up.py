"""From what somebody typed to an answer: one payment, a batch, or a short list to choose from. Exact first; a near miss is offered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from breakwater.errors import RefusedError, nearest
from breakwater.lake import amounts, references
from breakwater.lake.batch_sums import batch_sums
from breakwater.lake.parts import Lake
from breakwater.lake.references import Near
from breakwater.model.events import Event
from breakwater.model.expectations import Expected, expected_arrival, expected_next
from breakwater.model.identifiers import (
    AMOUNT_EXAMPLE,
    ByAmount,
    ByReference,
    Likeness,
    MaskedCard,
    half_an_amount,
    likeness,
    masked_cards,
    no_currencies,
    read_question,
)
from breakwater.model.money import format_minor
from breakwater.model.partners import Partner
from breakwater.model.payment_batches import Batch, batch_of
from breakwater.model.payment_hits import Hit, Hits, Why
from breakwater.model.payments import PaymentTrace
from breakwater.model.records import Kind, Record, Side, clean_reference
from breakwater.steps.arrivals import Arrivals
from breakwater.steps.detect import late_files
from breakwater.steps.evidence import RawRecord, pieces_of
from breakwater.steps.trace import (
    BATCH_LINES,
    JOINING,
    Found,
    Parts,
    active,
    breaks_of,
    events_of,
    evidence_of,
    names_of,
    records_of,
    trace,
)
from breakwater.store import reads
from breakwater.store.database import Database

HITS_SHOWN = 8
AROUND_DAYS = 3  # a value date, a booking and a time zone lie at most a weekend apart
CARDS_COMPARED = 20  # payments of one amount whose files are read for a card
_FARTHEST_AHEAD = timedelta(hours=14)  # no clock on earth is further ahead of UTC
_CARD_SEEN = "{card} stands in the files of what is shown."
_CARD_NOT_SEEN = "No file shows {card}, so amount and day alone were compared."

Answer = PaymentTrace | Batch | Hits


@dataclass(frozen=True)
class Tracing:
    """Where payments are looked for. With `raw_record`, masked card numbers are looked for in the files as they were delivered.

    Of a batch of more than `batch_lines` lines only the first ones are read; its sums are of all of them.
    """

    database: Database
    lake: Lake
    partners: Mapping[str, Partner]
    raw_record: RawRecord | None = None
    batch_lines: int = BATCH_LINES
    due_days: Mapping[str, int] = field(default_factory=dict)
    """How many business days a payout may take to our bank, by leg."""

    @property
    def arrivals(self) -> Arrivals:
        """Whether what was paid out is at our bank."""
        return Arrivals(legs=[p for p in self.partners.values() if p.leg], due_days=self.due_days)

    def look_up(self, text: str, *, now: datetime) -> Answer:
        """The answer to what a person typed. A trace that is not `known` says that nothing was found.

        What reads as an amount without its currency or day may be a reference all the same; where it is none, that is asked for.
        """
        question = read_question(text)
        if isinstance(question, ByAmount):
            found = self._by_amount(question)
            if not (isinstance(found, PaymentTrace) and not found.known and question.day > (now + _FARTHEST_AHEAD).date()):
                return found
            raise RefusedError(f"{question.day} has not come yet, and nothing we have is dated then.", remedy=AMOUNT_EXAMPLE)
        found = self._by_reference(question)
        if isinstance(found, PaymentTrace) and not found.known:
            self._refuse_half_an_amount(text, reference=question.reference)
        return found

    def trace(self, reference: str) -> PaymentTrace:
        """One payment by a reference exactly as it is stored."""
        return trace(self.database, self.lake, reference, arrivals=self.arrivals)

    def expected(self, found: PaymentTrace, *, now: datetime) -> Expected | None:
        """What should happen to a payment next; where that is late because a file is, which one."""
        if awaited := next((a for a in found.arrivals if a.is_awaited), None):
            return expected_arrival(awaited, self.partners[awaited.leg], now=now)
        partner = self.partners.get(found.partner)
        expected = expected_next(found, partner, now=now)
        if partner is None or expected is None or expected.overdue is None or expected.file is None:
            return expected
        with self.database.reading() as tx:
            late = [file for file in late_files(tx, partner=partner, now=now) if file.stream == expected.file]
        return replace(expected, late_file=f"{late[0].name}, due {late[0].due}," if late else "")

    def _refuse_half_an_amount(self, text: str, *, reference: str) -> None:
        """Say what an amount lacks that no payment has as its reference."""
        if strange := [name for name in no_currencies(text) if name.casefold() not in self._partner_names]:
            raise RefusedError(f"'{strange[0]}' is no currency, and no payment has the reference {reference}.", remedy=AMOUNT_EXAMPLE)
        if amount := half_an_amount(text):
            raise RefusedError(
                f"No payment has the reference {reference}. For an amount of {amount} I need its currency and its day: "
                "it alone is on many payments.",
                remedy=AMOUNT_EXAMPLE,
            )

    def _by_reference(self, question: ByReference) -> Answer:
        asked = question.reference
        parts = active(self.database)
        found = records_of(self.lake, parts, [asked])
        if found and _is_batch(asked, [r for _, r in found]):
            return self._batch(asked, parts)
        if several := _several(asked, found) or self._several_told(asked, found, parts):
            return several
        known = self.trace(asked)
        return replace(known, found_as=_as_written(asked, known)) if known.known else self._nearby(asked, parts) or known

    def _several_told(self, asked: str, found: Found, parts: Parts) -> Hits | None:
        """Several payments that never became money, as declined attempts of one order: only our ledger's events know them."""
        told = [] if found else [e for side, e in events_of(self.lake, parts, [asked]) if side is Side.OURS]
        payments = {e.payment_id: _told_hit(e) for e in told}
        if len(payments) < 2 or asked.casefold() in {name.casefold() for name in payments}:
            return None
        hits = sorted(payments.values(), key=lambda h: (h.day, h.reference), reverse=True)
        return Hits(asked=asked, why=Why.SEVERAL, hits=tuple(hits[:HITS_SHOWN]), more=len(hits) > HITS_SHOWN)

    def _nearby(self, asked: str, parts: Parts) -> Answer | None:
        """What is written otherwise: the same but for blanks and dashes is answered, anything else offered."""
        everything = [part for held in parts.values() for part in held]
        near = references.find_near(self.lake, everything, [asked])
        same = [n for n in near if likeness(asked, n.reference) is Likeness.SAME]
        if len(same) == 1:
            answer = self._by_reference(ByReference(reference=same[0].reference))
            return replace(answer, reference=asked, found_as=same[0].reference) if isinstance(answer, PaymentTrace) else answer
        ranked = sorted(near, key=lambda n: (-likeness(asked, n.reference), n.reference))
        return (
            Hits(asked=asked, why=Why.NEAR, hits=tuple(map(_near_hit, ranked[:HITS_SHOWN])), more=len(near) > HITS_SHOWN) if near else None
        )

    def _batch(self, asked: str, parts: Parts) -> Batch:
        lines = records_of(self.lake, parts, [asked], limit=self.batch_lines + 1)
        names = {asked}
        if all(r.kind is Kind.PAYOUT for _, r in lines):  # a payout's own trace id: what is in it has the batch's name
            names |= {r.ref_batch_id for _, r in lines if r.ref_batch_id}
            lines = records_of(self.lake, parts, sorted(names), limit=self.batch_lines + 1)
        is_cut = any(sum(of is side for of, _ in lines) > self.batch_lines for side in Side)
        sums = batch_sums(self.lake, {side: parts["records", side] for side in Side}, sorted(names)) if is_cut else []
        with self.database.reading() as tx:
            breaks = breaks_of(tx, lines, arrivals=self.arrivals)
            files = reads.source_file_names(tx, {r.source_file for _, r in lines if r.source_file})
            evidence = evidence_of(tx, self.lake, lines, breaks, files, arrivals=self.arrivals)
            arrived = self.arrivals.of(tx, self.lake, parts["records", Side.THEIRS], lines)
        written = next((name for _, r in lines for name in _names_of_batch(r) if name.casefold() == asked.casefold()), asked)
        return replace(batch_of(written, evidence, sums=sums), arrivals=arrived)

    def _by_amount(self, question: ByAmount) -> Answer:
        partner = self._partner(question.partner)
        asked = " ".join(
            filter(None, (str(question.card or ""), format_minor(question.amount_minor, question.currency), str(question.day)))
        )
        hits = self._of_amount(question, partner, around_days=0)
        hits, note = self._with_card(hits, question.card) if question.card else (hits, "")
        if len(hits) == 1:
            found = self.trace(hits[0].reference)
            return replace(found, reference=asked, found_as=hits[0].reference, searched=note or found.searched)
        if hits:
            return Hits(asked=asked, why=Why.AMOUNT, hits=tuple(hits[:HITS_SHOWN]), more=len(hits) > HITS_SHOWN, note=note)
        if near := self._of_amount(question, partner, around_days=AROUND_DAYS):
            return Hits(asked=asked, why=Why.NEAR_DAY, hits=tuple(near[:HITS_SHOWN]), more=len(near) > HITS_SHOWN, note=note)
        where = f"amounts on {question.day} and {AROUND_DAYS} days around it, on both sides{f' of {partner.name}' if partner else ''}"
        return PaymentTrace(reference=asked, evidence=(), events=(), breaks=(), searched=where)

    def _with_card(self, hits: list[Hit], card: MaskedCard) -> tuple[list[Hit], str]:
        """Those whose files show the card, where any does; else all of them, and a note that none was compared."""
        seen = [hit for hit in hits[:CARDS_COMPARED] if self._shows(hit, card)]
        return (seen, _CARD_SEEN.format(card=card)) if seen else (hits, _CARD_NOT_SEEN.format(card=card))

    def _shows(self, hit: Hit, card: MaskedCard) -> bool:
        pieces = pieces_of(self.trace(hit.reference), self.raw_record) if self.raw_record else []
        return any(card in masked_cards(piece.raw) for piece in pieces if piece.raw)

    def _of_amount(self, question: ByAmount, partner: Partner | None, *, around_days: int) -> list[Hit]:
        """Payments of an amount, each once, however many records and events say it; the nearest day first."""
        first, last = (question.day + timedelta(days=sign * around_days) for sign in (-1, 1))
        minor, currency = question.amount_minor, question.currency
        find_records = partial(amounts.find_records, self.lake, amount_minor=minor, currency=currency, dated_from=first, dated_to=last)
        find_events = partial(amounts.find_events, self.lake, amount_minor=minor, currency=currency, dated_from=first, dated_to=last)
        parts = active(self.database)
        seen: set[str] = set()
        hits: list[Hit] = []
        for record in (r for side in Side for r in find_records(parts["records", side])):
            names = set(names_of([record]))
            if seen.isdisjoint(names) and (partner is None or record.partner == partner.id):
                hits.append(_hit(record))
            seen |= names
        for event in (e for side in Side for e in find_events(parts["events", side])):
            names = set(names_of([], [event]))
            if seen.isdisjoint(names) and (partner is None or event.partner == partner.id):
                hits.append(_told_hit(event))
            seen |= names
        return sorted(hits, key=lambda h: (abs((h.day - question.day).days), h.partner, h.reference))

    @property
    def _partner_names(self) -> dict[str, Partner]:
        return {name.casefold(): p for p in self.partners.values() for name in (p.id, p.name)}

    def _partner(self, word: str | None) -> Partner | None:
        if word is None:
            return None
        if found := self._partner_names.get(word.casefold()):
            return found
        raise RefusedError(
            f"There is no partner '{word}'.{nearest(word.casefold(), self.partners)}", remedy=f"Use one of: {', '.join(self.partners)}."
        )


def _is_batch(asked: str, records: Sequence[Record]) -> bool:
    """True if a reference is the name of a batch, and of nothing else."""
    folded = asked.casefold()
    return not any(folded == (getattr(r, name) or "").strip().casefold() for r in records for name in (*JOINING, "record_id"))


def _as_written(asked: str, known: PaymentTrace) -> str | None:
    """How our sources write a reference that was typed in another case; None where one of them writes it as it was typed."""
    named = {*names_of([e.record for e in known.evidence], known.events), *(e.record.record_id for e in known.evidence)}
    named |= {name for e in known.evidence for name in _names_of_batch(e.record)}
    written = sorted(name for name in named if name.casefold() == asked.casefold())
    return None if asked in written or not written else written[0]


def _names_of_batch(record: Record) -> list[str]:
    return [name for name in (record.ref_batch_id, record.ref_payout_trace_id) if name]


def _several(asked: str, found: Found) -> Hits | None:
    """A reference that is on several payments: each of them. A payment's own id means that one."""
    ours = [r for side, r in found if side is Side.OURS and r.kind is Kind.PAYMENT and r.ref_payment_id]
    theirs = [r for side, r in found if side is Side.THEIRS and r.kind is Kind.PAYMENT and r.ref_payment_id]
    payments = {r.ref_payment_id: r for r in ours or theirs}
    if len(payments) < 2 or asked.casefold() in {str(name).casefold() for name in payments}:
        return None
    hits = tuple(_hit(r) for r in sorted(payments.values(), key=lambda r: (r.booked_on, r.record_id), reverse=True))
    return Hits(asked=asked, why=Why.SEVERAL, hits=hits[:HITS_SHOWN], more=len(hits) > HITS_SHOWN)


def _hit(record: Record) -> Hit:
    names = ("ref_payment_id", "ref_original", "ref_end_to_end_id", "ref_partner_id", *JOINING)
    sort = next((name for name in names if clean_reference(getattr(record, name))), "record_id")
    return Hit(
        reference=str(getattr(record, sort)),
        sort=sort,
        partner=record.partner,
        amount_minor=record.amount_minor,
        currency=record.currency,
        day=record.booked_on,
    )


def _told_hit(event: Event) -> Hit:
    return Hit(
        reference=event.payment_id,
        sort="ref_payment_id",
        partner=event.partner,
        amount_minor=event.amount_minor,
        currency=event.currency,
        day=event.occurred_at.date(),
    )


def _near_hit(near: Near) -> Hit:
    return Hit(
        reference=near.reference,
        sort=near.column,
        partner=near.partner,
        amount_minor=near.amount_minor,
        currency=near.currency,
        day=near.day,
    )
