// Requests to the service: pauses while it is busy or away, the reader's key, errors in words.
// Owns Retry-After and problem+json. Knows nothing of the page.

const RETRIED = [429, 502, 503]; // too many requests; a proxy without its service; busy or starting
const FIRST_RETRY_S = 2; // doubles from one attempt to the next where no answer says when
const LONGEST_RETRY_S = 15;

// Why a visitor waits, by the kind of the problem.
const REASONS = {
  "rate-exceeded": "That was a lot of pictures in a short time.",
  "queue-full": "Many pictures are being generated just now.",
  "not-ready": "The service is starting.",
  "draining": "The service is being restarted.",
};
const BUSY = "The service is busy.";
const AWAY = "The service does not answer.";

/** An answer other than 2xx, as a sentence for the reader. */
export class ApiError extends Error {
  /**
   * @param {string} message
   * @param {number} status of HTTP; 0 where there was no answer
   */
  constructor(message, status) {
    super(message);
    this.status = status;
  }

  /** Whether the model of the request has been removed or replaced. */
  get isGone() {
    return this.status === 404 || this.status === 410;
  }
}

/**
 * A client of the service, whose requests all pause together while it is busy or away.
 * @param {object} key of the reader
 * @param {(reason: string) => void} onPause called with why and how long, and with "" when it is over
 * @param {(isThere: boolean) => void} onAnswer called after each attempt with whether there was an
 *   answer of any kind
 */
export function createClient(key, onPause, onAnswer = () => {}) {
  let pausedUntil = 0; // by performance.now()
  let isAway = false; // whether it pauses since there was no answer at all
  let waiting = 0; // requests

  /**
   * The successful response to a request, with its whole body. Waits while the service is busy, or
   * cannot be reached, or stops within a body, and while it requires another key.
   * @param {string} address relative to the page
   * @param {{signal: AbortSignal, method?: string, accept?: string, body?: Blob,
   *   onProgress?: (received: number, total: number) => void}} options the signal
   *   ends the waiting, too
   * @throws {ApiError} the request cannot succeed
   */
  async function request(address, options) {
    const { signal } = options;
    for (let attempt = 0; ; attempt++) {
      await endOfPause(signal);
      const headers = key.headers();
      const response = await send(address, headers, options);
      onAnswer(response !== null);
      if (response?.ok) return response;
      if (response?.status === 401) await key.wait(headers, signal);
      else if (response && !RETRIED.includes(response.status)) throw await errorOf(response);
      else await pause(response, attempt);
    }
  }

  /**
   * The response to a single attempt, without a pause and without a prompt for a key.
   * @throws {ApiError} there was none, or not a successful one
   */
  async function requestOnce(address, signal) {
    // The browser validates what it has; so an answer that did not change costs no body.
    const response = await send(address, key.headers(), { signal, cache: "no-cache" });
    onAnswer(response !== null);
    if (!response) throw new ApiError(AWAY, 0);
    if (!response.ok) throw await errorOf(response);
    return response;
  }

  async function pause(response, attempt) {
    const seconds = retryAfter(response, attempt);
    isAway = !response;
    pausedUntil = Math.max(pausedUntil, performance.now() + seconds * 1000);
    onPause(`${await reasonOf(response)} Going on in ${inWords(seconds)}.`);
  }

  async function endOfPause(signal) {
    signal.throwIfAborted();
    if (pausedUntil <= performance.now()) return;
    waiting += 1;
    try {
      while (pausedUntil > performance.now()) await sleep(pausedUntil - performance.now(), signal);
    } finally {
      waiting -= 1;
      if (!waiting) onPause("");
    }
  }

  // Registered before any request sleeps, so that those who wake up then find the pause ended.
  globalThis.addEventListener?.("online", () => { if (isAway) pausedUntil = 0; });
  return { request, requestOnce };
}

/** The response with its whole body; null where the connection failed before its end. */
async function send(address, keyHeader, { signal, method = "GET", accept, cache = "default", body, onProgress }) {
  const headers = accept ? { ...keyHeader, Accept: accept } : keyHeader;
  try {
    const response = await fetch(address, { signal, headers, method, cache, body });
    return response.ok ? new Response(await bodyOf(response, onProgress), response) : response;
  } catch (error) {
    if (signal.aborted) throw error;
    return null;
  }
}

/** The whole body; `onProgress` is called with the bytes that have come, and how many there will be. */
async function bodyOf(response, onProgress) {
  if (!onProgress) return response.blob();
  const total = Number(response.headers.get("Content-Length")); // 0 where it is not known
  const reader = response.body.getReader();
  const pieces = [];
  let received = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    pieces.push(value);
    received += value.length;
    onProgress(received, total);
  }
  return new Blob(pieces, { type: response.headers.get("Content-Type") });
}

/** Seconds until the next attempt. */
function retryAfter(response, attempt) {
  const seconds = Math.ceil(Number(response?.headers.get("Retry-After")));
  return seconds > 0 ? seconds : Math.min(FIRST_RETRY_S * 2 ** attempt, LONGEST_RETRY_S);
}

const inWords = (seconds) => seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} minutes`;

/** Why the service does not paint now, in words for a visitor. */
async function reasonOf(response) {
  if (!response || response.status === 502) return AWAY;
  const { type = "" } = await problemOf(response);
  return REASONS[type.split(":").at(-1)] ?? BUSY;
}

const problemOf = (response) => response.json().catch(() => ({}));

async function errorOf(response) {
  const problem = await problemOf(response);
  const text = problem.detail || problem.title || `The service answered with status ${response.status}`;
  return new ApiError(text.charAt(0).toUpperCase() + text.slice(1).replace(/\.?$/, "."), response.status);
}

/** Resolves after a time, or when the network is back; rejects when aborted. */
function sleep(milliseconds, signal) {
  const done = new AbortController(); // removes the listeners
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => reject(signal.reason), done);
    globalThis.addEventListener?.("online", resolve, done);
    done.signal.addEventListener("abort", () => clearTimeout(timer));
  }).finally(() => done.abort());
}
