// The view of a picture and the eight around it, to wander through.
// Which pictures these are is the business of `wandering.js`.

import { element, pictureFrame } from "../elements.js";
import { createLivePicture } from "../live-picture.js";
import { pictureOf } from "../memory.js";
import { createFavourite, createPictureActions } from "../picture-actions.js";
import { createPictureLoader } from "../picture-loader.js";
import { thumbnailOf } from "../pictures.js";
import { isSeed, percent, pointOfState, shortWordsOf, wordsOf } from "../points.js";
import { createStateLink } from "../state-link.js";
import { OF_MODEL } from "../styling.js";
import { createTake } from "../take.js";
import { STRENGTHS, crumbOf, neighboursOf, trailAfter } from "../wandering.js";

const LONGEST_CAPTION = 9; // characters of a seed, which a phone has room for
const CENTRE = 4; // of nine places, row by row
const SHOWN = ["seed", "end", "t", "trail", ...OF_MODEL, "resolution"];

/** Fill `root` with the view. */
export function mount(root, page) {
  const { store, signal } = page;
  const loader = createPictureLoader(page.client, signal);
  const about = element("p", { class: "about", role: "status" });
  root.append(element("section", { class: "variations", "aria-labelledby": "variations-title" },
    element("div", { class: "words" }, element("h1", { id: "variations-title" }, "Variations"), about),
    createGrid(page, loader),
    element("div", { class: "words" }, createStrength(page), createTrail(page, loader),
      element("div", { class: "actions" }, createTurn(page), createFavourite(page), ...createPictureActions(page, ["mix", "walk"])))),
  createTake(page).root);
  store.subscribe(["seed", "end", "t"], (state) => {
    about.textContent = explain(pointOfState(state));
    document.title = `Variations of ${shortWordsOf(pointOfState(state))} – Progan`;
  }, signal);
}

function explain(centre) {
  return isSeed(centre)
    ? `Eight small steps away from ${wordsOf(centre)}, each toward another seed. Choose one, and it moves to the middle.`
    : `In the middle: ${wordsOf(centre)}. The arrows lead back and on; the others leave the nearer of the two in other directions.`;
}

/** The nine pictures; a place keeps its element, so that focus and picture stay while others come. */
function createGrid(page, loader) {
  const { store, signal } = page;
  const cells = Array.from({ length: 9 }, (_, place) => createCell(page, loader, place));

  function show(state) {
    page.clearError();
    const centre = pointOfState(state);
    const { aside, behind, ahead } = neighboursOf(centre, state.strength, state.turn);
    const around = behind
      ? [...aside.slice(0, 3), behind, ahead, ...aside.slice(3)]
      : aside;
    around.toSpliced(CENTRE, 0, centre).forEach((point, place) => cells[place].show(point, state));
  }

  store.subscribe([...SHOWN, "strength", "turn"], show, signal);
  return element("ul", { class: "around", "aria-label": "The picture and its neighbours" }, ...cells.map(({ root }) => root));
}

function createCell(page, loader, place) {
  const isCentre = place === CENTRE;
  const frame = pictureFrame();
  const caption = element("span");
  const link = createStateLink(page, { class: "picture-card" }, frame, caption);
  // What stood in the middle is among the pictures that were looked at.
  const onSharp = () => isCentre && page.memory.visit(pictureOf(page.store.get()));
  const picture = createLivePicture(frame.firstChild, loader, page, onSharp);

  function show(point, state) {
    const centre = pointOfState(state);
    caption.textContent = isCentre ? shortWordsOf(point) : captionOf(point, centre);
    link.lead(isCentre ? { view: "picture", ...point } : { ...point, turn: 0, trail: trailAfter(state.trail, centre, point) });
    const thumbnail = Math.min(thumbnailOf(state.card), state.resolution);
    picture.show(point, state, isCentre ? state.resolution : thumbnail);
  }

  return { root: element("li", { class: isCentre ? "centre" : "" }, link.root), show };
}

/** Where a neighbour is, in two words. */
function captionOf(point, centre) {
  if (point.end && point.end !== centre.end) return `to ${shortened(point.end)}`;
  const isAhead = isSeed(point) ? point.seed === centre.end : point.t > centre.t;
  const where = isSeed(point) ? point.seed : percent(point.t);
  return isAhead ? `on to ${where} →` : `← back to ${where}`;
}

/** The end of a text, by which the seeds of ways differ. */
const shortened = (text) => [...text].length <= LONGEST_CAPTION ? text : `…${[...text].slice(1 - LONGEST_CAPTION).join("")}`;

/** The pictures from which the reader came, as links. */
function createTrail(page, loader) {
  const { store, signal } = page;
  const list = element("ol", { class: "trail" });
  const root = element("nav", { "aria-label": "The way here" }, list);

  function show(state) {
    const crumbs = state.trail.map(crumbOf).filter(Boolean);
    root.hidden = !crumbs.length;
    list.replaceChildren(...crumbs.map((point, place) => {
      const frame = pictureFrame();
      createLivePicture(frame.firstChild, loader, page).show(point, state, thumbnailOf(state.card));
      const link = createStateLink(page, {}, frame, element("span", {}, shortWordsOf(point)));
      link.lead({ ...point, turn: 0, trail: state.trail.slice(0, place) });
      return element("li", {}, link.root);
    }));
  }

  store.subscribe(["trail", ...OF_MODEL], show, signal);
  return root;
}

function createStrength({ store, adjust, signal }) {
  const { low, high, step } = STRENGTHS;
  const slider = element("input", { id: "strength", type: "range", min: low, max: high, step });
  const value = element("output", { for: "strength" });
  slider.addEventListener("input", () => adjust({ strength: Number(slider.value) }));
  store.subscribe(["strength"], ({ strength }) => {
    slider.value = strength;
    slider.setAttribute("aria-valuetext", `${percent(strength)} of the way to another seed`);
    value.textContent = percent(strength);
  }, signal);
  return element("div", { class: "slider" }, element("label", { for: "strength" }, "Size of a step"), slider, value);
}

function createTurn({ store, navigate }) {
  const button = element("button", { type: "button" }, "Other directions");
  button.addEventListener("click", () => navigate({ turn: store.get().turn + 1 }));
  return button;
}
