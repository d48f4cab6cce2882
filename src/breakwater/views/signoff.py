"""Sign-off of a period on the screen: the figures, who signed them, and what is no longer as it was signed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from breakwater.model.signoff import ROWS, Amount, Difference, PeriodFigures, SignOff, SignOffState, differences
from breakwater.views import literal
from breakwater.views.blocks import Block, Message, actions, bold, button, code, context, fit, section, word
from breakwater.views.modals import modal, text_input, typed
from breakwater.views.words import channel, day, joined, moment, person, plain_money, plural

PREPARE, SIGN, DECLINE, DECLINE_FORM = "signoff_prepare", "signoff_sign", "signoff_decline", "signoff_decline_form"
REASON = "reason"
REASON_SHOWN = 1_000
CURRENCIES_SHOWN = 6
DIFFERENCES_SHOWN = 15
PERIODS_SHOWN = 24
ROW_WORDS = {
    "matched_ours": "matched, our side",
    "matched_theirs": "matched, their side",
    "open_breaks": "open breaks",
    "known_noise": "known noise",
    "written_off": "written off",
}
# What the audit trail calls a move: how it is told of one, and of several.
_HAPPENED = {
    "files": ("file came", "files came"),
    "auto_close": ("break matched late", "breaks matched late"),
    "overtake": ("booked break is explained after all", "booked breaks are explained after all"),
    "approve_reversal": ("booking reversed", "bookings reversed"),
    "reopen": ("break opened again", "breaks opened again"),
    "open": ("break found", "breaks found"),
    "restate": ("break changed its amount", "breaks changed their amount"),
    "approve": ("proposal approved", "proposals approved"),
    "resolve": ("break resolved", "breaks resolved"),
}


def offer(figures: PeriodFigures, *, partner_id: str, partner_name: str, period: str) -> Message:
    """For the one who asks about a period nobody has signed: its figures now, and the button that prepares them."""
    head = f"*{word(period)} of {word(partner_name)}* as it stands now"
    value = {"partner": partner_id, "period": period}
    rest = context(f"Run {code(figures.run_id)}. Somebody else has to sign what you prepare.")
    blocks = (section(f"{head}\n{_table(figures)}"), actions(button(PREPARE, "Prepare for sign-off", value)), rest)
    return fit(Message(text=f"{word(period)} of {word(partner_name)} as it stands now.", blocks=blocks))


def running(figures: PeriodFigures, *, partner_name: str, period: str, last: date) -> Message:
    """For the one who asks about a month that is not over: its figures so far, and from when on it can be prepared."""
    name = f"{word(period)} of {word(partner_name)}"
    later = f"It is not over: it can be prepared for sign-off from {day(last + timedelta(days=1))} on, by the partner's time zone."
    blocks = (section(f"*{name}* so far\n{_table(figures)}"), section(later), context(f"Run {code(figures.run_id)}"))
    return fit(Message(text=f"{name} is not over.", blocks=blocks))


def prepared(signoff: SignOff, *, partner_name: str, shown_in: str | None) -> Message:
    """For the one who prepared a period: where it waits, and for whom."""
    name = f"{word(signoff.period)} of {word(partner_name)}"
    asked = code(f"/recon signoff {signoff.partner} {signoff.period}", 150)
    where = f"its card is in {channel(shown_in)}" if shown_in else f"its card is shown to who asks for {asked}"
    text = f"🖋️ {name} is prepared; {where}. Somebody else has to sign it."
    twin = f"{name} is prepared for sign-off. Somebody else has to sign it."
    return Message(text=twin, blocks=(section(text),))


def card(signoff: SignOff, *, partner_name: str) -> Message:
    """A period: its frozen figures, who prepared and who signed, and whether it has changed since."""
    of = f"{word(signoff.period)} of {word(partner_name)}"
    sign = {SignOffState.PREPARED: "🖋️", SignOffState.SIGNED: "✅", SignOffState.DECLINED: "↩️"}[signoff.state]
    head = f"{'⚠️' if signoff.now else sign} *Sign-off {of}*: {_standing(signoff)}"
    changed = [section(_changes(signoff))] if signoff.now else []
    value = {"partner": signoff.partner, "period": signoff.period, "revision": signoff.revision}
    question = "You sign that these figures are right. Your name stands beside them in the audit trail."
    buttons = [button(SIGN, "Sign off", value, style="primary", confirm=question), button(DECLINE, "Decline…", value)]
    offers = [actions(*buttons)] if signoff.state is SignOffState.PREPARED else []
    foot = context(
        joined((f"Run {code(signoff.figures.run_id)}", f"prepared by {person(signoff.prepared_by)}, {moment(signoff.prepared_at)}"))
    )
    twin = f"Sign-off {of}: {signoff.state}{', changed since' if signoff.now else ''}."
    return fit(Message(text=twin, blocks=(section(f"{head}\n{_table(signoff.figures)}"), *changed, *offers, foot)))


def signed(signoff: SignOff, *, partner_name: str) -> Message:
    """For the thread: it is signed."""
    text = f"✅ {person(signoff.reviewed_by)} signed off what {person(signoff.prepared_by)} had prepared. The figures are frozen."
    return Message(text=f"{word(signoff.period)} of {word(partner_name)} is signed off.", blocks=(section(text),))


def declined(signoff: SignOff, *, reason: str) -> Message:
    """For the thread: it is not signed, and why."""
    text = f"{person(signoff.reviewed_by)} does not sign this, {person(signoff.prepared_by)}:"
    return Message(text=f"{word(signoff.period)} was not signed off.", blocks=(section(text), literal.said(reason, REASON_SHOWN)))


def changed(signoff: SignOff, *, happened: Mapping[str, int], partner_name: str) -> Message:
    """For the thread: a signed period is no longer as it was signed, or is so again."""
    who = f"{person(signoff.prepared_by)} {person(signoff.reviewed_by)}"
    name = f"{word(signoff.period)} of {word(partner_name)}"
    if signoff.now is None:
        return Message(text=f"{name} is again as it was signed off.", blocks=(section(f"✅ {who}: {name} is again as it was signed off."),))
    why = ", ".join(plural(happened[action], *words) for action, words in _HAPPENED.items() if happened.get(action))
    body = "\n".join(
        line for line in (f"⚠️ {who}: {name} changed since sign-off", _changes(signoff), f"Since then: {why}" if why else "") if line
    )
    return Message(text=f"{name} changed since sign-off.", blocks=(section(body), context(f"Run {code(signoff.now.run_id)}")))


def sign_off_list(signoffs: Sequence[SignOff], *, partner_names: Mapping[str, str]) -> Message:
    """What `/recon signoff` answers: every period somebody prepared."""
    if not signoffs:
        text = "No period was prepared for sign-off yet."
        return Message(text=text, blocks=(section(f"{text} For example {code('/recon signoff PARTNER 2026-10')}."),))
    lines = [f"• {word(s.period)} {bold(partner_names.get(s.partner, s.partner))}: {_standing(s)}" for s in signoffs[:PERIODS_SHOWN]]
    more = len(signoffs) - PERIODS_SHOWN
    foot = joined((f"{plural(more, 'more period')} not shown." if more > 0 else "", f"One: {code('/recon signoff PARTNER 2026-10')}"), " ")
    return fit(
        Message(text=f"{plural(len(signoffs), 'period')} prepared or signed off.", blocks=(section("\n".join(lines)), context(foot)))
    )


def decline_form(*, partner: str, period: str, revision: int, channel: str) -> Block:
    """Why somebody does not sign."""
    asked = {"partner": partner, "period": period, "revision": revision, "channel": channel}
    field = text_input(REASON, "Why not", most=1_000, multiline=True, hint="The preparer reads it in the thread.")
    return modal(DECLINE_FORM, title="Decline sign-off", blocks=[field], submit="Decline", metadata=asked)


def read_reason(view: Mapping[str, Any]) -> str:
    """What was written into the form."""
    return typed(view, REASON)


def changed_line(signoff: SignOff) -> str:
    """'2026-10 changed since sign-off by @ada and @ben', for `/recon`."""
    return f"⚠️ {word(signoff.period)} changed since sign-off by {person(signoff.prepared_by)} and {person(signoff.reviewed_by)}"


def _standing(signoff: SignOff) -> str:
    by = f"{person(signoff.reviewed_by)}, {moment(signoff.reviewed_at)}" if signoff.reviewed_at else ""
    if signoff.state is SignOffState.PREPARED:
        return f"prepared by {person(signoff.prepared_by)}, waiting for a second person"
    if signoff.state is SignOffState.DECLINED:
        return f"declined by {by}"
    since = f"; changed since, {moment(signoff.changed_at)}" if signoff.now and signoff.changed_at else ""
    return f"signed by {by}{since}"


def _table(figures: PeriodFigures) -> str:
    lines = []
    for row in ROWS:
        by_currency = sorted(getattr(figures, row).items(), key=lambda item: (-item[1].count, item[0]))
        shown = " · ".join(_amount(amount, currency) for currency, amount in by_currency[:CURRENCIES_SHOWN])
        more = len(by_currency) - CURRENCIES_SHOWN
        lines.append(f"{ROW_WORDS[row]}: {shown or 'none'}{f' and {more:,} more currencies' if more > 0 else ''}")
    return "\n".join(lines)


def _changes(signoff: SignOff) -> str:
    found = differences(signoff.figures, signoff.now) if signoff.now else []
    lines = [f"• {_difference(one)}" for one in found[:DIFFERENCES_SHOWN]]
    more = len(found) - DIFFERENCES_SHOWN
    return "\n".join([*lines, *([f"_… and {more:,} more_"] if more > 0 else [])])


def _difference(one: Difference) -> str:
    return f"{ROW_WORDS[one.row]}: {_amount(one.before, one.currency)} → {_amount(one.now, one.currency)}"


def _amount(amount: Amount, currency: str) -> str:
    return f"{amount.count:,}, *{plain_money(amount.value_minor, currency)}*"
