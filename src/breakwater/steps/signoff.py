"""Period sign-off: the figures of a month are prepared, signed by a second person, and watched from then on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import Connection

from breakwater.errors import NotFoundError, RefusedError
from breakwater.lake import outcomes
from breakwater.lake.parts import Lake
from breakwater.lake.periods import Matched, matched
from breakwater.model import signoff as moves
from breakwater.model.access import INTERNAL, SYSTEM, Actor, Permission, require
from breakwater.model.partners import Partner
from breakwater.model.parts import part_of
from breakwater.model.periods import Month, month_named
from breakwater.model.proposals import Authority
from breakwater.model.records import Side
from breakwater.model.signoff import Amount, PeriodFigures, SignOff, SignOffState
from breakwater.steps.sides import parts_of
from breakwater.store import outbox, reads, signoffs, writes_signoffs
from breakwater.store.database import Database
from breakwater.store.outbox import Kind
from breakwater.views import signoff as views
from breakwater.views.blocks import Message

_ROW = {Side.OURS: "matched_ours", Side.THEIRS: "matched_theirs"}


class PeriodBooks:
    """The figures of partners' months, of the records that the last run was given: whatever came since is for the next run to say.

    What a run matched is asked of the lake once, since it does not change until the next run.
    """

    def __init__(self, database: Database, lake: Lake) -> None:
        self._database, self._lake = database, lake
        self._known: dict[str, tuple[str, dict[tuple[date, date], dict[Side, Matched]]]] = {}  # by partner: its last run, and by period

    def figures(self, partner: Partner, months: Sequence[Month]) -> dict[Month, PeriodFigures]:
        """The figures of some of a partner's months as its last run and its breaks have them now; empty if it was never reconciled."""
        first, last = min(months).first, max(months).last
        with self._database.reading() as tx:
            run = reads.last_run(tx, partner=partner.id)
            if run is None:
                return {}
            kept = outcomes.given(self._lake, run.id)
            parts = kept[0] if kept else parts_of(tx, self._lake, partner=partner)
            of_breaks = signoffs.break_figures(tx, partner=partner.id, first=first, last=last)
        of_run = self._matched(partner, run.id, parts, first, last)
        return {month: PeriodFigures(run_id=run.id, **_rows(month, of_run, of_breaks.get(month, {}))) for month in months}

    def _matched(self, partner: Partner, run_id: str, parts: Mapping[Side, Sequence[str]], first: date, last: date) -> dict[Side, Matched]:
        known_run, known = self._known.get(partner.id, ("", {}))
        if known_run != run_id:
            known = {}
            self._known[partner.id] = (run_id, known)
        if (first, last) not in known:
            # A part's day is the latest in it, so that one of before the period holds nothing of it.
            of_period = {side: [part for part in parts[side] if part_of(part).day >= first] for side in Side}
            known[first, last] = {
                side: matched(self._lake, run_id, side=side, parts=of_period[side], first=first, last=last) for side in Side
            }
        return known[first, last]


def _rows(month: Month, of_run: Mapping[Side, Matched], of_breaks: Mapping[tuple[str, str], Amount]) -> dict[str, dict[str, Amount]]:
    rows: dict[str, dict[str, Amount]] = {name: {} for name in moves.ROWS}
    for side, by_month in of_run.items():
        rows[_ROW[side]] = {currency: amount for (name, currency), amount in by_month.items() if name == str(month)}
    for (name, currency), amount in sorted(of_breaks.items()):
        rows[name][currency] = amount
    return rows


def is_over(month: Month, *, partner: Partner, now: datetime) -> bool:
    """True once the month is over where the partner is."""
    return now.astimezone(partner.time_zone).date() > month.last


def is_before(month: Month, *, partner: Partner) -> bool:
    """True for a month that was over when the partner went live."""
    return month.last < partner.live_from


def require_something_to_sign(month: Month, *, partner: Partner, figures: PeriodFigures) -> None:
    """Refuse a month before the partner went live, and one in which nothing happened: a signature under it would say nothing."""
    if is_before(month, partner=partner):
        raise RefusedError(
            f"{partner.name} is live since {partner.live_from}, and {month} lies before that: what is unmatched there is an opening item.",
            remedy=f"See them with `/recon opening {partner.id}`.",
        )
    if figures.is_empty:
        raise RefusedError(
            f"There is nothing in {month} of {partner.name} to sign: nothing was booked on either side, and no break is dated in it.",
            remedy=f"If something should be there, look at `/recon files {partner.id}`.",
        )


def prepare(tx: Connection, *, actor: Actor, partner: Partner, month: Month, figures: PeriodFigures, now: datetime) -> SignOff:
    """Put a period that is over up for another person's signature, with a card in the partner's channel."""
    require(actor, Permission.PREPARE_SIGN_OFF)
    if not is_over(month, partner=partner, now=now):
        raise RefusedError(f"{month} is not over yet.", remedy="It can be prepared from the first day of the next month on.")
    require_something_to_sign(month, partner=partner, figures=figures)
    was = signoffs.sign_off_of(tx, partner=partner.id, period=str(month))
    prepared = moves.prepare(was, partner=partner.id, period=str(month), figures=figures, by=actor.id, now=now)
    writes_signoffs.save(tx, prepared, was=was, action="sign_off_prepared", actor=actor, now=now)
    _show(tx, prepared, partner=partner, now=now)
    return prepared


def sign(
    tx: Connection,
    *,
    actor: Actor,
    partner: Partner,
    month: Month,
    revision: int,
    figures: PeriodFigures,
    authority: Authority,
    now: datetime,
) -> SignOff:
    """Freeze the figures, as a second person. Refused if they have moved since they were prepared."""
    require(actor, Permission.SIGN_OFF)
    require_something_to_sign(month, partner=partner, figures=figures)
    was = _as_shown(tx, partner=partner, month=month, revision=revision)
    signed = moves.sign(was, by=actor.id, figures=figures, authority=authority, now=now)
    writes_signoffs.save(tx, signed, was=was, action="signed_off", actor=actor, now=now)
    _show(tx, signed, partner=partner, now=now)
    _tell(tx, signed, views.signed(signed, partner_name=partner.name), partner=partner, now=now)
    return signed


def decline(tx: Connection, *, actor: Actor, partner: Partner, month: Month, revision: int, reason: str, now: datetime) -> SignOff:
    """Refuse to sign what was prepared."""
    require(actor, Permission.SIGN_OFF)
    was = _as_shown(tx, partner=partner, month=month, revision=revision)
    declined = moves.decline(was, by=actor.id, now=now)
    writes_signoffs.save(tx, declined, was=was, action="sign_off_declined", actor=actor, now=now, said=reason)
    _show(tx, declined, partner=partner, now=now)
    _tell(tx, declined, views.declined(declined, reason=reason), partner=partner, now=now)
    return declined


def watch(database: Database, books: PeriodBooks, *, partners: Mapping[str, Partner], now: datetime) -> int:
    """Tell of every signed period whose figures have changed: re-issued files, late matches, breaks opened again. How many have."""
    told = 0
    with database.reading() as tx:
        signed = signoffs.sign_offs(tx, partners=partners, state=SignOffState.SIGNED)
    for partner in partners.values():
        mine = [s for s in signed if s.partner == partner.id]
        months = [month_named(s.period, example="") for s in mine]
        figures = books.figures(partner, months) if mine else {}
        for signoff, month in zip(mine, months, strict=True):
            changed = moves.change(signoff, figures=figures[month], now=now)
            if changed:
                with database.transaction() as tx:
                    told += _tell_change(tx, changed, was=signoff, partner=partner, month=month, now=now)
    return told


def standing(tx: Connection, *, partners: Mapping[str, Partner]) -> list[SignOff]:
    """Every period of these partners that somebody prepared, the latest first; of those before a partner went live, the signed ones."""
    known = signoffs.sign_offs(tx, partners=partners)
    return [
        s for s in known if s.state is SignOffState.SIGNED or not is_before(month_named(s.period, example=""), partner=partners[s.partner])
    ]


def _tell_change(tx: Connection, changed: SignOff, *, was: SignOff, partner: Partner, month: Month, now: datetime) -> bool:
    current = signoffs.sign_off_of(tx, partner=partner.id, period=changed.period)
    if current is None or current.revision != was.revision:
        return False  # another process has told, or somebody prepares it anew
    writes_signoffs.save(tx, changed, was=was, action="changed_since_sign_off", actor=SYSTEM, now=now)
    since = was.reviewed_at or was.prepared_at
    happened = signoffs.what_happened(tx, partner=partner.id, first=month.first, last=month.last, since=since)
    _show(tx, changed, partner=partner, now=now)
    _tell(tx, changed, views.changed(changed, happened=happened, partner_name=partner.name), partner=partner, now=now)
    return True


def _as_shown(tx: Connection, *, partner: Partner, month: Month, revision: int) -> SignOff:
    found = signoffs.sign_off_of(tx, partner=partner.id, period=str(month))
    if found is None:
        raise NotFoundError(f"Nobody has prepared {month} of {partner.name}.", remedy=f"Ask for `/recon signoff {partner.id} {month}`.")
    if found.revision != revision:
        raise RefusedError(f"That card showed an older state of {month}; nothing was changed.", remedy="Its card is up to date now.")
    return found


def _show(tx: Connection, signoff: SignOff, *, partner: Partner, now: datetime) -> None:
    for channel in partner.internal_channels[:1]:
        outbox.enqueue(
            tx,
            key=f"{signoff.name}:{channel}:{signoff.revision}",
            kind=Kind.CARD,
            audience=INTERNAL,
            channel=channel,
            payload=views.card(signoff, partner_name=partner.name).payload(),
            about=signoff.name,
            revision=signoff.revision,
            now=now,
        )


def _tell(tx: Connection, signoff: SignOff, message: Message, *, partner: Partner, now: datetime) -> None:
    for channel in partner.internal_channels[:1]:
        outbox.enqueue(
            tx,
            key=f"{signoff.name}:{channel}:{signoff.revision}:news",
            kind=Kind.REPLY,
            audience=INTERNAL,
            channel=channel,
            payload=message.payload(),
            thread_about=signoff.name,
            now=now,
        )
