// The choices beside the seed: model, class and size; what else a model takes is in another module.

import { element } from "./elements.js";
import { translates, viewFor } from "./models.js";
import { isSquare, sizeOf } from "./pictures.js";

const ANY_LABEL = "any: each seed has its own";

/** @param {object} page its elements, store and navigation */
export function createChoices(page) {
  const { find, store, navigate } = page;

  function showModels({ list, card, model }) {
    const options = list.models.map((each) => element("option", { value: each.name }, each.title || each.name));
    if (!list.models.some((each) => each.name === model)) {
      options.push(element("option", { value: model, disabled: "" }, `${card.title || model} (no longer offered)`));
    }
    fill("model", options, model);
  }

  function showResolutions({ card, resolution }) {
    const options = card.resolutions.map((size) =>
      element("option", { value: size }, isSquare(card) ? `${size} px` : sizeOf(card, size)));
    fill("resolution", options, String(resolution));
  }

  function showLabels({ card, label }) {
    const classes = translates(card) ? [] : card.labels; // then they are domains
    const named = classes.map((name) => element("option", { value: name }, name));
    fill("label", [element("option", { value: "" }, ANY_LABEL), ...named], label);
    find("label-choice").hidden = !named.length;
  }

  function fill(id, options, value) {
    find(id).replaceChildren(...options);
    find(id).disabled = false;
    find(id).value = value;
  }

  store.subscribe(["list", "card"], showModels);
  store.subscribe(["card", "resolution"], showResolutions);
  store.subscribe(["card", "label"], showLabels);
  find("model").addEventListener("change", () => {
    const { list, view } = store.get();
    const card = list.models.find(({ name }) => name === find("model").value);
    navigate({ model: card.name, resolution: 0, view: viewFor(card, view) });
  });
  find("resolution").addEventListener("change", () => navigate({ resolution: Number(find("resolution").value) }));
  find("label").addEventListener("change", () => navigate({ label: find("label").value }));
}
