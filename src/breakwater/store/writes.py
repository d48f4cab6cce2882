"""Every change to the store's things with a life, each with its audit row. Only steps call this."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, bindparam, delete, func, insert, select, text, update

from breakwater.errors import RefusedError
from breakwater.model.access import Actor
from breakwater.model.breaks import Break
from breakwater.model.files import SourceFile
from breakwater.model.findings import Finding
from breakwater.model.incidents import Incident, TimelineEntry, incident_id
from breakwater.model.parts import part_of
from breakwater.model.records import Side
from breakwater.model.runs import Run
from breakwater.store import audit, journal, reads
from breakwater.store.rows import break_row, finding_row, incident_row, run_row, source_file_row
from breakwater.store.statements import chunks, insert_new
from breakwater.store.tables.breaks import break_record, breaks
from breakwater.store.tables.causes import cause
from breakwater.store.tables.files import source_file, source_file_key, source_file_part
from breakwater.store.tables.findings import finding
from breakwater.store.tables.incidents import incident, timeline_entry
from breakwater.store.tables.runs import run

T = TypeVar("T")
_ROWS_AT_ONCE = 1_000
_INCIDENT_NUMBERS = 0x494E43  # the lock of PostgreSQL under which numbers are given out
# Figures too long for an audit row, or said by another of its columns.
_QUIET = frozenset({"ours", "theirs", "references", "revision", "series", "touched_by", "touched_at"})


class StaleError(RefusedError):
    """Somebody else was faster: nothing was changed. `current` is the thing as it is now."""

    def __init__(self, current: Break | Incident | Finding) -> None:
        state = (current.status if isinstance(current, Incident) else current.state).replace("_", " ")
        super().__init__(f"{current.id} was changed by somebody else a moment ago; it is {state} now.", remedy="Look at it again.")
        self.current = current


def save_source_file(tx: Connection, file: SourceFile, *, actor: Actor, now: datetime) -> bool:
    """Keep a source file; once it is committed, its parts count. A quarantined one may be saved again after a retry.

    False, and no change, if the same bytes of this partner are kept already. Supersede earlier issues first: a logical key that
    another ingested file still holds is refused.
    """
    row = source_file_row(file)
    if not insert_new(tx, source_file, row):
        same = (source_file.c.partner == file.partner, source_file.c.sha256 == file.sha256, source_file.c.state == "quarantined")
        if tx.execute(update(source_file).where(*same).values(row)).rowcount == 0:
            return False
    if file.state == reads.INGESTED:
        _index_source_file(tx, file)
    detail = {"name": file.name, "stream": file.stream, "partner": file.partner, "records": file.records, "reason": file.reason}
    _note(tx, actor, now, f"file_{file.state}", "source_file", file.sha256, detail)
    return True


def supersede_source_file(tx: Connection, *, old_sha256: str, partner: str, by_sha256: str, actor: Actor, now: datetime) -> None:
    """A re-issue takes the place of an ingested file: the old one's parts no longer count, the row stays."""
    old = (source_file.c.partner == partner, source_file.c.sha256 == old_sha256, source_file.c.state == reads.INGESTED)
    if tx.execute(update(source_file).where(*old).values(state="superseded", superseded_by=by_sha256)).rowcount == 0:
        return
    tx.execute(delete(source_file_key).where(source_file_key.c.partner == partner, source_file_key.c.sha256 == old_sha256))
    tx.execute(delete(source_file_part).where(source_file_part.c.file_partner == partner, source_file_part.c.sha256 == old_sha256))
    _note(tx, actor, now, "file_superseded", "source_file", old_sha256, {"by": by_sha256, "partner": partner})


def save_run(tx: Connection, done: Run, *, actor: Actor, now: datetime) -> None:
    """Keep a run. One with the same id came from the same input, and is replaced."""
    row = run_row(done)
    if not insert_new(tx, run, row):
        tx.execute(update(run).where(run.c.id == done.id).values(row))
    detail = {"partner": done.partner, "as_of": done.as_of.isoformat(), "breaks": sum(f.count for f in done.breaks.values())}
    _note(tx, actor, now, "run", "run", done.id, detail)


def rename_agreement(tx: Connection, *, partner: str, was: str, to: str, actor: Actor, now: datetime) -> None:
    """An agreement has another name: what a partner has by it goes on under that. What is there under the new name already stays."""
    there = select(breaks.c.fingerprint).where(breaks.c.agreement == to).scalar_subquery()
    renamed = (breaks.c.partner == partner, breaks.c.agreement == was, breaks.c.fingerprint.not_in(there))
    moved = tx.execute(update(breaks).where(*renamed).values(agreement=to)).rowcount
    tx.execute(update(cause).where(cause.c.partner == partner, cause.c.agreement == was).values(agreement=to))
    if moved:
        _note(tx, actor, now, "agreement_renamed", "partner", partner, {"agreement": [was, to], "breaks": moved})


def insert_breaks(
    tx: Connection,
    new: Iterable[Break],
    *,
    records: Mapping[str, Sequence[tuple[Side, str]]] | None = None,
    actor: Actor,
    now: datetime,
) -> None:
    """Keep new breaks. `records` says by break id which records a break holds; by default its `ours` and `theirs`."""
    for chunk in chunks(list(new), size=_ROWS_AT_ONCE):
        tx.execute(insert(breaks), [break_row(b) for b in chunk])
        held = {(str(side), record, b.id) for b in chunk for side, record in (records or {}).get(b.id, _records_of(b))}
        if held:
            tx.execute(insert(break_record), [{"side": s, "record_id": r, "break_id": b} for s, r, b in sorted(held)])
        audit.append_many(tx, (_opened(b, actor=actor, now=now) for b in chunk))


def save_break(tx: Connection, brk: Break, *, was: Break, action: str, actor: Actor, now: datetime, said: str = "") -> None:
    """Keep a changed break; `said` is what the actor wrote with it. StaleError if somebody else changed it since `was` was read."""
    same = (breaks.c.id == was.id, breaks.c.revision == was.revision)
    if tx.execute(update(breaks).where(*same).values(_life_of(brk))).rowcount == 0:
        raise StaleError(_must(reads.break_by_id(tx, was.id), was.id))
    journal.book(tx, [(was, brk)], by=actor.id, now=now)
    detail = _difference(break_row(was), break_row(brk)) | ({"said": said} if said else {})
    _note(tx, actor, now, action, "break", brk.id, detail)


def save_breaks(
    tx: Connection, changes: Iterable[tuple[Break, Break, str]], *, actor: Actor, now: datetime, because: Mapping[str, str] | None = None
) -> list[Break]:
    """Keep many changed breaks, each given as (was, is, action); `because` stands in the audit row of each, {"cause": "C-…"} for instance.

    Those that somebody else changed meanwhile are left as they are and returned as they are now: a person's move outlives a run's,
    and the next run looks again.
    """
    stale: list[str] = []
    statement = update(breaks).where(breaks.c.id == bindparam("key"))
    for chunk in chunks(sorted(changes, key=lambda change: change[0].id), size=_ROWS_AT_ONCE):
        query = select(breaks.c.id, breaks.c.revision).where(breaks.c.id.in_([was.id for was, _, _ in chunk]))
        revisions = {row.id: row.revision for row in tx.execute(query.order_by(breaks.c.id).with_for_update())}
        fresh = [change for change in chunk if revisions.get(change[0].id) == change[0].revision]
        stale += [was.id for was, _, _ in chunk if revisions.get(was.id) != was.revision]
        if fresh:
            tx.execute(statement, [{**_life_of(brk), "key": brk.id} for _, brk, _ in fresh])
            journal.book(tx, [(was, brk) for was, brk, _ in fresh], by=actor.id, now=now)
        audit.append_many(tx, (_changed(change, because or {}, actor=actor, now=now) for change in fresh))
    return [current for break_id in stale if (current := reads.break_by_id(tx, break_id))]


def open_finding(tx: Connection, found: Finding, *, actor: Actor, now: datetime) -> bool:
    """Keep a new finding. False, and no change, if there is one with its id."""
    if not insert_new(tx, finding, finding_row(found)):
        return False
    _note(tx, actor, now, f"finding_{found.state}", "finding", found.id, _of_finding(found))
    return True


def note_reminder(tx: Connection, brk: Break, *, actor: Actor, now: datetime) -> bool:
    """Note that the owner of an acknowledged break was reminded. False, and no change, if that was done, or somebody moved it since.

    The revision stays: what people have before them is as good as it was.
    """
    same = (breaks.c.id == brk.id, breaks.c.revision == brk.revision, breaks.c.reminded_at.is_(None))
    if tx.execute(update(breaks).where(*same).values(reminded_at=now)).rowcount == 0:
        return False
    _note(tx, actor, now, "remind", "break", brk.id, {"owner_id": brk.owner_id})
    return True


def save_finding(tx: Connection, found: Finding, *, was: Finding, actor: Actor, now: datetime, action: str = "") -> None:
    """Keep a finding seen again, or answered. StaleError, and no change, if it is no longer as in `was`. Only what a person would call
    news is audited: another state, or what somebody did (`action`)."""
    if found == was:
        return
    unchanged = (finding.c.id == was.id, finding.c.revision == was.revision)
    if tx.execute(update(finding).where(*unchanged).values(finding_row(found))).rowcount == 0:
        raise StaleError(_must(reads.finding_by_id(tx, was.id), was.id))
    if action or was.state is not found.state:
        detail = _of_finding(found) | ({"until": found.silent_until.isoformat()} if found.silent_until else {})
        detail |= {"said": found.said_note} if found.said_note else {}
        _note(tx, actor, now, f"finding_{action or found.state}", "finding", found.id, detail)


def _of_finding(found: Finding) -> dict[str, Any]:
    return {"partner": found.partner, "kind": str(found.kind), "scope": found.scope}


def next_incident_id(tx: Connection) -> str:
    """The next free incident id, 'INC-0001' first; it stays free for this transaction alone."""
    if tx.dialect.name == "postgresql":
        tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _INCIDENT_NUMBERS})
    last = tx.execute(select(func.max(incident.c.number))).scalar()
    return incident_id((last or 0) + 1)


def insert_incident(tx: Connection, opened: Incident, *, actor: Actor, now: datetime) -> None:
    """Keep a new incident. Refused, with the running one's name, if one of this title is open for the partner."""
    row = incident_row(opened)
    if not insert_new(tx, incident, {**row, "number": int(opened.id.removeprefix("INC-"))}):
        same = (i for i in reads.incidents(tx, partner=opened.partner) if incident_row(i)["title_key"] == row["title_key"])
        running = next(same, None)
        name = f"{running.id} “{running.title}”" if running else opened.id
        raise RefusedError(f"{name} is already open for {opened.partner}.", remedy="Add what you know in its thread.")
    _note(
        tx, actor, now, "open", "incident", opened.id, {"partner": opened.partner, "title": opened.title, "severity": str(opened.severity)}
    )


def save_incident(tx: Connection, changed: Incident, *, was: Incident, action: str, actor: Actor, now: datetime) -> None:
    """Keep a changed incident. StaleError if somebody else changed it since `was` was read."""
    same = (incident.c.id == was.id, incident.c.revision == was.revision)
    if tx.execute(update(incident).where(*same).values(incident_row(changed))).rowcount == 0:
        raise StaleError(_must(reads.incident_by_id(tx, was.id), was.id))
    _note(tx, actor, now, action, "incident", changed.id, _difference(incident_row(was), incident_row(changed)))


def add_timeline_entry(tx: Connection, *, incident_id: str, entry: TimelineEntry, key: str) -> bool:
    """Add a line to an incident's story. False, and no change, if the entry with this key is there already.

    The timeline is a trail of its own: the audit row says who wrote which line, not the words again.
    """
    row = {
        "incident_id": incident_id,
        "key": key,
        "at": entry.at,
        "side": str(entry.side),
        "text": entry.text,
        "author_id": entry.author_id,
    }
    if not insert_new(tx, timeline_entry, row):
        return False
    author = entry.author_id or "system"
    detail = {"key": key, "side": str(entry.side)}
    audit.append(tx, at=entry.at, actor_id=author, action="timeline_entry", about_kind="incident", about_id=incident_id, detail=detail)
    return True


def _index_source_file(tx: Connection, file: SourceFile) -> None:
    for key in dict.fromkeys(file.logical_keys):
        if not insert_new(tx, source_file_key, {"partner": file.partner, "logical_key": key, "sha256": file.sha256}):
            raise RefusedError(
                f"{file.name} is the same delivery ({key}) as a file of {file.partner} that still counts.",
                remedy="Nothing was changed. Take the file in again: the newer one then supersedes the older.",
            )
    for path in dict.fromkeys(file.parts):
        part = part_of(path)
        tx.execute(
            insert(source_file_part).values(
                file_partner=file.partner,
                path=path,
                sha256=file.sha256,
                content=part.content,
                side=str(part.side),
                partner=part.partner_folder,
            )
        )


def _records_of(brk: Break) -> list[tuple[Side, str]]:
    return [(Side.OURS, r) for r in brk.ours] + [(Side.THEIRS, r) for r in brk.theirs]


def _life_of(brk: Break) -> dict[str, Any]:
    """What can change of a break. Its identity is left out: a write to it, even of the same value, makes SQLite search all records."""
    return {name: value for name, value in break_row(brk).items() if name not in {"id", "agreement", "fingerprint"}}


def _opened(brk: Break, *, actor: Actor, now: datetime) -> audit.Entry:
    detail = {"kind": str(brk.kind), "amount_minor": brk.amount_minor, "currency": brk.currency, "run": brk.run_id}
    detail |= {"suppressed_by": brk.suppressed_by} if brk.suppressed_by else {}
    return audit.Entry(at=now, actor_id=actor.id, action="open", about_kind="break", about_id=brk.id, detail=detail)


def _changed(change: tuple[Break, Break, str], because: Mapping[str, str], *, actor: Actor, now: datetime) -> audit.Entry:
    was, brk, action = change
    detail = _difference(break_row(was), break_row(brk)) | dict(because)
    return audit.Entry(at=now, actor_id=actor.id, action=action, about_kind="break", about_id=brk.id, detail=detail)


def _difference(was: Mapping[str, Any], now_is: Mapping[str, Any]) -> dict[str, Any]:
    """What changed, as {column: [before, after]}, in words JSON has."""
    changed = {name: [was[name], value] for name, value in now_is.items() if value != was[name] and name not in _QUIET}
    return {name: [v if isinstance(v, int | str | list | dict | None) else v.isoformat() for v in pair] for name, pair in changed.items()}


def _note(tx: Connection, actor: Actor, now: datetime, action: str, about_kind: str, about_id: str, detail: Mapping[str, Any]) -> None:
    audit.append(tx, at=now, actor_id=actor.id, action=action, about_kind=about_kind, about_id=about_id, detail=detail)


def _must(current: T | None, name: str) -> T:
    if current is None:
        raise RefusedError(f"{name} is not in the store.")
    return current
