"""The forms of a break: a reason, a question, a day, a person, or a proposal for a second person; and how they are read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, TypedDict

from breakwater.errors import RefusedError
from breakwater.model.amounts import typed_amount
from breakwater.model.breaks import Break
from breakwater.model.money import exponent, major_text
from breakwater.model.partners import Partner
from breakwater.model.proposals import Effect, ProposalKind, ReasonCode
from breakwater.model.working import MOST_SNOOZED_DAYS, amount_complaint, snooze_complaint
from breakwater.views.blocks import Block, code, context, plain, section, word
from breakwater.views.break_news import REASON_WORDS
from breakwater.views.break_offers import DO_WORDS, Do
from breakwater.views.breaks import break_words
from breakwater.views.modals import (
    choice,
    chosen,
    chosen_day,
    chosen_if_any,
    chosen_person,
    day_choice,
    metadata,
    modal,
    person_choice,
    text_input,
    typed,
)
from breakwater.views.words import day, heading, money

TEXT, LINK, DAY, PERSON = "text", "link", "day", "person"
KIND, AMOUNT, REASON, ACCOUNT, EFFECT, MATCHES, EVIDENCE, NOTE = (
    "kind", "amount", "reason", "account", "effect", "matches", "evidence", "note",
)  # fmt: skip
TEXT_MOST, LINK_MOST, ACCOUNT_MOST, AMOUNT_MOST, LIST_MOST, NOTE_MOST = 2_000, 250, 40, 40, 1_500, 1_000

_KINDS = (
    (ProposalKind.WRITE_OFF, "Write-off: give up the whole amount"),
    (ProposalKind.CORRECTION, "Correction: book it where it belongs"),
    (ProposalKind.MANUAL_MATCH, "Match by hand: these records explain each other"),
)
_EFFECTS = ((str(Effect.LOSS), "We lose it: the account is debited"), (str(Effect.GAIN), "We gain it: the account is credited"))
_ASKS: Mapping[Do, tuple[str, str]] = {
    Do.RESOLVE: ("Why it is explained", "No money moves. Anybody reads this in the thread and in the audit trail."),
    Do.DECLINE: ("Why not", "The proposer reads it in the thread."),
    Do.REOPEN: ("Why it is not over", "It is open again and nobody's."),
    Do.PROPOSE_REVERSAL: ("What shows that the money came", "A second person reads it, and so does accounting beside the journal's lines."),
    Do.KEEP_BOOKING: ("Why the booking is right", "What matches may be the booking itself, once it is in our ledger."),
    Do.DECLINE_REVERSAL: ("Why not", "Who proposed the reversal reads it in the thread."),
    Do.ASK_PARTNER: ("What you asked them", "Nothing is sent to the partner: ask in the incident's thread or by mail, and note it here."),
    Do.ASK_US: ("Your question", "It stands in the thread; name people there if it is urgent."),
}
FORMS = (Do.ASSIGN, Do.COMMENT, Do.SNOOZE, Do.PROPOSE, *_ASKS)


class Asked(TypedDict):
    """What a form was opened for: the break as its card showed it, and the channel of that card ('' in App Home)."""

    break_id: str
    revision: int
    channel: str
    partner: str
    currency: str
    at_stake_minor: int


class Proposed(TypedDict):
    """A proposal as it was filled in."""

    kind: ProposalKind
    amount_minor: int
    reason: ReasonCode
    account: str
    effect: Effect
    matches: tuple[str, ...]
    evidence: tuple[str, ...]
    note: str


def callback_id(do: Do) -> str:
    """The callback id of a form."""
    return f"break_{do}_form"


def form(do: Do, brk: Break, *, channel: str, partner: Partner, today: date) -> Block:
    """The form that a button or menu entry opens."""
    asked = Asked(
        break_id=brk.id,
        revision=brk.revision,
        channel=channel,
        partner=brk.partner,
        currency=brk.currency,
        at_stake_minor=brk.amount_minor,
    )
    head = section(f"{code(brk.id)} {heading(break_words(brk))} · {money(brk.amount_minor, brk.currency)} · {word(partner.name)}")
    title = DO_WORDS[do].rstrip("…")
    return modal(
        callback_id(do), title=title, blocks=[head, *_fields(do, brk, partner, today)], submit=_SUBMITS.get(do, title), metadata=asked
    )


_SUBMITS = {Do.KEEP_BOOKING: "It stands", Do.ASSIGN: "Assign", Do.COMMENT: "Say it", Do.ASK_PARTNER: "Note it", Do.ASK_US: "Ask"}


def complaints(do: Do, view: Mapping[str, Any], *, partners: Mapping[str, Partner], today: date) -> dict[str, str]:
    """What is wrong with what was filled in, field by field; empty if nothing is."""
    if do is Do.SNOOZE:
        partner = partners.get(read_asked(view)["partner"])  # None: renamed since the form was opened, and refused when it is sent
        complaint = snooze_complaint(chosen_day(view, DAY), calendar=partner.calendar, today=today) if partner else ""
        return {DAY: complaint} if complaint else {}
    if do is Do.COMMENT:
        return {} if typed(view, TEXT) or typed(view, LINK) else {TEXT: "Write something, or name what belongs to it."}
    return _proposal_complaints(view) if do is Do.PROPOSE else {}


def read_asked(view: Mapping[str, Any]) -> Asked:
    """What the form was opened for."""
    given = metadata(view)
    return Asked(
        break_id=str(given["break_id"]),
        revision=int(given["revision"]),
        channel=str(given["channel"]),
        partner=str(given["partner"]),
        currency=str(given["currency"]),
        at_stake_minor=int(given["at_stake_minor"]),
    )


def read_text(view: Mapping[str, Any]) -> str:
    """A reason, a question or a comment."""
    return typed(view, TEXT)


def read_link(view: Mapping[str, Any]) -> str:
    """What somebody put beside the break; empty if nothing."""
    return " ".join(typed(view, LINK).split())


def read_day(view: Mapping[str, Any]) -> date:
    """The day until which a break sleeps."""
    return chosen_day(view, DAY)


def read_person(view: Mapping[str, Any]) -> str:
    """Who is to have it."""
    return chosen_person(view, PERSON)


def read_proposal(view: Mapping[str, Any]) -> Proposed:
    """What is proposed. RefusedError if the amount can't be read."""
    return Proposed(
        kind=ProposalKind(chosen(view, KIND)),
        amount_minor=typed_amount(typed(view, AMOUNT), read_asked(view)["currency"]),
        reason=ReasonCode(chosen(view, REASON)),
        account=" ".join(typed(view, ACCOUNT).split()),
        effect=Effect(chosen_if_any(view, EFFECT) or Effect.LOSS),
        matches=_lines(typed(view, MATCHES)),
        evidence=_lines(typed(view, EVIDENCE)),
        note=typed(view, NOTE),
    )


def _fields(do: Do, brk: Break, partner: Partner, today: date) -> list[Block]:
    if do is Do.ASSIGN:
        return [person_choice(PERSON, "Who has it from now on", hint="Somebody with the role operator. They are named in the thread.")]
    if do is Do.COMMENT:
        return [
            text_input(TEXT, "Comment", most=TEXT_MOST, multiline=True, optional=True, hint="It stands in the thread and the audit trail."),
            text_input(LINK, "Belongs to it", most=LINK_MOST, optional=True, placeholder="INC-0001, a ticket, the link of a document"),
        ]
    if do is Do.SNOOZE:
        hint = f"A business day of {plain(partner.name, 80)}, {day(today + timedelta(days=MOST_SNOOZED_DAYS))} at the latest."
        return [day_choice(DAY, "Until", initial=partner.calendar.shift(today, 1), hint=hint)]
    if do is Do.PROPOSE:
        return _proposal_fields(brk)
    label, hint = _ASKS[do]
    return [text_input(TEXT, label, most=TEXT_MOST, multiline=True, hint=hint)]


def _proposal_fields(brk: Break) -> list[Block]:
    reasons = [(str(reason), heading(words)) for reason, words in REASON_WORDS.items()]
    try:
        amount = major_text(brk.amount_minor, exponent(brk.currency))
    except KeyError:
        raise RefusedError(
            f"{brk.id} is in {brk.currency}, whose decimals nobody knows.", remedy="Resolve it with a reason instead."
        ) from None
    return [
        choice(KIND, "What", [(str(kind), words) for kind, words in _KINDS], chosen=str(ProposalKind.WRITE_OFF)),
        text_input(AMOUNT, f"Amount in {brk.currency}", most=AMOUNT_MOST, initial=amount),
        choice(REASON, "Reason", reasons),
        text_input(ACCOUNT, "Suspense account", most=ACCOUNT_MOST, optional=True, hint="Needed for a write-off and a correction."),
        choice(EFFECT, "What it does to us", _EFFECTS, optional=True, hint="Needed for a write-off and a correction."),
        text_input(
            MATCHES,
            "Matches",
            most=LIST_MOST,
            multiline=True,
            optional=True,
            hint="For a match by hand, one a line: references, record ids, or amounts.",
        ),
        text_input(
            EVIDENCE,
            "Evidence",
            most=LIST_MOST,
            multiline=True,
            optional=True,
            hint="Links or documents, one a line. Needed for a write-off.",
        ),
        text_input(NOTE, "What a second person should know", most=NOTE_MOST, multiline=True),
        context("Somebody else with the role approver has to agree, within their limit."),
    ]


def _proposal_complaints(view: Mapping[str, Any]) -> dict[str, str]:
    asked, found = read_asked(view), {}
    kind = ProposalKind(chosen(view, KIND))
    try:
        amount_minor = typed_amount(typed(view, AMOUNT), asked["currency"])
    except RefusedError as refused:
        found[AMOUNT] = f"{refused.message} {refused.remedy}"
    else:
        found[AMOUNT] = amount_complaint(
            kind, amount_minor=amount_minor, at_stake_minor=asked["at_stake_minor"], currency=asked["currency"]
        )
    books = kind is not ProposalKind.MANUAL_MATCH
    found[ACCOUNT] = "Name the account it is booked on." if books and not typed(view, ACCOUNT) else ""
    found[EFFECT] = "Say whether we lose or gain it: accounting books it by that." if books and not chosen_if_any(view, EFFECT) else ""
    found[MATCHES] = "Name at least one reference." if not books and not _lines(typed(view, MATCHES)) else ""
    found[EVIDENCE] = "Money is given up only with evidence." if kind is ProposalKind.WRITE_OFF and not typed(view, EVIDENCE) else ""
    return {field: complaint for field, complaint in found.items() if complaint}


def _lines(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
