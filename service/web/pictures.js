// Seeds, addresses, and pictures in frames.
// Seeds stay text from end to end: they go beyond what a JavaScript number holds.

import { ask } from "./api.js";

const NAMES = ["alan", "grace", "ada", "hedy", "linus", "margaret", "edsger", "katherine", "dennis",
  "barbara", "donald", "frances"];
const THUMBNAIL = 128; // pixels, at most
const COARSE = 64; // pixels, up to which single ones are worth seeing

/** The names everyone meets first. */
export const firstSeeds = () => [...NAMES];

/** As many seeds that nobody chose. */
export const randomSeeds = (count) =>
  [...crypto.getRandomValues(new Uint32Array(count))].map((number) => String(number % 10_000_000));

/** The largest resolution of the model that is small enough for a row of pictures. */
export const thumbnailOf = (card) =>
  Math.max(...card.resolutions.filter((r, place) => r <= THUMBNAIL || place === 0));

const measured = (card, resolution) => card.sizes.find((size) => size.resolution === resolution);

/** What pictures of a resolution measure, in words. */
export function sizeOf(card, resolution) {
  const { width, height } = measured(card, resolution);
  return `${width} × ${height}`;
}

/** The proportions of the model's pictures, as CSS has them. */
export const shapeOf = (card) => sizeOf(card, card.resolutions[0]).replace("×", "/");

/** Whether one number tells width and height. */
export const isSquare = (card) => card.sizes.every(({ width, height }) => width === height);

/**
 * Where a picture lives, relative to the page.
 * @param {{model: string, label?: string}} painter what paints it, and the class if one was chosen
 */
export function imageAddress(seed, painter, resolution, format) {
  return `images/${encodeURIComponent(seed)}?${query({ ...painter, resolution, format })}`;
}

/** Where a walk lives, relative to the page; `painter` as above. */
export function walkAddress(seeds, painter, resolution, steps, format) {
  const path = seeds.map((seed) => `seed=${encodeURIComponent(seed)}`).join("&");
  return `interpolate?${path}&${query({ steps, fps: 24, loop: true, resolution, ...painter, format })}`;
}

function query(values) {
  return new URLSearchParams(values).toString().replaceAll("%40", "@");
}

/** Show what lies at an address in an image; answers with the headers of the response. */
export async function display(image, address, description, signal, onWait) {
  const frame = image.parentElement;
  frame.classList.add("waiting");
  try {
    const answer = await ask(address, signal, onWait);
    const content = await answer.blob();
    const resolution = Number(answer.headers.get("X-Resolution"));
    URL.revokeObjectURL(image.src);
    image.src = URL.createObjectURL(content);
    image.alt = description;
    image.classList.toggle("coarse", resolution > 0 && resolution <= COARSE);
    image.hidden = false;
    return answer.headers;
  } finally {
    frame.classList.remove("waiting");
  }
}

/** An element of the page, with its text and attributes. */
export function made(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** An empty frame for a picture. */
export const framed = () => made("div", { class: "frame" }, made("img", { alt: "", hidden: "" }));
