// rich_text, table and markdown blocks.
import { h, link } from "./dom.js";
import { emoji } from "./emoji.js";
import { broadcast, channel, date, group, mrkdwn, person } from "./mrkdwn.js";

/** A rich_text block. */
export function richText(block, world) {
  return h("div", { class: "rich" }, block.elements.map((part) => piece(part, world)));
}

function piece(part, world) {
  switch (part.type) {
    case "rich_text_list": {
      const tag = part.style === "ordered" ? "ol" : "ul";
      const start = tag === "ol" && part.offset ? { start: part.offset + 1 } : {};
      const items = part.elements.map((item) => h("li", {}, runs(item.elements, world)));
      return h(tag, { ...start, style: { "--indent": part.indent ?? 0 } }, items);
    }
    case "rich_text_preformatted": return h("pre", {}, runs(part.elements, world));
    case "rich_text_quote": return h("blockquote", {}, runs(part.elements, world));
    default: return h("div", { class: "line" }, runs(part.elements, world));
  }
}

function runs(elements, world) {
  return elements.map((element) => styled(run(element, world), element.style));
}

function run(element, world) {
  switch (element.type) {
    case "text": return element.text;
    case "link": return link(element.url, element.text || element.url);
    case "user": return person(element.user_id, world);
    case "usergroup": return group(element.usergroup_id, world);
    case "channel": return channel(element.channel_id, world);
    case "emoji": return emoji(element.name);
    case "broadcast": return broadcast(element.range);
    case "date": return date(element.timestamp, element.format, element.url, world);
    case "color": return h("span", {}, h("i", { class: "swatch", style: { background: element.value } }), element.value);
    default: return "";
  }
}

function styled(node, style = {}) {
  const tags = { code: "code", bold: "strong", italic: "em", strike: "s", underline: "u", highlight: "mark" };
  return Object.entries(tags).reduce((inner, [name, tag]) => (style[name] ? h(tag, {}, inner) : inner), node);
}

/** A table block: the first row is its heading. */
export function table(block, world) {
  const settings = block.column_settings ?? [];
  const cell = (tag) => (content, column) => {
    const align = settings[column]?.align ?? (content.type === "raw_number" ? "right" : "left");
    const wraps = settings[column]?.is_wrapped ? " wraps" : "";
    return h(tag, { class: `${align}${wraps}` }, content.type === "rich_text" ? richText(content, world) : content.text);
  };
  const [head, ...rest] = block.rows;
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Table" }, h("table", {},
    h("thead", {}, h("tr", {}, head.map(cell("th")))),
    h("tbody", {}, rest.map((row) => h("tr", {}, row.map(cell("td")))))));
}

/** A markdown block: headings, lists, quotes, rules, code and emphasis of ordinary Markdown. */
export function markdown(text, world) {
  const found = text.split(/```\w*\n([\s\S]*?)```/).flatMap((part, n) => (n % 2 ? [h("pre", {}, part.trimEnd())] : paragraphs(part, world)));
  return h("div", { class: "md" }, found);
}

function paragraphs(text, world) {
  return text.split(/\n{2,}/).filter((part) => part.trim()).flatMap((part) => chunks(part.trim().split("\n"), world));
}

function chunks(lines, world) {
  const found = [];
  while (lines.length) {
    const heading = /^(#{1,6}) +(.*)$/.exec(lines[0]);
    if (heading) {
      lines.shift();
      found.push(h(`h${Math.min(heading[1].length + 2, 6)}`, {}, emphasis(heading[2], world)));
    } else if (/^(-{3,}|\*{3,})$/.test(lines[0])) {
      lines.shift();
      found.push(h("hr"));
    } else if (/^[-*+] /.test(lines[0])) found.push(h("ul", {}, taken(lines, /^[-*+] /).map((line) => h("li", {}, emphasis(line, world)))));
    else if (/^\d+[.)] /.test(lines[0])) found.push(h("ol", {}, taken(lines, /^\d+[.)] /).map((line) => h("li", {}, emphasis(line, world)))));
    else if (/^> ?/.test(lines[0])) found.push(h("blockquote", {}, joined(taken(lines, /^> ?/), world)));
    else found.push(h("p", {}, joined(taken(lines, /^(?![-*+] |\d+[.)] |> ?|#{1,6} )/), world)));
  }
  return found;
}

function taken(lines, start) {
  const found = [];
  while (lines.length && start.test(lines[0])) found.push(lines.shift().replace(start, ""));
  return found;
}

function joined(lines, world) {
  return lines.flatMap((line, n) => [n ? h("br") : null, ...emphasis(line, world)]);
}

/** Ordinary Markdown's emphasis and links, said in mrkdwn; the words themselves are escaped first. */
function emphasis(text, world) {
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const said = escaped
    .replace(/\[([^\]]+)\]\(([^)\s]+)\)/g, (_, label, address) => `<${address}|${label}>`)
    .replace(/\*\*(.+?)\*\*/g, "\u0001$1\u0001")
    .replace(/(?<!\*)\*([^*]+)\*(?!\*)/g, "_$1_")
    .replaceAll("\u0001", "*")
    .replace(/~~(.+?)~~/g, "~$1~");
  return mrkdwn(said, world);
}
