// Which models the service offers, followed while the page is open, and their changes in words.
// A picture on screen stays when its model changes. Owns which models translate pictures, and which
// views they have. Knows nothing of how a model is chosen.

import { allowedStyling, takes } from "./styling.js";

const POLL_MS = 8_000; // well below the time for which a replaced version usually still answers
const titleOf = (card) => `“${card.title || card.name}”`;

/** The view of models that translate pictures, and the views that need no model at all. */
const TRANSLATE = "translate";
const WITHOUT_MODEL = ["status"];

/** Whether a model takes a picture, and no seed. */
export const translates = (card) => takes(card, "source");

/** The view in which a model is shown to a reader who is in another one. */
export function viewFor(card, view) {
  if (WITHOUT_MODEL.includes(view)) return view;
  if (translates(card)) return TRANSLATE;
  return view === TRANSLATE ? "wall" : view;
}

/** The name of the model that a view shows to a reader who has chosen another one. */
export function modelFor(view, { model, card, list }) {
  if (!card || WITHOUT_MODEL.includes(view) || translates(card) === (view === TRANSLATE)) return model;
  const fitting = list.models.filter((each) => translates(each) === (view === TRANSLATE));
  return (fitting.find(({ name }) => name === list.default) ?? fitting[0])?.name ?? model;
}

/** Whether a service has a model for a view. */
export const hasView = (view, list) =>
  WITHOUT_MODEL.includes(view) || list.models.some((card) => translates(card) === (view === TRANSLATE));

/**
 * The state that a list of models allows, nearest to a wanted one: another model, resolution, class,
 * view or styling where the wanted one is not there.
 * @param {object} wanted the fields of an address, and `card` where there is one already
 * @param {{default: string, models: object[]}} list
 */
export function resolveState(wanted, list) {
  const named = (name) => list.models.find((each) => each.name === name);
  const usual = named(wanted.model) ?? named(list.default) ?? list.models[0];
  // The view of translations leads to a model for it; in other views the model leads to its view.
  const found = wanted.view === TRANSLATE ? named(modelFor(TRANSLATE, { card: usual, list, model: usual.name })) : usual;
  const card = wanted.card?.pinned_name === found.pinned_name ? wanted.card : found;
  const { resolutions, labels, name } = card;
  const resolution = resolutions.includes(wanted.resolution) ? wanted.resolution : Math.max(...resolutions);
  const [classes, domains] = translates(card) ? [[], labels] : [labels, []];
  return {
    ...wanted, ...allowedStyling(card, wanted), card, model: name, resolution, view: viewFor(card, wanted.view),
    label: classes.includes(wanted.label) ? wanted.label : "",
    to: domains.includes(wanted.to) ? wanted.to : domains[0] ?? "",
  };
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
  return offer ? { text, model: offer.name, action: replaced ? "Use the new version" : `Try ${titleOf(offer)}` } : { text };
}

function describeChange(card, now, shown) {
  const onScreen = card.name === shown.name;
  if (!now) {
    const advice = onScreen ? " What is on screen stays; to generate more, choose another." : "";
    return `${titleOf(card)} is no longer offered.${advice}`;
  }
  if (now.pinned_name === card.pinned_name) return "";
  const advice = onScreen ? " What is on screen stays; in the new one every name has another picture." : "";
  return `${titleOf(card)} has been replaced by a new version.${advice}`;
}

/**
 * Follow the list of models while the page is looked at, and at once when it is again.
 * @param {object} page its store, whose field `list` is kept up to date, client, navigation and notice
 */
export function followModels({ store, client, navigate, notice }) {
  let refreshing = null;

  /** Wait for the first list. */
  async function load(signal) {
    store.set({ list: await (await client.request("models", { signal })).json() });
    setInterval(refreshIfVisible, POLL_MS);
    document.addEventListener("visibilitychange", refreshIfVisible);
    addEventListener("online", refreshIfVisible);
  }

  async function poll() {
    const before = store.get().list;
    let list = null;
    try {
      list = await (await client.requestOnce("models", AbortSignal.timeout(POLL_MS))).json();
    } catch {
      return; // the next poll follows; a wanted picture is waited for
    }
    const isSame = JSON.stringify(before) === JSON.stringify(list);
    store.set({ list: isSame ? before : list });
    announce(before.models, list.models);
  }

  function announce(before, after) {
    const { text, model, action } = describeChanges(before, after, store.get().card);
    const use = () => navigate({ model, view: viewFor(after.find(({ name }) => name === model), store.get().view) });
    if (text) notice.show(text, action, use);
  }

  const refresh = () => refreshing ??= poll().finally(() => { refreshing = null; });
  const refreshIfVisible = () => document.hidden || refresh();

  /**
   * Look at the models after one of them was gone, and paint with its new version where there is one.
   * @param {AbortSignal} aborted of the request that failed
   * @param {boolean} isWanted whether its picture is what the reader looks at
   */
  async function recover(aborted, isWanted) {
    const { card } = store.get();
    await refresh();
    const { list } = store.get();
    if (aborted.aborted || !isWanted || list.models.some((each) => each.pinned_name === card.pinned_name)) return;
    navigate({});
    if (store.get().model === card.name) {
      notice.show(`${titleOf(card)} has been replaced: this is generated by its new version.`);
    }
  }

  return { load, recover };
}
