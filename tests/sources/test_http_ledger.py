"""Our own side from a JSON API, against answers that are made up."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from breakwater.errors import CallError, FileError, WorldError
from breakwater.sources.http_json import HttpSource, Shape

COLUMNS = {"record_id": "id", "amount_minor": "money.minor", "currency": "money.currency", "booked_on": "day"}
Answer = Callable[[httpx.Request], httpx.Response]


def a_row(id: str, minor: Any = 100, at: str = "2026-11-23T09:00:00+00:00") -> dict[str, Any]:
    return {"id": id, "money": {"minor": minor, "currency": "EUR"}, "day": "2026-11-23", "changed": at}


def a_source(answer: Answer, *, waits: list[float] | None = None, **shape: Any) -> HttpSource:
    given = {"url": "https://ledger.example/records", "columns": COLUMNS, "rows": "data", "updated_at": "changed", **shape}
    waited = [] if waits is None else waits
    return HttpSource(Shape(**given), token="t0ken", overlap_s=60, transport=httpx.MockTransport(answer), wait=waited.append)


def pages(*answers: Any) -> tuple[Answer, list[httpx.Request]]:
    """Answers one after the other, and what was asked for each."""
    asked: list[httpx.Request] = []
    waiting = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        given = waiting.pop(0)
        return given if isinstance(given, httpx.Response) else httpx.Response(200, json=given)

    return answer, asked


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_rows_are_written_as_records_and_the_latest_change_is_the_position(tmp_path: Path) -> None:
    answer, asked = pages({"data": [a_row("p1", at="2026-11-23T10:00:00Z"), a_row("p2")]})

    pulled = a_source(answer).pull(after=None, to=tmp_path / "rows.csv")

    assert pulled is not None
    assert (pulled.rows, pulled.position) == (2, {"at": "2026-11-23T10:00:00+00:00"})
    assert rows_of(tmp_path / "rows.csv")[0] == {"record_id": "p1", "amount_minor": "100", "currency": "EUR", "booked_on": "2026-11-23"}
    assert asked[0].headers["Authorization"] == "Bearer t0ken"


def test_the_next_pull_asks_from_the_position_less_the_overlap(tmp_path: Path) -> None:
    answer, asked = pages({"data": []})

    assert a_source(answer).pull(after={"at": "2026-11-23T10:00:00+00:00"}, to=tmp_path / "rows.csv") is None
    assert asked[0].url.params["updated_since"] == "2026-11-23T09:59:00+00:00"


def test_pages_by_cursor(tmp_path: Path) -> None:
    answer, asked = pages({"data": [a_row("p1")], "meta": {"next": "c2"}}, {"data": [a_row("p2")], "meta": {"next": None}})

    pulled = a_source(answer, next_cursor="meta.next", cursor="after").pull(after=None, to=tmp_path / "rows.csv")

    assert pulled is not None
    assert pulled.rows == 2
    assert [request.url.params.get("after") for request in asked] == [None, "c2"]


def test_pages_by_link(tmp_path: Path) -> None:
    answer, asked = pages({"data": [a_row("p1")], "next": "/records?page=2"}, {"data": [a_row("p2")]})

    pulled = a_source(answer, next_link="next").pull(after=None, to=tmp_path / "rows.csv")

    assert pulled is not None
    assert pulled.rows == 2
    assert str(asked[1].url) == "https://ledger.example/records?page=2"


def test_pages_by_number_end_with_an_empty_one(tmp_path: Path) -> None:
    answer, asked = pages({"data": [a_row("p1")]}, {"data": [a_row("p2")]}, {"data": []})

    pulled = a_source(answer, page="page").pull(after=None, to=tmp_path / "rows.csv")

    assert pulled is not None
    assert pulled.rows == 2
    assert [request.url.params["page"] for request in asked] == ["1", "2", "3"]


def test_a_page_on_another_server_is_not_asked_for(tmp_path: Path) -> None:
    answer, asked = pages({"data": [a_row("p1")], "next": "https://elsewhere.example/records"})

    with pytest.raises(FileError, match=r"another server, elsewhere\.example") as refused:
        a_source(answer, next_link="next").pull(after=None, to=tmp_path / "rows.csv")
    assert refused.value.code == "malformed"
    assert len(asked) == 1


def test_a_busy_server_is_asked_again_when_it_says(tmp_path: Path) -> None:
    waits: list[float] = []
    busy, broken = httpx.Response(429, headers={"Retry-After": "7"}), httpx.Response(503)
    answer, _ = pages(busy, broken, {"data": [a_row("p1")]})

    pulled = a_source(answer, waits=waits).pull(after=None, to=tmp_path / "rows.csv")

    assert pulled is not None
    assert waits == [7.0, 4.0]


def test_a_server_that_stays_away_is_told_and_nothing_counts(tmp_path: Path) -> None:
    def silence(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("", request=request)

    waits: list[float] = []
    with pytest.raises(WorldError, match=r"https://ledger\.example/records failed: ReadTimeout"):
        a_source(silence, waits=waits).pull(after=None, to=tmp_path / "rows.csv")
    assert waits == [2.0, 4.0, 8.0]


def test_a_refusal_is_not_asked_again(tmp_path: Path) -> None:
    answer, asked = pages(httpx.Response(401))

    with pytest.raises(WorldError, match="it answers 401") as refused:
        a_source(answer).pull(after=None, to=tmp_path / "rows.csv")
    assert "LEDGER_HTTP_TOKEN" in refused.value.remedy
    assert "t0ken" not in str(refused.value)
    assert len(asked) == 1


def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    answer, asked = pages(httpx.Response(302, headers={"Location": "https://elsewhere.example/"}))

    with pytest.raises(WorldError, match="it answers 302"):
        a_source(answer).pull(after=None, to=tmp_path / "rows.csv")
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"rows": []}, "has no list at 'data'"),
        (httpx.Response(200, text="<html>"), "did not answer in JSON"),
        ({"data": [a_row("p1", at="yesterday")]}, "'yesterday', which is no time"),
        ({"data": [a_row("p1", at="2026-11-23T10:00:00")]}, "without an offset"),
        ({"data": [a_row("p1", minor=[1])]}, "'amount_minor' is list"),
    ],
)
def test_answers_that_cannot_be_trusted_are_refused(tmp_path: Path, answer: Any, said: str) -> None:
    respond, _ = pages(answer)

    with pytest.raises(FileError, match=said):
        a_source(respond).pull(after=None, to=tmp_path / "rows.csv")


def test_an_amount_with_a_point_stays_exact_and_is_left_to_be_refused(tmp_path: Path) -> None:
    answer, _ = pages(httpx.Response(200, text='{"data": [{"id": "p", "money": {"minor": 0.10}, "changed": "2026-11-23T10:00:00Z"}]}'))

    a_source(answer).pull(after=None, to=tmp_path / "rows.csv")

    assert rows_of(tmp_path / "rows.csv")[0]["amount_minor"] == "0.10"


def test_an_unknown_column_is_named() -> None:
    with pytest.raises(CallError, match="A record has no column 'amount'"):
        a_source(lambda request: httpx.Response(200), columns={"amount": "x"})
