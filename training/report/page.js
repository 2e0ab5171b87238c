// The page of a run: facts, warnings, grids with a slider, plots that follow it.
// Owns what is shown where. Plots are drawn by plots.js.

const story = JSON.parse(document.getElementById("story").textContent);
const at = (id) => document.getElementById(id);
const images = story.journal.images_shown ?? [];
const spans = spansOf(story.levels);
const LABELS = {
  swd: "SWD", logistic_real: "logistic, real", logistic_fake: "logistic, fake", gradient_penalty: "gradient penalty",
  score_real: "real", score_fake: "generated", r1: "R1", r2: "R2", images_per_second: "images/s",
  diversity: "diversity", distinctness: "distinctness",
};
const PENALTIES = ["r1", "r2", "gradient_penalty", "drift"];
const QUIET = [
  "images_shown", "resolution", "alpha", "batch_size", "learning_rate", "discriminator_rate",
];
const QUALITY = ["swd", "diversity", "distinctness"];
const MEANINGS = { swd: "sliced Wasserstein distance; lower is better" };

const last = (values) => [...(values ?? [])].reverse().find((v) => v !== null && v !== undefined);
const inWords = (images) => images.toLocaleString("en");

function duration(seconds) {
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

function showHead() {
  at("name").textContent = story.name;
  const done = story.images_shown >= story.total_images;
  at("where").textContent =
    `${done ? "finished" : "not finished"} · preset ${story.preset} · objective ${story.objective} · ` +
    `${story.data.name}, ${inWords(story.data.images)} pictures · written ${story.written}`;
  const facts = [
    [`${Math.floor((100 * story.images_shown) / story.total_images)} %`, `${inWords(story.images_shown)} of ${inWords(story.total_images)} images`],
    [`${last(story.journal.resolution) ?? "–"} px`, (last(story.journal.alpha) ?? 1) < 1 ? `fading in, alpha ${inShort(last(story.journal.alpha))}` : "held"],
    [duration(last(story.timing.seconds) ?? 0), "spent training"],
    ...(story.seconds_left ? [[`about ${duration(story.seconds_left)}`, "left, weighed by the cost of each level"]] : []),
    [inShort(last(story.timing.images_per_second)), "images per second now"],
  ];
  if (last(story.journal.swd) !== undefined) facts.push([inShort(last(story.journal.swd)), `SWD now${bestSwd()}`]);
  if (last(story.journal.diversity) !== undefined) facts.push([inShort(last(story.journal.diversity)), "diversity; 1 as the data"]);
  at("facts").append(...facts.map(([value, name]) => made("div", {}, made("b", {}, value), made("span", {}, name))));
  at("credit").textContent = `${story.data.name}: ${story.data.attribution || "no attribution given"}. Licence: ${story.data.licence || "none given"}.`;
  at("config").textContent = JSON.stringify(story.config, null, 2);
}

/** The best at the resolution where the run stands. */
function bestSwd() {
  const here = last(story.journal.resolution);
  const known = story.journal.swd.filter((v, i) => v !== null && story.journal.resolution[i] === here);
  return known.length ? `; best at ${here} px ${inShort(Math.min(...known))}` : "";
}

function showAlarms() {
  if (!story.alarms.length) return;
  at("alarms").hidden = false;
  const lines = story.alarms.map((alarm) => made("p", { className: "alarm" },
    made("b", {}, `${alarm.kind} at ${inWords(alarm.images_shown)} images: `), `${alarm.seen}. ${alarm.advice}`));
  at("alarms").querySelector("div").append(...lines.reverse());
}

/** Which numbers stand together: [look, names]. */
function groups() {
  const names = Object.keys(story.journal).filter((n) => !QUIET.includes(n) && !QUALITY.includes(n));
  const scores = names.filter((n) => n.startsWith("score_"));
  const penalties = names.filter((n) => PENALTIES.includes(n));
  const losses = names.filter((n) => !scores.includes(n) && !penalties.includes(n));
  return [
    [{ title: "Distance to the data", note: MEANINGS.swd, zero: true }, ["swd"]],
    [{ title: "Variety", note: "1 is that of the data", zero: true, aim: 1 }, ["diversity", "distinctness"]],
    [{ title: "Losses", note: "terms of both players" }, losses],
    [{ title: "Discriminator's scores", note: "mean per tick" }, scores],
    [{ title: "Penalties", note: "", log: true, zero: true }, penalties],
    [{ title: "Learning rate", note: "", zero: true }, new Set(story.journal.learning_rate).size > 1 ? ["learning_rate"] : []],
  ];
}

function showPlots() {
  if (!images.length) return [];
  const behind = { spans, end: story.images_shown, alarms: story.alarms.map((alarm) => alarm.images_shown) };
  at("timeline").append(timelineOf(spans, story.total_images, story.images_shown));
  const shown = [];
  const add = (look, names, columns, where) => {
    const series = names.filter((n) => columns[n]?.some((v) => v !== null))
      .map((n) => ({ name: n, label: LABELS[n] ?? n.replaceAll("_", " "), values: columns[n] }));
    if (!series.length || !where?.length) return;
    const plot = plotOf(look, series, where, behind, (place, chosen) => point(where[place], chosen));
    at("plots").append(plot.element);
    shown.push((n) => plot.show(nearestPlace(where, n)));
  };
  for (const [look, names] of groups()) add(look, names, story.journal, images);
  add({ title: "Speed", note: "real images per second", log: true, zero: true }, ["images_per_second"], story.timing, story.timing.images_shown);
  return shown;
}

const cursors = showPlots();

/** Move every cursor to a moment; if it was chosen, the grid too. */
function point(n, chosen) {
  cursors.forEach((show) => show(n));
  if (chosen && story.frames.length) showFrame(nearestPlace(story.frames.map((f) => f.images_shown), n));
}

let playing = null;

function showFrame(place) {
  const frame = story.frames[place];
  const line = nearestPlace(images, frame.images_shown);
  const alpha = story.journal.alpha[line];
  at("slider").value = place;
  at("grid").src = frame.source;
  at("grid").classList.toggle("fine", frame.resolution >= 64);
  at("caption").textContent = `${inWords(frame.images_shown)} images · ${frame.resolution} px` +
    (alpha < 1 ? ` · fading in, alpha ${inShort(alpha)}` : "") + ` · grid ${place + 1} of ${story.frames.length}`;
  cursors.forEach((show) => show(frame.images_shown));
}

function stop() {
  clearInterval(playing);
  playing = null;
  at("play").textContent = "Play";
}

function play() {
  if (playing) return stop();
  const count = story.frames.length;
  if (Number(at("slider").value) >= count - 1) showFrame(0);
  at("play").textContent = "Pause";
  playing = setInterval(() => {
    const next = Number(at("slider").value) + 1;
    if (next < count) showFrame(next);
    else stop();
  }, Math.max(90, Math.min(400, 9000 / count)));
}

function showFrames() {
  if (!story.frames.length) { at("samples").hidden = true; return; }
  at("grid").addEventListener("load", () => {
    at("grid").style.setProperty("--shape", `${at("grid").naturalWidth} / ${at("grid").naturalHeight}`);
  });
  at("slider").max = story.frames.length - 1;
  at("slider").addEventListener("input", () => { stop(); showFrame(Number(at("slider").value)); });
  at("play").addEventListener("click", play);
  showFrame(story.frames.length - 1);
}

/** With the value of the nearest pictures, where there is one. */
function valueOf(entry) {
  return inShort(entry.value) + ("low" in entry ? `, low ${inShort(entry.low)}` : "");
}

function showSheets() {
  if (story.lookalikes) {
    at("lookalikes").hidden = false;
    at("lookalikes").querySelector("img").src = story.lookalikes;
    at("lookalikes").querySelector("img").classList.toggle("fine", (last(story.journal.resolution) ?? 0) >= 64);
    at("lookalikes").querySelector(".note").textContent =
      `Compared by colour at 16 px or below, among ${inWords(story.lookalikes_searched)} of ${inWords(story.data.images)} training pictures. ` +
      "A generator that learned shows pictures like its neighbours; one that copies shows the same ones.";
  }
  if (story.neighbours) {
    at("neighbours").hidden = false;
    at("neighbours").querySelector("img").src = story.neighbours;
  }
  if (!story.quality) return;
  at("quality").hidden = false;
  if (story.quality.problem) { at("quality").querySelector("small").textContent = story.quality.problem; return; }
  at("quality").querySelector("small").textContent = `${story.quality.resolution} px after ${inWords(story.quality.images_shown)} images`;
  const rows = Object.entries(story.quality.metrics).map(([name, entry]) => made("tr", {},
    made("td", {}, name.replaceAll("_", " ")), made("td", {}, valueOf(entry)), made("td", {}, entry.direction), made("td", {}, entry.how)));
  at("quality").querySelector("tbody").append(...rows);
}

at("theme").addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.classList.contains("dark") || (!root.classList.contains("light") && matchMedia("(prefers-color-scheme: dark)").matches);
  root.className = dark ? "light" : "dark";
});
showHead();
showAlarms();
showFrames();
showSheets();
