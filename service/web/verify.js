// The page at /check: a picture is chosen, dropped or pasted, and its proofs are shown in words.

import { createClient } from "./api.js";
import { createKeyDialog } from "./api-key-dialog.js";
import { saveFile } from "./download.js";
import { element } from "./elements.js";

const ORIGINS = {
  proved: "Proved",
  likely: "Likely",
  claimed: "Claimed, not proved",
  contradicted: "Contradicted",
  unknown: "Nothing found",
};

const find = (id) => document.getElementById(id);
const setStatus = (text) => { find("status").textContent = text; };
const key = createKeyDialog(find);
const client = createClient(key, setStatus);
let checking = new AbortController();

/** Send a file to the service and show its answer. */
async function check(file) {
  if (!file) return;
  checking.abort();
  checking = new AbortController();
  const { signal } = checking;
  find("error").hidden = true;
  find("result").hidden = true;
  setStatus(`Looking at ${file.name || "the picture"} …`);
  try {
    const response = await client.request("verify", { signal, method: "POST", body: file });
    showReport(await response.json(), file);
    setStatus("");
    find("result").focus();
  } catch (error) {
    if (signal.aborted) return;
    find("error").textContent = error.message;
    find("error").hidden = false;
    setStatus("");
  }
}

function showReport(report, file) {
  find("result").hidden = false;
  find("result").setAttribute("data-origin", report.origin);
  find("origin").textContent = ORIGINS[report.origin] ?? report.origin;
  find("verdict").textContent = report.verdict;
  find("proofs").replaceChildren(...rowsOf(proofsOf(report)));
  find("numbers").replaceChildren(...rowsOf(numbersOf(report)));
  showPicture(file);
  const [address] = report.remade.urls;
  find("again").hidden = !address;
  if (address) find("again").href = address;
}

function showPicture(file) {
  const image = find("picture");
  URL.revokeObjectURL(image.src);
  image.hidden = !file.type.startsWith("image/");
  image.parentElement.hidden = image.hidden;
  if (!image.hidden) image.src = URL.createObjectURL(file);
}

/** The three proofs, each with its result in words. */
export function proofsOf({ remade, credentials, watermark }) {
  return [
    ["Made again", remadeInWords(remade)],
    ["Signature", credentialsInWords(credentials)],
    ["Watermark", watermarkInWords(watermark)],
  ];
}

function remadeInWords({ outcome, reason, compared, not_compared: rest, psnr_db: psnr, false_match_rate: rate }) {
  const several = compared > 1 ? ` (${compared} pictures compared${rest ? `, ${rest} not` : ""})` : "";
  const chance = rate ? ` Of pictures of other seeds, ${(100 * rate).toLocaleString("en")} % would look as similar.` : "";
  return {
    equal: `The same pixels${rest ? "" : ", each of them"}${several}.`,
    similar: `Nearly the same picture${several}: ${Math.round(psnr)} dB.${chance}`,
    different: `Another picture${several}.`,
  }[outcome] ?? `Not tried: ${reason}.`;
}

function credentialsInWords({ state, signer, failures }) {
  const who = signer ? ` by ${signer}` : "";
  const reasons = failures.length ? ` ${failures.join("; ")}.` : "";
  return {
    trusted: `Signed${who}, who is trusted here; unchanged since.`,
    valid: `Signed${who}, who is not known here; unchanged since.`,
    invalid: `Damaged, or the file was changed after it was signed.${reasons}`,
  }[state] ?? "None in this file.";
}

function watermarkInWords({ state, reason, p_value: chance, public_key: anyone }) {
  const added = anyone ? " Its key is public: anyone can have added it." : "";
  if (state === "found") return `Found. By chance it would be found in ${inWords(chance)} of all other pictures.${added}`;
  return state === "not found" ? "Not found." : `Not looked for: ${reason}.`;
}

const inWords = (share) => share >= 0.01 ? `${Math.round(100 * share)} %` : `one in ${(1 / share).toLocaleString("en", { maximumSignificantDigits: 1 })}`;

function numbersOf({ file, metadata, remade, credentials, watermark }) {
  const size = file.width ? `, ${file.width} × ${file.height} pixels` : "";
  const more = file.trailing_bytes ? `; ${file.trailing_bytes} bytes follow the picture and were not read` : "";
  return [
    ["File", `${file.media_type}${size}, ${file.bytes.toLocaleString("en")} bytes${more}`],
    ...Object.entries(metadata.facts).map(([name, value]) => [`It says: ${name}`, value]),
    ["It contradicts itself", metadata.contradictions.join(", ")],
    ["Similarity", remade.psnr_db === null ? "" : `PSNR ${remade.psnr_db} dB, SSIM ${remade.ssim} at ${remade.width} × ${remade.height} pixels`],
    ["Signed with", credentials.generator],
    ["Watermark", watermark.p_value === null ? "" : `p = ${watermark.p_value}`],
  ];
}

const rowsOf = (rows) => rows.filter(([, value]) => value)
  .flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]);

function acceptDrops() {
  const drop = find("drop");
  const mark = (over) => (event) => { event.preventDefault(); drop.classList.toggle("over", over); };
  addEventListener("dragover", mark(true));
  addEventListener("dragleave", mark(false));
  addEventListener("drop", (event) => {
    mark(false)(event);
    check(event.dataTransfer.files[0]);
  });
  addEventListener("paste", (event) => check(event.clipboardData.files[0]));
}

find("file").addEventListener("change", () => check(find("file").files[0]));
find("again").addEventListener("click", (event) => {
  if (!key.isGiven()) return; // the browser follows the link
  event.preventDefault();
  const name = find("again").href.includes("/interpolate?") ? "walk.webp" : "picture.png";
  saveFile(client, find("again"), find("again").href, name, { signal: checking.signal }).then(() => setStatus(""), (error) => setStatus(error.message));
});
acceptDrops();
