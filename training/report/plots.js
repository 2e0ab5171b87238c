// Plots of numbers over images shown, as SVG, with the levels behind them and a common cursor.
// Owns scales, curves and the cursor. Knows nothing of grids or of what the numbers mean.

const WIDTH = 480, HEIGHT = 190, LEFT = 46, RIGHT = 8, TOP = 18, BOTTOM = 22;
const LOG_FROM = 30; // largest over smallest value

/** An SVG element. */
function drawn(kind, attributes, ...inside) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", kind);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...inside);
  return element;
}

/** An HTML element. */
function made(kind, attributes, ...inside) {
  const element = document.createElement(kind);
  Object.assign(element, attributes);
  element.append(...inside);
  return element;
}

/** A number with three significant digits, or with thousands. */
function inShort(value) {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  if (size >= 1000) return Math.round(value).toLocaleString("en");
  if (size > 0 && size < 0.001) return value.toExponential(1);
  return String(Number(value.toPrecision(3)));
}

/** Images in thousands or millions. */
function inThousands(images) {
  if (images >= 1e6) return `${Number((images / 1e6).toPrecision(3))}M`;
  return images >= 1000 ? `${Number((images / 1000).toPrecision(3))}k` : String(images);
}

/** Round values that divide a range into about `count` parts. */
function roundSteps(low, high, count) {
  const rough = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough * 0.999);
  const steps = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high + step * 1e-9; n += 1) steps.push(n * step);
  return steps;
}

/** From values to pixels: logarithmic where asked and possible. */
function scaleOf(values, { log = false, zero = false, aim = null }) {
  let low = Math.min(...values), high = Math.max(...values);
  const logarithmic = log && low > 0 && high / low > LOG_FROM;
  if (logarithmic) {
    const [a, b] = [Math.log10(low), Math.log10(high)];
    const steps = [];
    for (let n = Math.ceil(a); n <= b; n += 1) steps.push(10 ** n);
    const place = (v) => HEIGHT - BOTTOM - ((Math.log10(v) - a) / (b - a)) * (HEIGHT - TOP - BOTTOM);
    return { place, steps: steps.length > 1 ? steps : [low, high] };
  }
  if (zero) low = Math.min(0, low);
  if (aim !== null) { low = Math.min(aim, low); high = Math.max(aim, high); }
  if (low === high) { low -= 0.5; high += 0.5; }
  const steps = roundSteps(low, high, 4);
  const place = (v) => HEIGHT - BOTTOM - ((v - low) / (high - low)) * (HEIGHT - TOP - BOTTOM);
  return { place, steps };
}

/** When each level fades in and is held: [{resolution, began, held, ended}]. */
function spansOf(levels) {
  let at = 0;
  return levels.map((plan) => {
    const began = at, held = began + plan.fade_images;
    at = held + plan.stable_images;
    return { resolution: plan.resolution, batch: plan.batch_size, began, held, ended: at };
  });
}

/** A curve through the points that are there. */
function pathOf(points) {
  let path = "", pen = "M";
  for (const [x, y] of points) {
    if (y === null) { pen = "M"; continue; }
    path += `${pen}${x.toFixed(1)},${y.toFixed(1)}`;
    pen = "L";
  }
  return path;
}

/**
 * One plot. Returns its element, with `show(place)` that moves its cursor.
 * @param {{title, note, log, zero, aim}} look
 * @param {{name, label, values}[]} series each as long as `images`
 * @param {number[]} images
 * @param {{spans, end, alarms}} behind
 * @param {(place: number) => void} onPlace told the place in `images` under the pointer
 */
function plotOf(look, series, images, behind, onPlace) {
  const values = series.flatMap((each) => each.values).filter((v) => v !== null);
  const { place, steps } = scaleOf(values, look);
  const across = (n) => LEFT + (n / behind.end) * (WIDTH - LEFT - RIGHT);
  const svg = drawn("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": look.title });
  behind.spans.forEach((span, number) => {
    const [a, b] = [across(span.began), across(Math.min(span.ended, behind.end))];
    if (b <= a) return;
    if (number % 2) svg.append(drawn("rect", { class: "band", x: a, y: TOP, width: b - a, height: HEIGHT - TOP - BOTTOM }));
    if (b - a > 20) svg.append(drawn("text", { x: a + 3, y: TOP - 5 }, `${span.resolution}${b - a > 44 ? " px" : ""}`));
  });
  for (const step of steps) {
    svg.append(drawn("line", { class: "rule", x1: LEFT, x2: WIDTH - RIGHT, y1: place(step), y2: place(step) }));
    svg.append(drawn("text", { x: LEFT - 6, y: place(step) + 4, "text-anchor": "end" }, inShort(step)));
  }
  for (const step of roundSteps(0, behind.end, 5)) {
    svg.append(drawn("text", { x: across(step), y: HEIGHT - 6, "text-anchor": "middle" }, inThousands(step)));
  }
  if (look.aim !== null && look.aim !== undefined) {
    svg.append(drawn("line", { class: "aim", x1: LEFT, x2: WIDTH - RIGHT, y1: place(look.aim), y2: place(look.aim) }));
  }
  for (const alarm of behind.alarms) {
    svg.append(drawn("line", { class: "mark", x1: across(alarm), x2: across(alarm), y1: TOP, y2: HEIGHT - BOTTOM }));
  }
  series.forEach((each, number) => {
    const points = images.map((n, i) => [across(n), each.values[i] === null ? null : place(each.values[i])]);
    svg.append(drawn("path", { class: "curve", d: pathOf(points), style: `stroke: var(--s${number % 5})` }));
  });
  const cursor = drawn("line", { class: "cursor", y1: TOP, y2: HEIGHT - BOTTOM });
  svg.append(cursor);

  const legend = made("div", { className: "legend" });
  const said = series.map((each, number) => {
    const value = made("b", {});
    const colour = made("i", {});
    colour.style.background = `var(--s${number % 5})`;
    legend.append(made("span", {}, colour, each.label, value));
    return value;
  });
  const show = (at) => {
    cursor.setAttribute("x1", across(images[at]));
    cursor.setAttribute("x2", across(images[at]));
    series.forEach((each, number) => { said[number].textContent = inShort(each.values[at]); });
  };
  const under = (event) => {
    const box = svg.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * WIDTH;
    const n = ((x - LEFT) / (WIDTH - LEFT - RIGHT)) * behind.end;
    return nearestPlace(images, n);
  };
  svg.addEventListener("pointermove", (event) => onPlace(under(event), false));
  svg.addEventListener("click", (event) => onPlace(under(event), true));
  const title = made("h3", {}, look.title, made("small", {}, look.note ?? ""));
  return { element: made("div", { className: "plot" }, title, legend, svg), show };
}

/** The place of the number nearest to `n`; `images` ascend. */
function nearestPlace(images, n) {
  let best = 0;
  images.forEach((each, place) => { if (Math.abs(each - n) < Math.abs(images[best] - n)) best = place; });
  return best;
}

/** The levels one after another, faded and held, and how far the run has come. */
function timelineOf(spans, total, shown) {
  const width = 1000, height = 54;
  const svg = drawn("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "levels over images shown" });
  const across = (n) => (n / total) * width;
  spans.forEach((span, number) => {
    const colour = `color-mix(in oklab, var(--accent) ${22 + (60 * number) / spans.length}%, var(--panel))`;
    const [a, b, c] = [across(span.began), across(span.held), across(span.ended)];
    svg.append(drawn("polygon", { points: `${a},36 ${b},8 ${b},36`, style: `fill: ${colour}` }));
    svg.append(drawn("rect", { x: b, y: 8, width: Math.max(0, c - b), height: 28, style: `fill: ${colour}` }));
    if (c - b > 34) svg.append(drawn("text", { x: b + 5, y: 26 }, `${span.resolution}${c - b > 52 ? " px" : ""}`));
  });
  const here = across(Math.min(shown, total));
  svg.append(drawn("rect", { x: here, y: 4, width: width - here, height: 34, style: "fill: var(--panel); opacity: 0.65" }));
  svg.append(drawn("line", { class: "cursor", x1: here, x2: here, y1: 2, y2: 40 }));
  for (const step of roundSteps(0, total, 8)) {
    svg.append(drawn("text", { x: across(step), y: 52, "text-anchor": step === 0 ? "start" : step > 0.97 * total ? "end" : "middle" }, inThousands(step)));
  }
  return svg;
}
