// Interactive elements: buttons, menus and inputs. What a person enters is kept in `context.values` by "block/action".
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { mrkdwn, plain } from "./mrkdwn.js";

/**
 * The control for an element. `context`: {world, values, act(block, element, choose), confirm(confirmation), name}.
 * In a section or actions block every choice is sent at once; in an input only when the block asks for it.
 */
export function control(block, element, context) {
  const made = CONTROLS[element.type];
  return made ? made(block, element, new Field(block, element, context)) : h("em", { class: "quiet" }, `(${element.type})`);
}

/** What an element holds before anybody touches it. */
export function startOf(element) {
  const option = element.initial_option?.value;
  const options = element.initial_options?.map((one) => one.value);
  const names = ["initial_value", "initial_date", "initial_time", "initial_date_time", "initial_user", "initial_users",
    "initial_channel", "initial_channels", "initial_conversation", "initial_conversations"];
  return option ?? options ?? names.map((name) => element[name]).find((value) => value !== undefined) ?? null;
}

/** Whether an element is several controls under one label. */
export function isGrouped(element) {
  return element.type.startsWith("multi_") || ["radio_buttons", "checkboxes"].includes(element.type);
}

/** One element's place in the form: its value, its identity, and what happens when it changes. */
class Field {
  constructor(block, element, context) {
    Object.assign(this, { block, element, context, world: context.world });
    this.key = `${block.block_id}/${element.action_id}`;
    this.id = `${context.name}-${this.key}`;
    this.isInput = block.type === "input";
    this.sendsAtOnce = !this.isInput || block.dispatch_action === true;
    this.value = context.values.has(this.key) ? context.values.get(this.key) : startOf(element);
  }

  /** Attributes every control carries: identity, label, focus. */
  get attributes() {
    const label = this.isInput ? (isGrouped(this.element) ? { "aria-labelledby": `${this.id}-label` } : {}) : { "aria-label": this.element.placeholder?.text ?? this.element.accessibility_label ?? this.element.action_id };
    const wrong = this.context.errors?.[this.block.block_id] ? { "aria-invalid": "true", "aria-describedby": `${this.id}-error` } : {};
    return { id: this.id, dataset: { field: this.key }, autofocus: this.element.focus_on_load, ...label, ...wrong };
  }

  keep(value) {
    this.value = value;
    this.context.values.set(this.key, value);
  }

  /** Keep a choice; send it where choices are sent at once, after a confirmation where one is asked for. */
  async choose(value) {
    const before = this.value;
    if (!this.sendsAtOnce) return this.keep(value);
    if (this.element.confirm && !(await this.context.confirm(this.element.confirm))) return this.context.redraw(before);
    this.keep(value);
    return this.context.act(this.block, this.element, value);
  }
}

function button(block, element, field) {
  const pressed = async (event) => {
    if (element.confirm && !(await field.context.confirm(element.confirm))) return;
    if (element.url) window.open(element.url, "_blank", "noopener");
    const target = event.target.closest("button");
    target.classList.add("busy");
    await field.context.act(block, element);
    target.classList.remove("busy");
  };
  const label = element.accessibility_label ? { "aria-label": element.accessibility_label } : {};
  return h("button", { type: "button", class: `button ${element.style ?? ""}`, ...label, on: { click: pressed } }, plain(element.text.text, field.world));
}

function overflow(block, element, field) {
  const pick = async (option, menu) => {
    menu.open = false;
    if (element.confirm && !(await field.context.confirm(element.confirm))) return;
    if (option.url) window.open(option.url, "_blank", "noopener");
    await field.context.act(block, element, option.value);
  };
  const menu = h("details", { class: "menu" }, h("summary", { class: "button", "aria-label": "More actions" }, icon("more")));
  menu.append(h("div", { class: "menu-list" }, element.options.map((option) =>
    h("button", { type: "button", on: { click: () => pick(option, menu) } }, plain(option.text.text, field.world)))));
  return menu;
}

/** A menu with one choice; `choices` are [value, label] or {label, choices}. */
function select(field, choices) {
  const placeholder = field.element.placeholder?.text ?? "Choose an option";
  const item = ([value, label]) => h("option", { value, selected: value === field.value }, label);
  const list = choices.map((one) => (Array.isArray(one) ? item(one) : h("optgroup", { label: one.label }, one.choices.map(item))));
  const none = h("option", { value: "", selected: field.value === null, disabled: !field.block.optional }, placeholder);
  return h("select", { ...field.attributes, on: { change: (event) => field.choose(event.target.value || null) } }, none, list);
}

/** A menu with several choices: a list of boxes behind a summary. */
function several(field, choices) {
  const chosen = new Set(field.value ?? []);
  const flat = choices.flatMap((one) => (Array.isArray(one) ? [one] : one.choices));
  const summary = h("summary", { class: "button" });
  const say = () => summary.replaceChildren(flat.filter(([v]) => chosen.has(v)).map(([, label]) => label).join(", ") || (field.element.placeholder?.text ?? "Choose options"));
  const boxes = flat.map(([value, label]) => h("label", { class: "choice" }, h("input", {
    type: "checkbox", checked: chosen.has(value),
    on: { change: (event) => { chosen[event.target.checked ? "add" : "delete"](value); say(); field.choose([...chosen]); } },
  }), h("span", {}, label)));
  say();
  return h("details", { class: "menu wide", role: "group", ...field.attributes }, summary, h("div", { class: "menu-list", role: "group", "aria-label": "Options" }, boxes));
}

function options(element) {
  const item = (option) => [option.value, option.text.text];
  return element.option_groups ? element.option_groups.map((group) => ({ label: group.label.text, choices: group.options.map(item) })) : element.options.map(item);
}

const people = (world) => world.people.map((id) => [id, `${world.users[id].real_name}${world.isStranger(id) ? ` (${world.teamOf(id)})` : ""}`]);
const channels = (world) => world.myChannels().map((channel) => [channel.id, `#${channel.name}`]);

function choices(block, element, field, type) {
  const name = `${field.id}-${type}`;
  const many = type === "checkbox";
  const chosen = new Set(many ? field.value ?? [] : field.value === null ? [] : [field.value]);
  const change = (value, checked) => {
    if (many) { chosen[checked ? "add" : "delete"](value); field.choose([...chosen]); }
    else field.choose(value);
  };
  const label = field.isInput ? { "aria-labelledby": `${field.id}-label` } : { "aria-label": element.action_id };
  return h("div", { role: many ? "group" : "radiogroup", ...label, dataset: { field: field.key } }, element.options.map((option) =>
    h("label", { class: "choice" },
      h("input", { type, name, checked: chosen.has(option.value), on: { change: (event) => change(option.value, event.target.checked) } }),
      h("span", {}, text(option.text, field.world), option.description ? h("small", {}, text(option.description, field.world)) : null))));
}

function text(object, world) {
  return object.type === "mrkdwn" ? mrkdwn(object.text, world) : plain(object.text, world);
}

function typed(field, attributes, { multiline = false } = {}) {
  const { element } = field;
  const limits = { maxlength: element.max_length, placeholder: element.placeholder?.text ?? "" };
  const onEnter = (event) => { if (event.key === "Enter" && field.sendsAtOnce && !multiline) { event.preventDefault(); field.choose(event.target.value); } };
  const on = { input: (event) => field.keep(event.target.value || null), keydown: onEnter };
  const made = multiline
    ? h("textarea", { ...field.attributes, ...limits, rows: "4", on }, field.value ?? "")
    : h("input", { ...field.attributes, ...limits, ...attributes, value: field.value ?? "", on });
  if (!element.max_length) return made;
  const left = h("small", { class: "left", "aria-hidden": "true" });
  const count = () => { left.textContent = element.max_length - made.value.length; };
  made.addEventListener("input", count);
  count();
  return h("div", { class: "counted" }, made, left);
}

function picked(field, type, { read = (v) => v || null, show = (v) => v ?? "" } = {}) {
  return h("input", { ...field.attributes, type, value: show(field.value), on: { change: (event) => field.choose(read(event.target.value)) } });
}

const localMoment = {
  read: (value) => (value ? Math.floor(new Date(value).getTime() / 1000) : null),
  show: (seconds) => (seconds ? new Date(seconds * 1000 - new Date().getTimezoneOffset() * 60000).toISOString().slice(0, 16) : ""),
};

const CONTROLS = {
  button,
  overflow,
  static_select: (block, element, field) => select(field, options(element)),
  users_select: (block, element, field) => select(field, people(field.world)),
  channels_select: (block, element, field) => select(field, channels(field.world)),
  conversations_select: (block, element, field) => select(field, channels(field.world)),
  multi_static_select: (block, element, field) => several(field, options(element)),
  multi_users_select: (block, element, field) => several(field, people(field.world)),
  multi_channels_select: (block, element, field) => several(field, channels(field.world)),
  multi_conversations_select: (block, element, field) => several(field, channels(field.world)),
  radio_buttons: (block, element, field) => choices(block, element, field, "radio"),
  checkboxes: (block, element, field) => choices(block, element, field, "checkbox"),
  plain_text_input: (block, element, field) => typed(field, { type: "text" }, { multiline: element.multiline }),
  number_input: (block, element, field) => typed(field, { type: "text", inputmode: "decimal" }),
  email_text_input: (block, element, field) => typed(field, { type: "email" }),
  url_text_input: (block, element, field) => typed(field, { type: "url" }),
  datepicker: (block, element, field) => picked(field, "date"),
  timepicker: (block, element, field) => picked(field, "time"),
  datetimepicker: (block, element, field) => picked(field, "datetime-local", localMoment),
};
