// What can be done with the picture of the state: kept, shown large, varied, mixed, put on a walk.
// Knows the names of these views, and nothing of what they do.

import { element } from "./elements.js";
import { includes, pictureOf } from "./memory.js";
import { isSeed, pointOfState, seedsOf } from "./points.js";
import { createStateLink } from "./state-link.js";
import { OF_MODEL } from "./styling.js";
import { frameNear, withAdded } from "./walk-frames.js";

/** Words for each action, and the fields of the state that it leads to. */
const ACTIONS = {
  picture: ["Show it large", (point) => ({ view: "picture", ...point })],
  variations: ["Variations", (point) => ({ view: "variations", ...point, turn: 0, trail: [] })],
  // A mixture is of two seeds: one that is mixed already keeps both.
  mix: ["Mix", (point) => isSeed(point) ? { view: "mix", seed: point.seed, end: "", t: 0.5 } : { view: "mix", ...point }],
  // A walk stops at seeds: it passes a point between two of them when it stops at both.
  walk: ["Add to the walk", (point, { stops, steps }) => {
    const more = withAdded(stops, seedsOf(point));
    return { view: "walk", stops: more, frame: frameNear({ stops: more, steps }, point) };
  }],
};

/**
 * Links for the picture of the state.
 * @param {object} page
 * @param {string[]} names of actions, in their order
 * @returns {HTMLElement[]}
 */
export function createPictureActions(page, names) {
  const { store, signal } = page;
  const links = names.map((name) => [createStateLink(page, { class: "button" }, ACTIONS[name][0]), ACTIONS[name][1]]);
  store.subscribe(["seed", "end", "t", "stops"], (state) => {
    for (const [{ lead }, target] of links) lead(target(pointOfState(state), state));
  }, signal);
  return links.map(([{ root }]) => root);
}

/** The button that makes the picture of the state a favourite, or no longer one. */
export function createFavourite({ store, memory, signal }) {
  const button = element("button", { type: "button" });
  button.addEventListener("click", () => memory.toggle(pictureOf(store.get())));
  store.subscribe(["favourites", "seed", "end", "t", ...OF_MODEL], (state) => {
    const isFavourite = includes(state.favourites, pictureOf(state));
    button.textContent = isFavourite ? "♥ Favourite" : "♡ Favourite";
    button.setAttribute("aria-pressed", String(isFavourite));
  }, signal);
  return button;
}
