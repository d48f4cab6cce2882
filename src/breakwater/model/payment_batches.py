"""A batch: what is in it, and whether what was paid out is what its items add up to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from breakwater.model.arrivals import Arrival
from breakwater.model.payments import Evidence, ReconciliationState
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
class BatchSum:
    """How many lines of one kind a batch has on one account in one currency, as one side has them, and what they come to."""

    side: Side
    partner: str
    account: str | None
    currency: str
    kind: Kind
    count: int
    amount_minor: int
    fees_minor: int
    references: tuple[str, ...] = ()
    """What payouts among them are called."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """The answer to 'what is in this batch?'. The sheets are of all its lines; with `is_cut`, `payments` are the first of them only."""

    reference: str
    sheets: tuple[BatchSheet, ...]
    payments: tuple[Evidence, ...]
    is_cut: bool
    arrivals: tuple[Arrival, ...] = ()
    """Whether what was paid out is at our bank, where a leg watches that."""
    in_breaks: tuple[Evidence, ...] = ()
    """Lines of either side that are in a break, so that money is missing or wrong though one side adds up."""


def batch_of(reference: str, evidence: Iterable[Evidence], *, sums: Iterable[BatchSum] = ()) -> Batch:
    """The batch of these lines: one sheet for each account and currency; the partner's side where it has any line.

    `sums` are of all lines, where `evidence` is only the first of them.
    """
    lines, of_all = list(evidence), list(sums)
    added_up = of_all or [_sum_of(line) for line in lines]
    side = Side.THEIRS if any(s.side is Side.THEIRS for s in added_up) else Side.OURS
    groups: dict[tuple[str, str, str], list[BatchSum]] = {}
    for added in added_up:
        if added.side is side:
            groups.setdefault((added.partner, added.account or "", added.currency), []).append(added)
    sheets = tuple(_sheet(side, groups[key]) for key in sorted(groups))
    of_side = (line for line in lines if line.side is side and line.record.kind is not Kind.PAYOUT)
    payments = sorted(of_side, key=lambda e: (e.record.partner, e.record.account or "", e.record.currency))
    in_breaks = tuple(line for line in lines if line.reconciliation is ReconciliationState.IN_BREAK)
    return Batch(reference=reference, sheets=sheets, payments=tuple(payments), is_cut=bool(of_all), in_breaks=in_breaks)


def _sum_of(line: Evidence) -> BatchSum:
    record = line.record
    names = (record.ref_payment_id, record.ref_payout_trace_id, record.ref_partner_id)
    return BatchSum(
        side=line.side,
        partner=record.partner,
        account=record.account,
        currency=record.currency,
        kind=record.kind,
        count=1,
        amount_minor=record.amount_minor,
        fees_minor=record.fee_minor or 0,
        references=tuple(name for name in names if name) if record.kind is Kind.PAYOUT else (),
    )


def _sheet(side: Side, sums: list[BatchSum]) -> BatchSheet:
    payouts = [s for s in sums if s.kind is Kind.PAYOUT]
    by_kind = {kind: [s for s in sums if s.kind is kind] for kind in Kind if kind is not Kind.PAYOUT}
    return BatchSheet(
        side=side,
        partner=sums[0].partner,
        account=sums[0].account,
        currency=sums[0].currency,
        items={kind: (sum(s.count for s in of), sum(s.amount_minor for s in of)) for kind, of in by_kind.items() if of},
        fees_minor=sum(s.fees_minor for s in sums),
        payout_minor=abs(sum(s.amount_minor for s in payouts)) if payouts else None,
        payout_references=tuple(dict.fromkeys(name for s in payouts for name in s.references)),
    )
