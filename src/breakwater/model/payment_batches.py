"""A batch: what is in it, and whether what was paid out is what its items add up to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from breakwater.model.payments import Evidence
from breakwater.model.records import Kind, Side


@dataclass(frozen=True, kw_only=True)
class BatchSheet:
    """The lines of a batch on one account in one currency, as one side has them. Amounts are signed from our point of view.

    `items` is count and sum of each kind but payouts, `fees_minor` what the lines cost beside (positive when we pay), `payout_minor`
    what was paid out, unsigned; None while no line says so.
    """

    side: Side
    partner: str
    account: str | None
    currency: str
    items: Mapping[Kind, tuple[int, int]]
    fees_minor: int
    payout_minor: int | None
    payout_references: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many lines there are beside the payout."""
        return sum(count for count, _ in self.items.values())

    @property
    def net_minor(self) -> int:
        """What the items come to, after fees."""
        return sum(amount for _, amount in self.items.values()) - self.fees_minor

    @property
    def difference_minor(self) -> int | None:
        """What was paid out beyond the items (negative: too little); 0 where it adds up, None while one of the two is not known."""
        return None if self.payout_minor is None or not self.items else self.payout_minor - self.net_minor


@dataclass(frozen=True, kw_only=True)
class Batch:
    """The answer to 'what is in this batch?'. With `is_cut` there are more lines than were read, so nothing can be said of sums."""

    reference: str
    sheets: tuple[BatchSheet, ...]
    payments: tuple[Evidence, ...]
    is_cut: bool


def batch_of(reference: str, evidence: Iterable[Evidence], *, is_cut: bool) -> Batch:
    """The batch of these lines: one sheet for each account and currency; the partner's side where it has any line."""
    lines = list(evidence)
    side = Side.THEIRS if any(e.side is Side.THEIRS for e in lines) else Side.OURS
    groups: dict[tuple[str, str, str], list[Evidence]] = {}
    for line in lines:
        if line.side is side:
            groups.setdefault((line.record.partner, line.record.account or "", line.record.currency), []).append(line)
    sheets = tuple(_sheet(side, groups[key]) for key in sorted(groups))
    payments = tuple(line for key in sorted(groups) for line in groups[key] if line.record.kind is not Kind.PAYOUT)
    return Batch(reference=reference, sheets=sheets, payments=payments, is_cut=is_cut)


def _sheet(side: Side, lines: list[Evidence]) -> BatchSheet:
    records = [line.record for line in lines]
    payouts = [r for r in records if r.kind is Kind.PAYOUT]
    others = [r for r in records if r.kind is not Kind.PAYOUT]
    by_kind = {kind: [r.amount_minor for r in others if r.kind is kind] for kind in Kind}
    names = (name for r in payouts for name in (r.ref_payment_id, r.ref_payout_trace_id, r.ref_partner_id) if name)
    return BatchSheet(
        side=side,
        partner=records[0].partner,
        account=records[0].account,
        currency=records[0].currency,
        items={kind: (len(amounts), sum(amounts)) for kind, amounts in by_kind.items() if amounts},
        fees_minor=sum(r.fee_minor or 0 for r in records),
        payout_minor=abs(sum(r.amount_minor for r in payouts)) if payouts else None,
        payout_references=tuple(dict.fromkeys(names)),
    )
