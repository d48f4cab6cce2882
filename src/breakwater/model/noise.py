"""Known noise: rules by which small breaks nobody has are counted apart, until a day, and never beyond what their author may write off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fnmatch import fnmatchcase

from breakwater.errors import ForbiddenError
from breakwater.model.access import Actor
from breakwater.model.breaks import Break, BreakKind, BreakState
from breakwater.model.money import format_minor
from breakwater.model.proposals import Authority

MOST_DAYS = 366
PATTERN_MOST, REASON_MOST = 80, 500


@dataclass(frozen=True, kw_only=True)
class NoiseRule:
    """Breaks of `partner` of this kind (None: any), with a reference like `pattern` ('' any; * and ? as in file names), each worth up to
    `most_minor`, and together up to `limit_minor`: what `owner_id` could have written off at once. In force through `expires_on`.
    """

    id: str
    partner: str
    currency: str
    most_minor: int
    limit_minor: int
    reason: str
    owner_id: str
    made_at: datetime
    expires_on: date
    kind: BreakKind | None = None
    pattern: str = ""
    ended_by: str | None = None
    ended_at: datetime | None = None

    def in_force(self, today: date) -> bool:
        """True until it is ended or expires."""
        return self.ended_at is None and today <= self.expires_on

    def covers(self, brk: Break) -> bool:
        """True for an open break that nobody has and that is what the rule describes."""
        is_like = not self.pattern or any(fnmatchcase(reference.casefold(), self.pattern.casefold()) for reference in brk.references)
        fits = brk.partner == self.partner and brk.currency == self.currency and brk.amount_minor <= self.most_minor
        is_free = brk.state is BreakState.OPEN and brk.owner_id is None
        return is_free and fits and is_like and self.kind in (None, brk.kind)


def suppressed(breaks: Iterable[Break], rules: Iterable[NoiseRule], *, used_minor: Mapping[str, int] | None = None) -> dict[str, str]:
    """Which break is noise by which rule, by their ids: the oldest breaks first, the oldest rule first, each as far as its limit reaches.

    `used_minor` is what a rule has suppressed besides these breaks.
    """
    used = Counter(used_minor or {})
    found: dict[str, str] = {}
    ordered = sorted(rules, key=lambda r: (r.made_at, r.id))
    for brk in sorted(breaks, key=lambda b: (b.dated, b.id)):
        rule = next((r for r in ordered if r.covers(brk) and used[r.id] + brk.amount_minor <= r.limit_minor), None)
        if rule:
            found[brk.id] = rule.id
            used[rule.id] += brk.amount_minor
    return found


def complaint(rule: NoiseRule, *, today: date) -> str:
    """Why there can't be such a rule; empty if there can."""
    if rule.kind is None and not rule.pattern.strip("*? "):
        return "Choose a kind, or write what the reference looks like: a rule for everything would hide the next real break."
    if rule.most_minor <= 0:
        return "The amount must be more than zero."
    if rule.expires_on <= today:
        return f"{rule.expires_on} is not in the future."
    if (rule.expires_on - today).days > MOST_DAYS:
        return f"{rule.expires_on} is more than a year away: what is still noise then is decided then."
    return ""


def require_within_limit(rule: NoiseRule, *, actor: Actor) -> None:
    """Refuse a rule that hides more in one break than its author may write off."""
    if rule.most_minor > rule.limit_minor:
        yours = f"Your limit for write-offs is {format_minor(rule.limit_minor, rule.currency)}"
        none = f"You have no limit for write-offs in {rule.currency}"
        raise ForbiddenError(
            f"{yours if rule.limit_minor else none}; this rule would hide breaks of up to {format_minor(rule.most_minor, rule.currency)}.",
            remedy=f"Somebody with a higher role than '{actor.role.name.lower()}' can add it, or choose a lower amount.",
        )


def limits_of(actor: Actor, *, authority: Authority) -> dict[str, int]:
    """The currencies in which somebody may write anything off, and how much at once, in minor units."""
    currencies = sorted({limit.currency for limit in authority.limits})
    return {c: most for c in currencies if (most := authority.limit_minor(actor.role, c))}
