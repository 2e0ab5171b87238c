// The card of a model: where it comes from, how good it is, and what a seed promises.

import { element } from "./elements.js";
import { isSquare, sizeOf } from "./pictures.js";

const MAX_FIGURES = 4;
const percent = (value) => `${decimal(value * 100, 2)} %`;
const decimal = (value, digits = 3) => value.toLocaleString("en", { maximumSignificantDigits: digits });

// The measures that say most, in this order: key in the card, a word for it, its form, its meaning.
const MEASURES = [
  ["ms_ssim", "Sameness", ({ value }) => decimal(value), ({ real_pictures: real }) =>
    `How alike two of its pictures are; lower is more varied${real ? `. Those it learned from: ${decimal(real)}` : ""}.`],
  ["fd_efficientnet_lite0", "Distance", ({ value }) => decimal(value), () =>
    "Between all its pictures and all it learned from; lower is better, 0 is no difference."],
  ["precision", "Precision", ({ value }) => percent(value), () =>
    "The share of its pictures that are as near to real ones as those are to each other; higher is better."],
  ["neighbour_ratio", "Originality", ({ value }) => decimal(value), () =>
    "Near 0 it would copy what it learned from; near 1 or above it does not."],
  ["recall", "Recall", ({ value }) => percent(value), () =>
    "The share of the pictures it learned from that it could generate; higher is better."],
];

/** The card of a model as elements: origin, figures, what a seed promises, and every number. */
export function describeCard(card) {
  const figures = figuresOf(card.quality ?? {}).map(([word, value, meaning]) => element("div", {},
    element("dt", {}, word), element("dd", { class: "figure" }, value), element("dd", { class: "small" }, meaning)));
  const quality = [
    element("h3", {}, "How good it is"),
    element("dl", { class: "figures" }, ...figures),
    element("p", { class: "small" }, "All but sameness compare pictures as a network trained on photographs sees them."),
  ];
  return [
    element("p", { class: "about" }, card.description || ""),
    element("dl", { class: "rows" }, ...rowsOf(originOf(card))),
    ...(figures.length ? quality : []),
    element("details", {}, element("summary", {}, "What a seed promises, and every number"),
      element("p", { class: "about" }, promiseOf(card)),
      element("dl", { class: "rows small" }, ...rowsOf(detailsOf(card)))),
  ];
}

/** The first measures that the card has: word, value and meaning of each. */
export const figuresOf = (quality) => MEASURES
  .filter(([key]) => typeof quality[key]?.value === "number")
  .slice(0, MAX_FIGURES)
  .map(([key, word, format, explain]) => [word, format(quality[key]), explain(quality[key])]);

/** What a seed promises, and on what that rests. */
export function promiseOf({ digest, platform, engine }) {
  const others = engine.exact ? ", whatever else is generated at the same time"
    : ", but for roundings that depend on what else is generated at the same time";
  const { tried = 0, equal = 0 } = engine.golden ?? {};
  const proof = tried ? ` Of ${tried} pictures kept from when the model was made, ${equal} come out here byte for byte.` : "";
  return `The same seed gives the same picture, byte for byte${others}. That rests on this version of the model `
    + `(${digest.slice(0, 12)}…), on the kind of processor and on the libraries; here: ${platform}.${proof} On another `
    + "kind of processor, pixels may differ by a shade too small to see.";
}

function originOf(card) {
  const data = card.data ?? {};
  const images = data.images ? `, ${data.images.toLocaleString("en")} pictures` : "";
  return [
    ["Learned from", data.name && `${data.name}${images}${data.note ? `. ${data.note}` : ""}`],
    ["Credit", data.attribution],
    ["Licence", card.licence === data.licence ? card.licence : `${card.licence} (model), ${data.licence} (data)`],
  ];
}

function detailsOf(card) {
  return [
    ["Sizes", `${card.resolutions.map((r) => isSquare(card) ? r : sizeOf(card, r)).join(", ")} pixels`],
    ...detailsOfEach("Training", card.training),
    ...detailsOfEach("Quality", card.quality),
    ...detailsOfEach("Engine", card.engine),
    ["Digest", card.digest],
  ];
}

const detailsOfEach = (part, values) =>
  Object.entries(values ?? {}).map(([name, value]) => [`${part}: ${name.replaceAll("_", " ")}`, textOf(value)]);

const rowsOf = (rows) => rows.filter(([, value]) => value)
  .flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]);

/** Values of any depth as text: `value 0.012; images 2,000; per level (32 5.7; 16 7.5)`. */
function textOf(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return decimal(value, 6);
  if (Array.isArray(value)) return value.map(textOf).filter(Boolean).join(", ");
  if (typeof value !== "object") return String(value);
  const parts = Object.entries(value).map(([name, inner]) => {
    const text = textOf(inner);
    return text && `${name.replaceAll("_", " ")} ${inner && typeof inner === "object" ? `(${text})` : text}`;
  });
  return parts.filter(Boolean).join("; ");
}
