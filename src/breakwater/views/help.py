"""Help, and answers to a command that can't be done: what was wrong, and an example that works."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from breakwater.model.masking import mask_cards
from breakwater.views.blocks import Block, Message, code, context, section, with_our_tokens, word
from breakwater.views.severity import SEVERITY_SIGN
from breakwater.views.shortcuts import ADD, FIND
from breakwater.views.words import joined, person

# command: what it is for, then each way to call it with an example.
HELP: Mapping[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "/payment": (
        "Where a payment is, who holds the money, and the evidence of both sides.",
        (
            ("/payment pay_8F2K1", "by our payment id"),
            ("/payment E2E-2026-11-04-17", "or by any reference: EndToEndId, UETR, TxId, ARN, RRN, batch, payout, the partner's own"),
            ("/payment 123.45 EUR 2026-11-20 nordbank", "or by amount, currency and day; the partner may be left out"),
            ("/payment 411111…1111 123.45 EUR 2026-11-20", "with a masked card; a full card number is refused and never stored"),
            ("/payment watching", "what you watch: I write to you when one of them moves"),
            ("Find payment", "in the menu of any message: the payments whose references it names"),
        ),
    ),
    "/recon": (
        "What is reconciled, what is not, since when, and worth how much.",
        (
            ("/recon", "all partners"),
            ("/recon nordbank", "one partner: causes, how it stands, both sides; below it trend, yesterday, SQL and CSV"),
            ("/recon nordbank 2026-11-20", "as it was on that day"),
            ("/recon runs nordbank", "its last runs: what came in, what opened and closed, matches that changed"),
            ("/recon rerun nordbank 2026-11-20", "that day once more with what is known now, and what differs"),
            ("/recon opening nordbank", "what is unmatched from before it went live"),
            ("/recon files nordbank", "its files: due next, late, missing, refused, and what came last"),
            ("/recon breaks nordbank", "its breaks, the largest first"),
            (
                "/recon breaks 5d >100 mine",
                "mine, 5 business days or older, from 100 up; also a kind as cards say it, EUR, oldest, suppressed, overtaken",
            ),
            ("/recon B-4K7QZC2MHX5A", "one break by its number, and where its card is; `/payment` takes the number, too"),
            ("/recon journal 2026-10", "what was approved to be booked in that month, as CSV for accounting"),
            ("/recon signoff nordbank 2026-10", "the month's figures: prepare them, and have them signed by a second person"),
            ("/recon noise", "rules for known noise, and what they suppress; also a partner, `add PARTNER`, `end RULE`"),
        ),
    ),
    "/anomalies": (
        "What looks wrong right now: late files, volumes, approval rates, and what each is worth.",
        (
            ("/anomalies", "all partners"),
            ("/anomalies nordbank", "one partner"),
            (
                "/anomalies backtest nordbank 30d",
                "what would have been told (45 days at most), and what a stricter or looser budget would change",
            ),
            ("/anomalies subscribe", "a digest for this channel or for you: when, about what, from which amount up"),
            ("/anomalies subscriptions", "the digests there are, with buttons to end them"),
            ("/anomalies feedback", "what your answers taught, with buttons to take it back"),
        ),
    ),
    "/incident": (
        "A partner incident in two threads, ours and the partner's.",
        (
            ("/incident open nordbank", "open one; you see a preview before the partner sees anything"),
            ("/incident open", "the same, choosing the partner in the form"),
            ("/incident list", "the open ones"),
            ("/incident resolve INC-0007", "close one in both threads, after a preview; without a number the only one that is open"),
            ("Add to break or incident", "in the menu of any message: keeps it beside a break or in an incident's timeline, with a link"),
        ),
    ),
}
# command: what Slack shows while it is typed.
USAGE: Mapping[str, str] = {
    "/payment": "REFERENCE, or AMOUNT CURRENCY DATE [partner], or watching",
    "/recon": "[partner] [date], breaks [partner] [kind] [5d] [>100] [mine], files [partner], runs PARTNER, rerun PARTNER [date], "
    "opening PARTNER, noise, journal MONTH, or signoff PARTNER MONTH",
    "/anomalies": "[partner], subscribe, subscriptions, backtest PARTNER 30d, or feedback",
    "/incident": "open PARTNER, list, or resolve INC-0001",
}
# What stands in the menu of each message: callback, name, what it is for.
SHORTCUTS: tuple[tuple[str, str, str], ...] = (
    (FIND, "Find payment", "Where are the payments that this message names"),
    (ADD, "Add to break or incident", "Keep this message beside a break or in an incident's timeline"),
)


# What circles and squares mean, the same on every card and list.
SIGNS: tuple[tuple[str, str], ...] = (
    ("🔴", "needs somebody now"),
    ("🟠", "open, to be worked"),
    ("🟡", "somebody has it, or it is still in time"),
    ("🟢", "as it should be"),
    ("⚪", "not known, or given up"),
)


def signs() -> Block:
    """Small print: what the signs before lines mean."""
    severities = joined(f"{sign} {severity}" for severity, sign in SEVERITY_SIGN.items())
    return context(
        joined(f"{sign} {meaning}" for sign, meaning in SIGNS), f"How badly a break needs somebody, by materiality and age: {severities}"
    )


def command_help(command: str) -> Message:
    """What a command does, with an example of each way to call it."""
    about, examples = HELP[command]
    lines = "\n".join(f"{code(example)} {meaning}" for example, meaning in examples)
    twin = f"{command}: {about} For example: {'; '.join(f'{example} ({meaning})' for example, meaning in examples)}."
    return Message(text=twin, blocks=(section(f"*{command}* {about}\n{lines}"), signs()))


def wrong_argument(command: str, problem: str, example: str) -> Message:
    """A call that makes no sense, explained with one that does."""
    said = word(mask_cards(problem), 300)
    return Message(
        text=f"{said} For example: {word(example)}. More: {word(command)} help.",
        blocks=(section(f"{said}\nFor example {code(example)}, and more with {code(command + ' help')}."),),
    )


def problem(message: str, remedy: str = "") -> Message:
    """Something went wrong: what, and what to do next. For one person's eyes."""
    said, todo = with_our_tokens(mask_cards(message)), with_our_tokens(mask_cards(remedy))
    return Message(text=joined((said, todo), " "), blocks=(section(joined((f"⚠️ {said}", todo), "\n")),))


def no_access(*, needed_role: str, what: str, administrators: Sequence[str] = ()) -> Message:
    """A person may not do this: which role can, and whom to ask. `administrators` are Slack user ids."""
    ask = f"Ask {', '.join(person(a) for a in administrators[:3])}" if administrators else "Ask an administrator of Breakwater"
    said = f"You need the role {word(needed_role)} to {word(what, 150)}."
    todo = f"{ask} to add you to that role's user group."
    return Message(text=f"{said} {todo}", blocks=(section(f"🔒 {said}\n{todo}"),))
