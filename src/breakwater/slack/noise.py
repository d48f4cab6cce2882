"""Doors: `/recon noise`, the form of a rule, and the button that ends one."""

from __future__ import annotations

import json
from typing import Any

from slack_bolt import App

from breakwater.errors import RefusedError
from breakwater.model.access import Actor, Permission, require
from breakwater.model.noise import limits_of
from breakwater.slack.breaks import list_breaks
from breakwater.slack.doors import Body, Doors, channel_of
from breakwater.steps import suppression as steps
from breakwater.steps.suppression import NoiseDraft
from breakwater.views import noise as views
from breakwater.views import noise_forms as forms


def register(app: App, doors: Doors) -> None:
    """Connect the form and the buttons."""

    @app.view(forms.FORM)
    def filled_in(ack: Any, body: dict[str, Any], view: dict[str, Any]) -> None:
        if wrong := forms.complaints(view, today=doors.now().date()):
            ack(response_action="errors", errors=wrong)
            return
        ack(response_action="clear")
        channel = forms.channel_of(view)
        doors.work({**body, "channel": {"id": channel}} if channel else body, lambda actor: _add(doors, view, actor))

    @app.action(views.END)
    def end(ack: Any, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        doors.work(body, lambda actor: _end(doors, body, json.loads(action["value"])["rule_id"], actor))

    @app.action(views.SHOW)
    def show(ack: Any, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        words = json.loads(action["value"])["words"].split()
        answered = {name: value for name, value in body.items() if name != "actions"}  # the rules stay where they are
        doors.work(body, lambda actor: list_breaks(doors, answered, words, actor))


def noise(doors: Doors, body: Body, words: list[str], actor: Actor) -> None:
    """Answer `/recon noise`, `/recon noise [partner]`, `add PARTNER` and `end RULE`."""
    require(actor, Permission.READ)
    match [words[0].casefold(), *words[1:]] if words else []:
        case ["add", partner]:
            _open_form(doors, body, partner, actor)
        case ["end", rule]:
            _end(doors, body, rule, actor)
        case ["add"]:
            raise RefusedError(
                "`/recon noise add` takes the partner that the rule is for.", remedy="For example `/recon noise add nordbank`."
            )
        case ["end"]:
            raise RefusedError(
                "`/recon noise end` takes the name of a rule.", remedy="The rules, with buttons to end them: `/recon noise`."
            )
        case [] | [_]:
            _list(doors, body, words)
        case _:
            raise RefusedError(
                "`/recon noise` takes a partner, `add PARTNER` or `end RULE`.", remedy="For example `/recon noise add nordbank`."
            )


def _list(doors: Doors, body: Body, words: list[str]) -> None:
    only = doors.partner_named(words[0]) if words else None
    chosen = {only.id: only} if only else dict(doors.partners)
    with doors.database.reading() as tx:
        rules = steps.standing(tx, partners=chosen, now=doors.now())
    names = {p.id: p.name for p in doors.partners.values()}
    doors.tell(body, views.noise_rules(rules, partner_names=names, partner=only.id if only else None))


def _open_form(doors: Doors, body: Body, word: str, actor: Actor) -> None:
    require(actor, Permission.SUPPRESS_NOISE)
    partner = doors.partner_named(word)
    limits = limits_of(actor, authority=doors.authority)
    doors.open_form(body, forms.form(partner=partner, limits=limits, channel=channel_of(body) or "", today=doors.now().date()))


def _add(doors: Doors, view: dict[str, Any], actor: Actor) -> None:
    filled = forms.read(view)
    partner = doors.partner_named(filled["partner"])
    with doors.database.transaction() as tx:
        draft = NoiseDraft(key=str(view["id"]), **filled)
        steps.add_rule(tx, actor=actor, draft=draft, authority=doors.authority, partner=partner, now=doors.now())


def _end(doors: Doors, body: Body, rule_id: str, actor: Actor) -> None:
    with doors.database.transaction() as tx:
        rule = steps.end_rule(tx, actor=actor, rule_id=rule_id, partners=doors.partners, now=doors.now())
    doors.tell(body, views.ended(rule))
