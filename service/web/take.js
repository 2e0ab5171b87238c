// What a reader takes away of one picture: files, lines to paste elsewhere, and what they promise.

import { copyText } from "./download.js";
import { element } from "./elements.js";
import { imageAddress, newestModel, pinnedModel, sizeOf } from "./pictures.js";
import { pointOfState, shortWordsOf, wordsOf } from "./points.js";
import { snippetsOf } from "./snippets.js";
import { OF_MODEL, stylingOf } from "./styling.js";

const FORMATS = [["png", "png", "PNG"], ["webp", "webp", "WebP"], ["jpeg", "jpg", "JPEG"]];

/** What a line promises where the model is replaced: the model that it names, and words for that. */
const PROMISES = {
  pinned: { model: pinnedModel, title: "Always this picture", about: "Never shows another one. When the model is replaced, "
    + "the line works only for a while longer; what lasts is the file." },
  newest: { model: newestModel, title: "This name, newest model", about: "Goes on working when the model is replaced, and then "
    + "shows the new model’s picture of this name." },
};

/**
 * A section for the picture of the state's point.
 * @param {object} page
 * @param {{isOpen?: boolean}} options whether it is unfolded at first
 * @returns {{root: HTMLElement, tell: (headers: Headers) => void}} `tell` shows what the service says of
 *   the picture
 */
export function createTake({ store, key, signal }, { isOpen = false } = {}) {
  const files = FORMATS.map(([format, ending, title]) => [format, ending, element("a", { class: "button", href: "docs", download: "" }, title)]);
  const lines = createLines();
  const about = element("p", { class: "small", id: "promise-about" });
  const digest = element("p", { class: "small digest" });
  const page = copyButton("Copy a link to this page", () => location.href);
  let promise = "pinned";

  function show(state) {
    if (!root.open) return; // pictures may pass quickly
    const { card, resolution } = state;
    const picture = { ...pointOfState(state), resolution };
    const name = fileNameOf(state);
    for (const [format, ending, link] of files) {
      link.href = imageAddress({ ...picture, ...pinnedModel(state), format });
      link.download = `${name}.${ending}`;
    }
    const [width, height] = sizeOf(card, resolution).split(" × ");
    const address = new URL(imageAddress({ ...picture, ...PROMISES[promise].model(state) }), document.baseURI).href;
    const words = `The picture of ${wordsOf(picture)}`;
    const snippets = snippetsOf({ address, words, fileName: `${name}.png`, width, height, isKeyNeeded: key.isGiven() });
    lines.show(snippets);
    about.textContent = PROMISES[promise].about;
  }

  const radios = Object.entries(PROMISES).map(([name, { title }]) => {
    const radio = element("input", { type: "radio", name: "promise", value: name, "aria-describedby": "promise-about" });
    radio.checked = name === promise;
    radio.addEventListener("change", () => { promise = name; show(store.get()); });
    return element("label", { class: "box" }, radio, title);
  });
  const root = element("details", { class: "take" }, element("summary", {}, element("h2", {}, "Download and share")),
    element("div", {}, element("div", { class: "actions" }, ...files.map(([, , link]) => link), page),
      element("fieldset", { class: "promise" }, element("legend", {}, "A line to paste elsewhere"), element("div", {}, ...radios), about),
      lines.root, element("p", { class: "small with-key" }, "These lines need a key, as the pictures here do."), digest));
  root.open = isOpen;
  root.addEventListener("toggle", () => show(store.get()));
  store.subscribe(["seed", "end", "t", ...OF_MODEL, "resolution"], (state) => {
    digest.textContent = ""; // of another picture
    show(state);
  }, signal);

  return {
    root,
    tell: (headers) => {
      const sha256 = headers.get("X-Pixel-SHA256");
      digest.textContent = sha256 ? `SHA-256 of its pixels: ${sha256}` : "";
    },
  };
}

/** The lines with their buttons, which keep the focus while the picture changes. */
function createLines() {
  const root = element("dl", { class: "lines" });
  const codes = new Map(); // title -> element

  function add(title) {
    const [name, copy] = [`line-${title.toLowerCase()}`, `copy-${title.toLowerCase()}`];
    const code = element("code", { tabindex: "0", role: "region", "aria-labelledby": name });
    const button = copyButton("Copy", () => code.textContent);
    button.id = copy;
    button.setAttribute("aria-labelledby", `${copy} ${name}`); // also once it says that it has copied
    codes.set(title, code);
    root.append(element("dt", { id: name }, title), element("dd", { class: "command" }, code, button));
  }

  function show(snippets) {
    for (const { title, text } of snippets) {
      if (!codes.has(title)) add(title);
      codes.get(title).textContent = text;
    }
  }

  return { root, show };
}

function copyButton(title, text) {
  const button = element("button", { type: "button" }, title);
  button.addEventListener("click", () => copyText(text(), button));
  return button;
}

function fileNameOf(state) {
  const parts = [state.card.name, shortWordsOf(pointOfState(state)), state.label, stylingOf(state)].filter(Boolean);
  return [...parts.map(fileName), state.resolution].join("-");
}

/** A text as a part of a file's name. */
const fileName = (text) => text.replace(/[^\p{L}\p{N}_-]+/gu, "-").slice(0, 40).replace(/^-+|-+$/g, "") || "picture";
