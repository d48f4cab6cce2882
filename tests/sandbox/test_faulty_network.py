"""What goes wrong between the app and Slack: faults on demand, lost acknowledgements, reconnects, signatures."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any
from urllib.error import URLError

import httpx
import pytest
from sandbox_bot import Bot, Clock, a_bot, a_workspace, actions, an_app, button, client_of
from slack_bolt import App as BoltApp
from slack_bolt import BoltRequest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from websockets.sync.client import connect

from breakwater.sandbox import FaultKind, Sandbox, Signer, Timing


def test_a_server_error_does_nothing_and_passes(sandbox: Sandbox, client: WebClient) -> None:
    sandbox.faults.add("chat.postMessage", FaultKind.SERVER_ERROR)

    with pytest.raises(SlackApiError):
        client.chat_postMessage(channel="C0PAYOPS", text="first")
    client.chat_postMessage(channel="C0PAYOPS", text="second")

    assert [m.text for m in sandbox.messages("C0PAYOPS")] == ["second"]


def test_a_connection_dropped_after_the_message_was_stored_leaves_the_message(sandbox: Sandbox, client: WebClient) -> None:
    sandbox.faults.add("chat.postMessage", FaultKind.DROP_AFTER)

    with pytest.raises((URLError, OSError, HTTPException)):
        client.chat_postMessage(channel="C0PAYOPS", text="did it arrive?")

    assert [m.text for m in sandbox.messages("C0PAYOPS")] == ["did it arrive?"]


def test_a_connection_dropped_before_leaves_nothing(sandbox: Sandbox, client: WebClient) -> None:
    sandbox.faults.add("chat.postMessage", FaultKind.DROP)

    with pytest.raises((URLError, OSError, HTTPException)):
        client.chat_postMessage(channel="C0PAYOPS", text="did it arrive?")

    assert sandbox.messages("C0PAYOPS") == ()


def test_a_time_out_may_have_stored_the_message(sandbox: Sandbox) -> None:
    client = WebClient(token="xoxb-sandbox", base_url=sandbox.api_url, retry_handlers=[], timeout=1)
    sandbox.faults.add("chat.postMessage", FaultKind.TIME_OUT_AFTER, hold_s=3)

    with pytest.raises(TimeoutError):
        client.chat_postMessage(channel="C0PAYOPS", text="slow")

    assert [m.text for m in sandbox.messages("C0PAYOPS")] == ["slow"]


def test_the_next_calls_can_be_rate_limited_for_as_long_as_wanted(sandbox: Sandbox, client: WebClient) -> None:
    sandbox.faults.add("chat.update", FaultKind.RATE_LIMITED, retry_after_s=7)

    with pytest.raises(SlackApiError) as caught:
        client.chat_update(channel="C0PAYOPS", ts="1.0", text="x")

    assert caught.value.response.headers["Retry-After"] == "7"


def test_any_method_can_be_refused(sandbox: Sandbox, client: WebClient) -> None:
    sandbox.faults.add("*", FaultKind.REFUSED, error="fatal_error", times=2)

    with pytest.raises(SlackApiError, match="fatal_error"):
        client.auth_test()
    sandbox.faults.clear()
    assert client.auth_test()["ok"]


def test_an_event_nobody_acknowledged_comes_again_under_the_same_id(serve: Any) -> None:
    sandbox = serve(timing=Timing(ack_s=0.3, event_retry_delays_s=(0.0, 0.1)))
    seen: Queue[Any] = Queue()
    bot = a_bot(sandbox)

    @bot.app.middleware
    def hear(req: Any, resp: Any, next: Callable[[], Any]) -> Any:
        seen.put((req.body["event_id"], req.headers.get("x-slack-retry-num")))
        return resp

    bot.connect()

    sandbox.person("U0ADA").say("C0PAYOPS", "is anybody there?")

    heard = [seen.get(timeout=60) for _ in range(3)]
    bot.close()
    assert len({event_id for event_id, _ in heard}) == 1
    assert [number for _, number in heard] == [None, ["1"], ["2"]]


def test_deliveries_go_to_any_of_several_connections(sandbox: Sandbox) -> None:
    answered: Queue[str] = Queue()
    bots = [a_bot(sandbox) for _ in range(2)]
    for name, bot in zip(("one", "two"), bots, strict=True):
        bot.app.command("/recon")(says(name, to=answered))
        bot.connect()

    for _ in range(4):
        sandbox.person("U0ADA").command("/recon", channel="C0PAYOPS")

    assert {answered.get(timeout=60) for _ in range(4)} == {"one", "two"}
    for bot in bots:
        bot.close()


def says(name: str, *, to: Queue[str]) -> Callable[..., None]:
    """A listener that acknowledges and tells who it was."""

    def listener(ack: Any) -> None:
        ack()
        to.put(name)

    return listener


def test_the_bot_comes_back_after_a_refresh(sandbox: Sandbox, bot: Bot) -> None:
    bot.app.command("/recon")(lambda ack: ack("here"))
    bot.connect()

    sandbox.refresh_connections()

    sandbox.wait_for(lambda: sandbox.connections == 1)
    assert sandbox.person("U0ADA").command("/recon", channel="C0PAYOPS").ok


def test_ten_connections_are_open_at_most(sandbox: Sandbox, client: WebClient) -> None:
    bots = [a_bot(sandbox) for _ in range(10)]
    for bot in bots:
        bot.connect()

    address = client.apps_connections_open(app_token="xapp-sandbox")["url"]

    with connect(address) as eleventh:
        words = json.loads(eleventh.recv(timeout=60))

    assert words == {"type": "disconnect", "reason": "too_many_websockets", "debug_info": {"host": "sandbox"}}
    threads = [threading.Thread(target=bot.handler.close) for bot in bots]
    for bot in bots:
        bot.handler.client.auto_reconnect_enabled = False
    sandbox.reset_connections()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_response_url_takes_five_answers_within_half_an_hour(serve: Any, clock: Clock) -> None:
    sandbox = serve(clock=clock)
    urls: Queue[str] = Queue()
    bot = a_bot(sandbox)
    bot.app.command("/recon")(lambda ack, body: (ack(), urls.put(body["response_url"])))
    bot.connect()
    ada = sandbox.person("U0ADA")
    for _ in range(2):
        ada.command("/recon", channel="C0PAYOPS")
    used, forgotten = urls.get(timeout=60), urls.get(timeout=60)
    bot.close()

    codes = [httpx.post(used, json={"text": f"answer {n}"}).status_code for n in range(6)]
    clock.forward(30 * 60 + 1)
    late = httpx.post(forgotten, json={"text": "late"})

    assert codes == [200, 200, 200, 200, 200, 404]
    assert late.json() == {"ok": False, "error": "expired_url"}
    assert [m.text for m in ada.private()] == [f"answer {n}" for n in range(5)]


def test_a_response_url_posts_replaces_and_deletes(sandbox: Sandbox, bot: Bot, client: WebClient) -> None:
    urls: Queue[str] = Queue()
    bot.app.action("acknowledge")(lambda ack, body: (ack(), urls.put(body["response_url"])))
    bot.connect()
    client.chat_postMessage(channel="C0PAYOPS", text="A break", blocks=[actions(button("Acknowledge", "acknowledge"))])
    sandbox.person("U0ADA").click(sandbox.messages("C0PAYOPS")[0], "Acknowledge")
    url = urls.get(timeout=60)

    httpx.post(url, json={"text": "Taken", "replace_original": True})
    replaced = [m.words for m in sandbox.messages("C0PAYOPS")]
    httpx.post(url, json={"text": "for all", "response_type": "in_channel"})
    httpx.post(url, json={"delete_original": True})

    assert replaced == ["Taken"]
    assert [m.text for m in sandbox.messages("C0PAYOPS")] == ["for all"]


# Signed HTTP


@pytest.fixture
def http_bot(serve: Any) -> Iterator[tuple[Sandbox, BoltApp]]:
    """A Bolt app behind its own HTTP server, reached by signed requests."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            answer = app.dispatch(BoltRequest(body=body, headers=dict(self.headers.items())))
            self.send_response(answer.status)
            for name, value in answer.first_headers_without_set_cookie().items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body.encode())

        def log_message(self, *_: Any) -> None:
            pass

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    url = f"http://127.0.0.1:{listener.server_port}/slack/events"
    sandbox = serve(a_workspace(app=an_app(request_url=url)))
    app = BoltApp(client=client_of(sandbox), signing_secret="sandbox-signing-secret", token_verification_enabled=False)
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield sandbox, app
    listener.shutdown()
    listener.server_close()
    thread.join()


def test_a_correctly_signed_command_is_answered_over_http(http_bot: tuple[Sandbox, BoltApp]) -> None:
    sandbox, app = http_bot
    app.command("/recon")(lambda ack, command: ack(f"{command['text']} is fine"))

    answer = sandbox.person("U0ADA").command("/recon", "nordbank", channel="C0PAYOPS")

    assert answer.ok
    assert sandbox.person("U0ADA").private()[0].text == "nordbank is fine"


def test_events_and_clicks_are_signed_too(http_bot: tuple[Sandbox, BoltApp]) -> None:
    sandbox, app = http_bot
    heard: Queue[str] = Queue()
    app.event("message")(lambda event: heard.put(event["text"]))
    app.action("acknowledge")(lambda ack, action: (ack(), heard.put(action["value"])))

    sandbox.person("U0ADA").say("C0PAYOPS", "hello")
    first = heard.get(timeout=60)
    client_of(sandbox).chat_postMessage(channel="U0ADA", text="x", blocks=[actions(button("Go", "acknowledge", value="b1"))])
    card = sandbox.messages(sandbox.person("U0ADA").direct())[0]
    answer = sandbox.person("U0ADA").click(card, "Go")

    assert answer.ok
    assert first == "hello"


@pytest.mark.parametrize(
    "signer",
    [
        Signer(secret="somebody-else", clock=time.time),
        Signer(secret="sandbox-signing-secret", clock=lambda: time.time() - 301),
    ],
    ids=["a wrong secret", "a signature 301 s old"],
)
def test_the_app_refuses(http_bot: tuple[Sandbox, BoltApp], signer: Signer) -> None:
    sandbox, app = http_bot
    app.command("/recon")(lambda ack: ack("fine"))
    sandbox.delivery.signer = signer

    answer = sandbox.person("U0ADA").command("/recon", channel="C0PAYOPS")

    assert (answer.ok, answer.error) == (False, "dispatch_failed")
