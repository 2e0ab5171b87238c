// The state in the address: which fields each view has there, and how each is written.
// What an address lacks, or holds in a form that is not allowed, has its usual value. Knows no page.

import { flag, integer, number, oneOf, text, texts } from "./address-fields.js";
import { isSeedText } from "./seeds.js";
import { STYLING_FIELDS } from "./styling.js";
import { STOPS } from "./walk-frames.js";
import { MOST_CRUMBS, STRENGTHS, crumbOf } from "./wandering.js";

const LONGEST_NAME = 100; // characters of a model or a class
const shortText = text(LONGEST_NAME);

/** A seed; it always stands in the address. */
const seed = { usual: "alan", read: ([value]) => value || "alan", write: (value) => [value] };

/** A whole number below 2^63 as text, as seeds are; left out where it is the first. */
const wholeNumber = {
  usual: "1",
  read: ([value]) => /^\d{1,19}$/.test(value ?? "") && BigInt(value) < 2n ** 63n ? String(BigInt(value)) : "1",
  write: (value) => value === "1" ? [] : [value],
};

/** Every field that an address may hold, in the order in which it stands there. */
const FIELDS = {
  seed,
  end: text(Infinity),
  t: number(0.5, 0, 1),
  model: shortText,
  resolution: number(0, 0, 2 ** 20),
  label: shortText,
  to: shortText,
  ...STYLING_FIELDS,
  from: wholeNumber,
  at: integer(0, 0, Number.MAX_SAFE_INTEGER),
  pictures: text(Infinity),
  strength: number(STRENGTHS.usual, STRENGTHS.low, STRENGTHS.high),
  turn: integer(0, 0, 1e6),
  trail: texts(MOST_CRUMBS, crumbOf),
  stops: texts(STOPS.most, isSeedText),
  steps: integer(24, 1, 240),
  loop: flag,
  frame: integer(0, 0, STOPS.most * 240),
  kept: oneOf("favourites", "seen"),
};

/** The fields of each view beside those of all views: a view is shown again from these alone. */
const VIEWS = {
  wall: ["from", "at"],
  picture: ["seed", "end", "t"],
  variations: ["seed", "end", "t", "strength", "turn", "trail"],
  mix: ["seed", "end", "t"],
  walk: ["stops", "steps", "loop", "frame"],
  translate: ["to"],
  kept: ["kept"],
  set: ["pictures"],
  status: [],
};

const OF_ALL_VIEWS = ["model", "resolution", "label", ...Object.keys(STYLING_FIELDS)];
const IMPLIED = ["wall", "picture"]; // addresses without a view: a picture where there is a seed
const OF_ONE_VIEW = Object.keys(FIELDS).filter((name) => !OF_ALL_VIEWS.includes(name) && name !== "pictures");
const fieldsOf = (view) => Object.keys(FIELDS).filter((name) => OF_ALL_VIEWS.includes(name) || VIEWS[view].includes(name));

const fieldsIn = (names, given) => Object.fromEntries(names.map((name) => [name, FIELDS[name].read(given.getAll(name))]));
const valuesOf = (names, state) => names.flatMap((name) => FIELDS[name].write(state[name]).map((value) => [name, value]));

/** Every field with its usual value. */
export const usualFields = () =>
  Object.fromEntries(Object.entries(FIELDS).map(([name, { usual }]) => [name, usual]));

/**
 * The view of an address and the fields of this view.
 * @param {string} fragment with or without `#`; one without a view is that of a picture where it has a
 *   seed, else that of the wall
 * @returns {object} `view`, its fields, and `unknown`: the name of a view that does not exist
 */
export function parseAddress(fragment) {
  const given = new URLSearchParams(fragment.replace(/^#/, ""));
  const named = given.get("view") ?? "";
  const known = Object.hasOwn(VIEWS, named);
  const view = known ? named : given.has("seed") ? "picture" : "wall";
  return { view, ...fieldsIn(fieldsOf(view), given), unknown: known ? "" : named };
}

/** The fields of all views as a text, but for those that an address always brings along. */
export const formatFields = (state) => String(new URLSearchParams(valuesOf(OF_ONE_VIEW, state)));

/** The fields of such a text; the usual ones where it holds none. */
export const parseFields = (text) => fieldsIn(OF_ONE_VIEW, new URLSearchParams(text));

/** The fragment of the address of a state. */
export function formatAddress(state) {
  const values = valuesOf(fieldsOf(state.view), state);
  const view = IMPLIED.includes(state.view) ? [] : [["view", state.view]];
  return `#${new URLSearchParams([...view, ...values])}`;
}
