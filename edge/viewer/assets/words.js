/* The page's words in the browser's language, and the program's sentences where they are known. */

const LANGUAGES = ["en", "de"];
const FLAG = /(^|[\s(„“'])--([a-z][a-z-]*)/g;
const LETTER = /\p{L}/u;

let [words, patterns, point] = [{}, {}, "."];

/** Loads the first of the browser's languages that there is, English else; writes all texts of the document. */
export async function loadWords() {
  const asked = new URLSearchParams(location.search).get("lang");
  const wanted = [asked, ...navigator.languages].map((tag) => (tag || "").slice(0, 2));
  const language = wanted.find((tag) => LANGUAGES.includes(tag)) || "en";
  const [own, tasks] = await Promise.all([language, `tasks.${language}`].map(read));
  words = { ...own, words: { ...tasks, ...own.words } };
  for (const list of ["words", "advice"]) patterns[list] = Object.entries(words[list]).filter(([text]) => text.includes("{}")).map(pattern).sort((one, other) => other.letters - one.letters);
  point = (1.5).toLocaleString(language).charAt(1);
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = say(element.dataset.t);
  for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", say(element.dataset.label));
  for (const element of document.querySelectorAll("[data-alt]")) element.alt = say(element.dataset.alt);
}

async function read(name) {
  const answer = await fetch(`${name}.json`);
  return answer.ok ? answer.json() : {};
}

/** A text with `{}` for what is filled in, and what it is in the page's language, where `{2}` is the second of them. */
function pattern([text, found]) {
  const parts = text.split("{}").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return { shape: new RegExp(`^${parts.join("(.+?)")}$`), found, letters: text.length - 2 * parts.length };
}

/** The page's own text `key`, with `{name}` filled in. */
export function say(key, given = {}) {
  return (words[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => given[name] ?? "");
}

export const known = (key) => key in words;

function lookedUp(sentence, list) {
  if (Object.hasOwn(words[list], sentence)) return words[list][sentence];
  for (const { shape, found } of patterns[list]) {
    const filled = sentence.match(shape)?.slice(1);
    if (filled) return found.replace(/\{(\d?)\}/g, (_, at) => translated(at ? filled[at - 1] : filled.shift()));
  }
  return undefined;
}

/** A sentence of the program in the page's language, whole or by its parts; as it is where nobody translated it. An
    option of the command line goes by the name that it has in the page's form. */
export function translated(sentence) {
  return lookedUp(sentence, "words") ?? inParts(sentence) ?? numbers(sentence).replace(FLAG, (_, before, name) => before + say("quoted", { text: nameOf(name) }));
}

function inParts(sentence) {
  for (const joint of ["; ", ": "]) {
    const parts = sentence.split(joint);
    if (parts.length > 1) return parts.map(translated).join(joint);
  }
  // Of a list all must be known, lest half a sentence changes its language.
  const parts = sentence.split(/(, | and )/);
  if (parts.length < 2 || parts.some((part, at) => at % 2 === 0 && LETTER.test(part) && lookedUp(part, "words") === undefined)) return undefined;
  return parts.map((part, at) => (at % 2 === 0 ? translated(part) : part === " and " ? say("and") : part)).join("");
}

export const sentenceCase = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** What people call a task, or one of its options. */
export function nameOf(name) {
  const plain = name.replace(/[-_]/g, " ");
  return sentenceCase(lookedUp(plain, "words") ?? plain);
}

/** What to do about a reason of the gate; empty where the reason says it itself. */
export const advice = (reason) => lookedUp(reason, "advice") ?? lookedUp(reason.split(": ")[0], "advice") ?? "";

export const number = (value, digits) =>
  value.toLocaleString(document.documentElement.lang, { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** A text of the program with the language's decimal sign, such as `2.4 mm`. */
export const numbers = (text) => (point === "." ? text : text.replace(/(?<![\d.])\d+\.\d+(?![\d.])/g, (one) => one.replace(".", point)));
