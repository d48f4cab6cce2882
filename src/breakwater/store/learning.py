"""What people said of findings, and what that teaches; the digests they asked for, and what each told last."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, and_, func, or_, select, update

from breakwater.model.access import Actor
from breakwater.model.findings import SAID, Finding, FindingState
from breakwater.model.learning import Answer, Cell
from breakwater.store import audit
from breakwater.store.rows import finding_of
from breakwater.store.statements import insert_new
from breakwater.store.tables.findings import feedback, finding


def said_findings(tx: Connection, *, since: datetime) -> list[Finding]:
    """The findings that somebody said something of since then: false, expected, or the new level."""
    said = and_(finding.c.state.in_([str(s) for s in SAID]), finding.c.said_at >= since)
    return [finding_of(row) for row in tx.execute(select(finding).where(said).order_by(finding.c.id)).mappings()]


def current_findings(tx: Connection, *, since: datetime) -> list[Finding]:
    """The findings that are open, and those that ended since then, whatever ended them."""
    current = or_(finding.c.state == str(FindingState.OPEN), finding.c.ended_at >= since)
    return [finding_of(row) for row in tx.execute(select(finding).where(current).order_by(finding.c.id)).mappings()]


def answers(tx: Connection) -> list[Answer]:
    """Everything people said of findings that was not undone, the oldest first."""
    query = select(feedback).where(feedback.c.undone_at.is_(None)).order_by(feedback.c.said_at, feedback.c.finding_id)
    return [
        Answer(
            finding_id=row["finding_id"],
            cell=Cell(detector=row["detector"], level=row["level"], metric=row["metric"]),
            useful=row["useful"],
            said_by=row["said_by"],
            said_at=row["said_at"],
        )
        for row in tx.execute(query).mappings()
    ]


def note_answer(tx: Connection, answer: Answer) -> None:
    """Keep what somebody said of a finding; a later word about the same finding takes the place of the earlier one."""
    row = {
        "finding_id": answer.finding_id,
        "detector": answer.cell.detector,
        "level": answer.cell.level,
        "metric": answer.cell.metric,
        "useful": answer.useful,
        "said_by": answer.said_by,
        "said_at": answer.said_at,
    }
    if not insert_new(tx, feedback, row):
        undone = {"undone_by": None, "undone_at": None}
        tx.execute(update(feedback).where(feedback.c.finding_id == answer.finding_id).values(**row, **undone))


def undo(tx: Connection, cell: Cell, *, actor: Actor, now: datetime) -> int:
    """Take back everything that was said of a cell; how many answers that were. Audited."""
    of_cell = (feedback.c.detector == cell.detector, feedback.c.level == cell.level, feedback.c.metric == cell.metric)
    values = {"undone_by": actor.id, "undone_at": now}
    undone = tx.execute(update(feedback).where(*of_cell, feedback.c.undone_at.is_(None)).values(values)).rowcount
    if undone:
        about = f"{cell.detector} / {cell.level} / {cell.metric}"
        audit.append(tx, at=now, actor_id=actor.id, action="feedback_undone", about_kind="cell", about_id=about, detail={"answers": undone})
    return undone


def record(tx: Connection, *, since: datetime) -> tuple[int, int, int]:
    """Of the findings found since then: how many there were, how many people called useful, and how many false."""
    found = select(func.count()).select_from(finding).where(finding.c.found_at >= since)
    said = (
        select(feedback.c.useful, func.count())
        .join(finding, finding.c.id == feedback.c.finding_id)
        .where(finding.c.found_at >= since, feedback.c.undone_at.is_(None))
        .group_by(feedback.c.useful)
    )
    counts = {bool(useful): count for useful, count in tx.execute(said)}
    return tx.execute(found).scalar_one(), counts.get(True, 0), counts.get(False, 0)


def ended_findings(tx: Connection, *, since: datetime) -> list[Finding]:
    """The findings that ended since then, whatever ended them, the latest first."""
    query = select(finding).where(finding.c.ended_at >= since).order_by(finding.c.ended_at.desc(), finding.c.id)
    return [finding_of(row) for row in tx.execute(query).mappings()]
