// The frames of a walk through two to sixteen seeds, as `/interpolate` makes them: which point each
// one is, and the order of the stops. Knows neither pictures nor the page.
// A walk is the part of the state with `stops`, `steps` from stop to stop, `loop` and `frame`.

import { pointOf } from "./points.js";

/** Number of stops that a walk may have. */
export const STOPS = { least: 2, most: 16 };

/** Steps from one stop to the next, and words for the pace. */
export const PACES = { 12: "fast", 24: "normal", 48: "slow" };

/** Frames a second, in files and on screen. */
export const FRAMES_A_SECOND = 24;

/** Number of ways from stop to stop; a loop has one more, back to the first. */
export const segmentsOf = ({ stops, loop }) => stops.length < STOPS.least ? 0 : stops.length - 1 + Number(loop);

/** Number of frames; in a loop the first one follows the last. */
export const framesOf = (walk) => Math.max(1, segmentsOf(walk) * walk.steps + Number(!walk.loop));

/** The frame after the state's; null after the last one of a walk without a loop. */
export function nextFrame(walk) {
  const next = walk.frame + 1;
  if (next < framesOf(walk)) return next;
  return walk.loop && segmentsOf(walk) ? 0 : null;
}

/**
 * The point of a frame. Its `t` is the quotient that the service computes, too, so that its picture
 * has the pixels of the frame.
 * @param {number} frame from 0; beyond the last one it is that one
 */
export function pointOfFrame(walk, frame) {
  const place = Math.min(Math.max(0, frame), framesOf(walk) - 1);
  const [seed, end] = stopsOfSegment(walk, Math.floor(place / walk.steps));
  const step = place % walk.steps;
  return step ? pointOf(seed, end, step / walk.steps) : pointOf(seed);
}

/** The way from stop to stop on which a frame is; the last frame ends the last way. */
export const segmentOfFrame = (walk, frame) => Math.min(Math.floor(frame / walk.steps), segmentsOf(walk) - 1);

/** The two stops of a way; beyond the last stop it leads to the first. */
export const stopsOfSegment = ({ stops }, segment) => [stops[segment], stops[(segment + 1) % stops.length]];

/** The frame of a stop. */
export const frameOfStop = ({ steps }, stop) => stop * steps;

/** The frame on the last way of a walk that is nearest to a point of this way, or to its last stop. */
export const frameNear = ({ stops, steps }, { end, t }) =>
  Math.max(0, Math.round((stops.length - 1 - (end ? 1 - t : 0)) * steps));

/** The stop that is nearest to the state's frame. */
export const stopAtFrame = ({ stops, steps, frame }) => Math.round(frame / steps) % stops.length;

/** The same walk at another pace, at the same place. */
export const withPace = ({ frame, steps: before }, steps) => ({ steps, frame: Math.round(frame * steps / before) });

/** The stops with one of them at another place. */
export const withMoved = (stops, from, to) => stops.toSpliced(from, 1).toSpliced(to, 0, stops[from]);

/** The stops with more at the end, as many as fit, but for those that would repeat the last one. */
export const withAdded = (stops, seeds) =>
  seeds.reduce((all, seed) => all.at(-1) === seed || all.length >= STOPS.most ? all : [...all, seed], stops);
