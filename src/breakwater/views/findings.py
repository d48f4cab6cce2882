"""Findings: what looks wrong, where, since when, against what, worth how much, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from breakwater.model.findings import Contribution, Finding, FindingKind, FindingState, is_deeper
from breakwater.views.blocks import Block, Message, button, chart_place, code, context, fit, listing, section, word
from breakwater.views.figures import Chart, Panel
from breakwater.views.finding_answers import answered, buttons
from breakwater.views.words import channel as channel_link
from breakwater.views.words import joined, link, moment, money, number, plain_money, plural

SHOW_CARD = "finding_show_card"
IN_FULL = 5
IN_SHORT = 8
SENTENCE = 300
BLIND_SHOWN = 5

WHAT = {
    FindingKind.FILE_LATE: "File late",
    FindingKind.FILE_MISSING: "File missing",
    FindingKind.FILE_DUPLICATE: "File delivered twice",
    FindingKind.FILE_TRUNCATED: "File cut off",
    FindingKind.FILE_GAP: "Number missing",
    FindingKind.FILE_CHANGED: "File not like those before",
    FindingKind.VOLUME_DROP: "Volume down",
    FindingKind.VOLUME_SPIKE: "Volume up",
    FindingKind.APPROVAL_DROP: "Approvals down",
    FindingKind.TICKET_UP: "Average payment up",
    FindingKind.TICKET_DOWN: "Average payment down",
    FindingKind.STATE_BELOW: "Below its threshold",
    FindingKind.DECLINE_REASONS: "Declines by reason up",
    FindingKind.REFUNDS_UP: "Refunds up",
    FindingKind.CHARGEBACKS_UP: "Chargebacks up",
    FindingKind.FEE_DRIFT: "Fees changed",
    FindingKind.RATE_DRIFT: "Exchange rate changed",
    FindingKind.SETTLEMENT_SLOW: "Settlement slower",
    FindingKind.BREAK_RATE_UP: "More in breaks",
}
FILE_KINDS = frozenset({FindingKind.FILE_LATE, FindingKind.FILE_MISSING})
_SIGNS = {
    FindingKind.FILE_LATE: "⏰",
    FindingKind.FILE_MISSING: "⏰",
    FindingKind.FILE_DUPLICATE: "♻️",
    FindingKind.FILE_TRUNCATED: "✂️",
    FindingKind.FILE_CHANGED: "🧩",
}
_CHART_TITLES = {
    FindingKind.APPROVAL_DROP: "Approved, per cent per hour",
    FindingKind.TICKET_UP: "Average payment, per cent of the usual",
    FindingKind.TICKET_DOWN: "Average payment, per cent of the usual",
    FindingKind.DECLINE_REASONS: "Declined for this reason, per cent of the attempts per hour",
    FindingKind.REFUNDS_UP: "Refunds per day",
    FindingKind.CHARGEBACKS_UP: "Chargebacks per day",
    FindingKind.FEE_DRIFT: "Fees, basis points per day",
    FindingKind.RATE_DRIFT: "Their rate against ours, basis points per day",
    FindingKind.SETTLEMENT_SLOW: "Business days to settlement",
    FindingKind.BREAK_RATE_UP: "Value in breaks, basis points of what is due",
}
_ENDED = {
    FindingState.OPEN: "",
    FindingState.RECOVERED: "Recovered: ",
    FindingState.FALSE_POSITIVE: "False alarm: ",
    FindingState.EXPECTED: "Expected: ",
    FindingState.NEW_LEVEL: "New level: ",
}
_ENDED_SIGNS = {
    FindingState.RECOVERED: "🟢",
    FindingState.FALSE_POSITIVE: "⚪",
    FindingState.EXPECTED: "🗓️",
    FindingState.NEW_LEVEL: "↕️",
}


def findings(
    findings: Sequence[Finding],
    *,
    at: datetime,
    cards: Mapping[str, str],
    partner: str | None = None,
    unmonitored: Sequence[str] = (),
) -> Message:
    """What `/anomalies` answers `at` a moment, in the order given, open ones first.

    `cards` has the id of each finding that has a card, with the link to it, empty where that is not known; others have a button that
    asks for theirs. `partner` is the name of the one that was asked for, `unmonitored` says for what no alert can be promised.
    """
    where = f" at {word(partner)}" if partner else ""
    still_open = [f for f in findings if f.open]
    recovered = [f for f in findings if not f.open]
    if not findings:
        text = f"✅ Nothing unusual{where}: files are in time, volumes and approvals as expected."
        return Message(text=text, blocks=(section(text), *_blind(unmonitored)))
    ordered = [*still_open, *recovered]
    head = f"*{plural(len(still_open), 'open finding')}{where}*" if still_open else f"✅ *Nothing unusual{where} any more*"
    later = f", {_over(len(recovered))}" if recovered else ""
    shown = IN_FULL + IN_SHORT
    blocks = [section(head + later)]
    blocks += [section(_listed(f, at=at, cards=cards), accessory=_show_card(f, cards)) for f in ordered[:IN_FULL]]
    blocks += [section(finding_line(f, at=at), accessory=_show_card(f, cards)) for f in ordered[IN_FULL:shown]]
    if len(ordered) > shown:
        blocks.append(section(listing(["…"] * (len(ordered) - shown), most=0, rest="" if partner else "`/anomalies PARTNER`")))
    blocks += _blind(unmonitored)
    blocks.append(
        context("Against the usual hour of the week, holidays known" + ("" if partner else f" · One partner: {code('/anomalies PARTNER')}"))
    )
    twin = f"{plural(len(still_open), 'open finding')}{where}{later}. " + " ".join(_sentence(f) for f in ordered[:3])
    return fit(Message(text=twin.strip(), blocks=tuple(blocks)))


def card_shown(finding: Finding, *, channel: str) -> Message:
    """For the one who asked for a card: where it is."""
    text = f"The card of {word(finding.id, 40)} is in {channel_link(channel)}: it can be answered there."
    return Message(text=text, blocks=(section(text),))


def _listed(finding: Finding, *, at: datetime, cards: Mapping[str, str]) -> str:
    """One finding in full, who looks after it, and the way to its card."""
    url = cards.get(finding.id)
    return joined((_in_full(finding), joined((answered(finding, at=at), link(url, "Its card") if url else ""))), "\n")


def _show_card(finding: Finding, cards: Mapping[str, str]) -> Block | None:
    return button(SHOW_CARD, "Show card", {"finding_id": finding.id}) if finding.open and finding.id not in cards else None


def _over(count: int) -> str:
    return "one that is over" if count == 1 else f"{count:,} that are over"


def _blind(unmonitored: Sequence[str]) -> tuple[Block, ...]:
    """For what no alert can be promised."""
    if not unmonitored:
        return ()
    return (
        section(
            "*No alert can be promised for*\n" + listing([f"• {word(text, SENTENCE)}" for text in unmonitored], most=BLIND_SHOWN, rest="")
        ),
    )


def finding_card(finding: Finding, *, partner_name: str, at: datetime) -> Message:
    """One finding as an alert, as it stands `at` a moment, with its chart and what can be said of it; the same card says how it ended."""
    chart = _chart(finding, partner_name)
    blocks: list[Block] = [section(_in_full(finding))]
    if finding.open and (why := _why(finding)):
        blocks.append(section(why))
    blocks += [chart_place(chart)] if chart else []
    blocks += [buttons(finding)] if finding.open else []
    found = f"found {moment(finding.found_at)}" if finding.found_at else ""
    blocks.append(context(joined((word(partner_name), found, answered(finding, at=at), code(finding.id, 40)))))
    return fit(Message(text=_sentence(finding), blocks=tuple(blocks), chart=chart))


def findings_at_once(found: Sequence[Finding], *, partner_name: str) -> Message:
    """Several findings of one kind about one partner that one look brought, as the first look at old history does: one message for all."""
    kind, partner = found[0].kind, found[0].partner
    head = f"{WHAT[kind]}, {len(found):,} at once"
    asked = code(f"/anomalies {partner}")
    lines = listing([_line(f) for f in found], most=IN_SHORT, rest=asked)
    said = f"Told in one message, since one look found them, as after a first start. Open until they are over; {asked} gives any a card"
    return fit(
        Message(
            text=f"{word(partner_name)}: {head}. {_sentence(found[0])} …",
            blocks=(section(f"{_sign(found[0])} *{word(partner_name)}: {head}*\n{lines}"), context(said)),
        )
    )


def finding_news(finding: Finding, *, news: str, was: Finding | None) -> Message:
    """What is told in the thread of a finding's card: that it got worse, came back, or ended by itself."""
    risk = _risk(finding, strong=True)
    if news == "worse":
        outage = finding.is_outage and was is not None and not was.is_outage
        wider = was is not None and was.scope != finding.scope
        where = f" It shows at {word(finding.scope, 160)} now, no longer at {word(was.scope, 160)} alone." if was and wider else ""
        said = f"🔴 *{'An outage now.' if outage else 'Worse.'}* {word(finding.summary, SENTENCE)}{where}"
    elif news == "again":
        grown = was is not None and is_deeper(was, finding)
        why = "An outage now" if finding.is_outage and was and not was.is_outage else "Far larger now" if grown else "Still there"
        said = f"🔴 *{why}, so open again.* {word(finding.summary, SENTENCE)}"
    elif news == "new_level":
        said = "↕️ *This has lasted so long that it counts as the new level.* From now on it is what is expected."
    else:
        lasted = f", after {_lasted(finding)}" if finding.ended_at else ""
        said = f"🟢 *Over{lasted}.*"
    text = joined((said, risk if finding.open else ""), "\n")
    return Message(text=text.replace("*", ""), blocks=(section(text),))


def finding_line(finding: Finding, *, at: datetime) -> str:
    """A finding in one line, with who looks after it, and until when it is muted at this moment."""
    return joined((_line(finding), answered(finding, at=at) if finding.open else ""))


def _line(finding: Finding) -> str:
    return f"{_sign(finding)} " + joined((_told(finding).removesuffix("."), _risk(finding, strong=True), f"since {moment(finding.since)}"))


def _in_full(finding: Finding) -> str:
    """One finding with its figures. What is over is told as of then, so that nobody takes it for what is so now."""
    then = "" if finding.open else " then"
    figures = joined(
        (
            f"Seen{then} {word(finding.seen, SENTENCE)}" if finding.seen else "",
            f"expected {word(finding.expected, SENTENCE)}" if finding.expected else "",
        )
    )
    where = joined((word(finding.scope, 160), f"since {moment(finding.since)}", _until(finding), _risk(finding, strong=True)))
    if not finding.open:
        return joined((f"{_sign(finding)} *{_ENDED[finding.state]}{WHAT[finding.kind]}.*", _as_told(finding), figures, where), "\n")
    todo = f"*Next:* {word(finding.next_step, SENTENCE)}" if finding.next_step else ""
    return joined((f"{_sign(finding)} *{WHAT[finding.kind]}.* {word(finding.summary, SENTENCE)}", figures, where, todo), "\n")


def _told(finding: Finding) -> str:
    """What is so; of what is over, how it ended and what was told."""
    if finding.open:
        return word(finding.summary, SENTENCE)
    return f"{_ENDED[finding.state]}{WHAT[finding.kind]}. {_as_told(finding)}"


def _as_told(finding: Finding) -> str:
    return f"Told then: “{word(finding.summary, SENTENCE)}”"


def _until(finding: Finding) -> str:
    if finding.state is not FindingState.RECOVERED or finding.ended_at is None:
        return ""
    return f"over since {moment(finding.ended_at)}, after {_lasted(finding)}"


def _why(finding: Finding) -> str:
    """What may have caused it, which segments carry it, and whether it may be how things are now."""
    lines = [f"• {_contribution(one)}" for one in finding.contributions]
    level = "*New level?* It has lasted for a day: if nothing is wrong, accept it as the new level." if finding.is_new_level else ""
    cause = f"*Probably:* {word(finding.cause, SENTENCE)}" if finding.cause else ""
    return joined((cause, joined(("*Most of it:*", *lines), "\n") if lines else "", level), "\n")


def _contribution(one: Contribution) -> str:
    worth = plain_money(one.worth_minor, one.currency) if one.worth_minor is not None and one.currency else ""
    return joined((word(one.where, 120), plural(one.payments, "payment"), worth))


def _lasted(finding: Finding) -> str:
    assert finding.ended_at
    minutes = max(int((finding.ended_at - finding.since).total_seconds()) // 60, 1)
    if minutes < 120:
        return plural(minutes, "minute")
    return plural(minutes // 60, "hour") if minutes < 48 * 60 else plural(minutes // (24 * 60), "day")


def _sign(finding: Finding) -> str:
    return _SIGNS.get(finding.kind, "🔴") if finding.open else _ENDED_SIGNS[finding.state]


def _risk(finding: Finding, *, strong: bool) -> str:
    if finding.at_risk_minor is None or finding.currency is None:
        return ""
    return f"{(money if strong else plain_money)(finding.at_risk_minor, finding.currency)} {'at risk' if finding.open else 'was at risk'}"


def _sentence(finding: Finding) -> str:
    risk = _risk(finding, strong=False)
    return f"{_told(finding)}{f' {risk}.' if risk else ''}"


def _chart(finding: Finding, partner_name: str) -> Chart | None:
    if not finding.series:
        return None
    last = finding.series[-1]
    step = min((later.at - one.at for one, later in pairwise(finding.series)), default=timedelta(hours=1))
    by_day = step >= timedelta(days=1)
    expected = f"expected {number(last.expected)}" if last.expected is not None else ""
    title = _CHART_TITLES.get(finding.kind, "Payments per hour")
    panel = Panel(
        name=partner_name,
        seen=tuple(point.seen for point in finding.series),
        expected=tuple(point.expected for point in finding.series),
        note=expected,
        alarm_from=next((n for n, point in enumerate(finding.series) if point.at + step > finding.since), None),
    )
    first, until = finding.series[0].at, last.at
    peak = f"highest {number(max(panel.seen))} since {first.day} {first:%b %H:%M} UTC"
    span = f"{plural(len(finding.series), 'day' if by_day else 'hour')} to {until.day} {until:%b %H:%M} UTC"
    alt = f"{title} at {partner_name}, {span}: last {number(last.seen)}{f', {expected}' if expected else ''}; {peak}."
    labels = tuple(f"{point.at.day} {point.at:%b}" + ("" if by_day else f"{point.at: %H}h") for point in finding.series)
    usual = "as on the days before" if by_day else "usual for that hour of the week"
    return Chart(title=f"{title} (UTC)", alt_text=alt, labels=labels, panels=(panel,), usual=usual)
