// What a reader takes away: links, files, a command and the digest of the pixels.

import { request } from "./api.js";
import { hasKey } from "./key.js";
import { element, imageAddress, newestModel, pinnedModel } from "./pictures.js";

const FORMATS = [["png", "png"], ["webp", "webp"], ["jpeg", "jpg"]];
const SAVED_MS = 60_000; // that the content of a file is kept for the browser to save it
const FEEDBACK_MS = 1500;

/**
 * The section that lets a picture be taken away.
 * @param {object} page its elements, status and errors
 */
export function createDownloads({ find, setStatus, showError }) {
  let links = {};
  const absolute = (address) => new URL(address, document.baseURI).href;
  for (const kind of ["pinned", "newest"]) {
    find(`copy-${kind}`).addEventListener("click", (event) => copyText(links[kind], event.currentTarget));
  }
  find("copy-page").addEventListener("click", (event) => copyText(location.href, event.currentTarget));
  find("copy-curl").addEventListener("click", (event) => copyText(find("curl").textContent, event.currentTarget));
  addEventListener("click", (event) => {
    const link = event.target.closest("a[download]");
    if (!link || !hasKey()) return; // the browser does it
    event.preventDefault();
    const { signal } = new AbortController();
    saveFile(link, link.href, link.download, signal, setStatus).then(() => setStatus(""), (error) => showError(error, signal));
  });

  /** Offer the picture of a state, which came with these headers. */
  function offer(state, headers) {
    const { seed, card, label, resolution } = state;
    const name = [card.name, fileName(seed), label && fileName(label), resolution];
    for (const [format, ending] of FORMATS) {
      const link = find(`download-${format}`);
      link.href = imageAddress(seed, pinnedModel(state), resolution, format);
      link.download = `${name.filter(Boolean).join("-")}.${ending}`;
    }
    const addressWith = (model) => absolute(imageAddress(seed, model, resolution, "png"));
    links = { pinned: addressWith(pinnedModel(state)), newest: addressWith(newestModel(state)) };
    find("curl").textContent = commandOf(seed, links.newest);
    find("take").hidden = false;
    const digest = headers.get("X-Pixel-SHA256");
    find("digest").textContent = digest ? `SHA-256 of its pixels: ${digest}` : "";
  }

  return { offer };
}

/** The command that fetches an address; the reader's key is left for its holder to fill in. */
function commandOf(seed, address) {
  const key = hasKey() ? "-H 'X-API-Key: YOUR-KEY' " : "";
  // An apostrophe is the one sign that could end the quotes.
  return `curl ${key}-o ${fileName(seed)}.png '${address.replaceAll("'", "%27")}'`;
}

const fileName = (text) => text.replace(/[^\p{L}\p{N}_-]+/gu, "-").slice(0, 40).replace(/^-+|-+$/g, "") || "picture";

/** Fetch a file and have the browser save it: a link alone sends neither key nor POST. */
export async function saveFile(button, address, name, signal, onWait, options) {
  button.classList.add("waiting");
  try {
    const response = await request(address, signal, onWait, options);
    const content = URL.createObjectURL(await response.blob());
    element("a", { href: content, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(content), SAVED_MS);
  } finally {
    button.classList.remove("waiting");
  }
}

async function copyText(text, button) {
  const before = button.textContent;
  const done = await navigator.clipboard?.writeText(text).then(() => true, () => false) || copySelection(text);
  button.textContent = done ? "Copied" : "Not allowed here";
  setTimeout(() => { button.textContent = before; }, FEEDBACK_MS);
}

/** The old way, which browsers also allow where the page came without encryption. */
function copySelection(text) {
  const holder = element("textarea", { class: "hidden", readonly: "" }, text);
  document.body.append(holder);
  holder.select();
  const done = document.execCommand("copy");
  holder.remove();
  return done;
}
