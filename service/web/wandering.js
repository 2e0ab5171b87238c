// Wandering from a picture to its neighbours: which pictures lie around one, and the way back.
// An address holds a point between two seeds, not one beside that. So a neighbour of a seed lies on
// the way to another seed; a picture on such a way has a neighbour behind and one ahead, and six on
// other ways from the seed that is nearer. Where a way ends, at a seed, eight new ways begin.
// Knows neither pictures nor the page.

import { fromNearerEnd, isSamePoint, isSeed, pointNear, pointOf, seedOfWay } from "./points.js";
import { isSeedText } from "./seeds.js";

const NEIGHBOURS = 8;
const ASIDE = 6; // of them, where the centre is on a way
/** Crumbs of a trail that are kept. */
export const MOST_CRUMBS = 8;

/** How far a neighbour is, as a share of the way to another seed. */
export const STRENGTHS = { low: 0.05, high: 0.5, step: 0.05, usual: 0.2 };

/**
 * The eight pictures around one.
 * @param {{seed: string, end: string, t: number}} centre
 * @param {number} strength
 * @param {number} turn from 0; each has other ways
 * @returns {{aside: object[], behind: object | null, ahead: object | null}} points; those on the way
 *   of the centre are null where it is a seed
 */
export function neighboursOf(centre, strength, turn) {
  const { seed, end, t } = centre;
  if (isSeed(centre)) return { aside: waysFrom(seed, seed, NEIGHBOURS, strength, turn), behind: null, ahead: null };
  const near = fromNearerEnd(centre);
  return {
    // Named after the other end, so that each way has side ways of its own.
    aside: waysFrom(near.seed, near.end, ASIDE, strength, turn),
    behind: pointNear(seed, end, t - strength),
    ahead: pointNear(seed, end, t + strength),
  };
}

const waysFrom = (seed, name, count, strength, turn) =>
  Array.from({ length: count }, (_, place) => pointOf(seed, seedOfWay(name, turn * count + place + 1), strength));

/** The trail after a step from one centre to another; a step back to a crumb shortens it. */
export function trailAfter(trail, from, to) {
  const crumbs = [...trail.filter(crumbOf), textOfCrumb(from)];
  const back = crumbs.findIndex((text) => isSamePoint(crumbOf(text), to));
  return back >= 0 ? crumbs.slice(0, back) : crumbs.slice(-MOST_CRUMBS);
}

/** A point as a text that an address can hold. */
export const textOfCrumb = ({ seed, end, t }) => JSON.stringify(end ? [seed, end, t] : [seed]);

/** The point of such a text; null where it holds none. */
export function crumbOf(text) {
  try {
    const [seed, end = "", t = 0] = JSON.parse(text);
    const isPoint = isSeedText(seed) && (end === "" || isSeedText(end)) && typeof t === "number";
    return isPoint ? pointOf(seed, end, t) : null;
  } catch {
    return null;
  }
}
