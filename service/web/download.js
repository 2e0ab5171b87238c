// Files and texts that leave the page: saved by the browser, or copied. Knows nothing of pictures.

import { element } from "./elements.js";

const SAVED_MS = 60_000; // that the content of a file is kept for the browser to save it
const FEEDBACK_MS = 1500;
const titles = new WeakMap(); // of buttons that show the result of copying

/** Save what links with `download` lead to by script where a key is needed: a link sends none. */
export function saveLinksWithKey({ client, key, signal, showError }) {
  addEventListener("click", (event) => {
    const link = event.target.closest("a[download]");
    if (!link || !key.isGiven() || link.href.startsWith("blob:")) return; // the browser does it
    event.preventDefault();
    saveFile(client, link, link.href, link.download, { signal }).catch((error) => showError(error, signal));
  });
}

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
  if (!titles.has(button)) titles.set(button, button.textContent);
  const done = await navigator.clipboard?.writeText(text).then(() => true, () => false) || copySelection(text);
  button.textContent = done ? "Copied" : "Not allowed here";
  setTimeout(() => { button.textContent = titles.get(button); }, FEEDBACK_MS);
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
