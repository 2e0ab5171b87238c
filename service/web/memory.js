// What this browser remembers: the pictures that were looked at, and the favourites.
// Owns the stored copy, its version and its bounds; the state holds the lists. Never sees a key.

import { isSeedText } from "./seeds.js";
import { stylingOf } from "./styling.js";

const NAMES = { seen: "progan-seen", favourites: "progan-favourites" };
const LIMITS = { seen: 500, favourites: 5000 }; // pictures
const VERSION = 1;
const RACE_MS = 3000; // in which another tab sees a change of this one

/** Said where there is no room for another favourite. */
export const FULL = `${LIMITS.favourites.toLocaleString("en")} favourites are kept at most: save them as a file, and take some off.`;
const WARNINGS = {
  stored: "",
  refused: "This browser stores nothing more for this page. Favourites stay until it is closed: save them as a file.",
  newer: "A newer version of this page has stored favourites here, which are left as they are. New ones stay until this page is closed: save them as a file.",
};

/**
 * Keep the lists `seen` and `favourites` of the state, newest first, in the browser's storage.
 * A picture is `{seed, end, t, model, label}`: `end` is "" and `t` 0.5 where it is no point
 * between two seeds, `model` is `name@digest`. With truncation or a second style it has `styling`.
 * @param {object} store
 * @param {(text: string) => void} warn says what cannot be kept, once
 */
export function createMemory(store, warn) {
  const storage = openStorage();
  const unstored = new Set(); // lists of which the state holds more than the storage
  let recent = []; // the last changes of this tab: { list, update, at }
  let isWarned = false;

  /** Change a list by what is stored now: another tab may have changed it. `update` may be repeated. */
  function change(list, update) {
    recent = [...recentOf(), { list, update, at: Date.now() }];
    save(list, update(latest(list)));
  }

  const recentOf = (list) =>
    recent.filter((each) => each.at > Date.now() - RACE_MS && (!list || each.list === list));

  function save(list, pictures) {
    const after = pictures.slice(0, LIMITS[list]);
    store.set({ [list]: Object.freeze(after) });
    const result = write(list, after);
    if (result === "stored") unstored.delete(list);
    else unstored.add(list);
    if (WARNINGS[result] && !isWarned) warn(WARNINGS[result]);
    isWarned ||= result !== "stored";
  }

  const latest = (list) => (unstored.has(list) ? null : read(list)) ?? store.get()[list];

  /** Put a picture on top of those that were looked at. */
  const visit = (picture) => change("seen", (list) => [picture, ...without(list, picture)]);
  const put = (list, pictures) => [...missingIn(list, pictures).slice(0, roomIn(list)), ...list];

  /** Make a picture a favourite, or no longer one; where there are too many, the others stay. */
  function toggle(picture) {
    if (includes(latest("favourites"), picture)) change("favourites", (list) => without(list, picture));
    else if (add([picture])) warn(FULL);
  }

  /**
   * Add pictures to the favourites, before the others, as long as there is room.
   * @returns {number} how many were left out
   */
  function add(pictures) {
    const before = latest("favourites");
    const left = Math.max(0, missingIn(before, pictures).length - roomIn(before));
    change("favourites", (list) => put(list, pictures));
    return left;
  }

  /** Put a list in the place of another: nothing, to forget it. */
  function replace(list, pictures) {
    recent = recent.filter((each) => each.list !== list);
    save(list, pictures);
  }

  function read(list) {
    try {
      return parse(storage?.getItem(NAMES[list]) ?? null);
    } catch {
      return null;
    }
  }

  /** Store a list; returns a key of `WARNINGS`. */
  function write(list, pictures) {
    if (!storage) return "refused";
    try {
      if (isNewer(storage.getItem(NAMES[list]))) return "newer";
      storage.setItem(NAMES[list], JSON.stringify({ version: VERSION, pictures }));
      return "stored";
    } catch {
      return "refused"; // private mode, or the storage is full
    }
  }

  /** Show what is stored now. Another tab that has not yet seen a change of this one has undone it. */
  function follow(list) {
    const stored = read(list) ?? [];
    const repeated = recentOf(list).reduce((pictures, { update }) => update(pictures), stored);
    const isSame = repeated.length === stored.length && !missingIn(stored, repeated).length;
    if (isSame) store.set({ [list]: Object.freeze(stored) });
    else save(list, repeated);
  }

  for (const list of Object.keys(NAMES)) follow(list);
  addEventListener("storage", ({ key }) => {
    for (const [list, name] of Object.entries(NAMES)) if (!unstored.has(list) && [null, name].includes(key)) follow(list);
  });
  return { visit, toggle, add, replace };
}

/** The picture that a state shows. */
export function pictureOf(state) {
  const { seed, end, t, card, label } = state;
  return pictureWith({ seed, end, t: end ? t : 0.5, model: card.pinned_name, label }, stylingOf(state));
}

/** A picture with a styling, which is left out where it changes nothing. */
export const pictureWith = (picture, styling) => Object.freeze(styling ? { ...picture, styling } : picture);

/** Whether a picture is in a list, which is not changed any more. */
export const includes = (list, picture) => keysOf(list).has(keyOf(picture));

const keys = new WeakMap(); // by list: hundreds of tiles ask for the same one

function keysOf(list) {
  if (!keys.has(list)) keys.set(list, new Set(list.map(keyOf)));
  return keys.get(list);
}

const roomIn = (favourites) => Math.max(0, LIMITS.favourites - favourites.length);
const missingIn = (list, pictures) => unique(pictures).filter((each) => !includes(list, each));

/** A list without repetitions; the first of each stays. */
export const unique = (list) => [...new Map(list.toReversed().map((each) => [keyOf(each), each])).values()].toReversed();

const without = (list, picture) => list.filter((each) => keyOf(each) !== keyOf(picture));
const keyOf = ({ seed, end, t, model, label, styling }) => JSON.stringify([seed, end, t, model, label, styling]);

function openStorage() {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null; // the browser forbids it
  }
}

function isNewer(text) {
  try {
    return JSON.parse(text).version > VERSION;
  } catch {
    return false; // damaged, or not there
  }
}

/** The pictures of a stored text; null where there is none that this version can read. */
function parse(text) {
  const { version, pictures } = JSON.parse(text) ?? {};
  return version === VERSION && Array.isArray(pictures) ? pictures.filter(isPicture) : null;
}

const isPicture = (value) => ["model", "label"].every((name) => typeof value?.[name] === "string") &&
  ["undefined", "string"].includes(typeof value.styling) && isSeedText(value.seed) && (value.end === "" || isSeedText(value.end)) && typeof value.t === "number" && value.t >= 0 && value.t <= 1;
