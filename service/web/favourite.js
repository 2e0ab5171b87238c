// The button that makes the picture of the state a favourite, or no longer one.

import { element } from "./elements.js";
import { includes, pictureOf } from "./memory.js";

/** The button; it says which of both the picture is now. */
export function createFavourite({ store, memory, signal }) {
  const button = element("button", { type: "button" });
  button.addEventListener("click", () => memory.toggle(pictureOf(store.get())));
  store.subscribe(["favourites", "seed", "end", "t", "card", "label"], (state) => {
    const isFavourite = includes(state.favourites, pictureOf(state));
    button.textContent = isFavourite ? "♥ Favourite" : "♡ Favourite";
    button.setAttribute("aria-pressed", String(isFavourite));
  }, signal);
  return button;
}
