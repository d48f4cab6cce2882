"""The agreement of a leg: of payouts alone, all on one account, so that a pass on anything else would never find a pair."""

from __future__ import annotations

from dataclasses import replace

from breakwater.errors import CallError
from breakwater.matching.agreement import ANY, Agreement, NettingPass, Pass
from breakwater.model.records import Kind

_KIND = str(Kind.PAYOUT)


def for_leg(agreement: Agreement, *, leg_id: str) -> Agreement:
    """The agreement under the id of its leg, which is what its breaks are known by, so that several legs may share a file.

    CallError where an entry of it can't mean anything in a leg.
    """
    for each in agreement.passes:
        _check(each, leg_id)
    if stray := next((fee.kind for fee in agreement.fees if fee.kind not in (_KIND, ANY)), None):
        raise CallError(
            f"The agreement of the leg '{leg_id}' has a fee on {stray}s, but all that a leg compares is payouts.",
            remedy=f"Write kind = '{_KIND}'.",
        )
    return replace(agreement, name=leg_id)


def _check(each: Pass, leg_id: str) -> None:
    for side, kinds in (("kinds_ours", each.kinds_ours), ("kinds_theirs", each.kinds_theirs)):
        if kinds is not None and _KIND not in kinds:
            raise CallError(
                f"The pass '{each.name}' of the leg '{leg_id}' never finds anything: {side} leaves out '{_KIND}', which is all a leg has.",
                remedy=f"Leave {side} out.",
            )
    if not isinstance(each, NettingPass) and set(each.columns) == {"account"}:
        raise CallError(
            f"The pass '{each.name}' of the leg '{leg_id}' compares the account alone, which is the same for all records of a leg.",
            remedy="Compare a reference, or use a netting pass.",
        )
