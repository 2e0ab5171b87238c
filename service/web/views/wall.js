// The wall: every whole number is a picture, one after the other without an end.

import { element } from "../elements.js";
import { saveFile } from "../download.js";
import { pictureOf } from "../memory.js";
import { PictureGrid } from "../picture-grid.js";
import { galleryAddress, pinnedModel, shapeOf } from "../pictures.js";
import { randomSeeds } from "../seeds.js";
import { OF_MODEL } from "../styling.js";
import { createTiles } from "../tiles.js";

const LARGEST = 2n ** 63n - 1n;
const FILES = { zip: ["ZIP", "application/zip"], png: ["One sheet", "image/png"] };
const IN_A_FILE = 60; // pictures, in as many rows as fit a sheet
const FURTHEST = 100_000; // pictures above the screen: a browser's pages are not high enough for more

/** Show the wall of the state until the view is left. */
export function mount(root, page) {
  const { store, navigate, signal } = page;
  const { from: begin, at: above } = store.get();
  if (above > FURTHEST) page.adjust({ from: numberAfter(begin, above), at: 0 });
  const deal = element("button", { type: "button" }, "Other pictures");
  const actions = element("div", { class: "actions" }, deal, ...Object.keys(FILES).map(createSave));
  root.append(element("div", { class: "heading" }, element("div", {},
    element("h1", {}, "A picture for every name"),
    element("p", { class: "lead" }, "And one for every number. Scroll: there is no end.")), actions));
  const place = element("div", {});
  root.append(place);
  let drawn = new AbortController();

  function draw(state) {
    drawn.abort();
    drawn = new AbortController();
    place.replaceChildren();
    const { from, card, resolution } = state;
    const count = Number(LARGEST - BigInt(from)) + 1;
    const at = (index) => pictureOf({ ...state, seed: numberAfter(from, index), end: "" });
    const inner = { ...page, signal: AbortSignal.any([signal, drawn.signal]) };
    const grid = new PictureGrid(place, inner, {
      count, at, cardOf: () => card, resolution, shape: shapeOf(card), label: "Pictures by number",
      fill: createTiles(inner), onMove: (index) => page.adjust({ at: index }),
    });
    grid.startAt(Math.min(state.at, count - 1));
  }

  function createSave(kind) {
    const [title, accept] = FILES[kind];
    const button = element("button", { type: "button", title: `The next ${IN_A_FILE} pictures, as one file` }, title);
    button.addEventListener("click", () => {
      const state = store.get();
      const first = numberAfter(state.from, state.at);
      const length = Math.min(IN_A_FILE, Number(LARGEST - BigInt(first)) + 1);
      const seeds = Array.from({ length }, (_, index) => numberAfter(first, index));
      const address = galleryAddress(seeds, { ...pinnedModel(state), resolution: state.resolution });
      saveFile(page.client, button, address, `${state.model}-${first}.${kind}`, { signal, method: "POST", accept })
        .catch((error) => page.showError(error, signal));
    });
    return button;
  }

  deal.addEventListener("click", () => navigate({ from: randomSeeds(1)[0], at: 0 }));
  store.subscribe(["from", ...OF_MODEL, "resolution"], draw, signal);
}

/** The number that comes so many after another, at most the last one there is. */
function numberAfter(first, count) {
  const number = BigInt(first) + BigInt(count);
  return String(number < LARGEST ? number : LARGEST);
}
