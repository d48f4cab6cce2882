// Slack's own markup, read into elements: *bold*, _italic_, ~strike~, `code`, ```pre```, > quote, <links>, mentions, dates, :emoji:.
import { fill, moment } from "./dates.js";
import { h, link } from "./dom.js";
import { emoji } from "./emoji.js";

/** Elements for a text in mrkdwn. `world` knows people, channels and the viewer's time zone. */
export function mrkdwn(text, world) {
  return text.split(/```([\s\S]+?)```/).flatMap((part, n) => {
    if (n % 2) return [h("pre", {}, plainTokens(part.replace(/^\n|\n$/g, ""), world))];
    return part ? lines(part, world) : [];
  });
}

/** Elements for plain_text: no markup but emoji. */
export function plain(text, world) {
  return withEmoji(text, world);
}

function lines(text, world) {
  const found = [];
  let quoted = [];
  const flush = () => {
    if (quoted.length) found.push(h("blockquote", {}, broken(quoted, world)));
    quoted = [];
  };
  let loose = [];
  for (const line of text.split("\n")) {
    const quote = /^(?:&gt;|>) ?(.*)$/.exec(line);
    if (quote) {
      if (loose.length) found.push(h("span", {}, broken(trimEnd(loose), world)));
      loose = [];
      quoted.push(quote[1]);
    } else {
      if (quoted.length && line === "" && !loose.length) { flush(); continue; }
      flush();
      loose.push(line);
    }
  }
  flush();
  if (loose.length) found.push(h("span", {}, broken(loose, world)));
  return found;
}

function trimEnd(some) {
  while (some.length > 1 && some.at(-1) === "") some.pop();
  return some;
}

function broken(some, world) {
  return some.flatMap((line, n) => [n ? h("br") : null, ...inline(line, world)]);
}

const EDGE = String.raw`(?<![\p{L}\p{N}])`;
const END = String.raw`(?![\p{L}\p{N}])`;
const INLINE = new RegExp(
  [
    "`(?<code>[^`]+)`",
    "<(?<token>[^<>]+)>",
    String.raw`${EDGE}\*(?<bold>\S(?:[^*\n]*?\S)?)\*${END}`,
    String.raw`${EDGE}_(?<italic>\S(?:[^_\n]*?\S)?)_${END}`,
    String.raw`${EDGE}~(?<strike>\S(?:[^~\n]*?\S)?)~${END}`,
  ].join("|"),
  "u",
);

function inline(text, world) {
  const match = INLINE.exec(text);
  if (!match) return text ? withEmoji(text, world) : [];
  const { code, token: inside, bold, italic, strike } = match.groups;
  const made =
    code !== undefined ? h("code", {}, plainTokens(code, world))
    : inside !== undefined ? token(inside, world)
    : bold !== undefined ? h("strong", {}, inline(bold, world))
    : italic !== undefined ? h("em", {}, inline(italic, world))
    : h("s", {}, inline(strike, world));
  const rest = text.slice(match.index + match[0].length);
  return [...withEmoji(text.slice(0, match.index), world), made, ...inline(rest, world)];
}

/** Inside code, links and mentions still count, but nothing else does. */
function plainTokens(text, world) {
  return text.split(/<([^<>]+)>/).map((part, n) => (n % 2 ? token(part, world) : unescaped(part)));
}

function unescaped(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

function withEmoji(text) {
  return text.split(/:([a-z0-9_+-]+):/).map((part, n) => (n % 2 ? emoji(part) : unescaped(part)));
}

function token(inside, world) {
  const [target, ...rest] = inside.split("|");
  const label = rest.join("|");
  if (target.startsWith("@")) return person(target.slice(1), world);
  if (target.startsWith("#")) return channel(target.slice(1), world, label);
  if (target.startsWith("!date^")) return dateToken(target, label, world);
  if (target.startsWith("!subteam^")) return group(target.slice("!subteam^".length), world, label);
  if (target.startsWith("!")) return broadcast(target.slice(1));
  if (!/^(https?:|mailto:|tel:|slack:)/i.test(target)) return `<${unescaped(inside)}>`;
  return link(unescaped(target), label ? inline(label, world) : unescaped(target.replace(/^mailto:/, "")));
}

/** A mention of a person. */
export function person(id, world) {
  const known = world.users[id];
  return h("span", { class: `mention${id === world.me ? " me" : ""}` }, `@${known?.real_name ?? id}`);
}

export function channel(id, world, label = "") {
  const name = world.channelName(id) ?? (label || "private-channel");
  return h("button", { class: "mention", type: "button", on: { click: () => world.openChannel(id) } }, `#${name}`);
}

export function group(id, world, label = "") {
  const known = world.groups[id];
  return h("span", { class: `mention${known?.users.includes(world.me) ? " me" : ""}` }, known ? `@${known.handle}` : label || id);
}

export function broadcast(range) {
  return h("span", { class: "mention me" }, `@${range}`);
}

function dateToken(target, fallback, world) {
  const [, seconds, pattern, address] = target.split("^");
  if (!/^\d+$/.test(seconds) || pattern === undefined) return fallback;
  return date(Number(seconds), pattern, address, world);
}

/** A moment in the viewer's zone; hovering tells it in full. */
export function date(seconds, pattern, address, world) {
  const shown = h("time", { title: moment(seconds, world.zone) }, fill(pattern, seconds, world.zone));
  return address ? link(address, shown) : shown;
}
