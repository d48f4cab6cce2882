// The page's conversation with the sandbox: see the endpoints in pageapi.py.

/** What does not change while the sandbox runs. */
export async function readWorkspace() {
  return (await fetch("/page/workspace")).json();
}

/** What a person sees now, or null when there is no such person. */
export async function readState({ user, channel, thread }) {
  const query = new URLSearchParams({ user, channel: channel ?? "", thread: thread ?? "" });
  const answer = await fetch(`/page/state?${query}`);
  return answer.ok ? answer.json() : null;
}

/** Do something as a person; {ok, error}. */
export async function send(deed, given) {
  try {
    const answer = await fetch(`/page/${deed}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(given),
    });
    return await answer.json();
  } catch {
    return { ok: false, error: "the sandbox does not answer" };
  }
}

/** Call `changed` after each change of the workspace, and `connected(true|false)` as the line comes and goes. */
export function watch({ changed, connected }) {
  const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/page/changes`);
  socket.addEventListener("open", () => connected(true));
  socket.addEventListener("message", changed);
  socket.addEventListener("close", () => {
    connected(false);
    setTimeout(() => watch({ changed, connected }), 1000);
  });
}
