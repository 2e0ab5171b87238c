// The pictures that a grid still needs, asked for in few requests: small ones first, then sharp ones.
// Many pictures come as one sheet: one file, signed and compressed once, which is cut here.
// Owns the choice of the next request, and what was painted last. Knows no elements.

import { cutSheet } from "./contact-sheet.js";
import { galleryAddress, imageAddress, pixelSize } from "./pictures.js";

const REQUESTS = 2; // under way at a time; the service paints the next while one is on its way
const SMALL = 64; // pixels, at most, of the first picture of a seed
const LOSSLESS = 64; // pixels, up to which single ones are seen; above, a JPEG has a fifth of the bytes
const BATCH = { small: 32, sharp: 12 }; // pictures of one request, at most
const MOST_CHARACTERS = 6000; // of all seeds in an address
const FIRST_BATCH = 8; // of the first request, which nobody wants to wait for
const UNPROCESSABLE = 422; // status of a request with a seed or a class that is not allowed
const KEPT_BYTES = 32 << 20; // of pixels that are kept for scrolling back

/**
 * A queue of pictures.
 * @param {object} client of the service
 * @param {{wanted: (level: string) => object[], show: (entry: object, bitmap: ImageBitmap, size: number) => void,
 *   fail: (entries: object[], error: Error, signal: AbortSignal) => void, signal: AbortSignal}} grid
 *   `wanted` gives entries `{picture, sizes: {small, sharp}, shown}`, the most urgent one first
 */
export function createPictureQueue(client, { wanted, show, fail, signal }) {
  const kept = createKeptBitmaps(KEPT_BYTES);
  const batches = new Set(); // under way
  let isFirst = true;

  /** Ask for what is wanted now, and end what is not wanted any more. */
  function update() {
    for (const batch of batches) if (!batch.entries.some((entry) => entry.isNear)) batch.abort.abort();
    while (batches.size < REQUESTS && !signal.aborted) {
      const batch = nextBatch();
      if (!batch) return;
      load(batch);
    }
  }

  function nextBatch() {
    for (const level of ["small", "sharp"]) {
      const open = wanted(level).filter((entry) => !entry.pending && !isShown(entry, level));
      const missing = open.filter((entry) => !showKept(entry, level));
      if (missing.length) return batchOf(level, missing);
    }
    return null;
  }

  const isShown = ({ shown, sizes }, level) => shown >= sizes[level];

  function showKept(entry, level) {
    const bitmap = kept.get(keyOf(entry, level));
    if (bitmap) show(entry, bitmap, entry.sizes[level]);
    return Boolean(bitmap);
  }

  function batchOf(level, missing) {
    const [first] = missing;
    const isSingle = ({ picture, isAlone }) => isAlone || picture.end !== "";
    const isAlike = (entry) => !isSingle(entry) && entry.picture.model === first.picture.model &&
      entry.picture.label === first.picture.label && entry.picture.styling === first.picture.styling && entry.sizes[level] === first.sizes[level];
    const most = isFirst ? FIRST_BATCH : BATCH[level];
    isFirst = false;
    const entries = isSingle(first) ? [first] : fitting(missing.filter(isAlike).slice(0, most));
    return { level, entries, abort: new AbortController() };
  }

  async function load(batch) {
    const { level, entries, abort } = batch;
    batches.add(batch);
    for (const entry of entries) entry.pending = true;
    const both = AbortSignal.any([abort.signal, signal]);
    try {
      const bitmaps = await paint(entries, level, both);
      entries.forEach((entry, place) => {
        if (entry.isNear) show(entry, bitmaps[place], entry.sizes[level]);
        kept.put(keyOf(entry, level), bitmaps[place]);
      });
    } catch (error) {
      if (both.aborted) return;
      if (error.status === UNPROCESSABLE && entries.length > 1) for (const entry of entries) entry.isAlone = true; // to find the bad one
      else fail(entries, error, both);
    } finally {
      for (const entry of entries) entry.pending = false;
      batches.delete(batch);
      update();
    }
  }

  async function paint(entries, level, both) {
    const [{ picture, card, sizes }] = entries;
    const resolution = sizes[level];
    const format = resolution <= LOSSLESS ? "png" : "jpeg";
    const fields = { ...picture, resolution, format };
    if (entries.length === 1) {
      const response = await client.request(imageAddress(fields), { signal: both });
      return [await createImageBitmap(await response.blob())];
    }
    const address = galleryAddress(entries.map((entry) => entry.picture.seed), fields);
    const response = await client.request(address, { signal: both, method: "POST", accept: `image/${format}` });
    return cutSheet(await response.blob(), entries.length, pixelSize(card, resolution));
  }

  return { update };
}

/**
 * The sizes of a picture in a grid.
 * @param {object} card of its model
 * @param {number} resolution that the reader chose, the largest one
 * @param {number} pixels of the screen that it covers
 */
export function sizesFor(card, resolution, pixels) {
  const allowed = card.resolutions.filter((size) => size <= resolution);
  const sharp = allowed.find((size) => size >= pixels) ?? allowed.at(-1);
  const small = allowed.findLast((size) => size <= SMALL) ?? allowed[0];
  return { small: Math.min(small, sharp), sharp };
}

/** The first entries whose seeds fit into one address together; at least one. */
function fitting(entries) {
  let length = 0;
  return entries.filter(({ picture }) => (length += encodeURIComponent(picture.seed).length) <= MOST_CHARACTERS);
}

const keyOf = ({ picture: { seed, end, t, model, label, styling }, sizes }, level) =>
  JSON.stringify([seed, end, end && t, model, label, styling, sizes[level]]);

/** Pictures by their key; the one that was used least recently goes first. */
function createKeptBitmaps(limit) {
  const bitmaps = new Map();
  const bytesOf = ({ width, height }) => 4 * width * height;
  let bytes = 0;

  function get(key) {
    const bitmap = bitmaps.get(key);
    if (!bitmap) return null;
    bitmaps.delete(key);
    bitmaps.set(key, bitmap);
    return bitmap;
  }

  function put(key, bitmap) {
    if (bitmaps.has(key)) return;
    bitmaps.set(key, bitmap);
    bytes += bytesOf(bitmap);
    for (const [oldest, { width, height }] of bitmaps) {
      if (bytes <= limit) return;
      bitmaps.get(oldest).close();
      bitmaps.delete(oldest);
      bytes -= bytesOf({ width, height });
    }
  }

  return { get, put };
}
