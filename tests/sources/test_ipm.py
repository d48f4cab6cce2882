"""Mastercard clearing files: what each message becomes, totals that must agree, and card numbers that reach nothing."""

from __future__ import annotations

import logging
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from cardutil.mciipm import IpmReader
from flat_builders import CARD, ipm_bytes, ipm_file, presentment
from source_builders import FILES, read_all, read_whole

from breakwater.errors import FileError
from breakwater.model.files import Reading
from breakwater.sources.files import MASKS

ARN = "25123456325000000000001"
SHAPES = [(encoding, blocked) for encoding in ("cp500", "latin-1") for blocked in (True, False)]


def read(tmp_path: Path, content: bytes) -> tuple[Reading, list[dict[str, Any]]]:
    return read_whole(saved(tmp_path, content))


def saved(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "clearing.ipm"
    path.write_bytes(content)
    return path


def refused(tmp_path: Path, content: bytes) -> FileError:
    with pytest.raises(FileError) as error:
        read_whole(saved(tmp_path, content))
    assert error.value.remedy
    return error.value


@pytest.mark.parametrize(("encoding", "blocked"), SHAPES)
def test_either_alphabet_blocked_or_plain(tmp_path: Path, encoding: str, blocked: bool) -> None:
    many = [presentment(100 + n, DE31=f"{n:023}") for n in range(40)]
    reading, records = read(tmp_path, ipm_file(*many, encoding=encoding, blocked=blocked))
    [statement] = reading.statements

    assert (reading.format, statement.id, statement.account) == ("mastercard-ipm", "0012611190000000999900001", "00000009999")
    assert (statement.currency, statement.entries, statement.credits_minor, statement.debits_minor) == ("EUR", 40, 4780, 0)
    assert [r["amount_minor"] for r in records] == [100 + n for n in range(40)]
    assert [r["ref_arn"] for r in records] == [f"{n:023}" for n in range(40)]


@pytest.mark.parametrize(
    ("changes", "kind", "sign", "status", "original"),
    [
        ({}, "payment", 1, "settled", None),
        ({"DE3": "200000"}, "refund", -1, "refunded", None),
        ({"DE3": "280000"}, "payout", -1, "settled", None),
        ({"DE24": "205"}, "chargeback_reversal", 1, "dispute_won", ARN),
        ({"MTI": "1442", "DE24": "450", "DE25": "4853"}, "chargeback", -1, "disputed", ARN),
        ({"MTI": "1442", "DE24": "450", "DE3": "200000"}, "chargeback", 1, "disputed", ARN),
    ],
)
def test_message_and_processing_code_give_kind_and_direction(
    tmp_path: Path, changes: dict[str, str], kind: str, sign: int, status: str, original: str | None
) -> None:
    reading, [record] = read(tmp_path, ipm_file(presentment(500, **changes)))

    assert (record["kind"], record["amount_minor"], record["status"], record["ref_original"]) == (kind, sign * 500, status, original)
    assert reading.statements[0].credits_minor - reading.statements[0].debits_minor == sign * 500


def test_references_and_dates(tmp_path: Path) -> None:
    reading, [record] = read(tmp_path, ipm_file(presentment(DE25="1400")))

    assert (record["ref_arn"], record["ref_rrn"], record["ref_network_id"]) == (ARN, "632512345678", "MCC000001")
    assert (record["ref_batch_id"], record["account"]) == ("0012611190000000999900001", "00000009999")
    assert (record["booked_on"], record["raw_code"], record["raw_status"]) == (date(2026, 11, 19), "1240/200/000000", "1400")
    assert (reading.business_date, reading.logical_keys) == (date(2026, 11, 19), ["mastercard-ipm:0012611190000000999900001"])


@pytest.mark.parametrize(
    ("amount", "currency", "exponents", "minor"),
    [
        (12345, "978", "9782", 12345),
        (12345, "392", "9782" + "3920", 12345),
        (1234500, "392", "3922", 12345),
        (12345, "414", "4143", 12345),
        (12345, "414", "4142", 123450),
        (12345, "978", "", 12345),
        (123450, "978", "9783", 12345),
    ],
)
def test_the_decimals_are_those_the_message_states(tmp_path: Path, amount: int, currency: str, exponents: str, minor: int) -> None:
    stated = {"PDS0148": exponents} if exponents else {"PDS0148": None, "PDS0165": "M"}
    changes = {name: value for name, value in stated.items() if value}
    message = {name: value for name, value in presentment(amount, DE49=currency).items() if name != "PDS0148"}
    _, [record] = read(tmp_path, ipm_file({**message, **changes}))

    assert record["amount_minor"] == minor


def test_one_statement_for_each_currency(tmp_path: Path) -> None:
    reading, _ = read(tmp_path, ipm_file(presentment(1), presentment(2, DE49="840", PDS0148="8402"), presentment(4)))

    assert [(s.currency, s.credits_minor, s.id) for s in reading.statements] == [
        ("EUR", 5, "0012611190000000999900001"),
        ("USD", 2, "0012611190000000999900001"),
    ]


def test_fee_collections_are_told_and_not_counted(tmp_path: Path) -> None:
    fee = {"MTI": "1740", "DE2": CARD, "DE3": "190000", "DE4": 77, "DE24": "700", "DE49": "978", "PDS0148": "9782"}
    reading, records = read(tmp_path, ipm_file(presentment(1), fee))

    assert len(records) == 1
    assert [(n.code, n.message) for n in reading.notices] == [("fee-collections", "1 fee collections (1740) are not counted as money.")]


def test_an_empty_file_is_fine_and_two_files_may_follow_each_other(tmp_path: Path) -> None:
    empty, _ = read(tmp_path, ipm_file())
    first, second = ipm_file(presentment(1), blocked=False), ipm_file(presentment(2), blocked=False, file_id="0012611200000000999900001")
    both, records = read(tmp_path, first.removesuffix(bytes(4)) + second)

    assert (empty.statements, empty.logical_keys) == ([], ["mastercard-ipm:0012611190000000999900001"])
    assert [s.credits_minor for s in both.statements] == [1, 2]
    assert [r["booked_on"] for r in records] == [date(2026, 11, 19), date(2026, 11, 20)]


HEADER = {"MTI": "1644", "DE24": "697", "PDS0105": "0012611190000000999900001"}
TRAILER = {"MTI": "1644", "DE24": "695", "PDS0105": "0012611190000000999900001", "PDS0301": f"{1:016}", "PDS0306": f"{3:08}"}
PLAIN = ipm_bytes(HEADER, presentment(1), TRAILER, encoding="latin-1", blocked=False)


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        (
            ipm_bytes(HEADER, presentment(2), TRAILER),
            "control-total",
            "message 3: the trailer says 1 for sum of amounts (PDS 0301), but there are 2",
        ),
        (
            ipm_bytes(HEADER, presentment(1), HEADER | {"DE24": "685"}, TRAILER),
            "control-total",
            "says 3 for messages (PDS 0306), but there are 4",
        ),
        (ipm_bytes(HEADER, presentment(1)), "truncated", "ends without a trailer message"),
        (ipm_bytes(HEADER, presentment(1), HEADER, TRAILER), "truncated", "message 3: there is no trailer message"),
        (ipm_bytes(HEADER, presentment(1), TRAILER, presentment(1)), "truncated", "ends without a trailer message"),
        (ipm_bytes(HEADER, presentment(1, DE49="000"), TRAILER), "bad-amount", "message 2: its currency"),
        (ipm_bytes(HEADER, presentment(1, PDS0148="9783"), TRAILER), "bad-amount", "message 2: its amount with 3 decimals"),
        (ipm_bytes(HEADER, presentment(1, PDS0148="97"), TRAILER), "malformed", "message 2: its currency exponents"),
        (ipm_bytes(HEADER, presentment(1), TRAILER | {"PDS0105": "0012611190000000999900002"}), "malformed", "its file id"),
        (PLAIN.replace(b"000000000001", b"00000000000X"), "bad-amount", "message 2: data element 4 is no number"),
        (PLAIN.replace(b"261118101101", b"260230101101"), "bad-date", "message 2: its time (data element 12) does not exist"),
        (PLAIN.replace(b"261118101101", b"261118241101"), "bad-date", "message 2"),
        (PLAIN.replace(b"1240", b"1250"), "malformed", "message 2: its type is none of"),
        (PLAIN.replace(b"16" + CARD.encode(), b"XX" + CARD.encode()), "malformed", "message 2: data element 2 has no length"),
        (PLAIN.replace(b"16" + CARD.encode(), b"99" + CARD.encode()), "malformed", "message 2"),
        (PLAIN.replace(b"0148004", b"0148-07"), "malformed", "message 2: data element 48 can't be cut into its PDS fields"),
        (PLAIN[:-40], "truncated", "in the midst of message 3"),
        (PLAIN + b"more", "malformed", "goes on behind its end mark"),
        (PLAIN[:100] + b"\xff\xff\xff\xff" + PLAIN[100:], "malformed", ""),
    ],
)
def test_what_is_wrong_is_named_without_quoting_it(tmp_path: Path, content: bytes, code: str, said: str) -> None:
    error = refused(tmp_path, content)

    assert (error.code, said in error.message) == (code, True), error.message
    assert CARD[6:12] not in error.message


@pytest.mark.parametrize(("encoding", "blocked"), SHAPES)
def test_a_file_cut_in_any_place_is_refused(tmp_path: Path, encoding: str, blocked: bool) -> None:
    content = ipm_file(*[presentment(n, DE31=f"{n:023}") for n in range(8)], encoding=encoding, blocked=blocked)
    end = content.rindex("0306".encode(encoding))

    codes = {refused(tmp_path, content[:length]).code for length in range(40, end, 37)}

    assert codes <= {"truncated", "malformed", "control-total"}


def test_a_block_without_its_padding_is_malformed(tmp_path: Path) -> None:
    content = bytearray(ipm_file(*[presentment(n) for n in range(2_000)]))
    content[1014 * 300 - 1] = 0

    assert refused(tmp_path, bytes(content)).code == "malformed"


@pytest.mark.parametrize("encoding", ["cp500", "latin-1"])
def test_no_card_number_reaches_a_record_a_notice_an_error_or_a_log(
    tmp_path: Path, encoding: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    good = ipm_file(presentment(1, DE72=f"card {CARD}", PDS0023=CARD), encoding=encoding)
    wrong = ipm_bytes(HEADER, presentment(2, DE72=f"card {CARD}"), TRAILER, encoding=encoding)
    caplog.clear()  # the library that writes these files logs each message

    reading, records, events = read_all(saved(tmp_path, good))
    error = refused(tmp_path, wrong)
    MASKS["mastercard-ipm"](saved(tmp_path, good), tmp_path / "copy.ipm")

    printed = capfd.readouterr()
    said = f"{records} {events} {reading} {error.message} {error.remedy} {caplog.text} {printed.out} {printed.err}"
    assert CARD not in said
    assert CARD.encode("cp500").hex() not in said
    assert str(CARD.encode("cp500"))[2:-1] not in said
    assert records[0]["ref_arn"] == ARN


@pytest.mark.parametrize(("encoding", "blocked"), SHAPES)
def test_the_archived_copy_says_the_same_and_bears_no_card_number(tmp_path: Path, encoding: str, blocked: bool) -> None:
    content = ipm_file(
        *[presentment(n, DE72=f"card {CARD} of x", PDS0023=CARD, DE55=b"\x5a\x08" + bytes.fromhex(CARD)) for n in range(30)],
        encoding=encoding,
        blocked=blocked,
    )
    copy = tmp_path / "copy.ipm"

    MASKS["mastercard-ipm"](saved(tmp_path, content), copy)

    kept = copy.read_bytes()
    assert len(kept) == len(content)
    assert CARD.encode(encoding) in content
    assert CARD.encode(encoding) not in kept
    assert bytes.fromhex(CARD) not in kept
    assert read_whole(copy, sha256="x")[1] == read_whole(saved(tmp_path, content), sha256="x")[1]
    with copy.open("rb") as stream:
        covered = [m for m in IpmReader(stream, encoding=encoding, blocked=blocked) if m["MTI"] == "1240"]
    assert {(m["DE2"], m["DE72"], m["PDS0023"]) for m in covered} == {
        ("555555******4444", "card 555555******4444 of x", "555555******4444")
    }


def test_the_archived_copy_of_a_zip_is_a_zip(tmp_path: Path) -> None:
    source, copy = tmp_path / "clearing.zip", tmp_path / "copy.zip"
    with zipfile.ZipFile(source, "w") as archive:
        archive.writestr("a.ipm", ipm_file(presentment(1)))
        archive.writestr("b.ipm", ipm_file(presentment(2), encoding="latin-1", file_id="0012611200000000999900001"))

    MASKS["mastercard-ipm"](source, copy)

    assert [r["amount_minor"] for r in read_whole(copy)[1]] == [1, 2]
    with zipfile.ZipFile(copy) as archive:
        assert CARD.encode("cp500") not in archive.read("a.ipm")
        assert CARD.encode() not in archive.read("b.ipm")


def test_a_file_that_can_t_be_cut_into_messages_can_t_be_copied(tmp_path: Path) -> None:
    with pytest.raises(FileError):
        MASKS["mastercard-ipm"](saved(tmp_path, PLAIN[:-40]), tmp_path / "copy.ipm")


def test_the_data_elements_are_those_of_cardutil(tmp_path: Path) -> None:
    """Each message of our sample, read by the library beside us, has the amount and the reference we read."""
    path = FILES / "own_ipm_cp500_1014.ipm"
    with path.open("rb") as stream:
        theirs = [(m["DE4"], m["DE31"]) for m in IpmReader(stream, encoding="cp500", blocked=True) if "DE4" in m]

    assert [(abs(r["amount_minor"]), r["ref_arn"]) for r in read_whole(path)[1]] == theirs
