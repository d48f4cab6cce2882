"""What Bolt says when the bot starts: nothing, where all is as it should be."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from desk import a_workspace
from slack_sdk import WebClient

from breakwater.sandbox import Rates, Sandbox
from breakwater.slack.connecting import BOT_TOKEN, bolt


def test_no_start_warns_of_the_token_in_the_environment(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv(BOT_TOKEN, "xoxb-of-the-environment")

    with Sandbox(a_workspace(), rates=Rates.off()) as sandbox, ThreadPoolExecutor(1) as listeners:
        client = WebClient(token=sandbox.workspace.app.bot_token, base_url=sandbox.api_url)
        app = bolt(client, signing_secret="s", listeners=listeners)

    assert [record.getMessage() for record in caplog.records if record.name.startswith("slack_bolt")] == []
    assert (app.client, os.environ[BOT_TOKEN]) == (client, "xoxb-of-the-environment")
