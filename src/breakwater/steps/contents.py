"""What is in the files of a stream, read once for each file and kept while the process lives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import chain

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
        self._known: dict[str, FileContents] = {}

    def by_stream(self, files: Iterable[SourceFile]) -> Mapping[str, list[FileContents]]:
        """The last files of each stream that hold records, and what is in them."""
        streams: dict[str, list[SourceFile]] = defaultdict(list)
        for file in sorted(files, key=lambda f: (f.received_at, f.name)):
            if file.records and file.parts:
                streams[file.stream].append(file)
        wanted = {stream: of[-_FILES:] for stream, of in streams.items()}
        self._read([file for file in chain.from_iterable(wanted.values()) if file.sha256 not in self._known])
        return {stream: [self._known[file.sha256] for file in of] for stream, of in wanted.items()}

    def _read(self, files: list[SourceFile]) -> None:
        parts = {file.sha256: [part for part in file.parts if part_of(part).content == "records"] for file in files}
        read = contents(self._lake, sorted(set(chain.from_iterable(parts.values()))))
        for file in files:
            told = [read[part] for part in parts[file.sha256]]
            missing: dict[str, int] = defaultdict(int)
            codes: dict[str, int] = defaultdict(int)
            for _, of_fields, of_codes in told:
                for name, count in of_fields.items():
                    missing[name] += count
                for code, count in of_codes.items():
                    codes[code] += count
            self._known[file.sha256] = FileContents(
                sha256=file.sha256, name=file.name, format=file.format, received_at=file.received_at, rows=sum(rows for rows, _, _ in told),
                missing=dict(missing), codes=dict(codes),
            )  # fmt: skip
