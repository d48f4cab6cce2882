"""The findings of a pass are kept and told: each has one card, and several of the past that one look brings are one message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from breakwater.detection.continuing import Change, News
from breakwater.model.access import INTERNAL, SYSTEM
from breakwater.model.findings import SEVERAL, Finding, FindingKind
from breakwater.model.partners import Partner
from breakwater.store import outbox, writes
from breakwater.store.outbox import Kind, Priority
from breakwater.views.blocks import Message
from breakwater.views.findings import finding_card, finding_news, findings_at_once

# What comes one by one, unless nobody looked for a while; a file that is late today has its own card in any case.
AT_ONCE = frozenset({FindingKind.FILE_MISSING, FindingKind.FILE_DUPLICATE, FindingKind.FILE_TRUNCATED, FindingKind.FILE_GAP})


def told_at_once(found: Sequence[Change]) -> tuple[list[list[Change]], list[Change]]:
    """New findings of one kind about the files of one partner, where there are several: they are one message. Then all others."""
    groups: dict[tuple[str, FindingKind], list[Change]] = {}
    for change in found:
        if change.news is News.OPENED and change.now.kind in AT_ONCE:
            groups.setdefault((change.now.partner, change.now.kind), []).append(change)
    several = [group for group in groups.values() if len(group) > 1]
    together = {change.now.id for group in several for change in group}
    return several, [change for change in found if change.now.id not in together]


def keep_at_once(tx: Connection, several: Sequence[Change], *, partners: Mapping[str, Partner], channel: str, now: datetime) -> None:
    """Keep new findings that are told in one message; none of them has a card, as long as nothing else is told of it."""
    kept = [change.now for change in several if writes.open_finding(tx, change.now, actor=SYSTEM, now=now)]
    if not kept:
        return
    outbox.enqueue(
        tx,
        key=f"findings:{kept[0].partner}:{kept[0].kind}:{now.isoformat()}",
        kind=Kind.POST,
        audience=INTERNAL,
        channel=channel,
        payload=findings_at_once(kept, partner_name=name_of(kept[0], partners)).payload(),
        priority=Priority.ALERT,
        now=now,
    )


def keep(tx: Connection, change: Change, *, partners: Mapping[str, Partner], channel: str, now: datetime) -> None:
    """Keep a finding, and tell the news of it. What somebody answered at this very moment is left as they left it, until the next pass."""
    if change.was is None:
        is_kept = writes.open_finding(tx, change.now, actor=SYSTEM, now=now)
    else:
        try:
            writes.save_finding(tx, change.now, was=change.was, actor=SYSTEM, now=now)
        except writes.StaleError:
            return
        is_kept = True
    if is_kept and change.news and not (change.news is News.RECOVERED and _has_no_card(tx, change.now)):
        show(tx, change.now, partners=partners, channel=channel, now=now)
        if change.news is not News.OPENED:
            tell(tx, change.now, text=finding_news(change.now, news=change.news, was=change.was), channel=channel, now=now)


def _has_no_card(tx: Connection, finding: Finding) -> bool:
    """True for one that was told with others, in a message of its own kind: that it is over is no news by itself."""
    about = f"finding:{finding.id}"
    return not outbox.channels_of(tx, abouts=[about])


def show(tx: Connection, finding: Finding, *, partners: Mapping[str, Partner], channel: str, now: datetime) -> None:
    """The card of a finding as it is now: posted, or edited in place."""
    outbox.enqueue(
        tx,
        key=f"finding:{finding.id}:{channel}:{finding.revision}",
        kind=Kind.CARD,
        audience=INTERNAL,
        channel=channel,
        payload=finding_card(finding, partner_name=name_of(finding, partners), at=now).payload(),
        about=f"finding:{finding.id}",
        revision=finding.revision,
        priority=Priority.ALERT,
        now=now,
    )


def tell(tx: Connection, finding: Finding, *, text: Message, channel: str, now: datetime) -> None:
    """News of a finding, in the thread of its card."""
    outbox.enqueue(
        tx,
        key=f"finding:{finding.id}:{channel}:{finding.revision}:news",
        kind=Kind.REPLY,
        audience=INTERNAL,
        channel=channel,
        payload=text.payload(),
        thread_about=f"finding:{finding.id}",
        now=now,
    )


def name_of(finding: Finding, partners: Mapping[str, Partner]) -> str:
    """What its partner is called; several have no name."""
    if finding.partner == SEVERAL:
        return "Several partners"
    return partners[finding.partner].name if finding.partner in partners else finding.partner
