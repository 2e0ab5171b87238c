// The large picture, its caption, and the same seed at every resolution.

import { aspectRatioOf, element, imageAddress, isSquare, loadImage, pictureFrame, pinnedModel, sizeOf, whenVisible } from "./pictures.js";

/**
 * @param {object} page its elements, store, status, errors and navigation
 * @param {(state: object, headers: Headers) => void} onShown called with each picture that is shown
 */
export function createStage({ find, store, navigate, setStatus, showError }, onShown) {
  let loading = new AbortController(); // of the picture and its sizes
  const loadSizesWhenVisible = whenVisible(find("sizes"), loadSizes);

  async function showPicture(state) {
    loading.abort();
    loading = new AbortController();
    const { signal } = loading;
    find("error").hidden = true;
    setStatus("Painting …");
    try {
      const address = imageAddress(state.seed, pinnedModel(state), state.resolution, "png");
      const headers = await loadImage(find("picture"), address, `What the model paints for “${state.seed}”`, signal, setStatus);
      setStatus("");
      document.documentElement.style.setProperty("--shape", aspectRatioOf(state.card));
      find("caption").replaceChildren(...captionOf(state, headers));
      onShown(state, headers);
      showSizes(state);
    } catch (error) {
      showError(error, signal, { isWanted: true });
    }
  }

  function showSizes({ card, resolution }) {
    const tiles = card.resolutions.map((size) => {
      const caption = element("span", {}, isSquare(card) ? `${size} px` : sizeOf(card, size));
      const tile = element("button", { class: "tile", type: "button", "aria-current": String(size === resolution) }, pictureFrame(), caption);
      tile.addEventListener("click", () => navigate({ resolution: size }));
      return element("li", {}, tile);
    });
    find("sizes").replaceChildren(...tiles);
    loadSizesWhenVisible();
  }

  function loadSizes() {
    const { signal } = loading;
    const { seed, card, label } = store.get();
    find("sizes").querySelectorAll("img").forEach((image, place) => {
      const size = card.resolutions[place];
      const address = imageAddress(seed, pinnedModel({ card, label }), size, "png");
      loadImage(image, address, `${seed} at ${sizeOf(card, size)} pixels`, signal, setStatus)
        .then(() => setStatus(""), (error) => showError(error, signal));
    });
  }

  store.subscribe(["seed", "card", "resolution", "label", "attempt"], showPicture);
}

function captionOf({ seed, card, resolution }, headers) {
  const number = headers.get("X-Seed") ?? seed;
  const meaning = number === seed ? "" : ` is seed ${number}`;
  const label = headers.get("X-Label");
  const className = label === null ? "" : `, class ${decodeURIComponent(label)}`;
  const size = `${sizeOf(card, resolution)} pixels`;
  return [element("strong", {}, seed), `${meaning}${className}, ${size}${timeOf(headers)}`];
}

function timeOf(headers) {
  const match = /generate;dur=([\d.]+)/.exec(headers.get("Server-Timing") ?? "");
  return match ? `, painted in ${Math.max(1, Math.round(Number(match[1])))} ms` : "";
}
