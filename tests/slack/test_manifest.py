"""The app manifest: valid by Slack's own schema (slackapi/manifest-schema, MIT), and true to what is registered and documented."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from breakwater.views.help import HELP
from breakwater.views.shortcuts import ADD, FIND

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
    assert [(s["callback_id"], s["type"]) for s in manifest["features"]["shortcuts"]] == [(FIND, "message"), (ADD, "message")]
    assert manifest["features"]["app_home"]["home_tab_enabled"] is True
    assert manifest["settings"]["socket_mode_enabled"] is True
