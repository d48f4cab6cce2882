"""Declared JSON APIs and status pages, asked beside each other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from breakwater.errors import CallError
from breakwater.model.live import LiveAnswer, LiveQuestion, LiveSource
from breakwater.sources.live_asking import LiveSources
from breakwater.sources.live_json import JsonSource, LiveShape
from breakwater.sources.statuspage import StatuspageSource

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
SHAPE = {
    "path": "/payments/{reference}",
    "applies": "PSP[0-9]+",
    "events": "data.history",
    "state": "eventType",
    "at": "eventDate",
    "id": "eventId",
    "reason": "refusal.code",
    "amount": "amount.value",
    "currency": "amount.currency",
    "states": {"Authorised": "authorized", "SentForSettle": "clearing", "Settled": "settled", "Refused": "rejected"},
    "references": {"ARN": "data.arn", "batch": "data.batch.number"},
}


def served(answers: Mapping[str, Any], asked: list[str] | None = None) -> httpx.MockTransport:
    def answer(request: httpx.Request) -> httpx.Response:
        (asked if asked is not None else []).append(request.url.raw_path.decode())
        found = answers.get(request.url.raw_path.decode())
        return httpx.Response(404) if found is None else httpx.Response(200, content=found if isinstance(found, str) else json.dumps(found))

    return httpx.MockTransport(answer)


def json_source(answers: Mapping[str, Any], asked: list[str] | None = None, **changed: Any) -> JsonSource:
    return JsonSource(
        LiveShape(**(SHAPE | changed)),
        name="Meridian",
        partner="meridian",
        url="https://api.meridian.example",
        headers={},
        key_name="MERIDIAN_API_KEY",
        transport=served(answers, asked),
        wait=lambda seconds: None,
    )


def ask(*sources: LiveSource, references: tuple[str, ...] = ("pay_1", "PSP17"), partners: frozenset[str] = frozenset()) -> list[LiveAnswer]:
    return list(LiveSources(sources, now=lambda: NOON).ask(LiveQuestion(references=references, partners=partners)))


def row(state: str, **changed: Any) -> dict[str, Any]:
    said = {"eventType": state, "eventDate": "2026-11-20T10:00:00+01:00", "amount": {"value": 1250, "currency": "EUR"}}
    return said | changed


def answered(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"/payments/PSP17": {"data": {"history": list(rows), "arn": "7420", "batch": {"number": 41}}}}


def test_a_declared_answer_becomes_events_and_references() -> None:
    asked: list[str] = []

    (answer,) = ask(json_source(answered(row("Authorised"), row("Refused", refusal={"code": "05"}), row("Melted")), asked))

    assert asked == ["/payments/PSP17"]
    assert [(e.state, e.raw_code, e.reason) for e in answer.events] == [
        ("authorized", "Authorised", None),
        ("rejected", "Refused", "05"),
        ("unknown", "Melted", None),
    ]
    assert {(e.amount_minor, e.currency, e.occurred_at) for e in answer.events} == {(1250, "EUR", datetime(2026, 11, 20, 9, tzinfo=UTC))}
    assert answer.references == (("ARN", "7420"), ("batch", "41"))


def test_an_answer_that_is_one_event_and_amounts_in_major_units() -> None:
    flat = '{"state": "Settled", "when": "2026-11-20T10:00:00Z", "value": 12.50, "cur": "KWD"}'
    one = json_source(
        {"/payments/PSP17": flat}, events="", state="state", at="when", amount="value", currency="cur", amount_unit="major", id=""
    )

    (answer,) = ask(one)

    assert [(e.state, e.amount_minor, e.currency) for e in answer.events] == [("settled", 12500, "KWD")]


def test_a_reference_can_not_leave_its_place_in_the_address() -> None:
    asked: list[str] = []

    ask(json_source({}, asked, applies=".+"), references=("../../admin?x=1",))

    assert asked == ["/payments/..%2F..%2Fadmin%3Fx%3D1"]


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        (row("Settled", eventDate="yesterday"), "'yesterday' at 'eventDate', which is no time"),
        (row("Settled", eventDate="2026-11-20T10:00:00"), "a time without an offset"),
        (row("Settled", amount={"value": 12.5, "currency": "EUR"}), "which is no amount"),
        (row("Settled", amount={"value": 12, "currency": "EURO"}), "which is no amount"),
    ],
)
def test_a_time_or_amount_that_is_none_is_no_answer(odd: dict[str, Any], said: str) -> None:
    (answer,) = ask(json_source(answered(odd)))

    assert said in answer.problem
    assert answer.events == ()


def test_a_mapping_that_can_not_be_is_refused_at_the_start() -> None:
    with pytest.raises(CallError, match="names no reference"):
        json_source({}, path="/payments")
    with pytest.raises(CallError, match="'done' is no state of a payment"):
        json_source({}, states={"Settled": "done"})


SUMMARY = {
    "components": [
        {"name": "Payouts", "status": "partial_outage"},
        {"name": "Dashboard", "status": "major_outage"},
        {"name": "API", "status": "operational"},
    ],
    "incidents": [
        {
            "name": "Payouts are delayed",
            "status": "identified",
            "started_at": "2026-11-24T05:20:00-06:00",
            "components": [{"name": "Payouts"}],
        }
    ],
}


def page(summary: Any, *components: str) -> StatuspageSource:
    transport = served({"/api/v2/summary.json": summary})
    return StatuspageSource(
        name="Meridian's status page", partner="meridian", url="https://status.meridian.example", components=components, transport=transport
    )


def test_a_status_page_says_what_of_ours_is_down() -> None:
    (answer,) = ask(page(SUMMARY, "payouts", "API"))

    assert answer.facts == (
        "Meridian's status page: Payouts are delayed (identified, since 24 Nov 11:20 UTC).",
        "Meridian's status page: Payouts has partial outage.",
    )


def test_a_status_page_that_is_all_green_says_nothing_and_one_of_another_form_says_so() -> None:
    assert ask(page({"components": [{"name": "API", "status": "operational"}], "incidents": []})) == []

    assert ["status page" in answer.problem for answer in ask(page("<html>"), page({"ok": True}))] == [True, True]


def test_only_the_sources_of_the_payments_partner_are_asked_and_a_broken_one_leaves_the_others_alone() -> None:
    broken = json_source({"/payments/PSP17": "no json"})

    both = ask(broken, page(SUMMARY))
    neither = ask(broken, page(SUMMARY), partners=frozenset({"nordbank"}))

    assert sorted(bool(answer.problem) for answer in both) == [False, True]
    assert neither == []
