// Links to other states of the page: they go there without loading it again, and open in a new tab
// like any link. Knows no view.

import { formatAddress } from "./address.js";
import { element } from "./elements.js";

/**
 * A link to a state that may change while the link is there.
 * @param {object} page its store and navigation
 * @param {object} attributes of the element
 * @returns {{root: HTMLElement, lead: (changes: object) => void}} `lead` sets where it goes: the
 *   fields that differ from the state of that moment
 */
export function createStateLink({ store, navigate }, attributes, ...children) {
  let changes = {};
  const root = element("a", { href: "#", ...attributes }, ...children);
  root.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // into another tab
    event.preventDefault();
    navigate(changes);
  });
  const lead = (target) => {
    changes = target;
    root.setAttribute("href", formatAddress({ ...store.get(), ...target }));
  };
  return { root, lead };
}
