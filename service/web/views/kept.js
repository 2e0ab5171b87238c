// What this browser remembers: the favourites, and what was looked at last.

import { element } from "../elements.js";
import { FULL } from "../memory.js";
import { readPictures } from "../picture-list.js";
import { countOf, linesOf, setActions, showSet, withDigest } from "../picture-set.js";

const LISTS = { favourites: "Favourites", seen: "Looked at" };
const EMPTY = {
  favourites: "Nothing yet. The heart of a picture puts it here, in this browser alone.",
  seen: "Nothing yet. What you look at large is listed here, in this browser alone.",
};

/** Show the list of the state until the view is left. */
export function mount(root, page) {
  const { store, memory, navigate, notice, signal } = page;
  const current = () => store.get()[store.get().kept];
  const tabs = element("div", { class: "segments", role: "group", "aria-label": "Which list" }, ...Object.entries(LISTS).map(tabOf));
  const about = element("p", { class: "lead", role: "status" });
  const forget = element("button", { type: "button" }, "Forget all");
  const file = element("input", { id: "list-file", type: "file", accept: ".txt,text/plain" });
  const place = element("div");
  root.append(element("div", { class: "heading" },
    element("div", {}, element("h1", {}, "Saved in this browser"), about),
    element("div", { class: "actions" }, tabs, ...setActions(current, "favourites.txt", notice),
      element("label", { class: "button", for: "list-file" }, "Read file", file), forget)), place);
  let drawn = new AbortController();

  function tabOf([name, title]) {
    const tab = element("button", { type: "button" }, title);
    tab.addEventListener("click", () => navigate({ kept: name }));
    store.subscribe(["kept"], ({ kept }) => tab.setAttribute("aria-pressed", String(kept === name)), signal);
    return tab;
  }

  function draw({ kept }) {
    drawn.abort();
    drawn = new AbortController();
    const pictures = current();
    about.textContent = pictures.length ? `${countOf(pictures.length)}${pictures.length > 1 ? ", the newest first" : ""}.` : EMPTY[kept];
    forget.disabled = !pictures.length;
    showSet(place, { ...page, signal: AbortSignal.any([signal, drawn.signal]) }, pictures, LISTS[kept]);
  }

  async function readFile() {
    const [chosen] = file.files;
    if (!chosen) return;
    const { name } = chosen;
    const { pictures, skipped, left, fault } = await readPictures(chosen);
    file.value = "";
    if (fault) {
      notice.show(`“${name}” ${fault}`);
      return;
    }
    const before = store.get().favourites;
    const lost = memory.add(pictures.map((each) => withDigest(each, store.get())));
    const more = [skipped && `${linesOf(skipped)} no picture.`, left && `${countOf(left)} more were not read.`, lost && `${countOf(lost)} did not fit. ${FULL}`];
    navigate({ kept: "favourites" });
    if (!signal.aborted) draw(store.get());
    const added = store.get().favourites !== before;
    notice.show([`${countOf(pictures.length)} read.`, ...more].filter(Boolean).join(" "), added ? "Undo" : "", () => putBack("favourites", before));
  }

  function putBack(kept, pictures) {
    memory.replace(kept, pictures);
    if (!signal.aborted) draw(store.get());
  }

  forget.addEventListener("click", () => {
    const { kept } = store.get();
    const before = current();
    putBack(kept, []);
    notice.show(`${countOf(before.length)} forgotten.`, "Undo", () => putBack(kept, before));
  });
  file.addEventListener("change", readFile);
  // Not the lists themselves: what is no longer a favourite stays in its place until it is left.
  store.subscribe(["kept", "list"], draw, signal);
}
