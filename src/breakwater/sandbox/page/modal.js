// Modals: the topmost view of a stack, its inputs, its errors; and the small dialog that asks for a confirmation.
import { drawBlocks, drawText } from "./blocks.js";
import { startOf } from "./controls.js";
import { avatar, h } from "./dom.js";
import { icon } from "./icons.js";
import { plain } from "./mrkdwn.js";

let drawn = "";

/** Show the topmost of `views`, or nothing. It is drawn anew only when it changed; what was entered stays. */
export function drawModal(dialog, views, page) {
  const view = views.at(-1);
  const mark = view ? JSON.stringify([view.id, view.hash, view.errors, view.trouble, views.length, page.world.me]) : "";
  if (mark === drawn) return;
  const focused = document.activeElement?.dataset?.field;
  drawn = mark;
  if (!view) {
    if (dialog.open) dialog.close();
    dialog.replaceChildren();
    return;
  }
  dialog.replaceChildren(form(view, views, page));
  if (!dialog.open) dialog.showModal();
  const again = focused && dialog.querySelector(`[data-field="${CSS.escape(focused)}"]`);
  const wrong = dialog.querySelector("[aria-invalid]");
  (wrong ?? again ?? dialog.querySelector("[autofocus]") ?? first(dialog, ".modal-body :is(input, textarea, select, summary)") ?? first(dialog, "footer .button:last-child"))?.focus();
}

function first(dialog, selector) {
  return [...dialog.querySelectorAll(selector)].find((one) => one.checkVisibility());
}

function form(view, views, page) {
  const { world } = page;
  const context = page.contextOf(view);
  const back = views.length > 1;
  const submit = async (event) => {
    event.preventDefault();
    const target = event.currentTarget;
    target.classList.add("busy");
    await page.submit(view, entered(view, context));
    target.classList.remove("busy");
  };
  const close = (everything) => page.closeView(view, everything);
  return h("form", { class: "modal", novalidate: true, on: { submit } },
    h("header", {},
      avatar({ id: world.app.user, real_name: world.app.name }, { isApp: true, small: true }),
      h("h2", { id: "modal-title" }, plain(view.title.text, world)),
      h("button", { type: "button", class: "icon", "aria-label": "Close dialog", on: { click: () => close(true) } }, icon("close"))),
    view.trouble ? h("p", { class: "trouble", role: "alert" }, view.trouble) : null,
    h("div", { class: "modal-body" }, drawBlocks(view.blocks, context)),
    h("footer", {},
      h("button", { type: "button", class: "button", on: { click: () => close(false) } }, view.close ? plain(view.close.text, world) : back ? "Back" : "Cancel"),
      view.submit ? h("button", { type: "submit", class: "button primary" }, plain(view.submit.text, world)) : null));
}

/** What the inputs of blocks hold now, by "block/action". */
export function entered({ blocks }, context) {
  const found = {};
  for (const block of blocks ?? []) {
    const elements = [block.element, block.accessory, ...(block.type === "actions" ? block.elements : [])].filter((one) => one?.action_id);
    for (const element of elements) {
      const key = `${block.block_id}/${element.action_id}`;
      if (["button", "overflow"].includes(element.type)) continue;
      const value = context.values.has(key) ? context.values.get(key) : startOf(element);
      if (value !== null) found[key] = value;
    }
  }
  return found;
}

/** Ask for a confirmation; resolves to whether it was given. */
export function askFor(dialog, confirmation, world) {
  return new Promise((resolve) => {
    const answer = (given) => { dialog.close(); resolve(given); };
    dialog.replaceChildren(h("form", { class: "modal small", on: { submit: (event) => { event.preventDefault(); answer(true); } } },
      h("header", {}, h("h2", { id: "confirm-title" }, plain(confirmation.title.text, world))),
      h("div", { class: "modal-body" }, drawText(confirmation.text, world)),
      h("footer", {},
        h("button", { type: "button", class: "button", on: { click: () => answer(false) } }, plain(confirmation.deny.text, world)),
        h("button", { type: "submit", class: `button ${confirmation.style ?? "primary"}`, autofocus: true }, plain(confirmation.confirm.text, world)))));
    dialog.oncancel = () => resolve(false);
    dialog.showModal();
  });
}

