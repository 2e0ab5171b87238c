// The player of a walk: frame after frame at the pace of its files, in the place of the scrubber.
// The frames from stop to stop come in one request; where they are late it waits, and leaves none out.

import { element } from "./elements.js";
import { addressOfPoint } from "./live-picture.js";
import { interpolationAddress, pinnedModel, thumbnailOf } from "./pictures.js";
import { OF_MODEL } from "./styling.js";
import { FRAMES_A_SECOND, PACES, framesOf, nextFrame, pointOfFrame, segmentOfFrame, segmentsOf, stopsOfSegment, withPace } from "./walk-frames.js";

/** Buttons and choices of the player, which moves the state's `frame` and tells it `isPlaying`. */
export function createWalkPlayer(page, loader) {
  const { store, adjust, showError, signal } = page;
  const button = element("button", { class: "strong", type: "button" });
  const status = element("p", { class: "status", role: "status" });
  const loadFrame = createFrameLoading(page, loader);
  let playing = null; // aborted when it stops

  function show(words, text = "") {
    button.textContent = words;
    status.textContent = text;
    store.set({ isPlaying: playing !== null });
  }

  function stop() {
    playing?.abort();
    playing = null;
    show("Play");
  }

  async function play() {
    playing = new AbortController();
    const stopped = AbortSignal.any([signal, playing.signal]);
    show("Pause");
    if (nextFrame(store.get()) === null) adjust({ frame: 0 });
    try {
      await playOn(stopped);
      if (!stopped.aborted) stop();
    } catch (error) {
      if (stopped.aborted) return;
      stop();
      showError(error, signal, { isWanted: true });
    }
  }

  async function playOn(stopped) {
    for (let due = performance.now(); ;) {
      const state = store.get();
      const next = nextFrame(state);
      if (next === null) return;
      const late = setTimeout(() => show("Pause", "Loading …"), 300);
      await loadFrame(state, next, stopped).finally(() => clearTimeout(late));
      show("Pause");
      due = Math.max(due + 1000 / FRAMES_A_SECOND, performance.now());
      await new Promise((resolve) => setTimeout(resolve, due - performance.now()));
      if (stopped.aborted) return;
      if (store.get().frame === state.frame) adjust({ frame: next }); // unless the reader moved it
    }
  }

  button.addEventListener("click", () => playing ? stop() : play());
  store.subscribe(["stops", "steps", ...OF_MODEL], (state) => {
    stop();
    button.disabled = !segmentsOf(state);
  }, signal);
  return element("div", { class: "player" }, button, createLoop(page), createPace(page), status);
}

/** A function that resolves when a frame is in the loader; it brings the next ones along. */
function createFrameLoading({ client }, loader) {
  const running = new Map(); // address -> promise

  function loadSegment(state, segment, stopped) {
    const size = thumbnailOf(state.card);
    const seeds = stopsOfSegment(state, segment);
    const address = interpolationAddress(seeds, { ...pinnedModel(state), resolution: size, steps: state.steps, format: "json", loop: false });
    if (!running.has(address)) {
      const done = client.request(address, { signal: stopped }).then((response) => response.json()).then(({ frames }) => {
        frames.forEach(({ data }, step) => {
          const point = pointOfFrame({ ...state, stops: seeds, loop: false }, step);
          loader.put(addressOfPoint(point, state, size), pngOf(data));
        });
      }).finally(() => running.delete(address));
      done.catch(() => {}); // who waits for it hears of it
      running.set(address, done);
    }
    return running.get(address);
  }

  return async (state, frame, stopped) => {
    const isKept = (place) => loader.get(addressOfPoint(pointOfFrame(state, place), state, thumbnailOf(state.card)));
    const ahead = (frame + state.steps) % (segmentsOf(state) * state.steps);
    if (!isKept(frame)) await loadSegment(state, segmentOfFrame(state, frame), stopped);
    if (!isKept(ahead)) loadSegment(state, segmentOfFrame(state, ahead), stopped);
  };
}

const pngOf = (base64) => new Blob([Uint8Array.from(atob(base64), (byte) => byte.charCodeAt(0))], { type: "image/png" });

function createLoop({ store, navigate, signal }) {
  const box = element("input", { id: "loop", type: "checkbox" });
  box.addEventListener("change", () => {
    const state = { ...store.get(), loop: box.checked };
    navigate({ loop: box.checked, frame: Math.min(state.frame, framesOf(state) - 1) });
  });
  store.subscribe(["loop"], ({ loop }) => { box.checked = loop; }, signal);
  return element("label", { class: "box", for: "loop" }, box, "back to the first");
}

function createPace({ store, navigate, signal }) {
  const select = element("select", { id: "pace" },
    ...Object.entries(PACES).map(([steps, words]) => element("option", { value: steps }, words)));
  select.addEventListener("change", () => navigate(withPace(store.get(), Number(select.value))));
  store.subscribe(["steps"], ({ steps }) => {
    if (!(steps in PACES)) select.append(element("option", { value: steps }, `${steps} frames a stop`));
    select.value = steps;
  }, signal);
  return element("label", { for: "pace" }, element("span", { class: "hidden" }, "Pace"), select);
}
