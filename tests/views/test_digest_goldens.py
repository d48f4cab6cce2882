"""How digests look: quiet, busy, with four thousand findings; how they are subscribed to; and that none exceeds what Slack takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from slack_limits import accept, accept_modal
from view_examples import LONG, NASTY, NOW, a_break, a_digest, a_finding, a_partner, a_run, a_state, submitted

from breakwater.errors import RefusedError
from breakwater.model.breaks import BreakState
from breakwater.model.digests import LearntLine, Record, Subscription, Told
from breakwater.model.findings import Finding, FindingKind, FindingState, mute
from breakwater.model.learning import Cell
from breakwater.model.partner_state import Measure, Share, Standing
from breakwater.model.partners import FileDue
from breakwater.views import digests, subscriptions
from breakwater.views.blocks import Block, Message
from breakwater.views.finding_csv import findings_csv

CLEAN = a_state(run=a_run(in_breaks={}), active={}, ageing=(), acknowledged=0)
STANDING = Standing(
    currency="EUR",
    business_date=NOW.date(),
    due_minor=1_000_000,
    shares={
        Measure.CLEARING: Share(993_000, 1_000_000),
        Measure.TIMELINESS: Share(970_100, 1_000_000),
        Measure.COMPLETENESS: Share(998_000, 1_000_000),
        Measure.EXPLAINED_4: Share(1_000, 1_000),
    },
    before={},
)
DUE = FileDue(
    partner="nordbank",
    stream="statement",
    business_date=NOW.date(),
    due_at=NOW + timedelta(hours=20),
    deadline_at=NOW + timedelta(hours=22),
)
DROPS = Cell(detector="drop", level="partner, currency", metric="volume")
LAST = Told(
    scheduled_at=NOW - timedelta(days=1), findings=("F-0",), incidents=("INC-6",), late_files=(), breaks={"nordbank": 12, "meridian": 3}
)
MUTED = mute(a_finding(id="F-9", at_risk_minor=10_000), until=NOW + timedelta(days=2), by="U0ADA", now=NOW)
RECORD = Record(told=31, useful=18, false=2)
BUSY = a_digest(
    findings=(
        a_finding(),
        MUTED,
        a_finding(id="F-2", kind=FindingKind.TICKET_UP, partner="*", scope="EUR", summary="The average payment is 3.1 times the usual."),
    ),
    standings={"nordbank": (STANDING,), "meridian": (replace(STANDING, currency="GBP"), replace(STANDING, shares={}))},
    due=(DUE,),
    waiting=(a_break(state=BreakState.PROPOSED, touched_by="U0DEVI"),),
    learnt=(LearntLine(cell=DROPS, useful=0, false=20, precision=0.3, caution=0.97),),
    record=RECORD,
    before=LAST,
    over=(a_finding(id="F-0", state=FindingState.RECOVERED), a_finding(id="F-8", state=FindingState.FALSE_POSITIVE)),
    left_out=4,
)  # fmt: skip
MANY: tuple[Finding, ...] = tuple(a_finding(id=f"F-{n}", summary=f"Payments at place {n} are 60 % below normal.") for n in range(4_000))
SUBSCRIPTION = Subscription(id="C0SEPA-1", channel="C0SEPA", cron="0 8 * * *", time_zone=ZoneInfo("Europe/Berlin"), created_by="U0ADA")
NARROW = replace(
    SUBSCRIPTION, id="D0ADA-1", channel="D0ADA", person="U0ADA", partners=("nordbank",), metrics=("files", "volume"), calendar="TARGET2",
    least_minor={"EUR": 100_000},
)  # fmt: skip

QUIET = a_digest(partners=(CLEAN,), findings=(), incidents=(), record=RECORD, before=LAST, over=BUSY.over[:1])

MESSAGES: dict[str, Message] = {
    "digest_full_quiet": digests.digest(QUIET),
    "digest_full_busy": digests.digest(BUSY),
    "digest_full_4000": digests.digest(replace(BUSY, findings=MANY)),
    "digest_only_approvals": digests.digest(a_digest(partners=(CLEAN,), findings=(), incidents=(), volumes=(), waiting=BUSY.waiting)),
    "digest_nothing_changed": digests.digest(a_digest(before=a_digest().told())),
    "subscriptions_some": subscriptions.subscriptions([replace(SUBSCRIPTION, created_by=None), SUBSCRIPTION, NARROW], asker_id="U0ADA"),
    "subscriptions_none": subscriptions.subscriptions([], asker_id="U0ADA"),
    "subscription_begun": subscriptions.begun(NARROW),
    "subscription_ended": subscriptions.ended(SUBSCRIPTION),
}  # fmt: skip
FORMS: dict[str, Block] = {
    "subscribe_form": subscriptions.form(channel_id="C0SEPA", can_subscribe_channel=True, partners=[a_partner()]),
    "subscribe_form_viewer": subscriptions.form(channel_id="C0SEPA", can_subscribe_channel=False, partners=[a_partner()]),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_a_digest_looks_as_agreed(name: str, golden: Callable[[str, Any], None]) -> None:
    accept(MESSAGES[name])
    golden(name, MESSAGES[name].payload())


@pytest.mark.parametrize("name", FORMS)
def test_a_form_looks_as_agreed(name: str, golden: Callable[[str, Any], None]) -> None:
    accept_modal(FORMS[name])
    golden(name, FORMS[name])


def test_a_quiet_day_is_one_line() -> None:
    assert len(MESSAGES["digest_full_quiet"].blocks) == 1


@pytest.mark.parametrize("text", [LONG, NASTY], ids=["long", "nasty"])
def test_no_words_of_others_exceed_what_slack_takes(text: str) -> None:
    found = a_finding(summary=text, scope=text, partner="meridian")
    brk = a_break(state=BreakState.PROPOSED, touched_by=text, partner=text)
    crowded = replace(
        BUSY, findings=(found,) * 4_000, due=(replace(DUE, stream=text, partner=text),) * 90, waiting=(brk,) * 90, over=(found,) * 90,
        standings={text: (replace(STANDING, currency=text),) * 90}, learnt=(replace(BUSY.learnt[0], cell=replace(DROPS, level=text)),) * 90,
        before=replace(LAST, breaks={text: 1}),
    )  # fmt: skip

    accept(digests.digest(crowded))
    accept(subscriptions.subscriptions([replace(SUBSCRIPTION, partners=(text,) * 40, created_by=text)] * 60, asker_id="U0ADA"))


def test_the_file_beside_a_digest_holds_every_finding_and_no_formula() -> None:
    lines = findings_csv([*MANY, a_finding(summary="=HYPERLINK()")]).splitlines()

    assert len(lines) == 4_002
    assert lines[1].startswith("F-0,approval_drop,meridian,meridian · cards · GBP,2026-11-24T04:12:00+00:00,open,12345.00,GBP,1234500,")
    assert ",'=HYPERLINK()," in lines[-1]


# What was asked for


def filled_in(*, least: str = "", partners: tuple[str, ...] = (), **chosen: str) -> dict[str, Any]:
    given = {"where": "here", "time": "08:30", "days": "workdays", "zone": "Europe/Berlin"} | chosen
    view = submitted({"least": least}, chosen=given, metadata='{"channel": "C0SEPA"}')
    for block, values in (("partners", partners), ("metrics", ())):
        view["state"]["values"][block] = {"value": {"selected_options": [{"value": v} for v in values]}}
    return view


def test_a_form_is_read_as_what_it_says() -> None:
    view = filled_in(least="eur 1,000.50", partners=("nordbank",), days="TARGET2")

    one = subscriptions.read_form(view, channel_id="C0SEPA", person=None)

    assert (one.cron, one.calendar, one.partners, one.metrics) == ("30 8 * * *", "TARGET2", ("nordbank",), ("*",))
    assert dict(one.least_minor) == {"EUR": 100_050}
    assert subscriptions.complaints(view) == {}


@pytest.mark.parametrize(("time", "days", "cron"), [("hourly", "every_day", "0 * * * *"), ("08:00", "workdays", "0 8 * * mon-fri")])
def test_times_and_days_are_cron(time: str, days: str, cron: str) -> None:
    assert subscriptions.read_form(filled_in(time=time, days=days), channel_id="C0SEPA", person=None).cron == cron


@pytest.mark.parametrize("least", ["1000", "EUR", "XYZ 5", "EUR 1.2.3,4"])
def test_an_amount_that_is_none_is_said_in_the_form(least: str) -> None:
    assert list(subscriptions.complaints(filled_in(least=least))) == ["least"]
    with pytest.raises(RefusedError):
        subscriptions.read_form(filled_in(least=least), channel_id="C0SEPA", person=None)
