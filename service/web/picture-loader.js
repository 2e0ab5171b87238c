// Pictures by address: few requests at a time, the newest wanted one first, the last ones kept.
// Knows neither points nor the page.

const MOST_AT_A_TIME = 3; // a service answers others, too
const KEPT_BYTES = 24 << 20; // of pictures

/**
 * A loader with a memory, for one view.
 * @param {object} client makes the requests
 * @param {AbortSignal} signal ends all of them
 */
export function createPictureLoader(client, signal) {
  const kept = createKeptFiles(KEPT_BYTES); // by address
  const waiting = new Map(); // address -> { promise, wishes, ... }, the oldest first
  const running = new Map(); // address -> promise

  /**
   * The picture of an address.
   * @returns {Promise<Blob | null>} null where all who wished for it have given it up
   */
  function load(address) {
    const blob = kept.get(address);
    if (blob) return Promise.resolve(blob);
    if (running.has(address)) return running.get(address);
    const entry = waiting.get(address) ?? createEntry();
    entry.wishes += 1;
    waiting.delete(address);
    waiting.set(address, entry); // as the newest
    startNext();
    return entry.promise;
  }

  /** Give up a wish; what is under way comes nevertheless, and is kept. */
  function forget(address) {
    const entry = waiting.get(address);
    if (!entry || --entry.wishes > 0) return;
    waiting.delete(address);
    entry.resolve(null);
  }

  function startNext() {
    while (running.size < MOST_AT_A_TIME && waiting.size) {
      const [address, entry] = [...waiting].at(-1);
      waiting.delete(address);
      running.set(address, entry.promise);
      fetchPicture(address).then(entry.resolve, entry.reject);
    }
  }

  async function fetchPicture(address) {
    try {
      const blob = await (await client.request(address, { signal })).blob();
      kept.put(address, blob);
      return blob;
    } finally {
      running.delete(address);
      if (!signal.aborted) startNext();
    }
  }

  return { get: kept.get, put: kept.put, load, forget };
}

function createEntry() {
  const entry = { wishes: 0 };
  entry.promise = new Promise((resolve, reject) => Object.assign(entry, { resolve, reject }));
  entry.promise.catch(() => {}); // who waits for it hears of it
  return entry;
}

/** Files by their key; the one that was used least recently goes first, beyond `limit` bytes. */
function createKeptFiles(limit) {
  const files = new Map();
  let bytes = 0;

  function get(key) {
    const blob = files.get(key);
    if (!blob) return null;
    files.delete(key);
    files.set(key, blob);
    return blob;
  }

  function put(key, blob) {
    if (files.has(key) || blob.size > limit) return;
    files.set(key, blob);
    bytes += blob.size;
    for (const [oldest, { size }] of files) {
      if (bytes <= limit) return;
      files.delete(oldest);
      bytes -= size;
    }
  }

  return { get, put };
}
