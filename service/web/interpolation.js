// The walk: two to four stops, and the film between them.

import { framed, made, display, thumbnailOf, imageAddress, walkAddress } from "./pictures.js";

const FEWEST = 2;
const MOST = 4;

/**
 * Give life to the section of the walk.
 * @param {(id: string) => HTMLElement} find an element of the page
 * @param {() => object} cardOf the card of the chosen model
 * @param {() => object} painterOf what paints: that model, and the class if one was chosen
 */
export function makeInterpolation(find, cardOf, painterOf) {
  let stops = [];
  let filming = new AbortController();
  const say = (text) => { find("walk-status").textContent = text; };

  function draw() {
    filming.abort();
    find("film").hidden = true;
    find("walk-files").hidden = true;
    find("play").disabled = stops.length < FEWEST;
    say(stops.length < FEWEST ? "Add one more to begin." : "");
    find("stops").replaceChildren(...stops.map(stopOf));
  }

  function stopOf(seed, place) {
    const frame = framed();
    const remove = made("button", { class: "add", type: "button", "aria-label": `Take ${seed} off the path` }, "×");
    remove.addEventListener("click", () => { stops.splice(place, 1); draw(); });
    const address = imageAddress(seed, painterOf(), thumbnailOf(cardOf()), "png");
    display(frame.firstChild, address, `Seed ${seed}`, new AbortController().signal, () => {}).catch(() => {});
    return made("li", {}, frame, remove, made("span", { class: "name" }, seed));
  }

  async function play() {
    filming.abort();
    filming = new AbortController();
    const { signal } = filming;
    const painter = painterOf();
    const size = thumbnailOf(cardOf());
    const steps = Number(find("pace").value);
    const address = (format) => walkAddress(stops, painter, size, steps, format);
    say(`Painting ${stops.length * steps} pictures …`);
    try {
      const path = stops.join(" to ");
      await display(find("film"), address("webp"), `A walk from seed ${path} and back`, signal, say);
      for (const format of ["webp", "gif", "mp4"]) {
        find(`walk-${format}`).href = address(format);
        find(`walk-${format}`).download = `walk.${format}`;
      }
      find("walk-files").hidden = false;
      say(`${stops.length * steps} pictures, each from a point of its own.`);
    } catch (error) {
      if (!signal.aborted) say(error.message);
    }
  }

  find("play").addEventListener("click", play);
  find("pace").addEventListener("change", () => { if (!find("film").hidden) play(); });

  return {
    /** Begin anew with these stops. */
    start(seeds) { stops = seeds.slice(0, MOST); draw(); },
    /** The same stops, of another class. */
    redraw() { draw(); },
    /** One more stop; the first leaves when there are too many. */
    add(seed) { stops = [...stops, seed].slice(-MOST); draw(); },
  };
}
