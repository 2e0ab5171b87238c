// Seeds as text: they go beyond what a JavaScript number holds. Knows nothing of pictures.

const NAMES = ["alan", "grace", "ada", "hedy", "linus", "margaret", "edsger", "katherine", "dennis",
  "barbara", "donald", "frances"];
// Spaces and signs without width, which nobody sees at the ends of what was pasted.
const UNSEEN = String.raw`[\s\u200B-\u200D\u2060\uFEFF]+`;
const AT_THE_ENDS = new RegExp(`^${UNSEEN}|${UNSEEN}$`, "gu");

/** A seed as typed, without what nobody sees: capitals count, spaces at the ends do not. */
export const cleanSeed = (text) => text.replace(AT_THE_ENDS, "").normalize("NFC").toWellFormed();

const LONGEST_SEED = 128; // characters, as the service has it

/** Whether a value is a text that the service takes for a seed. */
export const isSeedText = (value) => typeof value === "string" && value !== "" &&
  value.length <= 2 * LONGEST_SEED && [...value].length <= LONGEST_SEED && value.isWellFormed() && isInRange(value);

/** A text of digits is a number, which must be one of the service's. */
const isInRange = (text) => !/^[+-]?[0-9]+$/.test(text) || (BigInt(text) >= 0n && BigInt(text) < 2n ** 63n);

/** The names everyone meets first. */
export const firstSeeds = () => [...NAMES];

/** As many random seeds. */
export const randomSeeds = (count) =>
  [...crypto.getRandomValues(new Uint32Array(count))].map((number) => String(number % 10_000_000));
