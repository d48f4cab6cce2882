"""The app manifest: valid by Slack's own schema (slackapi/manifest-schema, MIT), and true to what is registered and documented."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from breakwater.cli.demo import workspace
from breakwater.sandbox import App
from breakwater.slack import findings, recon
from breakwater.views.help import HELP, SHORTCUTS, USAGE

ROOT = Path(__file__).parents[2]
SCHEMA = Path(__file__).with_name("manifest.schema.1.0.0.json")


@pytest.fixture
def manifest() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))
    return loaded


def test_slack_accepts_the_manifest(manifest: dict[str, Any]) -> None:
    jsonschema.validate(manifest, json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_every_command_that_has_help_is_in_the_manifest(manifest: dict[str, Any]) -> None:
    assert [c["command"] for c in manifest["features"]["slash_commands"]] == list(HELP)


def test_what_slack_shows_while_a_command_is_typed_is_what_the_bot_knows(manifest: dict[str, Any]) -> None:
    assert {c["command"]: c["usage_hint"] for c in manifest["features"]["slash_commands"]} == USAGE


@pytest.mark.parametrize(("command", "words"), [("/recon", recon.WORDS), ("/anomalies", findings.WORDS)])
def test_the_usage_of_a_command_names_every_word_it_takes(command: str, words: Mapping[str, object]) -> None:
    assert [word for word in words if not re.search(rf"\b{word}\b", USAGE[command])] == []
    assert [word for word in words if not any(example.startswith(f"{command} {word}") for example, _ in HELP[command][1])] == []


def test_every_scope_is_explained_in_the_install_guide(manifest: dict[str, Any]) -> None:
    guide = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"^\| `([a-z:.]+)` \|", guide, flags=re.MULTILINE))

    assert explained == set(manifest["oauth_config"]["scopes"]["bot"])


def test_the_bot_is_invited_to_the_events_it_listens_to(manifest: dict[str, Any]) -> None:
    assert manifest["settings"]["event_subscriptions"]["bot_events"] == [
        "app_home_opened", "message.channels", "message.groups", "user_change", "subteam_updated", "subteam_members_changed",
        "channel_shared", "channel_unshared",
    ]  # fmt: skip


def test_the_shortcuts_of_a_message_are_those_the_bot_answers(manifest: dict[str, Any]) -> None:
    found = manifest["features"]["shortcuts"]

    assert [(s["callback_id"], s["name"], s["description"]) for s in found] == list(SHORTCUTS)
    assert [s["type"] for s in found] == ["message", "message"]
    assert manifest["features"]["app_home"]["home_tab_enabled"] is True
    assert manifest["settings"]["socket_mode_enabled"] is True


def test_the_demo_offers_what_the_manifest_does(manifest: dict[str, Any]) -> None:
    registered = App.registered_by(manifest)

    assert workspace().app.shortcuts == registered["shortcuts"]
    assert [(c.name, c.usage_hint) for c in workspace().app.commands] == [(c.name, c.usage_hint) for c in registered["commands"]]
