// Seeds, addresses of pictures, and pictures in frames.
// Seeds stay text from end to end: they go beyond what a JavaScript number holds.

import { request } from "./api.js";

const NAMES = ["alan", "grace", "ada", "hedy", "linus", "margaret", "edsger", "katherine", "dennis",
  "barbara", "donald", "frances"];
const THUMBNAIL = 128; // pixels, at most
const PIXELATED = 64; // pixels, up to which single ones are worth seeing
// In a path, clients and proxies change dots and slashes, and an ending may be read as a format.
const FRAGILE_IN_PATH = /[./\\%\p{C}]/u;
const NEARBY = "200px"; // how far below the screen a row begins to load

/** The names everyone meets first. */
export const firstSeeds = () => [...NAMES];

/** As many random seeds. */
export const randomSeeds = (count) =>
  [...crypto.getRandomValues(new Uint32Array(count))].map((number) => String(number % 10_000_000));

/** The largest resolution of the model that is small enough for a row of pictures. */
export const thumbnailOf = (card) =>
  Math.max(...card.resolutions.filter((r, place) => r <= THUMBNAIL || place === 0));

const findSize = (card, resolution) => card.sizes.find((size) => size.resolution === resolution);

/** Width and height of a resolution in words. */
export function sizeOf(card, resolution) {
  const { width, height } = findSize(card, resolution);
  return `${width} × ${height}`;
}

/** The proportions of the model's pictures, as CSS has them. */
export const aspectRatioOf = (card) => sizeOf(card, card.resolutions[0]).replace("×", "/");

/** Whether all pictures of the model are as wide as high. */
export const isSquare = (card) => card.sizes.every(({ width, height }) => width === height);

/**
 * The fields of an address that say which model renders: this version of it, and the class if chosen.
 * @param {{card: object, label: string}} state
 * @returns {{model: string, label?: string}}
 */
export const pinnedModel = ({ card, label }) => ({ model: card.pinned_name, ...(label && { label }) });

/** The same for whichever version is the newest. */
export const newestModel = ({ card, label }) => ({ model: card.name, ...(label && { label }) });

/** The address of a picture, relative to the page; `model` as above. */
export function imageAddress(seed, model, resolution, format) {
  const rest = query({ ...model, resolution, format });
  const text = encodeURIComponent(seed);
  return FRAGILE_IN_PATH.test(seed) ? `images?seed=${text}&${rest}` : `images/${text}?${rest}`;
}

/** The address of several pictures in one answer (POST). */
export function galleryAddress(seeds, model, resolution) {
  return `generate?${seedQuery(seeds)}&${query({ ...model, resolution, format: "png" })}`;
}

/** The address of the animation between pictures. */
export function interpolationAddress(seeds, model, resolution, steps, format) {
  return `interpolate?${seedQuery(seeds)}&${query({ steps, fps: 24, loop: true, resolution, ...model, format })}`;
}

const seedQuery = (seeds) => seeds.map((seed) => `seed=${encodeURIComponent(seed)}`).join("&");

const query = (values) => new URLSearchParams(values).toString().replaceAll("%40", "@");

/**
 * Load a picture from an address into an image.
 * @returns {Promise<Headers>} the headers of the response
 */
export async function loadImage(image, address, description, signal, onWait) {
  const frame = image.parentElement;
  frame.classList.add("waiting");
  try {
    const response = await request(address, signal, onWait);
    showBlob(image, await response.blob(), description, Number(response.headers.get("X-Resolution")));
    return response.headers;
  } finally {
    frame.classList.remove("waiting");
  }
}

/** Show a file in an image. */
export function showBlob(image, blob, description, resolution) {
  URL.revokeObjectURL(image.src);
  image.src = URL.createObjectURL(blob);
  image.alt = description;
  image.classList.toggle("pixelated", resolution > 0 && resolution <= PIXELATED);
  image.hidden = false;
}

/** The files of the pictures of a JSON answer of `/generate`, in the order of the seeds. */
export const blobsOf = (answer) => answer.images.map(({ data, media_type }) =>
  new Blob([Uint8Array.from(atob(data), (byte) => byte.charCodeAt(0))], { type: media_type }));

/** A function that calls `load` at once where `section` is on screen or close, else when it is. */
export function whenVisible(section, load) {
  let [visible, due] = [false, false];
  const loadIfDue = () => {
    if (!visible || !due) return;
    due = false;
    load();
  };
  new IntersectionObserver((entries) => {
    visible = entries.at(-1).isIntersecting;
    loadIfDue();
  }, { rootMargin: NEARBY }).observe(section);
  return () => { due = true; loadIfDue(); };
}

/** A new element with its attributes and content. */
export function element(tag, attributes = {}, ...children) {
  const created = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) created.setAttribute(name, value);
  created.append(...children);
  return created;
}

/** An empty frame for a picture. */
export const pictureFrame = () => element("div", { class: "frame" }, element("img", { alt: "", hidden: "" }));
