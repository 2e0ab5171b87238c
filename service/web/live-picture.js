// One image that follows a moving point: a small picture as soon as there is one, then a sharp one.
// Owns which of several pictures that come late is shown. Knows no view.

import { showBlob } from "./elements.js";
import { imageAddress, pinnedModel, thumbnailOf } from "./pictures.js";
import { wordsOf } from "./points.js";

const PREVIEW = 64; // pixels, at most
const REST_MS = 160; // at one point, before its sharp picture is asked for

/** The largest resolution of the model that is small enough to follow a hand. */
export const previewOf = (card) =>
  Math.max(...card.resolutions.filter((r, place) => r <= PREVIEW || place === 0));

/** The order of pictures by their wishes, a sharp one after the small one of the same wish. */
const rankOf = (wish, isSharp) => 2 * wish + Number(isSharp);

/** The address of the picture of a point, painted by this version of the state's model. */
export const addressOfPoint = (point, state, resolution) =>
  imageAddress({ ...point, ...pinnedModel(state), resolution });

/**
 * @param {HTMLImageElement} image in a frame
 * @param {object} loader
 * @param {object} page its errors and the signal of the view
 * @param {() => void} onSharp called when the picture of the last point is sharp
 */
export function createLivePicture(image, loader, { signal, showError, clearErrorOf }, onSharp = () => {}) {
  const frame = image.parentElement;
  let newest = 0; // number of the last wish
  let shown = 0; // rank of the picture on screen
  let timer = 0;
  const wished = []; // addresses

  /**
   * Show the picture of a point.
   * @param {object} state its model paints
   * @param {number} resolution of the sharp picture
   */
  function show(point, state, resolution = state.resolution) {
    const wish = ++newest;
    clearTimeout(timer);
    wished.splice(0).forEach(loader.forget);
    const address = (size) => addressOfPoint(point, state, size);
    const put = (blob, size) => putBlob({ blob, wish, isSharp: size === resolution, resolution, words: wordsOf(point) });
    const preview = Math.min(previewOf(state.card), resolution);
    const kept = [resolution, thumbnailOf(state.card), preview].find((size) => size <= resolution && loader.get(address(size)));
    if (kept) put(loader.get(address(kept)), kept);
    else frame.classList.add("waiting");
    const follow = (size) => load(wish, address(size), (blob) => put(blob, size));
    if (!kept) follow(preview);
    if (kept !== resolution && preview !== resolution) timer = setTimeout(() => follow(resolution), REST_MS);
  }

  async function load(wish, address, put) {
    wished.push(address);
    try {
      const blob = await loader.load(address);
      if (blob && !signal.aborted) put(blob);
    } catch (error) {
      if (wish !== newest || shown === rankOf(wish, true)) return;
      frame.classList.remove("waiting");
      showError(error, signal, { isWanted: true, pictures: [image] });
    }
  }

  /** Show a picture, unless one of a newer wish, or a sharper one of the same, is there. */
  function putBlob({ blob, wish, isSharp, resolution, words }) {
    const rank = rankOf(wish, isSharp);
    if (rank <= shown) return;
    shown = rank;
    showBlob(image, blob, words, resolution);
    if (wish !== newest) return;
    frame.classList.remove("waiting");
    if (!isSharp) return;
    clearErrorOf(image);
    onSharp();
  }

  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    clearErrorOf(image);
    URL.revokeObjectURL(image.src);
  });
  return { show };
}
