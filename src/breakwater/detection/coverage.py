"""What no alert can be promised for, said aloud: series too new, too small, or of which nothing is known any more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np

from breakwater.detection.beside import Beside
from breakwater.detection.families import LEAST_TRIED
from breakwater.detection.live import Live
from breakwater.detection.panel import Bools
from breakwater.detection.rare import AFTER_D, DETECTORS, LEAST_D, WINDOWS_D
from breakwater.detection.series import DAY_H, HOUR
from breakwater.model.findings import Unmonitored
from breakwater.model.occurrences import Occurrence
from breakwater.model.partners import Partner

LEAST_PER_DAY = 30.0  # payments; below it a drop looks like chance
STALE_AFTER_H = 24
SEEN_TIMES = 3.0  # refunds and chargebacks of which three times as many would not be seen are too few
SEGMENTS_NAMED = 3


def unmonitored(live: Live | None, *, partners: Mapping[str, Partner], now: datetime) -> list[Unmonitored]:
    """One sentence for each partner, or segment of one, for which no alert can be promised."""
    if live is None:
        return [Unmonitored(partner=None, text="No payments are known yet, so nothing can be said of volumes and approvals.")]
    ended_at = live.panel.at(live.until)
    if now - ended_at > STALE_AFTER_H * HOUR:
        since = f"{ended_at.day} {ended_at:%b %H:%M} UTC"
        text = f"Nothing is known of any payment after {since}: our own events have stopped arriving."
        return [Unmonitored(partner=None, text=text)]
    said = []
    for partner in partners.values():
        rows = live.rows_of(partner.id)
        if len(rows):
            said += [Unmonitored(partner=partner.id, text=text) for text in _of_partner(partner, live, rows.tolist())]
    return said


def _of_partner(partner: Partner, live: Live, rows: list[int]) -> list[str]:
    """A partner whose payments together are too few is said once; one that is watched names its segments that are not."""
    day = slice(max(0, live.until - DAY_H), live.until)
    per_day = np.nan_to_num(live.watch.past.expected[rows, day]).sum(1)
    known: Bools = live.watch.past.known[rows, live.until - 1]
    if not known.any():
        return [f"{partner.name} is too new to monitor: ten days of payments are needed before anything can be expected."]
    if per_day.sum() < LEAST_PER_DAY:
        return [f"{partner.name} is not monitorable at this size: {_few(per_day.sum())}"]
    said = []
    for row, expected, is_known in zip(rows, per_day.tolist(), known.tolist(), strict=True):
        where = " · ".join(value for _, value in live.panel.segments[row].scope())
        if not is_known:
            said.append(f"{where} is too new to be monitored by itself.")
        elif expected < LEAST_PER_DAY and len(rows) > 1:
            said.append(
                f"{where} is not monitorable at this size: {_few(expected)} It is watched together with the rest of {partner.name}."
            )
    return said


def unmonitored_beside(live: Live, beside: Beside, *, partners: Mapping[str, Partner], now: datetime) -> list[Unmonitored]:
    """The same of declines by reason, refunds and chargebacks; nothing while no payments arrive, since that is said already."""
    if not live.until or now - live.panel.at(live.until) > STALE_AFTER_H * HOUR:
        return []
    known = [partner for partner in partners.values() if len(live.rows_of(partner.id))]
    said = [text for partner in known if (text := _families(partner, live, beside))] if beside.families.is_ready else [_NO_FAMILIES]
    return [*said, *_rare(known, live, beside)]


_NO_FAMILIES = Unmonitored(
    partner=None, text="Declines by reason are not watched yet: that begins in the fourth week of payments some of which are declined."
)


def _families(partner: Partner, live: Live, beside: Beside) -> Unmonitored | None:
    rows = live.rows_of(partner.id)
    small = rows[beside.families.too_small(rows)]
    if not len(small):
        return None
    names = [" · ".join(value for _, value in live.panel.segments[row].scope()) for row in small.tolist()]
    more = f" and {len(names) - SEGMENTS_NAMED:,} more" if len(names) > SEGMENTS_NAMED else ""
    where = partner.name if len(small) == len(rows) else ", ".join(names[:SEGMENTS_NAMED]) + more
    text = f"Declines by reason are not monitorable at {where}: {LEAST_TRIED:.0f} attempts in four weeks are needed."
    return Unmonitored(partner=partner.id, text=text)


def _rare(partners: Sequence[Partner], live: Live, beside: Beside) -> list[Unmonitored]:
    """What is too new is said once for refunds and chargebacks together; what is too small, for each by its figures."""
    scopes = np.array([live.watch.scopes.covering(live.rows_of(partner.id)) for partner in partners], dtype=np.int64)
    seen = {what: beside.rare.sight(what, scopes, hour=live.until - 1) for what in Occurrence if what in beside.occurrences.minor}
    said = []
    for n, partner in enumerate(partners):
        new = [DETECTORS[what] for what in Occurrence if what not in seen or not np.isfinite(seen[what][0][n])]
        if new:
            text = f"{' and '.join(new).capitalize()} of {partner.name} are not watched yet:"
            text += f" that begins {LEAST_D + AFTER_D} days after the first that is known."
            said.append(Unmonitored(partner=partner.id, text=text))
        for what, (a_day, least) in seen.items():
            if least[n, -1] > SEEN_TIMES * WINDOWS_D[-1] * a_day[n]:
                text = f"{DETECTORS[what].capitalize()} of {partner.name} are not monitorable at this size: {_often(a_day[n])} usual, and"
                text += f" fewer than about {least[n, 0]:.0f} a day or {least[n, -1]:.0f} in {WINDOWS_D[-1]} days look like chance."
                said.append(Unmonitored(partner=partner.id, text=text))
    return said


def _often(per_day: float) -> str:
    a_week = 7 * per_day
    return (
        f"about {per_day:.0f} a day are" if per_day >= 3 else f"about {a_week:.0f} a week are" if a_week >= 1.5 else "one a week or less is"
    )


def _few(per_day: float) -> str:
    return f"about {per_day:.0f} payments a day are expected, and below {LEAST_PER_DAY:.0f} a drop looks like chance."
