"""What the store knows, in the team's words. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, select, tuple_, union

from breakwater.model.access import INTERNAL, Audience
from breakwater.model.breaks import ACTIVE, Break, BreakKind, BreakState
from breakwater.model.files import SourceFile
from breakwater.model.findings import Finding, FindingState
from breakwater.model.incidents import Incident, IncidentStatus, TimelineEntry
from breakwater.model.parts import partner_folder
from breakwater.model.records import Side
from breakwater.model.runs import ActiveFigure, Run
from breakwater.store.outbox import Card
from breakwater.store.rows import break_of, entry_of, finding_of, incident_of, run_of, source_file_of
from breakwater.store.statements import chunks
from breakwater.store.sums import halves, whole
from breakwater.store.tables.breaks import break_record, breaks
from breakwater.store.tables.delivery import card as cards
from breakwater.store.tables.files import source_file, source_file_key, source_file_part
from breakwater.store.tables.findings import finding
from breakwater.store.tables.incidents import incident, timeline_entry
from breakwater.store.tables.runs import run

INGESTED = "ingested"


def source_file_by_hash(tx: Connection, *, partner: str, sha256: str) -> SourceFile | None:
    """The file with these bytes from this partner, whatever its state."""
    return _one_file(tx, select(source_file).where(source_file.c.partner == partner, source_file.c.sha256 == sha256))


def source_file_by_key(tx: Connection, *, partner: str, logical_key: str) -> SourceFile | None:
    """The ingested file that is this delivery, whatever its bytes."""
    same = and_(source_file_key.c.partner == source_file.c.partner, source_file_key.c.sha256 == source_file.c.sha256)
    query = select(source_file).join(source_file_key, same)
    return _one_file(tx, query.where(source_file_key.c.partner == partner, source_file_key.c.logical_key == logical_key))


def source_files(tx: Connection, *, partner: str | None = None, side: Side | None = None, state: str | None = INGESTED) -> list[SourceFile]:
    """Files, oldest business date first; `state` None is every state."""
    query = select(source_file).order_by(source_file.c.business_date, source_file.c.received_at, source_file.c.sha256)
    for column, value in ((source_file.c.partner, partner), (source_file.c.side, side), (source_file.c.state, state)):
        query = query if value is None else query.where(column == str(value))
    return [source_file_of(row) for row in tx.execute(query).mappings()]


def source_file_names(tx: Connection, hashes: Iterable[str]) -> dict[str, SourceFile]:
    """The files with these hashes; where two partners sent the same bytes, the ingested and then the earlier one."""
    found: dict[str, SourceFile] = {}
    for chunk in chunks(sorted(set(hashes))):
        rows = tx.execute(select(source_file).where(source_file.c.sha256.in_(chunk))).mappings()
        for file in sorted(map(source_file_of, rows), key=lambda f: (f.state != INGESTED, f.received_at, f.partner)):
            found.setdefault(file.sha256, file)
    return found


def active_parts(tx: Connection, *, side: Side, content: str, partner: str | None = None) -> list[str]:
    """Paths of the parts that count, by name: those of ingested files. `content` is 'records' or 'events'.

    `partner` is the partner the rows are about: one ledger file has parts of several partners.
    """
    query = select(source_file_part.c.path).distinct().order_by(source_file_part.c.path)
    query = query.where(source_file_part.c.side == str(side), source_file_part.c.content == content)
    if partner is not None:
        query = query.where(source_file_part.c.partner == partner_folder(partner))
    return list(tx.scalars(query))


def reported_parts(tx: Connection, *, partner: str) -> dict[str, str]:
    """The parts of a partner's own records that count, by name, each with the stream that its file came by."""
    query = (
        select(source_file_part.c.path, source_file.c.stream)
        .join(source_file, (source_file.c.partner == source_file_part.c.file_partner) & (source_file.c.sha256 == source_file_part.c.sha256))
        .where(source_file_part.c.side == str(Side.THEIRS), source_file_part.c.content == "records")
        .where(source_file_part.c.partner == partner_folder(partner))
        .order_by(source_file_part.c.path)
    )
    return {row.path: row.stream for row in tx.execute(query)}


def last_run(tx: Connection, *, partner: str, as_of: date | None = None) -> Run | None:
    """The run of a partner that finished last and speaks for the present; with `as_of`, the last one as of that date."""
    query = select(run).where(run.c.partner == partner).order_by(run.c.finished_at.desc(), run.c.number.desc()).limit(1)
    row = tx.execute(query.where(~run.c.is_restatement if as_of is None else run.c.as_of == as_of)).mappings().first()
    return run_of(row) if row else None


def partners_known(tx: Connection) -> list[str]:
    """Every partner and leg, configured or not, that was reconciled, or has a break or an open incident."""
    of = (
        select(run.c.partner),
        select(breaks.c.partner),
        select(incident.c.partner).where(incident.c.status != str(IncidentStatus.RESOLVED)),
    )
    return sorted(tx.scalars(union(*of)))


def ends_known(tx: Connection, *, partner: str) -> tuple[str, str] | None:
    """Between whom a leg lies by the last of its breaks; None for what is no leg, or had no break."""
    row = tx.execute(select(breaks).where(breaks.c.partner == partner).order_by(breaks.c.opened_at.desc()).limit(1)).mappings().first()
    return break_of(row).ends if row else None


def break_by_id(tx: Connection, break_id: str) -> Break | None:
    """The break with this short name."""
    row = tx.execute(select(breaks).where(breaks.c.id == break_id)).mappings().first()
    return break_of(row) if row else None


def breaks_of_agreement(tx: Connection, *, agreement: str, states: Collection[BreakState] | None = None) -> dict[str, Break]:
    """Every break of an agreement by its fingerprint, in `states` or in any state."""
    query = select(breaks).where(breaks.c.agreement == agreement)
    if states is not None:
        query = query.where(breaks.c.state.in_([str(state) for state in states]))
    return {row["fingerprint"]: break_of(row) for row in tx.execute(query).mappings()}


def breaks_of_records(tx: Connection, *, records: Iterable[tuple[Side, str]]) -> list[Break]:
    """Every break that holds one of these records: active ones first, then the largest."""
    found: dict[str, Break] = {}
    for chunk in chunks(sorted({(str(side), record_id) for side, record_id in records})):
        held = select(break_record.c.break_id).where(tuple_(break_record.c.side, break_record.c.record_id).in_(chunk))
        found |= {row["id"]: break_of(row) for row in tx.execute(select(breaks).where(breaks.c.id.in_(held))).mappings()}
    return sorted(found.values(), key=lambda b: (not b.active, -b.amount_minor, b.id))


def active_figures(tx: Connection, *, partner: str) -> list[ActiveFigure]:
    """Count and value of a partner's active breaks, by kind, currency, date and state."""
    groups = (breaks.c.kind, breaks.c.currency, breaks.c.dated, breaks.c.state)
    query = select(*groups, func.count().label("count"), *halves(breaks.c.amount_minor))
    rows = tx.execute(query.where(*_active_of(partner)).group_by(*groups).order_by(*groups))
    return [
        ActiveFigure(
            kind=BreakKind(row.kind),
            currency=row.currency,
            dated=row.dated,
            state=BreakState(row.state),
            count=row[4],
            value_minor=whole(*row[5:]),
        )
        for row in rows
    ]


def active_breaks(tx: Connection, *, partner: str, limit: int) -> list[Break]:
    """A partner's active breaks, the largest first (by minor units, then by id)."""
    query = select(breaks).where(*_active_of(partner)).order_by(breaks.c.amount_minor.desc(), breaks.c.id).limit(limit)
    return [break_of(row) for row in tx.execute(query).mappings()]


def active_break_count(tx: Connection, *, partner: str) -> int:
    """How many active breaks a partner has."""
    return tx.execute(select(func.count()).select_from(breaks).where(*_active_of(partner))).scalar_one()


def findings(tx: Connection, *, partner: str | None = None, state: FindingState | None = FindingState.OPEN, limit: int) -> list[Finding]:
    """Findings, the newest first; `state` None is every state."""
    query = select(finding).order_by(finding.c.since.desc(), finding.c.id).limit(limit)
    if partner is not None:
        query = query.where(finding.c.partner == partner)
    if state is not None:
        query = query.where(finding.c.state == str(state))
    return [finding_of(row) for row in tx.execute(query).mappings()]


def finding_by_id(tx: Connection, finding_id: str) -> Finding | None:
    """The finding with this id."""
    row = tx.execute(select(finding).where(finding.c.id == finding_id)).mappings().first()
    return finding_of(row) if row else None


def incident_by_id(tx: Connection, incident_id: str) -> Incident | None:
    """The incident with this id."""
    row = tx.execute(select(incident).where(incident.c.id == incident_id)).mappings().first()
    return incident_of(row) if row else None


def open_incident(tx: Connection, *, partner: str) -> Incident | None:
    """The open incident of a partner; the latest if there are several."""
    return next(iter(incidents(tx, partner=partner)), None)


def incidents(tx: Connection, *, open_only: bool = True, partner: str | None = None) -> list[Incident]:
    """Incidents, the latest first."""
    query = select(incident).order_by(incident.c.number.desc())
    if open_only:
        query = query.where(incident.c.status != str(IncidentStatus.RESOLVED))
    if partner is not None:
        query = query.where(incident.c.partner == partner)
    return [incident_of(row) for row in tx.execute(query).mappings()]


def timeline(tx: Connection, *, incident_id: str) -> list[TimelineEntry]:
    """An incident's story, oldest first."""
    query = select(timeline_entry).where(timeline_entry.c.incident_id == incident_id)
    return [entry_of(row) for row in tx.execute(query.order_by(timeline_entry.c.at, timeline_entry.c.number)).mappings()]


def incident_by_thread(tx: Connection, *, channel: str, thread_ts: str) -> tuple[Incident, Audience] | None:
    """The incident whose card heads this thread, and who reads along there."""
    query = select(incident, cards.c.audience_kind, cards.c.audience_id).join(cards, cards.c.about == incident.c.id)
    row = tx.execute(query.where(cards.c.channel == channel, cards.c.ts == thread_ts)).mappings().first()
    return (incident_of(row), Audience(row["audience_kind"], row["audience_id"])) if row else None


def card(tx: Connection, *, about: str, channel: str) -> Card | None:
    """The message that shows `about` in a channel, once it is posted."""
    row = tx.execute(select(cards).where(cards.c.about == about, cards.c.channel == channel)).first()
    return Card(about=row.about, channel=row.channel, ts=row.ts, revision=row.revision) if row else None


def card_channels(tx: Connection, *, partner: str) -> list[str]:
    """The channels of ours in which cards of a partner's breaks are out."""
    ours = (breaks.c.partner == partner, cards.c.audience_kind == INTERNAL.kind)
    return sorted(tx.scalars(select(cards.c.channel).join(breaks, breaks.c.id == cards.c.about).where(*ours).distinct()))


def _one_file(tx: Connection, query: Select[Any]) -> SourceFile | None:
    row = tx.execute(query).mappings().first()
    return source_file_of(row) if row else None


def _active_of(partner: str) -> tuple[ColumnElement[bool], ...]:
    """Active breaks that count: those suppressed by a rule are counted apart."""
    return (breaks.c.partner == partner, breaks.c.state.in_([str(state) for state in ACTIVE]), breaks.c.suppressed_by.is_(None))
