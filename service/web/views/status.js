// The service and its models: how busy it is, and what is known of each model.

import { describeCard } from "../card.js";
import { element, pictureFrame, showBlob } from "../elements.js";
import { translates, viewFor } from "../models.js";
import { blobsOf, galleryAddress, thumbnailOf } from "../pictures.js";
import { firstSeeds } from "../seeds.js";

const POLL_MS = 3000;
const PREVIEWS = 6; // pictures of a model

/** Show both until the view is left. */
export function mount(root, page) {
  const { store, signal } = page;
  const facts = element("dl", { class: "facts" });
  const models = element("div", { class: "cards" });
  root.append(element("h1", {}, "Service and models"), facts, models);
  store.subscribe(["list"], ({ list }) => {
    const usualFirst = list.models.toSorted((one, other) => (other.name === list.default) - (one.name === list.default));
    models.replaceChildren(...usualFirst.map((card) => sectionOf(card, list.default, page)));
  }, signal);
  followStatus(facts, page);
}

/** Show how busy the service is, again and again while it is looked at. */
function followStatus(facts, { store, client, signal }) {
  async function load() {
    if (document.hidden) return;
    try {
      const status = await (await client.requestOnce("status", signal)).json();
      facts.replaceChildren(...factsOf(status));
    } catch (error) {
      if (signal.aborted) return;
      // Where there is no such address, nothing is known; where nobody answers, that is.
      facts.replaceChildren(...(error.status ? [] : [boxOf("Service", "away", "It does not answer; this page goes on trying.")]));
    }
  }

  load();
  const timer = setInterval(load, POLL_MS);
  signal.addEventListener("abort", () => clearInterval(timer));
}

function factsOf({ ready, queue, pictures_a_second: rate, uptime_s: uptime, refused, version }) {
  const { pictures, seconds } = queue;
  const { cancelled: _, ...others } = refused; // who goes elsewhere is not refused
  const count = Object.values(others).reduce((sum, each) => sum + each, 0);
  return [
    boxOf("Service", ready ? "ready" : "starting", `Version ${version}.`),
    boxOf("Waiting", String(pictures), pictures ? `Pictures; generated in about ${Math.ceil(seconds)} s.` : "No picture waits."),
    boxOf("Generated", `${rate.toLocaleString("en", { maximumSignificantDigits: 2 })} a second`,
      `In the last minute. ${count ? `Refused: ${count}.` : ""}`),
    boxOf("Running", durationOf(uptime), "Since it was started."),
  ];
}

const boxOf = (word, value, meaning) => element("div", {},
  element("dt", {}, word), element("dd", { class: "figure" }, value), element("dd", { class: "small" }, meaning));

function durationOf(seconds) {
  const units = [["day", 86_400], ["hour", 3600], ["minute", 60]];
  const [name, length] = units.find(([, each]) => seconds >= 2 * each) ?? ["second", 1];
  const count = Math.floor(seconds / length);
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}

function sectionOf(card, usual, page) {
  const title = element("h2", {}, card.title || card.name);
  const paint = element("button", { type: "button" }, "Use this model");
  paint.addEventListener("click", () => page.navigate({ view: viewFor(card, "wall"), model: card.name, label: "", resolution: 0, at: 0 }));
  const previews = element("div", { class: "previews" });
  if (!translates(card)) loadPreviews(previews, card, page); // without a picture there is nothing to show
  const note = translates(card) ? `It translates pictures: to ${card.labels.join(" or ")}.` : card.name === usual ? "The default model." : "";
  return element("section", { class: "card" }, element("div", { class: "heading" }, title, paint),
    previews, element("p", { class: "small" }, note), ...describeCard(card));
}

async function loadPreviews(previews, card, { client, signal, showError }) {
  const frames = Array.from({ length: PREVIEWS }, pictureFrame);
  previews.replaceChildren(...frames);
  const address = galleryAddress(firstSeeds().slice(0, PREVIEWS), { model: card.pinned_name, resolution: thumbnailOf(card) });
  try {
    const response = await client.request(address, { signal, method: "POST", accept: "application/json" });
    const blobs = blobsOf(await response.json());
    frames.forEach((frame, place) => showBlob(frame.querySelector("img"), blobs[place], "", thumbnailOf(card)));
  } catch (error) {
    showError(error, signal);
  }
}
