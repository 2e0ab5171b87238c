// The card of a model, as a list of facts that a reader can use.

import { isSquare, made, sizeOf } from "./pictures.js";

/** Write the card of a model into the page. */
export function showCard(card, title, text, facts) {
  title.textContent = card.title || card.name;
  text.textContent = card.description || "";
  facts.replaceChildren(...rowsOf(card).flatMap(([name, value]) => [made("dt", {}, name), made("dd", {}, value)]));
}

function rowsOf(card) {
  const data = card.data ?? {};
  const images = data.images ? `, ${data.images.toLocaleString("en")} pictures` : "";
  const rows = [
    ["Learned from", data.name && `${data.name}${images}${data.note ? `. ${data.note}` : ""}`],
    ["Credit", data.attribution],
    ["Licence of the data", data.licence],
    ["Licence of the model", card.licence],
    ["Sizes", `${card.resolutions.map((r) => isSquare(card) ? r : sizeOf(card, r)).join(", ")} pixels`],
    ["Training", inWords(card.training)],
    ["Quality", inWords(card.quality)],
    ["Runs as", card.engine && [card.engine.device, card.engine.precision].filter(Boolean).join(", ")],
    ["Digest", card.digest ?? card.weights_sha256],
  ];
  return rows.filter(([, value]) => value);
}

/** Values of any depth as text: `images shown 2,000,000; kid 0.012 (over 5,000)`. */
function inWords(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return value.toLocaleString("en", { maximumSignificantDigits: 6 });
  if (Array.isArray(value)) return value.map(inWords).filter(Boolean).join(", ");
  if (typeof value !== "object") return String(value);
  const parts = Object.entries(value).map(([name, inner]) => {
    const told = inWords(inner);
    return told && `${name.replaceAll("_", " ")} ${inner && typeof inner === "object" ? `(${told})` : told}`;
  });
  return parts.filter(Boolean).join("; ");
}
