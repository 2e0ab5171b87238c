// What a model may take beside seed and class: a truncation (`psi`), a second style (`mix`) and steps
// along its directions (`edit`).
// Owns these fields of the state, their text in addresses, favourites and lists, and their words.
// Knows no element.

import { number, text } from "./address-fields.js";
import { isSeedText } from "./seeds.js";

/** The largest truncation that any model takes; 0 is the mean style or latent, 1 changes nothing. */
export const LARGEST_PSI = 1.5;
/** The longest step along a direction that the service takes, either way, and how many it takes. */
export const LARGEST_STRENGTH = 10;
export const MOST_EDITS = 8;
const LONGEST_MIX = 300; // UTF-16 units of SEED@RESOLUTION
const LONGEST_EDITS = 600; // characters of all steps

/** A second style as `seed@resolution`; empty without one. */
const mix = { ...text(LONGEST_MIX), read: ([value = ""]) => mixOf(value) ? value : "" };

/** Steps along directions, each `name:strength`, separated by commas; empty without any. */
const edit = { ...text(LONGEST_EDITS), read: ([value = ""]) => textOfEdits(editsOf(value)) };

/** The fields of the state, as they stand in an address. */
export const STYLING_FIELDS = { psi: number(1, 0, LARGEST_PSI), mix, edit };
const NAMES = Object.keys(STYLING_FIELDS);

/** The fields of the state that say how the picture of a point is made. */
export const OF_MODEL = ["card", "label", ...NAMES];

/** Whether a request may choose something of a model, such as `psi`. */
export const takes = (card, name) => card.takes?.includes(name) ?? false;

/** The largest truncation that a model takes. */
export const largestPsi = (card) => card.max_psi ?? LARGEST_PSI;

/** Seed and resolution of a second style; null where a text is none. */
export function mixOf(text) {
  const [, seed, resolution] = /^(.+)@(\d{1,5})$/su.exec(text) ?? [];
  return seed && isSeedText(seed) ? { seed, resolution: Number(resolution) } : null;
}

/** The text of a second style. */
export const textOfMix = ({ seed, resolution }) => `${seed}@${resolution}`;

/**
 * The steps of a text, by direction; those that are not allowed, and those of nothing, are left out.
 * @returns {Map<string, number>}
 */
export function editsOf(text) {
  const steps = text.slice(0, LONGEST_EDITS).split(",").map((step) => /^([a-z][a-z0-9-]{0,31}):(.+)$/.exec(step));
  const edits = new Map(steps.filter(Boolean).map(([, name, strength]) => [name, Number(strength)]));
  return new Map([...edits].filter(([, strength]) => strength && Math.abs(strength) <= LARGEST_STRENGTH).slice(0, MOST_EDITS));
}

/** The text of steps. */
export const textOfEdits = (edits) => [...edits].map(([name, strength]) => `${name}:${strength}`).join(",");

/** The names of a model's directions. */
export const directionsOf = (card) => (card.directions ?? []).map(({ name }) => name);

/** The fields that a model allows: what it does not take has its usual value. */
export function allowedStyling(card, { psi, mix: asked, edit: steps }) {
  const second = mixOf(asked);
  const isMixed = takes(card, "mix") && second && card.resolutions.slice(1).includes(second.resolution);
  return { psi: takes(card, "psi") ? Math.min(psi, largestPsi(card)) : STYLING_FIELDS.psi.usual, mix: isMixed ? asked : "", edit: allowedEdits(card, steps) };
}

/** Steps in the order of the card, without those along directions that it does not have. */
function allowedEdits(card, text) {
  const edits = editsOf(text);
  return textOfEdits(directionsOf(card).filter((name) => edits.has(name)).map((name) => [name, edits.get(name)]));
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
export function wordsOfStyling({ psi, mix: asked, edit: steps }) {
  const second = mixOf(asked);
  const words = [
    psi !== STYLING_FIELDS.psi.usual && `truncated to ${psi}`,
    second && `with the style of “${second.seed}” from ${second.resolution} px on`,
    ...[...editsOf(steps)].map(([name, strength]) => `${name} ${strength > 0 ? "+" : "−"}${Math.abs(strength)}`),
  ];
  return words.filter(Boolean).join(", ");
}
