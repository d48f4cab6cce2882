"""The Web API through Slack's own client: what it keeps, finds again, pages, and refuses."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from sandbox_bot import Clock, a_workspace, an_app, client_of, section
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from breakwater.sandbox import Rates, Sandbox

DOT = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cf500f00038301"
    "80b3f4a4b10000000049454e44ae426082"
)


def refusal(call: Any, **arguments: Any) -> str:
    """The error name the Web API refuses a call with."""
    with pytest.raises(SlackApiError) as caught:
        call(**arguments)
    error: str = caught.value.response["error"]
    return error


def test_metadata_is_found_again_by_history_when_asked_for(client: WebClient) -> None:
    key = {"event_type": "outbox", "event_payload": {"key": "break:7:2"}}
    client.chat_postMessage(channel="C0PAYOPS", text="A break", metadata=key)

    with_it = client.conversations_history(channel="C0PAYOPS", include_all_metadata=True)["messages"]
    without = client.conversations_history(channel="C0PAYOPS")["messages"]

    assert with_it[0]["metadata"] == key
    assert "metadata" not in without[0]


def test_metadata_is_found_again_in_a_thread_and_survives_an_edit(client: WebClient) -> None:
    key = {"event_type": "outbox", "event_payload": {"key": "break:7:3"}}
    ts = client.chat_postMessage(channel="C0PAYOPS", text="Incident")["ts"]
    reply = client.chat_postMessage(channel="C0PAYOPS", text="news", thread_ts=ts, metadata=key)["ts"]

    client.chat_update(channel="C0PAYOPS", ts=reply, text="better news")

    thread = client.conversations_replies(channel="C0PAYOPS", ts=ts, include_all_metadata=True)["messages"]
    assert [m["text"] for m in thread] == ["Incident", "better news"]
    assert thread[1]["metadata"] == key
    assert thread[0]["reply_count"] == 1


def test_history_is_newest_first_paged_and_without_replies(client: WebClient) -> None:
    first = client.chat_postMessage(channel="C0PAYOPS", text="0")["ts"]
    client.chat_postMessage(channel="C0PAYOPS", text="a reply", thread_ts=first)
    for n in range(1, 5):
        client.chat_postMessage(channel="C0PAYOPS", text=str(n))

    pages = [[m["text"] for m in page["messages"]] for page in client.conversations_history(channel="C0PAYOPS", limit=2)]
    since = client.conversations_history(channel="C0PAYOPS", oldest=first)["messages"]
    including = client.conversations_history(channel="C0PAYOPS", oldest=first, inclusive=True)["messages"]

    assert pages == [["4", "3"], ["2", "1"], ["0"]]
    assert (len(since), len(including)) == (4, 5)


def test_an_edit_keeps_blocks_it_does_not_name(sandbox: Sandbox, client: WebClient) -> None:
    ts = client.chat_postMessage(channel="C0PAYOPS", text="a", blocks=[section("kept")])["ts"]

    client.chat_update(channel="C0PAYOPS", ts=ts, text="b")

    assert sandbox.messages("C0PAYOPS")[0].words == "kept"


def test_where_the_bot_is_no_member_it_can_not_post(client: WebClient) -> None:
    assert refusal(client.chat_postMessage, channel="C0LUNCH", text="hi") == "not_in_channel"
    assert refusal(client.chat_postMessage, channel="G0LEADS", text="hi") == "channel_not_found"
    assert refusal(client.chat_postMessage, channel="C0OLD", text="hi") == "is_archived"
    assert refusal(client.chat_postMessage, channel="C0NOWHERE", text="hi") == "channel_not_found"
    assert refusal(client.conversations_history, channel="C0LUNCH") == "not_in_channel"
    assert refusal(client.chat_postEphemeral, channel="C0PAYOPS", user="U0NILS", text="hi") == "user_not_in_channel"


def test_only_its_own_messages_can_be_changed(sandbox: Sandbox, client: WebClient) -> None:
    said = sandbox.person("U0ADA").say("C0PAYOPS", "mine")

    assert refusal(client.chat_update, channel="C0PAYOPS", ts=said.ts, text="yours") == "cant_update_message"
    assert refusal(client.chat_delete, channel="C0PAYOPS", ts=said.ts) == "cant_delete_message"
    assert refusal(client.chat_update, channel="C0PAYOPS", ts="1.000001", text="x") == "message_not_found"


def test_a_deleted_message_is_gone_and_one_with_replies_leaves_a_stone(sandbox: Sandbox, client: WebClient) -> None:
    lone = client.chat_postMessage(channel="C0PAYOPS", text="lone")["ts"]
    parent = client.chat_postMessage(channel="C0PAYOPS", text="parent")["ts"]
    client.chat_postMessage(channel="C0PAYOPS", text="reply", thread_ts=parent)

    client.chat_delete(channel="C0PAYOPS", ts=lone)
    client.chat_delete(channel="C0PAYOPS", ts=parent)

    assert [m.text for m in sandbox.messages("C0PAYOPS")] == ["This message was deleted."]


def test_a_file_is_uploaded_completed_and_shown_in_an_image_block(sandbox: Sandbox, client: WebClient) -> None:
    ticket = client.files_getUploadURLExternal(filename="chart.png", length=len(DOT))
    image = {"type": "image", "alt_text": "Approval rate", "slack_file": {"id": ticket["file_id"]}}
    assert refusal(client.chat_postMessage, channel="C0PAYOPS", text="chart", blocks=[image]) == "invalid_blocks"

    httpx.post(ticket["upload_url"], content=DOT).raise_for_status()
    client.files_completeUploadExternal(files=[{"id": ticket["file_id"], "title": "Chart"}])
    client.chat_postMessage(channel="C0PAYOPS", text="chart", blocks=[image])

    shown = client.files_info(file=ticket["file_id"])["file"]
    assert (shown["title"], shown["mimetype"]) == ("Chart", "image/png")
    assert httpx.get(shown["url_private"], headers={"Authorization": f"Bearer {client.token}"}).content == DOT
    assert httpx.get(shown["url_private"]).status_code == 403
    by_url = {"type": "image", "alt_text": "the same", "slack_file": {"url": shown["url_private"]}}
    assert client.chat_postMessage(channel="C0PAYOPS", text="again", blocks=[by_url])["ok"]


def test_the_clients_own_upload_shares_a_csv_in_a_thread(sandbox: Sandbox, client: WebClient) -> None:
    ts = client.chat_postMessage(channel="C0PAYOPS", text="4,000 breaks")["ts"]

    client.files_upload_v2(
        channel="C0PAYOPS", thread_ts=ts, filename="breaks.csv", content="id,amount\n1,5\n", initial_comment="All of them"
    )

    reply = sandbox.thread("C0PAYOPS", ts)[0]
    assert reply.text == "All of them"
    assert [f.text for f in sandbox.files if f.id in reply.files] == ["id,amount\n1,5\n"]


def test_an_upload_of_another_size_than_announced_is_refused(client: WebClient) -> None:
    ticket = client.files_getUploadURLExternal(filename="chart.png", length=10)

    assert httpx.post(ticket["upload_url"], content=DOT).status_code == 400
    assert refusal(client.files_completeUploadExternal, files=[{"id": ticket["file_id"]}]) == "file_not_found"


def test_people_groups_and_channels_are_listed_in_pages(client: WebClient) -> None:
    people = [u["name"] for page in client.users_list(limit=2) for u in page["members"]]

    assert {"ada", "grace", "nils"} < set(people)
    assert client.usergroups_users_list(usergroup="S0OPS")["users"] == ["U0ADA"]
    assert [c["name"] for c in client.conversations_list(exclude_archived=True)["channels"]] == ["payops", "nordbank", "lunch"]
    assert client.conversations_members(channel="C0NORD")["members"] == ["U0ADA", "U0NILS", "U0BREAKWATER"]
    assert refusal(client.users_info, user="U0NOBODY") == "user_not_found"
    assert refusal(client.usergroups_users_list, usergroup="S0NONE") == "no_such_subteam"
    assert refusal(client.users_list, limit=2, cursor="what") == "invalid_cursor"


def test_a_direct_conversation_is_opened_and_posted_in(sandbox: Sandbox, client: WebClient) -> None:
    channel = client.conversations_open(users="U0ADA")["channel"]["id"]

    client.chat_postMessage(channel=channel, text="to the channel")
    client.chat_postMessage(channel="U0ADA", text="to the person")

    assert [m.text for m in sandbox.messages(sandbox.person("U0ADA").direct())] == ["to the channel", "to the person"]


def test_a_permalink_names_channel_and_message(sandbox: Sandbox, client: WebClient) -> None:
    ts = client.chat_postMessage(channel="C0PAYOPS", text="A break")["ts"]

    link = client.chat_getPermalink(channel="C0PAYOPS", message_ts=ts)["permalink"]

    assert link == f"{sandbox.url}archives/C0PAYOPS/p{ts.replace('.', '')}"


def test_who_calls_is_checked(sandbox: Sandbox, client: WebClient) -> None:
    assert client.auth_test()["user_id"] == "U0BREAKWATER"
    assert refusal(client_of(sandbox, token="").auth_test) == "not_authed"
    assert refusal(client_of(sandbox, token="xoxb-wrong").auth_test) == "invalid_auth"
    assert refusal(client.apps_connections_open, app_token="xoxb-sandbox") == "not_allowed_token_type"
    assert refusal(client.api_call, api_method="chat.postMassage") == "unknown_method"


def test_a_scope_that_was_not_granted_is_missing(serve: Any) -> None:
    client = client_of(serve(a_workspace(app=an_app(scopes=frozenset({"chat:write"})))))

    assert client.chat_postMessage(channel="C0PAYOPS", text="fine")["ok"]
    assert refusal(client.conversations_history, channel="C0PAYOPS") == "missing_scope"


def test_forms_are_read_like_json(sandbox: Sandbox) -> None:
    form = {"channel": "C0PAYOPS", "text": "", "blocks": json.dumps([section("from a form")]), "token": "xoxb-sandbox"}

    assert httpx.post(f"{sandbox.api_url}chat.postMessage", data=form).json()["ok"] is True
    assert httpx.post(f"{sandbox.api_url}chat.postMessage", data=form | {"blocks": "[nonsense"}).json()["error"] == "invalid_blocks_format"
    assert sandbox.messages("C0PAYOPS")[0].words == "from a form"


def test_a_channel_takes_about_one_post_a_second_then_says_when_to_come_back(serve: Any, clock: Clock) -> None:
    client = client_of(serve(rates=Rates(), clock=clock))
    for _ in range(3):
        client.chat_postMessage(channel="C0PAYOPS", text="burst")

    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel="C0PAYOPS", text="too fast")

    assert (caught.value.response.status_code, caught.value.response["error"]) == (429, "ratelimited")
    assert caught.value.response.headers["Retry-After"] == "1"
    assert client.chat_postMessage(channel="C0NORD", text="another channel")["ok"]
    clock.forward(1)
    assert client.chat_postMessage(channel="C0PAYOPS", text="in time")["ok"]


def test_a_tier_two_method_takes_twenty_calls_a_minute(serve: Any, clock: Clock) -> None:
    client = client_of(serve(rates=Rates(), clock=clock))
    for _ in range(20):
        client.users_list()

    assert refusal(client.users_list) == "ratelimited"
