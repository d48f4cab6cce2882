"""The examples in the documentation work as they stand."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import BaseModel

from breakwater import config
from breakwater.agreement_files import terms_of
from breakwater.config.digests import DigestSettings
from breakwater.config.files import ExpectedSettings
from breakwater.config.partners import FileSettings, PartnerSettings
from breakwater.config.settings import SlackSettings
from breakwater.live_sources import live_sources
from breakwater.matching import agreement
from breakwater.model.legs import groups_of
from breakwater.model.live import LiveQuestion
from breakwater.sources import ledger

DOCS = Path(__file__).parents[2] / "docs"
PROVIDER = """
[[partners]]
id = "meridian"
name = "Meridian"
network = "cards"
time_zone = "Europe/Berlin"
live_from = 2026-10-01
agreement = "agreements/meridian.toml"
"""


REQUIRED: dict[str, list[type[BaseModel]]] = {
    "[slack]": [SlackSettings],
    "[[partners]]": [PartnerSettings],
    "[[partners.files]]": [FileSettings, ExpectedSettings],
    "[[digests]]": [DigestSettings],
}


def examples(page: str) -> list[str]:
    return re.findall(r"```toml\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), flags=re.DOTALL)


def test_the_agreement_on_its_page_is_one() -> None:
    whole = "".join(examples("agreements.md"))

    assert [p.name for p in agreement.parse(whole, "agreements.md").passes] == [
        "by-end-to-end-id",
        "batches",
        "truncated-references",
        "payouts",
    ]


def test_the_settings_and_the_agreement_of_the_install_guide_are_accepted(tmp_path: Path) -> None:
    settings, small_agreement = examples("install.md")
    (tmp_path / "agreements").mkdir()
    (tmp_path / "agreements" / "nordbank.toml").write_text(small_agreement, encoding="utf-8")
    (tmp_path / "breakwater.toml").write_text(settings, encoding="utf-8")

    loaded = config.load(tmp_path / "breakwater.toml", environment={})

    assert agreement.load(Path(loaded.partners["nordbank"].agreement)).name == "nordbank"
    assert loaded.partners["nordbank"].shared_channel == "C0NORDBANK"


def test_the_leg_on_its_page_is_accepted_with_its_agreement(tmp_path: Path) -> None:
    settings, small_agreement = examples("install.md")
    leg, leg_agreement, ends = examples("legs.md")
    (tmp_path / "agreements").mkdir()
    (tmp_path / "agreements" / "nordbank.toml").write_text(small_agreement, encoding="utf-8")
    (tmp_path / "agreements" / "meridian-nordbank.toml").write_text(leg_agreement, encoding="utf-8")
    (tmp_path / "breakwater.toml").write_text(settings + PROVIDER + leg, encoding="utf-8")

    loaded = config.load(tmp_path / "breakwater.toml", environment={})

    assert loaded.partners["meridian-nordbank"].name == "Meridian → Nordbank"
    assert [p.name for p in terms_of(loaded.partners["meridian-nordbank"]).agreement.passes] == ["by-batch", "several-in-one-credit"]

    by_its_number = leg[: leg.index("from =")] + ends.replace('"adyen"', '"meridian"')
    (tmp_path / "breakwater.toml").write_text(settings + PROVIDER + by_its_number, encoding="utf-8")
    named = config.load(tmp_path / "breakwater.toml", environment={}).partners["meridian-nordbank"].leg
    assert named
    assert [groups_of(pattern) for end in (named.source, named.target) for _, pattern in end.where] == [("ref_partner_id",)] * 2


def test_the_live_sources_on_their_page_can_be_asked(tmp_path: Path) -> None:
    settings, _ = examples("install.md")
    (live,) = examples("live_sources.md")
    beside_the_files = settings.replace("[[partners.files]]", f"{live}\n[[partners.files]]", 1)
    (tmp_path / "breakwater.toml").write_text(beside_the_files, encoding="utf-8")

    loaded = config.load(tmp_path / "breakwater.toml", environment={"STRIPE_API_KEY": "rk_1", "NORDBANK_API_KEY": "k"})
    asked = live_sources(loaded, now=lambda: datetime.now(UTC)).names(LiveQuestion(references=("pi_1",)))

    assert asked == ["Stripe", "Meridian", "Meridian's status page"]


def test_the_digest_on_the_page_of_findings_is_accepted(tmp_path: Path) -> None:
    settings, small_agreement = examples("install.md")
    (digest,) = examples("findings.md")
    (tmp_path / "agreements").mkdir()
    (tmp_path / "agreements" / "nordbank.toml").write_text(small_agreement, encoding="utf-8")
    (tmp_path / "breakwater.toml").write_text(settings + digest, encoding="utf-8")

    loaded = config.load(tmp_path / "breakwater.toml", environment={})

    (one,) = [s for s in loaded.subscriptions if s.calendar]
    assert (one.calendar, dict(one.least_minor)) == ("TARGET2", {"EUR": 100_000})


@pytest.mark.parametrize("table", REQUIRED)
def test_what_is_required_in_the_settings_is_said(table: str) -> None:
    required = {name for model in REQUIRED[table] for name, given in model.model_fields.items() if given.is_required()}
    page = (DOCS / "install.md").read_text(encoding="utf-8")

    (row,) = re.findall(rf"^\| `{re.escape(table)}`[^|]*\|(.*)\|$", page, flags=re.MULTILINE)

    assert set(re.findall(r"`(\w+)`", row)) == required


@pytest.mark.parametrize("table", [ledger.RECORDS, ledger.EVENTS], ids=lambda table: table.format)
def test_the_columns_of_our_own_side_are_those_on_its_page(table: ledger.Table) -> None:
    page = (DOCS / "partners.md").read_text(encoding="utf-8")
    title = table.format.removeprefix("ledger-").title()
    (said,) = re.findall(rf"^\*\*{title}\*\*(.*?)\n\n", page, flags=re.MULTILINE | re.DOTALL)
    needed, optional = said.split("May be left out:")

    assert set(re.findall(r"`(\w+)`", needed)) == set(table.required)
    assert set(re.findall(r"`(\w+)`", optional)) == {*table.schema.names} - {*table.required, "source_file", "line"}
