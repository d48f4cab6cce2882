"""What people enter into inputs: the state Slack makes of it, and what Slack asks them to correct before submitting."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from breakwater.sandbox.messages import Json, elements_of

# type of element: (where its value stands in the state, where it starts from)
STATEFUL = {
    "plain_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "static_select": ("selected_option", "initial_option"),
    "users_select": ("selected_user", "initial_user"),
    "channels_select": ("selected_channel", "initial_channel"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_users_select": ("selected_users", "initial_users"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "radio_buttons": ("selected_option", "initial_option"),
    "checkboxes": ("selected_options", "initial_options"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
}
LISTS = {"selected_options", "selected_users", "selected_channels", "selected_conversations"}
PLEASE_COMPLETE = "Please complete this required field."


def options_of(element: Mapping[str, Any]) -> list[Json]:
    """All options an element offers, groups included."""
    return [*element.get("options", []), *(o for group in element.get("option_groups", []) for o in group["options"])]


def find_option(element: Mapping[str, Any], wanted: str) -> Json:
    """The option with this value or label; ValueError names those there are."""
    for option in options_of(element):
        if wanted in (option["value"], option["text"]["text"]):
            return option
    raise ValueError(f"no option '{wanted}'; there are: {[o['text']['text'] for o in options_of(element)]}")


def entered(element: Mapping[str, Any], value: Any) -> Json:
    """The state of an element after a person entered `value`: a text, an option's label or value, an id, a date, or lists of those."""
    where, _ = STATEFUL[element["type"]]
    if where == "selected_option" and value is not None:
        value = find_option(element, value)
    elif where == "selected_options":
        value = [find_option(element, one) for one in value]
    return {"type": element["type"], where: value}


def untouched(element: Mapping[str, Any]) -> Json:
    """The state of an element nobody touched: where it started."""
    where, initial = STATEFUL[element["type"]]
    return {"type": element["type"], where: element.get(initial, [] if where in LISTS else None)}


def collect(blocks: Iterable[Json], given: Mapping[str, Any]) -> Json:
    """`state.values` of blocks: what was given by block id, action id, `block/action` or label, else where each input started."""
    values: dict[str, Json] = {}
    known = set()
    for block, element in elements_of(list(blocks)):
        if element["type"] not in STATEFUL:
            continue
        label = block.get("label", {}).get("text", "")
        names = (f"{block['block_id']}/{element['action_id']}", block["block_id"], element["action_id"], label)
        key = next((name for name in names if name in given), None)
        known.add(key)
        state = entered(element, given[key]) if key is not None else untouched(element)
        values.setdefault(block["block_id"], {})[element["action_id"]] = state
    if stray := given.keys() - known:
        raise ValueError(f"no input called {sorted(stray)}; there are: {sorted(values)}")
    return values


def complaints(blocks: Iterable[Json], values: Mapping[str, Any]) -> dict[str, str]:
    """What Slack itself asks a person to correct before a modal is submitted, by block id."""
    found: dict[str, str] = {}
    for block, element in elements_of(list(blocks)):
        if block["type"] == "input":
            value = values[block["block_id"]][element["action_id"]].get(STATEFUL[element["type"]][0])
            if complaint := _complaint(block, element, value):
                found[block["block_id"]] = complaint
    return found


def _complaint(block: Mapping[str, Any], element: Mapping[str, Any], value: Any) -> str:
    if value in (None, "", []):
        return "" if block.get("optional") else PLEASE_COMPLETE
    kind = element["type"]
    if kind == "plain_text_input":
        least, most = element.get("min_length", 0), element.get("max_length", 3000)
        if len(value) < least:
            return f"Must be at least {least} characters."
        return f"Must be {most} characters or fewer." if len(value) > most else ""
    if kind == "number_input":
        return _number_complaint(element, value)
    return ""


def _number_complaint(element: Mapping[str, Any], value: str) -> str:
    try:
        number = float(value)
    except ValueError:
        return "Must be a number."
    if not element["is_decimal_allowed"] and not number.is_integer():
        return "Must be a whole number."
    if number < float(element.get("min_value", "-inf")):
        return f"Must be {element['min_value']} or more."
    return f"Must be {element['max_value']} or less." if number > float(element.get("max_value", "inf")) else ""


def find_element(blocks: Iterable[Json], what: str, *, block_id: str | None = None) -> tuple[Json, Json]:
    """The element with this action id or label, and its block; LookupError names those there are."""
    there = []
    for block, element in elements_of(list(blocks)):
        label = element.get("text", {}).get("text", "")
        if what in (element["action_id"], label) and block_id in (None, block["block_id"]):
            return block, element
        there.append(label or element["action_id"])
    raise LookupError(f"there is no '{what}' to click; there are: {there}")


def action_on(block: Json, element: Json, choose: Any) -> Json:
    """The `actions` entry of a payload: a button pressed, or a choice made."""
    action: Json = {"type": element["type"], "block_id": block["block_id"], "action_id": element["action_id"]}
    if element["type"] == "button":
        return action | {name: element[name] for name in ("text", "value", "style") if name in element}
    if element["type"] == "overflow":
        return action | {"selected_option": find_option(element, choose)}
    return action | entered(element, choose)
