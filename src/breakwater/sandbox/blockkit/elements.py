"""Rules for interactive elements: buttons, menus, inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from breakwater.sandbox.blockkit.objects import (
    ACTION_ID,
    CONFIRM,
    DISPATCH,
    IMAGE_FIELDS,
    URL,
    image_source,
    initial_options_are_offered,
    option,
    options_or_groups,
    plain,
)
from breakwater.sandbox.blockkit.shapes import Check, Problems, anything, boolean, integer, items, one_of, shape, string

NUMBER = string(most=100, pattern=r"-?\d+(\.\d+)?")
COMMON: dict[str, Check] = {"action_id": ACTION_ID, "confirm": CONFIRM, "focus_on_load": boolean}
MENU: dict[str, Check] = {**COMMON, "placeholder": plain(150)}
TYPED: dict[str, Check] = {
    "action_id": ACTION_ID,
    "placeholder": plain(150),
    "focus_on_load": boolean,
    "dispatch_action_config": DISPATCH,
}
MANY: dict[str, Check] = {**MENU, "max_selected_items": integer(least=1, most=100)}
CONVERSATION_FILTER = shape(
    {},
    {
        "include": items(one_of("im", "mpim", "private", "public"), most=4),
        "exclude_external_shared_channels": boolean,
        "exclude_bot_users": boolean,
    },
)
OPTIONS = items(option(), most=100)
OPTION_GROUPS = items(shape({"label": plain(75), "options": OPTIONS}), most=100)
CONVERSATIONS: dict[str, Check] = {"default_to_current_conversation": boolean, "filter": CONVERSATION_FILTER}


def _element(required: Mapping[str, Check], optional: Mapping[str, Check], *, also: Check | None = None) -> Check:
    return shape({"type": anything, **required}, optional, also=also)


def _lengths_in_order(value: Mapping[str, Any], path: str, problems: Problems) -> None:
    least, most = value.get("min_length", 0), value.get("max_length", 3000)
    if least > most:
        problems.add("min_length must be less than or equal to max_length", path)
    elif "initial_value" in value and not least <= len(value["initial_value"]) <= most:
        problems.add("initial_value must respect min_length and max_length", path)


def _numbers_in_order(value: Mapping[str, Any], path: str, problems: Problems) -> None:
    if "min_value" in value and "max_value" in value and float(value["min_value"]) > float(value["max_value"]):
        problems.add("min_value must be less than or equal to max_value", path)


def _users_or_conversations(noun: str, *, extra: Mapping[str, Check] | None = None) -> dict[str, Check]:
    identifier = string(most=255, pattern=r"[A-Z0-9]+")
    return {
        f"{noun}s_select": _element({}, {**MENU, f"initial_{noun}": identifier, "response_url_enabled": boolean, **(extra or {})}),
        f"multi_{noun}s_select": _element({}, {**MANY, f"initial_{noun}s": items(identifier, most=100), **(extra or {})}),
    }


ELEMENTS: dict[str, Check] = {
    "button": _element(
        {"text": plain(75)},
        {
            "action_id": ACTION_ID,
            "url": URL,
            "value": string(most=2000),
            "style": one_of("primary", "danger"),
            "confirm": CONFIRM,
            "accessibility_label": string(most=75),
        },
    ),
    "overflow": _element({"options": items(option(url=True), most=5)}, {"action_id": ACTION_ID, "confirm": CONFIRM}),
    "checkboxes": _element(
        {"options": items(option(mrkdwn=True), most=10)},
        {**COMMON, "initial_options": items(option(mrkdwn=True), most=10)},
        also=initial_options_are_offered,
    ),
    "radio_buttons": _element(
        {"options": items(option(mrkdwn=True), most=10)},
        {**COMMON, "initial_option": option(mrkdwn=True)},
        also=initial_options_are_offered,
    ),
    "static_select": _element(
        {}, {**MENU, "options": OPTIONS, "option_groups": OPTION_GROUPS, "initial_option": option()}, also=options_or_groups
    ),
    "multi_static_select": _element(
        {},
        {**MANY, "options": OPTIONS, "option_groups": OPTION_GROUPS, "initial_options": items(option(), most=100)},
        also=options_or_groups,
    ),
    **_users_or_conversations("user"),
    **_users_or_conversations("channel"),
    **_users_or_conversations("conversation", extra=CONVERSATIONS),
    "datepicker": _element({}, {**MENU, "initial_date": string(most=10, pattern=r"\d{4}-\d\d-\d\d")}),
    "timepicker": _element({}, {**MENU, "initial_time": string(most=5, pattern=r"([01]\d|2[0-3]):[0-5]\d"), "timezone": string(most=100)}),
    "datetimepicker": _element({}, {**COMMON, "initial_date_time": integer(least=0, most=9_999_999_999)}),
    "plain_text_input": _element(
        {},
        {
            **TYPED,
            "initial_value": string(least=0, most=3000),
            "multiline": boolean,
            "min_length": integer(least=0, most=3000),
            "max_length": integer(least=1, most=3000),
        },
        also=_lengths_in_order,
    ),
    "number_input": _element(
        {"is_decimal_allowed": boolean},
        {**TYPED, "initial_value": NUMBER, "min_value": NUMBER, "max_value": NUMBER},
        also=_numbers_in_order,
    ),
    "email_text_input": _element({}, {**TYPED, "initial_value": string(most=3000)}),
    "url_text_input": _element({}, {**TYPED, "initial_value": URL}),
    "image": _element({"alt_text": string(most=2000)}, IMAGE_FIELDS, also=image_source),
}

MENUS = {"static_select", "users_select", "channels_select", "conversations_select"}
MULTI_MENUS = {f"multi_{name}" for name in MENUS}
IN_SECTION = {"button", "overflow", "checkboxes", "radio_buttons", "datepicker", "timepicker", "image"} | MENUS | MULTI_MENUS
IN_ACTIONS = {"button", "overflow", "checkboxes", "radio_buttons", "datepicker", "timepicker", "datetimepicker"} | MENUS
IN_INPUT = (
    {"plain_text_input", "number_input", "email_text_input", "url_text_input", "checkboxes", "radio_buttons"}
    | {"datepicker", "timepicker", "datetimepicker"}
    | MENUS
    | MULTI_MENUS
)
