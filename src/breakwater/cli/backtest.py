"""`breakwater backtest`: past hours and files replayed through the detectors, as if live."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

from breakwater.app import utc_now
from breakwater.cli.offline import CONFIG, offline, partner_known
from breakwater.cli.printing import printer
from breakwater.detection.alerts import Alert
from breakwater.detection.arrivals import Delivery, Fault, FileAlert, file_alerts
from breakwater.detection.panel import Panel, Planned, Segment, covered, panel_of
from breakwater.detection.series import HOUR
from breakwater.detection.watch import Watch
from breakwater.errors import CallError
from breakwater.model.backtests import Budget
from breakwater.model.calendar import BusinessCalendar, named_calendar
from breakwater.model.per_cent import per_cent

_FIELDS = ("partner", "network", "currency")
_GRAVE = 10.0  # the surprise from which on an alert is of high severity
_SHAPE = "Give a folder with segments.json, attempts.parquet and files.parquet."
_WORDS = {
    "drop": "payments fell to {share} of normal",
    "rise": "payments rose to {share} of normal",
    "decline": "declines rose by about {finer} of the attempts",
    "dearer": "the average payment rose to {factor:.3g} times the usual",
    "cheaper": "the average payment fell to {factor:.3g} times the usual",
}


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@click.option("--json", "target", type=click.Path(path_type=Path), metavar="OUT", help="Where the alerts of FOLDER go.")
@click.option("--partner", metavar="ID", help="Replay what the lake holds of this partner instead.")
@click.option("--days", type=click.IntRange(1, 45), default=30, show_default=True, help="How far back, with --partner.")
@CONFIG
def backtest(*, folder: Path | None, target: Path | None, partner: str | None, days: int, path: Path) -> int:
    """Replay past hours and files through the detectors, as if live: the series in FOLDER, or what the lake holds of a partner."""
    if partner and not folder and not target:
        return _from_lake(path, partner=partner, days=days)
    if partner or not folder or not target:
        raise CallError("Give a FOLDER and --json OUT, or --partner alone.", remedy="For example `breakwater backtest --partner nordbank`.")
    return _from_folder(folder, target)


def _from_lake(path: Path, *, partner: str, days: int) -> int:
    """What would have been told about a partner, and what a stricter or looser budget would change."""
    with offline(path) as bot:
        known = partner_known(bot, partner)
        done = bot.traffic.replayed(known, days=days, now=utc_now())
    console = printer()
    zone = done.time_zone
    table = Table(f"told ({zone.key})", "over", "where", "what")
    for one in done.told[Budget.AS_NOW]:
        over = f"{one.ended_at.astimezone(zone):%Y-%m-%d %H:%M}" if one.ended_at else "still open"
        table.add_row(f"{one.fired_at.astimezone(zone):%Y-%m-%d %H:%M}", over, one.scope, one.what)
    console.print(table if done.told[Budget.AS_NOW] else "Nothing would have been told.")
    counts = ", ".join(f"{budget.value.replace('_', ' ')} {len(told):,}" for budget, told in done.told.items())
    console.print(f"{known.name}, {done.days:.0f} days, findings by budget: {counts}.")
    if done.known_from:
        learning = (done.since - done.known_from).days
        begins = f"{done.known_from.astimezone(zone):%Y-%m-%d}"
        console.print(
            f"Not {days} days: the payments known here begin on {begins}, and the first {learning} days are needed to learn from."
        )
    return 0


def _from_folder(folder: Path, target: Path) -> int:
    if not target.absolute().parent.is_dir():
        raise CallError(f"There is no folder {target.parent} for OUT.", remedy="Create it, or name another file.")
    try:
        setup = json.loads((folder / "segments.json").read_text(encoding="utf-8"))
        panel = _panel(pq.read_table(folder / "attempts.parquet"), setup)
        planned = _planned(panel, setup)
        streams = _streams(pq.read_table(folder / "files.parquet"), setup)
        ends_at = _moment(setup["ends_at"])
    except OSError as problem:
        raise CallError(f"{folder} can't be read: {problem}.", remedy=_SHAPE) from None
    except (ValueError, KeyError, TypeError, IndexError, pa.ArrowException, ZoneInfoNotFoundError) as problem:
        raise CallError(f"{folder} does not hold what a backtest needs: {type(problem).__name__} {problem}.", remedy=_SHAPE) from None
    watch = Watch(panel, planned=planned)
    alerts = [_hourly(watch, alert) for alert in watch.run()]
    for stream, deliveries, monthly in streams:
        alerts += [_file(stream, alert) for alert in file_alerts(deliveries, monthly_sequence=monthly, now=ends_at)]
    alerts.sort(key=lambda alert: (alert["fired_at"], alert["metric"], json.dumps(alert["scope"])))
    numbered = [{"alert_id": f"A{number:05d}"} | alert for number, alert in enumerate(alerts, start=1)]
    target.write_text(json.dumps(numbered, indent=1) + "\n", encoding="utf-8")
    _show(numbered)
    return 0


def _show(alerts: Iterable[Mapping[str, Any]]) -> None:
    """How often each kind would have spoken."""
    console = Console(highlight=False, markup=False)
    counts: dict[str, int] = {}
    for alert in alerts:
        counts[alert["metric"]] = counts.get(alert["metric"], 0) + 1
    table = Table("what", "alerts")
    for metric, count in sorted(counts.items()):
        table.add_row(metric, f"{count:,}")
    console.print(table if counts else "No alerts.")


# ---------------------------------------------------------------- what is read


def _panel(table: pa.Table, setup: Mapping[str, Any]) -> Panel:
    """The hourly series; an hour without a row is zero."""
    segments = tuple(
        Segment(**{f: s[f] for f in _FIELDS}, time_zone=ZoneInfo(s["time_zone"]), calendar=_calendar(s["country"]))
        for s in setup["segments"]
    )
    return panel_of(
        segments,
        places=list(zip(*(table[f].to_pylist() for f in _FIELDS), strict=True)),
        hours=table["hour"].to_numpy(),
        columns={name: table[name].to_numpy() for name in ("attempts", "declined", "amount_minor")},
        ends_at=_moment(setup["ends_at"]),
    )


def _planned(panel: Panel, setup: Mapping[str, Any]) -> list[Planned]:
    """Announced events as hours of the panel."""
    planned = []
    for event in setup.get("events", []):
        fixed = {f: v for f, v in event["scope"].items() if f in _FIELDS and v is not None}
        first, after, known = ((_moment(event[name]) - panel.start) // HOUR for name in ("start", "end", "announced_at"))
        planned.append(Planned(rows=covered(panel.segments, fixed), first=first, after=after, announced=known))
    return planned


def _streams(table: pa.Table, setup: Mapping[str, Any]) -> list[tuple[str, list[Delivery], bool]]:
    """Each stream's name, its deliveries, and whether its sequence begins again every month."""
    by_stream: dict[str, list[dict[str, Any]]] = {}
    for row in table.to_pylist():
        by_stream.setdefault(row["stream"], []).append(row)
    return [
        (s["stream"], _deliveries(by_stream.get(s["stream"], []), calendar=_calendar(s["calendar"])), s["sequence"] == "monthly")
        for s in setup["streams"]
    ]


def _deliveries(rows: Sequence[Mapping[str, Any]], *, calendar: BusinessCalendar) -> list[Delivery]:
    """The rows of a stream, without the days on which its calendar says that nothing comes."""
    due = sorted({r["business_date"] for r in rows if r["scheduled_at"] and r["business_date"] not in calendar.holidays})
    after = {day for before, day in pairwise(due) if (day - before).days > 1}
    open_days = set(due)
    return [
        Delivery(
            business_date=r["business_date"],
            scheduled_at=r["scheduled_at"],
            arrived_at=r["arrived_at"],
            after_closure=r["business_date"] in after,
            sha256=r["sha256"] or "",
            rows=r["rows"] or 0,
            amount_minor=r["amount_minor"] or 0,
            sequence_no=r["sequence_no"],
            name=r["file_name"] or "",
        )
        for r in rows
        if r["arrived_at"] or (r["scheduled_at"] and r["business_date"] in open_days)
    ]


def _calendar(name: str | None) -> BusinessCalendar:
    """A bank calendar or a country's; None closes on no day."""
    return BusinessCalendar(weekend=frozenset()) if name is None else named_calendar("TARGET2" if name == "ECB" else name)


# ---------------------------------------------------------------- what is written


def _hourly(watch: Watch, alert: Alert) -> dict[str, Any]:
    at = watch.panel.at
    scope = dict(watch.scopes.names[alert.first_scope])
    size = alert.first_size
    change = _WORDS[alert.channel.name].format(share=per_cent(size), finer=per_cent(size, decimals=1), factor=math.exp(size))
    return {
        "metric": alert.channel.metric,
        "scope": scope,
        "fired_at": _stamp(at(alert.fired)),
        "ended_at": None if alert.closed is None else _stamp(at(alert.closed)),
        "severity": "high" if alert.surprise >= _GRAVE else "warning",
        "summary": f"{' '.join(scope.values())}: {change}",
        "updates": [{"at": _stamp(at(hour)), "scope": dict(watch.scopes.names[scope])} for hour, scope in alert.updates],
    }


def _file(stream: str, alert: FileAlert) -> dict[str, Any]:
    return {
        "metric": str(alert.fault),
        "scope": {"stream": stream},
        "fired_at": _stamp(alert.at),
        "ended_at": None if alert.ended_at is None else _stamp(alert.ended_at),
        "severity": "warning" if alert.fault is Fault.GAP else "high",
        "summary": f"{stream}: {alert.summary}",
        "updates": [],
    }


def _moment(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
