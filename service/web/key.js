// The reader's API key, where the service requires one: stored for this tab alone.
// It goes into a header of each request, never into an address. Knows nothing of the page.

const STORAGE_NAME = "progan-key";
const HEADER = "X-API-Key"; // a proxy with passwords of its own may want Authorization for itself

/**
 * The key of this tab.
 * @param {(refused: boolean) => void} prompt asks the reader for one; called with whether a key was
 *   sent and refused
 */
export function createKey(prompt) {
  let key = storedKey();
  let pending = []; // resolves the requests that wait for another key

  /** Whether the reader has given a key. */
  const isGiven = () => key !== "";

  /** The headers that carry the key; none where there is no key. */
  const headers = () => isGiven() ? { [HEADER]: key } : {};

  /**
   * Wait until the reader has given another key than the one that was refused.
   * @param {object} sentHeaders the headers of the refused request
   * @param {AbortSignal} signal ends the waiting
   */
  async function wait(sentHeaders, signal) {
    signal.throwIfAborted();
    if (sentHeaders[HEADER] !== headers()[HEADER]) return; // it came while the request was under way
    const given = new Promise((resolve, reject) => {
      pending.push(resolve);
      signal.addEventListener("abort", () => reject(signal.reason));
    });
    prompt(HEADER in sentHeaders);
    await given;
  }

  /** Use the key that the reader gives; throws a TypeError where no header can hold it. */
  function set(text) {
    new Headers({ [HEADER]: text });
    key = text;
    storeKey(key);
    const resolved = pending;
    pending = [];
    for (const resolve of resolved) resolve();
  }

  return { isGiven, headers, wait, set };
}

/** The key that this tab has stored, where the browser lets it store anything. */
function storedKey() {
  try {
    return sessionStorage.getItem(STORAGE_NAME) ?? "";
  } catch {
    return "";
  }
}

function storeKey(key) {
  try {
    sessionStorage.setItem(STORAGE_NAME, key);
  } catch {
    // Then it holds until the page is loaded again.
  }
}
