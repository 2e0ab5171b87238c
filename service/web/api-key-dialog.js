// The field for the reader's key, and what else changes on the page where one is needed.
// The key itself is the business of `key.js`.

import { hasKey, takeKey, whenKeyIsWanted } from "./key.js";

/**
 * Ask the reader for a key whenever the service wants one.
 * @param {(id: string) => HTMLElement} find an element of the page
 * @param {(reason: string) => void} say tells why the page waits
 */
export function makeKeyDialog(find, say) {
  function open() {
    const key = find("key").value.trim();
    if (!key) return;
    try {
      takeKey(key);
    } catch {
      explain("This key has a sign that cannot be sent. Type another.");
      return;
    }
    explain("");
    find("key").value = "";
    find("key-form").hidden = true;
  }

  function close(refused) {
    markClosed();
    say("");
    explain(refused ? "This key was refused. Type another." : "");
    if (!find("key-form").hidden) return; // it is being typed
    find("key-form").hidden = false;
    find("key").focus();
  }

  function explain(reason) {
    find("key-refused").textContent = reason;
    find("key-refused").hidden = !reason;
  }

  if (hasKey()) markClosed();
  whenKeyIsWanted(close);
  find("key-form").addEventListener("submit", (event) => { event.preventDefault(); open(); });
}

/** Show what matters only where the service is closed, and hide what leads nowhere there. */
const markClosed = () => document.documentElement.classList.add("closed");
