// The left side: the workspace, who one acts as, channels with their marks, the app.
import { avatar, h } from "./dom.js";
import { icon } from "./icons.js";

/** Draw the sidebar. */
export function drawSidebar(sidebar, page) {
  const { world, seen } = page;
  const mark = JSON.stringify([seen.channels, seen.direct, seen.connections > 0, page.where, world.me, [...page.unread]]);
  if (sidebar.dataset.mark === mark) return;
  sidebar.dataset.mark = mark;
  const focused = document.activeElement?.id;
  sidebar.replaceChildren(
    h("div", { class: "team" }, h("img", { src: "/page/static/icon.svg", alt: "", class: "avatar" }), h("div", {}, h("strong", {}, world.team.name), h("span", { class: "quiet" }, "sandbox workspace"))),
    switcher(page),
    h("div", { class: "sidebar-scroll" },
      h("h2", {}, "Channels"),
      h("ul", {}, seen.channels.map((channel) => channelItem(channel, page))),
      h("h2", {}, "Apps"),
      h("ul", {}, appItem(page))),
    h("p", { class: `connection ${seen.connections ? "on" : ""}`, role: "status" }, h("i"), seen.connections ? `${world.app.name} is connected` : `${world.app.name} is not connected`));
  if (focused) document.getElementById(focused)?.focus();
}

function switcher({ world, actAs }) {
  const option = (id) => h("option", { value: id, selected: id === world.me }, `${world.users[id].real_name}${world.isStranger(id) ? ` (${world.teamOf(id)})` : ""}`);
  const home = world.people.filter((id) => !world.isStranger(id));
  const strangers = world.people.filter((id) => world.isStranger(id));
  return h("div", { class: "switcher" }, avatar(world.users[world.me]),
    h("label", { for: "act-as" }, "You act as"),
    h("select", { id: "act-as", on: { change: (event) => actAs(event.target.value) } },
      h("optgroup", { label: world.team.name }, home.map(option)),
      strangers.length ? h("optgroup", { label: "Partner organisations" }, strangers.map(option)) : null),
    h("small", {}, world.users[world.me].profile.title || world.teamOf(world.me)));
}

function channelItem(channel, page) {
  const isUnread = page.unread.has(channel.id);
  const shared = channel.shared_with.length ? h("span", { class: "shared", title: `Shared with ${channel.shared_with.join(", ")}` }, icon("shared")) : null;
  const label = [channel.name, shared && `shared with ${channel.shared_with.join(", ")}`, isUnread && "unread", channel.is_archived && "archived"].filter(Boolean).join(", ");
  return h("li", {}, h("button", {
    type: "button", id: `go-${channel.id}`, "aria-label": label, class: [isUnread && "unread", channel.is_archived && "archived"].filter(Boolean).join(" "), "aria-current": page.where.channel === channel.id && !page.where.home ? "page" : null,
    on: { click: () => page.openChannel(channel.id) },
  }, icon(channel.is_private ? "lock" : "hash"), h("span", { class: "name" }, channel.name), shared));
}

function appItem(page) {
  const { world, seen, where } = page;
  const isUnread = page.unread.has(seen.direct.id);
  return h("li", {}, h("button", { type: "button", id: "go-app", class: isUnread ? "unread" : "", "aria-current": where.home || where.channel === seen.direct.id ? "page" : null, on: { click: () => page.openApp(isUnread ? "messages" : "home") } },
    avatar({ id: world.app.user, real_name: world.app.name }, { isApp: true, small: true }), h("span", { class: "name" }, world.app.name)));
}
