// What a model may take beside seed and class: a truncation (`psi`) and a second style (`mix`).
// Owns these fields of the state, their text in addresses, favourites and lists, and their words.
// Knows no element.

import { number, text } from "./address-fields.js";
import { isSeedText } from "./seeds.js";

/** The largest truncation that the service takes; 0 is the mean style, 1 changes nothing. */
export const LARGEST_PSI = 1.5;
const LONGEST_MIX = 300; // UTF-16 units of SEED@RESOLUTION

/** A second style as `seed@resolution`; empty without one. */
const mix = { ...text(LONGEST_MIX), read: ([value = ""]) => mixOf(value) ? value : "" };

/** The fields of the state, as they stand in an address. */
export const STYLING_FIELDS = { psi: number(1, 0, LARGEST_PSI), mix };
const NAMES = Object.keys(STYLING_FIELDS);

/** The fields of the state that say how the picture of a point is made. */
export const OF_MODEL = ["card", "label", ...NAMES];

/** Whether a request may choose something of a model, such as `psi`. */
export const takes = (card, name) => card.takes?.includes(name) ?? false;

/** Seed and resolution of a second style; null where a text is none. */
export function mixOf(text) {
  const [, seed, resolution] = /^(.+)@(\d{1,5})$/su.exec(text) ?? [];
  return seed && isSeedText(seed) ? { seed, resolution: Number(resolution) } : null;
}

/** The text of a second style. */
export const textOfMix = ({ seed, resolution }) => `${seed}@${resolution}`;

/** The fields that a model allows: what it does not take has its usual value. */
export function allowedStyling(card, { psi, mix: asked }) {
  const second = mixOf(asked);
  const isMixed = takes(card, "mix") && second && card.resolutions.slice(1).includes(second.resolution);
  return { psi: takes(card, "psi") ? psi : STYLING_FIELDS.psi.usual, mix: isMixed ? asked : "" };
}

/** The fields of a state as a part of the query of an address; empty where they change nothing. */
export const stylingOf = (state) => String(new URLSearchParams(
  NAMES.flatMap((name) => STYLING_FIELDS[name].write(state[name]).map((value) => [name, value])),
)).replaceAll("%40", "@");

/** The fields of such a text; those that are missing or not allowed have their usual value. */
export function fieldsOfStyling(text = "") {
  const given = new URLSearchParams(text);
  return Object.fromEntries(NAMES.map((name) => [name, STYLING_FIELDS[name].read(given.getAll(name))]));
}

/** The same in words; empty where they change nothing. */
export function wordsOfStyling({ psi, mix: asked }) {
  const second = mixOf(asked);
  const words = [
    psi !== STYLING_FIELDS.psi.usual && `truncated to ${psi}`,
    second && `with the style of “${second.seed}” from ${second.resolution} px on`,
  ];
  return words.filter(Boolean).join(", ");
}
