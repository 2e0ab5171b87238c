// A walk: two to four key frames on a path, and the animation between them.

import { element } from "../elements.js";
import { createInterpolation } from "../interpolation.js";
import { firstSeeds } from "../seeds.js";

const KEY_FRAMES = 3; // of the first walk
const PACES = [["12", "quickly"], ["24", "calmly"], ["48", "slowly"]];
const FORMATS = { webp: "WebP", gif: "GIF", mp4: "MP4" };

/** Show the walk until the view is left. */
export function mount(root, page) {
  const paces = PACES.map(([steps, word]) => element("option", { value: steps }, word));
  const files = Object.entries(FORMATS).map(([format, title]) =>
    element("a", { id: `walk-${format}`, class: "button", href: "docs", download: "" }, title));
  const words = element("div", { class: "words" },
    element("h1", {}, "Walk from one to the next"),
    element("p", { class: "about" }, "Between any two pictures lie all the pictures in between."),
    element("ol", { id: "key-frames", class: "key-frames", "aria-label": "The path" }),
    element("div", { class: "together" },
      element("button", { id: "play", class: "strong", type: "button", disabled: "" }, "Walk"),
      element("select", { id: "steps", "aria-label": "Pace" }, ...paces)),
    element("p", { id: "walk-status", class: "status", role: "status" }),
    element("div", { id: "walk-files", class: "actions", hidden: "" }, ...files));
  const frame = element("div", { class: "frame" }, element("img", { id: "animation", alt: "", hidden: "" }));
  root.append(element("section", { class: "walk" }, words, frame));
  const find = (id) => root.querySelector(`#${id}`);
  find("steps").value = "24";
  const add = createInterpolation({ ...page, find }, firstSeeds().slice(0, KEY_FRAMES));
  if (page.store.get().seed) add(page.store.get().seed);
}
