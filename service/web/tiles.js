// What a picture in a grid offers: a link to it, a mark as favourite, and its name.

import { formatAddress } from "./address.js";
import { element } from "./elements.js";
import { includes } from "./memory.js";
import { fieldsOfStyling } from "./styling.js";

/**
 * A function that completes a tile of a grid.
 * @param {object} page
 * @param {{named?: boolean}} options whether the name of each picture is always seen
 */
export function createTiles(page, { named = false } = {}) {
  const { store, navigate, memory, signal } = page;
  const pictures = new WeakMap(); // by heart; it keeps no tile that has left the page

  function fill(link, picture) {
    const name = nameOf(picture);
    const { styling, ...point } = picture;
    const target = { view: "picture", ...point, ...fieldsOfStyling(styling), model: picture.model.split("@")[0] };
    link.setAttribute("aria-label", name);
    link.href = formatAddress({ ...store.get(), ...target });
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return; // into another tab
      event.preventDefault();
      navigate(target);
    });
    return [createHeart(picture, name), element("span", { class: named ? "name" : "name brief", "aria-hidden": "true" }, name)];
  }

  function createHeart(picture, name) {
    const button = element("button", { class: "heart", type: "button", tabindex: "-1", "aria-label": `Favourite: ${name}` });
    button.addEventListener("click", () => memory.toggle(picture));
    pictures.set(button, picture);
    mark(button, picture);
    return button;
  }

  function mark(button, picture) {
    const isFavourite = includes(store.get().favourites, picture);
    button.setAttribute("aria-pressed", String(isFavourite));
    button.textContent = isFavourite ? "♥" : "♡";
  }

  store.subscribe(["favourites"], () => {
    for (const button of document.querySelectorAll(".heart")) {
      if (pictures.has(button)) mark(button, pictures.get(button));
    }
  }, signal);
  return fill;
}

/** A picture in words. */
export const nameOf = ({ seed, end, t }) => end ? `${seed} → ${end}, ${Math.round(100 * t)} %` : seed;
