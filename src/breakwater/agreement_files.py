"""The agreements that the settings name, loaded and checked against each other."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from breakwater.errors import CallError
from breakwater.matching import agreement as agreements
from breakwater.matching.leg_agreement import for_leg
from breakwater.model.partners import Partner
from breakwater.steps.runs import Terms


def terms_of(partner: Partner, *, path: Path | None = None) -> Terms:
    """The agreement with a partner, or of a leg, with the hash of its bytes; with `path` that one. CallError names what is wrong."""
    file = path or Path(partner.agreement)
    given = agreements.load(file)
    agreement = for_leg(given, leg_id=partner.id) if partner.leg else given
    return Terms(agreement=agreement, sha256=hashlib.sha256(file.read_bytes()).hexdigest())


def all_terms(partners: Mapping[str, Partner]) -> dict[str, Terms]:
    """The agreements with all partners and of all legs. CallError where two have one name: breaks would be taken for each other's."""
    terms = {p.id: terms_of(p) for p in partners.values()}
    holders: dict[str, str] = {}
    for holder, each in terms.items():
        other = holders.setdefault(each.agreement.name, holder)
        if other != holder:
            raise CallError(
                f"The agreements of '{other}' and '{holder}' have one name, '{each.agreement.name}', which their breaks go by.",
                remedy="Give each of them a file with a name of its own.",
            )
    return terms


def due_days(terms: Mapping[str, Terms]) -> dict[str, int]:
    """How many business days later the other side may have a record, by partner or leg."""
    return {name: each.agreement.after for name, each in terms.items()}
