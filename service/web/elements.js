// Elements of the page, and pictures in them. Knows nothing of the service.

const PIXELATED = 64; // pixels, up to which single ones are worth seeing
const NEARBY = "200px"; // how far below the screen a row begins to load

/** A new element with its attributes and content. */
export function element(tag, attributes = {}, ...children) {
  const created = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) created.setAttribute(name, value);
  created.append(...children);
  return created;
}

/** An empty frame for a picture. */
export const pictureFrame = () => element("div", { class: "frame" }, element("img", { alt: "", hidden: "" }));

/** Show a file in an image. */
export function showBlob(image, blob, description, resolution) {
  URL.revokeObjectURL(image.src);
  image.src = URL.createObjectURL(blob);
  image.alt = description;
  image.classList.toggle("pixelated", resolution > 0 && resolution <= PIXELATED);
  image.hidden = false;
}

/** A function that calls `load` at once where `section` is on screen or close, else when it is. */
export function whenVisible(section, load) {
  let [visible, due] = [false, false];
  const loadIfDue = () => {
    if (!visible || !due) return;
    due = false;
    load();
  };
  new IntersectionObserver((entries) => {
    visible = entries.at(-1).isIntersecting;
    loadIfDue();
  }, { rootMargin: NEARBY }).observe(section);
  return () => { due = true; loadIfDue(); };
}
