"""Causes as people meet them: one sentence for many breaks, what shows it, what would confirm it, and one card to take them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from breakwater.model.breaks import Break, BreakState
from breakwater.model.causes import Cause, CauseKind, CauseState
from breakwater.model.findings import Finding
from breakwater.views.blocks import Block, Message, actions, button, code, context, fit, listing, section, word
from breakwater.views.breaks import STATE_WORDS, break_words
from breakwater.views.cause_evidence import evidence_line, held_at
from breakwater.views.modals import modal, person_choice
from breakwater.views.words import amounts, day, heading, joined, moment, money, person, plain_money, plural

ACKNOWLEDGE, TAKE, ASSIGN = "cause_acknowledge", "cause_take", "cause_assign"
INCIDENT, BREAKS, CSV, SHOW_CARD = "cause_incident", "cause_breaks", "cause_csv", "cause_show_card"
ASSIGN_FORM = "cause_assign_form"
PERSON = "person"
BREAKS_SHOWN = 15
Ref = Callable[[str], str]  # how a reference is marked: in code type, or not at all
_CENT = 100  # basis points are hundredths of a per cent


def sentence(cause: Cause, *, partner_name: str, ref: Ref = code) -> str:
    """What happened, in half a sentence: 'the Alipay settlement of 19 Nov 2026 did not arrive'. `ref` is how references are marked."""
    return _SENTENCES[cause.kind](cause, word(_asked(cause, partner_name)), ref)


def in_full(cause: Cause, *, partner_name: str) -> str:
    """'412 breaks, EUR 18,204.11, are one cause: …', for a headline; money in bold."""
    return _counted(cause, amounts(cause.value_minor)) + sentence(cause, partner_name=partner_name)


def in_plain(cause: Cause, *, partner_name: str) -> str:
    """The same without marks, for notifications."""
    return _counted(cause, amounts(cause.value_minor, strong=False)) + sentence(cause, partner_name=partner_name, ref=word)


def cause_line(cause: Cause, *, partner_name: str) -> str:
    """A cause in one line of a list."""
    taken = f"{person(cause.owner_id)} has it" if cause.owner_id else "nobody has it"
    trouble = f", {code(cause.incident_id)}" if cause.incident_id else ""
    return f"{_sign(cause)} {in_full(cause, partner_name=partner_name)} _({taken}{trouble})_"


def cause_card(cause: Cause, *, partner_name: str, finding: Finding | None = None) -> Message:
    """One cause: what it is, what shows it, what would confirm it, who has it, and what can be done with all its breaks at once.

    `finding` is the one that tells of the same.
    """
    if not cause.active:
        said, twin = (
            f"{head}: {sentence(cause, partner_name=partner_name, ref=ref)}. No break is under it any more."
            for head, ref in (("✅ *Over*", code), ("✅ Over", word))
        )
        closed = joined((code(cause.id), word(partner_name), f"since {moment(cause.over_at)}" if cause.over_at else ""))
        return fit(Message(text=twin, blocks=(section(said), context(closed))))
    head = f"{_sign(cause)} {in_full(cause, partner_name=partner_name)}"
    asked = word(_asked(cause, partner_name))
    body = "\n".join(
        line
        for line in (
            evidence_line(cause, partner=asked),
            f"*Told as well:* {code(finding.id)} {word(finding.summary, 200)}" if finding else "",
            f"*Confirms it:* {_CONFIRMS[cause.kind].format(partner=asked)}",
        )
        if line
    )
    small = joined((code(cause.id), word(partner_name), f"{cause.confidence} % sure", f"found {moment(cause.found_at)}"))
    blocks = (section(head), section(body), section(_standing(cause)), actions(*_offers(cause)), context(small))
    return fit(Message(text=f"{in_plain(cause, partner_name=partner_name)}. {_plain_standing(cause)}", blocks=blocks))


def followed(*, by: str, did: str, count: int, left: Mapping[BreakState, int]) -> Message:
    """News for the cause's thread: who did what, how many breaks followed, and which could not. `left` counts them by their state."""
    stay = joined((f"{n:,} {STATE_WORDS[state]}" for state, n in left.items()), ", ")
    rest = f" {plural(sum(left.values()), 'break')} could not follow, nothing was changed there: {stay}." if left else ""
    text = f"{person(by)} {did}. {plural(count, 'break')} followed.{rest}"
    return Message(text=text, blocks=(section(text),))


def card_shown(cause: Cause, *, channel: str) -> Message:
    """For the one who asked for the card: where it is."""
    text = f"The card of {word(cause.id)} is in <#{channel}>."
    return Message(text=text, blocks=(section(text),))


def breaks_under(cause: Cause, breaks: Sequence[Break], *, total: int, partner_name: str) -> Message:
    """The largest breaks under a cause, and all of them as CSV."""
    lines = [_row(brk) for brk in breaks[:BREAKS_SHOWN]]
    lines += [f"_… and {total - len(lines):,} more_"] if total > len(lines) else []
    head = f"*{plural(total, 'break')}* under {code(cause.id)}: {sentence(cause, partner_name=partner_name)}"
    blocks = (
        section(head),
        section(listing(lines, most=BREAKS_SHOWN + 1, rest="")),
        actions(button(CSV, "All as CSV", {"cause_id": cause.id})),
    )
    return fit(Message(text=f"{plural(total, 'break')} under {word(cause.id)}.", blocks=blocks))


def csv_sent(count: int, *, cause: Cause) -> Message:
    """For the one who asked for the file."""
    text = f"{plural(count, 'break')} under {word(cause.id)} as CSV: in your direct messages with me."
    return Message(text=text, blocks=(section(text),))


def assign_form(cause: Cause, *, channel: str, partner_name: str) -> Block:
    """To whom the cause and every break under it go."""
    blocks = [
        section(f"{in_full(cause, partner_name=partner_name)}."),
        person_choice(PERSON, "Give it to", hint="They become the owner of the cause and of every break under it."),
    ]
    asked = {"cause_id": cause.id, "revision": cause.revision, "channel": channel}
    return modal(ASSIGN_FORM, title="Assign a cause", blocks=blocks, submit="Assign", metadata=asked)


def incident_words(cause: Cause, *, partner_name: str) -> tuple[str, str]:
    """What the form of an incident begins with: a title that the partner may see, so without figures of ours, and what we know."""
    shown = evidence_line(cause, partner=word(_asked(cause, partner_name))).replace("*", "").replace("`", "")
    title = (
        f"Payouts of {cause.ends[0]} that we can't reconcile"
        if cause.ends
        else heading(sentence(cause, partner_name=partner_name, ref=str))
    )
    return title, f"{in_plain(cause, partner_name=partner_name)}. {shown}".strip()


def _counted(cause: Cause, worth: str) -> str:
    verb = "is" if cause.count == 1 else "are"
    return f"{plural(cause.count, 'break')}, {worth}, {verb} one cause: "


def _sign(cause: Cause) -> str:
    return "🟠" if cause.state is CauseState.OPEN else "🟡"


def _standing(cause: Cause) -> str:
    if cause.state is CauseState.ACKNOWLEDGED:
        by = f"*Acknowledged* by {person(cause.acknowledged_by)}" + (f", {moment(cause.acknowledged_at)}" if cause.acknowledged_at else "")
        owner = f"owner {person(cause.owner_id)}" if cause.owner_id != cause.acknowledged_by else ""
    else:
        by, owner = "Open", f"given to {person(cause.owner_id)}" if cause.owner_id else "nobody on it yet"
    return joined((by, owner, f"incident {code(cause.incident_id)}" if cause.incident_id else ""), ", ")


def _plain_standing(cause: Cause) -> str:
    return f"Acknowledged by {person(cause.acknowledged_by)}." if cause.state is CauseState.ACKNOWLEDGED else "Nobody on it yet."


def _offers(cause: Cause) -> list[Block]:
    value = {"cause_id": cause.id, "revision": cause.revision}
    first = [button(ACKNOWLEDGE, "Acknowledge all", value, style="primary")] if cause.state is CauseState.OPEN else []
    escalate = [] if cause.incident_id else [button(INCIDENT, "Open incident", value)]
    return [
        *first,
        button(TAKE, "Assign to me", value),
        button(ASSIGN, "Assign…", value),
        *escalate,
        button(BREAKS, "Show breaks", value),
    ]


def _row(brk: Break) -> str:
    reference = code(brk.references[0], 40) if brk.references else ""
    what = joined((heading(break_words(brk)), reference, day(brk.dated), STATE_WORDS[brk.state]))
    return f"{money(brk.amount_minor, brk.currency)} · {code(brk.id)} · {what}"


def _asked(cause: Cause, partner_name: str) -> str:
    """Who did it and can say why: in a leg the bank where payouts arrive, or the provider whose report is missing."""
    is_providers = cause.kind is CauseKind.FILE_MISSING and cause.scope["side"] == "ours"
    return cause.ends[0 if is_providers else 1] if cause.ends else partner_name


def _day(text: str) -> str:
    return day(date.fromisoformat(text))


def _file_missing(cause: Cause, partner: str, _: Ref) -> str:
    about, ours = cause.scope["date"], cause.scope["side"] == "ours"
    if ours and not cause.ends:
        return f"our own records of {_day(about)} did not arrive"
    whose = word(cause.ends[0 if ours else 1]) if cause.ends else partner
    stream = word(cause.evidence.get("stream", "report" if ours else "file"))
    of = cause.evidence.get("file_date", about)
    held = f", where what is dated {_day(about)} would stand" if of != about else ""
    return f"the {whose} {stream} of {_day(of)} " + ("was refused" if cause.evidence.get("why") == "refused" else "did not arrive") + held


def _batch(cause: Cause, ref: Ref) -> str:
    if batch := cause.scope.get("batch"):
        return f"batch {ref(batch)}"
    return f"the batch of {_day(cause.scope['date'])} of {ref(cause.scope['account'])}"


def _fees(cause: Cause, partner: str, _: Ref) -> str:
    e, currency = cause.evidence, cause.scope["currency"]
    now = _schedule(e["basis_points"], e["fixed_minor"], currency)
    before = f" instead of {_schedule(e['agreed_basis_points'], e['agreed_fixed_minor'], currency)}" if "agreed_basis_points" in e else ""
    return f"{partner} charges other fees on {word(cause.scope['kind'])}s in {word(currency)} since {_day(e['first'])}: {now}{before}"


def _schedule(basis_points: str, fixed_minor: str, currency: str) -> str:
    return f"{basis_points} basis points + {plain_money(int(fixed_minor), currency)}"


def _rate(cause: Cause, partner: str, _: Ref) -> str:
    pair = f"{word(cause.scope['sold'])}/{word(cause.scope['bought'])}"
    if cause.evidence["by_day"] == "yes":
        return f"{partner} converts {pair} each day at a rate of its own: another source, or another day's rate"
    ppm = int(cause.evidence["off_ppm"])
    off = f"{_basis_points(abs(ppm))} {'below' if ppm < 0 else 'above'}" if ppm else "less than 0.01 basis points off"
    return f"{partner} converts {pair} {off} the agreed rate"


def _basis_points(ppm: int) -> str:
    """Whole ones, rounded down; below one in hundredths, which are millionths."""
    return plural(ppm // _CENT, "basis point") if ppm >= _CENT else f"0.{ppm:02} basis points"


def _cut_off(cause: Cause, partner: str, _: Ref) -> str:
    lag = abs(int(cause.evidence["lag"]))
    hours = (
        f" booked from {word(cause.evidence['from_hour'])}:00 to {word(cause.evidence['to_hour'])}:00"
        if "from_hour" in cause.evidence
        else ""
    )
    apart = f"{plural(lag, 'business day')} {word(cause.scope['direction'])}"
    what = f"what {word(cause.ends[0])} pays out" if cause.ends else "what we have"
    return f"{partner} books {what}{hours} about {apart}: another cut-off, or another time zone"


def _sign_flipped(cause: Cause, partner: str, _: Ref) -> str:
    if cause.evidence.get("swapped") == "yes":
        return f"nearly everything has the other sign {held_at(cause, 'theirs', partner)}: our side and theirs look swapped"
    kinds = joined((f"{word(kind)}s" for kind in cause.evidence["kinds"].split()), ", ")
    return f"{kinds} have the other sign {held_at(cause, 'theirs', partner)}"


def _scaled(cause: Cause, partner: str, _: Ref) -> str:
    larger = held_at(cause, cause.scope["larger"], partner)
    currency = word(cause.scope["currency"])
    return f"amounts in {currency} are {word(cause.scope['factor'])} times as large {larger}: decimals were read wrongly"


def _reference(cause: Cause, partner: str, _: Ref) -> str:
    column = word(cause.scope["column"].removeprefix("ref_").replace("_", " "))
    side = held_at(cause, "ours" if cause.scope["shorter"] == "ours" else "theirs", partner)
    how, *kept = cause.evidence["detail"].split(" ", 1)
    return f"references ({column}) are " + (
        f"cut to the {word(how)} {word(kept[0])} characters {side}" if kept else f"written differently {side}"
    )


def _account(cause: Cause, partner: str, ref: Ref) -> str:
    return f"what we book on {ref(cause.scope['ours'])} is on {ref(cause.scope['theirs'])} at {partner}"


def _place(cause: Cause, name: str, called: str, ref: Ref) -> str:
    return f"{called} {ref(cause.scope[name])} breaks many times as often as the others"


_SENTENCES: Mapping[CauseKind, Callable[[Cause, str, Ref], str]] = {
    CauseKind.FILE_MISSING: _file_missing,
    CauseKind.BATCH_MISSING: lambda c, partner, ref: f"{_batch(c, ref)} is missing {held_at(c, c.scope['side'], partner)}",
    CauseKind.FILE_TWICE: lambda c, partner, ref: (
        f"a whole file (sha256 {ref(c.scope['source_file'][:12])}) was booked twice {held_at(c, c.scope['side'], partner)}"
    ),
    CauseKind.BATCH_TWICE: lambda c, partner, ref: f"{_batch(c, ref)} was booked twice {held_at(c, c.scope['side'], partner)}",
    CauseKind.FEE_SCHEDULE: _fees,
    CauseKind.FX_RATE: _rate,
    CauseKind.CUT_OFF: _cut_off,
    CauseKind.SIGN_FLIPPED: _sign_flipped,
    CauseKind.AMOUNT_SCALED: _scaled,
    CauseKind.REFERENCE_CHANGED: _reference,
    CauseKind.ACCOUNT_MAPPED: _account,
    CauseKind.KIND_MISSING: lambda c, partner, _: f"nearly all {word(c.scope['kind'])}s are missing {held_at(c, c.scope['side'], partner)}",
    CauseKind.ONE_MERCHANT: lambda c, _, ref: _place(c, "account", "the account", ref),
    CauseKind.ONE_BIN: lambda c, _, ref: _place(c, "bin", "the acquirer BIN", ref),
}

# What would confirm it.
_CONFIRMS: Mapping[CauseKind, str] = {
    CauseKind.FILE_MISSING: "the file arrives, and these breaks close by themselves. Ask {partner} for it.",
    CauseKind.BATCH_MISSING: "the batch arrives, in a later file or a corrected one. Ask {partner} in which file it was.",
    CauseKind.FILE_TWICE: "both files hold the same lines. Compare them, and discard the second.",
    CauseKind.BATCH_TWICE: "the batch stands twice in the files. Ask {partner} which one is paid.",
    CauseKind.FEE_SCHEDULE: "{partner} names this schedule and since when it holds. Then change [[fees]] of the agreement.",
    CauseKind.FX_RATE: "{partner} names the source and time of its rates. Then change [fx] of the agreement, or claim the difference.",
    CauseKind.CUT_OFF: "{partner} names its cut-off and time zone. Then change [window], or the time zone of the source.",
    CauseKind.SIGN_FLIPPED: "one line of the file beside one of ours shows which side has it wrong. Look at how its amounts are read.",
    CauseKind.AMOUNT_SCALED: "one line of the file shows how many decimals it means. Look at how its amounts are read.",
    CauseKind.REFERENCE_CHANGED: "the reference as we sent it stands in {partner}'s own system. A similar pass finds such pairs.",
    CauseKind.ACCOUNT_MAPPED: "{partner} names the account of one of these. Correct the mapping on the side that has it wrong.",
    CauseKind.KIND_MISSING: "{partner} says where it reports them: another file, or not at all.",
    CauseKind.ONE_MERCHANT: "the merchant's set-up at {partner} was changed. Ask since when.",
    CauseKind.ONE_BIN: "{partner} says what is different for this BIN range.",
}
