// A set of pictures that somebody has put into a link.

import { element } from "../elements.js";
import { parsePictures } from "../picture-list.js";
import { setActions, showSet, withDigest } from "../picture-set.js";

/** Show the set of the state until the view is left. */
export function mount(root, page) {
  const { store, memory, notice, signal } = page;
  const about = element("p", { class: "lead" });
  const keep = element("button", { class: "strong", type: "button" }, "Keep all");
  const place = element("div");
  let pictures = [];
  root.append(element("div", { class: "heading" },
    element("div", {}, element("h1", {}, "A set of pictures"), about),
    element("div", { class: "actions" }, keep, ...setActions(() => pictures, "set.txt"))), place);
  let drawn = new AbortController();

  function draw({ pictures: text }) {
    drawn.abort();
    drawn = new AbortController();
    const { pictures: parsed, skipped } = parsePictures(text);
    const given = parsed.map((each) => withDigest(each, store.get()));
    pictures = given;
    const left = skipped ? ` ${skipped} lines of the link are no picture.` : "";
    about.textContent = given.length ? `${countOf(given)} that somebody chose.${left}` : `This link holds no picture.${left}`;
    keep.disabled = !given.length;
    showSet(place, { ...page, signal: AbortSignal.any([signal, drawn.signal]) }, given, "Pictures of the set");
  }

  keep.addEventListener("click", () => {
    const lost = memory.add(pictures);
    notice.show(`${countOf(pictures)} are among your favourites.${lost ? ` The oldest ${lost} are no longer.` : ""}`);
  });
  store.subscribe(["pictures", "list"], draw, signal);
}

const countOf = ({ length }) => length === 1 ? "One picture" : `${length} pictures`;
