// The view of a walk through two to sixteen seeds: its stops, its frames, and files of it.
// The state holds stops, pace, loop and frame, and the point of that frame; the parts follow it.

import { element, pictureFrame } from "../elements.js";
import { createLivePicture } from "../live-picture.js";
import { createFavourite, createPictureActions } from "../picture-actions.js";
import { createPictureLoader } from "../picture-loader.js";
import { thumbnailOf } from "../pictures.js";
import { pointOfState, shortWordsOf, wordsOf } from "../points.js";
import { firstSeeds } from "../seeds.js";
import { OF_MODEL } from "../styling.js";
import { createTake } from "../take.js";
import { createWalkExport } from "../walk-export.js";
import { framesOf, pointOfFrame } from "../walk-frames.js";
import { createWalkPlayer } from "../walk-player.js";
import { createWalkStops } from "../walk-stops.js";

const FIRST_STOPS = 3;
const WALK = ["stops", "steps", "loop", "frame"];

/** Fill `root` with the view. */
export function mount(root, page) {
  const { store, adjust, signal } = page;
  const { stops, seed } = store.get();
  if (!stops.length) adjust({ stops: [...new Set([seed, ...firstSeeds()])].slice(0, FIRST_STOPS) });
  // The picture on screen is that of the state, as in each view: so it can be taken and varied.
  store.subscribe(WALK, (state) => adjust(pointOfFrame(state, state.frame)), signal);
  const loader = createPictureLoader(page.client, signal);
  root.append(element("section", { class: "walking", "aria-labelledby": "walk-title" },
    element("div", { class: "screen" }, createScreen(page, loader), createScrubber(page), createWalkPlayer(page, loader)),
    element("div", { class: "words" }, element("h1", { id: "walk-title" }, "A walk from picture to picture"), createWalkStops(page, loader),
      element("div", { class: "actions" }, createFavourite(page), ...createPictureActions(page, ["picture", "variations", "mix"])), createWalkExport(page))),
  createTake(page).root);
}

function createScreen(page, loader) {
  const { store, signal } = page;
  const frame = pictureFrame();
  const picture = createLivePicture(frame.firstChild, loader, page);
  const caption = element("figcaption");
  store.subscribe(["seed", "end", "t", ...OF_MODEL, "resolution", "isPlaying"], (state) => {
    page.clearError();
    caption.textContent = shortWordsOf(pointOfState(state));
    // The player brings the pictures of this size; a sharp one follows where it stops.
    picture.show(pointOfState(state), state, state.isPlaying ? Math.min(thumbnailOf(state.card), state.resolution) : state.resolution);
  }, signal);
  return element("figure", {}, frame, caption);
}

function createScrubber({ store, adjust, signal }) {
  const slider = element("input", { id: "frame", type: "range", min: 0, step: 1 });
  slider.addEventListener("input", () => adjust({ frame: Number(slider.value) }));
  store.subscribe([...WALK, "seed", "end", "t"], (state) => {
    slider.max = framesOf(state) - 1;
    slider.value = state.frame;
    slider.setAttribute("aria-valuetext", wordsOf(pointOfState(state)));
  }, signal);
  return element("div", { class: "slider" }, element("label", { for: "frame" }, "Along the walk"), slider);
}
