"""What is in a partner's files, replayed: which of them would have been told as unlike those before, or as cut off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from breakwater.detection.file_numbers import came_at, truncated
from breakwater.detection.quality import DEFAULT_FILE_BARS, FileBars, FileContents, all_different
from breakwater.model.backtests import Budget, WouldTell
from breakwater.model.files import SourceFile
from breakwater.model.findings import FindingKind
from breakwater.model.partners import Partner

FILE_BARS: Mapping[Budget, FileBars] = {
    Budget.STRICTER: FileBars(newly_missing=0.04, more_missing=0.4, deviations=5.0, new_code=0.01),
    Budget.AS_NOW: DEFAULT_FILE_BARS,
    Budget.LOOSER: FileBars(newly_missing=0.01, more_missing=0.15, deviations=3.2, new_code=0.0025),
}
TRUNCATED_SURER: Mapping[Budget, float] = {Budget.STRICTER: 1.0, Budget.AS_NOW: 0.0, Budget.LOOSER: -0.5}  # units of surprise


def files_would_tell(
    partner: Partner,
    *,
    files: Sequence[SourceFile],
    streams: Mapping[str, Sequence[FileContents]],
    since: datetime,
    cautions: Mapping[tuple[str, str], float],
) -> dict[Budget, list[WouldTell]]:
    """What would have been told of a partner's files from `since` on under each budget. `streams` is what is in them."""
    arrived = [replace(file, received_at=came_at(file)) for file in files]
    changed, cut = cautions.get(("changed", "file"), 0.0), cautions.get(("truncated", "file"), 0.0)
    found = {
        budget: [
            *_changed(partner, streams, caution=changed, bars=FILE_BARS[budget]),
            *_truncated(partner, arrived, caution=cut + TRUNCATED_SURER[budget]),
        ]
        for budget in Budget
    }
    return {budget: [one for one in told if one.fired_at > since] for budget, told in found.items()}


def _changed(partner: Partner, streams: Mapping[str, Sequence[FileContents]], *, caution: float, bars: FileBars) -> Iterator[WouldTell]:
    for stream, files in sorted(streams.items()):
        for run in all_different(files, caution=caution, bars=bars):
            yield WouldTell(
                kind=FindingKind.FILE_CHANGED,
                scope=f"{partner.id} · {stream}",
                fired_at=run.first.received_at,
                ended_at=run.over.received_at if run.over else None,
                what=f"{run.first.name}: {'; '.join(run.at_first)}",
            )


def _truncated(partner: Partner, files: Sequence[SourceFile], *, caution: float) -> Iterator[WouldTell]:
    for file, why in truncated(partner, files=files, caution=caution):
        yield WouldTell(
            kind=FindingKind.FILE_TRUNCATED,
            scope=f"{partner.id} · {file.stream}",
            fired_at=file.received_at,
            ended_at=file.received_at,
            what=why,
        )
