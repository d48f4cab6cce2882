"""What is watched beside attempts, approvals and average payments: one thing to add counts to, to take an hour further, and to ask."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from breakwater.detection.alerts import Lesson
from breakwater.detection.continuing import Seen
from breakwater.detection.families import DEFAULT_BARS, FAMILY, Bars, FamilyAlert, FamilyWatch
from breakwater.detection.families_told import shifted_family, told_family
from breakwater.detection.live import Live
from breakwater.detection.occurrences import OccurrenceRows, Occurrences
from breakwater.detection.panel import Indexes, covered
from breakwater.detection.rare import DEFAULT_RARE_BARS, DETECTORS, RareAlert, RareWatch
from breakwater.detection.rare_told import KINDS, told_rare
from breakwater.model.backtests import WouldTell
from breakwater.model.decline_families import FAMILY_WORDS
from breakwater.model.findings import OCCURRENCE_KINDS, Finding, FindingKind, FindingState
from breakwater.model.partners import Partner
from breakwater.model.per_cent import per_cent

ACCEPTED_WITHIN_H = 24


class Beside:
    """The occurrences of a live panel, and the watches over them. `step` is what the panel calls after each hour."""

    def __init__(self, live: Live, *, bars: Bars = DEFAULT_BARS, rare_bars: Bars = DEFAULT_RARE_BARS) -> None:
        self._live = live
        self.occurrences = Occurrences(live)
        self.families = FamilyWatch(live, self.occurrences, bars=bars)
        self.rare = RareWatch(live, self.occurrences, bars=rare_bars)

    def add(self, rows: OccurrenceRows) -> None:
        """Add counts, of new hours or late ones."""
        self.occurrences.add(rows)

    def step(self, hour: int) -> None:
        """Look at an hour the panel's own watch has just looked at."""
        self.families.step(hour)
        self.rare.step(hour)

    def learn(self, said: Iterable[Finding], *, cautions: Mapping[tuple[str, str], float]) -> None:
        """What people said of findings: which of them are normal, and which cells must be surer."""
        self.families.lessons = self.rare.lessons = [lesson for finding in said if (lesson := self._lesson(finding))]
        self.families.cautions = self.rare.cautions = cautions

    def seen(self, *, partners: Mapping[str, Partner], now: datetime) -> list[Seen]:
        """What shows now."""
        shown: list[FamilyAlert | RareAlert] = [*self.families.open, *self.rare.open]
        return [Seen(finding=self._told(alert, partners, now), at=self._live.panel.at(alert.fired)) for alert in shown]

    def accepted(self, *, partners: Mapping[str, Partner], now: datetime) -> list[Finding]:
        """What has become how things are, of late."""
        late = self._live.until - ACCEPTED_WITHIN_H
        alerts = self._alerts()
        return [self._told(a, partners, now) for a in alerts if a.accepted and a.closed is not None and a.closed >= late]

    def would_tell(self) -> Iterator[tuple[Indexes, WouldTell]]:
        """Every alert there was, as a line of a backtest, with the rows of the panel it is about."""
        for alert in self._alerts():
            scopes = self._live.watch.scopes
            kind, what = _in_short(alert)
            yield (
                scopes.rows(alert.scope),
                WouldTell(
                    kind=kind,
                    scope=" · ".join(value for _, value in scopes.names[alert.scope]),
                    fired_at=self._live.panel.at(alert.fired + 1),
                    ended_at=None if alert.closed is None else self._live.panel.at(alert.closed + 1),
                    what=what,
                ),
            )

    def why_declined(self, finding: Finding) -> str:
        """The family of declines that explains a fall of an approval rate, in a sentence; '' where none does."""
        return shifted_family(self._live, self.occurrences, place=finding.place, since=finding.since)

    def _alerts(self) -> list[FamilyAlert | RareAlert]:
        return [*self.families.alerts, *self.rare.alerts]

    def _told(self, alert: FamilyAlert | RareAlert, partners: Mapping[str, Partner], now: datetime) -> Finding:
        if isinstance(alert, RareAlert):
            return told_rare(alert, live=self._live, rare=self.rare, occurrences=self.occurrences, partners=partners, now=now)
        return told_family(alert, live=self._live, families=self.families, occurrences=self.occurrences, partners=partners, now=now)

    def _lesson(self, said: Finding) -> Lesson | None:
        if said.kind not in OCCURRENCE_KINDS or said.said_at is None:
            return None
        if said.state not in (FindingState.FALSE_POSITIVE, FindingState.NEW_LEVEL):
            return None
        place = dict(said.place)
        channel = place.pop(FAMILY, None) or next(str(what) for what, kind in KINDS.items() if kind is said.kind)
        rows = covered(self._live.panel.segments, place)
        return Lesson(channel=channel, rows=rows, onset=self._live.hour_of(said.since), at=self._live.hour_of(said.said_at))


def _in_short(alert: FamilyAlert | RareAlert) -> tuple[FindingKind, str]:
    if isinstance(alert, RareAlert):
        return KINDS[alert.what], f"{alert.size:.1f} times the usual {DETECTORS[alert.what]}"
    return FindingKind.DECLINE_REASONS, f"{FAMILY_WORDS[alert.family].lower()}: {per_cent(alert.size)} more of the attempts"
