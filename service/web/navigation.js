// Going from one state to another: the models allow it, the browser's history remembers it.
// Owns the entries of the history. Knows the fields of the address, but no view.

import { formatAddress, parseAddress } from "./address.js";
import { resolveState } from "./models.js";

const QUIET_MS = 300; // between two copies of a state that moves; browsers allow only a few a second

/**
 * The ways to another state.
 * @param {object} store its fields `list` and `card` say what the service offers
 * @param {object} notice
 */
export function createNavigation(store, notice) {
  let timer = 0; // of a copy to the address that is due
  let unknown = ""; // the view of the address, where there is no such view

  /** Show another state, with the newest version of its model, as a new entry of the history. */
  function navigate(changes) {
    copyNow();
    show(changes);
    const address = formatAddress(store.get());
    if (store.get().list && address !== location.hash) history.pushState({}, "", address);
  }

  /** The same for what moves, such as a slider: the entry of the history is replaced, a bit later. */
  function adjust(changes) {
    store.set(changes);
    clearTimeout(timer);
    timer = setTimeout(copy, QUIET_MS);
  }

  function copy() {
    clearTimeout(timer);
    timer = 0;
    history.replaceState({}, "", formatAddress(store.get()));
  }

  const copyNow = () => { if (timer) copy(); };

  function show(changes) {
    notice.hide();
    const { list, ...shown } = store.get();
    const wanted = { ...shown, ...changes };
    const state = list ? resolveState(wanted, list) : wanted;
    store.set(state);
    if (list && wanted.model && wanted.model !== state.model) {
      const title = wanted.card?.name === wanted.model && wanted.card.title || wanted.model;
      notice.show(`“${title}” is not offered here. This is painted by “${state.card.title || state.model}”.`);
    }
  }

  /** Show the state that the address holds. */
  function open() {
    const { view, unknown: other, ...fields } = parseAddress(location.hash);
    unknown = other;
    show({ view, ...fields });
    if (store.get().list) settle();
  }

  /** Write the state into the address, after the models have allowed it. */
  function settle() {
    show({});
    copy();
    if (unknown) notice.show(`This page has no “${unknown}”; an older or newer one may.`);
    unknown = "";
  }

  addEventListener("popstate", () => {
    clearTimeout(timer);
    timer = 0;
    open();
  });
  addEventListener("pagehide", copyNow);
  return { navigate, adjust, open, settle };
}
