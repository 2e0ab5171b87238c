// A list of pictures as text: one a line, in a file or in a link. Knows no service.
// A line is a seed, or two seeds and the part of the way from one to the other, separated by tabs.
// What holds tabs or begins with # or " stands in quotes, as in JSON. Comments name model and class.

const LONGEST_SEED = 128; // characters, as the service has it
const MOST_PICTURES = 20_000;
const HEAD = "# Pictures of Progan: a seed a line; a point between two is: seed, tab, seed, tab, 0 to 1";

/** The text of a list of pictures. */
export function formatPictures(pictures) {
  const lines = [];
  let [model, label] = ["", ""];
  for (const picture of pictures) {
    if (picture.model !== model) {
      lines.push(`# model: ${picture.model}`);
      label = ""; // as for who reads it
    }
    if (picture.label !== label) lines.push(`# class: ${picture.label}`);
    ({ model, label } = picture);
    lines.push(formatPicture(picture));
  }
  return lines.join("\n");
}

/** The same as a file for people, with a first line that says what it is. */
export const formatFile = (pictures) => `${HEAD}\n${formatPictures(pictures)}\n`;

/** One picture, without its model. */
export const formatPicture = ({ seed, end, t }) => (end ? [quote(seed), quote(end), String(t)] : [quote(seed)]).join("\t");

/**
 * The pictures of a text; those before any comment have no model.
 * @returns {{pictures: object[], skipped: number}} `skipped`: lines that are no picture
 */
export function parsePictures(text) {
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|[\n\r]/);
  const pictures = [];
  let [model, label, skipped] = ["", "", 0];
  for (const line of lines) {
    const comment = /^#\s*(model|class):\s*(.*?)\s*$/.exec(line);
    if (comment?.[1] === "model") [model, label] = [comment[2], ""];
    else if (comment) label = comment[2];
    else if (line.trim() && !line.startsWith("#")) {
      const picture = parsePicture(line);
      if (picture && pictures.length < MOST_PICTURES) pictures.push(Object.freeze({ ...picture, model, label }));
      else skipped += 1;
    }
  }
  return { pictures, skipped };
}

/** One line without its model; null where it is no picture. */
export function parsePicture(line) {
  const [seed, end = "", part = "", ...more] = line.split("\t").map((text) => unquote(text).toWellFormed());
  const t = Number(part);
  const isPoint = end !== "" && part.trim() !== "" && t >= 0 && t <= 1;
  if (more.length || !isSeed(seed) || ((end || part) && !(isPoint && isSeed(end)))) return null;
  return { seed, end, t: end ? t : 0.5 };
}

const isSeed = (text) => text !== "" && [...text].length <= LONGEST_SEED;
const isPlain = (text) => text === text.trim() && !/^["#]|[\t\n\r\u2028\u2029]/.test(text);
const quote = (text) => isPlain(text) ? text : JSON.stringify(text);

function unquote(text) {
  if (!text.trim().startsWith('"')) return text.trim();
  try {
    return String(JSON.parse(text));
  } catch {
    return text.trim();
  }
}
