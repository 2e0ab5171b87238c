// A wall of other pictures, all from one request, to look at, to walk through and to take away.

import { request } from "./api.js";
import { saveFile } from "./download.js";
import { blobsOf, element, galleryAddress, pictureFrame, pinnedModel, randomSeeds, showBlob, thumbnailOf, whenVisible } from "./pictures.js";

const COUNT = 12;
const FILES = { zip: "application/zip", sheet: "image/png" };

/**
 * @param {object} page its elements, store, navigation, errors and notice
 * @param {(seed: string) => void} addKeyFrame called with a seed that is put on the path
 */
export function createGallery({ find, store, navigate, showError, notice }, addKeyFrame) {
  let loading = new AbortController();
  const setStatus = (text) => { find("gallery-status").textContent = text; };
  const loadWhenVisible = whenVisible(find("gallery"), load);

  function show({ gallery }) {
    loading.abort();
    find("gallery").replaceChildren(...gallery.map(tileOf));
    markCurrent();
    loadWhenVisible();
  }

  function tileOf(seed) {
    const tile = element("button", { class: "tile", type: "button" }, pictureFrame(), element("span", {}, seed));
    tile.addEventListener("click", () => choose(seed));
    const add = element("button", { class: "add", type: "button", "aria-label": `Put ${seed} on the path` }, "+");
    add.addEventListener("click", () => {
      addKeyFrame(seed);
      notice.show(`“${seed}” is on the path of the walk.`, "Go to it", () => find("walk").scrollIntoView());
    });
    return element("li", {}, tile, add);
  }

  /** Show a seed large; where that is off the screen, say so rather than scroll. */
  function choose(seed) {
    navigate({ seed });
    const { bottom } = find("stage").getBoundingClientRect();
    if (bottom < 100) notice.show(`“${seed}” is now the large picture above.`, "Go to it", () => find("stage").scrollIntoView());
  }

  function markCurrent() {
    const { gallery, seed } = store.get();
    find("gallery").querySelectorAll(".tile").forEach((tile, place) => {
      tile.setAttribute("aria-current", String(gallery[place] === seed));
    });
  }

  async function load() {
    loading.abort();
    loading = new AbortController();
    const { signal } = loading;
    const state = store.get();
    const images = [...find("gallery").querySelectorAll("img")];
    const size = thumbnailOf(state.card);
    images.forEach((image) => image.parentElement.classList.add("waiting"));
    try {
      const address = galleryAddress(state.gallery, pinnedModel(state), size);
      const response = await request(address, signal, setStatus, { method: "POST", accept: "application/json" });
      const blobs = blobsOf(await response.json());
      images.forEach((image, place) => showBlob(image, blobs[place], "", size));
      setStatus("");
    } catch (error) {
      showError(error, signal, { show: setStatus });
    } finally {
      images.forEach((image) => image.parentElement.classList.remove("waiting"));
    }
  }

  function save(kind, event) {
    const state = store.get();
    if (!state.card) return;
    const address = galleryAddress(state.gallery, pinnedModel(state), state.resolution);
    const name = `${state.model}-${state.gallery.length}.${kind === "zip" ? "zip" : "png"}`;
    const { signal } = new AbortController();
    saveFile(event.currentTarget, address, name, signal, setStatus, { method: "POST", accept: FILES[kind] })
      .then(() => setStatus(""), (error) => showError(error, signal, { show: setStatus }));
  }

  store.subscribe(["gallery", "card", "label"], show);
  store.subscribe(["seed"], markCurrent);
  find("shuffle").addEventListener("click", () => navigate({ gallery: randomSeeds(COUNT) }));
  for (const kind of Object.keys(FILES)) find(`gallery-${kind}`).addEventListener("click", (event) => save(kind, event));
}
