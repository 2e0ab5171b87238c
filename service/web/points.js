// Points of the space that pictures come from: that of a seed, or one on the way between two seeds.
// Owns their one form and their words. Seeds stay text. Knows nothing of the page.

const MOST_CHARACTERS = 128; // of a seed
const DIGITS = 7; // of a share; finer than any picture shows, and short in an address
const UNUSED = 0.5; // `t` of a seed, as an address without it has it

/**
 * A point: `t` of the way from `seed` to `end`. At both ends of the way, and where they are the
 * same, it is that of a seed, and `end` is empty.
 * @returns {{seed: string, end: string, t: number}}
 */
export function pointOf(seed, end = "", t = 0) {
  if (!end || end === seed || t <= 0) return { seed, end: "", t: UNUSED };
  return t >= 1 ? { seed: end, end: "", t: UNUSED } : { seed, end, t };
}

/** The point of a state, which has these three fields. */
export const pointOfState = ({ seed, end, t }) => pointOf(seed, end, t);

/** The same for a share that was computed, and need not be exact. */
export const pointNear = (seed, end, t) => pointOf(seed, end, Number(t.toFixed(DIGITS)));

/** Whether a point is that of a seed. */
export const isSeed = ({ end }) => end === "";

/** Whether two points are one. */
export const isSamePoint = (a, b) => a.seed === b.seed && a.end === b.end && a.t === b.t;

/** The same point seen from its nearer end: `t` is at most 0.5. */
export const fromNearerEnd = ({ seed, end, t }) => t > 0.5 ? { seed: end, end: seed, t: 1 - t } : { seed, end, t };

/** A point in words. */
export const wordsOf = ({ seed, end, t }) => end ? `${percent(t)} of the way from “${seed}” to “${end}”` : `“${seed}”`;

/** A point in few words, for a caption. */
export const shortWordsOf = ({ seed, end, t }) => end ? `${seed} → ${end}, ${percent(t)}` : seed;

/** A share as a reader has it: `12.5 %`. */
export const percent = (share) => `${Number((share * 100).toFixed(1))} %`;

/** The seeds that a walk goes through to pass this point. */
export const seedsOf = ({ seed, end }) => end ? [seed, end] : [seed];

/**
 * The seed to which one of the ways from a seed leads: any text is a seed, so its own text and a
 * number are another. A text that would become too long is first replaced by a number made of it.
 * @param {string} seed
 * @param {number} way from 1
 */
export function seedOfWay(seed, way) {
  const suffix = `~${way}`;
  return ([...seed].length + suffix.length > MOST_CHARACTERS ? digestOf(seed) : seed) + suffix;
}

/** FNV-1a of the characters: 32 bits in seven signs or fewer. */
const digestOf = (text) =>
  [...text].reduce((sum, sign) => Math.imul(sum ^ sign.codePointAt(0), 16777619) >>> 0, 2166136261).toString(36);
