"""files.*: the three-step upload, and looking a file up."""

from __future__ import annotations

from typing import Any

from breakwater.sandbox.files import file_json
from breakwater.sandbox.messages import Json
from breakwater.sandbox.methods.call import Call, Method, method
from breakwater.sandbox.posting import new_message, publish
from breakwater.sandbox.refusal import RefusalError

LARGEST = 1_000_000_000


def get_upload_url(call: Call) -> Json:
    state = call.state
    with state.changing():
        file = state.files.announce(
            name=call.required("filename"),
            size=call.number("length", default=0, most=LARGEST),
            user=state.workspace.app.user_id,
            created_s=int(state.clock()),
            alt_text=call.text("alt_txt"),
        )
    return {"upload_url": f"{state.base_url}/upload/v1/{file.id}", "file_id": file.id}


def complete_upload(call: Call) -> Json:
    """Finish uploads, and show them in a channel as one message where a channel is given."""
    wanted: Any = call.document("files")
    if not isinstance(wanted, list) or not wanted or not all(isinstance(f, dict) and f.get("id") for f in wanted):
        raise RefusalError("invalid_arguments", ["[ERROR] files must be a list of {id, title} [json-pointer:/files]"])
    channel = call.channel_to_post_in("channel_id") if call.text("channel_id") else None
    if call.text("thread_ts") and channel is None:
        raise RefusalError("invalid_arguments", ["[ERROR] thread_ts needs channel_id"])
    with call.state.changing():
        files = [call.state.files.complete(f["id"], title=f.get("title", "")) for f in wanted]
    if channel:
        message = new_message(
            call.state,
            channel,
            text=call.text("initial_comment"),
            blocks=call.document("blocks"),
            thread_ts=call.text("thread_ts") or None,
            files=tuple(file.id for file in files),
        )
        publish(call.state, message, announce=call.announce)
    return {"files": [file_json(call.state.files.get(f.id), base_url=call.state.base_url) for f in files]}


def info(call: Call) -> Json:
    file = call.state.files.get(call.required("file"))
    if not file.completed:
        raise RefusalError("file_not_found")
    return {"file": file_json(file, base_url=call.state.base_url), "comments": [], "response_metadata": {"next_cursor": ""}}


METHODS: dict[str, Method] = {
    "files.getUploadURLExternal": method(get_upload_url, tier=4, scopes="files:write"),
    "files.completeUploadExternal": method(complete_upload, tier=4, scopes="files:write"),
    "files.info": method(info, tier=4, scopes="files:read"),
}
