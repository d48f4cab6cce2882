"""Period sign-off: one person prepares, another signs, the figures of the period are frozen, and what changes afterwards is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from breakwater.errors import ForbiddenError, RefusedError
from breakwater.model.proposals import Authority


@dataclass(frozen=True, kw_only=True)
class Amount:
    """How many, and worth how much in minor units."""

    count: int
    value_minor: int


ByCurrency = Mapping[str, Amount]


@dataclass(frozen=True, kw_only=True)
class PeriodFigures:
    """A partner's period by currency: what is matched on each side (gross amounts of the records booked in it), and what its breaks are
    worth that are open, suppressed as known noise, or written off (those dated in it). `run_id` is the run that matched.
    """

    run_id: str
    matched_ours: ByCurrency = field(default_factory=dict)
    matched_theirs: ByCurrency = field(default_factory=dict)
    open_breaks: ByCurrency = field(default_factory=dict)
    known_noise: ByCurrency = field(default_factory=dict)
    written_off: ByCurrency = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """True if nothing was booked in the period, on either side, and no break is dated in it."""
        return not any(getattr(self, row) for row in ROWS)

    def to_json(self) -> dict[str, Any]:
        """The figures in words JSON has."""
        return asdict(self)

    def same_as(self, other: PeriodFigures) -> bool:
        """True for the same figures, whichever run they come from."""
        return replace(self, run_id="") == replace(other, run_id="")


ROWS = ("matched_ours", "matched_theirs", "open_breaks", "known_noise", "written_off")


def figures_of(given: Mapping[str, Any]) -> PeriodFigures:
    """The inverse of `PeriodFigures.to_json`."""
    rows = {name: {currency: Amount(**amount) for currency, amount in given[name].items()} for name in ROWS}
    return PeriodFigures(run_id=given["run_id"], **rows)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One figure that is no longer what was signed: its row of ROWS, before and now."""

    row: str
    currency: str
    before: Amount
    now: Amount


def differences(before: PeriodFigures, now: PeriodFigures) -> list[Difference]:
    """What differs, row by row and currency by currency."""
    return list(_differences(before, now))


def _differences(before: PeriodFigures, now: PeriodFigures) -> Iterator[Difference]:
    none = Amount(count=0, value_minor=0)
    for row in ROWS:
        was, is_now = getattr(before, row), getattr(now, row)
        for currency in sorted({*was, *is_now}):
            pair = was.get(currency, none), is_now.get(currency, none)
            if pair[0] != pair[1]:
                yield Difference(row=row, currency=currency, before=pair[0], now=pair[1])


class SignOffState(StrEnum):
    """Where a period stands."""

    PREPARED = "prepared"
    SIGNED = "signed"
    DECLINED = "declined"


@dataclass(frozen=True, kw_only=True)
class SignOff:
    """A partner's period as it was prepared and signed. `now` are other figures than those, as they were told last; None if none are."""

    partner: str
    period: str
    state: SignOffState
    revision: int
    figures: PeriodFigures
    prepared_by: str
    prepared_at: datetime
    reviewed_by: str | None = None
    reviewed_at: datetime | None = None
    now: PeriodFigures | None = None
    changed_at: datetime | None = None

    @property
    def name(self) -> str:
        """What its card and its audit rows are about."""
        return f"signoff:{self.partner}:{self.period}"

    @property
    def may_be_prepared(self) -> bool:
        """True while somebody may prepare it anew: not while it waits for its signature, or is as it was signed."""
        return self.state is SignOffState.DECLINED or (self.state is SignOffState.SIGNED and self.now is not None)


def prepare(was: SignOff | None, *, partner: str, period: str, figures: PeriodFigures, by: str, now: datetime) -> SignOff:
    """Somebody puts a period's figures up for another's signature. A signed one only once it has changed."""
    if was and was.state is SignOffState.SIGNED and was.now is None:
        raise RefusedError(f"{period} of {partner} is signed off, and nothing has changed since.", remedy="There is nothing to prepare.")
    return SignOff(
        partner=partner,
        period=period,
        state=SignOffState.PREPARED,
        revision=was.revision + 1 if was else 1,
        figures=figures,
        prepared_by=by,
        prepared_at=now,
    )


def sign(signoff: SignOff, *, by: str, figures: PeriodFigures, authority: Authority, now: datetime) -> SignOff:
    """A second person freezes the figures, if they are still those that were prepared."""
    _require_prepared(signoff)
    if authority.is_same_person(by, signoff.prepared_by):
        account = "yourself" if by == signoff.prepared_by else f"with your other account, <@{signoff.prepared_by}>"
        raise ForbiddenError(f"You prepared this {account}: a second person has to sign.", remedy="Ask another approver to click.")
    if not signoff.figures.same_as(figures):
        raise RefusedError(
            f"The figures of {signoff.period} are no longer those that were prepared.",
            remedy=f"Prepare it again: `/recon signoff {signoff.partner} {signoff.period}`.",
        )
    return replace(signoff, state=SignOffState.SIGNED, revision=signoff.revision + 1, reviewed_by=by, reviewed_at=now)


def decline(signoff: SignOff, *, by: str, now: datetime) -> SignOff:
    """A reviewer does not sign: it can be prepared again."""
    _require_prepared(signoff)
    return replace(signoff, state=SignOffState.DECLINED, revision=signoff.revision + 1, reviewed_by=by, reviewed_at=now)


def change(signoff: SignOff, *, figures: PeriodFigures, now: datetime) -> SignOff | None:
    """A signed period whose figures are others than were told last; None if there is nothing to tell."""
    told = signoff.now or signoff.figures
    if signoff.state is not SignOffState.SIGNED or told.same_as(figures):
        return None
    differs = None if signoff.figures.same_as(figures) else figures
    return replace(signoff, revision=signoff.revision + 1, now=differs, changed_at=now)


def _require_prepared(signoff: SignOff) -> None:
    if signoff.state is not SignOffState.PREPARED:
        by = f" by <@{signoff.reviewed_by}>" if signoff.reviewed_by else ""
        raise RefusedError(f"{signoff.period} of {signoff.partner} is {signoff.state} already{by}.", remedy="Look at its card.")
