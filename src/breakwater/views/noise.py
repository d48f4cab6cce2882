"""Known noise: the rules, what they suppress, and what is back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from breakwater.model.breaks import Break
from breakwater.model.noise import NoiseRule
from breakwater.model.runs import BreakFigure, total_of
from breakwater.views import literal
from breakwater.views.blocks import Block, Message, actions, bold, button, code, context, fit, section, word
from breakwater.views.breaks import kind_words
from breakwater.views.words import amounts, day, joined, moment, person, plain_money, plural

END, ADD, SHOW = "noise_end", "noise_add", "noise_show"
RULES_SHOWN = 20
REASON_SHOWN = 300


def noise_rules(
    rules: Sequence[tuple[NoiseRule, BreakFigure, bool]], *, partner_names: Mapping[str, str], partner: str | None = None
) -> Message:
    """What `/recon noise` answers: rules in force with what they suppress now, then those that are over."""
    ordered = sorted(rules, key=lambda r: (not r[2], -r[1].count, r[0].id))
    of = f" of {word(partner_names.get(partner, partner))}" if partner else ""
    in_force = [r for r in ordered if r[2]]
    head = f"*{plural(len(in_force), 'rule')} for known noise{of}*, {_all_told([figure for _, figure, _ in in_force])}"
    rows = [
        block
        for rule, figure, i in ordered[:RULES_SHOWN]
        for block in (
            section(_rule(rule, figure, partner_names, is_in_force=i), accessory=_end(rule) if i else None),
            literal.said(rule.reason, REASON_SHOWN),
        )
    ]
    more = len(ordered) - RULES_SHOWN
    foot = joined((f"{plural(more, 'more rule')} not shown." if more > 0 else "", f"Add one: {code('/recon noise add PARTNER')}"), " ")
    offers = actions(button(SHOW, "What is suppressed", {"words": joined(("suppressed", partner or ""), " ")}))
    return fit(Message(text=head.replace("*", ""), blocks=(section(head), *rows, offers, context(foot))))


def added(rule: NoiseRule, figure: BreakFigure, *, partner_name: str) -> Message:
    """For the channel: somebody has known noise suppressed from now on."""
    head = f"🔇 {bold(partner_name)}: {person(rule.owner_id)} has known noise suppressed through {day(rule.expires_on)}"
    now = f"{_all_told([figure])} so far"
    told = (section(f"{head}\n{code(rule.id)} {described(rule)}, {now}"), literal.said(rule.reason, REASON_SHOWN))
    each = f"up to {plain_money(rule.most_minor, rule.currency)} each"
    twin = f"{word(partner_name)}: {described_kind(rule)}, {each}, is known noise through {day(rule.expires_on)}."
    return Message(text=twin, blocks=(*told, actions(_end(rule)), context("They are counted apart, and are back when the rule ends.")))


def back(rule: NoiseRule, breaks: Sequence[Break], *, partner_name: str) -> Message:
    """For the channel: breaks are no longer suppressed, and why."""
    total = total_of(BreakFigure(count=1, value_minor={b.currency: b.amount_minor}) for b in breaks)
    why = (
        f"{person(rule.ended_by)} ended it {moment(rule.ended_at)}"
        if rule.ended_at
        else f"through {day(rule.expires_on)}, within its limits"
    )
    said = f"{plural(len(breaks), 'break')} worth {amounts(total.value_minor)}"
    text = f"🔔 {bold(partner_name)}: {said} no longer known noise by {code(rule.id)} ({why})"
    twin = f"{word(partner_name)}: {plural(len(breaks), 'break')} no longer known noise by {rule.id}."
    return Message(text=twin, blocks=(section(f"{text}\nThey wait in {code('/recon breaks ' + rule.partner)}."),))


def ended(rule: NoiseRule) -> Message:
    """For the one who ended a rule."""
    text = f"{code(rule.id)} is over. What it suppressed is back in {code('/recon breaks ' + rule.partner)}."
    return Message(text=f"{rule.id} is over.", blocks=(section(text),))


def described(rule: NoiseRule) -> str:
    """'amounts differ, reference like FEE-*, up to EUR 2.00 each'."""
    parts = (
        described_kind(rule),
        f"reference like {code(rule.pattern)}" if rule.pattern else "",
        f"up to {plain_money(rule.most_minor, rule.currency)} each",
    )
    return joined(parts, ", ")


def described_kind(rule: NoiseRule) -> str:
    """'amounts differ', or 'any kind'."""
    return kind_words(rule.kind) if rule.kind else "any kind"


def suppressed_line(figure: BreakFigure, partner_name: str) -> str:
    """How much of a partner's is suppressed, for the digest."""
    return joined((f"• {bold(partner_name)}: {figure.count:,}", amounts(figure.value_minor)), ", ")


def _rule(rule: NoiseRule, figure: BreakFigure, names: Mapping[str, str], *, is_in_force: bool) -> str:
    over = f"ended by {person(rule.ended_by)}, {moment(rule.ended_at)}" if rule.ended_at else f"expired {day(rule.expires_on)}"
    until = f"through {day(rule.expires_on)}" if is_in_force else over
    first = joined((f"{'🔇' if is_in_force else '▫️'} {code(rule.id)} {bold(names.get(rule.partner, rule.partner))}", described(rule)), ": ")
    reach = f"together up to {plain_money(rule.limit_minor, rule.currency)}" if is_in_force else ""
    now = _all_told([figure]) if is_in_force else ""
    return "\n".join((first, joined((now, reach, f"by {person(rule.owner_id)}", until))))


def _all_told(figures: Sequence[BreakFigure]) -> str:
    total = total_of(figures)
    return f"{plural(total.count, 'break')} suppressed, worth {amounts(total.value_minor)}" if total.count else "nothing suppressed"


def _end(rule: NoiseRule) -> Block:
    question = "What it suppresses is back in the lists at once. Your name stands beside it in the audit trail."
    return button(END, "End it", {"rule_id": rule.id}, confirm=question)
