"""What an alert says to a person: where, since when, what was expected and what came, what it is worth, and what to do next."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo

import numpy as np

from breakwater.detection.alerts import OUTAGE, Alert, Lesson, is_outage
from breakwater.detection.live import Live
from breakwater.detection.panel import Indexes, Scope, covered
from breakwater.detection.series import DAY_H, HOUR, WEEK_H, Floats
from breakwater.model.findings import SAID, SEVERAL, Contribution, Finding, FindingKind, FindingState, SeriesPoint
from breakwater.model.money import format_minor
from breakwater.model.partners import Partner
from breakwater.model.per_cent import per_cent

KINDS: Mapping[str, FindingKind] = {
    "drop": FindingKind.VOLUME_DROP,
    "rise": FindingKind.VOLUME_SPIKE,
    "decline": FindingKind.APPROVAL_DROP,
    "dearer": FindingKind.TICKET_UP,
    "cheaper": FindingKind.TICKET_DOWN,
}
TICKETS = frozenset({FindingKind.TICKET_UP, FindingKind.TICKET_DOWN})
CHART_H = 48
WORTH_H = 4 * WEEK_H  # what payments are worth is asked of so many hours before it began
CONTRIBUTIONS = 5
OUTAGE_OF_LATE_H, OUTAGE_EXPECTED = 2, 20.0  # hours, and payments expected in them
MAYBE_NEW_LEVEL_H = 24  # from then on a change of volume may be how things are


def finding_id(kind: FindingKind | str, *parts: str) -> str:
    """The stable name of a finding, from what makes it this one."""
    return f"F-{hashlib.sha256('|'.join((kind, *parts)).encode()).hexdigest()[:10].upper()}"


def told(alert: Alert, *, live: Live, partners: Mapping[str, Partner], now: datetime) -> Finding:
    """An alert of the watch as a finding, with the figures up to the last hour looked at."""
    return _Story(alert, live, partners).finding(now)


class _Story:
    """One alert and its figures."""

    def __init__(self, alert: Alert, live: Live, partners: Mapping[str, Partner]) -> None:
        self.kind = KINDS[alert.channel.name]
        self.alert, self.live, self.partners = alert, live, partners
        self.place: Scope = live.watch.scopes.names[alert.scope]
        self.rows: Indexes = live.watch.scopes.rows(alert.scope)
        self.since = live.panel.at(alert.onset)
        self.is_outage = self.kind is FindingKind.VOLUME_DROP and (
            self._comes_next_to_nothing(self.rows, since=alert.onset, is_so=is_outage(alert)) or self._deepest_is_outage()
        )
        strayed = self._strayed()
        self.by_segment = sorted(zip(strayed, self.rows.tolist(), strict=True), key=lambda pair: (-pair[0], pair[1]))

    def finding(self, now: datetime) -> Finding:
        fields = dict(self.place)
        partner = self.partners[fields["partner"]] if "partner" in fields else None
        first_at = self.since.astimezone(partner.time_zone if partner else self.live.panel.segments[self.rows[0]].time_zone)
        when = f"since {first_at.day} {first_at:%b %H:%M} ({first_at.tzinfo})"
        worth = self._worth_minor()
        expected, seen, summary = self._words(when)
        summary += self._deeper_words(first_at.tzinfo)
        worth_words = " and ".join(format_minor(minor, currency) for currency, minor in sorted(worth.items()))
        if worth_words:
            summary += _worth_in_words(self.kind, worth_words)
        currencies = {self.live.panel.segments[row].currency for row in self.rows.tolist()}
        currency = currencies.pop() if len(currencies) == 1 else None
        is_volume = self.alert.channel.metric == "volume"
        return Finding(
            id=finding_id(self.kind, *(f"{name}={value}" for name, value in self.place), self.since.isoformat()),
            kind=self.kind,
            partner=partner.id if partner else SEVERAL,
            scope=" · ".join(value for _, value in self.place) or "everything",
            since=self.since,
            summary=summary,
            expected=expected,
            seen=seen,
            next_step=self._next_step(partner),
            at_risk_minor=worth.get(currency) if currency and self.kind not in (FindingKind.VOLUME_SPIKE, FindingKind.TICKET_UP) else None,
            currency=currency,
            found_at=now,
            series=self._chart(),
            place=self.place,
            contributions=self._contributions(),
            cause=self._cause(first_at),
            is_outage=self.is_outage,
            deeper_since=self.live.panel.at(self.alert.deeper_from) if self.alert.deeper_from is not None else None,
            is_new_level=is_volume and not self.is_outage and self.live.until - self.alert.onset >= MAYBE_NEW_LEVEL_H,
        )

    def _part(self) -> slice:
        return slice(self.alert.onset, self.live.until)

    def _comes_next_to_nothing(self, rows: Indexes, *, since: int, is_so: bool) -> bool:
        """Of late, where that many are expected that it can be told; else what is known since it began: `is_so`."""
        late = slice(max(since, self.live.until - OUTAGE_OF_LATE_H), self.live.until)
        expected = float(np.nan_to_num(self.live.watch.past.expected[rows, late]).sum())
        if expected < OUTAGE_EXPECTED:
            return is_so
        return float(self.live.panel.attempts[rows, late].sum()) <= OUTAGE * expected

    def _deepest_is_outage(self) -> bool:
        """Next to nothing comes any more at a place inside it: of late, over as many hours as it takes to expect enough to tell."""
        alert = self.alert
        if alert.deeper_from is None or alert.depth > OUTAGE:
            return False
        rows, part = self.live.watch.scopes.rows(alert.deeper_scope), slice(alert.deeper_from, self.live.until)
        expected = np.cumsum(np.nan_to_num(self.live.watch.past.expected[rows, part]).sum(0)[::-1])
        hours = max(int((expected < OUTAGE_EXPECTED).sum()) + 1, OUTAGE_OF_LATE_H)
        return float(self.live.panel.attempts[rows, part][:, -hours:].sum()) <= OUTAGE * float(expected[:hours][-1])

    def _deeper_words(self, time_zone: tzinfo | None) -> str:
        """What has come on top, where it has got far larger."""
        alert = self.alert
        if alert.deeper_from is None:
            return ""
        scopes = self.live.watch.scopes
        rows, part = scopes.rows(alert.deeper_scope), slice(alert.deeper_from, self.live.until)
        is_all = alert.deeper_scope == alert.scope
        where = "" if is_all else f" at {where_words(scopes.names[alert.deeper_scope], live=self.live, partners=self.partners)}"
        at = self.live.panel.at(alert.deeper_from).astimezone(time_zone)
        return f" Since {at.day} {at:%b %H:%M}{where}: {self._change_words(rows, part)}."

    def _change_words(self, rows: Indexes, part: slice) -> str:
        attempts = int(self.live.panel.attempts[rows, part].sum())
        if self.kind is FindingKind.APPROVAL_DROP:
            return f"{_percent(attempts - int(self.live.panel.declined[rows, part].sum()), attempts)} approved"
        if self.kind in TICKETS:
            return f"{per_cent(self._ticket_ratio(rows, part))} of the usual"
        expected = float(np.nan_to_num(self.live.watch.past.expected[rows, part]).sum())
        change_by = attempts / expected - 1 if expected else 0.0
        return f"{per_cent(abs(change_by))} {'above' if change_by > 0 else 'below'} normal" if attempts else "no payments"

    def _strayed(self) -> list[int]:
        """Payments that strayed, by segment: missing, on top, declined beyond the usual, or approved while the ticket was off."""
        part, past = self._part(), self.live.watch.past
        attempts, declined = self.live.panel.attempts[self.rows, part], self.live.panel.declined[self.rows, part]
        if self.kind is FindingKind.APPROVAL_DROP:
            off = declined - attempts * np.nan_to_num(past.decline[self.rows, part])
        elif self.kind in TICKETS:
            off = attempts - declined
        else:
            missing = np.nan_to_num(past.expected[self.rows, part]) - attempts
            off = missing if self.kind is FindingKind.VOLUME_DROP else -missing
        return [round(float(n)) for n in off.sum(1)]

    def _worth_minor(self) -> dict[str, int]:
        """What has strayed is worth so much, by currency, by what payments were worth before."""
        worth: dict[str, int] = {}
        for payments, row in self.by_segment:
            minor = self._row_worth_minor(row, payments)
            if minor:
                currency = self.live.panel.segments[row].currency
                worth[currency] = worth.get(currency, 0) + minor
        return {currency: minor for currency, minor in worth.items() if minor > 0}

    def _row_worth_minor(self, row: int, payments: int) -> int | None:
        """Whole minor units; None for a segment of which nothing was ever approved."""
        before = slice(max(0, self.alert.onset - WORTH_H), self.alert.onset)
        counts = {name: int(values[row, before].sum()) for name, values in self.live.counts.items()}
        if self.kind in TICKETS:
            part = self._part()
            came = int(self.live.counts["approved_minor"][row, part].sum())
            usual = counts["approved_minor"] * int(self.live.counts["approved"][row, part].sum())
            return abs(came - usual // counts["approved"]) if counts["approved"] else None
        per = counts["approved" if self.kind is FindingKind.APPROVAL_DROP else "attempts"]
        return (2 * payments * counts["approved_minor"] + per) // (2 * per) if per else None

    def _contributions(self) -> tuple[Contribution, ...]:
        """The segments that stray most, if there are several."""
        if len(self.rows) < 2:
            return ()
        segments = self.live.panel.segments
        return tuple(
            Contribution(
                where=" · ".join(value for _, value in segments[row].scope()),
                payments=payments,
                worth_minor=self._row_worth_minor(row, payments),
                currency=segments[row].currency,
            )
            for payments, row in self.by_segment[:CONTRIBUTIONS]
            if payments > 0
        )

    def _words(self, when: str) -> tuple[str, str, str]:
        """Expected, seen, and the summary's first sentence."""
        part, past, where = self._part(), self.live.watch.past, self._where()
        attempts_by_hour = self.live.panel.attempts[self.rows, part]
        attempts = int(attempts_by_hour.sum())
        if self.kind is FindingKind.APPROVAL_DROP:
            usual = attempts - float((attempts_by_hour * np.nan_to_num(past.decline[self.rows, part])).sum())
            approved = attempts - int(self.live.panel.declined[self.rows, part].sum())
            was, is_now = _percent(usual, attempts), _percent(approved, attempts)
            return (
                f"{was} approved",
                f"{is_now} approved, of {attempts:,} attempts {when}",
                f"Approval rate at {where} fell from {was} to {is_now}.",
            )
        if self.kind in TICKETS:
            times = self._ticket_ratio(self.rows, part)
            direction = "above" if self.kind is FindingKind.TICKET_UP else "below"
            change = f"{times:.1f} times the usual" if times >= 2 else f"{per_cent(abs(times - 1))} {direction} the usual"
            return "100 % of the usual average", f"{per_cent(times)} of it {when}", f"The average payment at {where} is {change}."
        expected = float(np.nan_to_num(past.expected[self.rows, part]).sum())
        change_by = attempts / expected - 1 if expected else 0.0
        if attempts == 0:
            summary = f"No payments at {where}."
        else:
            summary = f"Payments at {where} are {per_cent(abs(change_by))} {'above' if change_by > 0 else 'below'} normal."
        return f"about {expected:,.0f} payments {when}", f"{attempts:,} payments", summary

    def _where(self) -> str:
        return where_words(self.place, live=self.live, partners=self.partners)

    def _next_step(self, partner: Partner | None) -> str:
        name = partner.name if partner else "the partners"
        if self.kind is FindingKind.APPROVAL_DROP:
            return f"Look at the decline reasons since then, and ask {name} about the most frequent one."
        if self.kind is FindingKind.VOLUME_SPIKE:
            return "Look for a batch or a file that was sent or loaded twice; if there is none, find out what brought the customers."
        if self.kind in TICKETS:
            return "Look at some payments since then: amounts in the wrong unit, a wrong currency, or a change of prices."
        if self.is_outage:
            return f"Check our connection to {name} and our last release, then call {name}."
        return f"Check our checkout and our last release, then ask {name} whether they see the same."

    def _cause(self, first_at: datetime) -> str:
        """What the figures themselves say about why; '' where they say nothing."""
        partners = {self.live.panel.segments[row].partner for row in self.rows.tolist()}
        closed = sorted({self.live.panel.segments[row].partner for row in self.rows.tolist()
                         if first_at.date() in self.live.panel.segments[row].calendar.holidays})  # fmt: skip
        if closed:
            return f"{first_at.day} {first_at:%b} is a holiday in the calendar of {', '.join(closed)}."
        if len(partners) > 1:
            return "Several partners are struck at once, so look on our own side first."
        if len(self.rows) < len(self.live.panel.segments) and len(self.live.watch.open) == 1:
            return f"Only {' · '.join(value for _, value in self.place)} strays; everything beside it is as usual."
        return ""

    def _chart(self) -> tuple[SeriesPoint, ...]:
        """The last two days, hour by hour: payments, the approval rate, or the average payment in per cent of the usual."""
        hours = range(max(0, self.live.until - CHART_H), self.live.until)
        panel, past, rows = self.live.panel, self.live.watch.past, self.rows
        points = []
        for hour in hours:
            attempts, declined = float(panel.attempts[rows, hour].sum()), float(panel.declined[rows, hour].sum())
            if self.kind is FindingKind.APPROVAL_DROP:
                usual = float((panel.attempts[rows, hour] * past.decline[rows, hour]).sum())
                if attempts:
                    points.append((hour, 100 * (1 - declined / attempts), _or_none(100 * (1 - usual / attempts))))
            elif self.kind in TICKETS:
                if attempts > declined:
                    points.append((hour, 100 * self._ticket_ratio(self.rows, slice(hour, hour + 1)), 100.0))
            else:
                points.append((hour, attempts, _or_none(float(past.expected[rows, hour].sum()))))
        return tuple(SeriesPoint(panel.at(h), round(seen, 2), usual if usual is None else round(usual, 2)) for h, seen, usual in points)

    def _ticket_ratio(self, rows: Indexes, part: slice) -> float:
        """What the approved payments of these hours were worth, against what as many usually are."""
        panel, past = self.live.panel, self.live.watch.past
        approved: Floats = panel.attempts[rows, part] - panel.declined[rows, part]
        usual = float((approved * np.nan_to_num(past.ticket[rows, part])).sum())
        return float(panel.amount_minor[rows, part].sum()) / usual if usual else 1.0


def where_words(place: Scope, *, live: Live, partners: Mapping[str, Partner]) -> str:
    """A scope in words, as short as what else there is allows: 'Meridian in GBP'."""
    fields = dict(place)
    partner = fields.get("partner")
    names = [partners[partner].name] if partner else ["all partners"]
    if "network" in fields and (not partner or len({s.network for s in live.panel.segments if s.partner == partner}) > 1):
        names.append(f"on {fields['network']}")
    one_currency = len({s.currency for s in live.panel.segments if not partner or s.partner == partner}) == 1
    if "currency" in fields:
        names.append(f"in {fields['currency']}")
    elif partner and not one_currency:
        names.append("in all currencies")
    return " ".join(names)


def lesson_of(said: Finding, *, live: Live) -> Lesson | None:
    """What a finding that somebody called false, expected or the new level teaches the watch; None for any other."""
    channel = next((name for name, kind in KINDS.items() if kind is said.kind), None)
    if channel is None or said.state not in SAID or said.said_at is None:
        return None
    until = live.hour_of(said.silent_until) if said.state is FindingState.EXPECTED and said.silent_until else None
    if said.state is FindingState.EXPECTED and until is None:
        return None
    rows = covered(live.panel.segments, dict(said.place))
    return Lesson(channel=channel, rows=rows, onset=live.hour_of(said.since), at=live.hour_of(said.said_at), until=until)


def continued(fresh: Finding, *, earlier: Sequence[Finding]) -> Finding | None:
    """The earlier finding that `fresh` is the same anomaly as: the same kind, about the same time, in a scope that has something in
    common with it; the nearest in scope first."""
    near = [
        f
        for f in earlier
        if f.kind is fresh.kind and abs(f.since - fresh.since) <= DAY_H * HOUR and _agree(dict(f.place), dict(fresh.place))
    ]
    return min(near, key=lambda f: (f.place != fresh.place, abs(f.since - fresh.since), f.id), default=None)


def _agree(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Whether two scopes can have a segment in common."""
    return all(other.get(name, value) == value for name, value in one.items())


def _worth_in_words(kind: FindingKind, amounts: str) -> str:
    if kind is FindingKind.VOLUME_SPIKE:
        return f" The extra payments are worth about {amounts}."
    if kind in TICKETS:
        return f" That is about {amounts} {'more' if kind is FindingKind.TICKET_UP else 'less'} than usual."
    return f" About {amounts} did not move."


def _percent(part: float, whole: int) -> str:
    return per_cent(part / max(whole, 1), decimals=1)


def _or_none(value: float) -> float | None:
    return value if np.isfinite(value) else None
