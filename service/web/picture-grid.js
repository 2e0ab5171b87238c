// A grid of many pictures, of which only those near the screen exist as elements.
// Owns scrolling and the keyboard. Knows neither where the pictures come from nor the history.

import { element } from "./elements.js";
import { createGridFailures } from "./grid-failures.js";
import { firstOnScreen, indexAfter, layoutOf, rowsWithin } from "./grid-layout.js";
import { createPictureQueue, sizesFor } from "./picture-queue.js";

const NEAR_SCREENS = 1; // above and below the screen, whose pictures exist
const SHARP_SCREENS = 0.25; // whose pictures are sharp
const SETTLED_MS = 80; // without another jump
const HIGHEST = 12_000_000; // pixels, beyond which browsers lose positions
const SPARE_ROWS = 40; // below the last row seen, where there is no end

/**
 * A grid in an element, until the signal of the page ends.
 *
 * Its options are `count`, which may be infinite; `at(index)`, a picture; `cardOf(picture)`, the card
 * of the model that paints it, or nothing; `fill(link, picture)`, which completes a tile and gives
 * what stands beside the link; `resolution`, the largest one wanted; `shape`, width by height; `label`
 * for who hears the page; `onMove(index)`, called with the first picture on the screen.
 */
export class PictureGrid {
  #page;
  #options;
  #list;
  #queue;
  #failures;
  #layout;
  #entries = new Map(); // by index, of the pictures that exist
  #seenRows = SPARE_ROWS;
  #current = 0; // index of the picture that the keyboard is at
  #reported = -1; // the first picture on the screen
  #loadedAt = -1; // where the grid was when pictures were loaded last
  #settling = 0; // the timer that loads them after a jump
  #frame = 0; // of an update that is due

  constructor(root, page, options) {
    [this.#page, this.#options] = [page, options];
    this.#list = element("ul", { class: "grid", tabindex: "-1", "aria-label": options.label });
    this.#failures = createGridFailures(page, (entry) => this.#isOnScreen(entry));
    this.#queue = createPictureQueue(page.client, {
      signal: page.signal,
      wanted: (level) => this.#wanted(level),
      show: (entry, bitmap, size) => this.#show(entry, bitmap, size),
      fail: this.#failures.fail,
    });
    root.append(this.#list);
    this.#measure();
    this.#listen(page.signal);
  }

  /** Begin at a picture: its row is the first one on the screen. */
  startAt(index) {
    const row = Math.floor(index / this.#layout.columns);
    this.#seenRows = Math.max(this.#seenRows, row + SPARE_ROWS);
    this.#setHeight();
    if (row) scrollTo(0, scrollY - this.#top() + row * this.#layout.rowHeight);
    this.#update();
  }

  #listen(signal) {
    addEventListener("scroll", () => this.#updateSoon(), { passive: true, signal });
    this.#list.addEventListener("keydown", (event) => this.#onKey(event), { signal });
    const observer = new ResizeObserver(() => this.#onResize());
    observer.observe(this.#list);
    signal.addEventListener("abort", () => {
      observer.disconnect();
      for (const entry of this.#entries.values()) this.#remove(entry);
    });
  }

  // ------------------------------------------------------------------ rows

  #measure() {
    this.#layout = layoutOf(this.#list.clientWidth || innerWidth, this.#options.shape);
    const { columns, gap, rowHeight } = this.#layout;
    this.#list.style.setProperty("--columns", columns);
    this.#list.style.setProperty("--gap", `${gap}px`);
    this.#list.style.setProperty("--row", `${rowHeight - gap}px`);
  }

  #top() {
    return -this.#list.getBoundingClientRect().top;
  }

  #rowCount() {
    const { columns, rowHeight } = this.#layout;
    return Math.min(Math.ceil(this.#options.count / columns), this.#seenRows, Math.floor(HIGHEST / rowHeight));
  }

  #rows(screens) {
    return rowsWithin(screens, this.#layout, this.#top(), innerHeight, this.#rowCount());
  }

  #rowOf({ index }) {
    return Math.floor(index / this.#layout.columns);
  }

  #isOnScreen(entry) {
    const [top, bottom] = this.#rows(0);
    return this.#rowOf(entry) >= top && this.#rowOf(entry) < bottom;
  }

  #setHeight() {
    this.#list.style.height = `${this.#rowCount() * this.#layout.rowHeight}px`;
  }

  #updateSoon() {
    this.#frame ||= requestAnimationFrame(() => this.#update());
  }

  #update() {
    this.#frame = 0;
    if (this.#page.signal.aborted) return;
    this.#seenRows = Math.max(this.#seenRows, this.#rows(0)[1] + SPARE_ROWS);
    this.#setHeight();
    const { columns, rowHeight } = this.#layout;
    const [first, last] = this.#rows(NEAR_SCREENS);
    this.#list.style.paddingTop = `${first * rowHeight}px`;
    this.#keepEntries(first * columns, Math.min(this.#options.count, last * columns));
    this.#failures.follow(this.#entries.values());
    this.#load();
    this.#report();
  }

  /** Load what is near the screen; while it flies by, wait until it does not. */
  #load() {
    const top = this.#top();
    const isFlying = Math.abs(top - this.#loadedAt) > innerHeight / 2 && this.#loadedAt >= 0;
    this.#loadedAt = top;
    clearTimeout(this.#settling);
    if (isFlying) this.#settling = setTimeout(() => this.#queue.update(), SETTLED_MS);
    else this.#queue.update();
  }

  #report() {
    const index = firstOnScreen(this.#layout, this.#top());
    if (index !== this.#reported) this.#options.onMove?.(index);
    this.#reported = index;
  }

  #onResize() {
    const { columns } = this.#layout;
    const first = firstOnScreen(this.#layout, this.#top());
    this.#measure();
    if (this.#layout.columns !== columns && first > 0) this.startAt(first);
    else this.#updateSoon();
  }

  // ------------------------------------------------------------------ elements

  /** Exactly the pictures from `first` to before `last` exist, in order. */
  #keepEntries(first, last) {
    for (const [index, entry] of this.#entries) if (index < first || index >= last) this.#remove(entry);
    let next = null;
    for (let index = last - 1; index >= first; index--) {
      if (!this.#entries.has(index)) {
        const entry = this.#createEntry(index);
        this.#entries.set(index, entry);
        this.#list.insertBefore(entry.item, next);
      }
      next = this.#entries.get(index).item;
    }
    this.#setStop(this.#entries.has(this.#current) ? this.#current : first);
  }

  #createEntry(index) {
    const { at, cardOf, count, fill, resolution } = this.#options;
    const picture = at(index);
    const card = cardOf(picture);
    const image = element("canvas", { width: 0, height: 0 });
    const link = element("a", { class: card ? "tile waiting" : "tile", tabindex: "-1" }, image);
    const total = Number.isSafeInteger(count) ? count : -1; // -1: not known
    const item = element("li", { "aria-posinset": index + 1, "aria-setsize": total }, link);
    item.append(...fill(link, picture));
    link.addEventListener("focus", () => this.#setStop(index));
    const entry = { index, image, link, item, shown: 0, pending: false, isNear: true, failed: !card };
    if (!card) return entry;
    const sizes = sizesFor(card, resolution, this.#layout.tile * devicePixelRatio);
    return { ...entry, card, picture: { ...picture, model: card.pinned_name }, sizes };
  }

  #remove(entry) {
    entry.isNear = false;
    this.#page.clearErrorOf(entry.image);
    if (!this.#page.signal.aborted && entry.item.contains(document.activeElement)) this.#list.focus({ preventScroll: true });
    entry.item.remove();
    this.#entries.delete(entry.index);
  }

  // ------------------------------------------------------------------ pictures

  /** The pictures to load, those nearest to the screen first. */
  #wanted(level) {
    const [first, last] = this.#rows(level === "small" ? NEAR_SCREENS : SHARP_SCREENS);
    const [top, bottom] = this.#rows(0);
    const distance = (entry) => Math.max(top - this.#rowOf(entry), this.#rowOf(entry) - bottom + 1, 0);
    return [...this.#entries.values()]
      .filter((entry) => !entry.failed && this.#rowOf(entry) >= first && this.#rowOf(entry) < last)
      .sort((one, other) => distance(one) - distance(other) || one.index - other.index);
  }

  #show(entry, bitmap, size) {
    const { image, link, sizes } = entry;
    [image.width, image.height] = [bitmap.width, bitmap.height];
    image.getContext("2d").drawImage(bitmap, 0, 0);
    image.classList.toggle("pixelated", size === sizes.sharp && size < this.#layout.tile / 2);
    link.classList.remove("waiting");
    entry.shown = size;
    if (size >= sizes.sharp) this.#page.clearErrorOf(image);
  }

  // ------------------------------------------------------------------ the keyboard

  /** The one picture at which the Tab key stops. */
  #setStop(index) {
    const before = this.#entries.get(this.#current);
    const after = this.#entries.get(index);
    if (before) before.link.tabIndex = -1;
    if (after) after.link.tabIndex = 0;
    if (after) this.#current = index;
  }

  #onKey(event) {
    if (!event.target.closest("a.tile") || event.ctrlKey || event.metaKey || event.altKey) return;
    const count = Math.min(this.#options.count, this.#rowCount() * this.#layout.columns);
    const index = indexAfter(event.key, this.#current, count, this.#layout, innerHeight);
    if (index === null) return;
    event.preventDefault();
    this.#bringIntoView(Math.floor(index / this.#layout.columns));
    this.#update();
    this.#entries.get(index)?.link.focus({ preventScroll: true });
  }

  /** Bring a row fully onto the screen, by as little as possible. */
  #bringIntoView(row) {
    const top = row * this.#layout.rowHeight - this.#top();
    const below = top + this.#layout.rowHeight - innerHeight;
    if (top < 0) scrollBy(0, top);
    else if (below > 0) scrollBy(0, below);
  }
}
