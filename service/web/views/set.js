// A set of pictures that somebody has put into a link.

import { element } from "../elements.js";
import { FULL } from "../memory.js";
import { parsePictures } from "../picture-list.js";
import { countOf, linesOf, setActions, showSet, withDigest } from "../picture-set.js";

/** Show the set of the state until the view is left. */
export function mount(root, page) {
  const { store, memory, notice, signal } = page;
  const about = element("p", { class: "lead" });
  const keep = element("button", { class: "strong", type: "button" }, "Keep all");
  const place = element("div");
  let pictures = [];
  root.append(element("div", { class: "heading" },
    element("div", {}, element("h1", {}, "A set of pictures"), about),
    element("div", { class: "actions" }, keep, ...setActions(() => pictures, "set.txt", notice))), place);
  let drawn = new AbortController();

  function draw({ pictures: text }) {
    drawn.abort();
    drawn = new AbortController();
    const { pictures: parsed, skipped, left: more } = parsePictures(text);
    const given = parsed.map((each) => withDigest(each, store.get()));
    pictures = given;
    const left = [skipped && ` ${linesOf(skipped)} no picture.`, more && ` ${countOf(more)} more are not shown.`].filter(Boolean).join("");
    about.textContent = given.length ? `${countOf(given.length)} that somebody chose.${left}` : `This link holds no picture.${left}`;
    keep.disabled = !given.length;
    showSet(place, { ...page, signal: AbortSignal.any([signal, drawn.signal]) }, given, "Pictures of the set");
  }

  keep.addEventListener("click", () => {
    const left = memory.add(pictures);
    const kept = pictures.length - left;
    notice.show(`${countOf(kept)} of the set ${kept === 1 ? "is" : "are"} among your favourites.${left ? ` ${countOf(left)} did not fit. ${FULL}` : ""}`);
  });
  store.subscribe(["pictures", "list"], draw, signal);
}
