"""A drop that is a folder, and the addresses of drops."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from breakwater.errors import CallError, WorldError
from breakwater.model.drops import Place
from breakwater.sources.drops import FolderDrop, open_drop


@pytest.fixture
def drop(tmp_path: Path) -> FolderDrop:
    (tmp_path / "out").mkdir()
    return FolderDrop(tmp_path / "out")


def test_a_folder_offers_its_own_files(drop: FolderDrop, tmp_path: Path) -> None:
    (tmp_path / "out" / "b.xml").write_text("two")
    (tmp_path / "out" / "a.xml").write_text("three")
    (tmp_path / "out" / "older").mkdir()

    assert [(o.name, o.size) for o in drop.listing()] == [("a.xml", 5), ("b.xml", 3)]


def test_a_file_is_copied_and_hashed(drop: FolderDrop, tmp_path: Path) -> None:
    (tmp_path / "out" / "a.xml").write_bytes(b"bytes" * 500_000)
    (offered,) = drop.listing()

    sha256 = drop.fetch(offered, tmp_path / "copy")

    assert (tmp_path / "copy").read_bytes() == b"bytes" * 500_000
    assert sha256 == hashlib.sha256(b"bytes" * 500_000).hexdigest()


@pytest.mark.parametrize("later", [b"half and half", b"whole"], ids=["grown", "written again"])
def test_a_file_that_changed_since_it_was_offered_leaves_nothing(drop: FolderDrop, tmp_path: Path, later: bytes) -> None:
    path = tmp_path / "out" / "a.xml"
    path.write_bytes(b"half!")
    (offered,) = drop.listing()
    path.write_bytes(later)
    os.utime(path, (1, 1))

    with pytest.raises(WorldError, match=r"a\.xml changed while it was read"):
        drop.fetch(offered, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_a_file_that_is_gone_and_a_folder_that_is_gone_are_told(drop: FolderDrop, tmp_path: Path) -> None:
    (tmp_path / "out" / "a.xml").write_text("x")
    (offered,) = drop.listing()
    (tmp_path / "out" / "a.xml").unlink()

    with pytest.raises(WorldError, match=r"a\.xml can't be read: No such file"):
        drop.fetch(offered, tmp_path / "copy")
    with pytest.raises(WorldError, match=r"away can't be read: No such file") as gone:
        FolderDrop(tmp_path / "away").listing()
    assert "mounted" in gone.value.remedy


def test_another_kind_of_address_is_refused_with_the_nearest() -> None:
    with pytest.raises(CallError, match=r"'ftp' is no kind of drop\. Did you mean 'sftp'"):
        open_drop(Place(url="ftp://host/out"), secret=lambda name: None)
