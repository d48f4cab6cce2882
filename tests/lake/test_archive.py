from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from breakwater.errors import WorldError
from breakwater.lake import archive
from breakwater.lake.parts import Lake

BYTES = b"<Document/>" * 200_000
SHA256 = hashlib.sha256(BYTES).hexdigest()


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


@pytest.fixture
def delivered(tmp_path: Path) -> Path:
    path = tmp_path / "statement.xml"
    path.write_bytes(BYTES)
    return path


def kept_in(lake: Lake) -> list[Path]:
    return [p for p in lake.root.rglob("*") if p.is_file()]


def test_a_file_is_kept_as_it_came(lake: Lake, delivered: Path) -> None:
    kept = archive.keep(lake, delivered, sha256=SHA256)

    assert kept == lake.root / "archive" / SHA256[:2] / SHA256
    assert kept.read_bytes() == BYTES
    assert delivered.exists()


def test_what_is_kept_is_not_written_over(lake: Lake, delivered: Path) -> None:
    kept = archive.keep(lake, delivered, sha256=SHA256)
    before = kept.stat()

    assert archive.keep(lake, delivered, sha256=SHA256) == kept
    assert (kept.stat().st_ino, kept.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_file_that_changed_meanwhile_is_not_kept(lake: Lake, delivered: Path) -> None:
    delivered.write_bytes(BYTES + b"more")

    with pytest.raises(WorldError, match=r"statement\.xml changed while it was read"):
        archive.keep(lake, delivered, sha256=SHA256)

    assert kept_in(lake) == []


def test_a_file_that_is_gone_is_told(lake: Lake, tmp_path: Path) -> None:
    with pytest.raises(WorldError, match=r"gone\.xml can't be kept: No such file"):
        archive.keep(lake, tmp_path / "gone.xml", sha256=SHA256)

    assert kept_in(lake) == []
