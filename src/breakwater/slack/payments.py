"""Doors: /payment, and the buttons of its answers."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from slack_bolt import App

from breakwater.model.access import Actor, Permission, require
from breakwater.model.break_filters import break_number
from breakwater.model.live import LiveAnswer, still_silent
from breakwater.model.payment_batches import Batch
from breakwater.model.payment_hits import Hits
from breakwater.model.payments import PaymentTrace, live_question, with_answers
from breakwater.slack import payment_work
from breakwater.slack.breaks import show_break
from breakwater.slack.doors import Body, Doors
from breakwater.steps.evidence import RawRecord
from breakwater.store import reads, watches
from breakwater.views import help as help_views
from breakwater.views import payment_lists as lists
from breakwater.views import payments as views
from breakwater.views.blocks import Message

_SHOWN = re.compile(f"{views.SHOW}(_.*)?")
WATCHING = "watching"


def register(app: App, doors: Doors, raw_record: RawRecord) -> None:
    """Connect the command and the buttons."""
    payment_work.register(app, doors, raw_record)

    @app.command("/payment")
    def payment(ack: Any, body: dict[str, Any]) -> None:
        ack()
        doors.work(body, lambda actor: _answer(doors, body, actor))

    @app.action(_SHOWN)
    def chosen(ack: Any, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        doors.work(body, lambda actor: show(doors, body, json.loads(action["value"])["reference"], actor))


def _answer(doors: Doors, body: Body, actor: Actor) -> None:
    require(actor, Permission.READ)
    asked = (body.get("text") or "").strip()
    if asked.casefold() in ("", "help"):
        doors.tell(body, help_views.command_help("/payment"))
    elif asked.casefold() == WATCHING:
        with doors.database.reading() as tx:
            mine = watches.watches(tx, user_id=actor.id)
        doors.tell(body, lists.watching(mine))
    elif (number := break_number(asked)) and _is_break(doors, number):
        show_break(doors, body, number, actor)
    else:
        show(doors, body, asked, actor)


def _is_break(doors: Doors, number: str) -> bool:
    """A partner's reference may look like a break's number: only one that there is goes first."""
    with doors.database.reading() as tx:
        return reads.break_by_id(tx, number) is not None


def show(doors: Doors, body: Body, asked: str, actor: Actor) -> None:
    """Answer where a payment is, from a reference or whatever else `/payment` takes."""
    require(actor, Permission.READ)
    found = doors.tracing.look_up(asked, now=doors.now())
    if isinstance(found, PaymentTrace) and (asking := doors.live.names(live_question(found))):
        _ask_around(doors, body, found, actor, asking=asking)
    else:
        doors.tell(body, _message(doors, found, actor))


def _ask_around(doors: Doors, body: Body, found: PaymentTrace, actor: Actor, *, asking: Sequence[str]) -> None:
    """What we know at once; then what live sources say, in the same message where Slack lets it be changed, else in one more."""
    rewrite = doors.tell_growing(body, _message(doors, found, actor, asking=asking))
    answers: list[LiveAnswer] = []
    for answer in doors.live.ask(live_question(found)):
        answers.append(answer)
        if rewrite:
            rewrite(_message(doors, with_answers(found, answers), actor, asking=still_silent(asking, answers)))
    if rewrite:
        rewrite(_message(doors, with_answers(found, answers), actor))
    elif not all(answer.knows_nothing for answer in answers):
        doors.tell(body, _message(doors, with_answers(found, answers), actor))


def _message(doors: Doors, found: PaymentTrace | Batch | Hits, actor: Actor, *, asking: Sequence[str] = ()) -> Message:
    names = {p.id: p.name for p in doors.partners.values()}
    if isinstance(found, Hits):
        return lists.hits(found, partner_names=names)
    if isinstance(found, Batch):
        return lists.batch(found, partner_names=names)
    if not found.known:
        return views.payment_not_found(found.reference, searched=found.searched, live=found.live, asking=asking)
    with doors.database.reading() as tx:
        is_watched = watches.is_watched(tx, user_id=actor.id, payment_id=found.payment_id)
    expected = doors.tracing.expected(found, now=doors.now())
    return views.payment_answer(found, partner_names=names, expected=expected, is_watched=is_watched, asking=asking)
