"""What somebody proposes to do about a break, and who may agree to it: reasons, limits, and two accounts of one person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from breakwater.errors import ForbiddenError
from breakwater.model.access import Actor, Role
from breakwater.model.money import format_minor


class ProposalKind(StrEnum):
    """What is proposed."""

    CORRECTION = "correction"
    WRITE_OFF = "write_off"
    MANUAL_MATCH = "manual_match"


class ReasonCode(StrEnum):
    """Why money is booked or given up, as accounting groups it."""

    BANK_CHARGE = "bank_charge"
    FX_DIFFERENCE = "fx_difference"
    ROUNDING = "rounding"
    FEE_DISPUTE = "fee_dispute"
    DUPLICATE = "duplicate"
    FRAUD_LOSS = "fraud_loss"
    BOOKING_ERROR = "booking_error"
    BELOW_COST = "below_cost"
    OTHER = "other"


class Effect(StrEnum):
    """What a booking does to us: the amount is lost (the account is debited) or gained (it is credited)."""

    LOSS = "loss"
    GAIN = "gain"


@dataclass(frozen=True, kw_only=True)
class Tied:
    """One record of a match by hand, with its money as it was when people looked at it."""

    record_id: str
    amount_minor: int
    currency: str


def gap_minor(ours: Iterable[Tied], theirs: Iterable[Tied]) -> dict[str, int]:
    """Theirs less ours by currency, in minor units; only where they differ."""
    sums: Counter[str] = Counter()
    for sign, side in ((-1, ours), (1, theirs)):
        for tied in side:
            sums[tied.currency] += sign * tied.amount_minor
    return {currency: minor for currency, minor in sorted(sums.items()) if minor}


@dataclass(frozen=True, kw_only=True)
class Reversal:
    """What `by` proposes about a booking that a later run has overtaken: to take it back. `decided_by` is the second person."""

    by: str
    at: datetime
    note: str
    decided_by: str | None = None
    decided_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """What `by` proposes: `amount_minor` in `currency`, to be booked on the suspense `account`, with its evidence.

    `effect` says in which direction. `matches` are what somebody typed to say which records a manual match ties together, `ours` and
    `theirs` the records that were found. `decided_by` is the second person, once they agreed. `overtaken` is how a later run explains
    what was booked, in one of its words or by the id of the break that holds its records now; empty while none does.
    """

    kind: ProposalKind
    by: str
    at: datetime
    reason: ReasonCode
    amount_minor: int
    currency: str
    account: str = ""
    effect: Effect = Effect.LOSS
    note: str = ""
    evidence: tuple[str, ...] = ()
    matches: tuple[str, ...] = ()
    ours: tuple[Tied, ...] = ()
    theirs: tuple[Tied, ...] = ()
    decided_by: str | None = None
    decided_at: datetime | None = None
    overtaken: str = ""
    reversal: Reversal | None = None

    @property
    def asked_by(self) -> str:
        """Who waits for a second person: who proposed it, or its reversal."""
        return self.reversal.by if self.reversal else self.by

    @property
    def asked_at(self) -> datetime:
        """Since when they wait."""
        return self.reversal.at if self.reversal else self.at

    def to_json(self) -> dict[str, Any]:
        """The proposal in words JSON has."""
        times = _times(self)
        reversal = {**asdict(self.reversal), **_times(self.reversal)} if self.reversal else None
        tied = {side: [asdict(t) for t in getattr(self, side)] for side in ("ours", "theirs")}
        lists = {"evidence": list(self.evidence), "matches": list(self.matches), **tied}
        return {
            **asdict(self),
            "kind": str(self.kind),
            "reason": str(self.reason),
            "effect": str(self.effect),
            **lists,
            **times,
            "reversal": reversal,
        }


def proposal_of(given: Mapping[str, Any]) -> Proposal:
    """The inverse of `Proposal.to_json`."""
    reversal = given.get("reversal")
    changes = {
        "kind": ProposalKind(given["kind"]),
        "reason": ReasonCode(given["reason"]),
        "effect": Effect(given.get("effect", Effect.LOSS)),
        **_times_of(given),
        "reversal": Reversal(**{**reversal, **_times_of(reversal)}) if reversal else None,
        "evidence": tuple(given["evidence"]),
        "matches": tuple(given["matches"]),
        **{side: tuple(Tied(**t) for t in given.get(side, ())) for side in ("ours", "theirs")},
    }
    return Proposal(**{**given, **changes})


def _times(said: Proposal | Reversal) -> dict[str, str | None]:
    return {"at": said.at.isoformat(), "decided_at": said.decided_at.isoformat() if said.decided_at else None}


def _times_of(given: Mapping[str, Any]) -> dict[str, datetime | None]:
    return {name: datetime.fromisoformat(given[name]) if given[name] else None for name in ("at", "decided_at")}


@dataclass(frozen=True, kw_only=True)
class WriteOffLimit:
    """The most a role may write off at once in a currency, in minor units."""

    role: Role
    currency: str
    write_off_minor: int


@dataclass(frozen=True, kw_only=True)
class Authority:
    """What the configuration says about agreeing: limits, and the accounts that are one person's."""

    limits: tuple[WriteOffLimit, ...] = ()
    same_person: tuple[frozenset[str], ...] = field(default=())

    def is_same_person(self, one: str, other: str) -> bool:
        """True for one account, and for two accounts of one person."""
        return one == other or any({one, other} <= accounts for accounts in self.same_person)

    def limit_minor(self, role: Role, currency: str) -> int:
        """How much a role may write off at once: the highest limit of its own and of the roles below it; 0 without any."""
        given = (limit.write_off_minor for limit in self.limits if limit.role <= role and limit.currency == currency)
        return max(given, default=0)

    def require_may_approve(self, actor: Actor, proposal: Proposal) -> None:
        """Refuse, in words that help, unless `actor` is a second person whose limit reaches far enough."""
        if self.is_same_person(actor.id, proposal.asked_by):
            account = "yourself" if actor.id == proposal.asked_by else f"with your other account, <@{proposal.asked_by}>"
            raise ForbiddenError(f"You proposed this {account}: a second person has to agree.", remedy="Ask another approver to click.")
        if proposal.kind is not ProposalKind.WRITE_OFF:
            return
        limit = self.limit_minor(actor.role, proposal.currency)
        if proposal.amount_minor > limit:
            this_one = format_minor(proposal.amount_minor, proposal.currency)
            yours = f"Your limit for write-offs is {format_minor(limit, proposal.currency)}"
            none = f"You have no limit for write-offs in {proposal.currency}"
            raise ForbiddenError(
                f"{yours if limit else none}; this one is {this_one}.",
                remedy=self._who_can(proposal),
            )

    def require_may_match(self, actor: Actor, proposal: Proposal) -> None:
        """Refuse unless what a match by hand leaves open, which nobody will look for any more, is within the actor's limit."""
        for currency, minor in gap_minor(proposal.ours, proposal.theirs).items():
            if abs(minor) > self.limit_minor(actor.role, currency):
                raise ForbiddenError(
                    f"Those records differ by {format_minor(abs(minor), currency)}, which is more than you may write off.",
                    remedy="Name all records that belong together, or ask somebody whose limit is higher.",
                )

    def require_may_take_back(self, actor: Actor, *, made_by: str, worth_minor: int, currency: str) -> None:
        """Refuse unless a match by hand is within what an approver may write off, or `actor` is a second person whose limit covers it."""
        if worth_minor <= self.limit_minor(Role.APPROVER, currency):
            return
        if actor.role < Role.APPROVER or self.is_same_person(actor.id, made_by) or worth_minor > self.limit_minor(actor.role, currency):
            raise ForbiddenError(
                f"A match of {format_minor(worth_minor, currency)} is taken back by a second person whose limit covers it.",
                remedy="Ask an approver or administrator who did not propose it.",
            )

    def _who_can(self, proposal: Proposal) -> str:
        able = [role for role in Role if self.limit_minor(role, proposal.currency) >= proposal.amount_minor and role >= Role.APPROVER]
        if able:
            limit = format_minor(self.limit_minor(able[0], proposal.currency), proposal.currency)
            return f"Somebody with the role '{able[0].name.lower()}' can: up to {limit}."
        return f"Nobody has a limit that high in {proposal.currency}: an administrator can raise it in breakwater.toml, [roles] limits."


NO_LIMITS = Authority()
"""Nobody may write anything off."""
