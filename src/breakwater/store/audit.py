"""The audit trail: who changed what and when, as a chain of hashes in which no row can be changed, taken out or moved unseen.

Rows are held until their transaction ends and appended then, so that the end of the chain, which one transaction at a time may
extend, is never held while other rows are waited for.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from breakwater.errors import WorldError
from breakwater.store.tables.audit_trail import audit, audit_head

GENESIS = "0" * 64
_HEAD = 1
_PENDING = "breakwater_audit"
_VERIFY_BATCH_ROWS = 1_000
_MOVES_LOOKED_AT = 100  # rows that don't fit their place are tried in each other's places, up to this many


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One row of the trail: `actor_id` did `action` to the `about_kind` named `about_id`. `sequence` is 0 until it is appended."""

    at: datetime
    actor_id: str
    action: str
    about_kind: str
    about_id: str
    detail: Mapping[str, Any]
    sequence: int = 0


def append(tx: Connection, *, at: datetime, actor_id: str, action: str, about_kind: str, about_id: str, detail: Mapping[str, Any]) -> None:
    """Note one change. It becomes part of the chain when the transaction ends."""
    append_many(tx, [Entry(at=at, actor_id=actor_id, action=action, about_kind=about_kind, about_id=about_id, detail=detail)])


def append_many(tx: Connection, entries: Iterable[Entry]) -> None:
    """Note many changes, in this order."""
    tx.info.setdefault(_PENDING, []).extend(entries)


def begin(tx: Connection) -> None:
    """Forget what a transaction that was rolled back left on this connection."""
    tx.info.pop(_PENDING, None)


def write_pending(tx: Connection) -> None:
    """Append what this transaction noted so far. `Database.transaction` does this before it commits."""
    pending: list[Entry] = tx.info.pop(_PENDING, [])
    if not pending:
        return
    end, last = _lock_head(tx)
    rows = []
    for sequence, entry in enumerate(pending, start=end + 1):
        row = {
            "sequence": sequence,
            "at": entry.at,
            "actor_id": entry.actor_id,
            "action": entry.action,
            "about_kind": entry.about_kind,
            "about_id": entry.about_id,
            "detail": _canonical(dict(entry.detail)),
        }
        rows.append({**row, "previous_hash": last, "hash": (last := _hash(last, row))})
    tx.execute(insert(audit), rows)
    tx.execute(update(audit_head).where(audit_head.c.id == _HEAD).values(sequence=end + len(rows), hash=last))


def entries(tx: Connection, about_id: str) -> list[Entry]:
    """What was done to one thing, oldest first."""
    write_pending(tx)
    rows = tx.execute(select(audit).where(audit.c.about_id == about_id).order_by(audit.c.sequence)).mappings()
    return [
        Entry(
            sequence=row["sequence"],
            at=row["at"],
            actor_id=row["actor_id"],
            action=row["action"],
            about_kind=row["about_kind"],
            about_id=row["about_id"],
            detail=json.loads(row["detail"]),
        )
        for row in rows
    ]


def length(tx: Connection) -> int:
    """How many rows the trail has."""
    return tx.execute(select(func.count()).select_from(audit)).scalar_one()


def rows(tx: Connection, *, about_id: str | None = None) -> Iterator[dict[str, Any]]:
    """Every row as it is kept, hashes included, oldest first; with `about_id`, those about one thing."""
    return (row for row in _rows(tx) if about_id in (None, row["about_id"]))


def verify(tx: Connection) -> list[str]:
    """A sentence for each row that was changed, taken out or moved; empty if the trail is whole."""
    write_pending(tx)
    head = tx.execute(select(audit_head.c.sequence, audit_head.c.hash)).first()
    head_sequence, head_hash = (head.sequence, head.hash) if head else (0, GENESIS)
    complaints: list[str] = []
    misfits: list[dict[str, Any]] = []
    previous: dict[str, Any] = {"sequence": 0, "hash": GENESIS}
    is_previous_whole = True
    for row in _rows(tx):
        complaints += _missing(previous["sequence"] + 1, row["sequence"] - 1)
        is_whole = _hash(row["previous_hash"], row) == row["hash"]
        is_next = row["sequence"] == previous["sequence"] + 1
        if not is_whole:
            misfits.append(row)
        elif is_next and is_previous_whole and row["previous_hash"] != previous["hash"]:
            complaints.append(f"Audit row {previous['sequence']} was replaced: row {row['sequence']} does not follow from it.")
        previous, is_previous_whole = row, is_whole
    complaints += _missing(previous["sequence"] + 1, head_sequence)
    if previous["sequence"] == head_sequence and is_previous_whole and previous["hash"] != head_hash:
        complaints.append(f"Audit row {previous['sequence']} was replaced: the end of the trail does not follow from it.")
    if previous["sequence"] > head_sequence:
        complaints.append(f"Audit row {previous['sequence']} stands beyond the end of the trail, which is row {head_sequence}.")
    return _misfit_complaints(misfits) + complaints


def _lock_head(tx: Connection) -> tuple[int, str]:
    """The end of the chain; nobody else can extend it until this transaction ends."""
    head = tx.execute(select(audit_head.c.sequence, audit_head.c.hash).where(audit_head.c.id == _HEAD).with_for_update()).first()
    if head is None:
        raise WorldError("The end of the audit trail is missing, so nothing can be added to it.", remedy="Restore the table audit_head.")
    return head.sequence, head.hash


def _rows(tx: Connection) -> Iterator[dict[str, Any]]:
    after = -1
    while True:
        query = select(audit).where(audit.c.sequence > after).order_by(audit.c.sequence).limit(_VERIFY_BATCH_ROWS)
        batch = tx.execute(query).mappings().all()
        yield from (dict(row) for row in batch)
        if len(batch) < _VERIFY_BATCH_ROWS:
            return
        after = batch[-1]["sequence"]


def _misfit_complaints(misfits: list[dict[str, Any]]) -> list[str]:
    """Rows whose content does not give their hash: moved if it would in another misfit's place, else changed."""
    places = [row["sequence"] for row in misfits[:_MOVES_LOOKED_AT]]
    complaints = []
    for row in misfits:
        home = next((n for n in places if _hash(row["previous_hash"], {**row, "sequence": n}) == row["hash"]), None)
        moved = f"Audit row {row['sequence']} is out of order: it was written as row {home}."
        changed = f"Audit row {row['sequence']} was changed: {row['action']} of {row['about_kind']} {row['about_id']}."
        complaints.append(changed if home is None else moved)
    return complaints


def _missing(first: int, last: int) -> list[str]:
    if first > last:
        return []
    return [f"Audit row {first} is missing." if first == last else f"Audit rows {first} to {last} are missing."]


def _hash(previous: str, row: Mapping[str, Any]) -> str:
    content = {name: row[name] for name in ("sequence", "actor_id", "action", "about_kind", "about_id", "detail")}
    content["at"] = row["at"].astimezone(UTC).isoformat(timespec="microseconds")
    return hashlib.sha256((previous + _canonical(content)).encode()).hexdigest()


def _canonical(value: Mapping[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
