// A short notice at the foot of the screen, with one thing to do about it.

/**
 * @param {(id: string) => HTMLElement} find an element of the page
 * @returns {{show: (text: string, action?: string, run?: () => void) => void, hide: () => void}}
 */
export function createNotice(find) {
  let onAction = () => {};

  function show(text, action = "", run = () => {}) {
    onAction = run;
    find("notice").classList.toggle("open", text !== "");
    find("notice-text").textContent = text; // read aloud: the element is there all the time
    find("notice-action").textContent = action;
    find("notice-action").hidden = !action;
    find("notice-close").hidden = !text;
  }

  const hide = () => show("");
  find("notice-close").addEventListener("click", hide);
  find("notice-action").addEventListener("click", () => { const run = onAction; hide(); run(); });
  return { show, hide };
}
