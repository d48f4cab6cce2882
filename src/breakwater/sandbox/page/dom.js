// Elements are built, never parsed: whatever a message says arrives as text.

/** Make an element. `attributes`: `class`, `dataset`, `on` (listeners), booleans, and plain attributes; children may be nested lists. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (name === "dataset") Object.assign(element.dataset, value);
    else if (name === "value") element.value = value;
    else if (name === "style") for (const [property, one] of Object.entries(value)) element.style.setProperty(property, one);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** A link that can't do more than lead somewhere. Anything but web, mail and phone addresses stays text. */
export function link(address, ...children) {
  if (!/^(https?:\/\/|mailto:|tel:)/i.test(address)) return h("span", {}, ...children);
  return h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, ...children);
}

/** Make `parent` show exactly `wanted` ([{key, mark, make}]), reusing nodes whose key and mark are unchanged. */
export function reconcile(parent, wanted) {
  const known = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  let place = parent.firstElementChild;
  for (const { key, mark, make } of wanted) {
    let node = known.get(key);
    known.delete(key);
    if (!node || node.dataset.mark !== mark) {
      const fresh = make();
      Object.assign(fresh.dataset, { key, mark });
      if (node === place) place = place?.nextElementSibling ?? null;
      node?.remove();
      node = fresh;
    }
    if (node === place) place = place.nextElementSibling;
    else parent.insertBefore(node, place);
  }
  for (const node of known.values()) node.remove();
}

/** The first letters of the first and the last name. */
export function initials(name) {
  const words = name.trim().split(/\s+/);
  return (words[0][0] + (words.length > 1 ? words.at(-1)[0] : "")).toUpperCase();
}

/** A picture of a person: initials on a colour of their own; the bot has its mark. */
export function avatar(user, { isApp = false, small = false } = {}) {
  if (isApp) return h("img", { class: `avatar${small ? " small" : ""}`, src: "/page/static/icon.svg", alt: "" });
  let hue = 7;
  for (const letter of user.id) hue = (hue * 31 + letter.codePointAt(0)) % 360;
  return h("span", { class: `avatar${small ? " small" : ""}`, "aria-hidden": "true", style: { "--hue": hue } }, initials(user.real_name));
}
