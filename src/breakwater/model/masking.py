"""Masking: card numbers never rest, are never shown and never logged."""

from __future__ import annotations

import re

# Digits, alone or in groups parted by single blanks or dashes; letters or digits right beside make them part of a longer reference.
_RUN = re.compile(r"(?<![0-9A-Za-z])[0-9]+(?:[ -][0-9]+)*(?![0-9A-Za-z])")
# An account number as it is printed, in groups of four or in one piece; whether it is one, its check digits say.
_IBAN = r"(?<![0-9A-Za-z])[A-Z]{2}[0-9]{2}(?: ?[0-9A-Z]{4}){2,7}(?: ?[0-9A-Z]{1,3})?(?![0-9A-Za-z])"
_IBAN_OR_RUN = re.compile(f"(?P<iban>{_IBAN})|{_RUN.pattern}")
_LONGEST = 19
_LEAST_GROUP = 4  # digits in every group of a card number but the last: a date or an amount beside it is not part of it

# Issuer ranges with the lengths their schemes use. Source: ISO/IEC 7812 assignments as the networks publish them.
_SCHEMES: tuple[tuple[int, int, int, frozenset[int]], ...] = (
    (4, 4, 1, frozenset({13, 16, 19})),  # Visa
    (51, 55, 2, frozenset({16})),  # Mastercard
    (2221, 2720, 4, frozenset({16})),  # Mastercard
    (34, 34, 2, frozenset({15})),  # American Express
    (37, 37, 2, frozenset({15})),  # American Express
    (300, 305, 3, frozenset({14, 16, 17, 18, 19})),  # Diners Club
    (36, 36, 2, frozenset({14, 15, 16, 17, 18, 19})),  # Diners Club
    (38, 39, 2, frozenset({16, 17, 18, 19})),  # Diners Club, Discover
    (6011, 6011, 4, frozenset({16, 17, 18, 19})),  # Discover
    (644, 659, 3, frozenset({16, 17, 18, 19})),  # Discover
    (3528, 3589, 4, frozenset({16, 17, 18, 19})),  # JCB
    (62, 62, 2, frozenset({16, 17, 18, 19})),  # UnionPay
    (50, 50, 2, frozenset({12, 13, 14, 15, 16, 17, 18, 19})),  # Maestro
    (56, 58, 2, frozenset({12, 13, 14, 15, 16, 17, 18, 19})),  # Maestro
)


def mask_card(number: str) -> str:
    """First six and last four digits of a card number: '411111…1111'."""
    digits = re.sub(r"[^0-9]", "", number)
    return f"{digits[:6]}…{digits[-4:]}"


def mask_cards(text: str) -> str:
    """`text` with every card number masked. Digits are a card number where Luhn, an issuer range and that scheme's length all fit.

    A number keeps its neighbours: in '4111111111111111 12/27' the date stays. Account numbers (IBAN) stay whole. For free text only:
    never call it on a field that its format defines as a reference, since one in ten long references passes Luhn.
    """
    return _IBAN_OR_RUN.sub(_masked, text)


def _masked(found: re.Match[str]) -> str:
    text = found[0]
    if found["iban"] is None:
        return _mask_run(text)
    return text if _is_iban(text.replace(" ", "")) else _RUN.sub(lambda run: _mask_run(run[0]), text)


def _mask_run(run: str) -> str:
    """A run of digit groups with the card numbers in it masked: groups that are one, else the whole run, else the longest from the left."""
    groups = list(re.finditer(r"[0-9]+", run))
    if is_card_number(run) and not any(is_card_number(group[0]) for group in groups):
        return mask_card(run)
    masked, at, first = "", 0, 0
    while first < len(groups):
        last = _card_from(groups, first, run)
        if last is not None:
            masked += run[at : groups[first].start()] + mask_card(run[groups[first].start() : groups[last].end()])
            at = groups[last].end()
        first = first + 1 if last is None else last + 1
    return masked + run[at:]


def _card_from(groups: list[re.Match[str]], first: int, run: str) -> int | None:
    """The last group of the card number that begins with group `first`: that group alone, else the longest; None if there is none."""
    if is_card_number(groups[first][0]):
        return first
    longest, digits = None, 0
    for n in range(first, len(groups)):
        digits += len(groups[n][0])
        if digits > _LONGEST:
            break
        if is_card_number(run[groups[first].start() : groups[n].end()]):
            longest = n
        if len(groups[n][0]) < _LEAST_GROUP:
            break
    return longest


def _is_iban(text: str) -> bool:
    """ISO 13616: country and check digits moved to the end, letters as 10 to 35, the number leaves 1 when divided by 97."""
    return int("".join(str(int(c, 36)) for c in text[4:] + text[:4])) % 97 == 1


def is_card_number(text: str) -> bool:
    """True if the digits of `text` look like a card number of a known scheme."""
    digits = re.sub(r"[ -]", "", text)
    return digits.isdecimal() and _scheme_fits(digits) and _luhn(digits)


def _scheme_fits(digits: str) -> bool:
    return any(low <= int(digits[:width]) <= high and len(digits) in lengths for low, high, width, lengths in _SCHEMES)


def _luhn(digits: str) -> bool:
    doubled = (sum(divmod(2 * int(d), 10)) for d in digits[-2::-2])
    return (sum(int(d) for d in digits[-1::-2]) + sum(doubled)) % 10 == 0
