"""The state of a partner, after the public metrics of Stripe's Ledger: clearing, timeliness, completeness, explained. Integers only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from breakwater.model.calendar import BusinessCalendar
from breakwater.model.partner_state import AFTER_DAYS, Measure, PartnerState, Share, Standing

LOOK_BACK_DAYS = 90


def days_before(as_of: date, *, calendar: BusinessCalendar) -> list[list[date]]:
    """For each n of AFTER_DAYS: the dates that are exactly n business days before `as_of`, weekends among them."""
    near = [as_of - timedelta(days=n) for n in range(LOOK_BACK_DAYS)]
    return [[day for day in near if calendar.between(day, as_of) == n] for n in AFTER_DAYS]


def measured(row: Mapping[str, Any], *, partner: str, business_date: date, run_id: str) -> PartnerState:
    """The state that a row of `lake.standing` says."""
    plain = ("due_rows", "due_minor", "matched_rows", "matched_minor", "matched_late_minor", "unresolved_minor", "missing_minor")
    return PartnerState(
        partner=partner,
        currency=row["currency"],
        business_date=business_date,
        run_id=run_id,
        **{name: int(row[name]) for name in plain},
        explained_minor=tuple(int(row[f"explained_{n}_minor"]) for n in AFTER_DAYS),
        dated_minor=tuple(int(row[f"dated_{n}_minor"]) for n in AFTER_DAYS),
    )


def shares(history: Sequence[PartnerState]) -> dict[Measure, Share]:
    """Every measure of the last state of a history (one partner and currency, oldest first).

    What was explained n business days after its date is known on that very day only, so it is summed over the history, and so is what
    it is a share of: a day that no run looked at is in neither.
    """
    now = history[-1]
    since = now.business_date - timedelta(days=LOOK_BACK_DAYS)
    recent = [state for state in history if state.business_date > since]
    explained = {
        Measure(f"explained_{n}"): Share(sum(s.explained_minor[at] for s in recent), sum(s.dated_minor[at] for s in recent))
        for at, n in enumerate(AFTER_DAYS)
    }
    return {
        Measure.CLEARING: Share(now.due_minor - now.unresolved_minor, now.due_minor),
        Measure.TIMELINESS: Share(now.matched_minor - now.matched_late_minor, now.due_minor),
        Measure.COMPLETENESS: Share(now.due_minor - now.missing_minor, now.due_minor),
        **explained,
        Measure.MATCHED_BY_VALUE: Share(now.matched_minor, now.due_minor),
        Measure.MATCHED_BY_COUNT: Share(now.matched_rows, now.due_rows),
    }


def standing(history: Sequence[PartnerState]) -> Standing:
    """How the last state of a history stands, beside the one before it."""
    now = history[-1]
    since = now.business_date - timedelta(days=LOOK_BACK_DAYS)
    return Standing(
        currency=now.currency,
        business_date=now.business_date,
        due_minor=now.due_minor,
        shares=shares(history),
        before=shares(history[:-1]) if len(history) > 1 else {},
        trend=tuple((s.business_date, Share(s.due_minor - s.unresolved_minor, s.due_minor)) for s in history if s.business_date > since),
    )
