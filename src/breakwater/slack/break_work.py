"""Doors: the buttons, menus and forms with which a break is worked on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from slack_bolt import App

from breakwater.model.access import Actor
from breakwater.model.breaks import NEEDS, Break, Move
from breakwater.model.proposals import Proposal, ProposalKind
from breakwater.slack import home
from breakwater.slack.doors import Doors, user_of
from breakwater.slack.persons import actor_of, complaint
from breakwater.steps import breaks as steps
from breakwater.steps.breaks import Click
from breakwater.steps.cards import partner_of
from breakwater.store import reads
from breakwater.store.database import Connection
from breakwater.views import break_forms as forms
from breakwater.views.break_offers import MORE, Do

_MOVES: Mapping[Do, Move] = {do: Move.ASSIGN if do is Do.TAKE else Move(do) for do in Do}


def register(app: App, doors: Doors) -> None:
    """Connect every button of a card, its menu, and every form these open."""
    for do in Do:
        app.action(f"break_{do}")(_clicked(doors, do))
    app.action(MORE)(_chosen(doors))
    for do in forms.FORMS:
        app.view(forms.callback_id(do))(_filled_in(doors, do))


def _clicked(doors: Doors, do: Do) -> Callable[..., None]:
    def listener(ack: Any, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        doors.work(body, lambda actor: _do_here(doors, do, json.loads(action["value"]), body, actor))

    return listener


def _chosen(doors: Doors) -> Callable[..., None]:
    def listener(ack: Any, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        asked = json.loads(action["selected_option"]["value"])
        doors.work(body, lambda actor: _do(doors, Do(asked["do"]), asked, body, actor))

    return listener


def _filled_in(doors: Doors, do: Do) -> Callable[..., None]:
    def listener(ack: Any, body: dict[str, Any], view: dict[str, Any]) -> None:
        """What is wrong is said inside the form; what is right closes it."""
        wrong = forms.complaints(do, view, partners=doors.partners, today=doors.now().date())
        if do is Do.ASSIGN and (unfit := _unfit(doors, body, view)):
            wrong = {forms.PERSON: unfit}
        if wrong:
            ack(response_action="errors", errors=wrong)
            return
        ack(response_action="clear")
        channel = forms.read_asked(view)["channel"]
        answered = {**body, "channel": {"id": channel}} if channel else body  # answers belong where the card is

        def job(actor: Actor) -> None:
            with home.kept_current(doors, actor, is_home=not channel):
                _submit(doors, do, view, actor)

        doors.work(answered, job)

    return listener


def _unfit(doors: Doors, body: Mapping[str, Any], view: Mapping[str, Any]) -> str:
    """Why the one who was chosen can't be given the break; empty if they can."""
    chosen = forms.read_person(view)
    with doors.database.reading() as tx:
        brk = reads.break_by_id(tx, forms.read_asked(view)["break_id"])
    if brk and brk.active and brk.owner_id == chosen:
        return "It is yours already." if chosen == user_of(body) else "They have it already."
    return complaint(doors, body, chosen, needed=NEEDS[Move.ASSIGN])


def _do_here(doors: Doors, do: Do, asked: Mapping[str, Any], body: Mapping[str, Any], actor: Actor) -> None:
    with home.kept_current(doors, actor, is_home=home.in_home(body)):
        _do(doors, do, asked, body, actor)


def _do(doors: Doors, do: Do, asked: Mapping[str, Any], body: Mapping[str, Any], actor: Actor) -> None:
    """Make the move, or open the form that asks what is missing for it."""
    click = _click(doors, do, asked, actor)
    if do in forms.FORMS:
        with doors.database.reading() as tx:
            brk = steps.break_as_shown(tx, click, _MOVES[do])
        partner = partner_of(brk, doors.partners)
        channel = (body.get("channel") or {}).get("id", "")
        doors.open_form(body, forms.form(do, brk, channel=channel, partner=partner, today=doors.now().astimezone(partner.time_zone).date()))
        return
    with doors.database.transaction() as tx:
        _make(tx, do, click, doors)


def _make(tx: Connection, do: Do, click: Click, doors: Doors) -> Break:
    if do is Do.APPROVE:
        return steps.approve(tx, click, authority=doors.authority)
    if do is Do.APPROVE_REVERSAL:
        return steps.approve_reversal(tx, click, authority=doors.authority)
    if do is Do.TAKE:
        return steps.assign(tx, click, to=click.actor)
    return steps.investigate(tx, click) if do is Do.INVESTIGATE else steps.acknowledge(tx, click)


def _submit(doors: Doors, do: Do, view: Mapping[str, Any], actor: Actor) -> None:
    click = _click(doors, do, forms.read_asked(view), actor)
    chosen = actor_of(doors, forms.read_person(view)) if do is Do.ASSIGN else None  # asks Slack: not while others wait for us
    proposal = _proposal(doors, click, view) if do is Do.PROPOSE else None  # looks records up: not while others wait for us
    with doors.database.transaction() as tx:
        if chosen:
            steps.assign(tx, click, to=chosen)
        elif do is Do.SNOOZE:
            steps.snooze(tx, click, until=forms.read_day(view))
        elif proposal:
            steps.propose(tx, click, proposal=proposal)
        elif do is Do.REOPEN:
            steps.reopen(tx, click, reason=forms.read_text(view), authority=doors.authority)
        elif do is Do.COMMENT and (to := forms.read_link(view)):
            steps.link(tx, click, to=to, text=forms.read_text(view))
        else:
            _SAY[do](tx, click, forms.read_text(view))


def _proposal(doors: Doors, click: Click, view: Mapping[str, Any]) -> Proposal:
    """What was filled in; for a match by hand with the records it means."""
    currency = forms.read_asked(view)["currency"]
    proposal = Proposal(by=click.actor.id, at=click.now, currency=currency, **forms.read_proposal(view))
    if proposal.kind is not ProposalKind.MANUAL_MATCH:
        return proposal
    with doors.database.reading() as tx:
        brk = steps.break_as_shown(tx, click, Move.PROPOSE)
    ours, theirs = doors.runs.records_meant(brk, proposal.matches, partner=partner_of(brk, doors.partners))
    return replace(proposal, ours=ours, theirs=theirs)


_SAY: Mapping[Do, Callable[[Connection, Click, str], Break]] = {
    Do.COMMENT: lambda tx, click, text: steps.comment(tx, click, text=text),
    Do.ASK_PARTNER: lambda tx, click, text: steps.ask_partner(tx, click, question=text),
    Do.ASK_US: lambda tx, click, text: steps.ask_us(tx, click, question=text),
    Do.RESOLVE: lambda tx, click, text: steps.resolve(tx, click, reason=text),
    Do.DECLINE: lambda tx, click, text: steps.decline(tx, click, reason=text),
    Do.PROPOSE_REVERSAL: lambda tx, click, text: steps.propose_reversal(tx, click, reason=text),
    Do.KEEP_BOOKING: lambda tx, click, text: steps.keep_booking(tx, click, reason=text),
    Do.DECLINE_REVERSAL: lambda tx, click, text: steps.decline_reversal(tx, click, reason=text),
}


def _click(doors: Doors, do: Do, asked: Mapping[str, Any], actor: Actor) -> Click:
    """Comments and links are welcome from older cards too: what somebody wrote must not be lost to somebody else's click."""
    revision = None if do is Do.COMMENT else int(asked["revision"])
    return Click(actor=actor, break_id=asked["break_id"], revision=revision, partners=doors.partners, now=doors.now())
