"""Deliveries: what lies in which drop, what of it is complete, and how a file is taken in or tried again."""

from __future__ import annotations

import functools
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from breakwater.config import Config
from breakwater.errors import BreakwaterError, CallError, RefusedError, WorldError
from breakwater.lake.parts import Lake
from breakwater.ledger_source import completeness, ledger_source
from breakwater.model.access import Actor
from breakwater.model.drops import Drop, Offered, Place, is_under_way
from breakwater.model.files import SourceFile
from breakwater.model.pulls import Source
from breakwater.model.records import Side
from breakwater.sources import drops, own_formats
from breakwater.sources import files as source_files
from breakwater.steps import quarantine
from breakwater.steps.drops import drop_is_back, drop_is_lost, is_left_alone
from breakwater.steps.ingest import Arrival, Delivery, Ingestion, ingest
from breakwater.steps.pulls import pull
from breakwater.steps.snapshots import take_snapshot
from breakwater.store import deliveries as store
from breakwater.store.database import Database
from breakwater.store.deliveries import Seen

LEDGER = "ledger"
PULL = "pull"  # the stream of what is pulled out of our own database or API
SETTLE_S = 5.0  # a file that was the same at two looks this far apart is complete
_INCOMING = "incoming"
_INCOMING_FOR_S = 3600.0  # far longer than a file is being read
_HALF_LETTER = re.compile("[\ud800-\udfff]")  # how Python writes bytes of a name that are no UTF-8

log = structlog.get_logger("breakwater")
OpenDrop = Callable[[Place], Drop]
OpenSource = Callable[[], Source]


class Deliveries:
    """Every drop of the configuration. `report` is the log for what failed; `open_drop` and `open_source` reach what lies elsewhere."""

    def __init__(
        self,
        config: Config,
        database: Database,
        lake: Lake,
        *,
        now: Callable[[], datetime],
        report: Callable[[str, BaseException], None],
        settle_s: float = SETTLE_S,
        open_drop: OpenDrop | None = None,
        open_source: OpenSource | None = None,
    ) -> None:
        self._config, self._database, self._lake = config, database, lake
        self._now, self._report, self._settle_s = now, report, settle_s
        self._channel = config.settings.slack.operations_channel
        self._read = functools.partial(source_files.read, layouts=own_formats.load(config.layouts))
        self._open_drop = open_drop or (lambda place: drops.open_drop(place, secret=config.optional_secret))
        self._open_source = open_source or ledger_source(config)
        self._complete = completeness(config)

    def take_in(self) -> list[Arrival]:
        """Look into every drop once, and take in what lies complete in it; then pull our own side, where it is pulled.

        A file or drop that fails stops itself, never its neighbours.
        """
        arrivals = []
        for stream, like in self.streams().items():
            if place := self._config.places.get(stream):
                try:
                    arrivals += self._look_into(place, like)
                except Exception as wrong:  # noqa: BLE001  a drop with something nobody thought of must not stop its neighbours
                    self._report(f"the drop {like.partner}/{like.stream} could not be looked into", wrong)
        return arrivals + self._pull()

    def retry(self, *, actor: Actor, file: SourceFile) -> Ingestion:
        """Read a refused file again from the archive. RefusedError if somebody handled it before."""
        if (file.partner, file.stream) == (LEDGER, PULL):
            raise RefusedError(f"{file.name} was pulled out of our own side.", remedy="Correct it there: it is pulled again by itself.")
        done = quarantine.retry(
            self._database,
            self._lake,
            actor=actor,
            file=file,
            like=self.like(file),
            read=self._read,
            channel=self._channel,
            clock=self._now,
        )
        _log(done, partner=file.partner)
        return done

    def discard(self, *, actor: Actor, file: SourceFile) -> SourceFile:
        """Put a refused file aside for good. RefusedError if somebody handled it before."""
        name, channel = self.like(file).partner_name, self._channel
        with self._database.transaction() as tx:
            return quarantine.discard(tx, actor=actor, file=file, partner_name=name, channel=channel, now=self._now())

    def tidy(self) -> None:
        """Remove copies that a crash left behind while they were read."""
        for folder in (self._config.data_dir / _INCOMING).glob("*"):
            if self._now().timestamp() - folder.stat().st_mtime > _INCOMING_FOR_S:
                shutil.rmtree(folder, ignore_errors=True)

    def streams(self) -> dict[tuple[str, str], Delivery]:
        """What a delivery of each stream is like, by partner and stream."""
        ours = Delivery(path=Path(), partner=LEDGER, partner_name="Our ledger", stream=LEDGER, side=Side.OURS)
        found = [ours] + [
            Delivery(
                path=Path(),
                partner=partner.id,
                partner_name=partner.name,
                stream=stream.stream,
                side=Side.THEIRS,
                network=partner.network,
                format=stream.format,
                mask=source_files.MASKS.get(stream.format),
            )
            for partner in self._config.partners.values()
            for stream in partner.files
        ]
        return {(like.partner, like.stream): like for like in found}

    def like(self, file: SourceFile) -> Delivery:
        """What a delivery of a file's stream is like; a stream that is configured no longer is read by content."""
        unknown = Delivery(path=Path(), partner=file.partner, partner_name=file.partner, stream=file.stream, side=file.side)
        return self.streams().get((file.partner, file.stream), unknown)

    def _pull(self) -> list[Arrival]:
        """Take in what changed in our own database or API, and what is gone. Where that fails, it is told and tried again as a drop is."""
        like = Delivery(path=Path(), partner=LEDGER, partner_name="Our ledger", stream=PULL, side=Side.OURS, format="ledger-records")
        if not self._open_source or is_left_alone(self._database, drop=f"{LEDGER}/{PULL}", now=self._now()):
            return []
        arrivals = []
        try:
            with self._incoming() as folder:
                for done in self._pulled(self._open_source(), like=like, folder=folder):
                    _log(done, partner=LEDGER)
                    arrivals.append(done.arrival)
        except BreakwaterError as wrong:
            self._report("our own side could not be pulled", wrong)
            drop_is_lost(self._database, like=like, wrong=wrong, channel=self._channel, now=self._now())
            return arrivals
        drop_is_back(self._database, like=like, channel=self._channel, now=self._now())
        return arrivals

    def _pulled(self, source: Source, *, like: Delivery, folder: Path) -> Iterator[Ingestion]:
        """What changed in the source since the last pull; then, once it is time, what is gone there."""
        changed = pull(
            self._database,
            self._lake,
            source=source,
            like=like,
            read=self._read,
            folder=folder,
            channel=self._channel,
            now=self._now(),
        )
        if changed:
            yield changed
        if self._complete is None:
            return
        gone = take_snapshot(
            self._database,
            self._lake,
            source=source,
            wanted=self._complete,
            like=like,
            read=self._read,
            folder=folder,
            channel=self._channel,
            now=self._now(),
        )
        if gone:
            yield gone

    def _look_into(self, place: Place, like: Delivery) -> list[Arrival]:
        drop_id = f"{like.partner}/{like.stream}"
        if is_left_alone(self._database, drop=drop_id, now=self._now()):
            return []
        try:
            drop = self._open_drop(place)
            offered = drop.listing()
        except (WorldError, CallError) as wrong:
            self._report(f"the drop of {drop_id} can't be reached", wrong)
            drop_is_lost(self._database, like=like, wrong=wrong, channel=self._channel, now=self._now())
            return []
        drop_is_back(self._database, like=like, channel=self._channel, now=self._now())
        for name in (f.name for f in offered if not _is_plain(f.name)):
            shown = name.encode("utf-8", "backslashreplace").decode()
            self._report(f"a file of {drop_id} is left alone", CallError(f"Its name can't be kept: {shown}", remedy="Have it renamed."))
        wanted, done = _sorted_out(offered, done_suffix=place.done_suffix)
        with self._database.transaction() as tx:
            seen = store.look_at(tx, drop=drop_id, offered=wanted, now=self._now())
        arrivals = []
        for file in seen:
            if file.sha256 is None and self._is_complete(file, place=place, done=done):
                arrivals += self._take(file.offered, drop=drop, drop_id=drop_id, like=like)
        return arrivals

    def _is_complete(self, file: Seen, *, place: Place, done: set[str]) -> bool:
        """Its done-file is there; or, where no done-files are agreed on, it has been the same for long enough."""
        if place.done_suffix:
            return file.offered.name in done
        return self._now() - file.seen_at >= timedelta(seconds=self._settle_s)

    def _take(self, offered: Offered, *, drop: Drop, drop_id: str, like: Delivery) -> list[Arrival]:
        try:
            with self._fetched(offered, drop) as (path, sha256):
                delivery = replace(like, path=path, sha256=sha256)
                arrived = ingest(self._database, self._lake, delivery=delivery, read=self._read, channel=self._channel, now=self._now())
        except Exception as wrong:  # noqa: BLE001  taken away, cut off, changed, or broken in a new way: the next look tries again
            self._report(f"the file {offered.name} of {drop_id} can't be read", wrong)
            return []
        with self._database.transaction() as tx:
            store.taken(tx, drop=drop_id, offered=offered, sha256=arrived.file.sha256)
        _log(arrived, partner=like.partner)
        return [arrived.arrival]

    @contextmanager
    def _fetched(self, offered: Offered, drop: Drop) -> Iterator[tuple[Path, str]]:
        """A copy of our own, under the file's own name, and its hash; gone afterwards."""
        with self._incoming() as folder:
            path = folder / offered.name
            yield path, drop.fetch(offered, path)

    @contextmanager
    def _incoming(self) -> Iterator[Path]:
        """An empty folder of our own, gone afterwards."""
        incoming = self._config.data_dir / _INCOMING
        incoming.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=incoming))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _sorted_out(offered: Sequence[Offered], *, done_suffix: str | None) -> tuple[list[Offered], set[str]]:
    """The files that may be deliveries, and the names of those whose done-file lies beside them."""
    names = {file.name for file in offered}
    is_done = {name.removesuffix(done_suffix) for name in names if name.endswith(done_suffix)} if done_suffix else set()
    files = [f for f in offered if not is_under_way(f.name) and _is_plain(f.name)]
    return [f for f in files if not (done_suffix and f.name.endswith(done_suffix))], is_done


def _is_plain(name: str) -> bool:
    """A name that can't lead out of the folder it is put into, and that can be written down."""
    return name == Path(name).name and "\0" not in name and not _HALF_LETTER.search(name)


def _log(arrived: Ingestion, *, partner: str) -> None:
    if arrived.arrival is not Arrival.ALREADY_KNOWN:
        log.info("file", partner=partner, name=arrived.file.name, arrival=str(arrived.arrival), records=arrived.file.records)
