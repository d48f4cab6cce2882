"""A delivered file: what it is, by its content alone, and what it says."""

from __future__ import annotations

import functools
import hashlib
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from breakwater.errors import CallError, FileError, nearest
from breakwater.model.files import Notice, Reading, Statement
from breakwater.model.records import Side
from breakwater.sources import archives, layout_files, layout_language, markup
from breakwater.sources.bai2 import Bai2
from breakwater.sources.braintree import Braintree
from breakwater.sources.camt import Camt
from breakwater.sources.dlocal import DLocal
from breakwater.sources.documents import RESEND, Document, Language, head_of
from breakwater.sources.ipm import Ipm
from breakwater.sources.ledger import EVENTS, RECORDS, Ledger
from breakwater.sources.masked_copies import COPIERS
from breakwater.sources.mt940 import Mt940
from breakwater.sources.nacha import Nacha
from breakwater.sources.pacs import Pacs
from breakwater.sources.pain import Pain
from breakwater.sources.payment_statuses import PaymentStatuses
from breakwater.sources.paypal import PayPal
from breakwater.sources.trustly import Trustly

LANGUAGES: tuple[Language, ...] = (
    Camt(),
    Pain(),
    Pacs(),
    PaymentStatuses(),
    Mt940(),
    Bai2(),
    Nacha(),
    Ipm(),
    PayPal(),
    Trustly(),
    DLocal(),
    Braintree(),
    *layout_language.languages(layout_files.built_in()),
    Ledger(RECORDS),
    Ledger(EVENTS),
)
FORMATS = {format: language for language in LANGUAGES for format in language.formats}
# How a copy of a file is written in which no card number can be read, for formats that bear them: what is archived is that copy.
MASKS: Mapping[str, Callable[[Path, Path], None]] = COPIERS
Watch = Callable[[int], None]
_MUST_BALANCE = frozenset({"camt.053", "mt940"})  # formats whose statements owe both balances
_HASH_CHUNK_BYTES = 1 << 20
_NAMED_STATEMENTS = 5


def read(
    path: Path | str,
    *,
    partner: str,
    network: str | None = None,
    side: Side = Side.THEIRS,
    format: str | None = None,
    sha256: str | None = None,
    layouts: Sequence[Language] = (),
    watch: Watch | None = None,
) -> Reading:
    """What the file at `path` says. Its format is found by content unless `format` names it; the ledger's own formats are always ours.

    FileError comes at once where the start of the file shows that it can't be trusted, else while the batches are read. Records name
    `sha256` as their source file, or the file's name where no hash is given. `layouts` are languages of the user's own, asked first.
    `watch` is told how many bytes have been read so far.
    """
    path = Path(path)
    documents = _documents(path, partner=partner, network=network, source_file=sha256 or path.name, watch=watch)
    languages = _read_by(documents, wanted=format, layouts=layouts)
    if len({language.side for _, _, language in languages}) > 1:
        raise FileError("malformed", f"{path.name} mixes our ledger with a partner's files.", remedy="Deliver them in two files.")
    _, first_format, first = languages[0]
    reading = Reading(format=first_format, side=Side.OURS if first.side is Side.OURS else side, records=iter(()))
    records = [item for item in languages if item[1] not in item[2].event_formats]
    events = [item for item in languages if item[1] in item[2].event_formats]
    reading.records, reading.events = _batches(records, reading), _events(events, reading)
    return reading


def first_document(path: Path | str, *, format: str | None = None, layouts: Sequence[Language] = ()) -> tuple[Document, str, Language]:
    """The file at `path`, or the first member of an archive, with its format and the language that reads it."""
    documents = _documents(Path(path), partner="", network=None, source_file=Path(path).name)
    return _read_by(documents[:1], wanted=format, layouts=layouts)[0]


def detect_format(path: Path | str) -> str:
    """The format of the file at `path`, of an archive that of its first member. FileError where it is none we know."""
    return _format_of(_documents(Path(path), partner="", network=None, source_file="")[0], FORMATS)


def sha256_of(path: Path | str) -> str:
    """The hash of a file's bytes, in hexadecimal."""
    hashed = hashlib.sha256()
    with Path(path).open("rb") as stream:
        while chunk := stream.read(_HASH_CHUNK_BYTES):
            hashed.update(chunk)
    return hashed.hexdigest()


def _documents(path: Path, *, partner: str, network: str | None, source_file: str, watch: Watch | None = None) -> list[Document]:
    whole = Document(
        name=path.name,
        open=functools.partial(_opened, path, watch),
        partner=partner,
        network=network,
        source_file=source_file,
        path=path,
    )
    if not whole.head().startswith(archives.SIGNATURES):
        return [whole]
    documents = [
        Document(name=f"{path.name}/{m.name}", open=m.open, partner=partner, network=network, source_file=source_file)
        for m in archives.members(path)
    ]
    if not documents:
        raise FileError("empty-file", f"{path.name} is an archive without files.", remedy=RESEND)
    return documents


def _opened(path: Path, watch: Watch | None) -> BinaryIO:
    return io.BufferedReader(_WatchedFile(path, watch)) if watch else path.open("rb")


class _WatchedFile(io.FileIO):
    """A file that tells how far it has been read."""

    def __init__(self, path: Path, watch: Watch) -> None:
        super().__init__(path)
        self._watch = watch

    def readinto(self, buffer: Any, /) -> int | None:
        """As any file, and tell."""
        count = super().readinto(buffer)
        self._watch(self.tell())
        return count


def _read_by(documents: Sequence[Document], *, wanted: str | None, layouts: Sequence[Language]) -> list[tuple[Document, str, Language]]:
    known = {**{name: language for language in layouts for name in language.formats}, **FORMATS}
    return [(d, name := _format_of(d, known, wanted=wanted), _language(name, known)) for d in documents]


def _format_of(document: Document, known: Mapping[str, Language], *, wanted: str | None = None) -> str:
    """The format of a document by content; `wanted` is believed unless the document is known to be something else."""
    head = head_of(document)
    if not head.raw:
        raise FileError("empty-file", f"{document.name} is empty.", remedy=RESEND)
    if head.raw.startswith(archives.SIGNATURES):
        raise FileError("unsafe-archive", f"{document.name} is an archive inside an archive.", remedy="Ask the partner to send its files.")
    text = head.text.lstrip("\ufeff \t\r\n\f\v")
    if not text and not head.parquet_columns:
        raise FileError("empty-file", f"{document.name} holds only blanks.", remedy=RESEND)
    if text.startswith("<"):
        markup.root_name(text.encode(), name=document.name)
    if wanted:
        if (seen := _language(wanted, known).recognise(head)) not in (None, wanted):
            raise FileError("unknown-format", f"{document.name} is {seen}, not {wanted}.", remedy=f"Read it as {seen}.")
        return wanted
    for language in dict.fromkeys(known.values()):
        if format := language.recognise(head):
            return format
    raise FileError(
        "unknown-format",
        f"{document.name} is in no format known here ({', '.join(known)}).",
        remedy="Check that this is the report you meant, or name its format.",
    )


def _language(format: str, known: Mapping[str, Language]) -> Language:
    if format not in known:
        raise CallError(f"There is no format '{format}'.{nearest(format, known)}", remedy=f"Use one of: {', '.join(known)}.")
    return known[format]


def _batches(documents: list[tuple[Document, str, Language]], reading: Reading) -> Iterator[pa.RecordBatch]:
    for document, format, language in documents:
        before = len(reading.statements)
        yield from language.read(document, reading)
        _judge_balances(reading, reading.statements[before:], format=format)


def _events(documents: list[tuple[Document, str, Language]], reading: Reading) -> Iterator[pa.RecordBatch]:
    yield from _batches(documents, reading)
    yield from reading.events_among_records


def _judge_balances(reading: Reading, statements: list[Statement], *, format: str) -> None:
    """Whether statements add up is worth telling, and never a reason to refuse them."""
    off = [s for s in statements if s.balanced is False]
    missing = [s for s in statements if s.balanced is None and format in _MUST_BALANCE]
    for code, which, what in (("balance-mismatch", off, "does not add up"), ("balance-missing", missing, "lacks a balance")):
        if which and code not in {n.code for n in reading.notices}:
            reading.notices.append(Notice(code, f"{_named(which)} {what}."))


def _named(statements: list[Statement]) -> str:
    names = [f"{s.id or 'Statement'} ({s.currency or 'no currency'})" for s in statements]
    more = f" and {len(names) - _NAMED_STATEMENTS} more: each" if len(names) > _NAMED_STATEMENTS else ""
    return ", ".join(names[:_NAMED_STATEMENTS]) + more
