// The line that says why something failed, and when it goes.
// Owns which pictures in view the error is about. Knows no view and no request.

/**
 * The error line of a page.
 * @param {HTMLElement} line
 */
export function createErrorLine(line) {
  const missing = new Set(); // pictures in view that have failed; empty if the error is of another kind

  /**
   * Show an error.
   * @param {string} text
   * @param {Element[]} pictures in view that are missing because of it: the line goes when all of
   *   them are loaded or out of view. Without any it stays until `clear`.
   */
  function show(text, pictures = []) {
    if (!pictures.length) missing.clear();
    for (const picture of pictures) missing.add(picture);
    line.textContent = text;
    line.hidden = false;
  }

  function clear() {
    missing.clear();
    line.hidden = true;
  }

  /** A picture is loaded or out of view: with the last missing one the line goes. */
  function settle(picture) {
    if (!missing.size) return;
    missing.delete(picture);
    if (![...missing].some((each) => each.isConnected)) clear();
  }

  return { show, clear, settle };
}
