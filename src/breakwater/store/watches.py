"""Who watches which payment, and where it was when they were last told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, func, select, update

from breakwater.model.payment_watches import Watch
from breakwater.model.payments import ProcessingState
from breakwater.store.statements import insert_new
from breakwater.store.tables.audit_trail import audit_head
from breakwater.store.tables.payments import payment_watch


def begin(tx: Connection, watch: Watch) -> bool:
    """Keep a watch; False, and no change, if this person watches the payment already."""
    return insert_new(tx, payment_watch, {**vars(watch), "processing": str(watch.processing)})


def end(tx: Connection, *, user_id: str, payment_id: str) -> bool:
    """Forget a watch; False if there was none."""
    same = (payment_watch.c.user_id == user_id, payment_watch.c.payment_id == payment_id)
    return tx.execute(delete(payment_watch).where(*same)).rowcount > 0


def forget(tx: Connection, *, moved_before: datetime) -> int:
    """Forget watches of payments that have not moved since; how many there were."""
    return tx.execute(delete(payment_watch).where(payment_watch.c.moved_at < moved_before)).rowcount


def is_watched(tx: Connection, *, user_id: str, payment_id: str) -> bool:
    """True if this person watches the payment."""
    same = (payment_watch.c.user_id == user_id, payment_watch.c.payment_id == payment_id)
    return tx.execute(select(payment_watch.c.user_id).where(*same)).first() is not None


def count_of(tx: Connection, *, user_id: str) -> int:
    """How many payments somebody watches."""
    return tx.execute(select(func.count()).select_from(payment_watch).where(payment_watch.c.user_id == user_id)).scalar_one()


def watches(tx: Connection, *, user_id: str | None = None) -> list[Watch]:
    """What somebody watches, or all do; the longest watched first."""
    query = select(payment_watch).order_by(payment_watch.c.since, payment_watch.c.user_id, payment_watch.c.payment_id)
    if user_id is not None:
        query = query.where(payment_watch.c.user_id == user_id)
    return [Watch(**{**row, "processing": ProcessingState(row["processing"])}) for row in tx.execute(query).mappings()]


def moved(tx: Connection, watch: Watch, *, position: str, processing: ProcessingState, now: datetime) -> bool:
    """Note that somebody is told of a move; False, and no change, if another process did, or the watch is gone."""
    same = (
        payment_watch.c.user_id == watch.user_id,
        payment_watch.c.payment_id == watch.payment_id,
        payment_watch.c.position == watch.position,
        payment_watch.c.told == watch.told,
    )
    values = {"position": position, "processing": str(processing), "moved_at": now, "told": watch.told + 1}
    return tx.execute(update(payment_watch).where(*same).values(values)).rowcount > 0


def changes(tx: Connection) -> int:
    """A number that grows with every change that is audited: files taken in, runs, moves of breaks."""
    return tx.execute(select(audit_head.c.sequence)).scalar() or 0
