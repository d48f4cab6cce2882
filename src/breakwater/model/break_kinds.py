"""What kinds of breaks are called by people: shown on cards, and read where somebody asks for them."""

from __future__ import annotations

from collections.abc import Mapping

from breakwater.model.breaks import BreakKind

KIND_WORDS: Mapping[BreakKind, str] = {
    BreakKind.MISSING_AT_PARTNER: "missing at partner",
    BreakKind.MISSING_IN_LEDGER: "missing in our ledger",
    BreakKind.DUPLICATE_IN_LEDGER: "booked twice in our ledger",
    BreakKind.DUPLICATE_AT_PARTNER: "reported twice by partner",
    BreakKind.ORPHAN_REFUND: "refund without its payment",
    BreakKind.ORPHAN_RETURN: "return without its payment",
    BreakKind.ORPHAN_CHARGEBACK: "chargeback without its payment",
    BreakKind.AMOUNT_MISMATCH: "amounts differ",
    BreakKind.FX_VARIANCE: "exchange rate off",
    BreakKind.CURRENCY_MISMATCH: "currencies differ",
    BreakKind.FEE_VARIANCE: "fee not as agreed",
    BreakKind.STATUS_MISMATCH: "statuses differ",
    BreakKind.REFERENCE_MISMATCH: "references differ",
    BreakKind.LATE_SETTLEMENT: "settled late",
    BreakKind.BATCH_INCOMPLETE: "batch does not add up",
    BreakKind.AMBIGUOUS_MATCH: "more than one match possible",
}

# In a leg: `source` reports payouts, `target` is the bank where they arrive.
LEG_KIND_WORDS: Mapping[BreakKind, str] = {
    BreakKind.MISSING_AT_PARTNER: "payout reported by {source}, not at {target}",
    BreakKind.MISSING_IN_LEDGER: "credit at {target} that {source} reports no payout for",
    BreakKind.DUPLICATE_IN_LEDGER: "payout reported twice by {source}",
    BreakKind.DUPLICATE_AT_PARTNER: "payout of {source} arrived twice at {target}",
    BreakKind.AMOUNT_MISMATCH: "payout of {source} arrived at {target} with another amount",
    BreakKind.FX_VARIANCE: "payout of {source} arrived at {target} at another exchange rate",
    BreakKind.CURRENCY_MISMATCH: "payout of {source} arrived at {target} in another currency",
    BreakKind.FEE_VARIANCE: "fee not as agreed between {source} and {target}",
    BreakKind.STATUS_MISMATCH: "statuses differ between {source} and {target}",
    BreakKind.REFERENCE_MISMATCH: "payout of {source} arrived at {target} under another reference",
    BreakKind.LATE_SETTLEMENT: "payout of {source} arrived late at {target}",
    BreakKind.BATCH_INCOMPLETE: "payouts of {source} and what arrived at {target} do not add up",
    BreakKind.AMBIGUOUS_MATCH: "payout of {source} may be more than one credit at {target}",
}
