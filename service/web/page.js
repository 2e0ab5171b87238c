// The page a person sees at /: one seed on the stage, its sizes, others, a walk, the card.
// It uses only addresses that anyone may use; what it shows is one state, of which `state.js` keeps
// a copy in the address.

import { createKeyDialog } from "./api-key-dialog.js";
import { showCard } from "./card.js";
import { createChoices } from "./choices.js";
import { createDownloads } from "./download.js";
import { createGallery } from "./gallery.js";
import { createInterpolation } from "./interpolation.js";
import { describeChanges, followModels, loadModels, resolveState } from "./models.js";
import { createNotice } from "./notice.js";
import { firstSeeds, randomSeeds } from "./pictures.js";
import { createStage } from "./stage.js";
import { cleanSeed, connectHistory, createStore, parseFragment } from "./state.js";

const KEY_FRAMES = 3; // of the first walk

const find = (id) => document.getElementById(id);
const store = createStore({ list: null, card: null, seed: "", resolution: 0, label: "", gallery: [], attempt: 0 });
const notice = createNotice(find);
const page = { find, store, notice, navigate, setStatus, showError };
let refreshModels = async () => {};

function setStatus(text) {
  find("status").textContent = text;
}

/** Show another state, with the newest version of its model; an entry of the browser's history. */
function navigate(changes) {
  notice.hide();
  const { list, ...shown } = store.get();
  const wanted = { ...shown, ...changes };
  const state = list ? resolveState(wanted, list) : wanted;
  store.set(state);
  find("seed").value = state.seed;
  if (list && wanted.model && wanted.model !== state.model) {
    const title = wanted.card?.name === wanted.model && wanted.card.title || wanted.model;
    notice.show(`“${title}” is not offered here. This is painted by “${state.card.title || state.model}”.`);
  }
}

/**
 * Show why something failed.
 * @param {AbortSignal} signal of the request; nothing is shown of an aborted one
 * @param {{show?: (text: string) => void, isWanted?: boolean}} options where to show it, and whether
 *   the picture is to be painted by a newer version of the model instead where there is one
 */
async function showError(error, signal, { show = showFailure, isWanted = false } = {}) {
  if (signal.aborted) return;
  show(error.message);
  if (!error.isGone) return;
  const { card } = store.get();
  await refreshModels();
  const { list } = store.get();
  if (signal.aborted || !isWanted || list.models.some((each) => each.pinned_name === card.pinned_name)) return;
  const old = card.title || card.name;
  navigate({});
  if (store.get().model === card.name) notice.show(`“${old}” has been replaced: this is painted by its new version.`);
}

function showFailure(text) {
  find("error").textContent = text;
  find("error").hidden = false;
  setStatus("");
}

function announceChanges(before, after) {
  const { text, model, action } = describeChanges(before, after, store.get().card);
  if (text) notice.show(text, action, () => navigate({ model }));
}

function submitSeed(event) {
  event.preventDefault();
  const seed = cleanSeed(find("seed").value);
  if (seed) navigate({ seed, attempt: store.get().attempt + 1 });
}

function createViews() {
  createKeyDialog(find, setStatus);
  createChoices(page);
  createStage(page, createDownloads(page).offer);
  createGallery(page, createInterpolation(page, firstSeeds().slice(0, KEY_FRAMES)));
  store.subscribe(["card"], ({ card }) => showCard(find, card));
  find("seed-form").addEventListener("submit", submitSeed);
  find("surprise").addEventListener("click", () => navigate({ seed: randomSeeds(1)[0] }));
  find("skip").addEventListener("click", (event) => {
    event.preventDefault(); // the fragment of the address is the state
    find("stage").focus();
  });
}

async function start() {
  const { signal } = new AbortController();
  createViews();
  navigate({ seed: firstSeeds()[0], gallery: history.state?.gallery ?? firstSeeds(), ...parseFragment(location.hash) });
  store.set({ list: await loadModels(signal, setStatus) });
  connectHistory(store, navigate);
  navigate({});
  refreshModels = followModels(store, announceChanges);
}

start().catch((error) => showError(error, new AbortController().signal));
