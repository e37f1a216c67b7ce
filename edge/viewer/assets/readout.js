/* What the program says of the picture, as text: verdict, values with their intervals, reasons with what to do. */

import { advice, number, numbers, say, sentenceCase, translated } from "./words.js";

const find = (id) => document.getElementById(id);

export function element(tag, given = {}, ...inside) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...inside);
  return made;
}

/** Writes `items` into a list, and nothing where they stand there already: selected text stays selected. */
function list(target, items, make) {
  const key = JSON.stringify(items);
  if (target.dataset.key === key) return;
  target.dataset.key = key;
  target.replaceChildren(...items.map(make));
}

export function showReadout(shown) {
  const verdict = find("verdict");
  const text = say(shown ? shown.verdict : "waiting");
  if (verdict.textContent !== text) verdict.textContent = text;
  verdict.className = shown ? shown.verdict : "";
  // Doubts of the scale stand beside the picture, with what to do.
  const elsewhere = shown?.spacing && shown.verdict !== "refused" ? shown.scale_doubts : [];
  list(find("reasons"), (shown?.reasons ?? []).filter((one) => !elsewhere.includes(one)), (reason) => {
    const item = element("li", {}, sentenceCase(translated(reason)));
    const what = advice(reason);
    if (what) item.append(element("span", { className: "advice" }, what));
    return item;
  });
  list(find("notes"), shown?.notes ?? [], (note) => element("li", {}, sentenceCase(translated(note))));
  showValues(shown?.values.filter((one) => !one.detail) ?? []);
  showChecks(shown?.checks ?? []);
}

function showValues(values) {
  const table = find("values");
  table.hidden = !values.length;
  const body = table.tBodies[0];
  const names = JSON.stringify(values.map((one) => [one.name, one.unit]));
  if (body.dataset.key !== names) {
    body.dataset.key = names;
    body.replaceChildren(...values.map((one) => element("tr", {}, element("th", { scope: "row" }, translated(one.words)), element("td"), element("td"))));
  }
  values.forEach((one, index) => {
    const [, value, interval] = body.rows[index].cells;
    if (one.named) write(value, translated(one.named));
    else write(value, one.value === null ? "–" : number(one.value, one.decimals), translated(one.unit));
    write(interval, one.named || one.low === null || one.high === null ? "" : range(one));
  });
}

function range(one) {
  const [low, high] = [number(one.low, one.decimals), number(one.high, one.decimals)];
  return `${low} ${one.low < 0 || one.high < 0 ? say("to") : "–"} ${high}`;
}

function write(cell, text, unit = "") {
  if (cell.dataset.text === text + unit) return;
  cell.dataset.text = text + unit;
  cell.replaceChildren(text, ...(unit ? [" ", element("small", {}, unit)] : []));
}

function showChecks(checks) {
  const lists = [...new Set(checks.map((one) => one.checklist))];
  list(find("checks"), lists.map((name) => [name, checks.filter((one) => one.checklist === name)]), ([name, items]) =>
    element("div", {}, element("h3", {}, `${translated(name)}: ${items.filter((one) => one.seen).length}/${items.length}`),
      element("ul", {}, ...items.map((one) => element("li", { className: one.seen ? "" : "missing" }, translated(one.item))))));
}

/** What people changed, each value beside the one before. */
export function showByHand(edits) {
  find("by-hand").hidden = !edits.length;
  list(find("by-hand").querySelector("ul"), edits, (one) => {
    const when = new Date(one.when).toLocaleTimeString(document.documentElement.lang);
    const before = one.value_before ? [element("del", { title: say("was") }, numbers(one.value_before)), " → "] : [];
    const name = one.mark === null ? say("new") : translated(one.name);
    return element("li", {}, `${name}: `, ...before, element("b", {}, numbers(one.value)), element("small", {}, say("by", { who: one.who.replace(/^viewer (\d+)$/, (_, n) => say("viewer", { n })), when })));
  });
}
