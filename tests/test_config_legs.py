"""[[legs]] of breakwater.toml: what it makes of two partners, and contradictions refused with a remedy."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from breakwater import config
from breakwater.agreement_files import all_terms, terms_of
from breakwater.errors import CallError
from breakwater.model.records import Kind

PARTNERS = """
[slack]
operations_channel = "C0PAYOPS"
[ledger]
drop = "inbox/ledger"
""" + "".join(
    f"""
[[partners]]
id = "{name}"
name = "{name.title()}"
network = "{network}"
calendar = "{calendar}"
time_zone = "{zone}"
live_from = {live_from}
internal_channels = ["C0{name.upper()}"]
shared_channel = "C0WITH{name.upper()}"
agreement = "{name}.toml"
"""
    for name, network, calendar, zone, live_from in (
        ("adyen", "cards", "weekends", "Europe/Amsterdam", "2026-03-01"),
        ("stripe", "cards", "weekends", "UTC", "2026-03-01"),
        ("nordbank", "sepa", "TARGET2", "Europe/Berlin", "2026-02-01"),
    )
)
FILES = "".join(
    f"""
[[partners.files]]
stream = "{stream}"
format = "adyen-settlement"
drop = "inbox/adyen"
expected = {{ due = "07:00", deadline = "23:00" }}
"""
    for stream in ("settlement", "payouts")
)
LEG = """
[[legs]]
id = "adyen-nordbank"
agreement = "leg.toml"
from = { partner = "adyen" }
to = { partner = "nordbank" }
"""
AGREEMENT = """
name = "arrival"
[calendar]
weekend = ["sat", "sun"]
[window]
before = 0
after = 3
[[passes]]
name = "by-batch"
type = "exact"
keys = ["ref_batch_id"]
"""


def loaded(folder: Path, legs: str, *, agreement: str = AGREEMENT) -> config.Config:
    (folder / "breakwater.toml").write_text(PARTNERS.replace('"adyen.toml"\n', f'"adyen.toml"\n{FILES}') + legs)
    (folder / "leg.toml").write_text(agreement)
    return config.load(folder / "breakwater.toml", environment={})


def test_a_leg_is_reconciled_like_a_partner_but_shared_with_nobody(tmp_path: Path) -> None:
    partners = loaded(tmp_path, LEG).partners
    leg = partners["adyen-nordbank"]

    assert list(partners) == ["adyen", "stripe", "nordbank", "adyen-nordbank"]
    assert (leg.name, leg.time_zone.key, leg.calendar_name, leg.live_from) == (
        "Adyen → Nordbank",
        "Europe/Berlin",
        "TARGET2",
        date(2026, 3, 1),
    )
    assert (leg.shared_channel, leg.internal_channels, leg.files) == (None, ("C0ADYEN",), ())
    assert leg.leg
    assert (leg.leg.source.kinds, leg.leg.target.kinds) == ((Kind.PAYOUT,), (Kind.PAYMENT,))
    assert ([end.partner for end in partners["nordbank"].taken], partners["adyen"].taken) == (["nordbank"], ())


def test_its_agreement_goes_by_the_id_of_the_leg(tmp_path: Path) -> None:
    partners = loaded(tmp_path, LEG).partners

    assert terms_of(partners["adyen-nordbank"]).agreement.name == "adyen-nordbank"


@pytest.mark.parametrize(
    ("legs", "told"),
    [
        (LEG.replace('"adyen" }', '"adyn" }'), "names in `from` the partner 'adyn', which is not configured. Did you mean 'adyen'?"),
        (LEG.replace('"nordbank" }', '"norbank" }'), "names in `to` the partner 'norbank'"),
        (LEG.replace('"nordbank" }', '"adyen" }'), "The leg 'adyen-nordbank' goes from 'adyen' to itself."),
        (LEG.replace('"adyen-nordbank"', '"stripe"'), "The id 'stripe' of a leg is taken."),
        (LEG.replace('"adyen-nordbank"', '"ledger"'), "The id 'ledger' of a leg is taken."),
        (LEG + LEG, "The id 'adyen-nordbank' of a leg is taken."),
        (LEG + LEG.replace("adyen", "stripe"), "The legs 'adyen-nordbank' and 'stripe-nordbank' both take the payments of 'nordbank'."),
        (LEG.replace('"adyen" }', '"adyen", kinds = ["payuot"] }'), "'payuot' is no kind of record. Did you mean 'payout'?"),
        (LEG.replace('"nordbank" }', '"nordbank", where = { ref_end_to_end = "X" } }'), "Did you mean 'ref_end_to_end_id'?"),
        (LEG.replace('"nordbank" }', '"nordbank", where = { account = "(" } }'), "'(' of account is no pattern of RE2"),
        (LEG.replace('"nordbank" }', '"nordbank", where = { account = "(A|B)(?P<ref_batch_id>.)" } }'), "contains unnamed groups"),
        (LEG.replace('"nordbank" }', '"nordbank", where = { account = "(?<ref_btch_id>.)" } }'), "Did you mean 'ref_batch_id'?"),
        (LEG.replace('"nordbank" }', '"nordbank", where = { account = "(?P<ref_btch_id>.)" } }'), "Did you mean 'ref_batch_id'?"),
        (
            LEG.replace('"adyen" }', '"adyen", stream = "settlment" }'),
            "the stream 'settlment', which 'adyen' does not have. Did you mean 'settlement'?",
        ),
        (
            LEG.replace('"nordbank" }', '"nordbank", stream = "statement" }'),
            "names in `to` the stream 'statement', which 'nordbank' does not",
        ),
        (
            LEG + LEG.replace("adyen-n", "second-n").replace('"adyen" }', '"adyen", stream = "settlement" }'),
            "both take the payouts of 'adyen'",
        ),
        (LEG.replace("agreement =", "agremeent ="), "Unknown entry 'legs.adyen-nordbank.agremeent'. Did you mean 'agreement'?"),
        (LEG.replace('"adyen" }', '"adyen", kind = ["payout"] }'), "Unknown entry 'legs.adyen-nordbank.from.kind'. Did you mean 'kinds'?"),
        (LEG.replace("from =", "form ="), "Unknown entry 'legs.adyen-nordbank.form'. Did you mean 'from'?"),
        (LEG + 'internal_channels = ["C0WITHADYEN"]\n', "The channel C0WITHADYEN is shared with 'adyen', but is also used"),
    ],
)
def test_a_leg_that_can_not_be_is_refused_in_words(tmp_path: Path, legs: str, told: str) -> None:
    with pytest.raises(CallError) as refused:
        loaded(tmp_path, legs)

    assert told in refused.value.message
    assert refused.value.remedy


def test_a_leg_that_is_called_as_a_partner_is_would_be_taken_for_it_and_is_refused(tmp_path: Path) -> None:
    named = PARTNERS.replace('name = "Stripe"', 'name = "Adyen-Nordbank"')
    (tmp_path / "breakwater.toml").write_text(named + LEG)

    with pytest.raises(CallError, match="The id 'adyen-nordbank' of a leg is taken"):
        config.load(tmp_path / "breakwater.toml", environment={})


def test_two_legs_to_one_bank_are_told_apart_by_their_patterns(tmp_path: Path) -> None:
    adyen = LEG.replace('"nordbank" }', '"nordbank", where = { ref_end_to_end_id = "ADYEN.*" } }')
    stripe = LEG.replace("adyen", "stripe").replace('"nordbank" }', '"nordbank", where = { ref_end_to_end_id = "STRIPE.*" } }')

    second = loaded(tmp_path, adyen + stripe).partners["stripe-nordbank"].leg

    assert second
    assert [end.where for end in second.before_target] == [(("ref_end_to_end_id", "ADYEN.*"),)]


def test_two_legs_from_one_provider_are_told_apart_by_their_streams(tmp_path: Path) -> None:
    stays = LEG.replace('"nordbank" }', '"nordbank", kinds = ["adjustment"] }')
    first, second = (stays.replace('"adyen" }', f'"adyen", stream = "{stream}" }}') for stream in ("settlement", "payouts"))
    second = second.replace("adyen-nordbank", "second").replace("adjustment", "payment")

    partners = loaded(tmp_path, first + second).partners

    assert [leg.source.stream for leg in (partners["adyen-nordbank"].leg, partners["second"].leg) if leg] == ["settlement", "payouts"]


@pytest.mark.parametrize(
    ("agreement", "told"),
    [
        (AGREEMENT + 'kinds_theirs = ["payment"]\n', "The pass 'by-batch' of the leg 'adyen-nordbank' never finds anything"),
        (AGREEMENT.replace("ref_batch_id", "account"), "compares the account alone"),
        (
            AGREEMENT + '[[fees]]\nkind = "payment"\ncurrency = "*"\nbasis_points = 1\nfixed_minor = 0\n',
            "has a fee on payments, but all that a leg compares is payouts",
        ),
    ],
)
def test_an_agreement_that_means_nothing_in_a_leg_is_refused(tmp_path: Path, agreement: str, told: str) -> None:
    partners = loaded(tmp_path, LEG, agreement=agreement).partners

    with pytest.raises(CallError, match=told):
        terms_of(partners["adyen-nordbank"])


@pytest.mark.parametrize(("name", "other"), [("adyen-nordbank", "adyen-nordbank"), ("stripe", "stripe")])
def test_agreements_of_one_name_are_refused_for_breaks_go_by_it(tmp_path: Path, name: str, other: str) -> None:
    partners = loaded(tmp_path, LEG).partners
    for partner in ("adyen", "stripe", "nordbank"):
        (tmp_path / f"{partner}.toml").write_text(AGREEMENT.replace('"arrival"', f'"{partner}"'))
    assert list(all_terms(partners)) == list(partners)

    (tmp_path / "nordbank.toml").write_text(AGREEMENT.replace('"arrival"', f'"{name}"'))

    with pytest.raises(CallError, match=f"'nordbank' and '{other}'|'{other}' and 'nordbank'"):
        all_terms(partners)
