// What the page shows, as one value: who changes it, who follows it, and its copy in the address.
// The address holds seed, model, resolution and class, the browser's history the gallery, too.

const IN_ADDRESS = ["seed", "model", "resolution", "label"];
// Spaces and signs without width, which nobody sees at the ends of what was pasted.
const UNSEEN = String.raw`[\s\u200B-\u200D\u2060\uFEFF]+`;
const AT_THE_ENDS = new RegExp(`^${UNSEEN}|${UNSEEN}$`, "gu");

/** A seed as typed, without what nobody sees: capitals count, spaces at the ends do not. */
export const cleanSeed = (text) => text.replace(AT_THE_ENDS, "").normalize("NFC").toWellFormed();

/**
 * The state with its subscribers, who are called from the first model on: its field `card`.
 * @param {object} initial
 */
export function createStore(initial) {
  let state = initial;
  const subscribers = [];
  return {
    get: () => state,
    /** Change some fields, and call those who follow one that is now different. */
    set(changes) {
      const before = state;
      state = { ...state, ...changes };
      const changed = (field) => state[field] !== before[field];
      if (!state.card) return;
      for (const [fields, update] of subscribers) if (fields.some(changed)) update(state);
    },
    /** Call `update` whenever one of `fields` is another than before. */
    subscribe(fields, update) {
      subscribers.push([fields, update]);
    },
  };
}

/** The fields that an address holds; those that it lacks are absent. */
export function parseFragment(fragment) {
  const { seed, model, resolution, label } = Object.fromEntries(new URLSearchParams(fragment.replace(/^#/, "")));
  return { ...(seed && { seed }), ...(model && { model }), resolution: Number(resolution) || 0, label: label ?? "" };
}

/** The fragment of the address of a state. */
export function formatFragment(state) {
  const fields = IN_ADDRESS.filter((field) => state[field]).map((field) => [field, state[field]]);
  return `#${new URLSearchParams(fields)}`;
}

/**
 * Keep the browser's history in step: each state is an entry, and going back shows it again.
 * @param {object} store
 * @param {(state: object) => void} navigate called with the state of an entry
 */
export function connectHistory(store, navigate) {
  store.subscribe([...IN_ADDRESS, "card", "gallery"], (state) => {
    const fragment = formatFragment(state);
    const entry = { gallery: state.gallery };
    const same = fragment === location.hash && String(entry.gallery) === String(history.state?.gallery);
    if (history.state === null) history.replaceState(entry, "", fragment);
    else if (!same) history.pushState(entry, "", fragment);
    document.title = `${state.seed} – Progan`;
  });
  addEventListener("popstate", ({ state: entry }) => {
    navigate({ ...parseFragment(location.hash), ...(entry && { gallery: entry.gallery }) });
  });
}
