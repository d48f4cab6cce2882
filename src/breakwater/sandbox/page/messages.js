// The list of messages of a channel or a thread.
import { drawBlocks } from "./blocks.js";
import { clock, day, dayKey, moment } from "./dates.js";
import { avatar, h, reconcile } from "./dom.js";
import { emoji } from "./emoji.js";
import { icon } from "./icons.js";
import { mrkdwn } from "./mrkdwn.js";

const TOGETHER_S = 5 * 60; // messages of one author closer than this share one head
const NEAR_END_PX = 60;
const QUICK = ["white_check_mark", "eyes", "+1"];

/** Draw messages into `log`, keeping what has not changed and staying at the end when the reader was there. */
export function drawMessages(log, messages, { page, inThread }) {
  stayAtEnd(log);
  const isNew = log.dataset.place !== page.place(inThread);
  const wanted = [];
  let before = null;
  for (const [n, message] of messages.entries()) {
    const seconds = Number(message.ts);
    const key = dayKey(seconds, page.world.zone);
    if (!inThread && (!before || dayKey(Number(before.ts), page.world.zone) !== key)) {
      wanted.push({ key: `day ${key}`, mark: page.world.zone + day(seconds, page.world.zone), make: () => h("div", { class: "day", role: "separator" }, h("span", {}, day(seconds, page.world.zone))) });
      before = null;
    }
    const joined = before && before.user === message.user && !before.is_private && !message.is_private && seconds - Number(before.ts) < TOGETHER_S && !(inThread && n === 1);
    wanted.push({ key: message.ts, mark: JSON.stringify([message, joined, page.world.me, page.world.version]), make: () => one(message, { page, inThread, joined }) });
    if (inThread && n === 0) wanted.push({ key: "replies", mark: String(messages.length), make: () => h("div", { class: "day" }, h("span", {}, replies(messages.length - 1))) });
    before = message;
  }
  reconcile(log, wanted);
  log.dataset.place = page.place(inThread);
  if (isNew || log.dataset.atEnd) toEnd(log);
}

function toEnd(log) {
  log.dataset.atEnd = "yes";
  log.scrollTop = log.scrollHeight;
}

/** A reader at the end stays there when pictures arrive or the composer grows; one who scrolled up is left in peace. */
function stayAtEnd(log) {
  if (log.dataset.watched) return;
  log.dataset.watched = "yes";
  log.addEventListener("scroll", () => {
    if (log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END_PX) log.dataset.atEnd = "yes";
    else delete log.dataset.atEnd;
  });
  const settle = () => { if (log.dataset.atEnd) log.scrollTop = log.scrollHeight; };
  log.addEventListener("load", settle, { capture: true });
  new ResizeObserver(settle).observe(log);
}

const replies = (count) => (count === 0 ? "No replies yet" : count === 1 ? "1 reply" : `${count} replies`);

function one(message, { page, inThread, joined }) {
  const { world } = page;
  const user = world.users[message.user] ?? { id: message.user, real_name: message.user };
  const isApp = Boolean(message.bot_id);
  const time = h("time", { title: moment(Number(message.ts), world.zone), class: "time" }, clock(Number(message.ts), world.zone));
  const tags = [
    isApp ? h("span", { class: "tag" }, "App") : null,
    world.isStranger(user.id) ? h("span", { class: "tag stranger" }, world.teamOf(user.id)) : null,
  ];
  const head = joined ? null : h("div", { class: "head" }, h("strong", {}, user.real_name), tags, time);
  const body = h("div", { class: "body" }, head,
    message.is_private ? h("p", { class: "only-you" }, icon("eye"), "Only visible to you") : null,
    content(message, page), attachments(message, page), reactions(message, page), threadLink(message, page, inThread));
  const classes = ["message", message.is_private && "private", joined && "joined", message.subtype === "tombstone" && "stone"].filter(Boolean).join(" ");
  return h("article", { class: classes, "aria-label": `${user.real_name} at ${clock(Number(message.ts), world.zone)}` },
    joined ? h("span", { class: "gutter" }, time) : avatar(user, { isApp }), body, tools(message, page, inThread));
}

function content(message, page) {
  const context = page.contextOf(message);
  const shown = message.blocks?.length ? drawBlocks(message.blocks, context) : message.text ? h("div", { class: "text" }, mrkdwn(message.text, page.world)) : null;
  return [shown, message.edited ? h("span", { class: "edited", title: moment(Number(message.edited.ts), page.world.zone) }, "(edited)") : null];
}

function attachments(message) {
  return (message.files ?? []).map((file) => {
    const address = `/page/file/${file.id}`;
    if (file.mimetype.startsWith("image/")) return h("figure", {}, h("figcaption", {}, file.title), h("a", { href: address, target: "_blank", rel: "noopener" }, h("img", { class: "large", src: address, alt: file.alt_txt || file.title })));
    return h("a", { class: "file", href: address, download: file.name }, h("span", { class: "file-kind" }, file.filetype.toUpperCase().slice(0, 4)),
      h("span", {}, h("strong", {}, file.title), h("small", {}, size(file.size))));
  });
}

function size(bytes) {
  if (bytes < 1024) return `${bytes} bytes`;
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(0)} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

function reactions(message, page) {
  if (!message.reactions?.length) return null;
  return h("div", { class: "reactions" }, message.reactions.map(({ name, users, count }) => {
    const mine = users.includes(page.world.me);
    const names = users.map((id) => page.world.users[id]?.real_name ?? id).join(", ");
    return h("button", { type: "button", class: mine ? "mine" : "", title: `${names} reacted with :${name}:`, "aria-pressed": String(mine), disabled: mine, on: { click: () => page.react(message, name) } }, emoji(name), h("span", {}, count));
  }));
}

function threadLink(message, page, inThread) {
  if (inThread || !message.reply_count) return null;
  const faces = message.reply_users.slice(0, 3).map((id) => avatar(page.world.users[id], { isApp: id === page.world.app.user, small: true }));
  const last = clock(Number(message.latest_reply), page.world.zone);
  return h("button", { type: "button", class: "thread-link", on: { click: () => page.openThread(message.ts) } }, faces, h("strong", {}, replies(message.reply_count)), h("span", { class: "quiet" }, `last at ${last}`));
}

function tools(message, page, inThread) {
  if (message.subtype === "tombstone" || message.is_private) return null;
  const react = QUICK.map((name) => h("button", { type: "button", "aria-label": `React with ${name}`, title: `:${name}:`, on: { click: () => page.react(message, name) } }, emoji(name)));
  const reply = inThread ? null : h("button", { type: "button", "aria-label": "Reply in thread", title: "Reply in thread", on: { click: () => page.openThread(message.thread_ts ?? message.ts) } }, icon("reply"));
  return h("div", { class: "tools", role: "toolbar", "aria-label": "Message" }, react, reply, shortcuts(message, page));
}

function shortcuts(message, page) {
  const known = page.world.app.shortcuts.filter((one) => one.type === "message");
  if (!known.length) return null;
  const menu = h("details", { class: "menu" }, h("summary", { "aria-label": "More message shortcuts", title: "More" }, icon("more")));
  menu.append(h("div", { class: "menu-list right" }, known.map((one) =>
    h("button", { type: "button", on: { click: () => { menu.open = false; page.shortcut(one.callback_id, message); } } }, one.name))));
  return menu;
}
