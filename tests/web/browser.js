// As much of a browser as the page needs, for node: elements, an address with its history, storage,
// and `fetch` with a record of requests. Arguments of the process: the scripts' folder, then `given`.

import { readFileSync, writeSync } from "node:fs";

const [folder, ...others] = process.argv.slice(1);
export const given = others;
export const script = (name) => import(`${folder}/${name}`);
export const print = (value) => writeSync(1, JSON.stringify(value)); // at once, however much
const define = (name, value) => Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });

/** An element: what scripts set is kept, what they listen to can be caused. */
class FakeElement extends EventTarget {
  constructor(tag = "div", attributes = {}) {
    super();
    Object.assign(this, { tag, attributes, children: [], parentElement: null, text: "", value: "", src: "", hidden: "hidden" in attributes });
    const classes = new Set((attributes.class ?? "").split(" "));
    this.classList = {
      add: (name) => classes.add(name),
      remove: (name) => classes.delete(name),
      contains: (name) => classes.has(name),
      toggle: (name, on = !classes.has(name)) => on ? classes.add(name) : classes.delete(name),
    };
    this.style = { setProperty() {} };
  }
  get textContent() { return this.text + this.children.map((child) => child.textContent ?? child).join(""); }
  set textContent(text) { this.replaceChildren(); this.text = text; }
  setAttribute(name, value) {
    this.attributes[name] = String(value);
    if (name === "class") for (const each of value.split(" ")) this.classList.add(each);
    if (["value", "href", "download"].includes(name)) this[name] = String(value);
    if (["hidden", "disabled"].includes(name)) this[name] = true;
  }
  append(...children) {
    for (const child of children) if (child instanceof FakeElement) child.parentElement = this;
    this.children.push(...children);
  }
  replaceChildren(...children) { this.children = []; this.text = ""; this.append(...children); }
  get all() { return this.children.filter((child) => child instanceof FakeElement).flatMap((child) => [child, ...child.all]); }
  matches(selector) { return selector.startsWith(".") ? this.classList.contains(selector.slice(1)) : this.tag === selector; }
  querySelectorAll(selector) { return this.all.filter((each) => each.matches(selector)); }
  querySelector(selector) { return this.querySelectorAll(selector)[0] ?? null; }
  get firstChild() { return this.children[0]; }
  contains(other) { return this.all.includes(other); }
  closest() { return null; }
  getBoundingClientRect() { return { bottom: this.bottom ?? 1000 }; }
  scrollIntoView() { this.scrolled = true; }
  focus() { document.activeElement = this; }
  click() { this.dispatchEvent(new Event("click", { cancelable: true })); }
  remove() {}
}

const pages = ["verify.html", "index.html"].map((name) => readFileSync(new URL(`${folder}/${name}`), "utf8")).join("");
const elements = new Map();
for (const [, tag, rest] of pages.matchAll(/<(\w+)([^>]*\bid="[^>]*)>/g)) {
  const attributes = Object.fromEntries([...rest.matchAll(/([\w-]+)(?:="([^"]*)")?/g)].map(([, name, value]) => [name, value ?? ""]));
  const created = new FakeElement(tag, attributes);
  new FakeElement().append(created);
  elements.set(attributes.id, created);
}
export const find = (id) => elements.get(id);

const events = new EventTarget();
define("addEventListener", events.addEventListener.bind(events));
export const page = Object.assign(new EventTarget(), {
  getElementById: find, hidden: false, baseURI: "http://page.test/", body: new FakeElement(), activeElement: null,
  documentElement: new FakeElement(), title: "", createElement: (tag) => new FakeElement(tag),
});
define("document", page);
define("IntersectionObserver", class {
  constructor(report) { this.report = report; }
  observe() { this.report([{ isIntersecting: true }]); }
});
export const copied = [];
define("navigator", { clipboard: { writeText: async (text) => { copied.push(text); } } });

// The address and its history; `travel` goes back or forward as the reader would.
const entries = [{ fragment: "", state: null }];
let place = 0;
define("location", { get hash() { return entries[place].fragment; }, get href() { return `http://page.test/${this.hash}`; } });
define("history", {
  get state() { return entries[place].state; },
  pushState(state, _, fragment) { entries.splice(++place, entries.length, { fragment, state: structuredClone(state) }); },
  replaceState(state, _, fragment) { entries[place] = { fragment, state: structuredClone(state) }; },
});
export const travel = (steps) => {
  place += steps;
  events.dispatchEvent(Object.assign(new Event("popstate"), { state: entries[place].state }));
};

export const stored = new Map();
define("sessionStorage", { getItem: (name) => stored.get(name) ?? null, setItem: (name, value) => stored.set(name, value) });
/** What lasts in the browser; `full` refuses to hold more, `forbidden` all use. */
export const lasting = { items: new Map(), full: false, forbidden: false };
Object.defineProperty(globalThis, "localStorage", {
  configurable: true,
  get() {
    if (lasting.forbidden) throw new Error("SecurityError");
    return {
      getItem: (name) => lasting.items.get(name) ?? null,
      setItem(name, value) {
        if (lasting.full) throw new Error("QuotaExceededError");
        lasting.items.set(name, value);
      },
    };
  },
});
/** Another tab has changed what lasts. */
export const otherTab = (key) => events.dispatchEvent(Object.assign(new Event("storage"), { key }));

// Requests go to `service.host`; those of one kind may be answered by `service.answer` instead.
export const service = { host: "", answer: () => null };
export const sent = [];
const send = globalThis.fetch;
globalThis.fetch = async (address, options) => {
  sent.push([address, options.headers, options.method]);
  return await service.answer(address, options) ?? send(service.host ? new URL(address, service.host) : address, options);
};
export const saved = []; // files that were handed to the reader
const urls = new Map();
let count = 0;
/** The file that an address of a blob stands for. */
export const fileAt = (url) => urls.get(url);
URL.createObjectURL = (blob) => { urls.set(`blob:${++count}`, blob); return `blob:${count}`; };
URL.revokeObjectURL = () => {};
const createElement = page.createElement;
page.createElement = (tag) => {
  const created = createElement(tag);
  if (tag === "a") created.click = () => saved.push([created.download, urls.get(created.href).type]);
  return created;
};

/** Wait until something is true; the time limit is that of the whole process. */
export const until = async (fact) => { while (!fact()) await new Promise((resolve) => setTimeout(resolve, 5)); };

/** The page at an address with this fragment, once its picture is shown. */
export const open = async (host, fragment = "") => {
  service.host = `${host}/`;
  entries[0].fragment = fragment;
  await script("page.js");
  await until(() => !find("picture").hidden && isDone());
};
export const isDone = () => find("status").textContent === "" && !find("picture").parentElement.classList.contains("waiting") &&
  !find("gallery").all.some((each) => each.classList.contains("waiting"));
/** Type a seed and press the button. */
export const paint = (seed) => {
  find("seed").value = seed;
  find("seed-form").dispatchEvent(new Event("submit", { cancelable: true }));
};
export const choose = (id, value) => { find(id).value = value; find(id).dispatchEvent(new Event("change")); };
export const signal = new AbortController().signal;
export const ignore = () => {};
