// The page a person sees at /: a bar with seed and choices, and one view at a time below it.
// It uses only addresses that anyone may use; what it shows is one state (`store.js`), which the
// address holds (`address.js`).

import { usualFields } from "./address.js";
import { createClient } from "./api.js";
import { createKeyDialog } from "./api-key-dialog.js";
import { createChoices } from "./choices.js";
import { saveLinksWithKey } from "./download.js";
import { createErrorLine } from "./error-line.js";
import { createMemory } from "./memory.js";
import { followModels } from "./models.js";
import { createNavigation, rememberedFields } from "./navigation.js";
import { createNotice } from "./notice.js";
import { shapeOf } from "./pictures.js";
import { cleanSeed, randomSeeds } from "./seeds.js";
import { createStore } from "./store.js";
import { createStylingChoices } from "./styling-choices.js";
import { createViews } from "./views.js";

const find = (id) => document.getElementById(id);
const { signal } = new AbortController(); // of the page: nothing ends it
const store = createStore({
  ...usualFields(), ...rememberedFields(), view: "", list: null, source: null, card: null, reachable: true, pause: "", seen: [], favourites: [], attempt: 0,
});
const notice = createNotice(find);
const errorLine = createErrorLine(find("error"));
const key = createKeyDialog(find);
const client = createClient(key, (pause) => store.set({ pause }), (reachable) => store.set({ reachable }));
const memory = createMemory(store, notice.show);
const { navigate, adjust, open, settle } = createNavigation(store, notice);
const models = followModels({ store, client, navigate, notice });
const page = {
  find, store, client, key, notice, memory, navigate, adjust, setStatus, showError, clearError: errorLine.clear, clearErrorOf: errorLine.settle, signal,
};

function setStatus(text) {
  find("status").textContent = text;
}

/**
 * Show why something failed; nothing is shown of what was aborted.
 * @param {AbortSignal} aborted of the request
 * @param {{show?: (text: string, pictures?: Element[]) => void, isWanted?: boolean, pictures?: Element[]}} options
 *   where to show it; whether the picture is to be painted by a newer version of the model instead
 *   where there is one; and the pictures in view that it is about (`error-line.js`)
 */
async function showError(error, aborted, { show = showFailure, isWanted = false, pictures } = {}) {
  if (aborted.aborted) return;
  show(error.message, pictures);
  if (error.isGone) await models.recover(aborted, isWanted);
}

function showFailure(text, pictures) {
  errorLine.show(text, pictures);
  setStatus("");
}

function submitSeed(event) {
  event.preventDefault();
  const seed = cleanSeed(find("seed").value);
  if (seed) navigate({ view: "picture", seed, end: "", attempt: store.get().attempt + 1 });
}

/** What stands above every view. */
function createBar() {
  find("seed-form").addEventListener("submit", submitSeed);
  find("surprise").addEventListener("click", () => navigate({ view: "picture", seed: randomSeeds(1)[0], end: "" }));
  find("skip").addEventListener("click", (event) => {
    event.preventDefault(); // the fragment of the address is the state
    find("view").focus();
  });
  store.subscribe(["pause", "reachable"], ({ pause, reachable }) => {
    find("pause").textContent = pause || (reachable ? "" : "The service does not answer. What is here stays, and this page goes on by itself.");
  });
}

function followState() {
  createChoices(page);
  find("styling").append(...createStylingChoices(page));
  saveLinksWithKey(page);
  store.subscribe(["view", "seed"], ({ view, seed }) => {
    if (document.activeElement !== find("seed")) find("seed").value = view === "picture" ? seed : "";
  });
  store.subscribe(["card"], ({ card }) => document.documentElement.style.setProperty("--shape", shapeOf(card)));
}

async function start() {
  createBar();
  open();
  await models.load(signal);
  settle();
  followState();
  createViews(find("view"), find("views"), page);
}

start().catch((error) => showError(error, signal));
