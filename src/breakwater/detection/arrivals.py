"""Files against what their stream usually does: overdue before they come, and on arrival a copy, cut off, or out of sequence.

Every stream has its own clock: the log of the minutes from schedule to arrival, with what closures before and the turn of a month add to
it. The row count is looked at the same way. Only files that had arrived by then teach anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

import numpy as np

from breakwater.detection.feedback import stricter
from breakwater.detection.panel import is_payday
from breakwater.detection.series import Floats

LEAST_FILES = 10
HISTORY_FILES = 90
LEVEL_FILES = 60  # a stream's recent level
CLASS_WORTH = 3.0  # files of a class (after a closure, at the turn of a month) that weigh as much as what such days usually add
ADDS_LATE, ADDS_ROWS = (0.25, 0.25), (0.7, 0.0)  # to the log, after a closure and at the turn of a month
WEEKDAY_WORTH = 6.0
LATE_AFTER = 2.8  # robust standard deviations of the log minutes
USUAL_LATE_SPREAD, USUAL_ROWS_SPREAD, SPREAD_WORTH = 0.15, 0.12, 8.0
EARLIEST_MIN = 95.0  # a file is never called late sooner than this many minutes after its usual time
TRUNCATED_AFTER, TRUNCATED_BELOW = 3.05, 0.78
DOUBLED = (1.5, 2.8)
DOUBLED_AFTER = 2.3
REMEMBERED_FILES = 60
NORMAL_MAD = 1.4826


class Fault(StrEnum):
    """What can be wrong with a file, or with its absence."""

    LATE = "file_late"
    DUPLICATE = "file_duplicate"
    TRUNCATED = "file_truncated"
    GAP = "file_gap"


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One due file, arrived or not, or a further file of a day (`scheduled_at` None).

    `after_closure`: the day before brought none, by plan.
    """

    business_date: date
    scheduled_at: datetime | None
    arrived_at: datetime | None
    after_closure: bool = False
    sha256: str = ""
    rows: int = 0
    amount_minor: int = 0
    sequence_no: int | None = None
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class FileAlert:
    """What is wrong with a file, known at `at`; over at `ended_at`, or None while it lasts."""

    fault: Fault
    at: datetime
    ended_at: datetime | None
    summary: str


def file_alerts(deliveries: Sequence[Delivery], *, monthly_sequence: bool, now: datetime) -> list[FileAlert]:
    """Everything that was wrong with a stream's files up to `now`, each told at the moment it could be known."""
    return _overdue(deliveries, now=now) + _contents(deliveries, monthly_sequence=monthly_sequence)


def _overdue(deliveries: Sequence[Delivery], *, now: datetime) -> list[FileAlert]:
    due = sorted((d for d in deliveries if d.scheduled_at), key=lambda d: d.scheduled_at or now)
    alerts = []
    for n, delivery in enumerate(due):
        assert delivery.scheduled_at
        before = [d for d in due[:n] if d.arrived_at and d.arrived_at <= delivery.scheduled_at][-HISTORY_FILES:]
        allowed_min = deadline_min(before, delivery)
        if allowed_min is None:
            continue
        deadline = delivery.scheduled_at + timedelta(minutes=allowed_min)
        if deadline < now and (delivery.arrived_at is None or delivery.arrived_at > deadline):
            waited = f"{delivery.scheduled_at:%H:%M} UTC, usually here within {allowed_min:.0f} minutes"
            alerts.append(
                FileAlert(
                    fault=Fault.LATE,
                    at=deadline,
                    ended_at=delivery.arrived_at,
                    summary=f"the file of {delivery.business_date:%d %b} has not come; scheduled {waited}",
                )
            )
    return alerts


def deadline_min(before: Sequence[Delivery], delivery: Delivery) -> float | None:
    """Minutes after schedule from which on a file is late, by what earlier ones took; None with too few of them."""
    if len(before) < LEAST_FILES:
        return None
    minutes = np.array([_minutes(d) for d in before])
    usual, spread = _usual(np.log(minutes), before, delivery, adds=ADDS_LATE, usual_spread=USUAL_LATE_SPREAD, weekdays=False)
    return float(max(np.exp(usual + LATE_AFTER * spread), np.exp(usual) + EARLIEST_MIN))


def _minutes(delivery: Delivery) -> float:
    assert delivery.arrived_at
    assert delivery.scheduled_at
    return max((delivery.arrived_at - delivery.scheduled_at).total_seconds() / 60, 1.0)


def _usual(
    logs: Floats, before: Sequence[Delivery], delivery: Delivery, *, adds: tuple[float, float], usual_spread: float, weekdays: bool
) -> tuple[float, float]:
    """The log expected of a delivery and its robust spread: the stream's recent level plus what its kind of day adds."""
    after = np.array([d.after_closure for d in before])
    turn = np.array([is_payday(d.business_date) for d in before])
    plain = ~after & ~turn
    level = float(np.median(logs[plain] if plain.sum() >= LEAST_FILES // 2 else logs))
    off = logs - level
    added = 0.0
    for flags, holds, add in ((after, delivery.after_closure, adds[0]), (turn, is_payday(delivery.business_date), adds[1])):
        shift = _class_shift(off, flags, worth=CLASS_WORTH, usual=add)
        off = off - shift * flags
        added += shift * holds
    if weekdays:
        days = np.array([d.business_date.weekday() for d in before])
        shifts = np.array([_class_shift(off, days == day, worth=WEEKDAY_WORTH) for day in range(7)])
        off, added = off - shifts[days], added + float(shifts[delivery.business_date.weekday()])
    recent = float(np.median(off[-LEVEL_FILES:]))
    spread = NORMAL_MAD * float(np.median(np.abs(off - recent)))
    shrunk = np.sqrt((len(off) * spread**2 + SPREAD_WORTH * usual_spread**2) / (len(off) + SPREAD_WORTH))
    return level + recent + added, float(shrunk)


def _class_shift(off: Floats, flags: np.ndarray, *, worth: float, usual: float = 0.0) -> float:
    number = int(flags.sum())
    return (number * (float(np.median(off[flags])) if number else 0.0) + worth * usual) / (number + worth)


# ---------------------------------------------------------------- what a file holds


def _contents(deliveries: Sequence[Delivery], *, monthly_sequence: bool) -> list[FileAlert]:
    came = sorted((d for d in deliveries if d.arrived_at), key=lambda d: (d.arrived_at, d.name))
    alerts: list[FileAlert] = []
    sound: list[Delivery] = []
    seen: list[Delivery] = []
    last: Delivery | None = None
    for delivery in came:
        assert delivery.arrived_at
        fault = content_fault(delivery, sound=sound[-HISTORY_FILES:], seen=seen[-REMEMBERED_FILES:])
        if fault:
            alerts.append(FileAlert(fault=fault[0], at=delivery.arrived_at, ended_at=delivery.arrived_at, summary=fault[1]))
        elif delivery.scheduled_at:
            sound.append(delivery)
        seen.append(delivery)
        if delivery.sequence_no is not None:
            missed = _missed(delivery, last, monthly=monthly_sequence)
            if missed:
                text = f"number {delivery.sequence_no} came before {missed}"
                alerts.append(FileAlert(fault=Fault.GAP, at=delivery.arrived_at, ended_at=delivery.arrived_at, summary=text))
            last = _later(delivery, last, monthly=monthly_sequence)
    return alerts


def content_fault(delivery: Delivery, *, sound: Sequence[Delivery], seen: Sequence[Delivery]) -> tuple[Fault, str] | None:
    """What is wrong with the content, and why: a copy of one of `seen`, or far from what the `sound` ones lead one to expect."""
    for other in reversed(seen):
        if delivery.sha256 and other.sha256 == delivery.sha256:
            return Fault.DUPLICATE, f"{delivery.name} is {other.name} again, byte for byte"
        if (other.rows, other.amount_minor) == (delivery.rows, delivery.amount_minor) and delivery.rows > 1:
            return Fault.DUPLICATE, f"{delivery.name} has the rows and the total of {other.name}"
    return size_fault(delivery, sound=sound)


def size_fault(delivery: Delivery, *, sound: Sequence[Delivery], caution: float = 0.0) -> tuple[Fault, str] | None:
    """What is wrong with the number of rows, and why; `caution` is how much surer one must be, in units of surprise."""
    if delivery.scheduled_at is None or len(sound) < LEAST_FILES or delivery.rows < 1:
        return None
    logs = np.log(np.array([max(d.rows, 1) for d in sound], dtype=float))
    usual, spread = _usual(logs, sound, delivery, adds=ADDS_ROWS, usual_spread=USUAL_ROWS_SPREAD, weekdays=True)
    spread = float(np.hypot(spread, 1 / np.sqrt(np.exp(usual) + 1)) if np.exp(usual) < 30 else spread)
    off = float(np.log(delivery.rows)) - usual
    times = float(np.exp(off))
    if off < -stricter(TRUNCATED_AFTER, caution=caution) * spread and times < TRUNCATED_BELOW:
        return Fault.TRUNCATED, f"{delivery.name} has {delivery.rows:,} rows, about {np.exp(usual):,.0f} are usual"
    # Content that stands in a file twice makes an even number of rows and an even total.
    even = delivery.rows % 2 == 0 and delivery.amount_minor % 2 == 0
    if even and DOUBLED[0] < times < DOUBLED[1] and off > DOUBLED_AFTER * spread:
        return (
            Fault.DUPLICATE,
            f"{delivery.name} has {delivery.rows:,} rows, twice the usual {np.exp(usual):,.0f}: its content stands in it twice",
        )
    return None


def _missed(delivery: Delivery, last: Delivery | None, *, monthly: bool) -> str:
    """The sequence numbers skipped before this file, in words; empty where none is."""
    assert delivery.sequence_no is not None
    begins = monthly and last is not None and delivery.business_date.replace(day=1) > last.business_date.replace(day=1)
    if last is None or last.sequence_no is None:
        return ""
    expected = 1 if begins else last.sequence_no + 1
    if delivery.sequence_no <= expected:
        return ""
    return str(expected) if delivery.sequence_no == expected + 1 else f"{expected} to {delivery.sequence_no - 1}"


def _later(delivery: Delivery, last: Delivery | None, *, monthly: bool) -> Delivery:
    if last is None or (monthly and delivery.business_date.replace(day=1) > last.business_date.replace(day=1)):
        return delivery
    older = (delivery.sequence_no or 0) < (last.sequence_no or 0)
    return replace(delivery, sequence_no=last.sequence_no, business_date=last.business_date) if older else delivery
