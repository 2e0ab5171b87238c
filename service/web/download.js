// What a reader takes away: the picture's link, files, a command and the proof of its pixels.

import { ask } from "./api.js";
import { hasKey } from "./key.js";
import { imageAddress, made } from "./pictures.js";

const FORMATS = [["png", "png"], ["webp", "webp"], ["jpeg", "jpg"]];
const KEPT_MS = 60_000; // that a file stays at hand after its link was pressed

/**
 * Give life to the section that lets a picture be taken away.
 * @param {(id: string) => HTMLElement} find an element of the page
 * @param {(reason: string) => void} say told why a file takes long
 * @param {(error: Error, signal: AbortSignal) => void} complain told why there is none
 */
export function makeDownloads(find, say, complain) {
  find("copy-link").addEventListener("click", () => copy(find("download-png").href, find("copy-link")));
  find("copy-curl").addEventListener("click", () => copy(find("curl").textContent, find("copy-curl")));
  addEventListener("click", (event) => {
    const link = event.target.closest("a[download]");
    if (!link || !hasKey()) return; // the browser does it
    event.preventDefault();
    const { signal } = new AbortController();
    takeFile(link, signal, say).then(() => say(""), (error) => complain(error, signal));
  });

  return {
    /**
     * Offer one picture.
     * @param {string} seed as the reader wrote it
     * @param {object} card of its model
     * @param {object} painter of its address
     * @param {number} resolution
     * @param {string | null} hash the SHA-256 of its pixels
     */
    offer(seed, card, painter, resolution, hash) {
      const name = [card.name, fileName(seed), painter.label && fileName(painter.label), resolution];
      for (const [format, ending] of FORMATS) {
        const link = find(`download-${format}`);
        link.href = imageAddress(seed, painter, resolution, format);
        link.download = `${name.filter(Boolean).join("-")}.${ending}`;
      }
      find("curl").textContent = commandOf(seed, { ...painter, model: card.name }, resolution);
      find("take").hidden = false;
      find("proof").textContent = hash ? `SHA-256 of the pixels, today and every day: ${hash}` : "";
    },
  };
}

/** The command that fetches a picture; the reader's key is left for its holder to fill in. */
function commandOf(seed, painter, resolution) {
  const address = new URL(imageAddress(seed, painter, resolution, "png"), document.baseURI);
  const key = hasKey() ? "-H 'X-API-Key: YOUR-KEY' " : "";
  // An apostrophe is the one sign that could end the quotes.
  return `curl ${key}-o ${fileName(seed)}.png '${address.href.replaceAll("'", "%27")}'`;
}

const fileName = (text) => text.replace(/[^\p{L}\p{N}_-]+/gu, "-").slice(0, 40).replace(/^-+|-+$/g, "") || "picture";

/** Fetch the file of a link that was pressed and hand it over: the link itself would send no key. */
async function takeFile(link, signal, onWait) {
  link.classList.add("waiting");
  try {
    const answer = await ask(link.href, signal, onWait);
    const content = URL.createObjectURL(await answer.blob());
    made("a", { href: content, download: link.download }).click();
    setTimeout(() => URL.revokeObjectURL(content), KEPT_MS);
  } finally {
    link.classList.remove("waiting");
  }
}

async function copy(text, button) {
  const before = button.textContent;
  const done = await navigator.clipboard?.writeText(text).then(() => true, () => false) || copyAsSelection(text);
  button.textContent = done ? "Copied" : "Not allowed here";
  setTimeout(() => { button.textContent = before; }, 1500);
}

/** The old way, which browsers also allow where the page came without encryption. */
function copyAsSelection(text) {
  const holder = made("textarea", { class: "hidden", readonly: "" }, text);
  document.body.append(holder);
  holder.select();
  const done = document.execCommand("copy");
  holder.remove();
  return done;
}
