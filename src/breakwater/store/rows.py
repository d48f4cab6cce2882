"""Rows to the team's words and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from breakwater.model.breaks import Break, BreakKind, BreakState
from breakwater.model.files import Notice, SourceFile
from breakwater.model.findings import Contribution, Finding, FindingKind, FindingState, SeriesPoint
from breakwater.model.incidents import EntrySide, Incident, IncidentStatus, Severity, TimelineEntry
from breakwater.model.proposals import proposal_of
from breakwater.model.records import Side
from breakwater.model.runs import BreakFigure, OpeningItems, Run, RunChanges, Totals

Row = Mapping[Any, Any]  # by column name


def source_file_row(file: SourceFile) -> dict[str, Any]:
    """A source file as a row of `source_file`."""
    lists = {"parts": list(file.parts), "logical_keys": list(file.logical_keys), "notices": [asdict(n) for n in file.notices]}
    return {**_shallow(file), **lists, "columns": None if file.columns is None else list(file.columns)}


def source_file_of(row: Row) -> SourceFile:
    """A row of `source_file` as a source file."""
    return SourceFile(
        **{
            **_only(SourceFile, row),
            "side": Side(row["side"]),
            "parts": tuple(row["parts"]),
            "logical_keys": tuple(row["logical_keys"]),
            "notices": tuple(Notice(**n) for n in row["notices"]),
            "columns": None if row["columns"] is None else tuple(row["columns"]),
        }
    )


def run_row(run: Run) -> dict[str, Any]:
    """A run as a row of `run`."""
    totals = {name: {c: asdict(t) for c, t in getattr(run, name).items()} for name in ("matched", "pending", "in_breaks")}
    opening = {"breaks": _figures(run.opening.breaks), "totals": {c: asdict(t) for c, t in run.opening.totals.items()}}
    return {**_shallow(run), **totals, "breaks": _figures(run.breaks), "opening": opening, "changes": asdict(run.changes)}


def run_of(row: Row) -> Run:
    """A row of `run` as a run."""
    totals = {name: {c: Totals(**t) for c, t in row[name].items()} for name in ("matched", "pending", "in_breaks")}
    opening = OpeningItems(
        breaks=_figures_of(row["opening"].get("breaks", {})),
        totals={c: Totals(**t) for c, t in row["opening"].get("totals", {}).items()},
    )
    changes = RunChanges(**row["changes"])
    return Run(**{**_only(Run, row), **totals, "breaks": _figures_of(row["breaks"]), "opening": opening, "changes": changes})


def _figures(of: Mapping[BreakKind, BreakFigure]) -> dict[str, Any]:
    return {kind.value: {"count": f.count, "value_minor": dict(f.value_minor)} for kind, f in of.items()}


def _figures_of(given: Mapping[str, Any]) -> dict[BreakKind, BreakFigure]:
    return {BreakKind(kind): BreakFigure(**figure) for kind, figure in given.items()}


def break_row(brk: Break) -> dict[str, Any]:
    """A break as a row of `breaks`."""
    lists = {name: list(getattr(brk, name)) for name in ("ours", "theirs", "also", "references", "links")}
    return {**_shallow(brk), **lists, "extra": dict(brk.extra), "proposal": brk.proposal.to_json() if brk.proposal else None}


def break_of(row: Row) -> Break:
    """A row of `breaks` as a break."""
    lists = {name: tuple(row[name]) for name in ("ours", "theirs", "also", "references", "links")}
    words = {"kind": BreakKind(row["kind"]), "state": BreakState(row["state"])}
    return Break(**{**_only(Break, row), **lists, **words, "proposal": proposal_of(row["proposal"]) if row["proposal"] else None})


def finding_row(finding: Finding) -> dict[str, Any]:
    """A finding as a row of `finding`."""
    lists = {
        "series": [[p.at.isoformat(), p.seen, p.expected] for p in finding.series],
        "place": [list(pair) for pair in finding.place],
        "contributions": [asdict(c) for c in finding.contributions],
    }
    return {**_shallow(finding), **lists}


def finding_of(row: Row) -> Finding:
    """A row of `finding` as a finding."""
    series = tuple(SeriesPoint(at=datetime.fromisoformat(at), seen=seen, expected=expected) for at, seen, expected in row["series"])
    kinds = {"kind": FindingKind(row["kind"]), "state": FindingState(row["state"])}
    place = tuple((name, value) for name, value in row["place"])
    contributions = tuple(Contribution(**c) for c in row["contributions"])
    return Finding(**{**_only(Finding, row), **kinds, "series": series, "place": place, "contributions": contributions})


def incident_row(incident: Incident) -> dict[str, Any]:
    """An incident as a row of `incident`; `title_key` is what two titles have in common that a person reads as the same."""
    return {**_shallow(incident), "title_key": " ".join(incident.title.casefold().split())}


def incident_of(row: Row) -> Incident:
    """A row of `incident` as an incident."""
    return Incident(**{**_only(Incident, row), "severity": Severity(row["severity"]), "status": IncidentStatus(row["status"])})


def entry_of(row: Row) -> TimelineEntry:
    """A row of `timeline_entry` as a timeline entry."""
    return TimelineEntry(at=row["at"], side=EntrySide(row["side"]), text=row["text"], author_id=row["author_id"])


def _shallow(record: Any) -> dict[str, Any]:
    """The fields of a record; enums as plain text, since a driver may write a name where a value is meant."""
    return {f.name: str(v) if isinstance(v := getattr(record, f.name), str) else v for f in fields(record)}


def _only(kind: Any, row: Row) -> dict[str, Any]:
    return {f.name: row[f.name] for f in fields(kind)}
