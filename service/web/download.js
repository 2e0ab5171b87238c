// What a reader takes away: links, files, a command and the digest of the pixels.

import { element } from "./elements.js";
import { imageAddress, newestModel, pinnedModel } from "./pictures.js";

const FORMATS = [["png", "png", "PNG"], ["webp", "webp", "WebP"], ["jpeg", "jpg", "JPEG"]];
const SAVED_MS = 60_000; // that the content of a file is kept for the browser to save it
const FEEDBACK_MS = 1500;

/**
 * Fill the section that lets a picture be taken away.
 * @param {HTMLElement} root
 * @param {object} page its client and key
 * @returns {(state: object, headers: Headers) => void} offers the picture of a state
 */
export function createDownloads(root, { key }) {
  const links = Object.fromEntries(FORMATS.map(([format, , title]) =>
    [format, element("a", { class: "button", href: "docs", download: "" }, title)]));
  let addresses = {};
  const copyButton = (title, text) => {
    const button = element("button", { type: "button" }, title);
    button.addEventListener("click", () => copyText(text(), button));
    return button;
  };
  const rows = [
    ["Always this picture", () => addresses.pinned, "Never shows another one. When the model is replaced, this link answers only for a while longer; what lasts is the file."],
    ["This name, newest model", () => addresses.newest, "Goes on working when the model is replaced, and then shows the new model’s picture of this name."],
    ["This page", () => location.href, "As it is now: this name, this size, this model in its newest version."],
  ].map(([title, text, about]) => element("li", {}, copyButton(title, text), element("p", { class: "small" }, about)));
  const command = element("code", { tabindex: "0", role: "region", "aria-labelledby": "curl-title" });
  const digest = element("p", { class: "small digest" });
  root.append(
    element("h2", { id: "take-title" }, "Take it with you"),
    element("div", { class: "actions" }, ...Object.values(links)),
    element("h3", { id: "links-title" }, "Copy a link to"),
    element("ul", { class: "links", "aria-labelledby": "links-title" }, ...rows),
    element("h3", { id: "curl-title" }, "The command for this name, newest model"),
    element("div", { class: "command" }, command, copyButton("Copy", () => command.textContent)),
    element("p", { class: "small with-key" }, "Links to a picture and the command need a key, as the pictures here do."),
    digest,
  );
  root.hidden = true;

  return (state, headers) => {
    const { seed, card, label, resolution } = state;
    const name = [card.name, fileName(seed), label && fileName(label), resolution].filter(Boolean).join("-");
    for (const [format, ending] of FORMATS) {
      links[format].href = imageAddress({ ...state, ...pinnedModel(state), format });
      links[format].download = `${name}.${ending}`;
    }
    const absolute = (model) => new URL(imageAddress({ ...state, ...model }), document.baseURI).href;
    addresses = { pinned: absolute(pinnedModel(state)), newest: absolute(newestModel(state)) };
    command.textContent = commandOf(seed, addresses.newest, key.isGiven());
    root.hidden = false;
    const sha256 = headers.get("X-Pixel-SHA256");
    digest.textContent = sha256 ? `SHA-256 of its pixels: ${sha256}` : "";
  };
}

/** Save what links with `download` lead to by script where a key is needed: a link sends none. */
export function saveLinksWithKey({ client, key, signal, showError }) {
  addEventListener("click", (event) => {
    const link = event.target.closest("a[download]");
    if (!link || !key.isGiven() || link.href.startsWith("blob:")) return; // the browser does it
    event.preventDefault();
    saveFile(client, link, link.href, link.download, { signal }).catch((error) => showError(error, signal));
  });
}

/** The command that fetches an address; the reader's key is left for its holder to fill in. */
function commandOf(seed, address, isKeyNeeded) {
  const key = isKeyNeeded ? "-H 'X-API-Key: YOUR-KEY' " : "";
  // An apostrophe is the one sign that could end the quotes.
  return `curl ${key}-o ${fileName(seed)}.png '${address.replaceAll("'", "%27")}'`;
}

const fileName = (text) => text.replace(/[^\p{L}\p{N}_-]+/gu, "-").slice(0, 40).replace(/^-+|-+$/g, "") || "picture";

/** Fetch a file and have the browser save it: a link alone sends neither key nor POST. */
export async function saveFile(client, button, address, name, options) {
  button.classList.add("waiting");
  try {
    const response = await client.request(address, options);
    saveBlob(await response.blob(), name);
  } finally {
    button.classList.remove("waiting");
  }
}

/** Have the browser save a file. */
export function saveBlob(blob, name) {
  const content = URL.createObjectURL(blob);
  element("a", { href: content, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(content), SAVED_MS);
}

/** Copy a text, and say on the button whether that was allowed. */
export async function copyText(text, button) {
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
