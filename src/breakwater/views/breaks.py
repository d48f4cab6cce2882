"""Breaks as people meet them: one card each, the list, and the private answers to a click that came second."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from types import MappingProxyType

from breakwater.model.break_kinds import KIND_WORDS
from breakwater.model.breaks import BECAME, ENDS, OVERTAKEN, REVERSAL_PROPOSED, REVERSED, WAITS_AGAIN, Break, BreakKind, BreakState
from breakwater.model.proposals import Proposal
from breakwater.views import literal
from breakwater.views.blocks import Block, Message, actions, button, code, context, fit, overflow, section, word
from breakwater.views.break_news import overtaken_words, proposal_lines, proposal_notes, proposal_words
from breakwater.views.break_offers import DO_WORDS, IN_DOUBT, MORE, move_button, offers_of, shown
from breakwater.views.bulk import chooser
from breakwater.views.leg_words import Ends, apart, group, leg_words
from breakwater.views.words import channel as channel_link
from breakwater.views.words import day, heading, joined, moment, moment_utc, money, person, plain_money, plural

SHOW_CARD = "break_show_card"
PAGE_BACK, PAGE_ON, ALL_AS_CSV = "break_page_back", "break_page_on", "break_all_as_csv"
LINKS_SHOWN = 6
REFERENCES_SHOWN = 4
LIST_SHOWN = 15
REASON_SHOWN = 600
# Every word in code type is one that is accepted behind the command.
FEWER = (
    f"Fewer: {code('/recon breaks')} with a partner, a kind ({code('missing at partner')}), {code('5d')} (5 business days or older), "
    f"{code('>100')}, {code('EUR')} or {code('mine')}; {code('oldest')} is an order."
)

STATE_WORDS: Mapping[BreakState, str] = {
    BreakState.OPEN: "open, nobody on it yet",
    BreakState.ACKNOWLEDGED: "acknowledged",
    BreakState.INVESTIGATING: "being investigated",
    BreakState.AWAITING_PARTNER: "waiting for the partner",
    BreakState.AWAITING_US: "waiting for us",
    BreakState.PROPOSED: "proposed, waiting for a second person",
    BreakState.RESOLVED: "resolved",
    BreakState.WRITTEN_OFF: "written off",
}
SNOOZED = "💤"
_SIGN = {BreakState.OPEN: "🔴", BreakState.RESOLVED: "✅", BreakState.WRITTEN_OFF: "⚪"}
RESOLUTION_WORDS = {
    "matched_late": "the missing side arrived and matches",
    WAITS_AGAIN: "it is within its window again, and a break only if that passes",
    "withdrawn": "what it was about is compared here no longer: a file was replaced, or a leg takes it",
    "write_off": "agreed by two people",
    "correction": "corrected, agreed by two people",
    "manual_match": "matched by hand, agreed by two people",
    OVERTAKEN: "agreed by two people, but a later run explains it: is the booking to be reversed?",
    REVERSAL_PROPOSED: "a later run explains it, and its reversal waits for a second person",
    REVERSED: "a later run explains it; the booking was reversed, agreed by two people",
    "opening_item": "all of it is from before the partner went live: an opening item",
}


def kind_words(kind: str, ends: Ends | None = None, *, mark: Callable[[str], str] = word) -> str:
    """A break kind in plain words, of a leg between its ends; one we do not know is shown as it is. `mark` is what is done to names."""
    if kind not in set(BreakKind):
        return mark(kind.replace("_", " "))
    return (leg_words(BreakKind(kind), ends, mark=mark) if ends else "") or KIND_WORDS[BreakKind(kind)]


def break_words(brk: Break, *, mark: Callable[[str], str] = word) -> str:
    """What a break is, in plain words."""
    return kind_words(brk.kind, brk.ends, mark=mark)


def break_card(brk: Break, *, partner_name: str) -> Message:
    """One break: what it is, where it stands, who has it, what is proposed, and what can be done with it from there."""
    reason = _typed_reason(brk)
    stands = state_line(brk, with_reason=not reason)
    blocks = [section("\n".join(line for line in (_headline(brk, partner_name), stands, _references(brk)) if line))]
    if reason:
        blocks.append(literal.said(reason, REASON_SHOWN))
    if difference := _difference(brk):
        blocks.append(section(difference))
    if brk.proposal:
        blocks += [section(_proposal(brk.proposal)), *proposal_notes(brk.proposal)]
    if notes := _notes(brk):
        blocks.append(section(notes))
    blocks.append(actions(*_offers(brk)))
    blocks.append(context(_source(brk)))
    return fit(Message(text=_twin(brk, partner_name), blocks=tuple(blocks)))


def acknowledged_by_other(brk: Break) -> Message:
    """For the second to click: who was first, and that nothing changed."""
    at = brk.acknowledged_at
    text = f"{person(brk.owner_id)} acknowledged {word(brk.id)} first{f', {moment(at)}' if at else ''}."
    return _private(f"{text} Nothing was changed.")


def stale_card(brk: Break) -> Message:
    """For a click on a card older than the break: how it stands now, and that nothing changed."""
    return _private(
        f"That card was out of date. {word(brk.id)} is now {_standing(brk)}. Nothing was changed; the card above shows it in a moment."
    )


def card_shown(brk: Break, *, channel: str) -> Message:
    """For the one who asked for a card: where it is."""
    return _private(f"The card of {word(brk.id)} is in {channel_link(channel)}.")


def break_list(
    breaks: Sequence[Break],
    *,
    total: int,
    partner_names: Mapping[str, str],
    partner: str | None = None,
    asked: str = "",
    page: int = 0,
    oldest_first: bool = False,
    today: Mapping[str, date] = MappingProxyType({}),
) -> Message:
    """One page of breaks, as ordered by the caller, and how many there are in `total`. A row's button asks for its card.

    The largest come first, or the oldest: the heading says it. `asked` are the words the list was asked for with: the buttons below it
    ask for another page, or for all of them, with the same. `today` is the day at each partner: what sleeps beyond it is said to.
    """
    of = f" of {word(partner_names.get(partner, partner))}" if partner else ""
    words = set(asked.casefold().split())
    noun = "booked break to be reversed or not" if OVERTAKEN in words else "active break"
    if not breaks:
        return _private(f"✅ No {noun.replace('break', 'breaks')}{of}{' like that' if words - {OVERTAKEN} else ''}.")
    shown = breaks[:LIST_SHOWN]
    first = page * LIST_SHOWN + 1
    order = "oldest" if oldest_first else "largest"
    part = f", {first:,} to {first + len(shown) - 1:,}, the {order} first" if page else f", the {len(shown)} {order}"
    head = f"*{_counted(total, noun)}{of}*" + (f"{part}:" if total > len(shown) else "")
    lines = [
        break_line(b, partner_names, with_partner=partner is None, asleep_until=b.asleep_until(today=today.get(b.partner, date.min)))
        for b in shown
    ]
    rows = [section(line, accessory=show_card_button(b)) for b, line in zip(shown, lines, strict=True)]
    twin = f"{_counted(total, noun)}{of}. " + "; ".join(
        f"{word(b.id)} {break_words(b)} {plain_money(b.amount_minor, b.currency)}" for b in shown[:3]
    )
    left = total - page * LIST_SHOWN - len(shown)
    rest = f"{plural(left, 'more break')} not shown." if left > 0 else ""
    apart = "" if oldest_first or len({b.currency for b in shown}) == 1 else "Sorted by minor units; currencies are not converted."
    narrow = context(joined((rest, apart, FEWER), " "))
    several = chooser([(b, f"{plain_money(b.amount_minor, b.currency)} {break_words(b)} {b.id}") for b in shown if b.active])
    turns = actions(*_turns(total, len(shown), asked, page))
    return fit(Message(text=f"{twin}.", blocks=(section(head), *rows, *several, turns, narrow)))


def _counted(total: int, noun: str) -> str:
    return plural(total, noun, noun.replace("break", "breaks"))


def csv_sent(count: int, *, total: int) -> Message:
    """For the one who asked for the file: where it is, and what it leaves out."""
    cut_off = f" of {total:,}; narrow the list for the others" if total > count else ""
    return _private(f"{plural(count, 'break')}{cut_off} as CSV: in your direct messages with me.")


def _turns(total: int, shown: int, asked: str, page: int) -> list[Block]:
    back = [button(PAGE_BACK, "◀ Back", {"words": asked, "page": page - 1})] if page else []
    more = total > page * LIST_SHOWN + shown
    onward = [button(PAGE_ON, "More ▶", {"words": asked, "page": page + 1})] if more else []
    return [*back, *onward, button(ALL_AS_CSV, "All as CSV", {"words": asked})]


def state_line(brk: Break, *, with_reason: bool = True) -> str:
    """Where a break stands and who has it: '*Acknowledged* by @ada, 07:12'; of one that is over why, unless that stands elsewhere."""
    state, who = heading(STATE_WORDS[brk.state]), brk.owner_id
    if brk.state is BreakState.OPEN:
        return f"Open, given to {person(who)}" if who else state
    if brk.state is BreakState.ACKNOWLEDGED:
        return joined((f"*{state}* by {person(who)}", moment(brk.acknowledged_at) if brk.acknowledged_at else ""), ", ")
    if not brk.active:
        why = _why_over(brk.resolution or "") if with_reason else ""
        return joined((f"*{state}*" + (f" ({why})" if why else ""), moment(brk.resolved_at) if brk.resolved_at else ""), ", ")
    return f"*{state}*" + (f", owner {person(who)}" if who else ", no owner")


def _typed_reason(brk: Break) -> str:
    """What somebody wrote who closed the break; empty where a run or two people did."""
    resolution = "" if brk.active else brk.resolution or ""
    return "" if resolution.startswith(BECAME) or resolution in RESOLUTION_WORDS else resolution


def _why_over(resolution: str) -> str:
    if resolution.startswith(BECAME):
        return f"its records are now in {code(resolution.removeprefix(BECAME))}"
    return RESOLUTION_WORDS.get(resolution, word(resolution, 200))


def sign(brk: Break) -> str:
    """One emoji for where a break stands."""
    if not brk.active and brk.resolution in IN_DOUBT:
        return "💶"
    return _SIGN.get(brk.state, "🟡")


def _headline(brk: Break, partner_name: str) -> str:
    return f"{sign(brk)} *{heading(break_words(brk))}* · {money(brk.amount_minor, brk.currency)} · {word(partner_name)}"


def _references(brk: Break) -> str:
    shown = " ".join(code(r) for r in brk.references[:REFERENCES_SHOWN])
    more = len(brk.references) - REFERENCES_SHOWN
    return shown + (f" and {plural(more, 'more reference')}" if more > 0 else "")


def _difference(brk: Break) -> str:
    also = f"Also: {', '.join(kind_words(kind, brk.ends) for kind in brk.also)}" if brk.also else ""
    lag = _lag(brk, brk.lag) if brk.lag else ""
    extra = " · ".join(f"{word(name.replace('_', ' '))}: {word(value, 200)}" for name, value in brk.extra.items() if name not in ENDS)
    sides = _sides(brk) if len(brk.ours) + len(brk.theirs) > 2 else ""
    return "\n".join(line for line in (sides, also, lag, extra) if line)


def _lag(brk: Break, days: int) -> str:
    if brk.ends:
        return apart(days, brk.ends)
    return f"Partner booked it {plural(abs(days), 'business day')} {'after' if days > 0 else 'before'} us"


def _sides(brk: Break) -> str:
    if brk.ends:
        return group(len(brk.ours), len(brk.theirs), brk.ends)
    return f"{plural(len(brk.ours), 'record')} of ours against {len(brk.theirs):,} of theirs"


def _proposal(proposal: Proposal) -> str:
    by = f"{person(proposal.by)} proposed {proposal_words(proposal)}, {moment(proposal.at)}"
    agreed = f"Approved by {person(proposal.decided_by)}, {moment(proposal.decided_at)}" if proposal.decided_at else ""
    since = f"Since then: {overtaken_words(proposal)}" if proposal.overtaken else ""
    reversal = proposal.reversal
    undone = (
        f"Reversal approved by {person(reversal.decided_by)}, {moment(reversal.decided_at)}" if reversal and reversal.decided_at else ""
    )
    return "\n".join(line for line in (by, agreed, since, undone, proposal_lines(proposal)) if line)


def _notes(brk: Break) -> str:
    noise = f"🔇 Known noise by {code(brk.suppressed_by)}: counted apart while nobody has it" if brk.suppressed_by else ""
    asleep = f"{SNOOZED} Snoozed until {day(brk.snoozed_until)}" if brk.snoozed_until and brk.active else ""
    stale = f"⚠️ Left alone {plural(brk.escalated, 'time')} after somebody acknowledged it" if brk.escalated and brk.active else ""
    more = len(brk.links) - LINKS_SHOWN
    shown = " ".join(code(entry, 120) for entry in brk.links[:LINKS_SHOWN])
    linked = f"Linked: {shown}{f' and {more:,} more' if more > 0 else ''}" if shown else ""
    return "\n".join(line for line in (noise, asleep, stale, linked) if line)


def _offers(brk: Break) -> list[Block]:
    """The buttons and the menu of a state."""
    buttons, menu = offers_of(brk)
    offered = [move_button(do, brk) for do in buttons]
    return offered + ([overflow(MORE, [(DO_WORDS[do], {"do": str(do), **shown(brk)}) for do in menu])] if menu else [])


def _source(brk: Break) -> str:
    small = "" if brk.material else "below materiality"
    by = f"pass {word(brk.pass_name)}" if brk.pass_name else ""
    moved = f"last moved by {person(brk.touched_by)}, {moment(brk.touched_at)}" if brk.touched_by and brk.touched_at else ""
    return joined((code(brk.id), f"dated {day(brk.dated)}", f"found {moment(brk.opened_at)}", by, small, moved))


def _standing(brk: Break) -> str:
    state = STATE_WORDS[brk.state]
    return f"{state} by {person(brk.owner_id)}" if brk.state is BreakState.ACKNOWLEDGED else state


def _twin(brk: Break, partner_name: str) -> str:
    what = f"{heading(break_words(brk))}: {plain_money(brk.amount_minor, brk.currency)} at stake, {word(partner_name)}, {word(brk.id)}"
    at = f", {moment_utc(brk.acknowledged_at)}" if brk.state is BreakState.ACKNOWLEDGED and brk.acknowledged_at else ""
    return f"{what}. {heading(_standing(brk))}{at}."


def break_line(brk: Break, partner_names: Mapping[str, str], *, with_partner: bool = True, asleep_until: date | None = None) -> str:
    """A break in two lines: amount, kind and partner; then id, reference, date, who has it, and until when it sleeps."""
    partner = word(partner_names.get(brk.partner, brk.partner)) if with_partner else ""
    first = joined(
        (f"{SNOOZED if asleep_until else sign(brk)} {money(brk.amount_minor, brk.currency)}", heading(break_words(brk)), partner)
    )
    stands = "open, given to" if brk.state is BreakState.OPEN and brk.owner_id else f"{STATE_WORDS[brk.state]},"
    owner = f"{stands} {person(brk.owner_id)}" if brk.owner_id else STATE_WORDS[brk.state]
    reference = code(brk.references[0], 40) if brk.references else ""
    asleep = f"snoozed until {day(asleep_until)}" if asleep_until else ""
    return f"{first}\n{joined((code(brk.id), reference, f'since {day(brk.dated)}', owner, asleep))}"


def show_card_button(brk: Break) -> Block:
    """Asks for the card of a break."""
    return button(SHOW_CARD, "Show card", shown(brk))


def _private(text: str) -> Message:
    return Message(text=text.replace("*", ""), blocks=(section(text),))
