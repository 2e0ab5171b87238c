// One picture, large: what it is, what to do with it, and the same seed at every size.

import { element, pictureFrame, showBlob } from "../elements.js";
import { pictureOf } from "../memory.js";
import { createFavourite, createPictureActions } from "../picture-actions.js";
import { imageAddress, isSquare, loadImage, pinnedModel, sizeOf, thumbnailOf } from "../pictures.js";
import { OF_MODEL, wordsOfStyling } from "../styling.js";
import { createTake } from "../take.js";
import { nameOf } from "../tiles.js";

const SLOW_MS = 250; // after which a small picture is shown until the large one is there

/** Show the picture of the state until the view is left. */
export function mount(root, page) {
  const { store } = page;
  const image = element("img", { id: "picture", alt: "", hidden: "" });
  const stage = element("figure", { id: "stage", class: "stage" }, element("div", { class: "frame" }, image));
  const caption = element("div", { id: "caption", class: "words" });
  const take = createTake(page, { isOpen: true });
  const sizes = createSizes(page);
  root.append(
    element("div", { class: "hero" }, stage,
      element("div", { class: "words" }, caption,
        element("div", { class: "actions" }, createFavourite(page), ...createPictureActions(page, ["variations", "mix", "walk"])), take.root)),
    sizes.section,
  );
  let loading = new AbortController(); // of the picture and its sizes

  async function show(state) {
    loading.abort();
    loading = new AbortController();
    const signal = AbortSignal.any([loading.signal, page.signal]);
    const name = nameOf(state);
    document.title = `${name} – Progan`;
    page.clearError();
    page.setStatus("Generating …");
    try {
      const headers = await loadPicture(image, state, page, signal);
      page.setStatus("");
      caption.replaceChildren(element("h1", {}, element("strong", {}, name)), element("p", { class: "about" }, describe(state, headers)));
      page.memory.visit(pictureOf(state));
      take.tell(headers);
      sizes.show(state, signal);
    } catch (error) {
      page.showError(error, signal, { isWanted: true });
    }
  }

  store.subscribe(["seed", "end", "t", ...OF_MODEL, "resolution", "attempt"], show, page.signal);
  return () => page.setStatus("");
}

/** Load a picture; where that takes a while, a small one of the same seed stands there meanwhile. */
async function loadPicture(image, state, { client }, signal) {
  const model = pinnedModel(state);
  const description = `What the model generates for “${nameOf(state)}”`;
  const small = thumbnailOf(state.card);
  const done = new AbortController();
  const timer = setTimeout(async () => {
    const both = AbortSignal.any([signal, done.signal]);
    const address = imageAddress({ ...state, ...model, resolution: small });
    const response = await client.request(address, { signal: both }).catch(() => null); // the large one says why
    if (response && !both.aborted) showBlob(image, await response.blob(), description, 0);
  }, small < state.resolution ? SLOW_MS : 2 ** 31 - 1);
  try {
    return await loadImage(client, image, imageAddress({ ...state, ...model }), description, signal);
  } finally {
    clearTimeout(timer);
    done.abort();
  }
}

function createSizes({ client, navigate, showError }) {
  const list = element("ul", { class: "sizes" });
  const section = element("section", { "aria-labelledby": "sizes-title" },
    element("h2", { id: "sizes-title" }, "One seed, every size"),
    element("p", { class: "about" }, "The network works from coarse to fine, and can stop at any step."), list);

  function show(state, signal) {
    const { card, resolution } = state;
    const focused = list.contains(document.activeElement);
    list.replaceChildren(...card.resolutions.map((size) => {
      const caption = element("span", {}, isSquare(card) ? `${size} px` : sizeOf(card, size));
      const tile = element("button", { class: "tile", type: "button", "aria-current": String(size === resolution) }, pictureFrame(), caption);
      tile.addEventListener("click", () => navigate({ resolution: size }));
      const address = imageAddress({ ...state, ...pinnedModel(state), resolution: size });
      loadImage(client, tile.querySelector("img"), address, "", signal).catch((error) => showError(error, signal));
      return element("li", {}, tile);
    }));
    if (focused) list.querySelector("[aria-current=true]").focus();
  }

  return { section, show };
}

function describe(state, headers) {
  const { seed, end, card, resolution } = state;
  const number = headers.get("X-Seed") ?? seed;
  const meaning = number === seed || end ? "" : `Seed ${number}, `;
  const label = headers.get("X-Label");
  const className = label === null ? "" : `class ${decodeURIComponent(label)}, `;
  const styling = wordsOfStyling(state);
  return `${meaning}${className}${styling && `${styling}, `}${sizeOf(card, resolution)} pixels${timeOf(headers)}`;
}

function timeOf(headers) {
  const match = /generate;dur=([\d.]+)/.exec(headers.get("Server-Timing") ?? "");
  return match ? `, generated in ${Math.max(1, Math.round(Number(match[1])))} ms` : "";
}
