// The page: reads what the acting person sees, draws it, and does what they do.
import { composer, inSlacksNotation } from "./composer.js";
import { drawHome, drawTop, drawThreadTop, drawWelcome } from "./frames.js";
import { drawMessages } from "./messages.js";
import { askFor, drawModal, entered } from "./modal.js";
import { readState, readWorkspace, send, watch } from "./server.js";
import { drawSidebar } from "./sidebar.js";
import { World } from "./world.js";

const byId = (id) => document.getElementById(id);
const TOAST_MS = 6000;

class Page {
  constructor(facts) {
    this.world = new World(facts, { openChannel: (id) => this.openChannel(id) });
    this.where = { channel: null, thread: null, home: false };
    this.unread = new Set();
    this.latest = new Map(); // "person/channel": the newest timestamp that person has seen there
    this.values = new Map(); // "message or view": what was entered in its inputs
    this.actAs = (id) => this.become(id);
    this.reading = null;
    this.pressed = false;
    this.isStale = false;
  }

  async start() {
    const [, channel, stamp] = /^\/archives\/(\w+)\/p(\d+)/.exec(location.pathname) ?? [];
    this.world.me = this.remembered() ?? this.world.people[0];
    if (channel) this.where = { channel, thread: new URLSearchParams(location.search).get("thread_ts"), home: false };
    await this.refresh();
    if (stamp) this.showMessage(`${stamp.slice(0, -6)}.${stamp.slice(-6)}`);
    watch({ changed: () => this.refresh(), connected: (on) => this.banner(on ? "" : "The sandbox has stopped. This page comes back when it does.") });
  }

  remembered() {
    const id = sessionStorage.getItem("act-as");
    return this.world.people.includes(id) ? id : null;
  }

  /** Read and draw; calls while one is under way become one more at its end. */
  async refresh() {
    if (this.reading) { this.again = true; return this.reading; }
    this.reading = this.readAndDraw();
    await this.reading;
    this.reading = null;
    if (this.again) { this.again = false; return this.refresh(); }
  }

  async readAndDraw() {
    const seen = await readState({ user: this.world.me, ...this.where });
    if (!seen || seen.user !== this.world.me) return;
    this.world.seen = this.seen = seen;
    if (!seen.channel) {
      this.where = { channel: seen.channels[0]?.id ?? seen.direct.id, thread: null, home: false };
      return this.readAndDraw();
    }
    this.countUnread();
    this.draw();
  }

  countUnread() {
    for (const channel of [...this.seen.channels, this.seen.direct]) {
      const key = `${this.world.me}/${channel.id}`;
      const looking = channel.id === this.where.channel && !this.where.home;
      if (looking || !this.latest.has(key)) this.latest.set(key, channel.latest);
      this.unread[channel.latest > this.latest.get(key) ? "add" : "delete"](channel.id);
    }
  }

  draw() {
    if (this.pressed) { this.isStale = true; return; } // what is replaced under a finger never hears of the click
    this.isStale = false;
    const { seen, where } = this;
    drawSidebar(byId("sidebar"), this);
    drawTop(byId("top"), this);
    byId("log").classList.toggle("home", where.home);
    if (where.home) drawHome(byId("log"), this);
    else if (seen.messages.length) drawMessages(byId("log"), seen.messages, { page: this, inThread: false });
    else drawWelcome(byId("log"), this);
    this.drawComposer(byId("composer"), { inThread: false, hidden: where.home || this.channel.is_archived });
    byId("thread").hidden = !where.thread || where.home;
    document.body.classList.toggle("with-thread", Boolean(where.thread) && !where.home);
    if (where.thread && !where.home) {
      drawThreadTop(byId("thread-top"), this);
      drawMessages(byId("thread-log"), seen.thread, { page: this, inThread: true });
      this.drawComposer(byId("thread-composer"), { inThread: true, hidden: this.channel.is_archived });
    }
    drawModal(byId("modal"), seen.views, this);
    document.title = where.home ? this.world.app.name : `${this.channelLabel} · ${this.world.team.name}`;
  }

  drawComposer(place, { inThread, hidden }) {
    const mark = JSON.stringify([this.world.me, this.where.channel, inThread && this.where.thread, hidden]);
    if (place.dataset.mark === mark) return;
    place.dataset.mark = mark;
    place.replaceChildren(...(hidden ? [] : [composer({ page: this, inThread, placeholder: inThread ? "Reply…" : `Message ${this.channelLabel}` })]));
  }

  get channel() {
    return [...this.seen.channels, this.seen.direct].find((one) => one.id === this.seen.channel);
  }

  get channelLabel() {
    return this.seen.channel === this.seen.direct.id ? this.world.app.name : `#${this.channel.name}`;
  }

  /** A name for what is looked at, to know when it changes. */
  place(inThread) {
    return [this.world.me, this.where.channel, inThread && this.where.thread].join(" ");
  }

  /** A finger or mouse button is down: what is on the screen stays until the click has been heard. */
  press() { this.pressed = true; }

  release() {
    setTimeout(() => {
      this.pressed = false;
      if (this.isStale) this.draw();
    });
  }

  // Going places

  go(where) {
    this.where = { channel: this.where.channel, thread: null, home: false, ...where };
    document.body.classList.remove("with-sidebar");
    return this.refresh();
  }

  openChannel(channel) { return this.go({ channel }); }
  openThread(thread) { return this.go({ thread }); }

  async openApp(tab) {
    while (this.seen.user !== this.world.me) await this.refresh(); // somebody else a moment ago: their direct messages are not ours
    await this.go({ channel: this.seen.direct.id, home: tab === "home" });
    await this.do("home", { tab });
  }

  async become(id) {
    this.world.me = id;
    this.unread.clear();
    sessionStorage.setItem("act-as", id);
    this.where.thread = null;
    await this.refresh();
    if (this.where.home) await this.do("home", { tab: "home" });
  }

  showMessage(ts) {
    const shown = document.querySelector(`article[data-key="${CSS.escape(ts)}"]`);
    shown?.scrollIntoView({ block: "center" });
    shown?.classList.add("found");
  }

  // Deeds

  async do(deed, given) {
    const answer = await send(deed, { user: this.world.me, ...given });
    const silent = ["not_sent", "operation_timeout", "dispatch_failed", "unknown_command"];
    if (!answer.ok && !silent.includes(answer.error)) this.toast(`That did not work: ${answer.error.replaceAll("_", " ")}.`);
    return answer;
  }

  async sendText(text, { inThread }) {
    const command = !inThread && /^(\/\S+)\s*([\s\S]*)$/.exec(text);
    if (command) return (await this.do("command", { channel: this.where.channel, command: command[1], text: command[2] })).error !== "the sandbox does not answer";
    return (await this.do("say", { channel: this.where.channel, text: inSlacksNotation(text, this.world), thread_ts: inThread ? this.where.thread : null })).ok;
  }

  react(message, name) { return this.do("react", { channel: message.channel, ts: message.ts, name }); }
  shortcut(callback_id, message) { return this.do("shortcut", { callback_id, ...(message ? { channel: message.channel, ts: message.ts } : {}) }); }
  submit(view, values) { return this.do("submit", { view_id: view.id, values }); }
  closeView(view, everything) { return this.do("close", { view_id: view.id, all_of_them: everything }); }

  /** What controls within a message or a view need: where values are kept, and how a choice is sent. */
  contextOf(thing) {
    const name = `${this.world.me}/${thing.id ?? thing.ts}`;
    if (!this.values.has(name)) this.values.set(name, new Map());
    const target = { blocks: thing.blocks, ...(thing.ts ? { channel: thing.channel, ts: thing.ts } : { view_id: thing.id }) };
    const context = {
      name,
      world: this.world,
      errors: thing.errors,
      values: this.values.get(name),
      confirm: (confirmation) => askFor(byId("confirm"), confirmation, this.world),
      redraw: () => { this.world.version = (this.world.version ?? 0) + 1; this.draw(); },
      act: (block, element, choose = null) => this.do("act", { ...target, block_id: block.block_id, action_id: element.action_id, choose, values: entered(thing, context) }),
    };
    return context;
  }

  // Small signs

  toast(text) {
    const toast = byId("toast");
    toast.textContent = text;
    toast.hidden = false;
    clearTimeout(this.toastTimer);
    this.toastTimer = setTimeout(() => { toast.hidden = true; }, TOAST_MS);
  }

  banner(text) {
    byId("banner").textContent = text;
    byId("banner").hidden = !text;
  }
}

const page = new Page(await readWorkspace());
byId("modal").addEventListener("cancel", (event) => {
  event.preventDefault();
  page.closeView(page.seen.views.at(-1), true);
});
document.addEventListener("pointerdown", () => page.press(), true);
for (const end of ["pointerup", "pointercancel"]) window.addEventListener(end, () => page.release(), true);
window.addEventListener("blur", () => page.release());
byId("shade").addEventListener("click", () => document.body.classList.remove("with-sidebar"));
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
await page.start();
