"""Which words of a message may be references of payments."""

from __future__ import annotations

import pytest

from breakwater.model.text_references import MOST, references_in


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Where is pay_8F2K1?", ("pay_8F2K1",)),
        ("E2E-2026-11-04-17 and again E2E-2026-11-04-17.", ("E2E-2026-11-04-17",)),
        ("UETR 6f19c627-d11a-4a23-af29-13df0de6cde2", ("6f19c627-d11a-4a23-af29-13df0de6cde2",)),
        ("ARN 74203986323137855224978, RRN 632313785522", ("74203986323137855224978", "632313785522")),
        ("on 2026-11-20 at 12:30:11 for EUR 1,234,567.50 or 1.234.567,50 (12345.67)", ()),
        ("ticket 123456 of 1234567", ()),
        ("card 4111 1111 1111 1111 or 4111111111111111 or 411111…1111", ()),
        ("<https://example.com/pay_1234567|here> <@U0ADA1234> <#C0SEPA123|sepa>", ()),
        ("B-4K7QZC2MHX5A and INC-0007", ()),
        ("nothing here", ()),
        ("then pay_8F2K1, ours `ORDERREF`, theirs `123456`", ("pay_8F2K1", "ORDERREF", "123456")),
        ("`/recon breaks` `B-4K7QZC2MHX5A` `2026-11-20` `12.50` `4111111111111111`", ()),
    ],
)
def test_words_that_may_be_references(text: str, named: tuple[str, ...]) -> None:
    assert references_in(text) == named


def test_a_long_list_is_cut() -> None:
    assert len(references_in(" ".join(f"pay_{n:06}" for n in range(100)))) == MOST
