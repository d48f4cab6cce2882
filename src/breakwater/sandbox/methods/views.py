"""views.*: modals and App Home."""

from __future__ import annotations

from breakwater.sandbox.blockkit.surfaces import accept_view
from breakwater.sandbox.messages import Json
from breakwater.sandbox.methods.call import Call, Method, method
from breakwater.sandbox.modals import View
from breakwater.sandbox.refusal import RefusalError
from breakwater.sandbox.wire import view_json


def opening(call: Call) -> Json:
    content = _view(call, surface="modal")
    with call.state.changing():
        user = call.state.triggers.redeem(call.required("trigger_id"))
        return _shown(call, call.state.views.open(content, user=user))


def push(call: Call) -> Json:
    content = _view(call, surface="modal")
    with call.state.changing():
        user = call.state.triggers.redeem(call.required("trigger_id"))
        return _shown(call, call.state.views.push(content, user=user))


def update(call: Call) -> Json:
    view_id, external_id = call.text("view_id") or None, call.text("external_id") or None
    if not view_id and not external_id:
        raise RefusalError("invalid_arguments", ["[ERROR] missing required field: view_id or external_id"])
    content = _view(call, surface="modal")
    with call.state.changing():
        changed = call.state.views.update(content, view_id=view_id, external_id=external_id, expected_hash=call.text("hash") or None)
    return _shown(call, changed)


def publish(call: Call) -> Json:
    user = call.state.user(call.required("user_id"))
    content = _view(call, surface="home")
    with call.state.changing():
        return _shown(call, call.state.views.publish(content, user=user.id, expected_hash=call.text("hash") or None))


def _view(call: Call, *, surface: str) -> Json:
    view = call.document("view")
    if view is None:
        raise RefusalError("invalid_arguments", ["[ERROR] missing required field: view"])
    return accept_view(view, surface=surface, has_file=call.state.files.is_image)


def _shown(call: Call, view: View) -> Json:
    return {"view": view_json(call.state, view)}


METHODS: dict[str, Method] = {
    "views.open": method(opening, tier=4),
    "views.push": method(push, tier=4),
    "views.update": method(update, tier=4),
    "views.publish": method(publish, tier=4),
}
