// Putting the items of a list in order: by dragging with any pointer, and by keys.
// Knows nothing of what the items are; each begins with a button.

const DRAG_PX = 6; // from where a press becomes a drag
const KEYS = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };

/**
 * @param {HTMLElement} list
 * @param {{move: (from: number, to: number) => void, remove: (place: number) => void,
 *   choose: (place: number) => void}} actions called with places, from 0
 * @param {AbortSignal} signal ends the listeners
 */
export function createSorting(list, { move, remove, choose }, signal) {
  const items = () => [...list.children];
  const placeOf = (target) => items().findIndex((item) => item.contains(target));
  let drag = null; // { item, from, x, y, to }, where `to` is null until it moves

  function begin(event) {
    const from = placeOf(event.target);
    if (from < 0 || event.button !== 0) return;
    drag = { item: items()[from], from, x: event.clientX, y: event.clientY, to: null };
  }

  function follow(event) {
    if (!drag) return;
    const [dx, dy] = [event.clientX - drag.x, event.clientY - drag.y];
    if (drag.to === null && Math.hypot(dx, dy) < DRAG_PX) return;
    if (drag.to === null) list.setPointerCapture(event.pointerId);
    drag.item.classList.add("dragged");
    drag.item.style.transform = `translate(${dx}px, ${dy}px)`;
    drag.to = nearest(event.clientX, event.clientY);
    items().forEach((item, place) => item.classList.toggle("target", place === drag.to && place !== drag.from));
  }

  /** The place whose middle is nearest to a point of the screen; the dragged one counts where it was. */
  function nearest(x, y) {
    const distances = items().map((item) => {
      if (item === drag.item) return Math.hypot(x - drag.x, y - drag.y);
      const { left, top, width, height } = item.getBoundingClientRect();
      return Math.hypot(x - left - width / 2, y - top - height / 2);
    });
    return distances.indexOf(Math.min(...distances));
  }

  function end(isDropped) {
    if (!drag) return;
    const { item, from, to } = drag;
    drag = null;
    item.classList.remove("dragged");
    item.style.transform = "";
    for (const each of items()) each.classList.remove("target");
    if (isDropped && to !== null) move(from, to);
  }

  function press(event) {
    const place = placeOf(event.target);
    if (place < 0) return;
    const step = KEYS[event.key];
    if (step) move(place, place + step);
    else if (event.key === "Delete" || event.key === "Backspace") remove(place);
    else if (event.key === "Escape") end(false);
    else return;
    event.preventDefault();
  }

  const listen = (name, react, target = list) => target.addEventListener(name, react, { signal });
  listen("pointerdown", begin);
  listen("pointermove", follow);
  listen("pointerup", () => end(true));
  listen("pointercancel", () => end(false));
  listen("keydown", press);
  listen("dragstart", (event) => event.preventDefault()); // pictures would be dragged by the browser
  listen("click", (event) => {
    const place = placeOf(event.target);
    if (place >= 0) choose(place);
  });
}
