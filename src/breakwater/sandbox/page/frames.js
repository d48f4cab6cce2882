// What frames the messages: the head of a channel, of the app and of a thread, App Home, and the first words in an empty channel.
import { drawBlocks } from "./blocks.js";
import { avatar, h } from "./dom.js";
import { icon } from "./icons.js";
import { plain } from "./mrkdwn.js";

function menuButton() {
  return h("button", { type: "button", class: "icon menu-button", "aria-label": "Open the channel list", on: { click: () => document.body.classList.add("with-sidebar") } }, icon("menu"));
}

/** Redraw `place` only when what it shows changed. */
function drawOnce(place, mark, make) {
  const text = JSON.stringify(mark);
  if (place.dataset.mark === text) return;
  place.dataset.mark = text;
  place.replaceChildren(...make().filter(Boolean));
}

/** The head of the main column. */
export function drawTop(top, page) {
  const { world, seen, where } = page;
  const inApp = seen.channel === seen.direct.id;
  drawOnce(top, [page.channel, where.home, world.me, seen.refusals], () => [menuButton(), ...(inApp ? appHead(page) : channelHead(page)), refusals(seen.refusals)]);
}

function channelHead({ world, channel }) {
  const shared = channel.shared_with.length ? h("span", { class: "tag stranger" }, `shared with ${channel.shared_with.join(", ")}`) : null;
  const names = channel.members.map((id) => world.users[id].real_name).join(", ");
  return [
    h("div", { class: "grow" }, h("h1", {}, icon(channel.is_private ? "lock" : "hash"), channel.name, shared, channel.is_archived ? h("span", { class: "tag" }, "archived") : null), channel.topic ? h("p", { class: "quiet" }, plain(channel.topic, world)) : null),
    h("div", { class: "faces", title: names }, channel.members.slice(0, 4).map((id) => avatar(world.users[id], { isApp: id === world.app.user, small: true })), h("span", { class: "unseen" }, `Members: ${names}`)),
  ];
}

function appHead(page) {
  const { world, where } = page;
  const tab = (name, label, on) => h("button", { type: "button", role: "tab", "aria-selected": String(on), on: { click: () => page.openApp(name) } }, label);
  return [
    h("div", { class: "grow" }, h("h1", {}, world.app.name, h("span", { class: "tag" }, "App"))),
    h("div", { role: "tablist", class: "tabs", "aria-label": world.app.name }, tab("home", "Home", where.home), tab("messages", "Messages", !where.home)),
  ];
}

/** What Slack would have refused lately: the page's only word to the bot's authors. */
function refusals(some) {
  if (!some.length) return null;
  return h("details", { class: "menu refusals" }, h("summary", { title: "What Slack would refuse" }, icon("warning"), h("span", {}, String(some.length))),
    h("div", { class: "menu-list right" }, h("p", {}, "Refused, as Slack would:"), some.map((one) => h("p", {}, h("strong", {}, one.where), " ", h("code", {}, one.error), one.reasons.map((reason) => h("small", {}, reason))))));
}

/** The head of the thread pane. */
export function drawThreadTop(top, page) {
  drawOnce(top, [page.where.thread, page.channel.id], () => [
    h("div", { class: "grow" }, h("h2", {}, "Thread"), h("p", { class: "quiet" }, page.channelLabel)),
    h("button", { type: "button", class: "icon", "aria-label": "Close the thread", on: { click: () => page.openThread(null) } }, icon("close")),
  ]);
}

/** The app's home tab. */
export function drawHome(log, page) {
  const { home } = page.seen;
  log.dataset.place = "home";
  const mark = JSON.stringify([home?.hash, home?.trouble, page.world.me]);
  const known = log.firstElementChild?.dataset;
  if (known?.home === mark) return;
  const shown = home
    ? [home.trouble ? h("p", { class: "trouble", role: "alert" }, home.trouble) : null, drawBlocks(home.blocks, page.contextOf(home))]
    : h("p", { class: "quiet" }, `${page.world.app.name} has not published a home for you yet.`);
  log.replaceChildren(h("div", { class: "home-view", dataset: { home: mark, key: "home" } }, shown));
}

/** The first words in a channel where nobody has written. */
export function drawWelcome(log, page) {
  const { world, channel } = page;
  const mark = `${channel.id} ${world.me}`;
  if (log.firstElementChild?.dataset.welcome === mark) return;
  log.dataset.place = page.place(false);
  const inApp = channel.id === page.seen.direct.id;
  const title = inApp ? `This is between you and ${world.app.name}` : `This is the very beginning of #${channel.name}`;
  const tries = world.app.commands.map((one) => h("button", { type: "button", class: "button", on: { click: () => page.sendText(`${one.name} help`, { inThread: false }) } }, `${one.name} help`));
  const member = channel.members.includes(world.app.user);
  log.replaceChildren(h("div", { class: "welcome", dataset: { key: "welcome", welcome: mark } }, h("h2", {}, title),
    channel.topic ? h("p", {}, plain(channel.topic, world)) : null,
    channel.shared_with.length ? h("p", {}, `People of ${channel.shared_with.join(" and ")} read along here.`) : null,
    member && tries.length ? [h("p", { class: "quiet" }, "Try one of these, or type / below:"), h("div", { class: "row" }, tries)] : null));
}
