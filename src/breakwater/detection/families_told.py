"""What a family of declines that jumped says to a person, and what families say about why an approval rate fell."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import starmap

import numpy as np

from breakwater.detection.families import FAMILY, FamilyAlert, FamilyWatch
from breakwater.detection.live import Live
from breakwater.detection.occurrences import Occurrences
from breakwater.detection.panel import Indexes, covered
from breakwater.detection.telling import CHART_H, CONTRIBUTIONS, WORTH_H, finding_id, where_words
from breakwater.model.decline_families import FAMILY_WORDS, DeclineFamily
from breakwater.model.findings import SEVERAL, Contribution, Finding, FindingKind, Place, SeriesPoint
from breakwater.model.money import format_minor
from breakwater.model.partners import Partner
from breakwater.model.per_cent import per_cent

BEFORE = timedelta(days=7)
SHIFTED_BY, SHIFTED_TIMES = 0.01, 1.5  # of all attempts; less is no explanation
RENAMED = 0.6  # the share of a rise that another family must have lost for it to look like other codes for the same
_NEXT = {
    DeclineFamily.FUNDS: "Look for a change of limits, of amounts or of who pays; nothing need be wrong on either side.",
    DeclineFamily.REFUSED: "Ask {name} which banks refuse, and whether their rules or our merchant data changed.",
    DeclineFamily.FRAUD: "Look for a wave of card testing, then ask {name} whether its fraud rules changed, or check ours.",
    DeclineFamily.TECHNICAL: "Check our connection and the status page of {name}, and ask which banks can't be reached; then try again.",
    DeclineFamily.AUTHENTICATION: "Try a payment with authentication yourself, then ask {name} about its authentication page.",
    DeclineFamily.DATA: "Look at what we send since our last release: a field that is empty, cut off or formatted otherwise.",
    DeclineFamily.RESTRICTED: "Look for a kind of card, account or merchant category that is refused now, and ask {name} why.",
    DeclineFamily.CUSTOMER: "Walk through the checkout and the bank's page as a customer: something may make people give up.",
    DeclineFamily.OTHER: "Ask {name} what these codes mean; breakwater can be taught them.",
}


def told_family(
    alert: FamilyAlert, *, live: Live, families: FamilyWatch, occurrences: Occurrences, partners: Mapping[str, Partner], now: datetime
) -> Finding:
    """An alert about a family as a finding, with the figures up to the last hour looked at."""
    return _Story(alert, live, families, occurrences, partners).finding(now)


def shifted_family(live: Live, occurrences: Occurrences, *, place: Place, since: datetime) -> str:
    """A sentence about the family whose share of the attempts grew most at a place since then; '' where none grew by much."""
    rows = covered(live.panel.segments, {name: value for name, value in place if name != FAMILY})
    grown = [(_shares(live, occurrences, DeclineFamily(f), rows, since), DeclineFamily(f)) for f in sorted(_families(occurrences))]
    if not len(rows) or not grown:
        return ""
    (before, after), family = max(grown, key=lambda one: one[0][1] - one[0][0])
    if after - before < SHIFTED_BY or after < SHIFTED_TIMES * before:
        return ""
    return f"{FAMILY_WORDS[family]} went from {_percent(before)} to {_percent(after)} of the attempts."


def _families(occurrences: Occurrences) -> set[str]:
    return occurrences.counts.keys() & set(DeclineFamily)


def _shares(live: Live, occurrences: Occurrences, family: DeclineFamily, rows: Indexes, since: datetime) -> tuple[float, float]:
    """The share of a family in the attempts of the week before, and since then."""
    first, begins = max(live.hour_of(since - BEFORE), 0), live.hour_of(since)
    declined, attempts = occurrences.counts[family][rows], live.panel.attempts[rows]
    parts = (slice(first, begins), slice(begins, live.until))
    before, after = (float(declined[:, part].sum()) / max(float(attempts[:, part].sum()), 1.0) for part in parts)
    return before, after


class _Story:
    """One alert and its figures."""

    def __init__(
        self, alert: FamilyAlert, live: Live, families: FamilyWatch, occurrences: Occurrences, partners: Mapping[str, Partner]
    ) -> None:
        self.alert, self.live, self.families, self.occurrences, self.partners = alert, live, families, occurrences, partners
        self.where = live.watch.scopes.names[alert.scope]
        self.rows = live.watch.scopes.rows(alert.scope)
        self.since = live.panel.at(alert.onset)
        part = slice(alert.onset, live.until)
        self.attempts, self.declined = live.panel.attempts[self.rows, part], occurrences.counts[alert.family][self.rows, part]
        usual = np.nan_to_num(families.usual(alert.family, self.rows, first=part.start, end=part.stop))
        self.usually = self.attempts * usual
        too_many = (self.declined - self.usually).sum(1)
        self.by_segment = sorted(((round(float(n)), row) for n, row in zip(too_many, self.rows.tolist(), strict=True)), reverse=True)

    def finding(self, now: datetime) -> Finding:
        fields = dict(self.where)
        partner = self.partners[fields["partner"]] if "partner" in fields else None
        zone = partner.time_zone if partner else self.live.panel.segments[int(self.rows[0])].time_zone
        first_at = self.since.astimezone(zone)
        place = (*self.where, (FAMILY, str(self.alert.family)))
        worth = self._worth_minor()
        currency = next(iter(worth)) if len({self.live.panel.segments[row].currency for row in self.rows.tolist()}) == 1 and worth else None
        tried = max(float(self.attempts.sum()), 1.0)
        was, is_now = float(self.usually.sum()) / tried, float(self.declined.sum()) / tried
        return Finding(
            id=finding_id(FindingKind.DECLINE_REASONS, *(f"{name}={value}" for name, value in place), self.since.isoformat()),
            kind=FindingKind.DECLINE_REASONS,
            partner=partner.id if partner else SEVERAL,
            scope=" · ".join(value for _, value in self.where) or "everything",
            since=self.since,
            summary=self._summary(was, is_now, worth),
            expected=f"{_percent(was)} of the attempts",
            seen=f"{_percent(is_now)}, {int(self.declined.sum()):,} of {int(tried):,} since {first_at.day} {first_at:%b %H:%M} ({zone})",
            next_step=_NEXT[self.alert.family].format(name=partner.name if partner else "the partners"),
            at_risk_minor=worth[currency] if currency else None,
            currency=currency,
            found_at=now,
            series=self._chart(),
            place=place,
            contributions=self._contributions(),
            cause=self._cause(is_now - was),
        )

    def _summary(self, was: float, is_now: float, worth: Mapping[str, int]) -> str:
        where = where_words(self.where, live=self.live, partners=self.partners)
        part, past = slice(self.alert.onset, self.live.until), self.live.watch.past
        tried = max(float(self.attempts.sum()), 1.0)
        approved = 1 - float(self.live.panel.declined[self.rows, part].sum()) / tried
        usually = 1 - float((self.attempts * np.nan_to_num(past.decline[self.rows, part])).sum()) / tried
        amounts = " and ".join(format_minor(minor, currency) for currency, minor in sorted(worth.items()))
        return (
            f"{FAMILY_WORDS[self.alert.family]} at {where} rose from {_percent(was)} to {_percent(is_now)} of the attempts; "
            f"the approval rate as a whole, {_percent(approved)} against {_percent(usually)}, does not show it."
            + (f" About {amounts} more than usual was declined that way." if amounts else "")
        )

    def _worth_minor(self) -> dict[str, int]:
        worth: dict[str, int] = {}
        for payments, row in self.by_segment:
            if minor := self._row_worth_minor(row, payments):
                currency = self.live.panel.segments[row].currency
                worth[currency] = worth.get(currency, 0) + minor
        return worth

    def _row_worth_minor(self, row: int, payments: int) -> int | None:
        """What so many payments are worth by those approved before, in whole minor units; None where nothing was."""
        before = slice(max(0, self.alert.onset - WORTH_H), self.alert.onset)
        approved, minor = (int(self.live.counts[name][row, before].sum()) for name in ("approved", "approved_minor"))
        return (2 * max(payments, 0) * minor + approved) // (2 * approved) if approved else None

    def _contributions(self) -> tuple[Contribution, ...]:
        """The segments in which most of it happens, if there are several."""
        segments = self.live.panel.segments
        return tuple(
            Contribution(
                where=" · ".join(value for _, value in segments[row].scope()),
                payments=payments,
                worth_minor=self._row_worth_minor(row, payments),
                currency=segments[row].currency,
            )
            for payments, row in self.by_segment[:CONTRIBUTIONS]
            if payments > 0 and len(self.rows) > 1
        )

    def _cause(self, rose_by: float) -> str:
        """Another family that lost what this one gained: then perhaps nothing but the codes has changed."""
        others = sorted(_families(self.occurrences) - {self.alert.family})
        shares = [(_shares(self.live, self.occurrences, DeclineFamily(f), self.rows, self.since), DeclineFamily(f)) for f in others]
        (before, after), family = max(shares, key=lambda one: one[0][0] - one[0][1], default=((0.0, 0.0), DeclineFamily.OTHER))
        if before - after < RENAMED * rose_by:
            return ""
        fell = f"{FAMILY_WORDS[family]} fell from {_percent(before)} to {_percent(after)} at the same time"
        return f"{fell}: perhaps the same declines have other codes now."

    def _chart(self) -> tuple[SeriesPoint, ...]:
        """The last two days, hour by hour: the family in per cent of the attempts."""
        first, end = max(0, self.live.until - CHART_H), self.live.until
        tried = self.live.panel.attempts[self.rows, first:end]
        usual = self.families.usual(self.alert.family, self.rows, first=first, end=end)
        declined, usually = self.occurrences.counts[self.alert.family][self.rows, first:end].sum(0), (tried * usual).sum(0)
        points = zip(range(first, end), tried.sum(0).tolist(), declined.tolist(), usually.tolist(), strict=True)
        return tuple(starmap(self._point, (point for point in points if point[1])))

    def _point(self, hour: int, tried: float, declined: float, usually: float) -> SeriesPoint:
        expected = round(100 * usually / tried, 2) if np.isfinite(usually) else None
        return SeriesPoint(self.live.panel.at(hour), round(100 * declined / tried, 2), expected)


def _percent(share: float) -> str:
    return per_cent(share, decimals=1 if share >= 0.001 or not share else 2)
