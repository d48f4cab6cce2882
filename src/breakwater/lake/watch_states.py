"""What the watch over the hours knows, at rest, so that the next process goes on where the last one stood. Nothing depends on it.

A state is a list and pieces named by their bytes, which never change: of a pass only what changed is written. The list comes last and all
at once, so a state is there complete, or the one before it is.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from breakwater.errors import WorldError
from breakwater.lake.parts import Lake
from breakwater.lake.writing import move_into_place

Array = npt.NDArray[Any]
_FOLDER = "watch"
_LIST = "state.json"
_UNLISTED_FOR_S = 3600.0  # longer than anybody reads a state that has a successor


def keep(lake: Lake, name: str, said: Mapping[str, Any], pieces: Iterable[tuple[str, Mapping[str, Array]]]) -> str:
    """Keep a state under `name` instead of the one before: what can be said in JSON, and arrays in pieces. Its mark, see `mark`."""
    folder = lake.root / _FOLDER / name
    with lake.world():
        folder.mkdir(parents=True, exist_ok=True)
        files = {of: _kept(lake, folder, arrays) for of, arrays in pieces}
        unfinished = lake.unfinished(_LIST)
        unfinished.write_text(json.dumps({"said": said, "pieces": files}), encoding="utf-8")
        its_mark = _mark(unfinished)
        move_into_place(unfinished, folder / _LIST)
        _forget_unlisted(folder, {*files.values(), _LIST})
    return its_mark


def mark(lake: Lake, name: str) -> str | None:
    """What tells the state that is kept under `name` now from those before and after it; None if there is none."""
    try:
        return _mark(lake.root / _FOLDER / name / _LIST)
    except OSError:
        return None


def kept(lake: Lake, name: str) -> tuple[dict[str, Any], Iterator[tuple[str, Mapping[str, Array]]]] | None:
    """The state kept under `name`; None if there is none that can be read. WorldError from a piece that is missing or damaged."""
    folder = lake.root / _FOLDER / name
    try:
        listed = json.loads((folder / _LIST).read_text(encoding="utf-8"))
        return listed["said"], _read(folder, dict(listed["pieces"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def forget(lake: Lake, *, older_than_s: float) -> None:
    """Remove the states that nobody kept for so long: those of settings and versions that are no more."""
    with lake.world():
        for folder in (lake.root / _FOLDER).glob("*"):
            listed = folder / _LIST
            if not listed.is_file() or time.time() - listed.stat().st_mtime > older_than_s:
                for path in (listed, *folder.iterdir()):  # the list first: what is half removed is none
                    path.unlink(missing_ok=True)
                folder.rmdir()


def _kept(lake: Lake, folder: Path, arrays: Mapping[str, Array]) -> str:
    """The name of the file that holds these arrays, written where it is not there yet."""
    packed = {name: np.ascontiguousarray(values) for name, values in arrays.items()}
    path = folder / f"{_digest(packed)}.npz.zst"
    try:
        os.utime(path)
    except FileNotFoundError:
        held = io.BytesIO()
        np.savez(held, allow_pickle=False, **packed)
        unfinished = lake.unfinished(path.name)
        with pa.output_stream(str(unfinished), compression="zstd") as file:
            file.write(held.getbuffer())
        move_into_place(unfinished, path)
    return path.name


def _read(folder: Path, files: Mapping[str, str]) -> Iterator[tuple[str, Mapping[str, Array]]]:
    for name, file in files.items():
        try:
            with pa.input_stream(str(folder / file), compression="zstd") as packed:
                arrays = dict(np.load(io.BytesIO(packed.read()), allow_pickle=False))
        except (OSError, ValueError, EOFError) as wrong:
            raise _damaged(file) from wrong
        if file != f"{_digest(arrays)}.npz.zst":
            raise _damaged(file)
        yield name, arrays


def _damaged(file: str) -> WorldError:
    return WorldError(f"What the watch knew can't be read: {file} is missing or damaged.", remedy="It is worked out again.")


def _digest(arrays: Mapping[str, Array]) -> str:
    digest = hashlib.sha256()
    for name, values in arrays.items():
        digest.update(f"{name} {values.dtype.str} {values.shape}\n".encode())
        digest.update(values.data)
    return digest.hexdigest()[:32]


def _mark(path: Path) -> str:
    file = path.stat()
    return f"{file.st_ino}-{file.st_mtime_ns}-{file.st_size}"


def _forget_unlisted(folder: Path, listed: set[str]) -> None:
    for path in folder.iterdir():
        if path.name not in listed and time.time() - path.stat().st_mtime > _UNLISTED_FOR_S:
            path.unlink(missing_ok=True)
