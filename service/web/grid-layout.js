// Rows and columns of a grid of pictures: pure computations, in CSS pixels.

const GAPS = { narrow: 6, wide: 10 }; // between two pictures
const NARROW = 620; // width of a grid on a phone
const SMALLEST_TILE = 104; // three in a row on a phone
const TILES_IN_A_ROW = 7; // wanted on a wide screen
const SLIVER = 0.1; // of a row, which does not count as being on the screen
const KEYS = ["ArrowRight", "ArrowLeft", "ArrowDown", "ArrowUp", "PageDown", "PageUp", "Home"];

/**
 * The layout of a grid.
 * @param {number} width of the grid
 * @param {number} shape width by height of a picture
 * @returns {{columns: number, tile: number, gap: number, rowHeight: number}} `tile`: width of a
 *   picture; `rowHeight` with the gap
 */
export function layoutOf(width, shape) {
  const gap = width < NARROW ? GAPS.narrow : GAPS.wide;
  const wish = Math.max(SMALLEST_TILE, width / TILES_IN_A_ROW - gap);
  const columns = Math.max(1, Math.floor((width + gap) / (wish + gap)));
  const tile = (width - gap * (columns - 1)) / columns;
  return { columns, tile, gap, rowHeight: tile / shape + gap };
}

/**
 * The rows within some screens of the screen.
 * @param {number} top how far the grid begins above the screen
 * @param {number} height of the screen
 * @returns {[number, number]} the first one, and the one after the last one
 */
export function rowsWithin(screens, { rowHeight }, top, height, rowCount) {
  const first = Math.floor((top - screens * height) / rowHeight);
  const last = Math.ceil((top + (1 + screens) * height) / rowHeight);
  return [Math.min(rowCount, Math.max(0, first)), Math.min(rowCount, Math.max(0, last))];
}

/** The first picture that is on the screen. */
export const firstOnScreen = ({ columns, rowHeight }, top) =>
  Math.max(0, Math.floor(top / rowHeight + SLIVER)) * columns;

/**
 * The picture that a key leads to.
 * @returns {number | null} its index; null for keys of other things
 */
export function indexAfter(key, current, count, { columns, rowHeight }, height) {
  const screen = columns * Math.max(1, Math.floor(height / rowHeight) - 1);
  const steps = [1, -1, columns, -columns, screen, -screen, -current];
  const step = steps[KEYS.indexOf(key)];
  return step === undefined ? null : Math.min(count - 1, Math.max(0, current + step));
}
