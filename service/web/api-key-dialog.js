// The form for the reader's API key, and what else changes on the page where one is required.
// What is done with the key is the business of `key.js`.

import { createKey } from "./key.js";

/**
 * The key of this tab, which the reader is asked for whenever the service requires one.
 * @param {(id: string) => HTMLElement} find an element of the page
 * @returns {object} the key, as `createKey` makes it
 */
export function createKeyDialog(find) {
  const key = createKey(prompt);

  function submit(event) {
    event.preventDefault();
    const text = find("key").value.trim();
    if (!text) return;
    try {
      key.set(text);
    } catch {
      showRefusal("This key has a sign that cannot be sent. Type another.");
      return;
    }
    showRefusal("");
    find("key").value = "";
    find("key-form").hidden = true;
  }

  function prompt(refused) {
    markKeyRequired();
    showRefusal(refused ? "This key was refused. Type another." : "");
    if (!find("key-form").hidden) return; // it is being typed
    find("key-form").hidden = false;
    find("key").focus();
  }

  function showRefusal(reason) {
    find("key-refused").textContent = reason;
    find("key-refused").hidden = !reason;
  }

  if (key.isGiven()) markKeyRequired();
  find("key-form").addEventListener("submit", submit);
  return key;
}

/** Show what matters only where a key is required, and hide links that lead nowhere there. */
const markKeyRequired = () => document.documentElement.classList.add("key-required");
