"""Money: whole minor units with a currency, from the first byte to the last block."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from iso4217 import Currency

# ISO 4217 has withdrawn these; old files still carry them. Source: ISO 4217 list three, historic denominations.
WITHDRAWN_EXPONENT: Mapping[str, int] = {
    "ATS": 2, "BEF": 0, "BGN": 2, "CYP": 2, "DEM": 2, "EEK": 2, "ESP": 0, "FIM": 2, "FRF": 2, "GRD": 0, "HRK": 2,
    "IEP": 2, "ITL": 0, "LTL": 2, "LUF": 0, "LVL": 2, "MTL": 2, "NLG": 2, "PTE": 0, "SIT": 2, "SKK": 2, "ANG": 2,
    "VEF": 2, "ZWL": 2, "MRO": 2, "STD": 2, "BYR": 0, "TRL": 0, "ROL": 2, "CUC": 2, "SLL": 2,
}  # fmt: skip
CURRENCY_CODE = re.compile(r"[A-Z]{3}")
_DECIMAL = re.compile(r"([+-]?)([0-9]+)(?:\.([0-9]*))?")


@dataclass(frozen=True, order=True)
class Money:
    """An amount in whole minor units of `currency`, signed from our point of view."""

    currency: str
    amount_minor: int

    def __str__(self) -> str:
        return format_minor(self.amount_minor, self.currency)


@cache
def exponent(currency: str) -> int:
    """Decimal places of a currency by ISO 4217 (JPY 0, EUR 2, KWD 3). KeyError for a code nobody knows or that has no minor unit."""
    if currency in WITHDRAWN_EXPONENT:
        return WITHDRAWN_EXPONENT[currency]
    try:
        places = Currency(currency).exponent
    except ValueError:
        places = None
    if places is None:
        raise KeyError(currency)
    return int(places)


@cache
def currency_of_number(number: int) -> str:
    """The currency of a numeric ISO 4217 code: 978 is EUR. KeyError for a number nobody has."""
    return {currency.number: str(currency.code) for currency in Currency}[number]


def minor_from_major(text: str, exponent: int) -> int:
    """Minor units of a decimal text in major units, exactly: '12.5' with exponent 2 is 1250.

    Zeros beyond the exponent are fine ('8.850' is 885); any other digit there is a ValueError, as is everything that is
    not digits with at most one point and a leading sign.
    """
    found = _DECIMAL.fullmatch(text)
    if found is None:
        raise ValueError(f"'{text}' is not a decimal number")
    sign, whole, fraction = found[1], found[2], found[3] or ""
    if fraction[exponent:].strip("0"):
        raise ValueError(f"'{text}' has more than {exponent} decimals")
    amount_minor = int(whole + fraction[:exponent].ljust(exponent, "0"))
    return -amount_minor if sign == "-" else amount_minor


def major_text(amount_minor: int, exponent: int) -> str:
    """The plain decimal text of minor units: 1250 with exponent 2 is '12.50'. The inverse of `minor_from_major`."""
    digits = str(abs(amount_minor)).rjust(exponent + 1, "0")
    whole, fraction = (digits[:-exponent], digits[-exponent:]) if exponent else (digits, "")
    return ("-" if amount_minor < 0 else "") + whole + ("." + fraction if fraction else "")


def format_minor(amount_minor: int, currency: str) -> str:
    """An amount as a person reads it: 'EUR 1,234.56', 'JPY 1,235', 'KWD -0.500'.

    A currency without a known exponent is shown in minor units, and says so.
    """
    try:
        places = exponent(currency)
    except KeyError:
        return f"{currency} {amount_minor:,} (minor units)"
    whole, _, fraction = major_text(amount_minor, places).partition(".")
    sign, whole = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    return f"{currency} {sign}{int(whole):,}" + ("." + fraction if fraction else "")


def half_up(numerator: int, denominator: int) -> int:
    """Integer division rounded half up, for numerators of 0 or more."""
    return (2 * numerator + denominator) // (2 * denominator)
