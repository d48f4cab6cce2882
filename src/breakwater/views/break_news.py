"""News in a break's thread: who did what, in a sentence, with what they wrote."""

from __future__ import annotations

from collections.abc import Sequence

from breakwater.model.breaks import Break, Move
from breakwater.model.proposals import Effect, Proposal, ProposalKind, ReasonCode, Tied, gap_minor
from breakwater.model.reversals import MATCHED, WITHDRAWN
from breakwater.views import literal
from breakwater.views.blocks import Block, Message, code, cut, plain, section
from breakwater.views.words import day, joined, person, plain_money

SAID_SHOWN = 2_000
NOTE_SHOWN = 600
EVIDENCE_SHOWN = 10
RECORDS_SHOWN = 6
TWIN_SHOWN = 300

PROPOSAL_WORDS = {
    ProposalKind.CORRECTION: "a correction",
    ProposalKind.WRITE_OFF: "a write-off",
    ProposalKind.MANUAL_MATCH: "a match by hand",
}
EFFECT_WORDS = {Effect.LOSS: "debited: we lose it", Effect.GAIN: "credited: we gain it"}
REASON_WORDS = {
    ReasonCode.BANK_CHARGE: "bank charge",
    ReasonCode.FX_DIFFERENCE: "exchange difference",
    ReasonCode.ROUNDING: "rounding",
    ReasonCode.FEE_DISPUTE: "fee dispute lost",
    ReasonCode.DUPLICATE: "booked twice",
    ReasonCode.FRAUD_LOSS: "fraud loss",
    ReasonCode.BOOKING_ERROR: "booking error",
    ReasonCode.BELOW_COST: "below the cost of asking",
    ReasonCode.OTHER: "other",
}


def news(move: Move, brk: Break, *, was: Break, said: str = "") -> Message | None:
    """What the thread is told of a move; None where the card says it all."""
    sentence = _sentence(move, brk, was=was)
    if not sentence:
        return None
    proposal = brk.proposal if move is Move.PROPOSE else None
    head = joined((sentence, proposal_lines(proposal) if proposal else ""), "\n")
    typed = [*(proposal_notes(proposal) if proposal else []), *([literal.said(said, SAID_SHOWN)] if said else [])]
    twin = joined((sentence.replace("*", ""), plain(said, TWIN_SHOWN).replace("&", "&amp;") if said else ""), " ")
    return Message(text=cut(twin, TWIN_SHOWN * 2), blocks=(section(head), *typed))


def proposal_words(proposal: Proposal) -> str:
    """'a write-off of EUR 12.50 (bank charge)'."""
    of = "" if proposal.kind is ProposalKind.MANUAL_MATCH else f" of {plain_money(proposal.amount_minor, proposal.currency)}"
    return f"{PROPOSAL_WORDS[proposal.kind]}{of} ({REASON_WORDS[proposal.reason]})"


def overtaken_words(booking: Proposal | None) -> str:
    """How a later run explains the records of what was booked."""
    why = booking.overtaken if booking else ""
    known = {MATCHED: "a later run matches its records", WITHDRAWN: "no file has its records any more"}
    return known.get(why, f"a later run sees its records in {code(why)}")


def asked_words(proposal: Proposal) -> str:
    """What waits for a second person: 'proposed a write-off of EUR 12.50 (bank charge)'."""
    return f"proposed to reverse {proposal_words(proposal)}" if proposal.reversal else f"proposed {proposal_words(proposal)}"


def proposal_lines(proposal: Proposal) -> str:
    """What a second person has to see beside the notes: the account, what is matched, the evidence."""
    shown = " ".join(code(entry, 120) for entry in proposal.evidence[:EVIDENCE_SHOWN])
    more = len(proposal.evidence) - EVIDENCE_SHOWN
    matches = " ".join(code(entry, 60) for entry in proposal.matches[:EVIDENCE_SHOWN])
    lines = (
        *_tied(proposal),
        f"Account {code(proposal.account, 40)}, {EFFECT_WORDS[proposal.effect]}" if proposal.account else "",
        f"Matches {matches}" if matches else "",
        f"Evidence {shown}{f' and {more:,} more' if more > 0 else ''}" if shown else "",
    )
    return "\n".join(line for line in lines if line)


def proposal_notes(proposal: Proposal) -> list[Block]:
    """What the proposer wrote for a second person, and who wants it taken back, as they typed it."""
    note = [literal.said(proposal.note, NOTE_SHOWN)] if proposal.note else []
    if not proposal.reversal:
        return note
    return [*note, section(f"To be reversed, says {person(proposal.reversal.by)}:"), literal.said(proposal.reversal.note, NOTE_SHOWN)]


def _tied(proposal: Proposal) -> list[str]:
    """The records of a match by hand, side by side, and what they leave open."""
    if not proposal.ours:
        return []
    sides = [f"{name} {_records(tied)}" for name, tied in (("Ours", proposal.ours), ("Theirs", proposal.theirs))]
    gap = gap_minor(proposal.ours, proposal.theirs)
    left = " + ".join(plain_money(abs(minor), currency) for currency, minor in gap.items())
    return [*sides, f"They differ by {left}" if left else "They agree to the cent"]


def _records(tied: Sequence[Tied]) -> str:
    shown = " + ".join(f"{code(t.record_id, 60)} {plain_money(t.amount_minor, t.currency)}" for t in tied[:RECORDS_SHOWN])
    more = len(tied) - RECORDS_SHOWN
    return shown + (f" and {more:,} more" if more > 0 else "")


def _sentence(move: Move, brk: Break, *, was: Break) -> str:
    who = person(brk.touched_by)
    if move is Move.ASSIGN:
        return f"{who} took this." if brk.owner_id == brk.touched_by else f"{who} gave this to {person(brk.owner_id)}."
    if move is Move.SNOOZE and brk.snoozed_until:
        return f"{who} lets this sleep until {day(brk.snoozed_until)}."
    if move is Move.PROPOSE and brk.proposal:
        return f"{who} proposes {proposal_words(brk.proposal)}. A second person approves or declines it on the card."
    if move is Move.APPROVE and brk.proposal:
        return f"{who} approved {proposal_words(brk.proposal)}, proposed by {person(brk.proposal.by)}."
    if move is Move.DECLINE and was.proposal:
        return f"{who} declined {proposal_words(was.proposal)}, proposed by {person(was.proposal.by)}:"
    if move in _ABOUT_A_BOOKING and brk.proposal:
        return _ABOUT_A_BOOKING[move].format(who=who, what=proposal_words(brk.proposal))
    return _PLAIN_SENTENCES.get(move, "").format(who=who)


_ABOUT_A_BOOKING = {
    Move.KEEP_BOOKING: "{who} says that {what} stands:",
    Move.PROPOSE_REVERSAL: "{who} proposes to reverse {what}. A second person approves or declines it on the card.",
    Move.APPROVE_REVERSAL: "{who} approved: {what} is reversed, and the journal has the lines that take it back.",
    Move.DECLINE_REVERSAL: "{who} declined to reverse {what}:",
}


_PLAIN_SENTENCES = {
    Move.COMMENT: "{who}:",
    Move.LINK: "{who} linked:",
    Move.ASK_PARTNER: "{who} asked the partner:",
    Move.ASK_US: "{who} asks our own side:",
    Move.RESOLVE: "{who} resolved this:",
    Move.REOPEN: "{who} opened this again:",
}
