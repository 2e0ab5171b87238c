// What this browser remembers: the pictures that were looked at, and the favourites.
// Owns the stored copy, its version and its bounds; the state holds the lists. Never sees a key.

const NAMES = { seen: "progan-seen", favourites: "progan-favourites" };
const LIMITS = { seen: 500, favourites: 5000 }; // pictures
const VERSION = 1;

/**
 * Keep the lists `seen` and `favourites` of the state, newest first, in the browser's storage.
 * A picture is `{seed, end, t, model, label}`: `end` is "" and `t` 0.5 where it is no point
 * between two seeds, `model` is `name@digest`.
 * @param {object} store
 * @param {(text: string) => void} warn says what cannot be kept, once
 */
export function createMemory(store, warn) {
  const storage = openStorage();
  let isWarned = false;

  /** Change a list by what is stored now: another tab may have changed it. */
  function change(list, update) {
    const updated = update(read(list) ?? store.get()[list]);
    const after = updated.slice(0, LIMITS[list]);
    store.set({ [list]: Object.freeze(after) });
    if (!write(list, after) && !isWarned) {
      isWarned = true;
      warn("This browser stores nothing more for this page. Favourites stay until it is closed: save them as a file.");
    }
    return updated.length - after.length;
  }

  /** Put a picture on top of those that were looked at. */
  const visit = (picture) => change("seen", (list) => [picture, ...without(list, picture)]);

  /** Make a picture a favourite, or no longer one. */
  const toggle = (picture) => change("favourites", (list) =>
    includes(list, picture) ? without(list, picture) : [picture, ...list]);

  /**
   * Add pictures to the favourites, before the others.
   * @returns {number} how many fell off the end, since there are too many
   */
  const add = (pictures) => change("favourites", (list) => unique([...pictures, ...list]));

  /** Put a list in the place of another: nothing, to forget it. */
  const replace = (list, pictures) => change(list, () => pictures);

  function read(list) {
    try {
      return parse(storage?.getItem(NAMES[list]) ?? null);
    } catch {
      return null;
    }
  }

  function write(list, pictures) {
    if (!storage) return false;
    try {
      if (isNewer(storage.getItem(NAMES[list]))) return false; // of a later version of this page
      storage.setItem(NAMES[list], JSON.stringify({ version: VERSION, pictures }));
      return true;
    } catch {
      return false; // private mode, or the storage is full
    }
  }

  function readAll() {
    store.set({ seen: Object.freeze(read("seen") ?? []), favourites: Object.freeze(read("favourites") ?? []) });
  }

  readAll();
  addEventListener("storage", ({ key }) => { if (key === null || Object.values(NAMES).includes(key)) readAll(); });
  return { visit, toggle, add, replace };
}

/** The picture that a state shows. */
export const pictureOf = ({ seed, end, t, card, label }) =>
  Object.freeze({ seed, end, t: end ? t : 0.5, model: card.pinned_name, label });

/** Whether a picture is in a list. */
export const includes = (list, picture) => list.some((each) => keyOf(each) === keyOf(picture));

/** A list without repetitions; the first of each stays. */
export const unique = (list) => [...new Map(list.toReversed().map((each) => [keyOf(each), each])).values()].toReversed();

const without = (list, picture) => list.filter((each) => keyOf(each) !== keyOf(picture));
const keyOf = ({ seed, end, t, model, label }) => JSON.stringify([seed, end, t, model, label]);

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

const isPicture = (value) => ["seed", "end", "model", "label"].every((name) => typeof value?.[name] === "string") &&
  value.seed !== "" && typeof value.t === "number";
