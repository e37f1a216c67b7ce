/* The page's words in the browser's language, and the program's sentences where they are known. */

const LANGUAGES = ["en", "de"];
let words = {};

/** Loads the first of the browser's languages that there is, English else; writes all texts of the document. */
export async function loadWords() {
  const asked = new URLSearchParams(location.search).get("lang");
  const wanted = [asked, ...navigator.languages].map((tag) => (tag || "").slice(0, 2));
  const language = wanted.find((tag) => LANGUAGES.includes(tag)) || "en";
  words = await (await fetch(`${language}.json`)).json();
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = say(element.dataset.t);
  for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", say(element.dataset.label));
  for (const element of document.querySelectorAll("[data-alt]")) element.alt = say(element.dataset.alt);
}

/** The page's own text `key`, with `{name}` filled in. */
export function say(key, given = {}) {
  return (words[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => given[name] ?? "");
}

export const known = (key) => key in words;

const NUMBER = /\d+(?:\.\d+)?/g;

function lookedUp(sentence, list) {
  const found = words[list]?.[sentence.replace(NUMBER, "#")];
  if (found === undefined) return undefined;
  const numbers = sentence.match(NUMBER) || [];
  return found.replace(/#/g, () => numbers.shift() ?? "");
}

/** A sentence of the program in the page's language; as it is where nobody translated it. */
export function translated(sentence) {
  const whole = lookedUp(sentence, "words");
  if (whole !== undefined) return whole;
  const [first, ...rest] = sentence.split(": ");
  if (!rest.length) return sentence;
  return `${lookedUp(first, "words") ?? first}: ${translated(rest.join(": "))}`;
}

/** What to do about a reason of the gate; empty where the reason says it itself. */
export const advice = (reason) => lookedUp(reason, "advice") ?? lookedUp(reason.split(": ")[0], "advice") ?? "";

export const number = (value, digits) =>
  value.toLocaleString(document.documentElement.lang, { minimumFractionDigits: digits, maximumFractionDigits: digits });
