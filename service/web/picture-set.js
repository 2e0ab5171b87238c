// A set of pictures on the page: the grid, the models that paint them, a file and a link of it.

import { formatAddress } from "./address.js";
import { copyText, saveBlob } from "./download.js";
import { element } from "./elements.js";
import { PictureGrid } from "./picture-grid.js";
import { formatFile, formatPictures } from "./picture-list.js";
import { shapeOf } from "./pictures.js";
import { fieldsOfStyling } from "./styling.js";
import { createTiles } from "./tiles.js";

const LONGEST_LINK = 1_000_000; // characters; browsers open no longer ones

/**
 * A grid of the pictures of a list, each by the model of its name that the service has now.
 * @param {HTMLElement} root is emptied first
 * @param {object} page with the signal that ends the grid
 * @param {object[]} pictures
 * @param {string} label of the grid
 */
export function showSet(root, page, pictures, label) {
  const { list, card: shown } = page.store.get();
  const cardOf = ({ model }) => list.models.find(({ name }) => name === model.split("@")[0]);
  const resolutions = list.models.flatMap((card) => card.resolutions);
  root.replaceChildren(element("p", { class: "about" }, changesIn(pictures, cardOf)));
  if (!pictures.length) return;
  const grid = new PictureGrid(root, page, {
    count: pictures.length, at: (index) => pictures[index], cardOf, label,
    resolution: Math.max(...resolutions), shape: shapeOf(cardOf(pictures[0]) ?? shown),
    fill: createTiles(page, { named: true }),
  });
  grid.startAt(0);
}

/** A picture by the version of its model that is served now, unless it names one; `state` says which. */
export function withDigest(picture, { list, card }) {
  const { model } = picture;
  if (model.includes("@")) return picture;
  const named = model ? list.models.find(({ name }) => name === model) : card;
  return named ? { ...picture, model: named.pinned_name } : picture;
}

/** What is not as it was when the pictures were put into the list, in words. */
function changesIn(pictures, cardOf) {
  const are = (count, one, more) => count && `${countOf(count)} ${count === 1 ? one : more}`;
  const gone = pictures.filter((picture) => !cardOf(picture)).length;
  const newer = pictures.filter((picture) => picture.model.includes("@") && ![undefined, picture.model].includes(cardOf(picture)?.pinned_name)).length;
  const sentences = [
    are(newer, "was kept from another version of its model: it looks different now.", "were kept from other versions of their models: they look different now."),
    are(gone, "cannot be generated: its model is not offered here.", "cannot be generated: their models are not offered here."),
  ];
  return sentences.filter(Boolean).join(" ");
}

/** A number of pictures in words. */
export const countOf = (count) => count === 1 ? "One picture" : `${count.toLocaleString("en")} pictures`;

/** The beginning of a sentence about a number of lines. */
export const linesOf = (count) => count === 1 ? "One line is" : `${count.toLocaleString("en")} lines are`;

/**
 * The buttons that save a list of pictures as a file and copy a link to it.
 * @param {() => object[]} current gives the list
 * @param {string} name of the file
 * @param {object} notice
 */
export function setActions(current, name, notice) {
  const file = element("button", { type: "button" }, "Save file");
  const link = element("button", { type: "button" }, "Copy link");
  file.addEventListener("click", () => saveBlob(new Blob([formatFile(current())], { type: "text/plain" }), name));
  link.addEventListener("click", () => {
    const address = linkOf(current());
    if (address.length <= LONGEST_LINK) copyText(address, link);
    else notice.show("These are more pictures than a link can hold: save them as a file.");
  });
  return [link, file];
}

/** The address of a page that shows these pictures. */
export const linkOf = (pictures) => new URL(
  formatAddress({ view: "set", pictures: formatPictures(pictures), model: "", resolution: 0, label: "", ...fieldsOfStyling() }),
  document.baseURI,
).href;
