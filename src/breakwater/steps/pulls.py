"""A pull of our own side becomes a file like any other: whole or not at all, each record once, as it is now."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from breakwater.errors import FileError
from breakwater.lake.overlays import overlay
from breakwater.lake.parts import Lake
from breakwater.model.parts import part_of
from breakwater.model.pulls import Source
from breakwater.steps.ingest import Delivery, Ingestion, Read, ingest, read_into_lake
from breakwater.store import deliveries, reads
from breakwater.store.database import Database

_NO_NAME = re.compile(r"[^0-9A-Za-z]")


def pull(
    database: Database, lake: Lake, *, source: Source, like: Delivery, read: Read, folder: Path, channel: str, now: datetime
) -> Ingestion | None:
    """Take in what changed in a source since the last pull; None if nothing did. `folder` is empty, and ours.

    How far we are is noted only once the file counts: whatever dies before that is pulled again. Rows that can't be trusted are
    quarantined, and pulled again until they can.
    """
    with database.reading() as tx:
        after = deliveries.position(tx, source=source.name)
    rows = folder / "pulled.csv"
    pulled = source.pull(after=after, to=rows)
    if pulled is None:
        return None
    name = f"{like.stream}-{_from(after)}-{_plain(pulled.position['at'])}"
    delivery = _delivery(database, lake, rows.rename(folder / f"{name}.csv"), like=like, read=read, now=now)
    done = ingest(database, lake, delivery=delivery, read=read, channel=channel, now=now) if delivery else None
    if done is None or done.file.state != "quarantined":
        with database.transaction() as tx:
            deliveries.move_position(tx, source=source.name, to=dict(pulled.position), now=now)
    return done


def _delivery(database: Database, lake: Lake, rows: Path, *, like: Delivery, read: Read, now: datetime) -> Delivery | None:
    """What is new in the rows, as a file of its own that takes the place of those of which a record changed; None if nothing is."""
    pulled = replace(like, path=rows)
    sha256 = hashlib.sha256(rows.read_bytes()).hexdigest()
    try:
        fresh = read_into_lake(lake, delivery=pulled, read=read, sha256=sha256, now=now)
    except FileError:
        return pulled
    with database.reading() as tx:
        held = [f for f in reads.source_files(tx, partner=like.partner) if f.stream == like.stream]
    parts = [part for f in held for part in f.parts if part_of(part).content == "records"]
    laid_over = overlay(lake, new=fresh.parts, held=parts)
    if not laid_over.records.num_rows:
        return None
    # Two windows may begin and end alike, where rows were committed late: the hash keeps their files apart.
    path = rows.with_name(f"{rows.stem}-{sha256[:8]}.parquet")
    laid_over.write(path, at=now)
    keys = tuple(key for f in held if f.sha256 in laid_over.replaces for key in f.logical_keys)
    return replace(like, path=path, keys=keys)


def _from(after: Mapping[str, Any] | None) -> str:
    return _plain(after["at"]) if after else "start"


def _plain(at: str) -> str:
    """A moment as part of a file's name."""
    return _NO_NAME.sub("", at)
