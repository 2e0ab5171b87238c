// Addresses of pictures, and the sizes that a model paints. Knows the names of the service's parameters.

import { showBlob } from "./elements.js";
import { fieldsOfStyling, stylingOf } from "./styling.js";

const THUMBNAIL = 128; // pixels, at most
// In a path, clients and proxies change dots and slashes, and an ending may be read as a format.
const FRAGILE_IN_PATH = /[./\\%\p{C}]/u;

/** The largest resolution of the model that is small enough for a row of pictures. */
export const thumbnailOf = (card) =>
  Math.max(...card.resolutions.filter((r, place) => r <= THUMBNAIL || place === 0));

/** Width and height of a resolution in pixels. */
export const pixelSize = (card, resolution) => card.sizes.find((size) => size.resolution === resolution);

/** Width and height of a resolution in words. */
export function sizeOf(card, resolution) {
  const { width, height } = pixelSize(card, resolution);
  return `${width} × ${height}`;
}

/** Width by height of the model's pictures. */
export function shapeOf(card) {
  const { width, height } = card.sizes[0];
  return width / height;
}

/** Whether all pictures of the model are as wide as high. */
export const isSquare = (card) => card.sizes.every(({ width, height }) => width === height);

/**
 * The fields of an address that say how the picture of a point is made: by this version of the model,
 * in the class that is chosen, with truncation and second style.
 * @param {object} state with `card`, `label` and the fields of `styling.js`
 * @returns {{model: string, label: string, styling: string}}
 */
export const pinnedModel = (state) => ({ ...newestModel(state), model: state.card.pinned_name });

/** The same for whichever version is the newest. */
export const newestModel = (state) => ({ model: state.card.name, label: state.label, styling: stylingOf(state) });

/**
 * The address of a picture, relative to the page. Fields that are empty or missing are left out.
 * @param {{seed: string, end?: string, t?: number, model?: string, label?: string, styling?: string,
 *   resolution?: number, format?: string}} picture with `end`, the point at `t` between two seeds
 */
export function imageAddress({ seed, end, t, model, label, styling, resolution, format = "png" }) {
  const rest = query({ end, t: end ? t : "", model, label, resolution, format }, styling);
  const text = encodeURIComponent(seed);
  return FRAGILE_IN_PATH.test(seed) ? `images?seed=${text}&${rest}` : `images/${text}?${rest}`;
}

/**
 * The address of several pictures in one answer (POST).
 * @param {string[]} seeds at most 64
 */
export const galleryAddress = (seeds, { model, label, styling, resolution, format = "png" }) =>
  `generate?${seedQuery(seeds)}&${query({ model, label, resolution, format }, styling)}`;

/** The address of the animation between pictures. */
export const interpolationAddress = (seeds, { model, label, styling, resolution, steps, format, fps = 24, loop = true }) =>
  `interpolate?${seedQuery(seeds)}&${query({ steps, fps, loop, resolution, model, label, format }, styling)}`;

/** The address to which a picture is sent to be translated into a domain (POST). */
export const translationAddress = ({ model, to, resolution, format = "png" }) => `translate?${query({ model, to, resolution, format })}`;

const seedQuery = (seeds) => seeds.map((seed) => `seed=${encodeURIComponent(seed)}`).join("&");

const isSet = ([, value]) => value !== undefined && value !== "";
/** A query of values, and of a styling, of which only known and allowed parts are written. */
function query(values, styling = "") {
  const text = new URLSearchParams(Object.entries(values).filter(isSet)).toString().replaceAll("%40", "@");
  return [text, stylingOf(fieldsOfStyling(styling))].filter(Boolean).join("&");
}

/**
 * Load a picture from an address into an image, whose frame shows that it waits.
 * @param {object} client of the service
 * @returns {Promise<Headers>} the headers of the response
 */
export async function loadImage(client, image, address, description, signal) {
  const frame = image.parentElement;
  frame.classList.add("waiting");
  try {
    const response = await client.request(address, { signal });
    showBlob(image, await response.blob(), description, Number(response.headers.get("X-Resolution")));
    return response.headers;
  } finally {
    frame.classList.remove("waiting");
  }
}

/** The files of the pictures of a JSON answer of `/generate`, in the order of the seeds. */
export const blobsOf = (answer) => answer.images.map(({ data, media_type }) =>
  new Blob([Uint8Array.from(atob(data), (byte) => byte.charCodeAt(0))], { type: media_type }));
