// The reader's key, where the service asks for one: kept for this tab alone.
// It goes into a header of each request, never into an address. Knows nothing of the page.

const KEPT_AS = "progan-key";
const HEADER = "X-API-Key"; // a proxy with passwords of its own may want Authorization for itself

let key = kept();
let waiting = []; // requests that go on when there is another key
let askReader = () => {};

/** Whether the reader has given a key. */
export const hasKey = () => key !== "";

/** The headers that carry the key; none where there is no key. */
export const keyHeaders = () => hasKey() ? { [HEADER]: key } : {};

/**
 * Say how the reader is asked for a key.
 * @param {(refused: boolean) => void} ask told whether a key was sent, and refused
 */
export function whenKeyIsWanted(ask) {
  askReader = ask;
}

/**
 * Wait until the reader has given another key than the one that did not do.
 * @param {object} tried the headers that were sent
 * @param {AbortSignal} signal gives up
 */
export async function anotherKey(tried, signal) {
  signal.throwIfAborted();
  if (tried[HEADER] !== keyHeaders()[HEADER]) return; // it came while the answer was under way
  const given = new Promise((resolve, reject) => {
    waiting.push(resolve);
    signal.addEventListener("abort", () => reject(signal.reason));
  });
  askReader(HEADER in tried);
  await given;
}

/** Take the key that the reader gives; throws a TypeError where no header can hold it. */
export function takeKey(text) {
  new Headers({ [HEADER]: text });
  key = text;
  keep();
  const goingOn = waiting;
  waiting = [];
  for (const goOn of goingOn) goOn();
}

/** What this tab has kept, where the browser lets it keep anything. */
function kept() {
  try {
    return sessionStorage.getItem(KEPT_AS) ?? "";
  } catch {
    return "";
  }
}

function keep() {
  try {
    sessionStorage.setItem(KEPT_AS, key);
  } catch {
    // Then it holds until the page is loaded again.
  }
}
