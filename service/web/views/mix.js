// The view of two pictures and a mixture of them: a slider goes from one to the other.

import { element, pictureFrame } from "../elements.js";
import { createLivePicture } from "../live-picture.js";
import { createFavourite, createPictureActions } from "../picture-actions.js";
import { createPictureLoader } from "../picture-loader.js";
import { thumbnailOf } from "../pictures.js";
import { percent, pointOf, wordsOf } from "../points.js";
import { createSeedChoice } from "../seed-choice.js";
import { firstSeeds } from "../seeds.js";
import { OF_MODEL } from "../styling.js";
import { createTake } from "../take.js";

const STEPS = 100; // of the slider
const HALF = 0.5;

/** Fill `root` with the view. */
export function mount(root, page) {
  const { store, adjust } = page;
  const { seed, end } = store.get();
  if (!end) adjust({ end: firstSeeds().find((name) => name !== seed), t: HALF });
  const loader = createPictureLoader(page.client, page.signal);
  root.append(element("section", { class: "mix", "aria-labelledby": "mix-title" },
    element("h1", { id: "mix-title" }, "Mix two pictures"),
    element("div", { class: "three" },
      createSide(page, loader, "seed", "This one"), createMixture(page, loader), createSide(page, loader, "end", "and this one")),
    element("div", { class: "actions" }, createSwap(page), createFavourite(page), ...createPictureActions(page, ["picture", "variations", "walk"]))),
  createTake(page).root);
}

/** One of the two pictures, and the field that says whose it is. */
function createSide(page, loader, field, words) {
  const { store, navigate, signal } = page;
  const frame = pictureFrame();
  const picture = createLivePicture(frame.firstChild, loader, page);
  store.subscribe([field, ...OF_MODEL], (state) => {
    if (state[field]) picture.show(pointOf(state[field]), state, thumbnailOf(state.card));
  }, signal);
  const choice = createSeedChoice(page, loader, { id: `mix-${field}`, label: words, action: "Show", field, choose: (seed) => navigate({ [field]: seed }) });
  return element("div", { class: "side" }, frame, choice);
}

function createMixture(page, loader) {
  const { store, signal } = page;
  const frame = pictureFrame();
  const picture = createLivePicture(frame.firstChild, loader, page);
  const caption = element("figcaption");
  store.subscribe(["seed", "end", "t", ...OF_MODEL, "resolution"], (state) => {
    if (!state.end) return;
    page.clearError();
    document.title = `${state.seed} and ${state.end} – Progan`;
    const point = pointOf(state.seed, state.end, state.t);
    caption.textContent = wordsOf(point);
    picture.show(point, state);
  }, signal);
  return element("figure", { class: "mixture" }, frame, createSlider(page), caption);
}

function createSlider({ store, adjust, signal }) {
  const slider = element("input", { id: "mix-t", type: "range", min: 0, max: 1, step: 1 / STEPS, "aria-label": "How much of each" });
  const [left, right] = [element("span", { class: "end" }), element("span", { class: "end" })];
  slider.addEventListener("input", () => adjust({ t: Number(slider.value) }));
  store.subscribe(["t", "seed", "end"], ({ t, seed, end }) => {
    slider.value = t;
    left.textContent = seed;
    right.textContent = end;
    slider.setAttribute("aria-valuetext", `${percent(1 - t)} ${seed}, ${percent(t)} ${end}`);
  }, signal);
  return element("div", { class: "slider" }, left, slider, right);
}

function createSwap({ store, navigate }) {
  const button = element("button", { type: "button" }, "Swap them");
  button.addEventListener("click", () => {
    const { seed, end, t } = store.get();
    navigate({ seed: end, end: seed, t: Number((1 - t).toFixed(7)) });
  });
  return button;
}
