// A list of pictures as text: one a line, in a file or in a link. Knows no service.
// A line is a seed, or two seeds and the part of the way from one to the other, separated by tabs.
// What holds tabs or begins with # or " stands in quotes, as in JSON. Comments name model and class,
// and truncation and second style as they stand in an address.

import { pictureWith } from "./memory.js";
import { isSeedText } from "./seeds.js";
import { fieldsOfStyling, stylingOf } from "./styling.js";

const MOST_PICTURES = 20_000;
const LONGEST_NAME = 300; // characters of a model or a class: they stand in each picture
const CONTROLS = /[\u0000-\u0008\u000A-\u001F\u007F]/; // no text has them; a tab separates
const LARGEST_FILE = 8 << 20; // bytes; 20,000 pictures have less
const MARKS = { "255 254": "utf-16le", "254 255": "utf-16be" }; // first bytes of a file, as of older editors
const NO_TEXT = "is no text: a list of pictures is a text file in UTF-8, with a seed in each line.";
const HEAD = "# Pictures of Progan: a seed a line; a point between two is: seed, tab, seed, tab, 0 to 1";

/** The text of a list of pictures. */
export function formatPictures(pictures) {
  const lines = [];
  let [model, label, styling] = ["", "", ""];
  for (const picture of pictures) {
    if (picture.model !== model) {
      lines.push(`# model: ${picture.model}`);
      [label, styling] = ["", ""]; // as for who reads it
    }
    if (picture.label !== label) lines.push(`# class: ${picture.label}`);
    if ((picture.styling ?? "") !== styling) lines.push(`# styling: ${picture.styling ?? ""}`);
    ({ model, label, styling = "" } = picture);
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
 * @returns {{pictures: object[], skipped: number, left: number}} `skipped`: lines that are no picture;
 *   `left`: lines after the most that are read
 */
export function parsePictures(text) {
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|[\n\r]/);
  const pictures = [];
  let [model, label, styling, skipped, left] = ["", "", "", 0, 0];
  for (const line of lines) {
    const comment = /^#\s*(model|class|styling):\s*(.*?)\s*$/.exec(line);
    const name = comment?.[2].slice(0, LONGEST_NAME);
    if (comment?.[1] === "model") [model, label, styling] = [name, "", ""];
    else if (comment?.[1] === "class") label = name;
    else if (comment) styling = stylingOf(fieldsOfStyling(comment[2]));
    else if (line.trim() && !line.startsWith("#")) {
      const picture = pictures.length >= MOST_PICTURES || CONTROLS.test(line) ? null : parsePicture(line);
      if (picture) pictures.push(pictureWith({ ...picture, model, label }, styling));
      else if (pictures.length < MOST_PICTURES) skipped += 1;
      else left += 1;
    }
  }
  return { pictures, skipped, left };
}

/**
 * The pictures of a file, as of a text.
 * @param {Blob} file
 * @returns {Promise<object>} as from `parsePictures`, and `fault`: why it is no list, in words that
 *   follow its name
 */
export async function readPictures(file) {
  if (file.size > LARGEST_FILE) return { fault: `has more than ${LARGEST_FILE >> 20} MB: it is no list of pictures.` };
  try {
    const content = await file.arrayBuffer();
    const [first, second] = new Uint8Array(content, 0, Math.min(2, content.byteLength));
    const encoding = MARKS[`${first} ${second}`] ?? "utf-8";
    const text = new TextDecoder(encoding, { fatal: true }).decode(content);
    return text.includes("\0") ? { fault: NO_TEXT } : parsePictures(text);
  } catch {
    return { fault: NO_TEXT };
  }
}

/** One line without its model; null where it is no picture. */
export function parsePicture(line) {
  const [seed, end = "", part = "", ...more] = line.split("\t").map((text) => unquote(text).toWellFormed());
  const t = Number(part);
  const isPoint = end !== "" && part.trim() !== "" && t >= 0 && t <= 1;
  if (more.length || !isSeedText(seed) || ((end || part) && !(isPoint && isSeedText(end)))) return null;
  return { seed, end, t: end ? t : 0.5 };
}

const isPlain = (text) => text === text.trim() && !/^["#]|[\u2028\u2029]/.test(text) && !CONTROLS.test(text) && !text.includes("\t");
const quote = (text) => isPlain(text) ? text : JSON.stringify(text);

function unquote(text) {
  if (!text.trim().startsWith('"')) return text.trim();
  try {
    return String(JSON.parse(text));
  } catch {
    return text.trim();
  }
}
