// The state of a page: one immutable object, and those who follow its fields.
// Knows nothing of what the fields mean.

/**
 * A store of one state.
 * @param {object} initial the fields at the beginning
 */
export function createStore(initial) {
  let state = Object.freeze({ ...initial });
  let subscribers = [];

  /** Replace some fields, and call those who follow one that is now different. */
  function set(changes) {
    const before = state;
    state = Object.freeze({ ...state, ...changes });
    for (const { fields, update, signal } of [...subscribers]) {
      if (!signal?.aborted && fields.some((field) => state[field] !== before[field])) update(state);
    }
  }

  /**
   * Call `update` with the state at once, and whenever one of `fields` is another than before.
   * @param {string[]} fields
   * @param {(state: object) => void} update
   * @param {AbortSignal} signal ends the subscription
   */
  function subscribe(fields, update, signal) {
    const subscriber = { fields, update, signal };
    subscribers.push(subscriber);
    signal?.addEventListener("abort", () => {
      subscribers = subscribers.filter((each) => each !== subscriber);
    });
    update(state);
  }

  return { get: () => state, set, subscribe };
}
