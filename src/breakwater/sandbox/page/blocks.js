// Block Kit, drawn: one function per block type.
import { control, isGrouped } from "./controls.js";
import { h } from "./dom.js";
import { mrkdwn, plain } from "./mrkdwn.js";
import { markdown, richText, table } from "./richtext.js";

/** Elements for a list of blocks; `context` as in controls.js, with `errors` by block id in modals. */
export function drawBlocks(blocks, context) {
  return blocks.map((block) => {
    const draw = BLOCKS[block.type];
    return h("div", { class: `block ${block.type}` }, draw ? draw(block, context) : h("em", {}, `(${block.type})`));
  });
}

/** A text object. */
export function drawText(object, world) {
  return object.type === "mrkdwn" ? mrkdwn(object.text, world) : plain(object.text, world);
}

function section(block, context) {
  const { world } = context;
  const text = block.text ? h("div", { class: "text" }, drawText(block.text, world)) : null;
  const fields = block.fields ? h("div", { class: "fields" }, block.fields.map((field) => h("div", {}, drawText(field, world)))) : null;
  if (!block.accessory) return [text, fields];
  const accessory = block.accessory.type === "image" ? picture(block.accessory, context, "thumb") : control(block, block.accessory, context);
  return h("div", { class: "beside" }, h("div", { class: "grow" }, text, fields), h("div", { class: "accessory" }, accessory));
}

function picture(image, context, className) {
  const source = image.image_url ?? `/page/file/${image.slack_file.id ?? image.slack_file.url.split("/").at(-2)}`;
  const shown = h("img", { src: source, alt: image.alt_text, title: image.alt_text, class: className, loading: "lazy", on: { error: (event) => {
    event.target.replaceWith(h("span", { class: "quiet" }, `(image not loaded: ${image.alt_text})`));
  } } });
  return className === "thumb" || className === "tiny" ? shown : h("a", { href: source, target: "_blank", rel: "noopener noreferrer" }, shown);
}

function input(block, context) {
  const { element } = block;
  const id = `${context.name}-${block.block_id}/${element.action_id}`;
  const grouped = isGrouped(element);
  const error = context.errors?.[block.block_id];
  return [
    h(grouped ? "div" : "label", { class: "label", id: `${id}-label`, ...(grouped ? {} : { for: id }) },
      plain(block.label.text, context.world), block.optional ? h("span", { class: "quiet" }, " (optional)") : null),
    control(block, element, context),
    error ? h("p", { class: "error", id: `${id}-error`, role: "alert" }, error) : null,
    block.hint ? h("p", { class: "hint" }, plain(block.hint.text, context.world)) : null,
  ];
}

const BLOCKS = {
  section,
  input,
  header: (block, context) => h("h3", {}, plain(block.text.text, context.world)),
  divider: () => h("hr"),
  image: (block, context) => h("figure", {}, block.title ? h("figcaption", {}, plain(block.title.text, context.world)) : null, picture(block, context, "large")),
  context: (block, context) => block.elements.map((piece) =>
    (piece.type === "image" ? picture(piece, context, "tiny") : h("span", {}, drawText(piece, context.world)))),
  actions: (block, context) => block.elements.map((element) => control(block, element, context)),
  rich_text: (block, context) => richText(block, context.world),
  table: (block, context) => table(block, context.world),
  markdown: (block, context) => markdown(block.text, context.world),
  alert: (block, context) => h("div", { class: `note ${block.level ?? "default"}`, role: "note" }, drawText(block.text, context.world)),
};
