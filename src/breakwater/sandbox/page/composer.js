// Where people write: messages, slash commands with suggestions, and names after an @.
import { avatar, h } from "./dom.js";
import { icon } from "./icons.js";

/** A composer. `page` supplies suggestions and sends; `inThread` writes replies. Redraw it only when the place changes. */
export function composer({ page, inThread, placeholder }) {
  const list = h("ul", { class: "suggestions", role: "listbox", hidden: true });
  const field = h("textarea", { rows: "1", placeholder, "aria-label": placeholder, "aria-autocomplete": "list", autocomplete: "off", spellcheck: "true" });
  const button = h("button", { type: "submit", class: "send", "aria-label": "Send", title: "Send (Enter)" }, icon("send"));
  const hint = h("p", { class: "composer-hint" });
  let offered = [];
  let marked = 0;

  const offer = () => {
    offered = suggestions(field, { page, inThread });
    marked = Math.min(marked, Math.max(offered.length - 1, 0));
    list.hidden = !offered.length;
    list.replaceChildren(...offered.map((one, n) => h("li", { role: "option", "aria-selected": String(n === marked), on: { mousedown: (event) => { event.preventDefault(); take(n); } } }, one.icon ?? null, h("strong", {}, one.name), h("span", { class: "quiet" }, one.hint))));
  };
  const take = (n) => {
    offered[n].apply();
    marked = 0;
    field.focus();
    changed();
  };
  const changed = () => {
    field.style.setProperty("height", "auto");
    field.style.setProperty("height", `${Math.min(field.scrollHeight, 180)}px`);
    button.disabled = !field.value.trim();
    hint.textContent = inThread && field.value.startsWith("/") ? "Slash commands do not work in threads: use them in the channel." : "";
    offer();
  };
  const send = async () => {
    const text = field.value.trim();
    if (!text || (inThread && text.startsWith("/"))) return;
    field.value = "";
    changed();
    list.hidden = true;
    const ok = await page.sendText(text, { inThread });
    if (!ok && !field.value) { field.value = text; changed(); }
  };
  const key = (event) => {
    const open = !list.hidden;
    const exact = open && offered[marked].exact;
    if (open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      marked = (marked + (event.key === "ArrowDown" ? 1 : offered.length - 1)) % offered.length;
      offer();
    } else if (open && (event.key === "Tab" || (event.key === "Enter" && !exact))) {
      event.preventDefault();
      take(marked);
    } else if (open && event.key === "Escape") {
      list.hidden = true;
    } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      send();
    }
  };
  field.addEventListener("input", changed);
  field.addEventListener("keydown", key);
  field.addEventListener("blur", () => { list.hidden = true; });
  const form = h("form", { class: "composer", on: { submit: (event) => { event.preventDefault(); send(); } } }, list, h("div", { class: "composer-box" }, inThread ? null : shortcuts(page), field, button), hint);
  changed();
  list.hidden = true;
  return form;
}

/** A menu of the app's global shortcuts. */
function shortcuts(page) {
  const known = page.world.app.shortcuts.filter((one) => one.type === "global");
  if (!known.length) return null;
  const menu = h("details", { class: "menu up" }, h("summary", { class: "icon", "aria-label": "Shortcuts", title: "Shortcuts" }, icon("bolt")));
  menu.append(h("div", { class: "menu-list" }, known.map((one) => h("button", { type: "button", on: { click: () => { menu.open = false; page.shortcut(one.callback_id); } } }, one.name))));
  return menu;
}

function suggestions(field, { page, inThread }) {
  const before = field.value.slice(0, field.selectionStart);
  const after = field.value.slice(field.selectionStart);
  if (!inThread && /^\/\S*$/.test(before)) {
    return page.world.app.commands.filter((one) => one.name.startsWith(before)).map((one) => ({
      name: one.name,
      hint: [one.usage_hint, one.description].filter(Boolean).join(" · "),
      exact: one.name === before,
      apply: () => { field.value = `${one.name} `; },
    }));
  }
  const named = /(^|\s)@([\p{L}\w.-]*)$/u.exec(before);
  if (!named) return [];
  const word = named[2].toLowerCase();
  return page.world.mentionable().filter((user) => `${user.real_name} ${user.name}`.toLowerCase().includes(word)).slice(0, 6).map((user) => ({
    name: user.real_name,
    hint: `@${user.name}`,
    icon: avatar(user, { isApp: user.is_bot, small: true }),
    exact: user.name.toLowerCase() === word,
    apply: () => { field.value = `${before.slice(0, before.length - word.length)}${user.name} ${after}`; },
  }));
}

/** What is typed, in Slack's notation: special characters escaped, @name and #channel turned into mentions. */
export function inSlacksNotation(text, world) {
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const named = escaped.replace(/(^|[\s(])@([\w.-]+)/g, (whole, space, name) => {
    const user = Object.values(world.users).find((one) => one.name === name);
    const group = Object.values(world.groups).find((one) => one.handle === name);
    return user ? `${space}<@${user.id}>` : group ? `${space}<!subteam^${group.id}>` : whole;
  });
  return named.replace(/(^|[\s(])#([\w-]+)/g, (whole, space, name) => {
    const channel = world.myChannels().find((one) => one.name === name);
    return channel ? `${space}<#${channel.id}|${name}>` : whole;
  });
}
