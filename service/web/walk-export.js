// Files of a walk: animations, a strip and single frames, with progress, and a way to stop.
// The service sends a file when all frames are painted; how long that takes is told by the time.

import { saveBlob } from "./download.js";
import { element } from "./elements.js";
import { galleryAddress, interpolationAddress, pinnedModel, sizeOf } from "./pictures.js";
import { FRAMES_A_SECOND, framesOf, segmentsOf } from "./walk-frames.js";

/** Words for each file, its ending, and what is special about its request. */
const FILES = {
  webp: { title: "WebP", ending: "webp" },
  gif: { title: "GIF", ending: "gif" },
  mp4: { title: "MP4", ending: "mp4" },
  png: { title: "APNG", ending: "png" },
  strip: { title: "Strip", ending: "png" },
  zip: { title: "Frames as ZIP", ending: "zip" },
};
/** Files of the stops alone. */
const STOP_FILES = {
  sheet: { title: "Stops as a sheet", ending: "png", accept: "image/png" },
  stops: { title: "Stops as ZIP", ending: "zip", accept: "application/zip" },
};
const TICK_MS = 1000;

/** The buttons of all files; one file at a time is made. */
export function createWalkExport(page) {
  const { store, client, showError, signal } = page;
  const progress = element("progress", { max: 1, "aria-label": "Progress of the file" });
  const text = element("p", { class: "status", role: "status" });
  const cancel = element("button", { type: "button" }, "Stop");
  const running = element("div", { class: "together", hidden: "" }, progress, cancel);
  const buttons = Object.entries({ ...FILES, ...STOP_FILES }).map(([name, { title }]) => {
    const button = element("button", { type: "button" }, title);
    button.addEventListener("click", () => save(name));
    return button;
  });
  let stopping = new AbortController();

  async function save(name) {
    const state = store.get();
    stopping = new AbortController();
    const stopped = AbortSignal.any([signal, stopping.signal]);
    const { ending, title } = FILES[name] ?? STOP_FILES[name];
    const [address, options] = requestOf(name, state);
    const report = reportOf(title, name in FILES ? framesOf(state) : state.stops.length);
    setBusy(true);
    const timer = setInterval(report.tick, TICK_MS);
    try {
      const response = await client.request(address, { signal: stopped, onProgress: report.receive, ...options });
      saveBlob(await response.blob(), `walk-${state.stops.length}.${ending}`);
      text.textContent = `${title}: saved, ${megabytes(report.size())}.`;
    } catch (error) {
      text.textContent = stopping.signal.aborted ? "Stopped. Nothing was saved." : "";
      showError(error, stopped, { show: (reason) => { text.textContent = `${title}: ${reason}`; }, isWanted: true });
    } finally {
      clearInterval(timer);
      setBusy(false);
    }
  }

  /** What is said while a file is made: first the seconds of painting, then the bytes that came. */
  function reportOf(title, pictures) {
    const began = performance.now();
    let received = 0;
    const count = pictures === 1 ? "one picture" : `${pictures} pictures`;
    const tick = () => {
      if (!received) text.textContent = `${title}: generating ${count}, ${Math.round((performance.now() - began) / 1000)} s …`;
    };
    progress.removeAttribute("value");
    tick();
    return {
      tick,
      size: () => received,
      receive: (bytes, total) => {
        received = bytes;
        if (total) progress.value = bytes / total;
        text.textContent = `${title}: ${megabytes(bytes)}${total ? ` of ${megabytes(total)}` : ""} …`;
      },
    };
  }

  function setBusy(isBusy) {
    running.hidden = !isBusy;
    for (const button of buttons) button.disabled = isBusy || !segmentsOf(store.get());
  }

  cancel.addEventListener("click", () => stopping.abort());
  const about = element("p", { class: "small" });
  store.subscribe(["stops", "steps", "loop", "card", "resolution"], (state) => {
    about.textContent = describe(state);
    setBusy(!running.hidden);
  }, signal);
  return element("section", { class: "export", "aria-labelledby": "export-title" },
    element("h2", { id: "export-title" }, "Download the walk"), about,
    element("div", { class: "actions" }, ...buttons), running, text);
}

function describe(state) {
  if (!segmentsOf(state)) return "Add one more stop: a walk goes from one to another.";
  const frames = framesOf(state);
  const seconds = (frames / FRAMES_A_SECOND).toFixed(1).replace(/\.0$/, "");
  return `${frames} frames of ${sizeOf(state.card, state.resolution)} pixels, ${seconds} s${state.loop ? ", then from the beginning" : ""}.`;
}

/** The address of a file, and the options of its request. */
function requestOf(name, state) {
  const { stops, steps, loop, resolution } = state;
  const fields = { ...pinnedModel(state), resolution };
  if (name in STOP_FILES) return [galleryAddress(stops, fields), { method: "POST", accept: STOP_FILES[name].accept }];
  return [interpolationAddress(stops, { ...fields, steps, loop, fps: FRAMES_A_SECOND, format: name }), {}];
}

const megabytes = (bytes) => bytes < 1e5 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
