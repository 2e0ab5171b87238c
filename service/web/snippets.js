// Lines to paste elsewhere that show or fetch a picture: address, HTML, Markdown, a command.
// Owns how each of them quotes. Knows nothing of the page.

/**
 * The lines for one picture.
 * @param {{address: string, words: string, fileName: string, width: number, height: number,
 *   isKeyNeeded: boolean}} picture its absolute address, and what it shows in words
 * @returns {{title: string, text: string}[]}
 */
export const snippetsOf = (picture) => [
  { title: "Address", text: picture.address },
  { title: "HTML", text: htmlOf(picture) },
  { title: "Markdown", text: markdownOf(picture) },
  { title: "Command", text: commandOf(picture) },
];

const HTML_SIGNS = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escapeHtml = (text) => text.replace(/[&<>"]/g, (sign) => HTML_SIGNS[sign]);

const htmlOf = ({ address, words, width, height }) =>
  `<img src="${escapeHtml(address)}" alt="${escapeHtml(words)}" width="${width}" height="${height}">`;

/** In angle brackets an address may hold parentheses; a text loses what would end it or the line. */
const markdownOf = ({ address, words }) => `![${words.replace(/\s+/g, " ").replace(/[\\[\]`*_<>!]/g, "\\$&")}](<${address}>)`;

/**
 * A command that fetches a picture; with `upload`, it sends this file first.
 *
 * The reader's key is left for its holder to fill in. An apostrophe alone could end the quotes.
 */
export const commandOf = ({ address, fileName, isKeyNeeded, upload = "" }) =>
  `curl ${isKeyNeeded ? "-H 'X-API-Key: YOUR-KEY' " : ""}${upload && `--data-binary @${upload} `}-o ${fileName} '${address.replaceAll("'", "%27")}'`;
