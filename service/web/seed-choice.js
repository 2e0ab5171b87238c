// A field for a seed: typed, by chance, or one of the pictures that the reader has kept or looked at.

import { element, pictureFrame } from "./elements.js";
import { createLivePicture } from "./live-picture.js";
import { thumbnailOf } from "./pictures.js";
import { pointOf } from "./points.js";
import { cleanSeed, firstSeeds, randomSeeds } from "./seeds.js";

const MOST_KNOWN = 24;

/**
 * The field, with a form around it.
 * @param {object} page
 * @param {object} loader of pictures
 * @param {{id: string, label: string, action: string, field?: string, choose: (seed: string) => void}} choice
 *   `field` of the state that it shows; without one it is emptied when a seed has been chosen
 */
export function createSeedChoice(page, loader, { id, label, action, field, choose }) {
  const input = element("input", { id, type: "text", maxlength: 128, autocomplete: "off",
    autocapitalize: "off", spellcheck: "false", enterkeyhint: "go" });
  const chance = element("button", { type: "button", "aria-label": `${label}: any seed` }, "Any");
  const form = element("form", { class: "seed-choice" }, element("label", { for: id }, label),
    element("div", { class: "together" }, input, element("button", { type: "submit" }, action), chance),
    createKnown(page, loader, choose));

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const seed = cleanSeed(input.value);
    if (!seed) return;
    choose(seed);
    if (!field) input.value = "";
  });
  chance.addEventListener("click", () => choose(randomSeeds(1)[0]));
  if (field) page.store.subscribe([field], (state) => { input.value = state[field]; }, page.signal);
  return form;
}

/** Seeds that the reader knows: favourites, then what was looked at, then the first names. */
export const knownSeeds = ({ favourites, seen }) =>
  [...new Set([...favourites, ...seen].filter(({ end }) => !end).map(({ seed }) => seed).concat(firstSeeds()))].slice(0, MOST_KNOWN);

/** The pictures of these seeds, painted when they are asked for. */
function createKnown(page, loader, choose) {
  const list = element("ul", { class: "known" });
  const details = element("details", {}, element("summary", {}, "Choose a picture"), list);
  details.addEventListener("toggle", () => {
    if (!details.open) return;
    const state = page.store.get();
    list.replaceChildren(...knownSeeds(state).map((seed) => {
      const frame = pictureFrame();
      const button = element("button", { class: "picture-card", type: "button" }, frame, element("span", {}, seed));
      createLivePicture(frame.firstChild, loader, page).show(pointOf(seed), state, Math.min(thumbnailOf(state.card), state.resolution));
      button.addEventListener("click", () => {
        details.open = false;
        choose(seed);
      });
      return element("li", {}, button);
    }));
  });
  return details;
}
