"""What goes wrong with payments, beside the hours of a live panel: declines by family, refunds, chargebacks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from breakwater.detection.live import Key, Live
from breakwater.detection.series import Counts
from breakwater.model.occurrences import Occurrence

Small = npt.NDArray[np.int32]


@dataclass(frozen=True, kw_only=True, eq=False)
class OccurrenceRows:
    """Hourly counts as rows: the place of each, its hour (whole hours since 1970, UTC), what happened, how often, worth how much."""

    places: Sequence[Key]
    hours: Counts
    what: Sequence[str]
    count: Counts
    minor: Counts


class Occurrences:
    """Segments × hours of a live panel, for each thing that happens at all; what refunds and chargebacks are worth, in minor units.

    Late counts are added to the hours they are about.
    """

    def __init__(self, live: Live) -> None:
        self._live = live
        self.counts: dict[str, Small] = {}
        self.minor: dict[Occurrence, Counts] = {}

    def add(self, rows: OccurrenceRows) -> None:
        """Add counts. What is older than the panel is left out."""
        what = np.array(rows.what)
        for name in np.unique(what).tolist():
            mine = np.flatnonzero(what == name).tolist()
            place, at, kept = self._live.placed([rows.places[n] for n in mine], rows.hours[mine])
            np.add.at(self.counted(name), (place, at), rows.count[mine][kept])
            if name in set(Occurrence):
                np.add.at(self.worth(Occurrence(name)), (place, at), rows.minor[mine][kept])

    def counted(self, name: str) -> Small:
        """Where a thing is counted, from now on at least."""
        if name not in self.counts:
            self.counts[name] = np.zeros(self._live.panel.attempts.shape, dtype=np.int32)
        return self.counts[name]

    def worth(self, what: Occurrence) -> Counts:
        """Where it is summed up what these are worth, from now on at least."""
        if what not in self.minor:
            self.minor[what] = np.zeros(self._live.panel.attempts.shape, dtype=np.int64)
        return self.minor[what]
