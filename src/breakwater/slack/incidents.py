"""Doors: /incident, its modals and buttons, and the replies in an incident's two threads."""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from slack_bolt import App
from slack_sdk.errors import SlackApiError

from breakwater.errors import BreakwaterError, RefusedError
from breakwater.model.access import Actor, Permission, require
from breakwater.model.causes import CAUSE
from breakwater.model.masking import mask_cards
from breakwater.slack import own_messages
from breakwater.slack.doors import Doors
from breakwater.steps import incidents as steps
from breakwater.steps.cause_work import CauseClick, escalate
from breakwater.steps.incidents import Draft
from breakwater.store import inbox, reads
from breakwater.views import help as help_views
from breakwater.views import incident_forms as forms
from breakwater.views import incidents as views

_SAID = (None, "file_share", "thread_broadcast")  # subtypes of messages in which a person says something


def register(app: App, doors: Doors) -> None:
    """Connect the command, the modals, the button and the message event."""

    @app.command("/incident")
    def incident(ack: Any, body: dict[str, Any]) -> None:
        ack()
        doors.work(body, lambda actor: _incident(doors, body, actor))

    @app.view(forms.OPEN_MODAL)
    def written(ack: Any, view: dict[str, Any]) -> None:
        """Nothing is opened yet: the next modal shows what the partner will see."""
        wrong = forms.blank(view, forms.TITLE, forms.SUMMARY, forms.PARTNER_TEXT)
        _show_preview(ack, lambda: _preview(doors, view), wrong=wrong, long=forms.SUMMARY)

    @app.view(forms.PREVIEW_MODAL)
    def approved(ack: Any, body: dict[str, Any], view: dict[str, Any]) -> None:
        ack(response_action="clear")
        doors.work(body, lambda actor: _open(doors, view, actor))

    @app.action(views.RESOLVE)
    def resolve(ack: Any, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        doors.work(body, lambda actor: _resolve_modal(doors, body, json.loads(action["value"])["incident_id"], actor=actor))

    @app.view(forms.RESOLVE_MODAL)
    def ended(ack: Any, view: dict[str, Any]) -> None:
        """Nothing is resolved yet: the next modal shows what the partner will see."""
        wrong = forms.blank(view, forms.RESOLUTION, forms.PARTNER_RESOLUTION)
        _show_preview(ack, lambda: _resolve_preview(doors, view), wrong=wrong, long=forms.RESOLUTION)

    @app.view(forms.RESOLVE_PREVIEW_MODAL)
    def resolved(ack: Any, body: dict[str, Any], view: dict[str, Any]) -> None:
        ack(response_action="clear")
        doors.work(body, lambda actor: _resolve(doors, view, actor))

    @app.event("message")
    def message(ack: Any, body: dict[str, Any], event: dict[str, Any]) -> None:
        ack()
        if event.get("thread_ts") and event.get("user") and not event.get("bot_id") and event.get("subtype") in _SAID:
            doors.executor.submit(_note_reply, doors, event, str(body.get("event_id", event["ts"])))


def _incident(doors: Doors, body: dict[str, Any], actor: Actor) -> None:
    """A word says what is wanted; what follows names a partner or an incident, and may be left out where a form or a list can ask."""
    asked, *named = (body.get("text") or "help").split() or ["help"]
    match asked.casefold():
        case "help":
            doors.tell(body, help_views.command_help("/incident"))
        case "list":
            _list(doors, body, actor)
        case "open":
            _open_modal(doors, body, " ".join(named), actor)
        case "resolve":
            _resolve_named(doors, body, named, actor)
        case _:
            raise RefusedError(
                f"`/incident {asked[:40]}` is not something I know.",
                remedy="For example `/incident open nordbank`; all of it: `/incident help`.",
            )


def _list(doors: Doors, body: dict[str, Any], actor: Actor) -> None:
    require(actor, Permission.READ)
    with doors.database.reading() as tx:
        running = reads.incidents(tx, open_only=True)
    doors.tell(body, views.incident_list(running, partner_names={p.id: p.name for p in doors.partners.values()}))


def _open_modal(doors: Doors, body: dict[str, Any], name: str, actor: Actor) -> None:
    """The form for a new incident; its partner can be chosen there as well."""
    require(actor, Permission.OPEN_INCIDENT)
    if not doors.counterparties:
        raise RefusedError("No partner is configured, so there is nobody to have an incident with.", remedy="Add one to breakwater.toml.")
    known = {word.casefold() for p in doors.partners.values() for word in (p.id, p.name)}
    if " " in name and name.casefold() not in known:
        raise RefusedError("An incident is with one partner.", remedy="Open one for each, for example `/incident open nordbank`.")
    partner = doors.whom_to_ask(doors.partner_named(name, offered=doors.counterparties)) if name else None
    doors.open_form(body, forms.open_modal(partner=partner, partners=doors.counterparties))


def _resolve_named(doors: Doors, body: dict[str, Any], named: list[str], actor: Actor) -> None:
    """The form that ends an incident; without its number that of the only open one, else the list of those to choose from."""
    require(actor, Permission.RESOLVE_INCIDENT)
    if len(named) > 1:
        raise RefusedError("`/incident resolve` takes one incident.", remedy="For example `/incident resolve INC-0001`.")
    with doors.database.reading() as tx:
        running = [i.id for i in reads.incidents(tx, open_only=True)]
    if named or len(running) == 1:
        _resolve_modal(doors, body, *(named or running), actor=actor)
    else:
        _list(doors, body, actor)


def _show_preview(ack: Any, preview: Callable[[], dict[str, Any]], *, wrong: dict[str, str], long: str) -> None:
    """Put the preview above the form; or say in the form what is `wrong`, and at the field `long` that the preview can't carry it all."""
    if wrong:
        ack(response_action="errors", errors=wrong)
        return
    try:
        shown = preview()
    except RefusedError as refused:
        ack(response_action="errors", errors={long: f"{refused.message} {refused.remedy}"})
    else:
        ack(response_action="push", view=shown)


def _preview(doors: Doors, view: dict[str, Any]) -> dict[str, Any]:
    draft = forms.read_open(view)
    return forms.preview_modal(draft, partner=doors.partners[draft["partner"]], company_name=doors.company, about=forms.read_about(view))


def _resolve_preview(doors: Doors, view: dict[str, Any]) -> dict[str, Any]:
    partner_id, safe = forms.read_for_partner(view)
    return forms.resolve_preview_modal(forms.read_resolve(view), safe=safe, partner=doors.partners[partner_id], company_name=doors.company)


def _open(doors: Doors, view: dict[str, Any], actor: Actor) -> None:
    approved = forms.read_preview(view)
    draft = Draft(**approved["draft"])
    with doors.database.transaction() as tx:
        opened = steps.open_incident(
            tx,
            actor=actor,
            draft=draft,
            previewed=approved["preview_id"],
            partner=doors.partners[draft.partner],
            company=doors.company,
            channel=doors.operations_channel,
            now=doors.now(),
        )
    if approved["about"].startswith(CAUSE):  # on its own, so that a cause that is over by now costs no incident
        click = CauseClick(actor=actor, cause_id=approved["about"], revision=None, partners=doors.partners, now=doors.now())
        with doors.database.transaction() as tx:
            escalate(tx, click, incident_id=opened.id)


def _resolve_modal(doors: Doors, body: dict[str, Any], incident_id: str, *, actor: Actor) -> None:
    require(actor, Permission.RESOLVE_INCIDENT)
    with doors.database.reading() as tx:
        incident = steps.incident_known(tx, incident_id)
    if not incident.open:
        raise RefusedError(f"{incident.id} was already resolved by <@{incident.resolved_by}>.")
    view = forms.resolve_modal(incident, partner=doors.partners[incident.partner])
    doors.open_form(body, view)


def _resolve(doors: Doors, view: dict[str, Any], actor: Actor) -> None:
    approved = forms.read_resolve_preview(view)
    with doors.database.transaction() as tx:
        incident = steps.incident_known(tx, approved["ending"]["incident_id"])
        steps.resolve(
            tx,
            actor=actor,
            **approved["ending"],
            previewed=approved["preview_id"],
            partner=doors.partners[incident.partner],
            company=doors.company,
            channel=doors.operations_channel,
            now=doors.now(),
        )


def _note_reply(doors: Doors, event: dict[str, Any], event_id: str) -> None:
    try:
        incident_id = _incident_of(doors, channel=event["channel"], thread_ts=event["thread_ts"], head=event.get("parent_user_id"))
        if incident_id is None:
            return
        person = doors.people.person(event["user"])
        is_partner = doors.guard.stranger(event)
        with doors.database.transaction() as tx:
            if inbox.first_time(tx, key=f"event:{event_id}", now=doors.now()):
                steps.note_reply(
                    tx,
                    incident_id=incident_id,
                    channel=event["channel"],
                    ts=event["ts"],
                    author_id=event["user"],
                    author_name=person.name,
                    is_partner=is_partner,
                    text=_words(event),
                    ours_channel=doors.operations_channel,
                    at=datetime.fromtimestamp(float(event["ts"]), UTC),
                    now=doors.now(),
                )
    except (BreakwaterError, SlackApiError, OSError) as wrong:
        doors.report("a reply could not be noted", wrong)
    doors.wake_sender.set()


def _words(event: dict[str, Any]) -> str:
    """What somebody wrote, with the names of what they attached, and without card numbers."""
    # Slack sends & < > escaped; the views escape again.
    said = [html.unescape(event.get("text", "")), *(f"[{file.get('name', 'file')}]" for file in event.get("files", ()))]
    return mask_cards(" ".join(word for word in said if word))


def _incident_of(doors: Doors, *, channel: str, thread_ts: str, head: str | None) -> str | None:
    """The incident whose thread this is. A card of ours that Slack shows before our database does is known by its own key."""
    with doors.database.reading() as tx:
        found = reads.incident_by_thread(tx, channel=channel, thread_ts=thread_ts)
    if found or head != doors.people.bot_user_id:
        return found[0].id if found else None
    key = own_messages.key_of(doors.client, channel=channel, ts=thread_ts)
    return steps.incident_of_card(key) if key else None
