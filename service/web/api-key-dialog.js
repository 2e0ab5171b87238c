// The form for the reader's API key, and what else changes on the page where one is required.
// The key itself is the business of `key.js`.

import { hasKey, onKeyRequired, setKey } from "./key.js";

/**
 * Ask the reader for a key whenever the service requires one.
 * @param {(id: string) => HTMLElement} find an element of the page
 * @param {(text: string) => void} setStatus shows why the page waits
 */
export function createKeyDialog(find, setStatus) {
  function submit(event) {
    event.preventDefault();
    const key = find("key").value.trim();
    if (!key) return;
    try {
      setKey(key);
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
    setStatus("");
    showRefusal(refused ? "This key was refused. Type another." : "");
    if (!find("key-form").hidden) return; // it is being typed
    find("key-form").hidden = false;
    find("key").focus();
  }

  function showRefusal(reason) {
    find("key-refused").textContent = reason;
    find("key-refused").hidden = !reason;
  }

  if (hasKey()) markKeyRequired();
  onKeyRequired(prompt);
  find("key-form").addEventListener("submit", submit);
}

/** Show what matters only where a key is required, and hide links that lead nowhere there. */
const markKeyRequired = () => document.documentElement.classList.add("key-required");
