// Pictures of a grid that could not be loaded: who is told, and when they are asked for again.
// Knows entries of the grid. Makes no request.

/**
 * @param {object} page its errors
 * @param {(entry: object) => boolean} isOnScreen
 */
export function createGridFailures({ showError, clearErrorOf }, isOnScreen) {
  /** Mark pictures as failed; the error is shown while one of them is on the screen. */
  function fail(entries, error, aborted) {
    for (const entry of entries) {
      entry.failed = true;
      entry.hasLeft = !isOnScreen(entry);
      entry.link.classList.remove("waiting");
    }
    const pictures = entries.filter(({ hasLeft }) => !hasLeft).map(({ image }) => image);
    showError(error, aborted, { isWanted: true, ...(pictures.length ? { pictures } : { show: () => {} }) });
  }

  /** After scrolling: what left the screen needs no error, and what came back is asked for again. */
  function follow(entries) {
    for (const entry of entries) {
      if (!entry.failed || !entry.card) continue;
      const isBack = isOnScreen(entry) && entry.hasLeft;
      entry.hasLeft = !isOnScreen(entry);
      if (entry.hasLeft) clearErrorOf(entry.image);
      if (!isBack) continue;
      entry.failed = false;
      entry.link.classList.toggle("waiting", !entry.shown);
    }
  }

  return { fail, follow };
}
