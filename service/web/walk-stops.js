// The stops of a walk: chosen by a click, put in order by dragging, by arrow keys or by buttons.

import { element, pictureFrame } from "./elements.js";
import { createLivePicture } from "./live-picture.js";
import { thumbnailOf } from "./pictures.js";
import { pointOf } from "./points.js";
import { createSeedChoice } from "./seed-choice.js";
import { createSorting } from "./sorting.js";
import { OF_MODEL } from "./styling.js";
import { STOPS, frameOfStop, stopAtFrame, withAdded, withMoved } from "./walk-frames.js";

const HINT = "Drag a stop to another place, or move it with the arrow keys.";

/** The list of stops, what can be done with the current one, and a field for more. */
export function createWalkStops(page, loader) {
  const { store, navigate, adjust, signal } = page;
  const list = element("ol", { class: "stops", "aria-label": "Stops of the walk" });
  const told = element("p", { class: "hidden", role: "status" });
  const buttons = {
    earlier: element("button", { type: "button" }, "← Earlier"),
    later: element("button", { type: "button" }, "Later →"),
    remove: element("button", { type: "button" }, "Remove"),
  };

  function show(state) {
    const focused = [...list.children].findIndex((item) => item.contains(document.activeElement));
    list.replaceChildren(...state.stops.map((seed) => itemOf(seed, state)));
    mark(store.get());
    if (focused >= 0) list.children[Math.min(stopAtFrame(store.get()), state.stops.length - 1)]?.firstChild.focus();
  }

  function itemOf(seed, state) {
    const frame = pictureFrame();
    createLivePicture(frame.firstChild, loader, page).show(pointOf(seed), state, Math.min(thumbnailOf(state.card), state.resolution));
    return element("li", {}, element("button", { class: "picture-card", type: "button", "aria-describedby": "stops-hint" }, frame, element("span", {}, seed)));
  }

  /** Move a stop; it stays the current one. */
  function move(from, to) {
    const { stops, steps } = store.get();
    if (from === to || to < 0 || to >= stops.length) return;
    navigate({ stops: withMoved(stops, from, to), frame: frameOfStop({ steps }, to) });
    told.textContent = `“${stops[from]}” is now stop ${to + 1} of ${stops.length}.`;
  }

  function remove(place) {
    const { stops, steps } = store.get();
    if (stops.length <= STOPS.least) return;
    const left = stops.toSpliced(place, 1);
    navigate({ stops: left, frame: frameOfStop({ steps }, Math.min(place, left.length - 1)) });
    told.textContent = `“${stops[place]}” is off the walk; ${left.length} stops are left.`;
  }

  /** Show which stop is the current one, and what can be done with it. */
  function mark(state) {
    const current = stopAtFrame(state);
    [...list.children].forEach((item, place) => item.firstChild.setAttribute("aria-current", String(place === current)));
    buttons.earlier.disabled = current === 0;
    buttons.later.disabled = current === state.stops.length - 1;
    buttons.remove.disabled = state.stops.length <= STOPS.least;
  }

  createSorting(list, { move, remove, choose: (place) => adjust({ frame: frameOfStop(store.get(), place) }) }, signal);
  const current = () => stopAtFrame(store.get());
  buttons.earlier.addEventListener("click", () => move(current(), current() - 1));
  buttons.later.addEventListener("click", () => move(current(), current() + 1));
  buttons.remove.addEventListener("click", () => remove(current()));
  store.subscribe(["stops", ...OF_MODEL, "resolution"], show, signal);
  store.subscribe(["frame", "steps"], mark, signal);
  return element("div", { class: "stops-box" }, element("p", { id: "stops-hint", class: "small" }, HINT), list,
    element("div", { class: "actions" }, ...Object.values(buttons)), createAdding(page, loader), told);
}

function createAdding(page, loader) {
  const { store, navigate, signal } = page;
  const full = element("p", { class: "small" }, `A walk has ${STOPS.most} stops at most: take one off to add another.`);
  const choice = createSeedChoice(page, loader, {
    id: "stop",
    label: "Add a stop",
    action: "Add",
    choose: (seed) => {
      const { stops, steps } = store.get();
      const more = withAdded(stops, [seed]);
      navigate({ stops: more, frame: frameOfStop({ steps }, more.length - 1) });
    },
  });
  store.subscribe(["stops"], ({ stops }) => {
    full.hidden = stops.length < STOPS.most;
    choice.hidden = !full.hidden;
  }, signal);
  return element("div", {}, choice, full);
}
