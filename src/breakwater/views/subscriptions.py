"""Digests as people ask for them: the form, the list, and what was begun or ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from breakwater.errors import RefusedError
from breakwater.model.amounts import typed_amount
from breakwater.model.digests import ALL, Metric, Subscription
from breakwater.model.money import exponent
from breakwater.model.partners import Partner
from breakwater.views.blocks import Block, Message, button, code, context, fit, section, word
from breakwater.views.cron_words import cron_words
from breakwater.views.modals import choice, chosen, chosen_several, metadata, modal, several, text_input, typed
from breakwater.views.words import channel, joined, plain_money, plural

FORM, UNSUBSCRIBE = "digest_subscribe_form", "digest_unsubscribe"
WHERE, TIME, DAYS, ZONE, PARTNERS, METRICS, LEAST = "where", "time", "days", "zone", "partners", "metrics", "least"
HERE, ME = "here", "me"
LISTED, NAMED = 20, 4
_EVERY_DAY, _WORKDAYS, _EVERY_HOUR = "every_day", "workdays", "hourly"
_METRICS = (
    (Metric.FILES, "Files: late, missing, repeated, cut off"),
    (Metric.VOLUME, "Payments: how many"),
    (Metric.APPROVALS, "Approval rates"),
    (Metric.AMOUNTS, "Average payments"),
    (Metric.BREAKS, "Breaks and the state of partners"),
    (Metric.INCIDENTS, "Incidents"),
    (Metric.REFUNDS, "Refunds and chargebacks"),
    (Metric.TERMS, "Fees, exchange rates, time to settlement"),
)


def form(*, channel_id: str, can_subscribe_channel: bool, partners: Sequence[Partner]) -> Block:
    """What a digest is to be about, where and when it is to come."""
    places = ([(HERE, "Into this channel")] if can_subscribe_channel and channel_id else []) + [(ME, "To me, in direct messages")]
    times = [(_EVERY_HOUR, "Every hour"), *((f"{h:02}:{m:02}", f"{h:02}:{m:02}") for h in range(24) for m in (0, 30))]
    zones = sorted({p.time_zone.key for p in partners} | {"UTC"})
    calendars = sorted({p.calendar_name for p in partners if p.calendar_name != "weekends"})
    days = [(_EVERY_DAY, "Every day"), (_WORKDAYS, "Monday to Friday"), *((name, f"Business days of {name}") for name in calendars)]
    blocks = [
        choice(WHERE, "Where?", places, chosen=places[0][0]),
        choice(TIME, "At what time?", times, chosen="08:00"),
        choice(DAYS, "On which days?", days, chosen=_WORKDAYS),
        choice(ZONE, "Whose clock?", [(zone, zone) for zone in zones], chosen=partners[0].time_zone.key if partners else "UTC"),
        several(PARTNERS, "About which partners?", [(p.id, p.name) for p in partners], hint="None chosen: about all.", optional=True),
        several(METRICS, "About what?", _METRICS, hint="None chosen: about everything.", optional=True),
        text_input(
            LEAST, "Findings worth at least", most=40, optional=True, placeholder="EUR 1000", hint="Smaller ones are counted, not listed."
        ),
    ]
    return modal(FORM, title="Subscribe to a digest", blocks=blocks, submit="Subscribe", metadata={"channel": channel_id})


def complaints(view: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with a filled-in form, by field."""
    try:
        _least_minor(typed(view, LEAST))
    except RefusedError as wrong:
        return {LEAST: f"{wrong.message} {wrong.remedy}"}
    return {}


def is_for_me(view: Mapping[str, Any]) -> bool:
    """Whether it is to come in direct messages."""
    return chosen(view, WHERE) == ME


def asked_in(view: Mapping[str, Any]) -> str:
    """The channel in which the form was asked for."""
    return str(metadata(view)["channel"])


def read_form(view: Mapping[str, Any], *, channel_id: str, person: str | None) -> Subscription:
    """The digest that was asked for. Its id is the store's to give."""
    time, days = chosen(view, TIME), chosen(view, DAYS)
    minute, hour = ("0", "*") if time == _EVERY_HOUR else (str(int(time[3:])), str(int(time[:2])))
    return Subscription(
        id="",
        channel=channel_id,
        cron=f"{minute} {hour} * * {'mon-fri' if days == _WORKDAYS else '*'}",
        time_zone=ZoneInfo(chosen(view, ZONE)),
        partners=chosen_several(view, PARTNERS) or (ALL,),
        metrics=chosen_several(view, METRICS) or (ALL,),
        calendar=None if days in (_EVERY_DAY, _WORKDAYS) else days,
        least_minor=_least_minor(typed(view, LEAST)),
        person=person,
    )


def subscriptions(listed: Sequence[Subscription], *, asker_id: str) -> Message:
    """What `/anomalies subscriptions` answers: those of channels, and one's own."""
    if not listed:
        text = "There are no digests. Begin one with `/anomalies subscribe`."
        return Message(text=text, blocks=(section(text),))
    blocks: list[Block] = [section(f"*{plural(len(listed), 'digest')}*")]
    blocks += [_listed(one, asker_id=asker_id) for one in listed[:LISTED]]
    if len(listed) > LISTED:
        blocks.append(context(f"_… and {len(listed) - LISTED:,} more._"))
    blocks.append(context("Another one: `/anomalies subscribe` · Those of breakwater.toml are changed there"))
    return fit(Message(text=f"{plural(len(listed), 'digest')}: " + "; ".join(line(one) for one in listed[:3]) + ".", blocks=tuple(blocks)))


def begun(one: Subscription) -> Message:
    """A digest was subscribed to."""
    text = f"✅ Subscribed: {line(one)}. End it with `/anomalies subscriptions`."
    return Message(text=text, blocks=(section(text),))


def ended(one: Subscription) -> Message:
    """A digest was ended."""
    text = f"🔕 Ended: {line(one)}."
    return Message(text=text, blocks=(section(text),))


def line(one: Subscription) -> str:
    """A digest in one line: where, when, about what."""
    where = "to you" if one.person else channel(one.channel)
    partners = "all partners" if ALL in one.partners else _some(one.partners)
    metrics = "" if ALL in one.metrics else ", ".join(word(m) for m in one.metrics)
    least = " or ".join(plain_money(minor, currency) for currency, minor in one.least_minor.items())
    when = f"{cron_words(one.cron, calendar=one.calendar)} {word(one.time_zone.key)} ({code(one.cron)})"
    return joined((where, when, partners, metrics, f"findings from {least} up" if least else ""))


def _some(names: Sequence[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(word(name) for name in names[:NAMED]) + (f" and {more:,} more" if more > 0 else "")


def _listed(one: Subscription, *, asker_id: str) -> Block:
    if one.created_by is None:
        return section(f"• {line(one)} · in breakwater.toml")
    end = button(UNSUBSCRIBE, "Unsubscribe", {"subscription_id": one.id}, confirm="This digest comes no more.")
    by = "" if one.created_by == asker_id else f" · by <@{word(one.created_by)}>"
    return section(f"• {line(one)}{by}", accessory=end)


def _least_minor(text: str) -> dict[str, int]:
    """'EUR 1000' as {'EUR': 100000}; nothing typed is no minimum."""
    if not text:
        return {}
    currency = next((part for part in text.upper().replace(",", " ").split() if len(part) == 3 and part.isalpha()), "")
    try:
        exponent(currency)
    except KeyError:
        raise RefusedError(f"'{text}' names no currency.", remedy="Write it like EUR 1000.") from None
    return {currency: typed_amount(text.upper(), currency)}
