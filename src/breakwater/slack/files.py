"""Doors: `/recon files`, and the buttons of refused files."""

from __future__ import annotations

import json
from typing import Any, Protocol

from slack_bolt import App

from breakwater.errors import RefusedError
from breakwater.model.access import Actor, Permission, require
from breakwater.model.files import SourceFile
from breakwater.slack.doors import Body, Doors
from breakwater.steps import quarantine
from breakwater.steps.detect import files_of
from breakwater.steps.ingest import Ingestion
from breakwater.views import files as views
from breakwater.views.home import SHOW_FILES


class Handling(Protocol):
    """What can be done with a refused file."""

    def retry(self, *, actor: Actor, file: SourceFile) -> Ingestion:
        """Read it again from the archive."""

    def discard(self, *, actor: Actor, file: SourceFile) -> SourceFile:
        """Put it aside for good."""


def register(app: App, doors: Doors, handling: Handling) -> None:
    """Connect the buttons."""

    @app.action(views.RETRY)
    def retry(ack: Any, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        doors.work(body, lambda actor: _retry(doors, handling, body, action, actor))

    @app.action(SHOW_FILES)
    def from_home(ack: Any, body: dict[str, Any]) -> None:
        ack()
        doors.work(body, lambda actor: show_files(doors, body, [], actor))

    @app.action(views.DISCARD)
    def discard(ack: Any, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        doors.work(body, lambda actor: _discard(doors, handling, action, actor))


def show_files(doors: Doors, body: Body, words: list[str], actor: Actor) -> None:
    """Answer `/recon files [partner]`."""
    require(actor, Permission.READ)
    if len(words) > 1:
        raise RefusedError("`/recon files` takes one partner.", remedy="For example `/recon files nordbank`.")
    chosen = doors.ends_of(doors.partner_named(words[0])) if words else doors.counterparties
    now = doors.now()
    with doors.database.reading() as tx:
        standing = [files_of(tx, partner=partner, now=now) for partner in chosen]
    doors.tell(body, views.standing(standing))


def _retry(doors: Doors, handling: Handling, body: dict[str, Any], action: dict[str, Any], actor: Actor) -> None:
    done = handling.retry(actor=actor, file=_file(doors, action))
    doors.tell(body, views.still_refused(done.file, remedy=done.refused.remedy) if done.refused else views.retried(done.file))


def _discard(doors: Doors, handling: Handling, action: dict[str, Any], actor: Actor) -> None:
    handling.discard(actor=actor, file=_file(doors, action))


def _file(doors: Doors, action: dict[str, Any]) -> SourceFile:
    asked = json.loads(action["value"])
    with doors.database.reading() as tx:
        return quarantine.file_known(tx, partner=asked["partner"], sha256=asked["sha256"])
