"""Each limit and rule of Block Kit, refused one by one, beside what is just allowed."""

from __future__ import annotations

from typing import Any

import pytest
from sandbox_bot import actions, button, modal, section, text_input

from breakwater.sandbox import RefusalError
from breakwater.sandbox.blockkit.surfaces import accept_message, accept_view


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def option(n: int) -> dict[str, Any]:
    return {"text": plain(f"option {n}"), "value": str(n)}


def select(**more: Any) -> dict[str, Any]:
    return {"type": "static_select", "action_id": "pick", "options": [option(1)]} | more


def context(*texts: str) -> dict[str, Any]:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": t} for t in texts]}


def header(text: str) -> dict[str, Any]:
    return {"type": "header", "text": plain(text)}


def image(**more: Any) -> dict[str, Any]:
    return {"type": "image", "alt_text": "a chart", "image_url": "https://charts.example/1.png"} | more


def table(rows: int, cells: int) -> dict[str, Any]:
    return {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * cells] * rows}


def rich(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text", "elements": list(elements)}


def line(*runs: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text_section", "elements": list(runs)}


DIVIDER = {"type": "divider"}


def reasons(blocks: list[Any], *, text: str = "fallback") -> str:
    """Why a message with these blocks is refused: the error name and Slack's words."""
    with pytest.raises(RefusalError) as caught:
        accept_message(text=text, blocks=blocks, has_file=lambda _: False)
    return str(caught.value)


def view_reasons(view: dict[str, Any], surface: str = "modal") -> str:
    with pytest.raises(RefusalError) as caught:
        accept_view(view, surface=surface, has_file=lambda _: False)
    return str(caught.value)


@pytest.mark.parametrize(
    ("blocks", "complaint"),
    [
        ([DIVIDER] * 51, "no more than 50 items allowed [json-pointer:/blocks]"),
        ([section("x" * 3001)], "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
        ([section("")], "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
        ([header("x" * 151)], "must be less than 151 characters"),
        ([{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}], "unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]"),
        ([{"type": "section", "fields": [plain("x")] * 11}], "no more than 10 items allowed [json-pointer:/blocks/0/fields]"),
        ([{"type": "section", "fields": [plain("x" * 2001)]}], "must be less than 2001 characters"),
        ([{"type": "section"}], "must provide either text or fields"),
        ([context(*"abcdefghijk")], "no more than 10 items allowed [json-pointer:/blocks/0/elements]"),
        ([actions(*[button("b", f"a{n}") for n in range(26)])], "no more than 25 items allowed"),
        ([actions()], "no fewer than 1 items allowed"),
        ([actions(button("x" * 76, "a"))], "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]"),
        ([actions(button("x", "a", value="v" * 2001))], "must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]"),
        ([actions(button("x", "a" * 256))], "must be less than 256 characters [json-pointer:/blocks/0/elements/0/action_id]"),
        ([actions(button("x", "a", style="success"))], "must be a valid enum value (primary, danger)"),
        ([actions(button("x", "a", url="not a link"))], "does not match the expected format"),
        ([actions(button("x", "a"), button("y", "a"))], "`action_id` `a` already exists for another element"),
        ([actions(button("x", "a", confirm={"title": plain("t")}))], "missing required field: text"),
        ([section("x", block_id="b" * 256)], "must be less than 256 characters [json-pointer:/blocks/0/block_id]"),
        ([section("x", block_id="b"), section("y", block_id="b")], "`block_id` `b` already exists for another block"),
        ([{"type": "carrousel"}], "unsupported type: carrousel [json-pointer:/blocks/0/type]"),
        ([section("x", accessory={"type": "plain_text_input", "action_id": "a"})], "unsupported type: plain_text_input"),
        ([section("x", colour="red")], "invalid additional property: colour"),
        ([{"text": plain("x")}], "missing required field: type"),
        ([image(alt_text="")], "must be more than 0 characters [json-pointer:/blocks/0/alt_text]"),
        ([{"type": "image", "image_url": "https://charts.example/1.png"}], "missing required field: alt_text"),
        ([{"type": "image", "alt_text": "a"}], "must provide either image_url or slack_file"),
        ([{"type": "image", "alt_text": "a", "slack_file": {"id": "F0NONE"}}], "invalid slack file"),
        ([actions(select(options=[option(n) for n in range(101)]))], "no more than 100 items allowed"),
        ([actions(select(options=[]))], "no fewer than 1 items allowed"),
        ([actions(select(option_groups=[{"label": plain("g"), "options": [option(1)]}]))], "either options or option_groups"),
        ([actions(select(initial_option=option(2)))], "initial option must exactly match"),
        ([actions(select(options=[option(1), option(1)]))], "option values must be unique"),
        ([actions(select(options=[{"text": plain("x" * 76), "value": "1"}]))], "must be less than 76 characters"),
        ([actions(select(options=[{"text": plain("x"), "value": "1" * 151}]))], "must be less than 151 characters"),
        ([actions({"type": "overflow", "action_id": "o", "options": [option(n) for n in range(6)]})], "no more than 5 items allowed"),
        ([actions({"type": "radio_buttons", "action_id": "r", "options": [option(n) for n in range(11)]})], "no more than 10 items"),
        ([actions({"type": "datepicker", "action_id": "d", "initial_date": "24.11.2026"})], "does not match the expected format"),
        ([actions({"type": "multi_users_select", "action_id": "m"})], "unsupported type: multi_users_select"),
        ([{"type": "alert", "text": plain("x")}], "unsupported type: alert"),
        ([table(101, 1)], "no more than 100 items allowed"),
        ([table(1, 21)], "no more than 20 items allowed"),
        ([table(1, 1), table(1, 1)], "only_one_table_allowed"),
        ([{"type": "table", "rows": [[{"type": "raw_number", "value": 1}]]}], "missing required field: text"),
        ([{"type": "markdown", "text": "x" * 12_001}], "must be less than 12001 characters"),
        ([{"type": "markdown", "text": "x" * 7000}] * 2, "markdown blocks must hold less than 12001 characters together"),
        ([rich({"type": "rich_text_list", "style": "dotted", "elements": [line({"type": "text", "text": "x"})]})], "valid enum value"),
        ([rich(line({"type": "text", "text": "x", "style": {"bold": "yes"}}))], "must provide a boolean"),
        ([rich(line({"type": "user", "user_id": "ada"}))], "does not match the expected format"),
    ],
)
def test_slack_refuses_these_blocks(blocks: list[Any], complaint: str) -> None:
    said = reasons(blocks)

    assert said.startswith("invalid_blocks: [ERROR] ")
    assert complaint in said


@pytest.mark.parametrize(
    "blocks",
    [
        [DIVIDER] * 50,
        [section("x" * 3000), header("x" * 150), context(*"abcdefghij")],
        [{"type": "section", "fields": [plain("x" * 100)] * 10, "accessory": image()}],
        [actions(*[button("x" * 75, f"a{n}", value="v" * 2000) for n in range(25)])],
        [actions(button("x", "a")), actions(button("x", "a"))],
        [actions(select(options=[option(n) for n in range(100)], initial_option=option(99), placeholder=plain("Pick")))],
        [section("x", block_id="b" * 255, accessory={"type": "overflow", "action_id": "o", "options": [option(1)]})],
        [image(title=plain("Approval rate"))],
        [table(100, 20)],
        [
            {
                "type": "table",
                "rows": [[{"type": "raw_number", "value": 1.5, "text": "1.50"}]],
                "column_settings": [None, {"align": "right"}],
            }
        ],
        [{"type": "markdown", "text": "x" * 12_000}],
        [rich(line({"type": "date", "timestamp": 1790000000, "format": "{date}"}, {"type": "broadcast", "range": "here"}))],
        [{"type": "actions", "elements": [{"type": "users_select", "action_id": "u", "initial_user": "U0ADA"}]}],
    ],
)
def test_slack_takes_these_blocks(blocks: list[Any]) -> None:
    kept = accept_message(text="fallback", blocks=blocks, has_file=lambda _: False)

    assert len(kept) == len(blocks)
    assert all(block["block_id"] for block in kept)


@pytest.mark.parametrize(
    ("text", "blocks", "error"),
    [
        ("", None, "no_text"),
        ("x" * 40_001, None, "msg_too_long"),
        ("x", {"type": "divider"}, "invalid_blocks_format"),
        ("x", ["divider"], "invalid_blocks_format"),
        ("x", [section("x" * 2900)] * 5, "msg_blocks_too_long"),
        (7, None, "invalid_arguments"),
    ],
)
def test_slack_refuses_the_whole_message(text: Any, blocks: Any, error: str) -> None:
    assert reasons(blocks, text=text).split(":")[0] == error


@pytest.mark.parametrize(
    ("view", "complaint"),
    [
        (modal("x" * 25, section("x")), "must be less than 25 characters [json-pointer:/view/title/text]"),
        (modal("t", section("x"), submit=plain("x" * 25)), "must be less than 25 characters [json-pointer:/view/submit/text]"),
        (modal("t", section("x"), close=plain("x" * 25)), "must be less than 25 characters [json-pointer:/view/close/text]"),
        (modal("t", section("x"), private_metadata="x" * 3001), "must be less than 3001 characters"),
        (modal("t", section("x"), callback_id="x" * 256), "must be less than 256 characters"),
        (modal("t", *[DIVIDER] * 101), "no more than 100 items allowed [json-pointer:/view/blocks]"),
        (modal("t"), "no fewer than 1 items allowed"),
        (modal("t", {"type": "markdown", "text": "x"}), "unsupported type: markdown"),
        (modal("t", text_input("Reason", "r", max_length=3001)), "must be between 1 and 3000"),
        (modal("t", text_input("Reason", "r", min_length=5, max_length=4)), "min_length must be less than or equal to max_length"),
        (modal("t", text_input("x" * 2001, "r")), "must be less than 2001 characters"),
        (modal("t", text_input("a", "r"), text_input("b", "r")), "`block_id` `r` already exists for another block"),
        ({k: v for k, v in modal("t", text_input("a", "r")).items() if k != "submit"}, "`submit` is required"),
        ({"type": "modal", "blocks": [DIVIDER]}, "missing required field: title"),
        ({"type": "home", "blocks": [DIVIDER]}, "view type must be modal"),
        (modal("t", section("x"), colour="red"), "invalid additional property: colour"),
    ],
)
def test_slack_refuses_these_modals(view: dict[str, Any], complaint: str) -> None:
    assert complaint in view_reasons(view)


def test_a_home_has_no_title_and_at_most_a_hundred_blocks() -> None:
    assert accept_view({"type": "home", "blocks": [DIVIDER] * 100}, surface="home", has_file=lambda _: False)["type"] == "home"
    assert "no more than 100 items" in view_reasons({"type": "home", "blocks": [DIVIDER] * 101}, "home")
    assert "additional property: title" in view_reasons({"type": "home", "blocks": [DIVIDER], "title": plain("t")}, "home")


def test_a_view_of_more_than_a_quarter_megabyte_is_too_large() -> None:
    big = modal("t", *[section("x" * 3000) for _ in range(90)])

    assert view_reasons(big) == "view_too_large"
