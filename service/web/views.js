// The views of the page: which there are, and the one that is mounted now.
// A view is a module that exports `mount(root, page)`: it fills `root`, and may return a function
// that is called when it is left; `page.signal` ends its subscriptions, listeners and requests.

import { formatAddress } from "./address.js";
import { element } from "./elements.js";
import { hasView, modelFor } from "./models.js";
import { mount as mountKept } from "./views/kept.js";
import { mount as mountMix } from "./views/mix.js";
import { mount as mountPicture } from "./views/picture.js";
import { mount as mountSet } from "./views/set.js";
import { mount as mountStatus } from "./views/status.js";
import { mount as mountTranslate } from "./views/translate.js";
import { mount as mountVariations } from "./views/variations.js";
import { mount as mountWalk } from "./views/walk.js";
import { mount as mountWall } from "./views/wall.js";

/** Name in the address; title, and whether it stands in the navigation; how it is mounted. */
const VIEWS = [
  { name: "wall", title: "Wall", mount: mountWall },
  { name: "picture", title: "Picture", mount: mountPicture },
  { name: "variations", title: "Variations", mount: mountVariations },
  { name: "mix", title: "Mix", mount: mountMix },
  { name: "walk", title: "Walk", mount: mountWalk },
  { name: "translate", title: "Translate", mount: mountTranslate },
  { name: "kept", title: "Saved", mount: mountKept },
  { name: "set", title: "A set of pictures", isHidden: true, mount: mountSet },
  { name: "status", title: "Status", mount: mountStatus },
];

/**
 * Show the view of the state in an element, and links to all views in another.
 * @param {HTMLElement} root is emptied when a view is left
 * @param {HTMLElement} links
 * @param {object} page all that a view gets, beside its signal
 */
export function createViews(root, links, page) {
  const { store } = page;
  let [leave, leaving] = [() => {}, new AbortController()];

  function mountView({ view }) {
    const isFirst = !root.dataset.view;
    leaving.abort();
    leave();
    leaving = new AbortController();
    root.replaceChildren();
    root.dataset.view = view;
    document.body.dataset.view = view;
    scrollTo(0, 0);
    const { mount, title } = VIEWS.find(({ name }) => name === view);
    document.title = `${title} – Progan`; // a view may say more
    leave = mount(root, { ...page, signal: leaving.signal }) ?? (() => {});
    if (!isFirst) root.focus({ preventScroll: true });
  }

  createLinks(links, page);
  history.scrollRestoration = "manual"; // a view knows better where it was
  store.subscribe(["view"], mountView);
}

/** Where the link of a view leads: to a model that has this view. */
const targetOf = (view, state) => ({ view, model: modelFor(view, state) });

function createLinks(links, { store, navigate }) {
  const items = VIEWS.filter(({ isHidden }) => !isHidden).map(({ name, title }) => {
    const link = element("a", { href: "" }, title);
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return; // into another tab
      event.preventDefault();
      navigate(targetOf(name, store.get()));
    });
    return { name, link };
  });

  function mark(state) {
    for (const { name, link } of items) {
      link.href = formatAddress({ ...state, ...targetOf(name, state) });
      link.parentElement.hidden = !hasView(name, state.list);
      if (name === state.view) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }

  /** On a phone not all links fit: the one of the view is brought into sight. */
  function reveal({ view }) {
    items.find(({ name }) => name === view)?.link.scrollIntoView({ block: "nearest", inline: "center" });
  }

  links.replaceChildren(...items.map(({ link }) => element("li", {}, link)));
  store.subscribe(Object.keys(store.get()), mark);
  store.subscribe(["view"], reveal);
}
