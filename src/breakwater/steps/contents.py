"""What is in the last files of each stream, read once for each file and kept as long as it is one of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain

from breakwater.detection.file_numbers import came_at
from breakwater.detection.quality import ACCEPTED_AFTER_FILES, HISTORY_FILES, FileContents
from breakwater.lake.contents import contents
from breakwater.lake.parts import Lake
from breakwater.model.files import SourceFile
from breakwater.model.parts import part_of

_FILES = HISTORY_FILES + ACCEPTED_AFTER_FILES


class Contents:
    """The contents of partners' files as this process knows them."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._known: dict[tuple[str, str], dict[str, FileContents]] = {}

    def by_stream(self, files: Iterable[SourceFile]) -> Mapping[str, list[FileContents]]:
        """The last files of each stream of a partner that hold records, and what is in them."""
        streams: dict[tuple[str, str], list[SourceFile]] = defaultdict(list)
        for file in sorted(files, key=lambda f: (f.received_at, f.name)):
            if file.records and file.parts:
                streams[file.partner, file.stream].append(file)
        told: dict[str, list[FileContents]] = {}
        for key, of in streams.items():
            last, known = of[-_FILES:], self._known.get(key, {})
            known = known | self._read([file for file in last if file.sha256 not in known])
            self._known[key] = {file.sha256: known[file.sha256] for file in last}
            told[key[1]] = list(self._known[key].values())
        return told

    def replayed(self, files: Iterable[SourceFile], *, since: datetime) -> Mapping[str, list[FileContents]]:
        """The files of each stream that came from `since` on and those before which they are held against, as if each had just come."""
        streams: dict[str, list[SourceFile]] = defaultdict(list)
        for file in sorted(files, key=lambda f: (came_at(f), f.name)):
            if file.records and file.parts:
                streams[file.stream].append(file)
        told = {}
        for stream, of in streams.items():
            shown = of[-_FILES - sum(came_at(file) > since for file in of) :]
            read = self._read(shown)
            told[stream] = [replace(read[file.sha256], received_at=came_at(file)) for file in shown]
        return told

    def _read(self, files: Sequence[SourceFile]) -> dict[str, FileContents]:
        parts = {file.sha256: [part for part in file.parts if part_of(part).content == "records"] for file in files}
        read = contents(self._lake, sorted(set(chain.from_iterable(parts.values()))))
        found = {}
        for file in files:
            told = [read[part] for part in parts[file.sha256]]
            missing: dict[str, int] = defaultdict(int)
            codes: dict[str, int] = defaultdict(int)
            for _, of_fields, of_codes in told:
                for name, count in of_fields.items():
                    missing[name] += count
                for code, count in of_codes.items():
                    codes[code] += count
            found[file.sha256] = FileContents(
                sha256=file.sha256, name=file.name, format=file.format, received_at=file.received_at, rows=sum(rows for rows, _, _ in told),
                missing=dict(missing), codes=dict(codes), columns=None if file.columns is None else frozenset(file.columns),
            )  # fmt: skip
        return found
