"""The finding beside a cause: the same fact, seen in a file's clock or in the figures of a day before any break was counted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy import Connection

from breakwater.detection.files import id_of_late
from breakwater.model.causes import Cause, CauseKind
from breakwater.model.findings import Finding, FindingKind
from breakwater.model.partners import Partner
from breakwater.store import reads

OPEN_READ = 200  # open findings of a partner that are looked through
_DRIFTS: Mapping[CauseKind, FindingKind] = {
    CauseKind.FEE_SCHEDULE: FindingKind.FEE_DRIFT,
    CauseKind.FX_RATE: FindingKind.RATE_DRIFT,
}


def finding_beside(tx: Connection, cause: Cause, *, partner: Partner) -> Finding | None:
    """The open finding that tells of the same fact as a cause; None where there is none."""
    if cause.kind is CauseKind.FILE_MISSING:
        return _of_file(tx, cause, partner=partner)
    drift = _DRIFTS.get(cause.kind)
    open_ones = reads.findings(tx, partner=partner.id, limit=OPEN_READ) if drift else []
    return next((f for f in open_ones if f.kind is drift and _is_about(f, cause)), None)


def _is_about(drift: Finding, cause: Cause) -> bool:
    """Whether a drift is of the currency of a cause; of rates, of both that it is between."""
    place, scope = dict(drift.place), cause.scope
    if drift.kind is FindingKind.RATE_DRIFT:
        return {place.get("currency"), place.get("original currency")} == {scope.get("sold"), scope.get("bought")}
    return scope.get("currency") in (None, place.get("currency", scope.get("currency")))


def _of_file(tx: Connection, cause: Cause, *, partner: Partner) -> Finding | None:
    """That the file is late or missing: of a leg, the file of the end on whose side it would have stood."""
    stream = cause.evidence.get("stream")
    if stream is None or (cause.scope["side"] == "ours" and not partner.leg):
        return None
    whose = partner.between[0 if cause.scope["side"] == "ours" else 1].id if partner.leg else partner.id
    of = date.fromisoformat(cause.evidence.get("file_date", cause.scope["date"]))
    found = reads.finding_by_id(tx, id_of_late(whose, stream, of))
    return found if found and found.open else None
