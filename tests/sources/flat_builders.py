"""Builders of banks' flat files, written independently of the readers."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

from cardutil.mciipm import IpmWriter

from breakwater.model.money import major_text

CARD = "5555555555554444"  # a test number that card networks publish; it passes every check a real one passes


def swift_amount(minor: int, places: int = 2) -> str:
    """An amount with a decimal comma, as SWIFT writes it."""
    text = major_text(minor, places).replace(".", ",")
    return text if "," in text else text + ","


def mt_entry(
    minor: int = 1000,
    *,
    mark: str = "C",
    valued: str = "261119",
    entered: str = "1119",
    places: int = 2,
    type: str = "NTRF",
    owner: str = "NONREF",
    bank: str = "",
    purpose: str = "",
) -> str:
    """A `:61:` with its `:86:`, if it has one."""
    behind = f"//{bank}" if bank else ""
    return f":61:{valued}{entered}{mark}{swift_amount(minor, places)}{type}{owner}{behind}\n" + (f":86:{purpose}\n" if purpose else "")


def mt940(
    *entries: str,
    reference: str = "STARTUMS",
    account: str = "DE02120300000000202051",
    number: str = "11/1",
    opening: str = ":60F:C261118EUR100,00",
    closing: str = ":62F:C261119EUR100,00",
) -> str:
    """One message of an MT940."""
    return f":20:{reference}\n:25:{account}\n:28C:{number}\n{opening}\n{''.join(entries)}{closing}\n-\n"


def mt942(*entries: str, floor: str = "EURD0,00", made: str = ":13D:2611191200+0100\n", totals: str = "") -> str:
    """One message of an MT942."""
    return f":20:INTRADAY\n:25:DE02120300000000202051\n:28C:11/1\n:34F:{floor}\n{made}{''.join(entries)}{totals}-\n"


def bai2(*accounts: str, day: str = "261119", currency: str = "USD", modifier: str = "2", status: str = "1", total: int = 0) -> str:
    """A file of one group; `total` is the sum of the accounts' control totals."""
    head = f"01,BANKUS33,ACME,{day},0600,1,80,,2/\n02,ACME,021000021,{status},{day},2359,{currency},{modifier}/\n"
    return f"{head}{''.join(accounts)}98,{total},{len(accounts)},9/\n99,{total},1,11/\n"


def bai2_account(*transactions: str, number: str = "123456789", currency: str = "", balances: str = "", total: int = 0) -> str:
    """One account of a group."""
    return f"03,{number},{currency},{balances}/\n{''.join(transactions)}49,{total},3/\n"


def ach_entry(
    cents: int = 1000, *, code: str = "22", bank: str = "23138010", id: str = "INV-1", trace: str = "121042880000001", addenda: int = 0
) -> str:
    """An entry record."""
    return f"6{code}{bank}4{'744-5678-99':<17}{cents:010}{id:<15}{'Some Name':<22}  {addenda}{trace}\n"


def ach_return(reason: str, original: str, *, rest: str = "", trace: str = "091000017611242") -> str:
    """A return addendum; `rest` stands from column 22 on."""
    return f"799{reason}{original}{rest:<58}{trace}\n"


def ach(
    *batches: tuple[str, list[str]],
    made: str = "261119",
    effective: str = "261120",
    settled: str = "   ",
    description: str = "PAYROLL",
    company: str = "231380104",
) -> str:
    """A file of batches, each an entry class with its records; controls are computed here."""
    text = f"101 0313000120231380104{made}1055A094101{'Some Bank':<23}{'Some Company':<23}{'':8}\n"
    count = hash = debits = credits = 0
    for number, (entry_class, lines) in enumerate(batches, start=1):
        id = f"12104288{number:07}"
        text += f"5200{'Some Company':<16}{'':20}{company:<10}{entry_class}{description:<10}{'':6}{effective}{settled}1{id}\n"
        entries = [line for line in lines if line.startswith("6")]
        own = [sum(int(e[29:39]) for e in entries if (e[2] < "5") == credit) for credit in (False, True)]
        own_hash = sum(int(e[3:11]) for e in entries) % 10**10
        text += "".join(lines)
        text += f"8200{len(lines):06}{own_hash:010}{own[0]:012}{own[1]:012}{company:<10}{'':25}{id}\n"
        count, hash, debits, credits = count + len(lines), (hash + own_hash) % 10**10, debits + own[0], credits + own[1]
    return text + f"9{len(batches):06}{1:06}{count:08}{hash:010}{debits:012}{credits:012}\n" + ("9" * 94 + "\n") * 2


def ipm_file(
    *transactions: dict[str, Any], encoding: str = "cp500", blocked: bool = True, file_id: str = "0012611190000000999900001"
) -> bytes:
    """A clearing file as cardutil writes it: a header, the transactions, a trailer with the sums."""
    numbered = [
        {"MTI": "1644", "DE24": "697", "DE71": 1, "PDS0105": file_id, "PDS0122": "T"},
        *({"DE71": number, **each} for number, each in enumerate(transactions, start=2)),
    ]
    amount = sum(int(each.get("DE4", 0)) for each in transactions)
    trailer = {"PDS0105": file_id, "PDS0301": f"{amount:016}", "PDS0306": f"{len(numbered) + 1:08}"}
    numbered.append({"MTI": "1644", "DE24": "695", "DE71": len(numbered) + 1, **trailer})
    return ipm_bytes(*numbered, encoding=encoding, blocked=blocked)


def ipm_bytes(*messages: dict[str, Any], encoding: str = "cp500", blocked: bool = True) -> bytes:
    """Messages as cardutil writes them."""
    target = io.BytesIO()
    writer = IpmWriter(target, encoding=encoding, blocked=blocked)
    writer.write_many(dict(message) for message in messages)
    writer.close()
    return target.getvalue()


def presentment(minor: int = 12345, **changes: Any) -> dict[str, Any]:
    """A first presentment in EUR."""
    return {
        "MTI": "1240", "DE2": CARD, "DE3": "000000", "DE4": minor, "DE12": "2026-11-18 10:11:01", "DE24": "200", "DE26": 5411,
        "DE31": "25123456325000000000001", "DE37": "632512345678", "DE38": "A00001", "DE42": "MERCH0000000001", "PDS0148": "9782",
        "DE49": "978", "DE63": "MCC000001", **changes,
    }  # fmt: skip


def six(day: date) -> str:
    """A date as YYMMDD."""
    return f"{day:%y%m%d}"
