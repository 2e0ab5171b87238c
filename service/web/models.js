// Which models the service offers, followed while the page is open, and their changes in words.
// A picture on screen stays when its model changes. Knows nothing of how a model is chosen.

import { request, requestOnce } from "./api.js";

const POLL_MS = 30_000; // below the time for which a replaced version usually still answers
const titleOf = (card) => `“${card.title || card.name}”`;

/**
 * The state that a list of models allows, nearest to a wanted one: another model, resolution or
 * class where the wanted one is not there.
 * @param {{model?: string, resolution: number, label: string, card?: object}} wanted
 * @param {{default: string, models: object[]}} list
 */
export function resolveState(wanted, { default: usual, models }) {
  const named = (name) => models.find((each) => each.name === name);
  const found = named(wanted.model) ?? named(usual) ?? models[0];
  const card = wanted.card?.pinned_name === found.pinned_name ? wanted.card : found;
  const { resolutions, labels, name } = card;
  const resolution = resolutions.includes(wanted.resolution) ? wanted.resolution : Math.max(...resolutions);
  return { ...wanted, card, model: name, resolution, label: labels.includes(wanted.label) ? wanted.label : "" };
}

/**
 * What happened to the models, for a reader who looks at a picture of one of them.
 * @param {object[]} before cards
 * @param {object[]} after cards
 * @param {object} shown the card of the picture on screen
 * @returns {{text: string, model?: string, action?: string}} a model that may be tried now, and how
 *   to call that; no text where nothing happened
 */
export function describeChanges(before, after, shown) {
  const now = (card) => after.find((each) => each.name === card.name);
  const isNew = (card) => !before.some((each) => each.name === card.name);
  const sentences = before.map((card) => describeChange(card, now(card), shown));
  const added = after.filter(isNew);
  sentences.push(...added.map((card) => `New here: ${titleOf(card)}.`));
  const replaced = sentences.some(Boolean) && now(shown)?.pinned_name !== shown.pinned_name ? now(shown) : null;
  const offer = replaced ?? added[0];
  const text = sentences.filter(Boolean).join(" ");
  return offer ? { text, model: offer.name, action: replaced ? "Paint with the new version" : `Try ${titleOf(offer)}` } : { text };
}

function describeChange(card, now, shown) {
  const onScreen = card.name === shown.name;
  if (!now) {
    const advice = onScreen ? " What is on screen stays; to paint more, choose another." : "";
    return `${titleOf(card)} is no longer offered.${advice}`;
  }
  if (now.pinned_name === card.pinned_name) return "";
  const advice = onScreen ? " What is on screen stays; in the new one every name has another picture." : "";
  return `${titleOf(card)} has been replaced by a new version.${advice}`;
}

/** The list of models, once the service has some. */
export const loadModels = async (signal, onWait) => (await request("models", signal, onWait)).json();

/**
 * Follow the list of models: every half minute while the page is looked at, and when it is again.
 * @param {object} store its field `list` is kept up to date
 * @param {(before: object[], after: object[]) => void} onChange
 * @returns {() => Promise<void>} looks at once
 */
export function followModels(store, onChange) {
  let refreshing = null;

  async function load() {
    const list = await (await requestOnce("models", AbortSignal.timeout(POLL_MS))).json();
    const before = store.get().list.models;
    store.set({ list });
    if (namesOf(before) !== namesOf(list.models)) onChange(before, list.models);
  }

  // Where the service is away or busy, the next poll follows; a wanted picture is waited for.
  const refresh = () => refreshing ??= load().catch(() => {}).finally(() => { refreshing = null; });
  const refreshIfVisible = () => document.hidden || refresh();
  setInterval(refreshIfVisible, POLL_MS);
  document.addEventListener("visibilitychange", refreshIfVisible);
  addEventListener("online", refreshIfVisible);
  return refresh;
}

const namesOf = (cards) => cards.map((card) => card.pinned_name).sort().join(" ");
