"""What is in files, against the files of their stream before: a column that is new or gone, a field that is missing, a code nobody saw.

One finding per stream, whatever is different: it begins with the first file that is, and is over with the next that is as before. What ten
files in a row show is how files are from then on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain

from breakwater.detection.feedback import stricter
from breakwater.detection.telling import finding_id
from breakwater.model.findings import Finding, FindingKind
from breakwater.model.masking import mask_cards
from breakwater.model.partners import Partner
from breakwater.model.per_cent import per_cent

HISTORY_FILES, LEAST_FILES = 30, 5
LEAST_ROWS = 20  # smaller files have no shares
LEAST_HISTORY_ROWS = 300
ACCEPTED_AFTER_FILES = 10
ALWAYS = 0.001  # a field that is missing less often was always filled
LEAST_MISSING = 5  # rows, of a field that was always filled
NEW_CODE_ROWS, NEW_CODE_TIMES = 3, 6.0
FEW_CODES = 200  # a stream with more has codes like references: a new one is no news
NAMED = 4
NAME_LENGTH = 60  # characters


@dataclass(frozen=True, kw_only=True)
class FileBars:
    """How much must differ to be told: `newly_missing` is the share of a field that was always filled, `more_missing` that of any other
    field beyond the worst file before, `deviations` how far either lies from chance, and `new_code` the share of rows with a new code."""

    newly_missing: float = 0.02
    more_missing: float = 0.25
    deviations: float = 4.0
    new_code: float = 0.005


DEFAULT_FILE_BARS = FileBars()


@dataclass(frozen=True, kw_only=True)
class FileContents:
    """What is in one file: in how many of its rows each field is missing, and how often each of the partner's own codes stands in it.

    `columns` are the names in its header, whether anything here reads them or not; None where nothing is known of them.
    """

    sha256: str
    name: str
    format: str
    received_at: datetime
    rows: int
    missing: Mapping[str, int]
    codes: Mapping[str, int]
    columns: frozenset[str] | None = None


@dataclass(frozen=True, kw_only=True)
class Different:
    """A run of files that differ from those before.

    `at_first` says how the first of them does, `what` how the last: `columns` is how many are new or gone, `rows` in how many rows what is
    read differs. `over` is the file that was as before, or with which this became how files are; None while it goes on.
    """

    first: FileContents
    last: FileContents
    at_first: tuple[str, ...]
    what: tuple[str, ...]
    columns: int
    rows: int
    over: FileContents | None = None


def different(files: Iterable[FileContents], *, caution: float = 0.0) -> Different | None:
    """How the files of one stream differ of late from those before; None where the last one does not."""
    runs = all_different(files, caution=caution)
    return runs[-1] if runs and runs[-1].over is None else None


def all_different(files: Iterable[FileContents], *, caution: float = 0.0, bars: FileBars = DEFAULT_FILE_BARS) -> list[Different]:
    """Every run of files of one stream that differed from those before, oldest first. Small files only show columns."""
    sound: list[FileContents] = []
    run: list[FileContents] = []
    ended: list[Different] = []
    found: Different | None = None
    for file in sorted(files, key=lambda f: (f.received_at, f.name)):
        before = [f for f in sound if f.format == file.format]
        new, gone = _other_columns(file, before[-HISTORY_FILES:])
        is_small = file.rows < LEAST_ROWS
        large = [f for f in before if f.rows >= LEAST_ROWS][-HISTORY_FILES:]
        differ = [] if is_small else _differences(file, large, bars=bars, caution=caution)
        if new or gone or differ:
            what = (*_columns_in_words(gone, "gone"), *_columns_in_words(new, "new"), *(text for text, _ in differ))
            run.append(file)
            found = Different(
                first=run[0],
                last=file,
                at_first=found.at_first if found else what,
                what=what,
                columns=len(new) + len(gone),
                rows=max((rows for _, rows in differ), default=0),
            )
        elif found is None:
            sound.append(file)
        elif not (is_small and found.rows):  # else it can't show that rows are as before
            ended.append(replace(found, over=file))
            sound, run, found = [*sound, file], [], None
        if found and len(run) == ACCEPTED_AFTER_FILES:
            ended.append(replace(found, over=file))
            sound, run, found = run, [], None
    return [*ended, found] if found else ended


def quality_findings(
    partner: Partner,
    *,
    streams: Mapping[str, Sequence[FileContents]],
    now: datetime,
    caution: float = 0.0,
    open_findings: Iterable[Finding] = (),
) -> list[Finding]:
    """One finding for each stream whose last files differ from those before."""
    found_at = {f.id: f.found_at or now for f in open_findings}
    findings = []
    for stream, files in sorted(streams.items()):
        if found := different(files, caution=caution):
            finding = _finding(partner, stream, found)
            findings.append(replace(finding, found_at=found_at.get(finding.id, now)))
    return findings


def _other_columns(file: FileContents, before: Sequence[FileContents]) -> tuple[list[str], list[str]]:
    """Columns that no file before had, and those that all had and this one has not. Where every other file has a column of its own, like
    one that is called after its day, other columns are no news."""
    known = [f.columns for f in before if f.columns is not None]
    if file.columns is None or len(known) < LEAST_FILES:
        return [], []
    times = Counter(chain.from_iterable(known))
    once = {name for name, n in times.items() if n == 1}
    if 2 * sum(bool(columns & once) for columns in known) >= len(known):
        return [], []
    return sorted(file.columns - times.keys()), sorted(name for name, n in times.items() if n == len(known) and name not in file.columns)


def _columns_in_words(names: Sequence[str], what: str) -> list[str]:
    quoted = [f"'{mask_cards(name if len(name) <= NAME_LENGTH else name[: NAME_LENGTH - 1] + '…')}'" for name in names]
    if len(quoted) > NAMED:
        return [f"{len(quoted):,} columns are {what}, {quoted[0]} among them"]
    return [f"column {name} is {what}" for name in quoted]


def _differences(file: FileContents, before: Sequence[FileContents], *, bars: FileBars, caution: float) -> list[tuple[str, int]]:
    """What is different about a file, in words, and how many rows that concerns; the most rows first."""
    rows = sum(f.rows for f in before)
    if len(before) < LEAST_FILES or rows < LEAST_HISTORY_ROWS:
        return []
    deviations = stricter(bars.deviations, caution=caution)
    found = [_missing(file, field, before, rows, replace(bars, deviations=deviations)) for field in sorted(file.missing)]
    found += _new_codes(file, before, rows, bars)
    return sorted((one for one in found if one), key=lambda one: (-one[1], one[0]))


def _missing(file: FileContents, field: str, before: Sequence[FileContents], rows: int, bars: FileBars) -> tuple[str, int] | None:
    """A field that is missing more often than it was, beyond chance and beyond what is worth telling."""
    missing = file.missing[field]
    share, usual = missing / file.rows, sum(f.missing.get(field, f.rows) for f in before) / rows
    worst = max(f.missing.get(field, f.rows) / f.rows for f in before)
    never = max(usual, 1 / rows)
    deviation = (share - never) / max((never * (1 - never) / file.rows) ** 0.5, 1e-9)
    was_always_there = worst <= ALWAYS or usual <= ALWAYS
    if was_always_there:
        enough = share >= max(bars.newly_missing, 2 * worst) and missing >= LEAST_MISSING
    else:
        enough = share >= worst + bars.more_missing
    if not enough or deviation < bars.deviations:
        return None
    name = field.replace("_", " ")
    if missing == file.rows:
        return f"{name} is missing in every row ({_percent(usual)} before)", missing
    return f"{name} is missing in {_percent(share)} of the rows ({_percent(usual)} before)", missing


def _new_codes(file: FileContents, before: Sequence[FileContents], rows: int, bars: FileBars) -> list[tuple[str, int]]:
    """Codes of the partner's own that no file before had."""
    known = {code for f in before for code in f.codes}
    if not known or len(known) > FEW_CODES:
        return []
    fresh = {code: n for code, n in file.codes.items() if code not in known}
    # What happens once in as many rows as were seen may not have been seen yet.
    by_chance = NEW_CODE_TIMES * file.rows / rows
    told = [(code, n) for code, n in sorted(fresh.items()) if n >= max(NEW_CODE_ROWS, bars.new_code * file.rows, by_chance)]
    if len(told) > NAMED:
        return [(f"{len(told):,} codes no file had before, '{told[0][0]}' among them", sum(n for _, n in told))]
    return [(f"'{code}' in {n:,} {'row' if n == 1 else 'rows'} is a code no file had before", n) for code, n in told]


def _finding(partner: Partner, stream: str, found: Different) -> Finding:
    shown = "; ".join(found.what[:NAMED])
    more = f"; and {len(found.what) - NAMED:,} more" if len(found.what) > NAMED else ""
    return Finding(
        id=finding_id(FindingKind.FILE_CHANGED, partner.id, stream, found.first.sha256),
        kind=FindingKind.FILE_CHANGED,
        partner=partner.id,
        scope=f"{partner.id} · {stream}",
        since=found.first.received_at,
        summary=f"{partner.name}: {found.last.name} is not like the {stream} files before it: {shown}{more}.",
        expected="the same columns, fields and codes as in the files before",
        seen=_seen(found),
        next_step=f"Ask {partner.name} whether the format of its {stream} files has changed, before anything is decided by these fields.",
    )


def _seen(found: Different) -> str:
    columns = f"{found.columns:,} {'column that is' if found.columns == 1 else 'columns that are'} new or gone"
    rows = f"{found.rows:,} of {found.last.rows:,} rows differ"
    return "; ".join(text for text, n in ((columns, found.columns), (rows, found.rows)) if n)


def _percent(share: float) -> str:
    return per_cent(share, decimals=0 if share >= 0.01 or not share else 1)
