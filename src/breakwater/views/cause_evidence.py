"""What shows a cause: which records were counted for it, of which day and where, and what they say beside its breaks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from breakwater.model.causes import Cause, CauseKind
from breakwater.views.blocks import code, word
from breakwater.views.words import day, joined, plural

_ALONE, _TWICE, _BROKEN = (
    ("has no counterpart", "have no counterpart"),
    ("is a duplicate", "are duplicates"),
    ("is in a break", "are in breaks"),
)
_SAYS: Mapping[CauseKind, tuple[str, str]] = {
    CauseKind.FILE_MISSING: _ALONE,
    CauseKind.BATCH_MISSING: _ALONE,
    CauseKind.KIND_MISSING: _ALONE,
    CauseKind.FILE_TWICE: _TWICE,
    CauseKind.BATCH_TWICE: _TWICE,
}
_HELD_ELSEWHERE = frozenset(
    {CauseKind.FILE_MISSING, CauseKind.BATCH_MISSING, CauseKind.KIND_MISSING}
)  # what is missing is on the other side


def evidence_line(cause: Cause, *, partner: str) -> str:
    """What was counted, in one line; empty where nothing was. `partner` is its name, escaped."""
    e = cause.evidence
    lines = [_counted(cause, partner)] if "rows" in e and "broken" in e else []
    if "of" in e:
        lines.append(f"{plural(cause.count, 'break')} among the {int(e['of']):,} such records of those days")
    if "first" in e:
        lines.append(f"from {_day(e['first'])} to {_day(e['last'])}")
    if "ours_example" in e and cause.kind is CauseKind.REFERENCE_CHANGED:
        lines.append(f"for example ours {code(e['ours_example'])}, theirs {code(e['theirs_example'])}")
    if "why" in e:
        of = _day(e["file_date"]) if "file_date" in e else "that day"
        lines.append(f"the {word(e['stream'])} of {of} is {word(e['why'])}")
    said = joined(lines, "; ")
    return f"*Shown by:* {said}" if said else ""


def held_at(cause: Cause, side: str, partner: str) -> str:
    """Where the records of a side are."""
    if side == "theirs":
        return f"at {word(cause.ends[1]) if cause.ends else partner}"
    return f"in the reports of {word(cause.ends[0])}" if cause.ends else "in our ledger"


def _counted(cause: Cause, partner: str) -> str:
    """Records, as the run found them: not the breaks of the headline, which also are those of the days beside, less what was closed."""
    rows, broken = int(cause.evidence["rows"]), int(cause.evidence["broken"])
    one, many = _SAYS.get(cause.kind, _BROKEN)
    found = f"of {plural(rows, 'record')} {_which(cause, partner)}, {broken:,} {one if broken == 1 else many}"
    if cause.count > broken and "date" in cause.scope:
        return f"{found}; the other breaks are of days around it, whose records would have come with them"
    return f"{found}, as the run counted them" if cause.count < broken else found


def _which(cause: Cause, partner: str) -> str:
    scope, side = cause.scope, cause.scope.get("side", "ours")
    where = held_at(cause, ("ours" if side == "theirs" else "theirs") if cause.kind in _HELD_ELSEWHERE else side, partner)
    of = [f"dated {_day(scope['date'])}" if "date" in scope else ""]
    of += [f"of {sort} {code(scope[name])}" for name, sort in (("batch", "batch"), ("account", "account"), ("bin", "BIN")) if name in scope]
    of += [f"of kind {word(scope['kind']).replace('_', ' ')}" if "kind" in scope else "", "of that file" if "source_file" in scope else ""]
    return joined((where, *of), " ")


def _day(text: str) -> str:
    return day(date.fromisoformat(text))
