"""The scheduled digest: what needs somebody today, worst first; a quiet day is one line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from breakwater.model.breaks import Break
from breakwater.model.digests import Digest, PartnerVolume, VolumeDay
from breakwater.model.findings import Finding
from breakwater.model.incidents import Incident
from breakwater.model.partner_state import Measure, Standing
from breakwater.model.partners import FileDue
from breakwater.model.per_cent import per_cent
from breakwater.model.runs import PartnerReconciliation, total_of
from breakwater.model.unknown_codes import UnknownCode
from breakwater.views.blocks import (
    Block,
    Message,
    actions,
    bold,
    button,
    chart_place,
    code,
    context,
    fit,
    header,
    listing,
    section,
    word,
)
from breakwater.views.figures import Chart, Panel
from breakwater.views.findings import FILE_KINDS, finding_line
from breakwater.views.incidents import SEVERITY_WORDS, STATUS_WORDS
from breakwater.views.late_files import late_count, late_line
from breakwater.views.learning import learnt_line
from breakwater.views.noise import suppressed_line
from breakwater.views.recon import active_count, active_value, ageing_line, matched_by_count, overtaken_lines, places, worth
from breakwater.views.words import amounts, joined, moment, money, number, person, plain_money, plural, share

LATE_SHOWN = 10
FINDINGS_SHOWN = 8
PARTNERS_SHOWN = 10
INCIDENTS_SHOWN = 8
DAYS_SHOWN = 28
PANELS_SHOWN = 5
WAITING_SHOWN, DUE_SHOWN, LEARNT_SHOWN, CODES_SHOWN = 5, 6, 3, 5
FINDINGS_CSV = "digest_findings_csv"
_UNDO = "`/anomalies feedback`, where it can be undone"
AS_EXPECTED = 0.1  # a day within a tenth of what was expected is as expected


def digest(digest: Digest) -> Message:
    """What needs somebody today: late files, findings, breaks, incidents, approvals, what changed, and the chart of the volumes."""
    late, found = _late(digest), _findings(digest)
    broken = [s for s in digest.partners if s.active]
    incidents = [i for i in digest.incidents if i.open]
    booked = total_of(s.overtaken for s in digest.partners).count
    if not (late or found or broken or incidents or digest.waiting or digest.unknown_codes or booked):
        return _quiet(digest)
    strange = plural(len(digest.unknown_codes), "unknown code") if digest.unknown_codes else ""
    doubted = f"{plural(booked, 'booking')} to reverse or not" if booked else ""
    counts = joined((_counts(late_count([f for s in digest.partners for f in s.late_files]), found, broken, incidents), strange, doubted))
    chart = volume_chart(digest.volumes)
    blocks: list[Block] = [header(f"{'🔴' if late or found or incidents else '🟠'} {counts or 'Approvals wait'}")]
    blocks += [section(change)] if (change := _changed(digest)) else []
    blocks += _part("Files late or missing", late, most=LATE_SHOWN, rest="`/recon files`")
    blocks += _part(
        "Findings", [finding_line(f, at=digest.scheduled_at) for f in found], most=FINDINGS_SHOWN, rest="`/anomalies`, or the file below"
    )
    blocks += _part(
        f"Breaks* worth *{worth(broken)}",
        [_breaks(s) for s in sorted(broken, key=lambda s: -active_count(s))],
        most=PARTNERS_SHOWN,
        rest="`/recon`",
    )
    blocks += _part("Known noise, suppressed by rule", _suppressed(digest), most=PARTNERS_SHOWN, rest="`/recon noise`")
    blocks += _part("Booked, but explained since", overtaken_lines(digest.partners), most=PARTNERS_SHOWN, rest="`/recon`")
    blocks += _part("State of partners", _standings(digest), most=PARTNERS_SHOWN, rest="`/recon`")
    blocks += _part(
        "Incidents",
        [incident_line(i, _names(digest).get(i.partner, i.partner)) for i in incidents],
        most=INCIDENTS_SHOWN,
        rest="`/incident list`",
    )
    blocks += _part("Codes nobody knows here", [_unknown(c, digest) for c in digest.unknown_codes], most=CODES_SHOWN, rest="")
    blocks += _part("Waiting for approval", [_waiting(b, digest) for b in digest.waiting], most=WAITING_SHOWN, rest="App Home")
    blocks += _part("Files due next", [_due(d, digest) for d in digest.due], most=DUE_SHOWN, rest="`/recon files`")
    blocks += _part("Learnt from your answers", [f"• {learnt_line(one)}" for one in digest.learnt], most=LEARNT_SHOWN, rest=_UNDO)
    blocks += [chart_place(chart)] if chart else []
    blocks += [_file_button(digest)] if len(found) > FINDINGS_SHOWN else []
    small = (f"Digest of {moment(digest.scheduled_at)}", _reconciled(digest), _left_out(digest), _record(digest), _panels_left_out(digest))
    blocks.append(context(joined(small)))
    text = f"Digest: {counts or plural(len(digest.waiting), 'approval') + ' waiting'}{_worth_in_words(broken)}."
    return fit(Message(text=text, blocks=tuple(blocks), chart=chart), rest="`/recon`, `/anomalies`")


def incident_line(incident: Incident, partner_name: str) -> str:
    """An incident in one line."""
    what = f"• {code(incident.id)} *{SEVERITY_WORDS[incident.severity]}* {word(incident.title, 120)}"
    return joined((what, word(partner_name), STATUS_WORDS[incident.status], f"since {moment(incident.opened_at)}"))


def volume_chart(volumes: Sequence[PartnerVolume]) -> Chart | None:
    """Payments per day and partner, seen against expected, the largest shortfall first; None without any volume."""
    known = sorted((v for v in volumes if v.days), key=lambda v: (_ratio(v.days[-1]), v.partner_name))[:PANELS_SHOWN]
    if not known:
        return None
    longest = max(known, key=lambda v: len(v.days)).days[-DAYS_SHOWN:]
    panels = tuple(_panel(v, length=len(longest)) for v in known)
    words = "; ".join(f"{panel.name} {number(panel.seen[-1])} ({panel.note})" for panel in panels)
    return Chart(
        title="Payments per day",
        alt_text=f"Payments per day over {plural(len(longest), 'day')}, seen against expected. On {longest[-1].label}: {words}.",
        labels=tuple(day.label for day in longest),
        panels=panels,
        usual="usual for that day",
    )


def _panel(volume: PartnerVolume, *, length: int) -> Panel:
    days = volume.days[-DAYS_SHOWN:]
    before = length - len(days)
    return Panel(
        name=volume.partner_name,
        seen=(0.0,) * before + tuple(float(day.seen) for day in days),
        expected=(None,) * before + tuple(day.expected for day in days),
        note=_against(days[-1]),
    )


def _against(day: VolumeDay) -> str:
    if day.expected is None:
        return "history too short"
    if not day.expected:
        return "none expected"
    change = _ratio(day) - 1
    if abs(change) <= AS_EXPECTED:
        return "as expected"
    return f"expected {number(round(day.expected))}, {'+' if change > 0 else '−'}{per_cent(abs(change))}"


def _ratio(day: VolumeDay) -> float:
    return day.seen / day.expected if day.expected else 1.0


def _quiet(digest: Digest) -> Message:
    said = f"All quiet{_at_how_many(digest)}: no late files, nothing unusual, no breaks, no incidents"
    hidden = total_of(s.suppressed for s in digest.partners)
    noise = f"besides {plural(hidden.count, 'break')} of known noise worth {amounts(hidden.value_minor)}" if hidden.count else ""
    line = joined((f"✅ *{said}*", noise, _over(digest), _reconciled(digest), _left_out(digest), moment(digest.scheduled_at)))
    return Message(text=f"✅ {said}.", blocks=(section(line),))


def _at_how_many(digest: Digest) -> str:
    return f" at {places(digest.partners)}" if digest.partners else ""


def _changed(digest: Digest) -> str:
    """What is different from what this digest told last."""
    if digest.before is None:
        return ""
    told, was = digest.told(), digest.before
    fresh = len(set(told.findings) - set(was.findings))
    came = len(set(told.late_files) - set(was.late_files))
    opened, closed = len(set(told.incidents) - set(was.incidents)), len(set(was.incidents) - set(told.incidents))
    parts = (
        plural(fresh, "new finding") if fresh else "",
        _over(digest),
        f"{plural(came, 'file')} newly late" if came else "",
        *(_moved(digest, partner_id, count) for partner_id, count in told.breaks.items()),
        f"{plural(opened, 'incident')} opened" if opened else "",
        f"{plural(closed, 'incident')} over" if closed else "",
    )
    return f"*Since {moment(was.scheduled_at)}:* {joined(parts) or 'nothing changed'}"


def _over(digest: Digest) -> str:
    """How the findings that are over ended."""
    ended = Counter(f.state for f in digest.over)
    words = {"recovered": "recovered", "false_positive": "called false", "expected": "called expected", "new_level": "the new level"}
    said = joined((f"{count:,} {words[state]}" for state, count in sorted(ended.items()) if state in words), ", ")
    return f"{plural(len(digest.over), 'finding')} over ({said})" if digest.over else ""


def _moved(digest: Digest, partner_id: str, count: int) -> str:
    was = digest.before.breaks.get(partner_id) if digest.before else None
    if was is None or was == count:
        return ""
    return f"{word(_names(digest).get(partner_id, partner_id))} {was:,} → {plural(count, 'break')}"


def _standings(digest: Digest) -> list[str]:
    """Clearing, timeliness, completeness and what is explained, by partner and currency."""
    names = _names(digest)
    return [
        joined((f"• {bold(names.get(partner_id, partner_id))} {word(one.currency)}", *_shares(one)))
        for partner_id, standings in digest.standings.items()
        for one in standings
        if _shares(one)
    ]


def _shares(standing: Standing) -> list[str]:
    """Each with what it is a share of: what is explained is not of what is due, but of what was so old when a run looked."""
    measures = ((Measure.CLEARING, "cleared"), (Measure.TIMELINESS, "in time"), (Measure.COMPLETENESS, "complete"))
    shown = [f"{share(s.part, s.whole)} {name}" for measure, name in measures if (s := standing.shares.get(measure)) and s.whole]
    due = [f"of {plain_money(standing.due_minor, standing.currency)} due"] if shown else []
    later = standing.shares.get(Measure.EXPLAINED_4)
    base = plain_money(later.whole, standing.currency) if later else ""
    return [*shown, *due] + (
        [f"{share(later.part, later.whole)} of {base} explained after 4 business days"] if later and later.whole else []
    )


def _waiting(brk: Break, digest: Digest) -> str:
    partner = word(_names(digest).get(brk.partner, brk.partner))
    return joined((f"• {code(brk.id)} {money(brk.amount_minor, brk.currency)}", partner, f"asked by {person(brk.touched_by)}"))


def _due(due: FileDue, digest: Digest) -> str:
    day = f"{due.business_date.day} {due.business_date:%b}"
    return f"• {bold(_names(digest).get(due.partner, due.partner))}: {word(due.stream)} of {day}, due {moment(due.due_at)}"


def _left_out(digest: Digest) -> str:
    """What this subscription does not want to hear of, and what is muted."""
    muted = sum(1 for f in digest.findings if f.open and f.is_silent(digest.scheduled_at))
    return joined(
        (
            f"{plural(digest.left_out, 'finding')} below the amount asked for" if digest.left_out else "",
            f"{muted:,} muted" if muted else "",
        )
    )


def _record(digest: Digest) -> str:
    """The digest's own record, from what people said."""
    record = digest.record
    if record is None or not record.told:
        return ""
    judged = record.useful + record.false
    worth = f"{share(record.useful, judged)} of {judged:,} answered were worth it" if judged else "none answered"
    return f"Last 30 days: {plural(record.told, 'finding')}, {worth}"


def _file_button(digest: Digest) -> Block:
    return actions(button(FINDINGS_CSV, "All findings as a file", {"subscription_id": digest.subscription_id}))


def _counts(late: str, found: Sequence[Finding], broken: Sequence[PartnerReconciliation], incidents: Sequence[Incident]) -> str:
    breaks = sum(active_count(state) for state in broken)
    left = sum(active_count(state) for state in broken if state.is_former)
    return joined(
        (
            late,
            plural(len(found), "finding") if found else "",
            plural(breaks, "break") + (f" ({left:,} of partners no longer configured)" if left else "") if breaks else "",
            f"{plural(len(incidents), 'incident')} open" if incidents else "",
        )
    )


def _worth_in_words(broken: Sequence[PartnerReconciliation]) -> str:
    return f"; breaks worth {worth(broken)}" if broken else ""


def _late(digest: Digest) -> list[str]:
    return [f"⏰ {bold(s.partner_name)}: {late_line(file)}" for s in digest.partners for file in s.late_files]


def _findings(digest: Digest) -> list[Finding]:
    """Open findings; one about a file only where the late files do not say it already."""
    said = {s.partner_id for s in digest.partners if s.late_files}
    return [f for f in digest.findings if f.open and not (f.kind in FILE_KINDS and f.partner in said)]


def _breaks(state: PartnerReconciliation) -> str:
    count = active_count(state)
    ages = ageing_line(state)
    taken = f"{state.acknowledged:,} acknowledged" if state.acknowledged else "none acknowledged"
    return joined((f"• {bold(state.partner_name)}: {count:,}, {amounts(active_value(state))}", f"age {ages}" if ages else "", taken))


def _suppressed(digest: Digest) -> list[str]:
    """What rules call known noise, partner by partner: counted, so that it is never forgotten."""
    return [suppressed_line(s.suppressed, s.partner_name) for s in digest.partners if s.suppressed.count]


def _reconciled(digest: Digest) -> str:
    runs = [s.run for s in digest.partners if s.run]
    waiting = sum(1 for s in digest.partners if not s.is_former) - len(runs)
    shares = matched_by_count(runs) if runs else ""
    return joined((shares, f"{plural(waiting, 'partner')} not reconciled yet" if waiting else ""))


def _panels_left_out(digest: Digest) -> str:
    more = sum(1 for v in digest.volumes if v.days) - PANELS_SHOWN
    return f"Chart: the {PANELS_SHOWN} furthest below what was expected, {more:,} more not drawn" if more > 0 else ""


def _names(digest: Digest) -> dict[str, str]:
    return {s.partner_id: s.partner_name for s in digest.partners}


def _unknown(found: UnknownCode, digest: Digest) -> str:
    named = code(found.code) if found.code else "no code at all"
    partner = bold(_names(digest).get(found.partner, found.partner))
    return f"• {partner}: {named} in {plural(found.count, 'event')}, whose payments are in an unknown state until somebody teaches it"


def _part(title: str, lines: Sequence[str], *, most: int, rest: str) -> list[Block]:
    return [section(f"*{title}*\n{listing(lines, most=most, rest=rest, limit=2_000)}")] if lines else []
