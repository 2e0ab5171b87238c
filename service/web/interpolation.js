// The walk: two to four key frames on a path, and the animation between them.

import { element, pictureFrame, whenVisible } from "./elements.js";
import { imageAddress, interpolationAddress, loadImage, pinnedModel, thumbnailOf } from "./pictures.js";

const MIN_KEY_FRAMES = 2;
const MAX_KEY_FRAMES = 4;
const FORMATS = ["webp", "gif", "mp4"];

/**
 * @param {object} page its elements, store and errors
 * @param {string[]} seeds of the first key frames
 * @returns {(seed: string) => void} adds a key frame; the first one leaves when there are too many
 */
export function createInterpolation({ find, store, client, signal: left, showError }, seeds) {
  let keyFrames = seeds;
  let loading = new AbortController();
  const setStatus = (text) => { find("walk-status").textContent = text; };
  const loadWhenVisible = whenVisible(find("key-frames"), loadKeyFrames);

  function show() {
    loading.abort();
    loading = new AbortController();
    find("animation").hidden = true;
    find("walk-files").hidden = true;
    find("play").disabled = keyFrames.length < MIN_KEY_FRAMES;
    setStatus(keyFrames.length < MIN_KEY_FRAMES ? "Add one more to begin." : "");
    find("key-frames").replaceChildren(...keyFrames.map(itemOf));
    loadWhenVisible();
  }

  function itemOf(seed, place) {
    const remove = element("button", { class: "add", type: "button", "aria-label": `Take ${seed} off the path` }, "×");
    remove.addEventListener("click", () => { keyFrames = keyFrames.toSpliced(place, 1); show(); });
    return element("li", {}, pictureFrame(), remove, element("span", { class: "name" }, seed));
  }

  function loadKeyFrames() {
    const state = store.get();
    const { signal } = loading;
    find("key-frames").querySelectorAll("img").forEach((image, place) => {
      const address = imageAddress({ seed: keyFrames[place], ...pinnedModel(state), resolution: thumbnailOf(state.card) });
      loadImage(client, image, address, `Seed ${keyFrames[place]}`, signal)
        .catch((error) => showError(error, signal, { show: setStatus }));
    });
  }

  async function play() {
    loading.abort();
    loading = new AbortController();
    const { signal } = loading;
    const state = store.get();
    const steps = Number(find("steps").value);
    const resolution = thumbnailOf(state.card);
    const address = (format) => interpolationAddress(keyFrames, { ...pinnedModel(state), resolution, steps, format });
    setStatus(`Painting ${keyFrames.length * steps} pictures …`);
    try {
      const description = `A walk from seed ${keyFrames.join(" to ")} and back`;
      await loadImage(client, find("animation"), address("webp"), description, signal);
      for (const format of FORMATS) {
        find(`walk-${format}`).href = address(format);
        find(`walk-${format}`).download = `walk.${format}`;
      }
      find("walk-files").hidden = false;
      setStatus(`${keyFrames.length * steps} pictures, each from a point of its own.`);
    } catch (error) {
      showError(error, signal, { show: setStatus });
    }
  }

  left.addEventListener("abort", () => loading.abort());
  store.subscribe(["card", "label"], show, left);
  find("play").addEventListener("click", play);
  find("steps").addEventListener("change", () => { if (!find("animation").hidden) play(); });
  return (seed) => { keyFrames = [...keyFrames, seed].slice(-MAX_KEY_FRAMES); show(); };
}
