"""Documents that stand one after the other in a stream are told apart wherever its chunks break."""

from __future__ import annotations

import io

import pytest

from breakwater.sources.documents import Document
from breakwater.sources.markup import declared_encoding, parts, root_name

TWO = b"<?xml version='1.0'?><a:d x='>'>one</a:d >\n<!-- <d> --><d>two<d2/></d>\n"


class Dribble(io.BytesIO):
    """A file that gives no more than `most` bytes at a time."""

    def __init__(self, data: bytes, *, most: int) -> None:
        super().__init__(data)
        self.most = most

    def read(self, size: int | None = -1) -> bytes:
        return super().read(self.most)


@pytest.mark.parametrize("most", [1, 2, 3, 5, 8, 13, 1000])
def test_two_documents_in_one_stream(most: int) -> None:
    document = Document(name="two", open=lambda: Dribble(TWO, most=most), partner="", network=None, source_file="")

    found = [b"".join(iter(part.read, b"")) for part in parts(document)]

    assert found == [b"<?xml version='1.0'?><a:d x='>'>one</a:d >", b"<!-- <d> --><d>two<d2/></d>"]


@pytest.mark.parametrize("step", [1, 3, 64])
def test_the_end_tag_is_found_across_chunks(step: int) -> None:
    padded = TWO.replace(b"one", b"x" * 300_000)
    document = Document(name="two", open=lambda: io.BytesIO(padded), partner="", network=None, source_file="")

    found = [b"".join(iter(lambda part=part: part.read(step), b"")) for part in parts(document)]

    assert [len(text) for text in found] == [300_039, 27]


def test_the_declaration_is_read_in_every_encoding_it_may_stand_in() -> None:
    declaration = '<?xml version="1.0" encoding="{}" standalone="yes"?><d/>'

    assert declared_encoding(declaration.format("ISO-8859-1").encode()) == "ISO-8859-1"
    assert declared_encoding(b"\xef\xbb\xbf" + declaration.format("utf-8").encode()) == "utf-8"
    assert declared_encoding(declaration.format("UTF-16").encode("utf-16")) == "UTF-16"
    assert declared_encoding(b"<d encoding='x'/>") is None


def test_the_root_is_found_behind_comments_and_instructions() -> None:
    assert root_name(b"<?xml version='1.0'?>\n<?go <x>?><!-- <y> -->\n<n:Document/>", name="f") == b"n:Document"
