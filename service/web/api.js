// Asking the service: patience while it is busy, the reader's key, and its errors in words.
// Owns retries and problem+json. Knows nothing of the page.

import { anotherKey, keyHeaders } from "./key.js";

const LONGEST_WAIT_S = 30;
const USUAL_WAIT_S = 2;

/** What the service refused, in a sentence for the reader. */
export class Refusal extends Error {}

/**
 * The good answer to a GET; waits and asks again while the service is busy or not there yet, and
 * while it wants another key.
 * @param {string} address relative to the page
 * @param {AbortSignal} signal gives up
 * @param {(reason: string) => void} onWait told why it takes longer
 */
export async function ask(address, signal, onWait) {
  for (;;) {
    const headers = keyHeaders();
    const answer = await fetch(address, { signal, headers }).catch((error) => {
      if (signal.aborted) throw error;
      return null;
    });
    if (answer?.ok) return answer;
    if (answer?.status === 401) {
      await anotherKey(headers, signal);
      continue;
    }
    if (answer && answer.status !== 503 && answer.status !== 429) throw new Refusal(await inWords(answer));
    const seconds = waitOf(answer);
    const reason = answer ? await inWords(answer) : "The service does not answer.";
    onWait(`${reason} Asking again in ${seconds} s.`);
    await sleep(seconds * 1000, signal);
  }
}

/** Seconds until it is worth asking again: what the answer says, within reason. */
function waitOf(answer) {
  const said = Number(answer?.headers.get("Retry-After"));
  return Math.min(Math.max(Math.ceil(said) || USUAL_WAIT_S, 1), LONGEST_WAIT_S);
}

/** The error of an answer as a sentence. */
async function inWords(answer) {
  const problem = await answer.json().catch(() => ({}));
  const text = problem.detail || problem.title || `The service answered with status ${answer.status}`;
  return text.charAt(0).toUpperCase() + text.slice(1).replace(/\.?$/, ".");
}

function sleep(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
