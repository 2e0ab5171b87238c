// The choices of some models: a slider for the truncation, a second style, and a slider for each
// direction. Each is there only where the model takes it.

import { element } from "./elements.js";
import { cleanSeed, isSeedText, randomSeeds } from "./seeds.js";
import { LARGEST_PSI, MOST_EDITS, directionsOf, editsOf, largestPsi, mixOf, takes, textOfEdits, textOfMix } from "./styling.js";

const PSI_STEP = 0.05;
const EDITS = { most: 5, step: 0.25 }; // of a slider; an address may hold longer steps
const REST_MS = 150; // of the slider, before pictures are asked for
const NO_SEED = "A seed has 1 to 128 characters; a number is below 2 to the power of 63.";

/** The elements of all choices. */
export const createStylingChoices = (page) => [createPsi(page), createMix(page), createEdits(page)];

function createPsi({ store, adjust }) {
  const slider = element("input", { id: "psi", type: "range", min: 0, max: LARGEST_PSI, step: PSI_STEP, "aria-describedby": "psi-about" });
  const value = element("output", { for: "psi" });
  const root = element("div", { class: "choice-box" },
    element("div", { class: "slider" }, element("label", { for: "psi" }, "Truncation (psi)"), slider, value),
    element("p", { id: "psi-about", class: "small" }, "Below 1: more alike, more often good. 0: the mean of all."));
  let timer = 0;

  function show(psi) {
    value.textContent = psi;
    slider.setAttribute("aria-valuetext", psi === 1 ? "1, no truncation" : String(psi));
  }

  slider.addEventListener("input", () => {
    const psi = Number(slider.value);
    show(psi);
    clearTimeout(timer);
    timer = setTimeout(() => adjust({ psi }), REST_MS);
  });
  store.subscribe(["psi", "card"], ({ psi, card }) => {
    clearTimeout(timer);
    root.hidden = !takes(card, "psi");
    slider.max = largestPsi(card);
    slider.value = psi;
    show(psi);
  });
  return root;
}

function createMix({ store, navigate, showError, signal }) {
  const seed = element("input", { id: "style-seed", type: "text", maxlength: 128, autocomplete: "off", autocapitalize: "off",
    spellcheck: "false", enterkeyhint: "go", placeholder: "a name or number", "aria-describedby": "style-about" });
  const from = element("select", { id: "style-from" });
  const none = element("button", { type: "button" }, "None");
  const chance = element("button", { type: "button", "aria-label": "Any seed for the second style" }, "Any");
  const about = element("p", { id: "style-about", class: "small" });
  const root = element("form", { class: "choice-box" },
    element("div", { class: "mix-fields" }, element("label", { for: "style-seed" }, "Second style (mix)"), seed,
      element("label", { class: "hidden", for: "style-from" }, "From which size on"), from,
      element("button", { type: "submit" }, "Add"), chance, none), about);

  function choose(text) {
    if (text && !isSeedText(text)) {
      showError(new Error(NO_SEED), signal);
      return;
    }
    navigate({ mix: text ? textOfMix({ seed: text, resolution: Number(from.value) }) : "" });
  }

  root.addEventListener("submit", (event) => {
    event.preventDefault();
    choose(cleanSeed(seed.value));
  });
  from.addEventListener("change", () => { if (store.get().mix) choose(cleanSeed(seed.value)); });
  chance.addEventListener("click", () => choose(randomSeeds(1)[0]));
  none.addEventListener("click", () => choose(""));
  store.subscribe(["mix", "card"], ({ mix, card }) => {
    root.hidden = !takes(card, "mix");
    if (root.hidden) return;
    const levels = card.resolutions.slice(1);
    const second = mixOf(mix);
    from.replaceChildren(...levels.map((size) => element("option", { value: size }, `from ${size} px on`)));
    from.value = String(second?.resolution ?? levels[Math.floor(levels.length / 2)]);
    seed.value = second?.seed ?? "";
    none.hidden = !second;
    about.textContent = second
      ? `Layers from ${second.resolution} px on have the style of “${second.seed}”.`
      : "Shapes from each picture, colours and surfaces from another seed.";
  });
  return root;
}

function createEdits({ store, adjust, navigate }) {
  const list = element("div", { class: "directions" });
  const none = element("button", { type: "button" }, "None");
  const root = element("details", { class: "choice-box edits" }, element("summary", {}, "Directions"),
    element("p", { class: "small" }, `Each changes pictures in its own way, by standard deviations; up to ${MOST_EDITS} at a time.`),
    list, none);
  const sliders = new Map(); // by name of a direction
  let timer = 0;

  function apply() {
    const edits = [...sliders].map(([name, { slider }]) => [name, Number(slider.value)]).filter(([, strength]) => strength);
    adjust({ edit: textOfEdits(edits) });
  }

  function createSlider(name) {
    const id = `edit-${name}`;
    const slider = element("input", { id, type: "range", min: -EDITS.most, max: EDITS.most, step: EDITS.step });
    const value = element("output", { for: id });
    slider.addEventListener("input", () => {
      value.textContent = slider.value;
      clearTimeout(timer);
      timer = setTimeout(apply, REST_MS);
    });
    list.append(element("div", { class: "slider" }, element("label", { for: id }, name), slider, value));
    sliders.set(name, { slider, value });
  }

  function createSliders({ card }) {
    root.hidden = !takes(card, "edit");
    list.replaceChildren();
    sliders.clear();
    if (!root.hidden) directionsOf(card).forEach(createSlider);
  }

  function show({ edit }) {
    clearTimeout(timer);
    const edits = editsOf(edit);
    none.hidden = !edits.size;
    if (edits.size) root.open = true;
    for (const [name, { slider, value }] of sliders) {
      const strength = edits.get(name) ?? 0;
      widen(slider, strength);
      slider.value = strength;
      slider.disabled = !strength && edits.size >= MOST_EDITS;
      value.textContent = strength;
    }
  }

  none.addEventListener("click", () => navigate({ edit: "" }));
  store.subscribe(["card"], createSliders);
  store.subscribe(["edit", "card"], show);
  return root;
}

/** Make a slider long enough for a value, and exact enough not to change it. */
function widen(slider, value) {
  const most = Math.max(EDITS.most, Math.abs(value));
  const isOnStep = Number.isInteger(value / EDITS.step) && most === EDITS.most;
  Object.entries({ min: -most, max: most, step: isOnStep ? EDITS.step : "any" }).forEach(([name, bound]) => slider.setAttribute(name, bound));
}
