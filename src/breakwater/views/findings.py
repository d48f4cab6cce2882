"""Findings: what looks wrong, where, since when, against what, worth how much, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence

from breakwater.model.findings import Finding, FindingKind, FindingState
from breakwater.views.blocks import Message, chart_place, code, context, fit, listing, section, word
from breakwater.views.figures import Chart, Panel
from breakwater.views.words import joined, moment, money, number, plain_money, plural

IN_FULL = 5
IN_SHORT = 8
SENTENCE = 300

_WHAT = {
    FindingKind.FILE_LATE: "File late",
    FindingKind.FILE_MISSING: "File missing",
    FindingKind.FILE_DUPLICATE: "File delivered twice",
    FindingKind.FILE_GAP: "Number missing",
    FindingKind.VOLUME_DROP: "Volume down",
    FindingKind.VOLUME_SPIKE: "Volume up",
    FindingKind.APPROVAL_DROP: "Approvals down",
}
FILE_KINDS = frozenset({FindingKind.FILE_LATE, FindingKind.FILE_MISSING})
_SIGNS = {FindingKind.FILE_LATE: "⏰", FindingKind.FILE_MISSING: "⏰", FindingKind.FILE_DUPLICATE: "♻️"}


def findings(findings: Sequence[Finding], *, partner: str | None = None) -> Message:
    """What `/anomalies` answers, in the order given, open ones first. `partner` is the name of the one that was asked for."""
    at = f" at {word(partner)}" if partner else ""
    still_open = [f for f in findings if f.state is FindingState.OPEN]
    recovered = [f for f in findings if f.state is FindingState.RECOVERED]
    if not findings:
        text = f"✅ Nothing unusual{at}: files are in time, volumes and approvals as expected."
        return Message(text=text, blocks=(section(text),))
    ordered = [*still_open, *recovered]
    head = f"*{plural(len(still_open), 'open finding')}{at}*" if still_open else f"✅ *Nothing unusual{at} any more*"
    later = f", {plural(len(recovered), 'recovered one')}" if recovered else ""
    blocks = [section(head + later), *(section(_in_full(f)) for f in ordered[:IN_FULL])]
    if len(ordered) > IN_FULL:
        rest = "" if partner else "`/anomalies PARTNER`"
        blocks.append(section(listing([finding_line(f) for f in ordered[IN_FULL:]], most=IN_SHORT, rest=rest)))
    blocks.append(
        context("Against the usual hour of the week, holidays known" + ("" if partner else f" · One partner: {code('/anomalies PARTNER')}"))
    )
    twin = f"{plural(len(still_open), 'open finding')}{at}{later}. " + " ".join(_sentence(f) for f in ordered[:3])
    return fit(Message(text=twin.strip(), blocks=tuple(blocks)))


def finding_card(finding: Finding, *, partner_name: str) -> Message:
    """One finding as an alert, with its chart; the same card says when it has recovered."""
    chart = _chart(finding, partner_name)
    small = joined((word(partner_name), f"found {moment(finding.found_at)}" if finding.found_at else "", code(finding.id, 40)))
    blocks = [section(_in_full(finding)), *([chart_place(chart)] if chart else []), context(small)]
    return fit(Message(text=_sentence(finding), blocks=tuple(blocks), chart=chart))


def finding_line(finding: Finding) -> str:
    """A finding in one line."""
    return f"{_sign(finding)} " + joined(
        (word(finding.summary, SENTENCE).removesuffix("."), _risk(finding, strong=True), f"since {moment(finding.since)}")
    )


def _in_full(finding: Finding) -> str:
    recovered = "Recovered: " if finding.state is FindingState.RECOVERED else ""
    figures = joined(
        (
            f"Seen {word(finding.seen, SENTENCE)}" if finding.seen else "",
            f"expected {word(finding.expected, SENTENCE)}" if finding.expected else "",
        )
    )
    where = joined((word(finding.scope, 160), f"since {moment(finding.since)}", _risk(finding, strong=True)))
    todo = f"*Next:* {word(finding.next_step, SENTENCE)}" if finding.next_step and not recovered else ""
    return joined((f"{_sign(finding)} *{recovered}{_WHAT[finding.kind]}.* {word(finding.summary, SENTENCE)}", figures, where, todo), "\n")


def _sign(finding: Finding) -> str:
    return "🟢" if finding.state is FindingState.RECOVERED else _SIGNS.get(finding.kind, "🔴")


def _risk(finding: Finding, *, strong: bool) -> str:
    if finding.at_risk_minor is None or finding.currency is None:
        return ""
    return f"{(money if strong else plain_money)(finding.at_risk_minor, finding.currency)} at risk"


def _sentence(finding: Finding) -> str:
    recovered = "Recovered: " if finding.state is FindingState.RECOVERED else ""
    risk = _risk(finding, strong=False)
    return f"{recovered}{word(finding.summary, SENTENCE)}{f' {risk}.' if risk else ''}"


def _chart(finding: Finding, partner_name: str) -> Chart | None:
    if not finding.series:
        return None
    last = finding.series[-1]
    expected = f"expected {number(last.expected)}" if last.expected is not None else ""
    approvals = finding.kind is FindingKind.APPROVAL_DROP
    title = "Approved, per cent per hour" if approvals else "Payments per hour"
    panel = Panel(
        name=partner_name,
        seen=tuple(point.seen for point in finding.series),
        expected=tuple(point.expected for point in finding.series),
        note=expected,
        alarm_from=next((n for n, point in enumerate(finding.series) if point.at >= finding.since), None),
    )
    first, until = finding.series[0].at, last.at
    peak = f"highest {number(max(panel.seen))} since {first.day} {first:%b %H:%M} UTC"
    span = f"{plural(len(finding.series), 'hour')} to {until.day} {until:%b %H:%M} UTC"
    alt = f"{title} at {partner_name}, {span}: last {number(last.seen)}{f', {expected}' if expected else ''}; {peak}."
    labels = tuple(f"{point.at.day} {point.at:%b %H}h" for point in finding.series)
    return Chart(title=f"{title} (UTC)", alt_text=alt, labels=labels, panels=(panel,))
