"""What a backtest says: what would have been told, how often, and what a stricter or looser budget would change."""

from __future__ import annotations

from datetime import datetime

from breakwater.model.backtests import Backtest, Budget, WouldTell
from breakwater.views.blocks import Block, Message, context, fit, listing, section, word
from breakwater.views.findings import WHAT
from breakwater.views.words import joined, plural

SHOWN = 12


def running(partner_name: str, *, days: int) -> Message:
    """A backtest has begun."""
    text = f"⏳ Replaying the last {plural(days, 'day')} of {word(partner_name)}. The answer comes here."
    return Message(text=text, blocks=(section(text),))


def backtest(done: Backtest) -> Message:
    """The answer."""
    told = done.told[Budget.AS_NOW]
    name = word(done.partner_name)
    count = plural(len(told), "finding") if told else "Nothing"
    head = f"*{name}: {count} would have been told* from {_clock(done.since, done)} to {_clock(done.until, done)} ({done.time_zone.key})"
    blocks: list[Block] = [
        section(joined((joined((head, _how_often(len(told), done.days) if told else ""), ", "), _cut_short(done)), "\n"))
    ]
    if told:
        blocks.append(section(listing([_line(one, done) for one in told], most=SHOWN, rest="")))
    blocks.append(section("\n".join(_other(budget, done) for budget in (Budget.STRICTER, Budget.LOOSER))))
    blocks.append(
        context("Replayed hour by hour from what the lake holds now, each hour knowing only those before it · Nothing was changed")
    )
    twin = f"{name}: {plural(len(told), 'finding')} would have been told in {done.days:.0f} days" + "".join(
        f"; {budget.value}: {len(done.told[budget]):,}" for budget in (Budget.STRICTER, Budget.LOOSER)
    )
    return fit(Message(text=f"{twin}.", blocks=tuple(blocks)))


def _clock(at: datetime, done: Backtest) -> str:
    """'4 Nov 07:12' on the clock of the partner, which the heading names."""
    local = at.astimezone(done.time_zone)
    return f"{local.day} {local:%b %H:%M}"


def _cut_short(done: Backtest) -> str:
    """Why not all of the days that were asked for are replayed; empty if they are."""
    if done.known_from is None:
        return ""
    learning = plural((done.since - done.known_from).days, "day")
    return (
        f"Not more: what is known of payments here begins on {_clock(done.known_from, done)}, and the first {learning} are to learn from."
    )


def _line(one: WouldTell, done: Backtest) -> str:
    lasted = f"over {_clock(one.ended_at, done)}" if one.ended_at else "still open"
    return joined((f"• *{WHAT[one.kind]}* {word(one.scope, 120)}: {word(one.what, 120)}", f"told {_clock(one.fired_at, done)}", lasted))


def _how_often(count: int, days: float) -> str:
    if not count:
        return f"none in {days:.0f} days"
    return f"about {count / days:.1f} a day" if count >= days else f"one every {days / count:.0f} days"


def _other(budget: Budget, done: Backtest) -> str:
    """What another budget would change: how many more or fewer, and the first that differ."""
    now, then = done.told[Budget.AS_NOW], done.told[budget]
    known = {(one.kind, one.scope) for one in (now if budget is Budget.LOOSER else then)}
    differ = [one for one in (then if budget is Budget.LOOSER else now) if (one.kind, one.scope) not in known]
    label = "A looser budget" if budget is Budget.LOOSER else "A stricter budget"
    if not then and not now:
        return f"*{label}:* nothing either"
    names = list(dict.fromkeys(f"{WHAT[one.kind]} {word(one.scope, 80)}" for one in differ))
    examples = ", ".join(names[:3])
    verb = "Besides" if budget is Budget.LOOSER else "No more"
    more = f". {verb}: {examples}{' and others' if len(names) > 3 else ''}" if differ else ", about the same things"
    return f"*{label}:* {plural(len(then), 'finding')}, {_how_often(len(then), done.days)}{more}"
