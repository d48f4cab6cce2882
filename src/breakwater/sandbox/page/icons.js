// The page's own signs, drawn, so that they look the same with any fonts.
const PATHS = {
  bolt: "M13 3 5 14h6l-1 7 8-11h-6z",
  close: "M6 6l12 12M18 6 6 18",
  eye: "M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12ZM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6",
  hash: "M10 4 8 20M16 4l-2 16M4 9h16M4 15h16",
  lock: "M8 11V8a4 4 0 0 1 8 0v3M6 11h12v9H6z",
  menu: "M4 7h16M4 12h16M4 17h16",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  reply: "M20 12a8 8 0 0 1-8 8H4l1.8-3A8 8 0 1 1 20 12Z",
  send: "M4 5l17 7-17 7 3-7zM7 12h8",
  shared: "M10 13a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.7-5.7l-1 1M14 11a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.7 5.7l1-1",
  thumb: "M7 11v9H4v-9zM7 11l4-8a2.4 2.4 0 0 1 2 3l-1 4h6a2 2 0 0 1 2 2.3l-1.4 6A2 2 0 0 1 16.600 20H7",
  warning: "M12 4l9 16H3zM12 10v4M12 17h.01",
};

/** A sign of the page, in the colour of the text around it. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon-sign sign-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
