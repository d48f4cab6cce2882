"""App Home: what needs this person, with buttons; and for who has no access, how to get it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from breakwater.model.ageing import AgedBreak
from breakwater.model.files import PartnerFiles
from breakwater.model.home import HomePage
from breakwater.model.masking import mask_cards
from breakwater.model.runs import PartnerReconciliation
from breakwater.views.blocks import (
    HOME_BLOCKS,
    Block,
    actions,
    bold,
    button,
    code,
    context,
    divider,
    header,
    listing,
    section,
    with_our_tokens,
    word,
)
from breakwater.views.break_news import asked_words, proposal_lines, proposal_notes
from breakwater.views.break_offers import move_button, offers_of
from breakwater.views.breaks import break_line, show_card_button
from breakwater.views.digests import incident_line
from breakwater.views.late_files import late_count
from breakwater.views.recon import active_count, active_value, ageing_line, matched_by_count
from breakwater.views.severity import severity_words
from breakwater.views.words import amounts, day, joined, moment, person, plural

SHOW_LIST, SHOW_ALL, SHOW_FILES, REFRESH = "home_list", "home_list_all", "home_files", "home_refresh"
PARTNERS_SHOWN = 12
INCIDENTS_SHOWN = 8
DUES_SHOWN = 12


def home(page: HomePage) -> Block:
    """What one person finds in App Home: what waits for their word, their breaks, then how everything else stands."""
    names = {s.partner_id: s.partner_name for s in page.partners}
    blocks = [*_waiting(page, names), *_mine(page, names), *_partners(page.partners), *_incidents(page, names), *_files(page.files)]
    foot = [actions(button(REFRESH, "Refresh", {})), context(f"As of {moment(page.at)}; it is renewed when you open it or click here.")]
    return {"type": "home", "blocks": [*blocks[: HOME_BLOCKS - len(foot)], *foot]}


def no_access(message: str, remedy: str) -> Block:
    """For somebody who may not see anything here: why, and how to get access."""
    said, todo = with_our_tokens(mask_cards(message)), with_our_tokens(mask_cards(remedy))
    return {"type": "home", "blocks": [header("Breakwater"), section(joined((f"🔒 {said}", todo), "\n"))]}


def _waiting(page: HomePage, names: Mapping[str, str]) -> list[Block]:
    if not page.is_approver:
        return []
    blocks = [header(f"Waiting for your approval: {page.waiting_count:,}")]
    for one in page.waiting:
        notes = proposal_notes(one.brk.proposal) if one.brk.proposal else []
        blocks += [section(_proposed(one, names)), *notes, actions(*_decisions(one))]
    more = page.waiting_count - len(page.waiting)
    cut = f"{plural(more, 'more proposal')} not shown: these have waited longest." if more > 0 else ""
    beyond = f"{plural(page.out_of_reach, 'proposal')} above your limit." if page.out_of_reach else ""
    nothing = "" if page.waiting_count else "Nothing waits for you."
    return [*blocks, *([context(small)] if (small := joined((nothing, cut, beyond), " ")) else []), divider()]


def _proposed(one: AgedBreak, names: Mapping[str, str]) -> str:
    proposal = one.brk.proposal
    what = f"{person(proposal.asked_by)} {asked_words(proposal)}, {moment(proposal.asked_at)}" if proposal else ""
    return "\n".join(line for line in (_line(one, names), what, proposal_lines(proposal) if proposal else "") if line)


def _decisions(one: AgedBreak) -> tuple[Block, ...]:
    approve_and_decline, _ = offers_of(one.brk)
    return (*(move_button(do, one.brk) for do in approve_and_decline), show_card_button(one.brk))


def _mine(page: HomePage, names: Mapping[str, str]) -> list[Block]:
    blocks = [header(f"My breaks: {page.mine_count:,}")]
    blocks += [section(_line(one, names), accessory=show_card_button(one.brk)) for one in page.mine]
    more = page.mine_count - len(page.mine)
    if more > 0:
        blocks.append(context(f"{plural(more, 'more break')} of yours not shown: these are the largest."))
    if not page.mine:
        blocks.append(context(f"You have none. Take one from {code('/recon breaks')}."))
    lists = [button(SHOW_LIST, "All of mine", {"words": "mine"})] if page.mine else []
    return [*blocks, actions(*lists, button(SHOW_ALL, "All breaks", {"words": ""})), divider()]


def _line(one: AgedBreak, names: Mapping[str, str]) -> str:
    return f"{break_line(one.brk, names, asleep_until=one.asleep_until)} · {severity_words(one)}"


def _partners(states: Sequence[PartnerReconciliation]) -> list[Block]:
    ordered = sorted(states, key=lambda s: (not s.late_files, -active_count(s), s.partner_name))
    blocks = [header("Partners")]
    blocks += [section(_standing(s), accessory=_breaks_of(s) if active_count(s) else None) for s in ordered[:PARTNERS_SHOWN]]
    hidden = len(ordered) - PARTNERS_SHOWN
    return [
        *blocks,
        *([context(f"{plural(hidden, 'more partner')} not shown: {code('/recon')} has all.")] if hidden > 0 else []),
        divider(),
    ]


def _standing(state: PartnerReconciliation) -> str:
    count = active_count(state)
    is_new = state.run is None and not state.is_former
    sign = "🔴" if state.late_files else "🟠" if count else "⚪" if is_new else "🟢"
    worth = f"{plural(count, 'break')} worth {amounts(active_value(state))}" if count else "no breaks"
    matched = matched_by_count([state.run]) if state.run else "not reconciled yet" if is_new else ""
    return "\n".join(
        line
        for line in (f"{sign} {bold(state.partner_name)}: {worth}", joined((matched, ageing_line(state), late_count(state.late_files))))
        if line
    )


def _breaks_of(state: PartnerReconciliation) -> Block:
    return button(SHOW_LIST, "Breaks", {"words": state.partner_id})


def _incidents(page: HomePage, names: Mapping[str, str]) -> list[Block]:
    lines = [incident_line(i, names.get(i.partner, i.partner)) for i in page.incidents]
    shown = listing(lines, most=INCIDENTS_SHOWN, rest=code("/incident list"), limit=2_500) if lines else "No open incident."
    return [header("Open incidents"), section(shown), divider()]


def _files(partners: Sequence[PartnerFiles]) -> list[Block]:
    """Late and missing files first, then what is due next, the soonest first."""
    overdue = [(due, p, sign) for p in partners for sign, dues in (("⛔", p.missing), ("⏰", p.late)) for due in dues]
    coming = [(due, p, "") for p in partners for due in p.next_due]
    lines = []
    for due, p, sign in sorted(overdue, key=lambda d: d[0].due_at) + sorted(coming, key=lambda d: d[0].due_at):
        said = f"{word(due.stream)} of {day(due.business_date)}, {'was due' if sign else 'due'} {moment(due.due_at)}"
        lines.append(joined((sign, f"{bold(p.partner_name)} {said}"), " "))
    shown = listing(lines, most=DUES_SHOWN, rest=code("/recon files"), limit=2_500) if lines else "No file is expected."
    return [header("Files due next"), section(shown), actions(button(SHOW_FILES, "All files", {}))]
