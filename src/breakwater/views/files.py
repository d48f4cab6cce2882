"""Partner files as people meet them: refused ones with their buttons, and what is worth a line when a file comes again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from breakwater.model.files import PartnerFiles, SourceFile
from breakwater.views.blocks import Message, actions, bold, button, code, context, fit, section, word
from breakwater.views.words import day, joined, moment, person, plain_money, plural

RETRY = "file_retry"
DISCARD = "file_discard"
NAMES_SHOWN = 3
PARTNERS_SHOWN = 15
DUES_SHOWN = 5


def quarantined(file: SourceFile, *, partner_name: str, remedy: str) -> Message:
    """A file was refused whole: why, and what to do. Nothing of it counts, and its neighbours went on."""
    reason = word(file.reason or "it can't be trusted", 600)
    todo = word(remedy, 600)
    head = f"🔴 {bold(partner_name)}: file refused, nothing of it was booked"
    tried = f" · tried again by {person(file.handled_by)}, {moment(file.handled_at)}" if file.handled_at else ""
    return fit(
        Message(
            text=f"{word(partner_name)}: file {word(file.name)} was refused, nothing of it was booked. {reason} {todo}",
            blocks=(
                section(f"{head}\n{code(file.name, 120)}\n{reason}" + (f"\n*Next:* {todo}" if todo else "")),
                _buttons(file),
                context(_small(file) + tried),
            ),
        )
    )


def being_read(file: SourceFile, *, partner_name: str, by: str, now: datetime, read_bytes: int, size_bytes: int) -> Message:
    """A long refused file is being read again: by whom, and how far. The buttons stay, should that come to nothing."""
    percent = min(100 * read_bytes // max(size_bytes, 1), 100)
    bar = "█" * (percent // 10) + "░" * (10 - percent // 10)
    return fit(
        Message(
            text=f"{word(partner_name)}: refused file {word(file.name)} is being read again, {percent} %.",
            blocks=(
                section(
                    f"⏳ {bold(partner_name)}: refused file is being read again by {person(by)}\n{code(file.name, 120)}\n"
                    f"{bar} {percent} % of {size_bytes / 1e6:,.0f} MB"
                ),
                _buttons(file),
                context(f"{_small(file)} · as of {moment(now)}"),
            ),
        )
    )


def taken_in_after_all(file: SourceFile, *, partner_name: str) -> Message:
    """A refused file was read after all: who tried it again, and what it said."""
    what = (
        "it says what is known already, so nothing was booked" if file.state == "duplicate" else plural(file.records, "record") + " booked"
    )
    return _settled(file, f"✅ {bold(partner_name)}: refused file taken in by {person(file.handled_by)}, {what}", partner_name)


def discarded(file: SourceFile, *, partner_name: str) -> Message:
    """A refused file was put aside for good: who did it, and why it had been refused."""
    return _settled(file, f"⚪ {bold(partner_name)}: refused file discarded by {person(file.handled_by)}", partner_name)


def retried(file: SourceFile) -> Message:
    """For the one who tried a refused file again and was in luck."""
    booked = f"{plural(file.records, 'record')} booked. The reconciliation follows in a moment."
    said = "It says what is known already, so nothing was booked." if file.state == "duplicate" else booked
    return _private(f"✅ {code(file.name, 120)} was taken in. {said}", twin=f"{word(file.name)} was taken in. {said}")


def still_refused(file: SourceFile, *, remedy: str) -> Message:
    """For the one who tried a refused file again in vain."""
    said = f"is still refused. {word(file.reason or '', 600)} {word(remedy, 600)}".rstrip()
    return _private(f"{code(file.name, 120)} {said}", twin=f"{word(file.name)} {said}")


def standing(partners: Sequence[PartnerFiles]) -> Message:
    """What `/recon files` answers: those with something to do first."""
    ordered = sorted(partners, key=lambda p: -_trouble(p))
    blocks = [section(_standing(p)) for p in ordered[:PARTNERS_SHOWN]]
    hidden = len(ordered) - PARTNERS_SHOWN
    foot = joined(
        (
            f"{plural(hidden, 'more partner')} not shown, those above need you most" if hidden > 0 else "",
            "Times as the partner's clock shows them",
            f"One partner: {code('/recon files PARTNER')}" if len(partners) > 1 else "",
        )
    )
    twin = " ".join(f"{word(p.partner_name)}: {_in_short(p)}." for p in ordered[:PARTNERS_SHOWN])
    return fit(Message(text=twin or "No partners are configured yet.", blocks=(*blocks, context(foot))), rest="Ask for one partner.")


def _standing(p: PartnerFiles) -> str:
    lines = [f"{'🔴' if _trouble(p) else '✅'} {bold(p.partner_name)}: {_in_short(p)}"]
    lines += [f"🔌 The drop of its {word(stream)} can't be reached since {moment(since)}" for stream, since in p.lost_since]
    for sign, what, dues in (("⛔", "missing", p.missing), ("⏰", "late", p.late)):
        lines += [
            f"{sign} {word(due.stream)} of {day(due.business_date)} is {what}, was due {_when(due.due_at, p)}" for due in dues[:DUES_SHOWN]
        ]
        lines += [f"… and {len(dues) - DUES_SHOWN:,} more {what}"] if len(dues) > DUES_SHOWN else []
    lines += [f"🔴 {code(f.name, 80)} was refused: {word(f.reason or '', 160)}" for f in p.quarantined[:DUES_SHOWN]]
    lines += [f"… and {len(p.quarantined) - DUES_SHOWN:,} more refused"] if len(p.quarantined) > DUES_SHOWN else []
    lines += [f"Next: {word(due.stream)} of {day(due.business_date)}, due {_when(due.due_at, p)}" for due in p.next_due[:DUES_SHOWN]]
    if p.arrived:
        lines.append("Last: " + "; ".join(_arrived(f) for f in p.arrived[:NAMES_SHOWN]))
    return "\n".join(lines)


def _arrived(file: SourceFile) -> str:
    said = {"duplicate": "a duplicate", "superseded": "re-issued since"}.get(file.state, plural(file.records, "record"))
    return f"{code(file.name, 60)} {moment(file.received_at)}, {said}"


def _in_short(p: PartnerFiles) -> str:
    counted = ((len(p.missing), "missing"), (len(p.late), "late"), (len(p.quarantined), "refused"))
    said = ", ".join(f"{count:,} {what}" for count, what in counted if count)
    return joined((said, "drop not reachable" if p.lost_since else "")) or "every file is in time"


def _trouble(p: PartnerFiles) -> int:
    return len(p.missing) + len(p.late) + len(p.quarantined) + len(p.lost_since)


def _when(at: datetime, p: PartnerFiles) -> str:
    local = at.astimezone(p.time_zone)
    return f"{local.day} {local:%b %H:%M}"


def reissued(file: SourceFile, *, partner_name: str, replaced: Sequence[SourceFile]) -> Message:
    """A corrected statement took the place of an earlier one, which stays as history."""
    before = sum(old.records for old in replaced)
    return _news(
        f"🔁 {bold(partner_name)} re-issued {_named(replaced)} as {code(file.name, 120)}: {plural(file.records, 'record')} "
        f"instead of {before:,}. The earlier one is kept as history and no longer counts.",
        twin=f"{word(partner_name)} re-issued a file as {word(file.name)}: {plural(file.records, 'record')} instead of {before:,}.",
        small=_small(file),
    )


def gone_at_source(*, first: date, last: date, count: int, amount_minor: Mapping[str, int], named: Sequence[str]) -> Message:
    """Records of our own side were deleted where they come from, and count here no longer."""
    worth = " + ".join(plain_money(minor, currency) for currency, minor in amount_minor.items())
    which = " ".join(code(name, 60) for name in named) + (f" and {count - len(named):,} more" if count > len(named) else "")
    what = f"{plural(count, 'record')} of {day(first)} to {day(last)}, {worth}"
    return _news(
        f"🗑️ *Our ledger*: deleted at the source are {what}\n{which}",
        twin=f"Our ledger: deleted at the source are {what}.",
        small="They no longer count; what was pulled before is kept as history.",
    )


def drop_lost(*, stream: str | None, partner_name: str, reason: str, remedy: str) -> Message:
    """The place a partner delivers to can't be reached: said once, however often it is tried again. `stream` None is our own side."""
    said, todo = word(reason, 600), word(remedy, 600)
    return _news(
        f"🔌 {_where(bold(partner_name), stream)} can't be reached\n{said}\n*Next:* {todo}",
        twin=f"{_where(word(partner_name), stream)} can't be reached. {said} {todo}",
        small="It is tried again by itself, less and less often, at the latest every half hour; I say so when it is back.",
    )


def drop_back(*, stream: str | None, partner_name: str, since: datetime) -> Message:
    """It can be reached again."""
    return _news(
        f"✅ {_where(bold(partner_name), stream)} is back, it was away since {moment(since)}.",
        twin=f"{_where(word(partner_name), stream)} is back.",
        small="What was delivered meanwhile is taken in now.",
    )


def _where(name: str, stream: str | None) -> str:
    return f"{name}: the drop of its {word(stream)}" if stream else f"{name}: where our own side comes from"


def _buttons(file: SourceFile) -> dict[str, Any]:
    value = {"partner": file.partner, "sha256": file.sha256}
    return actions(button(RETRY, "Retry", value), button(DISCARD, "Discard", value))


def _settled(file: SourceFile, head: str, partner_name: str) -> Message:
    why = f"\nIt had been refused: {word(file.reason, 600)}" if file.state == "discarded" and file.reason else ""
    at = f" · {moment(file.handled_at)}" if file.handled_at else ""
    return fit(
        Message(
            text=f"{word(partner_name)}: refused file {word(file.name)} was "
            + ("discarded." if file.state == "discarded" else f"taken in, {plural(file.records, 'record')}."),
            blocks=(section(f"{head}\n{code(file.name, 120)}{why}"), context(_small(file) + at)),
        )
    )


def _news(text: str, *, twin: str, small: str) -> Message:
    return fit(Message(text=twin, blocks=(section(text), context(small))))


def _private(text: str, *, twin: str) -> Message:
    return Message(text=twin, blocks=(section(text),))


def _named(files: Sequence[SourceFile]) -> str:
    shown = ", ".join(f"{code(f.name, 120)} of {moment(f.received_at)}" for f in files[:NAMES_SHOWN])
    return shown + (f" and {len(files) - NAMES_SHOWN} more" if len(files) > NAMES_SHOWN else "")


def _small(file: SourceFile) -> str:
    return f"{word(file.stream)} · {word(file.format)} · {moment(file.received_at)} · sha256 {code(file.sha256[:12])}"
