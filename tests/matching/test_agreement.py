"""The agreement: what it means when it is right, and what it says when it is not."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from matching_builders import BY_PAYMENT, HEAD, an_agreement

from breakwater.errors import CallError
from breakwater.matching.agreement import Agreement, ExactPass, NettingPass, SimilarPass, load, parse


def test_what_is_left_out_has_its_default() -> None:
    terms = an_agreement()

    assert (terms.link, terms.duplicates_within, terms.not_keys, terms.identity) == (20, 2, {"NOTPROVIDED"}, ())
    assert terms.exponents.of("EUR") == 2
    assert not terms.calendar.is_business_day(date(2026, 4, 6))
    assert terms.passes == (ExactPass(name="by-payment-id", keys=("ref_payment_id",)),)


def test_a_whole_agreement_is_read() -> None:
    terms = parse(
        'not_keys = ["NOTPROVIDED", "N/A"]\nidentity = ["account"]\n'
        + HEAD
        + "[tolerance]\namount_minor = { default = 1, JPY = 0 }\n[materiality]\nEUR = 500\n[currency]\nexponent = { KWD = 3 }\n"
        + '[fx]\nrate_tolerance_bps = 25\n[fx.rates]\n"USD/EUR" = "0.9200"\n[status]\nequivalent = [["settled", "paid_out"]]\n'
        + '[[fees]]\nkind = "*"\ncurrency = "*"\nbasis_points = 10\nfixed_minor = 1\n'
        + '[[passes]]\nname = "s"\ntype = "similar"\nkeys = ["ref_arn"]\nkinds_ours = ["refund"]\nreference_difference = "break"\n'
        + '[[passes]]\nname = "n"\ntype = "netting"\nbucket = ["account"]\nnet_of_fees = "both"\nmax_items = 0\n',
        name="x.toml",
    )

    assert (terms.amount_tolerance.of("EUR"), terms.amount_tolerance.of("JPY")) == (1, 0)
    assert (terms.materiality.of("EUR"), terms.materiality.of("USD"), terms.exponents.of("KWD")) == (500, 0, 3)
    assert terms.rates["USD", "EUR"] == Decimal("0.92")
    assert terms.fees[0].fits("refund", "CHF")
    assert terms.passes == (
        SimilarPass(name="s", key="ref_arn", kinds_ours=frozenset({"refund"}), difference_breaks=True),
        NettingPass(name="n", bucket=("account",), net_of_fees=frozenset({"ours", "theirs"}), max_items=0),
    )


def agreement_of(text: str) -> Agreement:
    return parse(text, name="x.toml")


WRONG = {
    "not TOML": ("name = ", "is not TOML"),
    "no name": (HEAD.replace('name = "test"', "") + BY_PAYMENT, "'name' is missing"),
    "empty name": (HEAD.replace('"test"', '""') + BY_PAYMENT, "'name' must not be empty"),
    "no passes": (HEAD, "'passes' is missing: an agreement has at least one"),
    "unknown table": (HEAD + "[windows]\n" + BY_PAYMENT, "unknown entry 'windows'. Did you mean 'window'?"),
    "unknown option": (HEAD + "links = 3\n" + BY_PAYMENT, "unknown entry 'window.links'. Did you mean 'link'?"),
    "option of another type": (HEAD + BY_PAYMENT + "min_length = 6\n", r"unknown entry 'passes\[1\].min_length'"),
    "unknown type": (HEAD + BY_PAYMENT.replace("exact", "exakt"), "can't be 'exakt'; .* Did you mean 'exact'?"),
    "unknown kind": (HEAD + BY_PAYMENT + 'kinds_ours = ["paymnt"]\n', "can't be 'paymnt'; .* Did you mean 'payment'?"),
    "unknown column": (HEAD + BY_PAYMENT.replace("ref_payment_id", "ref_paymentid"), "Did you mean 'ref_payment_id'?"),
    "amount as a key": (HEAD + BY_PAYMENT.replace("ref_payment_id", "amount_minor"), "can't be 'amount_minor'"),
    "no keys": (HEAD + BY_PAYMENT.replace('"ref_payment_id"', ""), r"'passes\[1\].keys' must not be empty"),
    "same name twice": (HEAD + BY_PAYMENT * 2, "'by-payment-id' is the name of an earlier pass too"),
    "boolean number": (HEAD + "link = true\n" + BY_PAYMENT, "'window.link' must be a whole number, not true"),
    "float number": (HEAD.replace("after = 3", "after = 3.0") + BY_PAYMENT, "'window.after' must be a whole number, not '3.0'"),
    "negative": (HEAD.replace("after = 3", "after = -3") + BY_PAYMENT, "'window.after' must not be negative, and is -3"),
    "beyond 64 bits": (HEAD + "link = 9223372036854775808\n" + BY_PAYMENT, "must be at most 9223372036854775807"),
    "date as text": (HEAD.replace("2026-04-03", '"2026-04-03"') + BY_PAYMENT, "'calendar.holidays' must hold dates"),
    "date with a time": (HEAD.replace("2026-04-03", "2026-04-03T00:00:00") + BY_PAYMENT, "'calendar.holidays' must hold dates"),
    "no business day": (
        HEAD.replace('["sat", "sun"]', '["mon", "tue", "wed", "thu", "fri", "sat", "sun"]') + BY_PAYMENT,
        "leaves no business day",
    ),
    "weekday in full": (HEAD.replace('"sun"', '"sunday"') + BY_PAYMENT, "can't be 'sunday'; .* Did you mean 'sun'?"),
    "lower case no key": ('not_keys = ["n/a"]\n' + HEAD + BY_PAYMENT, "has a lower-case letter. Write 'N/A'"),
    "rate as a float": (HEAD + '[fx.rates]\n"USD/EUR" = 0.92\n' + BY_PAYMENT, "must be a text, not '0.92'"),
    "rate of zero": (HEAD + '[fx.rates]\n"USD/EUR" = "0.0"\n' + BY_PAYMENT, "can't be '0.0'; a rate is a decimal above zero"),
    "rate with an exponent": (HEAD + '[fx.rates]\n"USD/EUR" = "1e3"\n' + BY_PAYMENT, "can't be '1e3'"),
    "rate of one currency": (HEAD + '[fx.rates]\n"USD" = "1"\n' + BY_PAYMENT, "is no pair of currencies"),
    "currency of tolerance": (
        HEAD + "[tolerance]\namount_minor = { eur = 1 }\n" + BY_PAYMENT,
        "'tolerance.amount_minor.eur' is no currency",
    ),
    "two keys in similar": (
        HEAD + BY_PAYMENT.replace("exact", "similar").replace('"ref_payment_id"', '"ref_arn", "account"'),
        "must be one column in a similar pass, and has 2",
    ),
    "netting before": (
        HEAD + '[[passes]]\nname = "n"\ntype = "netting"\nbucket = ["account"]\n' + BY_PAYMENT,
        "must stand before the netting pass 'n'",
    ),
    "too many items": (
        HEAD + '[[passes]]\nname = "n"\ntype = "netting"\nbucket = ["account"]\nmax_items = 21\n',
        "must be at most 20, and is 21",
    ),
    "half a fee": (HEAD + '[[fees]]\nkind = "*"\ncurrency = "*"\nbasis_points = 1\n' + BY_PAYMENT, r"'fees\[1\].fixed_minor' is missing"),
    "table instead of list": (HEAD + "[passes]\n", "'passes' must be a list, not a table"),
}


@pytest.mark.parametrize(("text", "sentence"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_named(text: str, sentence: str) -> None:
    with pytest.raises(CallError, match=sentence):
        agreement_of(text)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CallError, match=r"none\.toml can't be read: No such file"):
        load(tmp_path / "none.toml")


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b'name = "Z\xfcrich"')

    with pytest.raises(CallError, match="is not UTF-8 text"):
        load(tmp_path / "latin.toml")
