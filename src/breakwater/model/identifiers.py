"""What somebody asks for: a reference in whatever spelling, or an amount with its currency and day, and a masked card perhaps."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import IntEnum

from breakwater.errors import RefusedError
from breakwater.model.amounts import typed_amount
from breakwater.model.masking import is_card_number, mask_card, mask_cards
from breakwater.model.money import exponent
from breakwater.model.records import NOT_A_REFERENCE, clean_reference

LONGEST_REFERENCE = 140  # the longest in any format read here; ISO 20022 ends at 35, file-born record ids are longer
CUT_AT = 16  # where MT messages and many statements cut a reference
_DAY = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}")
_NUMBER = re.compile(r"[0-9][0-9.,'’]*")
_DECIMAL = re.compile(r"(?:[0-9]+|[0-9]{1,3}(?:[.,'’][0-9]{3})+)[.,][0-9]{1,3}")
_CURRENCY = re.compile(r"[A-Za-z]{3}")
_GLUED = re.compile(r"(?P<before>[A-Za-z]{3})?(?P<number>[0-9][0-9.,'’]*)(?P<after>[A-Za-z]{3})?")
_MASKED_CARD = re.compile(r"(?<![0-9])(?P<first>[0-9]{6})(?:…|\.{2,12}|[*xX•·]{2,13})(?P<last>[0-9]{4})(?![0-9])")
_BETWEEN = re.compile(r"[\s-]+")
AMOUNT_EXAMPLE = "For example `/payment 123.45 EUR 2026-11-20`, and a partner behind it if you know it."


class Likeness(IntEnum):
    """How near a stored reference is to the one somebody typed."""

    NONE = 0
    NEAR = 1  # but for leading zeros, or cut at 16 characters: perhaps another payment's
    SAME = 2  # but for blanks and dashes
    EXACT = 3  # but for case and blanks around it


@dataclass(frozen=True, kw_only=True)
class ByReference:
    """Whatever somebody calls a payment."""

    reference: str


@dataclass(frozen=True, kw_only=True)
class MaskedCard:
    """A card number as far as anybody may know it."""

    first: str
    last: str

    def __str__(self) -> str:
        return f"{self.first}…{self.last}"


@dataclass(frozen=True, kw_only=True)
class ByAmount:
    """An amount on a day: all that people have who were given no reference. `partner` is a word for one, None for all of them."""

    amount_minor: int
    currency: str
    day: date
    partner: str | None = None
    card: MaskedCard | None = None


def read_question(text: str) -> ByReference | ByAmount:
    """What a person asks for. RefusedError in words: for a full card number, which goes no further, and for half a question."""
    _refuse_cards(text)
    card, rest = _masked_card(text)
    words = rest.split()
    day_words = [w for w in words if _DAY.fullmatch(w)]
    words = [part for w in words if w not in day_words for part in _unglued(w)]
    currencies = [w.upper() for w in words if _is_currency(w)]
    numbers = [w for w in words if _NUMBER.fullmatch(w)]
    if card is None and not (currencies and numbers):
        return ByReference(reference=_reference(text))
    if not (len(currencies) == 1 and numbers and len(day_words) == 1):
        whose = f"{card} alone is on many payments: I" if card else "I"
        raise RefusedError(f"{whose} need one amount, one currency and one day.", remedy=AMOUNT_EXAMPLE)
    others = [w for w in words if w not in numbers and w.upper() != currencies[0]]
    return ByAmount(
        amount_minor=typed_amount(" ".join(numbers), currencies[0]),
        currency=currencies[0],
        day=_day(day_words[0]),
        partner=" ".join(others) or None,
        card=card,
    )


def half_an_amount(text: str) -> str:
    """The amount that a text holds without the currency or the day it takes: '123.45', '123.45 nordbank', '100 2026-11-20'. Else ''."""
    words = text.split()
    days = [w for w in words if _DAY.fullmatch(w)]
    numbers = [w for w in words if w not in days and _NUMBER.fullmatch(w)]
    others = [w for w in words if w not in days and w not in numbers]
    is_amount = bool(days) or any(_DECIMAL.fullmatch(n) for n in numbers)
    return " ".join(numbers) if numbers and is_amount and all(w.isalpha() for w in others) else ""


def no_currencies(text: str) -> list[str]:
    """The words of an amount that stand where its currency would and are none: three letters, as in '20.00 XYZ 2026-11-20'."""
    if not half_an_amount(" ".join(part for word in text.split() for part in _split(word))):
        return []
    return [part.upper() for word in text.split() for part in _split(word) if _CURRENCY.fullmatch(part) and not _is_currency(part)]


def masked_cards(text: str) -> set[MaskedCard]:
    """The masked card numbers in a text, in whatever way they are masked."""
    return {MaskedCard(first=found["first"], last=found["last"]) for found in _MASKED_CARD.finditer(text)}


def likeness(asked: str, stored: str) -> Likeness:
    """How near `stored` is to what was asked."""
    one, other = asked.strip().casefold(), stored.strip().casefold()
    if one == other:
        return Likeness.EXACT
    one, other = squeezed(one), squeezed(other)
    if one == other:
        return Likeness.SAME
    if one.lstrip("0") == other.lstrip("0"):
        return Likeness.NEAR
    shorter, longer = sorted((one, other), key=len)
    return Likeness.NEAR if len(shorter) == CUT_AT and longer.startswith(shorter) else Likeness.NONE


def squeezed(reference: str) -> str:
    """A reference without what people and systems put into it for the eye: blanks and dashes; case does not matter either."""
    return _BETWEEN.sub("", reference).casefold()


def _reference(text: str) -> str:
    if text.strip().upper() in NOT_A_REFERENCE:
        raise RefusedError(
            f"{text.strip().upper()} is what banks write where there is no reference: it stands on many payments and names none.",
            remedy=f"Ask with another reference of the payment, or by its amount. {AMOUNT_EXAMPLE}",
        )
    reference = clean_reference(" ".join(text.split()))
    if reference is None:
        raise RefusedError("There is no reference to look for.", remedy="Type one, for example `/payment pay_8f2k1`.")
    if len(reference) > LONGEST_REFERENCE:
        raise RefusedError(
            f"That is {len(reference):,} characters long; no reference is longer than {LONGEST_REFERENCE}.",
            remedy="Ask for one reference at a time.",
        )
    return reference


def _refuse_cards(text: str) -> None:
    masked = mask_card(text) if is_card_number(text) else mask_cards(text)
    if masked != text:
        raise RefusedError(
            f"{masked.strip()[:80]} looks like a full card number. It was neither stored nor searched for: it must not be in Slack.",
            remedy="Delete your message where others can see it, and ask again with the payment id, the partner's reference, the ARN, or "
            "the masked number with amount and day: `/payment 411111…1111 123.45 EUR 2026-11-20`.",
        )


def _masked_card(text: str) -> tuple[MaskedCard | None, str]:
    found = _MASKED_CARD.search(text)
    if found is None:
        return None, text
    return MaskedCard(first=found["first"], last=found["last"]), f"{text[: found.start()]} {text[found.end() :]}"


def _unglued(word: str) -> list[str]:
    """'123.45EUR' and 'EUR123.45' as two words."""
    found = _GLUED.fullmatch(word)
    if not found or not any(_is_currency(found[side] or "") for side in ("before", "after")):
        return [word]
    return [part for part in found.groups() if part]


def _split(word: str) -> list[str]:
    """Letters that are glued to a number, apart from it, whether they are a currency or not."""
    found = _GLUED.fullmatch(word)
    return [part for part in found.groups() if part] if found else [word]


def _is_currency(word: str) -> bool:
    if not _CURRENCY.fullmatch(word):
        return False
    try:
        exponent(word.upper())
    except KeyError:
        return False
    return True


def _day(word: str) -> date:
    try:
        return date(*map(int, word.split("-")))
    except ValueError:
        raise RefusedError(f"'{word}' is not a date.", remedy=f"Write it as year-month-day. {AMOUNT_EXAMPLE}") from None
