"""`breakwater payment REF`: where a payment is, in a terminal."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from breakwater import config as settings
from breakwater.agreement_files import due_days, terms_of
from breakwater.cli.offline import CONFIG
from breakwater.cli.printing import printer
from breakwater.errors import CallError, RefusedError
from breakwater.lake.parts import Lake
from breakwater.live_sources import live_sources
from breakwater.model.expectations import Expected
from breakwater.model.payment_batches import Batch
from breakwater.model.payment_hits import Hits
from breakwater.model.payments import PaymentTrace, live_question, with_answers
from breakwater.sources.raw_records import raw_record
from breakwater.steps.evidence import raw_text
from breakwater.steps.look_up import Tracing
from breakwater.store.database import open_database
from breakwater.views import payment_lists as lists
from breakwater.views import payments as views
from breakwater.views import terminal
from breakwater.views.blocks import Message


@click.command()
@click.argument("reference", nargs=-1, required=True)
@CONFIG
@click.option("--zone", default="UTC", show_default=True, help="The time zone of the times shown, such as Europe/Berlin.")
def payment(*, reference: tuple[str, ...], path: Path, zone: str) -> int:
    """Where a payment is: by any reference, or by amount, currency and day.

    For example `breakwater payment pay_8f2k1` or `breakwater payment 123.45 EUR 2026-11-20 nordbank`.
    """
    return show(" ".join(reference), config=settings.load(path), zone=_zone(zone), now=lambda: datetime.now(UTC))


def show(asked: str, *, config: settings.Config, zone: ZoneInfo, now: Callable[[], datetime]) -> int:
    """Print the answer; 0 for one that was found, 1 where nothing was."""
    with closing(open_database(config.database_url)) as database:
        lake = Lake(config.data_dir / "lake")
        terms = {p.id: terms_of(p) for p in config.partners.values() if p.leg}
        tracing = Tracing(database, lake, config.partners, raw_record=partial(raw_text, lake, raw_record), due_days=due_days(terms))
        found, expected = _looked_up(tracing, asked, now=now()), None
        if isinstance(found, PaymentTrace):
            found = with_answers(found, live_sources(config, now=now).ask(live_question(found)))
            expected = tracing.expected(found, now=now())
    console = printer(soft_wrap=True)
    for paragraph in terminal.lines(_message(found, config, expected), zone=zone):
        console.print(paragraph, end="\n\n")
    return 0 if not isinstance(found, PaymentTrace) or found.known else 1


def _looked_up(tracing: Tracing, asked: str, *, now: datetime) -> PaymentTrace | Batch | Hits:
    try:
        return tracing.look_up(asked, now=now)
    except RefusedError as refused:
        raise RefusedError(refused.message, remedy=terminal.spoken(refused.remedy)) from None


def _message(found: PaymentTrace | Batch | Hits, config: settings.Config, expected: Expected | None) -> Message:
    """The message that Slack would show."""
    names = {p.id: p.name for p in config.partners.values()}
    if isinstance(found, Hits):
        return lists.hits(found, partner_names=names)
    if isinstance(found, Batch):
        return lists.batch(found, partner_names=names)
    if not found.known:
        return views.payment_not_found(found.reference, searched=found.searched, live=found.live)
    return views.payment_answer(found, partner_names=names, expected=expected)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise CallError(f"There is no time zone '{name}'.", remedy="Name one such as Europe/Berlin.") from None
