"""What `/recon` says beside the figures: the causes of a partner's breaks, how it stands, and the same by day."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Connection

from breakwater.errors import NotFoundError
from breakwater.lake import standing
from breakwater.lake.parts import Lake
from breakwater.matching.state import LOOK_BACK_DAYS
from breakwater.model.access import Actor, Permission, person_audience, require
from breakwater.model.partner_state import PartnerState, Reasons
from breakwater.model.partners import Partner
from breakwater.model.runs import Run
from breakwater.steps.causes import first_day, standings
from breakwater.store import causes, outbox, partner_states, reads
from breakwater.store.outbox import Kind, Priority
from breakwater.views.recon_reasons import trend


def reasons_of(tx: Connection, *, partner: Partner, today: date) -> Reasons:
    """Why a partner has breaks, and how it stands by its last run."""
    found = tuple(causes.causes(tx, partner=partner.id))
    alone = reads.active_break_count(tx, partner=partner.id) - causes.count_under_any(tx, partner=partner.id)
    stands = () if partner.is_former else tuple(standings(tx, partner=partner.id, today=today))
    return Reasons(causes=found, standings=stands, alone=alone)


def run_known(tx: Connection, *, partner: Partner) -> Run:
    """The last run of a partner, or a sentence that there is none."""
    run = reads.last_run(tx, partner=partner.id)
    if run is None:
        raise NotFoundError(
            f"{partner.name} was not reconciled yet.", remedy="The first run starts by itself once files of both sides are in."
        )
    return run


def sql_behind(lake: Lake, run: Run) -> str:
    """The query behind a run's figures, to take along."""
    return standing.sql_to_take_along(lake, run.id, first=first_day(run.as_of), last=run.as_of)


def days(tx: Connection, *, partner: Partner, today: date) -> list[PartnerState]:
    """Every figure by currency and day of the time that is looked back, oldest first."""
    history = partner_states.history(tx, partner=partner.id, since=date.fromordinal(today.toordinal() - LOOK_BACK_DAYS))
    return [state for currency in sorted(history) for state in history[currency]]


def send_trend(tx: Connection, *, actor: Actor, partner: Partner, channel: str, now: datetime) -> None:
    """Send somebody the chart of what is not cleared, for their eyes only."""
    require(actor, Permission.READ)
    stands = standings(tx, partner=partner.id, today=partner.business_date(now))
    if not stands:
        raise NotFoundError(f"Nothing is known of {partner.name} yet.", remedy="Its state is measured with each run.")
    outbox.enqueue(
        tx,
        key=f"trend:{partner.id}:{actor.id}:{now.isoformat()}",
        kind=Kind.PRIVATE,
        audience=person_audience(actor.id),
        channel=channel,
        payload={**trend(partner.name, stands).payload(), "user": actor.id},
        priority=Priority.ALERT,
        now=now,
    )
