// The view of models that translate pictures: a picture is dropped, chosen or pasted, and stands
// beside its translation. It goes to this service alone, and stays in this tab.

import { copyText, saveFile } from "../download.js";
import { element, pictureFrame, showBlob } from "../elements.js";
import { pinnedModel, sizeOf, translationAddress } from "../pictures.js";
import { commandOf } from "../snippets.js";

const FORMATS = [["png", "PNG"], ["webp", "WebP"], ["jpg", "JPEG"]];
const TAKEN = ["image/png", "image/jpeg", "image/webp"];
const LARGEST_FILE = 64 << 20; // bytes; no service takes more, and a browser need not send them
const SHOWN = ["source", "card", "to", "resolution"];

/** Fill `root` with the view. */
export function mount(root, page) {
  const { store, signal } = page;
  const result = createResult(page);
  root.append(element("section", { class: "translation", "aria-labelledby": "translation-title" },
    element("div", {}, element("h1", { id: "translation-title" }, "Translate a picture"), createLead(page)),
    createDomains(page), createDrop(page), result.root));
  let translating = new AbortController();

  async function translate(state) {
    translating.abort();
    translating = new AbortController();
    page.clearError();
    page.setStatus("");
    if (!state.source) return;
    const both = AbortSignal.any([translating.signal, signal]);
    page.setStatus("Translating …");
    result.wait(state);
    try {
      const address = translationAddress({ ...pinnedModel(state), to: state.to, resolution: state.resolution });
      const response = await page.client.request(address, { signal: both, method: "POST", body: state.source });
      result.show(await response.blob(), response.headers, state);
      page.setStatus("");
    } catch (error) {
      if (!both.aborted) result.clear();
      page.showError(error, both);
    }
  }

  store.subscribe(SHOWN, translate, signal);
  return () => page.setStatus("");
}

function createLead({ store, signal }) {
  const lead = element("p", { class: "lead" });
  store.subscribe(["card"], ({ card }) => {
    lead.textContent = `“${card.title || card.name}” turns pictures into ${card.labels.join(" or ")}. `
      + "The middle of yours is cut out in the shape of the model; it is sent to this service, and not kept there.";
  }, signal);
  return lead;
}

/** The domains, one of which is pressed. */
function createDomains({ store, navigate, signal }) {
  const buttons = element("div", { class: "segments", role: "group", "aria-label": "Into which kind of picture" });
  store.subscribe(["card", "to"], ({ card, to }) => {
    const focused = buttons.contains(document.activeElement);
    buttons.replaceChildren(...card.labels.map((name) => {
      const button = element("button", { type: "button", "aria-pressed": String(name === to) }, name);
      button.addEventListener("click", () => navigate({ to: name }));
      return button;
    }));
    if (focused) buttons.querySelector("[aria-pressed=true]").focus();
  }, signal);
  return element("div", { class: "together domains" }, element("span", { class: "small" }, "Into"), buttons);
}

/** The place for a picture, which may be dropped or pasted anywhere in the window. */
function createDrop({ store, showError, clearError, signal }) {
  const file = element("input", { id: "source-file", type: "file", accept: TAKEN.join(","), "aria-describedby": "source-about" });
  const root = element("div", { class: "drop" }, element("label", { for: "source-file" }, "A picture from your device"), file,
    element("p", { id: "source-about", class: "small" }, "Or drop it anywhere here, or paste it. PNG, JPEG or WebP."));
  const refuse = (reason) => showError(new Error(reason), signal);

  async function take(chosen) {
    if (!chosen) return;
    clearError();
    if (chosen.size > LARGEST_FILE) {
      refuse(`“${chosen.name}” has more than ${LARGEST_FILE >> 20} MB: send a smaller picture.`);
      return;
    }
    try {
      // Read once: a file that changes or goes away later could not be sent again.
      const source = new Blob([await chosen.arrayBuffer()], { type: chosen.type });
      if (!signal.aborted) store.set({ source });
    } catch {
      refuse(`“${chosen.name}” cannot be read here: choose it again.`);
    }
  }

  const mark = (over) => (event) => { event.preventDefault(); root.classList.toggle("over", over); };
  file.addEventListener("change", () => take(file.files[0]));
  addEventListener("dragover", mark(true), { signal });
  addEventListener("dragleave", mark(false), { signal });
  addEventListener("drop", (event) => {
    mark(false)(event);
    file.value = ""; // it names another one
    take(event.dataTransfer.files[0]);
  }, { signal });
  addEventListener("paste", (event) => {
    if (!event.clipboardData.files.length) return; // a text, for a field
    file.value = "";
    take(event.clipboardData.files[0]);
  }, { signal });
  return root;
}

/** Both pictures side by side, and what can be taken away. */
function createResult(page) {
  const { signal } = page;
  const [before, after] = [pictureFrame(), pictureFrame()];
  before.classList.add("source");
  const caption = element("figcaption", { "aria-live": "polite" });
  const digest = element("p", { class: "small digest" });
  const code = element("code", { tabindex: "0", role: "region", "aria-label": "Command" });
  const copy = element("button", { type: "button" }, "Copy");
  copy.addEventListener("click", () => copyText(code.textContent, copy));
  const take = element("section", { class: "take", "aria-labelledby": "translation-take", hidden: "" },
    element("h2", { id: "translation-take" }, "Download"), element("div", { class: "actions" }, ...FORMATS.map(([ending, title]) => createSave(page, ending, title))),
    element("div", { class: "command" }, code, copy), digest);
  const pictures = element("div", { class: "two" }, element("figure", {}, before, element("figcaption", {}, "Yours")), element("figure", {}, after, caption));
  const root = element("div", { class: "translated", hidden: "" }, pictures, take);
  let source = null; // the picture on the left

  function wait(state) {
    root.hidden = false;
    if (state.source !== source) after.firstChild.hidden = true; // the translation of another one
    source = state.source;
    showBlob(before.firstChild, source, "The picture you chose", 0);
    after.classList.add("waiting");
    caption.textContent = "";
  }

  function show(blob, headers, state) {
    after.classList.remove("waiting");
    showBlob(after.firstChild, blob, `The same picture as ${state.to}`, state.resolution);
    const spent = /generate;dur=([\d.]+)/.exec(headers.get("Server-Timing") ?? "");
    caption.textContent = `As ${state.to}, ${sizeOf(state.card, state.resolution)} pixels${spent ? `, ${Math.max(1, Math.round(spent[1]))} ms` : ""}`;
    digest.textContent = `SHA-256 of its pixels: ${headers.get("X-Pixel-SHA256")}`;
    code.textContent = commandOf({
      address: new URL(addressOf(state, "png"), document.baseURI).href, fileName: "translated.png", isKeyNeeded: page.key.isGiven(), upload: "picture.png",
    });
    take.hidden = false;
  }

  function clear() {
    after.classList.remove("waiting");
    after.firstChild.hidden = true;
    take.hidden = true;
    root.hidden = true;
  }

  signal.addEventListener("abort", () => [before, after].forEach(({ firstChild }) => URL.revokeObjectURL(firstChild.src)));
  return { root, wait, show, clear };
}

const addressOf = (state, format) => translationAddress({ ...pinnedModel(state), to: state.to, resolution: state.resolution, format });

function createSave({ store, client, showError, signal }, ending, title) {
  const button = element("button", { type: "button" }, title);
  button.addEventListener("click", () => {
    const state = store.get();
    const address = addressOf(state, ending === "jpg" ? "jpeg" : ending);
    saveFile(client, button, address, `${state.to}-${state.resolution}.${ending}`, { signal, method: "POST", body: state.source })
      .catch((error) => showError(error, signal));
  });
  return button;
}
