"""Several breaks at once: chosen in a list, moved as one, and told in one message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Any

from breakwater.model.breaks import Break
from breakwater.model.runs import BreakFigure, total_of
from breakwater.model.working import MOST_SNOOZED_DAYS
from breakwater.views import literal
from breakwater.views.blocks import (
    OPTION_TEXT,
    Block,
    Message,
    actions,
    button,
    code,
    context,
    fit,
    listing,
    plain,
    section,
    with_our_tokens,
)
from breakwater.views.modals import chosen_day, chosen_person, day_choice, metadata, modal, person_choice, text_input, typed
from breakwater.views.words import amounts, day, person, plain_money, plural

CHOOSE, CHOSEN = "bulk_choose", "bulk_chosen"
DAY, PERSON, REASON = "day", "person", "reason"
REFUSALS_SHOWN = 8
SAID_SHOWN = 600
BREAKS_SHOWN = 20


class Bulk(StrEnum):
    """What can be done with several breaks; its action id is `bulk_` and this."""

    ACKNOWLEDGE = "acknowledge"
    ASSIGN = "assign"
    SNOOZE = "snooze"
    RESOLVE = "resolve"


BULK_WORDS: Mapping[Bulk, str] = {
    Bulk.ACKNOWLEDGE: "Acknowledge",
    Bulk.ASSIGN: "Assign…",
    Bulk.SNOOZE: "Snooze…",
    Bulk.RESOLVE: "Resolve…",
}
_DONE: Mapping[Bulk, str] = {
    Bulk.ACKNOWLEDGE: "acknowledged",
    Bulk.ASSIGN: "gave {to}",
    Bulk.SNOOZE: "lets sleep until {day}",
    Bulk.RESOLVE: "resolved",
}
Seen = tuple[str, int]  # a break's id, and the revision at which it was shown


def chooser(offered: Sequence[tuple[Break, str]]) -> list[Block]:
    """Below a list: which of its breaks, each given with its words, and what to do with them.

    The block is named after its page: Slack remembers what was chosen in a block by its name, and another page offers other breaks.
    Nothing is offered where none of them can be worked on.
    """
    if not offered:
        return []
    options = [{"text": _plain(text), "value": f"{brk.id}:{brk.revision}"} for brk, text in offered]
    select = {"type": "multi_static_select", "action_id": CHOSEN, "placeholder": _plain("Choose breaks"), "options": options}
    chosen = section("*Several at once*", accessory=select) | {"block_id": f"{CHOOSE}:{offered[0][0].id}"}
    return [chosen, actions(*(button(f"bulk_{do}", words, {}) for do, words in BULK_WORDS.items()))]


def chosen_of(body: Mapping[str, Any]) -> list[Seen]:
    """The breaks that were chosen when a button below a list was clicked."""
    blocks = body.get("state", {}).get("values", {}).values()
    return [_seen(str(option["value"])) for block in blocks for option in block.get(CHOSEN, {}).get("selected_options") or ()]


def form(do: Bulk, seen: Sequence[Seen], *, channel: str, tomorrow: date) -> Block:
    """What has to be known before several breaks are given to somebody, put to sleep or resolved."""
    asked = {"breaks": [f"{break_id}:{revision}" for break_id, revision in seen], "channel": channel}
    field = {
        Bulk.ASSIGN: person_choice(PERSON, "Who has them from now on", hint="Somebody with the role operator."),
        Bulk.SNOOZE: day_choice(
            DAY,
            "Until",
            initial=tomorrow,
            hint=f"A business day, at most {MOST_SNOOZED_DAYS} days from now. A partner for whom it is none keeps its breaks awake.",
        ),
    }.get(do) or text_input(REASON, "Why they are explained", most=2_000, multiline=True, hint="The same for each of them.")
    head = section(f"*{plural(len(seen), 'break')}*, each as it was shown in the list.")
    title = BULK_WORDS[do].rstrip("…")
    return modal(callback_id(do), title=title, blocks=[head, field], submit=title, metadata=asked)


def callback_id(do: Bulk) -> str:
    """The callback id of a form."""
    return f"bulk_{do}_form"


def read_seen(view: Mapping[str, Any]) -> list[Seen]:
    """The breaks that a form was opened for."""
    return [_seen(value) for value in metadata(view)["breaks"]]


def read_channel(view: Mapping[str, Any]) -> str:
    """Where the form was asked for."""
    return str(metadata(view)["channel"])


def read_day(view: Mapping[str, Any]) -> date:
    """Until when they sleep."""
    return chosen_day(view, DAY)


def read_person(view: Mapping[str, Any]) -> str:
    """Who is to have them."""
    return chosen_person(view, PERSON)


def read_reason(view: Mapping[str, Any]) -> str:
    """Why they are explained."""
    return typed(view, REASON)


def done_together(do: Bulk, breaks: Sequence[Break], *, by: str, to: str = "", until: date | None = None, said: str = "") -> Message:
    """For the channel: what somebody did with several breaks, in one message."""
    what = _DONE[do].format(to=person(to), day=day(until) if until else "")
    total = total_of(BreakFigure(count=1, value_minor={b.currency: b.amount_minor}) for b in breaks)
    head = f"{person(by)} {what}{':' if do is Bulk.ASSIGN else ''} {plural(total.count, 'break')} worth {amounts(total.value_minor)}"
    lines = [f"• {code(b.id)} {plain_money(b.amount_minor, b.currency)}" for b in breaks]
    shown = listing(lines, most=BREAKS_SHOWN, rest="their cards have all", limit=2_000)
    blocks = [section(head), *([literal.said(said, SAID_SHOWN)] if said else []), section(shown)]
    return fit(Message(text=head.replace("*", ""), blocks=(*blocks, context("Each of them has its own row in the audit trail."))))


def outcome(done: int, refused: Sequence[tuple[str, str]]) -> Message:
    """For the one who asked: how many were moved, and why the others were not."""
    head = f"{'✅' if not refused else '⚠️'} {plural(done, 'break')} done" + (f", {len(refused):,} refused:" if refused else ".")
    lines = [f"• {code(break_id)} {with_our_tokens(reason)}" for break_id, reason in refused]
    shown = listing(lines, most=REFUSALS_SHOWN, rest="", limit=2_500) if lines else ""
    return Message(text=head, blocks=(section("\n".join(part for part in (head, shown) if part)),))


def nothing_chosen() -> Message:
    """For the one who clicked before choosing."""
    text = "Choose breaks in the menu above the buttons first. Nothing was changed."
    return Message(text=text, blocks=(section(text),))


def _seen(value: str) -> Seen:
    break_id, _, revision = value.rpartition(":")
    return break_id, int(revision)


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": plain(text, OPTION_TEXT) or "–", "emoji": True}
