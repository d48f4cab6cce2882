"""Copies of delivered files, and of archives of them, in which no card number can be read."""

from __future__ import annotations

import functools
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast

from breakwater.sources import archives, ipm_masking, nacha_masking
from breakwater.sources.documents import Document

Write = Callable[[Document, BinaryIO], None]


def copier(write: Write) -> Callable[[Path, Path], None]:
    """A function that copies a file, or each file of a zip archive into another one, as `write` writes it.

    What it raises, `write` raised: FileError if the file is not what it should be.
    """
    return functools.partial(_copy, write)


def _copy(write: Write, source: Path, target: Path) -> None:
    with source.open("rb") as stream:
        packed = stream.read(4).startswith(archives.SIGNATURES)
    if not packed:
        with target.open("wb") as copy:
            write(_document(source.name, functools.partial(_opened, source)), copy)
        return
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in archives.members(source):
            with tempfile.TemporaryFile() as copy, archive.open(member.name, "w") as packed_copy:
                write(_document(member.name, member.open), cast(BinaryIO, copy))
                copy.seek(0)
                shutil.copyfileobj(copy, packed_copy)


def _opened(path: Path) -> BinaryIO:
    return path.open("rb")


def _document(name: str, open: Callable[[], BinaryIO]) -> Document:
    return Document(name=name, open=open, partner="", network=None, source_file="")


# The formats that have a field for card numbers.
COPIERS = {"mastercard-ipm": copier(ipm_masking.write_masked), "nacha": copier(nacha_masking.write_masked)}
