// The page a person sees at /: one seed on the stage, its sizes, others, a walk, the card.
// It uses only addresses that anyone may use; the state is in the fragment of the page's address.

import { ask } from "./api.js";
import { showCard } from "./card.js";
import { makeKeyDialog } from "./api-key-dialog.js";
import { firstSeeds, framed, imageAddress, isSquare, made, randomSeeds, display, shapeOf, sizeOf, thumbnailOf } from "./pictures.js";
import { makeDownloads } from "./download.js";
import { makeInterpolation } from "./interpolation.js";

const OTHERS = 12;
const ANY = "any: each seed has its own";
const find = (id) => document.getElementById(id);

let cards = [];
let card = null; // of the chosen model
let seed = "";
let resolution = 0;
let label = ""; // of the chosen class; empty: each seed brings its own
let dealt = firstSeeds(); // the seeds of the others
let painting = new AbortController(); // of the stage and its sizes
let dealing = new AbortController(); // of the others
const painter = () => label ? { model: card.pinned_name, label } : { model: card.pinned_name };
const walk = makeInterpolation(find, () => card, painter);

const say = (text) => { find("status").textContent = text; };

function complain(error, signal) {
  if (signal.aborted) return;
  find("error").textContent = error.message;
  find("error").hidden = false;
  say("");
}

const taking = makeDownloads(find, say, complain);

// --- The stage --------------------------------------------------------------------------------

async function paint() {
  painting.abort();
  painting = new AbortController();
  const { signal } = painting;
  find("error").hidden = true;
  say("Painting …");
  remember();
  try {
    const address = imageAddress(seed, painter(), resolution, "png");
    const headers = await display(find("picture"), address, `What the model paints for “${seed}”`, signal, say);
    say("");
    tell(headers);
    taking.offer(seed, card, painter(), resolution, headers.get("X-Pixel-SHA256"));
    await showSizes(signal);
  } catch (error) {
    complain(error, signal);
  }
}

/** What the answer says of the picture on the stage. */
function tell(headers) {
  const number = headers.get("X-Seed") ?? seed;
  const meaning = number === seed ? "" : ` is seed ${number}`;
  const told = headers.get("X-Label");
  const kind = told === null ? "" : `, class ${decodeURIComponent(told)}`;
  const size = `${sizeOf(card, resolution)} pixels`;
  find("caption").replaceChildren(made("strong", {}, seed), `${meaning}${kind}, ${size}${timeOf(headers)}`);
}

function timeOf(headers) {
  const told = /generate;dur=([\d.]+)/.exec(headers.get("Server-Timing") ?? "");
  return told ? `, painted in ${Math.max(1, Math.round(Number(told[1])))} ms` : "";
}

async function showSizes(signal) {
  const tiles = card.resolutions.map((size) => {
    const tile = made("button", { class: "tile", type: "button", "aria-current": String(size === resolution) },
      framed(), made("span", {}, isSquare(card) ? `${size} px` : sizeOf(card, size)));
    tile.addEventListener("click", () => { resolution = size; showResolutions(); paint(); });
    return tile;
  });
  find("sizes").replaceChildren(...tiles.map((tile) => made("li", {}, tile)));
  await Promise.all(card.resolutions.map(async (size, place) => {
    const address = imageAddress(seed, painter(), size, "png");
    await display(tiles[place].querySelector("img"), address, `${seed} at ${sizeOf(card, size)} pixels`, signal, say);
  }));
  say("");
}

function show(newSeed) {
  seed = newSeed;
  find("seed").value = seed;
  if (card) paint(); // else the models are still on their way, and it is painted when they arrive
}

// --- The others -------------------------------------------------------------------------------

function deal(seeds) {
  dealing.abort();
  dealing = new AbortController();
  dealt = seeds;
  find("others").replaceChildren(...seeds.map((other) => {
    const frame = framed();
    const tile = made("button", { class: "tile", type: "button" }, frame, made("span", {}, other));
    tile.addEventListener("click", () => { show(other); find("stage").scrollIntoView({ block: "nearest" }); });
    const add = made("button", { class: "add", type: "button", "aria-label": `Put ${other} on the path` }, "+");
    add.addEventListener("click", () => walk.add(other));
    const { signal } = dealing;
    const address = imageAddress(other, painter(), thumbnailOf(card), "png");
    display(frame.firstChild, address, "", signal, say).catch((error) => complain(error, signal));
    return made("li", {}, tile, add);
  }));
}

// --- Choices ----------------------------------------------------------------------------------

function showResolutions() {
  find("resolutions").replaceChildren(...card.resolutions.map((size) => {
    const radio = made("input", { type: "radio", name: "resolution", value: size });
    radio.checked = size === resolution;
    radio.addEventListener("change", () => { resolution = size; paint(); });
    return made("label", {}, radio, isSquare(card) ? String(size) : sizeOf(card, size));
  }));
}

function showLabels() {
  const named = card.labels.map((name) => made("option", { value: name }, name));
  find("label").replaceChildren(made("option", { value: "" }, ANY), ...named);
  find("label").value = label;
  find("label-choice").hidden = !named.length;
}

/** The same seeds, of another class. */
function chooseLabel(name) {
  label = name;
  paint();
  deal(dealt);
  walk.redraw();
}

function choose(name, wantedResolution, wantedLabel) {
  card = cards.find((each) => each.name === name) ?? cards[0];
  const largest = Math.max(...card.resolutions);
  resolution = card.resolutions.includes(wantedResolution) ? wantedResolution : largest;
  label = card.labels.includes(wantedLabel) ? wantedLabel : "";
  find("model").value = card.name;
  document.documentElement.style.setProperty("--shape", shapeOf(card));
  showResolutions();
  showLabels();
  showCard(card, find("card-title"), find("card-text"), find("card-facts"));
  paint();
  deal(firstSeeds());
  walk.start(firstSeeds().slice(0, 3));
}

function remember() {
  const state = new URLSearchParams({ seed, model: card.name, resolution, ...(label && { label }) });
  history.replaceState(null, "", `#${state}`);
}

// --- The beginning ----------------------------------------------------------------------------

function listen() {
  find("seed-form").addEventListener("submit", (event) => {
    event.preventDefault();
    if (find("seed").value) show(find("seed").value);
  });
  find("surprise").addEventListener("click", () => show(randomSeeds(1)[0]));
  find("deal").addEventListener("click", () => card && deal(randomSeeds(OTHERS)));
  find("model").addEventListener("change", () => choose(find("model").value, resolution, label));
  find("label").addEventListener("change", () => chooseLabel(find("label").value));
  addEventListener("hashchange", () => location.reload()); // somebody pasted another address
}

async function begin() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  const { signal } = new AbortController();
  listen();
  makeKeyDialog(find, say);
  show(wanted.get("seed") || firstSeeds()[0]);
  const list = await (await ask("models", signal, say)).json();
  cards = list.models;
  find("model").replaceChildren(...cards.map((each) => made("option", { value: each.name }, each.title || each.name)));
  find("model").disabled = false;
  choose(wanted.get("model") ?? list.default, Number(wanted.get("resolution")), wanted.get("label"));
}

begin().catch((error) => complain(error, new AbortController().signal));
