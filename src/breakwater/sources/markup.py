"""XML without its dangers: no DOCTYPE, nothing fetched, several documents in one file told apart, and a cut file known as cut."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, cast

from lxml import etree

from breakwater.errors import FileError
from breakwater.sources.documents import HEAD_BYTES, RESEND, Document, Utf8Stream, bad_encoding, utf8_stream

_BEFORE_ROOT = re.compile(rb"\s*(?:<\?.*?\?>|<!--.*?-->)", re.DOTALL)
_ROOT = re.compile(rb"\s*<([^\s<>/!?]+)")
_DOCTYPE = re.compile(rb"\s*<!DOCTYPE\s+([^\s\[>]*)", re.IGNORECASE)
_DECLARED = re.compile(rb"""\s*(?:\xef\xbb\xbf)?<\?xml\s[^>]*?encoding\s*=\s*["']([^"']*)["']""")
_DECLARED_UTF16 = re.compile(r"""\s*<\?xml\s[^>]*?encoding\s*=\s*["']([^"']*)["']""")
_LONGEST_TAG_BYTES = 64 * 1024


class LocalNames(dict[str, str]):
    """Element names without their namespace: `names['{urn:x}Ntry']` is 'Ntry'."""

    def __missing__(self, tag: str) -> str:
        local = self[tag] = tag.rpartition("}")[2]
        return local


class Part:
    """One XML document of a stream, as the readable file that lxml wants. It ends right after its root's end tag."""

    def __init__(self, stream: Utf8Stream, *, start: bytes, root: bytes) -> None:
        self._stream = stream
        self._pending = start
        self._end = re.compile(rb"</" + re.escape(root) + rb"\s*>")
        self._end_prefix = b"</" + root
        self.complete = False
        self.rest = b""
        self._exhausted = False

    def read(self, size: int = 32 * 1024) -> bytes:
        """The next bytes, never past the root's end tag."""
        while not self.complete and not self._exhausted:
            chunk = self._stream.read(size)
            self._exhausted = not chunk
            data = self._pending + chunk
            if self._end_prefix in data and (end := self._end.search(data)):
                self.complete, self._pending, self.rest = True, b"", data[end.end() :]
                return data[: end.end()]
            # A tag that is still open may be the end tag: it waits for its other half.
            last = data.rfind(b"<", -_LONGEST_TAG_BYTES)
            cut = len(data) if self._exhausted or last < 0 or b">" in data[last:] else last
            self._pending = data[cut:]
            if cut:
                return data[:cut]
        return b""

    def drain(self) -> None:
        """Read on to the end of this document."""
        while self.read():
            pass


def declared_encoding(head: bytes) -> str | None:
    """The encoding an XML declaration names, or None."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        found_text = _DECLARED_UTF16.match(head[:1024].decode("utf-16", errors="replace"))
        return found_text[1] if found_text else None
    found = _DECLARED.match(head)
    return found[1].decode("ascii", errors="replace") if found else None


def root_name(head: bytes, *, name: str) -> bytes:
    """The qualified name of the root element. A DOCTYPE is `unsafe-xml`, or `unknown-format` where it is a web page's."""
    at = 0
    while found := _BEFORE_ROOT.match(head, at):
        at = found.end()
    if doctype := _DOCTYPE.match(head, at):
        if doctype[1].lower() == b"html":
            raise web_page(name)
        raise FileError(
            "unsafe-xml", f"{name} has a DOCTYPE, which can hide anything and is never read.", remedy="Ask the partner to leave it out."
        )
    root = _ROOT.match(head, at)
    if root is None:
        raise FileError("malformed", f"{name} has no XML element where one should start.", remedy=RESEND)
    if root[1].lower() == b"html":
        raise web_page(name)
    return root[1]


def web_page(name: str) -> FileError:
    """The refusal of a web page, most often a login or error page saved in place of the report."""
    return FileError("unknown-format", f"{name} is a web page, not a report.", remedy="Download it again; the session may have expired.")


def parts(document: Document) -> Iterator[Part]:
    """The XML documents of a file, one after the other. Each must be read before the next is asked for."""
    stream = utf8_stream(document, declared=declared_encoding(document.head()))
    try:
        pending = _filled(stream, b"")
        while pending.strip():
            part = Part(stream, start=pending, root=root_name(pending, name=document.name))
            yield part
            part.drain()
            pending = _filled(stream, part.rest)
    finally:
        stream.close()


def _filled(stream: Utf8Stream, pending: bytes) -> bytes:
    """The next document's start without leading blanks, with as much of it as its prolog may take."""
    pending = pending.lstrip()
    while len(pending) < HEAD_BYTES and (chunk := stream.read(HEAD_BYTES)):
        pending = (pending + chunk).lstrip()
    return pending


def elements(part: Part, *, names: tuple[str, ...], document: Document) -> Iterator[Any]:
    """Each element of the given local names, in any namespace, when it is complete. Raises FileError in the words of the file."""
    try:
        for _, element in etree.iterparse(
            part,
            events=("end",),
            tag=tuple("{*}" + name for name in names),
            encoding="utf-8",  # the stream is UTF-8 whatever the declaration said
            remove_comments=True,
            remove_pis=True,
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
        ):
            yield element
    except etree.XMLSyntaxError as wrong:
        raise _refusal(wrong, part=part, document=document) from None


def forget(element: Any) -> None:
    """Free what has been read: the element's content now, the element itself when its next sibling of the same name is complete.

    The parser may still be writing right behind the element, so that one has to stay until then.
    """
    element.clear(keep_tail=True)
    previous = element.getprevious()
    if previous is not None and previous.tag == element.tag:
        element.getparent().remove(previous)


def _refusal(wrong: etree.XMLSyntaxError, *, part: Part, document: Document) -> FileError:
    line = wrong.lineno or 1
    if cast(Any, wrong).code == etree.ErrorTypes.ERR_INVALID_ENCODING:
        return bad_encoding(document.name, f"its bytes near line {line} contradict its XML declaration")
    part.drain()
    if not part.complete:
        return FileError("truncated", f"{document.name} ends in the middle of its XML.", remedy=RESEND)
    return FileError("malformed", f"{document.name} line {line} is not XML: {wrong.msg}.", remedy=RESEND)
