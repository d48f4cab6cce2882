"""What somebody tried and may not do stands in the audit trail, beside what people did."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from breakwater.store import audit


def note_refusal(tx: Connection, *, actor_id: str, attempted: str, channel: str, why: str, now: datetime) -> None:
    """Note that a person was refused: what they asked for, such as 'command /recon', in which channel, and what they were told."""
    audit.append(
        tx, at=now, actor_id=actor_id, action="refused", about_kind="access", about_id=attempted, detail={"channel": channel, "why": why}
    )
