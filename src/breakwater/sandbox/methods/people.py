"""auth.*, api.*, apps.*, users.* and usergroups.*: who is who, and the way in."""

from __future__ import annotations

from breakwater.sandbox.messages import Json
from breakwater.sandbox.methods.call import Call, Method, method
from breakwater.sandbox.refusal import RefusalError
from breakwater.sandbox.wire import group_json, user_json


def auth_test(call: Call) -> Json:
    workspace = call.state.workspace
    return {
        "url": f"{call.state.base_url}/",
        "team": workspace.team.name,
        "user": workspace.bot.name,
        "team_id": workspace.team.id,
        "user_id": workspace.app.user_id,
        "bot_id": workspace.app.bot_id,
        "is_enterprise_install": False,
    }


def api_test(call: Call) -> Json:
    if error := call.text("error"):
        raise RefusalError(error)
    return {"args": {name: value for name, value in call.arguments.items() if name != "token"}}


def open_connection(call: Call) -> Json:
    """The address of a new Socket Mode connection."""
    address = call.state.base_url.replace("http", "ws", 1)
    return {"url": f"{address}/link/?ticket={call.sockets.ticket()}&app_id={call.state.workspace.app.id}"}


def user_info(call: Call) -> Json:
    return {"user": user_json(call.state, call.state.user(call.required("user")))}


def user_list(call: Call) -> Json:
    page, cursor = call.page(call.state.users)
    return {"members": [user_json(call.state, u) for u in page], "cache_ts": 0, "response_metadata": {"next_cursor": cursor}}


def user_by_email(call: Call) -> Json:
    email = call.required("email").lower()
    for user in call.state.users:
        if user.email.lower() == email and not call.state.workspace.is_stranger(user):
            return {"user": user_json(call.state, user)}
    raise RefusalError("users_not_found")


def group_list(call: Call) -> Json:
    with_users = call.flag("include_users")
    return {"usergroups": [group_json(call.state, g, with_users=with_users) for g in call.state.groups]}


def group_users(call: Call) -> Json:
    wanted = call.required("usergroup")
    for group in call.state.groups:
        if group.id == wanted:
            return {"users": list(group.users)}
    raise RefusalError("no_such_subteam")


METHODS: dict[str, Method] = {
    "auth.test": method(auth_test, tier=5),
    "api.test": method(api_test, tier=4),
    "apps.connections.open": Method(run=open_connection, tier=1, takes_app_token=True),
    "users.info": method(user_info, tier=4, scopes="users:read"),
    "users.list": method(user_list, tier=2, scopes="users:read"),
    "users.lookupByEmail": method(user_by_email, tier=3, scopes="users:read.email"),
    "usergroups.list": method(group_list, tier=2, scopes="usergroups:read"),
    "usergroups.users.list": method(group_users, tier=2, scopes="usergroups:read"),
}
