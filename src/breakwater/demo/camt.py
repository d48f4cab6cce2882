"""The bank's language: one camt.053.001.08 statement per business day, balances chained."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path

from lxml import etree

from breakwater.demo.bank_entries import OUR_IBAN, BankEntry
from breakwater.demo.partners import arrival
from breakwater.model.money import major_text
from breakwater.model.partners import Partner

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
OPENING_MINOR = 248_113_072
_FIRST_DAY = date(2019, 1, 1)  # the account was opened: statements are numbered from here
_BIC = "NORBDEFFXXX"


@dataclass(frozen=True, kw_only=True)
class BankStatement:
    """A statement as it will be written; balances in minor units."""

    day: date
    number: int
    opening_minor: int
    entries: tuple[BankEntry, ...]

    @property
    def closing_minor(self) -> int:
        """Opening plus everything booked."""
        return self.opening_minor + sum(entry.amount_minor for entry in self.entries)


def statements(entries: Iterable[BankEntry], *, days: Iterable[date], partner: Partner) -> Iterator[BankStatement]:
    """One statement per day, empty days too; each opens with the balance the one before closed with."""
    by_day = {day: tuple(group) for day, group in groupby(sorted(entries, key=lambda e: e.day), key=lambda e: e.day)}
    balance = OPENING_MINOR
    for day in days:
        number = partner.calendar.between(_FIRST_DAY, day)
        statement = BankStatement(day=day, number=number, opening_minor=balance, entries=by_day.get(day, ()))
        balance = statement.closing_minor
        yield statement


def write(statement: BankStatement, *, folder: Path, partner: Partner) -> Path:
    """Write the statement as the bank delivers it; the file's time is the time it came."""
    came_at = arrival(partner, statement.day)
    document = etree.Element("Document", nsmap={None: NAMESPACE})  # type: ignore[dict-item]
    message = etree.SubElement(document, "BkToCstmrStmt")
    header = etree.SubElement(message, "GrpHdr")
    _text(header, "MsgId", f"NORB-C53-{statement.day:%Y%m%d}-{statement.number}")
    created = came_at.astimezone(partner.time_zone).isoformat(timespec="seconds")
    _text(header, "CreDtTm", created)
    root = etree.SubElement(message, "Stmt")
    _text(root, "Id", f"{statement.number}-{statement.day:%Y%m%d}")
    _text(root, "ElctrncSeqNb", str(statement.number))
    _text(root, "LglSeqNb", str(statement.number))
    _text(root, "CreDtTm", created)
    _account(root)
    _balance(root, "OPBD", statement.opening_minor, statement.day)
    _balance(root, "CLBD", statement.closing_minor, statement.day)
    _summary(root, statement.entries)
    for entry in statement.entries:
        _entry(root, entry)
    path = folder / f"NORDBANK_CAMT053_{OUR_IBAN}_{statement.day:%Y%m%d}.xml"
    etree.ElementTree(document).write(path, encoding="UTF-8", xml_declaration=True, pretty_print=True)
    os.utime(path, (came_at.timestamp(), came_at.timestamp()))
    return path


def _text(parent: etree._Element, name: str, text: str) -> etree._Element:
    child = etree.SubElement(parent, name)
    child.text = text
    return child


def _down(parent: etree._Element, *names: str) -> etree._Element:
    for name in names:
        parent = etree.SubElement(parent, name)
    return parent


def _account(root: etree._Element) -> None:
    account = etree.SubElement(root, "Acct")
    _text(_down(account, "Id"), "IBAN", OUR_IBAN)
    _text(account, "Ccy", "EUR")
    _text(_down(account, "Ownr"), "Nm", "Harbour Payments GmbH")
    _text(_down(account, "Svcr", "FinInstnId"), "BICFI", _BIC)


def _money(parent: etree._Element, amount_minor: int) -> None:
    _text(parent, "Amt", major_text(abs(amount_minor), 2)).set("Ccy", "EUR")
    _text(parent, "CdtDbtInd", "CRDT" if amount_minor >= 0 else "DBIT")


def _balance(root: etree._Element, code: str, amount_minor: int, day: date) -> None:
    balance = etree.SubElement(root, "Bal")
    _text(_down(balance, "Tp", "CdOrPrtry"), "Cd", code)
    _money(balance, amount_minor)
    _text(_down(balance, "Dt"), "Dt", day.isoformat())


def _summary(root: etree._Element, entries: tuple[BankEntry, ...]) -> None:
    summary = etree.SubElement(root, "TxsSummry")
    for name, sign in (("TtlCdtNtries", 1), ("TtlDbtNtries", -1)):
        amounts = [entry.amount_minor * sign for entry in entries if entry.amount_minor * sign > 0]
        total = etree.SubElement(summary, name)
        _text(total, "NbOfNtries", str(len(amounts)))
        _text(total, "Sum", major_text(sum(amounts), 2))


def _entry(root: etree._Element, entry: BankEntry) -> None:
    booked = etree.SubElement(root, "Ntry")
    _text(booked, "NtryRef", entry.reference)
    _money(booked, entry.amount_minor)
    _text(_down(booked, "Sts"), "Cd", "BOOK")
    _text(_down(booked, "BookgDt"), "Dt", entry.day.isoformat())
    _text(_down(booked, "ValDt"), "Dt", entry.day.isoformat())
    _text(booked, "AcctSvcrRef", entry.reference)
    domain = _down(booked, "BkTxCd", "Domn")
    _text(domain, "Cd", entry.domain)
    family = _down(domain, "Fmly")
    _text(family, "Cd", entry.family)
    _text(family, "SubFmlyCd", entry.sub_family)
    if entry.end_to_end_id:
        _transaction(booked, entry)
    _text(booked, "AddtlNtryInf", entry.text)


def _transaction(booked: etree._Element, entry: BankEntry) -> None:
    details = _down(booked, "NtryDtls", "TxDtls")
    references = _down(details, "Refs")
    _text(references, "AcctSvcrRef", entry.reference)
    _text(references, "EndToEndId", entry.end_to_end_id or "NOTPROVIDED")
    if entry.uetr:
        _text(references, "UETR", entry.uetr)
    _money(details, entry.amount_minor)
    # The other party owes us what comes in and is owed what goes out; in a return of our own transfer the parties keep their roles.
    role = "Dbtr" if entry.family == "RCDT" else "Cdtr"
    parties = _down(details, "RltdPties")
    _text(_down(parties, role, "Pty"), "Nm", entry.name)
    _text(_down(parties, f"{role}Acct", "Id"), "IBAN", entry.iban)
    _text(_down(details, "RmtInf"), "Ustrd", entry.text)
    if entry.return_code:
        returned = _down(details, "RtrInf")
        _text(_down(returned, "Rsn"), "Cd", entry.return_code)
