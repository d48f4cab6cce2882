"""What a level that shifted says to a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from breakwater.detection.levels import Shift
from breakwater.detection.telling import finding_id
from breakwater.model.backtests import WouldTell
from breakwater.model.findings import Finding, FindingKind, SeriesPoint
from breakwater.model.money import format_minor
from breakwater.model.partners import Partner

_BP = 10_000


@dataclass(frozen=True, kw_only=True)
class _Words:
    """How a kind speaks: its `noun`, a value in words, and what to do about it."""

    noun: str
    value: str
    next_step: str
    costs: str = ""


_WORDS: Mapping[FindingKind, _Words] = {
    FindingKind.FEE_DRIFT: _Words(
        noun="Fees", value="{:.1f} bp", costs=" That is {amount} {more} on {volume} since then.",
        next_step="Compare with the fee schedule agreed with {name}, and ask for the notice of the change; wrong charges are claimed back.",
    ),
    FindingKind.RATE_DRIFT: _Words(
        noun="The exchange rate against ours", value="{:+.1f} bp", costs=" That is {amount} {more} on {volume} since then.",
        next_step="Compare with the markup agreed with {name}, and look whether both sides take the rate of the same day.",
    ),
    FindingKind.SETTLEMENT_SLOW: _Words(
        noun="The time to settlement", value="{:.1f} business days", costs=" {volume} took longer than usual.",
        next_step="Ask {name} which batches are held back and why; look whether its cut-off or calendar changed.",
    ),
    FindingKind.BREAK_RATE_UP: _Words(
        noun="The share in breaks", value="{:.1f} bp", costs=" That is {amount} more in breaks than usual.",
        next_step="Look at the causes in /recon {id}.",
    ),
}  # fmt: skip


def told_shift(shift: Shift, *, partner: Partner, now: datetime) -> Finding:
    """A shift as a finding. What is at risk is what the shift costs on what was moved since then."""
    words = _WORDS[shift.kind]
    where = " · ".join(value for _, value in shift.place)
    volume = max(figure.volume_minor for figure in shift.since) if _is_stock(shift.kind) else sum(f.volume_minor for f in shift.since)
    costs = cost_minor(shift)
    said = words.costs.format(
        amount=format_minor(abs(costs), shift.currency), more="more" if costs > 0 else "less", volume=format_minor(volume, shift.currency)
    )
    rose = "rose" if shift.seen > shift.usual else "fell"
    since = datetime.combine(shift.onset, time(), tzinfo=UTC)
    usual, seen = words.value.format(shift.usual), words.value.format(shift.seen)
    days = "1 day" if len(shift.since) == 1 else f"{len(shift.since)} days"
    return Finding(
        id=finding_id(shift.kind, *(f"{name}={value}" for name, value in shift.place), shift.onset.isoformat()),
        kind=shift.kind,
        partner=partner.id,
        scope=where,
        since=since,
        summary=f"{words.noun} at {_where(shift, partner)} {rose} from {usual} to {seen}.{said}",
        expected=f"{usual}, the middle of the days before",
        seen=f"{seen} on {days} since {_day(shift.onset)}",
        next_step=words.next_step.format(name=partner.name, id=partner.id),
        at_risk_minor=volume if shift.kind is FindingKind.SETTLEMENT_SLOW else costs if costs > 0 else None,
        currency=shift.currency,
        found_at=now,
        series=tuple(
            SeriesPoint(datetime.combine(figure.day, time(), tzinfo=UTC), round(figure.value, 2), None if was is None else round(was, 2))
            for figure, was in shift.days
        ),
        place=shift.place,
    )


def cost_minor(shift: Shift) -> int:
    """What a shift of basis points costs since it began, in whole minor units: positive is to our cost. 0 where it is no shift of money."""
    if shift.kind is FindingKind.SETTLEMENT_SLOW:
        return 0
    if _is_stock(shift.kind):
        last = shift.since[-1]
        return round((last.value - shift.usual) * last.volume_minor / _BP)
    # A rate that gives us less than ours is below it, and to our cost.
    sign = -1 if shift.kind is FindingKind.RATE_DRIFT else 1
    return sign * round(sum((figure.value - shift.usual) * figure.volume_minor for figure in shift.since) / _BP)


def _is_stock(kind: FindingKind) -> bool:
    """What is in breaks is there every day until it is solved: days do not add up."""
    return kind is FindingKind.BREAK_RATE_UP


def _where(shift: Shift, partner: Partner) -> str:
    fields = dict(shift.place)
    converted = f" from {fields['original currency']}" if "original currency" in fields else ""
    network = f" on {fields['network']}" if "network" in fields else ""
    fee = f", booked as '{fields['fee']}'," if "fee" in fields else ""
    return f"{partner.name}{network} in {shift.currency}{converted}{fee}"


def _day(day: date) -> str:
    return f"{day.day} {day:%b}"


def in_short(shift: Shift) -> WouldTell:
    """A shift as a line of a backtest; a day is known when it is over."""
    value = _WORDS[shift.kind].value
    return WouldTell(
        kind=shift.kind,
        scope=" · ".join(name for _, name in shift.place),
        fired_at=_over(shift.fired),
        ended_at=None if shift.closed is None else _over(shift.closed),
        what=f"{value.format(shift.usual)} became {value.format(shift.seen)}",
    )


def _over(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=UTC)
