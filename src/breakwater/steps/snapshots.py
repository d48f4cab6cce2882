"""All rows of the last days of our own side: what was deleted where they come from counts here no longer, and is told."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

from breakwater.errors import FileError
from breakwater.lake.overlays import Gone, gone, overlay, without_gone
from breakwater.lake.parts import Lake
from breakwater.model.files import SourceFile
from breakwater.model.parts import part_of
from breakwater.model.pulls import Completeness, Source
from breakwater.steps.ingest import Delivery, Ingestion, Read, ingest, read_into_lake, refuse
from breakwater.store import deliveries, reads
from breakwater.store.database import Database
from breakwater.views.blocks import Message
from breakwater.views.files import gone_at_source


def take_snapshot(
    database: Database,
    lake: Lake,
    *,
    source: Source,
    wanted: Completeness,
    like: Delivery,
    read: Read,
    folder: Path,
    channel: str,
    now: datetime,
) -> Ingestion | None:
    """Ask for all rows of the last days, once it is time again; None if it is not, or if they say nothing new.

    What is held of those days and not among them is gone. Rows that can't be trusted, and a source that leaves out too much, are
    quarantined and asked again the next time.
    """
    name = f"{source.name} complete"
    with database.reading() as tx:
        before = deliveries.position(tx, source=name)
        held = [f for f in reads.source_files(tx, partner=like.partner) if f.stream == like.stream]
    if before and now - datetime.fromisoformat(before["at"]) < wanted.every:
        return None
    last = now.date()
    first = last - timedelta(days=wanted.days)
    path = folder / f"{like.stream}-complete-{first:%Y%m%d}-{last:%Y%m%d}.csv"
    rows = source.all_booked(first=first, last=last, to=path)
    snapshot = _Snapshot(lake, like=replace(like, path=path), held=held, first=first, last=last, most_gone_share=wanted.most_gone_share)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    done: Ingestion | None
    try:
        delivery = snapshot.delivery(read=read, sha256=sha256, is_empty=not rows, now=now)
    except FileError as refused:
        done = refuse(database, delivery=snapshot.like, sha256=sha256, refused=refused, channel=channel, now=now)
    else:
        done = ingest(database, lake, delivery=delivery, read=read, channel=channel, now=now) if delivery else None
    with database.transaction() as tx:
        deliveries.move_position(tx, source=name, to={"at": now.isoformat()}, now=now)
    return done


class _Snapshot:
    """All rows of some days, against the pulled files that are held."""

    def __init__(self, lake: Lake, *, like: Delivery, held: list[SourceFile], first: date, last: date, most_gone_share: float) -> None:
        self.like = like
        self._lake, self._held, self._first, self._last, self._most_gone_share = lake, held, first, last, most_gone_share
        self._parts = [part for f in held for part in f.parts if part_of(part).content == "records"]

    def delivery(self, *, read: Read, sha256: str, is_empty: bool, now: datetime) -> Delivery | None:
        """What is news in it, as a file that takes the place of those of which something changed or is gone; None if nothing is."""
        fresh = [] if is_empty else read_into_lake(self._lake, delivery=self.like, read=read, sha256=sha256, now=now).parts
        of = {"new": fresh, "held": self._parts}
        missing = gone(self._lake, **of, first=self._first, last=self._last) if self._parts else None
        if missing and missing.count:
            self._require_believable(missing)
            laid_over = without_gone(self._lake, **of, first=self._first, last=self._last)
        elif fresh:
            laid_over = overlay(self._lake, **of)
        else:
            return None
        if not laid_over.records.num_rows:
            return None
        path = self.like.path.with_name(f"{self.like.path.stem}-{sha256[:8]}.parquet")
        laid_over.write(path, at=now)
        keys = tuple(key for f in self._held if f.sha256 in laid_over.replaces for key in f.logical_keys)
        return replace(self.like, path=path, keys=keys, news=self._news(missing))

    def _news(self, missing: Gone | None) -> Message | None:
        if missing is None or not missing.count:
            return None
        return gone_at_source(
            first=self._first, last=self._last, count=missing.count, amount_minor=missing.amount_minor, named=missing.first
        )

    def _require_believable(self, missing: Gone) -> None:
        if missing.count > self._most_gone_share * missing.held:
            raise FileError(
                "suspicious-shrinkage",
                f"Of {missing.held:,} records booked from {self._first} through {self._last}, {missing.count:,} are gone at the source.",
                remedy="If they were deleted on purpose, raise most_gone_share in [ledger.complete]; it is asked again by itself.",
            )
