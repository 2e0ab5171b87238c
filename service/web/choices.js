// The choices beside the picture: model, class and resolution.

import { element, isSquare, sizeOf } from "./pictures.js";

const ANY_LABEL = "any: each seed has its own";

/** @param {object} page its elements, store and navigation */
export function createChoices({ find, store, navigate }) {
  function showModels({ list, card, model }) {
    const options = list.models.map((each) => element("option", { value: each.name }, each.title || each.name));
    if (!list.models.some((each) => each.name === model)) {
      options.push(element("option", { value: model, disabled: "" }, `${card.title || model} (no longer offered)`));
    }
    find("model").replaceChildren(...options);
    find("model").disabled = false;
    find("model").value = model;
  }

  function showResolutions({ card, resolution }) {
    find("resolutions").replaceChildren(...card.resolutions.map((size) => {
      const radio = element("input", { type: "radio", name: "resolution", value: size });
      radio.checked = size === resolution;
      radio.addEventListener("change", () => navigate({ resolution: size }));
      return element("label", {}, radio, isSquare(card) ? String(size) : sizeOf(card, size));
    }));
  }

  function showLabels({ card, label }) {
    const named = card.labels.map((name) => element("option", { value: name }, name));
    find("label").replaceChildren(element("option", { value: "" }, ANY_LABEL), ...named);
    find("label").value = label;
    find("label-choice").hidden = !named.length;
  }

  store.subscribe(["list", "card"], showModels);
  store.subscribe(["card", "resolution"], (state) => {
    const focused = find("resolutions").contains(document.activeElement);
    showResolutions(state);
    if (focused) find("resolutions").querySelector(":checked").focus();
  });
  store.subscribe(["card", "label"], showLabels);
  find("model").addEventListener("change", () => navigate({ model: find("model").value }));
  find("label").addEventListener("change", () => navigate({ label: find("label").value }));
}
