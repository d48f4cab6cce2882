"""Thresholds of a partner's state: one that is missed is a finding, which is over when the state is back above it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from breakwater.detection.telling import finding_id
from breakwater.matching.state import shares
from breakwater.model import findings as moves
from breakwater.model.access import SYSTEM
from breakwater.model.findings import Finding, FindingKind, FindingState
from breakwater.model.money import format_minor
from breakwater.model.partner_state import Measure, PartnerState, Share
from breakwater.model.partners import Partner
from breakwater.steps.finding_cards import show
from breakwater.store import outbox, reads, writes
from breakwater.store.database import Database
from breakwater.views.recon_reasons import measure_words, per_cent

MOST_OPEN_FINDINGS = 10_000
_PPM_IN_HUNDREDTH = 100


def watch(tx: Connection, histories: Mapping[str, Sequence[PartnerState]], *, partner: Partner, now: datetime) -> list[Finding]:
    """Hold the last state of each currency against the partner's thresholds; what opened or recovered shows on its card."""
    news = []
    for currency, history in sorted(histories.items()):
        measured = shares(history)
        for measure, threshold_ppm in partner.thresholds:
            share = measured[Measure(measure)]
            seen = _finding(partner, currency, Measure(measure), share=share, threshold_ppm=threshold_ppm, now=now)
            if changed := _changed(tx, seen, is_below=share.is_below(threshold_ppm), now=now):
                news.append(changed)
    for finding in news if partner.internal_channels else ():
        show(tx, finding, partners={partner.id: partner}, channel=partner.internal_channels[0], now=now)
    return news


def end_unwatched(database: Database, *, partners: Mapping[str, Partner], now: datetime) -> list[Finding]:
    """End what no threshold of the settings looks at any more, of partners that were taken out of them too, and say so on its cards."""
    ended = []
    with database.transaction() as tx:
        for was in reads.findings(tx, limit=MOST_OPEN_FINDINGS):
            if was.kind is FindingKind.STATE_BELOW and not _is_watched(was, partners):
                summary = f"{was.summary} No threshold looks at this any more."
                finding = replace(moves.recover(was, now=now), summary=summary)
                try:
                    writes.save_finding(tx, finding, was=was, actor=SYSTEM, now=now)
                except writes.StaleError:  # another process that starts was faster
                    continue
                ended.append(finding)
        about = {f"finding:{finding.id}": finding for finding in ended}
        for name, channels in outbox.channels_of(tx, abouts=about).items():
            for channel in channels:
                show(tx, about[name], partners=partners, channel=channel, now=now)
    return ended


def _is_watched(finding: Finding, partners: Mapping[str, Partner]) -> bool:
    partner = partners.get(finding.partner)
    return partner is not None and any(finding.id == _id(partner, str(finding.currency), measure) for measure, _ in partner.thresholds)


def _id(partner: Partner, currency: str, measure: str) -> str:
    return finding_id(FindingKind.STATE_BELOW, partner.id, currency, measure)


def _whole(share: Share, measure: Measure, currency: str) -> str:
    """What a share is of: each measure has its own."""
    return f"{share.whole:,} records" if measure is Measure.MATCHED_BY_COUNT else format_minor(share.whole, currency)


def _changed(tx: Connection, seen: Finding, *, is_below: bool, now: datetime) -> Finding | None:
    was = reads.finding_by_id(tx, seen.id)
    if was is None:
        return seen if is_below and writes.open_finding(tx, seen, actor=SYSTEM, now=now) else None
    if is_below == was.open:
        return None
    if is_below and was.state is not FindingState.RECOVERED:
        return None  # somebody said what it is
    ended = replace(was, state=FindingState.RECOVERED, ended_at=now, seen=seen.seen, revision=was.revision + 1)
    finding = replace(seen, revision=was.revision + 1) if is_below else ended
    writes.save_finding(tx, finding, was=was, actor=SYSTEM, now=now)
    return finding


def _finding(partner: Partner, currency: str, measure: Measure, *, share: Share, threshold_ppm: int, now: datetime) -> Finding:
    least = per_cent(Share(threshold_ppm // _PPM_IN_HUNDREDTH, 10_000))
    name = measure_words(measure)
    return Finding(
        id=_id(partner, currency, measure),
        kind=FindingKind.STATE_BELOW,
        partner=partner.id,
        scope=f"{partner.id} · {currency} · {name}",
        since=now,
        summary=f"{partner.name} in {currency}: {name} is {per_cent(share)}, below {least}.",
        expected=f"{least} or more",
        seen=f"{per_cent(share)} of {_whole(share, measure, currency)}",
        next_step=f"Look at the causes in /recon {partner.id}.",
        at_risk_minor=None if measure is Measure.MATCHED_BY_COUNT else share.whole - share.part,
        currency=currency,
        found_at=now,
        place=(("partner", partner.id), ("currency", currency)),
    )
