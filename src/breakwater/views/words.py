"""How we say things: money, moments, people, counts and shares, the same in every view."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from breakwater.model.access import SYSTEM
from breakwater.model.money import format_minor
from breakwater.views.blocks import bold, escape, word

_PERSON = re.compile(r"[UW][A-Z0-9]{1,20}")
_GROUP = re.compile(r"S[A-Z0-9]{1,20}")
_CHANNEL = re.compile(r"[CG][A-Z0-9]{1,20}")
AMOUNTS_SHOWN = 4  # currencies of one total


def moment(at: datetime) -> str:
    """A moment in the reader's own time zone; UTC where the client can't."""
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{at:%Y-%m-%d %H:%M} UTC>"


def moment_utc(at: datetime) -> str:
    """A moment for plain text, e.g. '4 Nov 07:12 UTC'."""
    return f"{at.day} {at:%b %H:%M} UTC"


def moment_on_clock(at: datetime, zone: ZoneInfo) -> str:
    """A moment on somebody's clock, for plain text, e.g. '4 Nov 07:12 (Europe/Berlin)'."""
    local = at.astimezone(zone)
    return f"{local.day} {local:%b %H:%M} ({zone.key})"


def day(on: date) -> str:
    """A calendar day, e.g. '4 Nov 2026': value dates have no time zone."""
    return f"{on.day} {on:%b %Y}"


def person(user_id: str | None) -> str:
    """Somebody by Slack user id; the system by its name; nobody as 'nobody'."""
    if user_id is None:
        return "nobody"
    if user_id == SYSTEM.id:
        return SYSTEM.name
    return f"<@{user_id}>" if _PERSON.fullmatch(user_id) else word(user_id)


def mentions(ids: Iterable[str]) -> str:
    """People (U…) and user groups (S…) so that Slack tells them: '@ada @ops-leads'."""
    return " ".join(f"<!subteam^{i}>" if _GROUP.fullmatch(i) else person(i) for i in ids)


def channel(channel_id: str) -> str:
    """A channel by its id."""
    return f"<#{channel_id}>" if _CHANNEL.fullmatch(channel_id) else word(channel_id)


def link(url: str, text: str) -> str:
    """A link of ours, such as Slack's own to a message, under a text."""
    return f"<{escape(url).replace('|', '%7C')}|{word(text)}>"


def money(amount_minor: int, currency: str) -> str:
    """An amount in bold, with its currency."""
    return bold(format_minor(amount_minor, currency))


def plain_money(amount_minor: int, currency: str) -> str:
    """An amount with its currency, for plain text and second places."""
    return escape(format_minor(amount_minor, currency))


def amounts(by_currency: Mapping[str, int], *, strong: bool = True) -> str:
    """Amounts in several currencies beside each other (they can't be added): 'EUR 12.00 + JPY 900'."""
    ordered = list(by_currency.items())
    show = money if strong else plain_money
    shown = " + ".join(show(amount, currency) for currency, amount in ordered[:AMOUNTS_SHOWN])
    more = len(ordered) - AMOUNTS_SHOWN
    return (shown or "nothing") + (f" + {plural(more, 'more currency', 'more currencies')}" if more > 0 else "")


def plural(count: int, one: str, many: str | None = None) -> str:
    """'1 break', '4,000 breaks'."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def number(value: float) -> str:
    """A count as it is read aloud: '1,204'; with one decimal where it is small and not whole."""
    return f"{value:,.0f}" if value == int(value) or abs(value) >= 100 else f"{value:,.1f}"


def share(part: int, whole: int) -> str:
    """A share in per cent with one decimal, never rounded up: only everything is '100 %'."""
    if not whole:
        return "nothing due"
    if part == whole:
        return "100 %"
    tenths = 1000 * part // whole
    return f"{tenths // 10}.{tenths % 10} %"


def joined(parts: Iterable[str], separator: str = " · ") -> str:
    """The parts that have something to say, in one line."""
    return separator.join(part for part in parts if part)


def heading(text: str) -> str:
    """The first letter large."""
    return text[:1].upper() + text[1:]
