// Requests to the service: retries while it is busy or away, the reader's key, errors in words.
// Owns Retry-After and problem+json. Knows nothing of the page.

import { keyHeaders, waitForKey } from "./key.js";

const RETRIED = [429, 502, 503]; // too many requests; a proxy without its service; busy or starting
const FIRST_RETRY_S = 2; // doubles from one attempt to the next where no answer says when
const LONGEST_RETRY_S = 15;

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
 * The successful response to a request, with its whole body. Retries while the service is busy, or
 * cannot be reached, or stops within a body, and while it requires another key.
 * @param {string} address relative to the page
 * @param {AbortSignal} signal ends the waiting
 * @param {(reason: string) => void} onWait called with the reason before each retry
 * @param {{method?: string, accept?: string, body?: Blob}} options
 * @throws {ApiError} the request cannot succeed
 */
export async function request(address, signal, onWait, options = {}) {
  for (let attempt = 0; ; attempt++) {
    const headers = keyHeaders();
    const response = await send(address, signal, headers, options);
    if (response?.ok) return response;
    if (response?.status === 401) {
      await waitForKey(headers, signal);
      continue;
    }
    if (response && !RETRIED.includes(response.status)) throw await errorOf(response);
    const seconds = retryAfter(response, attempt);
    const reason = response ? (await errorOf(response)).message : "The service does not answer.";
    onWait(`${reason} Trying again in ${inWords(seconds)}.`);
    await sleep(seconds * 1000, signal, !response);
  }
}

/**
 * The response to a single attempt without a prompt for a key.
 * @throws {ApiError} there was none, or not a successful one
 */
export async function requestOnce(address, signal) {
  // The browser validates what it has; so an answer that did not change costs no body.
  const response = await send(address, signal, keyHeaders(), { cache: "no-cache" });
  if (!response) throw new ApiError("The service does not answer.", 0);
  if (!response.ok) throw await errorOf(response);
  return response;
}

/** The response with its whole body; null where the connection failed before its end. */
async function send(address, signal, keyHeader, { method = "GET", accept, cache = "default", body }) {
  const headers = accept ? { ...keyHeader, Accept: accept } : keyHeader;
  try {
    const response = await fetch(address, { signal, headers, method, cache, body });
    return response.ok ? new Response(await response.blob(), response) : response;
  } catch (error) {
    if (signal.aborted) throw error;
    return null;
  }
}

/** Seconds until the next attempt. */
function retryAfter(response, attempt) {
  const seconds = Math.ceil(Number(response?.headers.get("Retry-After")));
  return seconds > 0 ? seconds : Math.min(FIRST_RETRY_S * 2 ** attempt, LONGEST_RETRY_S);
}

const inWords = (seconds) => seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} minutes`;

async function errorOf(response) {
  const problem = await response.json().catch(() => ({}));
  const text = problem.detail || problem.title || `The service answered with status ${response.status}`;
  return new ApiError(text.charAt(0).toUpperCase() + text.slice(1).replace(/\.?$/, "."), response.status);
}

/** Resolves after a time, or once the network is back where `untilOnline`; rejects when aborted. */
function sleep(milliseconds, signal, untilOnline) {
  const done = new AbortController(); // removes the listeners
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => reject(signal.reason), done);
    if (untilOnline) globalThis.addEventListener?.("online", resolve, done);
    done.signal.addEventListener("abort", () => clearTimeout(timer));
  }).finally(() => done.abort());
}
