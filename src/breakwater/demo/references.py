"""References as the trade writes them, drawn from a seeded generator."""

from __future__ import annotations

import random
import uuid
from datetime import date

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_UPPER = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_ACQUIRER_BIN = "420398"
_FIRST = (
    "Jürgen", "Anna", "Søren", "Lucía", "Matteo", "Zoë", "Björn", "Elif", "Nadia", "Pieter", "Agnieszka", "Chloé", "Tomáš", "Ingrid",
    "Ruben", "Fatima", "Liam", "Greta", "Hugo", "Maja",
)  # fmt: skip
_LAST = (
    "Müller", "Jansen", "Rossi", "García", "Kowalska", "Lindqvist", "Dubois", "Novák", "Öztürk", "Bakker", "Schäfer", "Moreau",
    "Nielsen", "Bianchi", "Weiß", "Peeters", "Hoffmann", "O'Brien", "Varga", "Costa",
)  # fmt: skip
_FIRMS = (
    "Kaffeerösterei Möwe GmbH", "Fjord & Söhne KG", "Atelier Bleu SARL", "Van Dijk Fietsen B.V.", "Molino Rosso S.r.l.",
    "Nordlys Møbler ApS", "Bäckerei Kühn e.K.", "Librería del Puerto S.L.", "Taller 42 S.A.", "Gärtnerei Grünzweig GmbH",
    "Opticien Lumière SAS", "Kade 7 Horeca B.V.",
)  # fmt: skip


class References:
    """Identifiers and names, each drawn once from `rng`."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    def _text(self, alphabet: str, length: int) -> str:
        return "".join(self._rng.choices(alphabet, k=length))

    def payment(self) -> str:
        """Our id of a payment."""
        return f"pay_{self._text(_BASE58, 16)}"

    def refund(self) -> str:
        """Our id of a refund."""
        return f"rf_{self._text(_BASE58, 16)}"

    def payout(self) -> str:
        """Our id of a payout."""
        return f"po_{self._text(_BASE58, 16)}"

    def end_to_end(self, day: date) -> str:
        """An EndToEndId of a transfer we initiated; ISO 20022 allows 35 characters."""
        return f"HRB{day:%y%m%d}-{self._text(_UPPER, 12)}"

    def uetr(self) -> str:
        """A unique end-to-end transaction reference: a UUID of version 4."""
        return str(uuid.UUID(int=self._rng.getrandbits(128), version=4))

    def psp(self) -> str:
        """A PSP reference: 16 capital letters and digits, as Adyen writes them."""
        return self._text(_UPPER[:22], 2) + self._text(_UPPER, 14)

    def arn(self, day: date) -> str:
        """An acquirer reference number: format, acquirer BIN, day (YDDD), sequence, Luhn check digit; 23 digits."""
        body = f"7{_ACQUIRER_BIN}{day.year % 10}{day.timetuple().tm_yday:03}{self._rng.randrange(10**11):011}"
        total = sum(sum(divmod(2 * int(digit), 10)) if n % 2 == 0 else int(digit) for n, digit in enumerate(reversed(body)))
        return f"{body}{-total % 10}"

    def iban(self) -> str:
        """A German IBAN with right check digits. Source: ISO 13616, mod 97."""
        account = f"{self._rng.randrange(10**8, 10**9 - 1) % 10**8:08}{self._rng.randrange(10**10):010}"
        return german_iban(account)

    def person(self) -> str:
        """A person's name."""
        return f"{self._rng.choice(_FIRST)} {self._rng.choice(_LAST)}"

    def firm(self) -> str:
        """A company's name."""
        return self._rng.choice(_FIRMS)


def german_iban(account: str) -> str:
    """The IBAN of a bank code and account number of 18 digits."""
    return f"DE{98 - int(f'{account}131400') % 97:02}{account}"
