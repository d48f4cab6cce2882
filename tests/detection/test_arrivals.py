"""A stream's files: overdue, copied, cut off, out of sequence, and quiet when nothing is wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from breakwater.detection.arrivals import Delivery, Fault, FileAlert, file_alerts

START = datetime(2026, 3, 1, 6, tzinfo=UTC)
NOW = START + timedelta(days=60)


def a_stream(days: int = 40) -> list[Delivery]:
    """A file a day, 35 to 45 minutes after schedule, of about a thousand rows."""
    return [
        Delivery(
            business_date=(START + timedelta(days=n)).date(),
            scheduled_at=START + timedelta(days=n),
            arrived_at=START + timedelta(days=n, minutes=35 + n * 7 % 11),
            sha256=f"sha{n}",
            rows=1_000 + n * 13 % 40,
            amount_minor=5_000_001 + n * 77,
            sequence_no=n + 1,
            name=f"statement-{n}.xml",
        )
        for n in range(days)
    ]


def told(deliveries: list[Delivery], *, now: datetime = NOW, monthly: bool = False) -> list[FileAlert]:
    return file_alerts(deliveries, monthly_sequence=monthly, now=now)


def test_a_punctual_stream_is_quiet() -> None:
    assert told(a_stream()) == []


def test_a_file_that_has_not_come_is_told_before_it_comes() -> None:
    stream = a_stream()
    assert stream[30].scheduled_at
    stream[30] = replace(stream[30], arrived_at=stream[30].scheduled_at + timedelta(hours=5))

    (alert,) = told(stream)

    assert alert.fault is Fault.LATE
    assert timedelta(minutes=60) < alert.at - stream[30].scheduled_at < timedelta(hours=3)
    assert alert.ended_at == stream[30].arrived_at


def test_the_same_bytes_under_another_name_are_a_copy() -> None:
    stream = a_stream()
    stream[30] = replace(stream[30], sha256="sha29")

    (alert,) = told(stream)

    assert alert.fault is Fault.DUPLICATE
    assert alert.summary == "statement-30.xml is statement-29.xml again, byte for byte"


def test_the_same_rows_and_total_are_a_copy() -> None:
    stream = a_stream()
    stream[30] = replace(stream[30], rows=stream[28].rows, amount_minor=stream[28].amount_minor)

    assert [a.summary for a in told(stream)] == ["statement-30.xml has the rows and the total of statement-28.xml"]


def test_content_that_stands_in_a_file_twice_is_a_copy() -> None:
    stream = a_stream()
    stream[30] = replace(stream[30], rows=2 * stream[30].rows, amount_minor=2 * stream[30].amount_minor)

    assert [a.fault for a in told(stream)] == [Fault.DUPLICATE]


def test_half_a_file_is_cut_off() -> None:
    stream = a_stream()
    stream[30] = replace(stream[30], rows=500)

    (alert,) = told(stream)

    assert alert.fault is Fault.TRUNCATED
    assert "has 500 rows" in alert.summary


def test_a_skipped_number_is_a_gap_and_a_new_month_is_none() -> None:
    stream = [replace(d, sequence_no=d.business_date.day) for d in a_stream(59)]
    stream[40] = replace(stream[40], sequence_no=stream[40].sequence_no + 1 if stream[40].sequence_no else None)

    assert [(a.fault, a.summary) for a in told(stream, monthly=True)] == [(Fault.GAP, "number 11 came before 10")]


def test_a_small_correction_of_a_day_is_no_finding() -> None:
    stream = a_stream()
    stream.append(
        replace(stream[30], scheduled_at=None, sha256="other", rows=12, amount_minor=991, sequence_no=None, name="correction.xml")
    )

    assert told(stream) == []
