/* The forms beside the picture: task and its options, probe, patient and exam, layers and keys. What a form offers comes
   from the program; what stands in it is what the program says, save where somebody is writing. */

import { LAYERS } from "./picture.js";
import { element } from "./readout.js";
import { known, nameOf, number, say, sentenceCase, translated } from "./words.js";

const find = (id) => document.getElementById(id);
const COMMON = ["depth", "gain", "frequency", "focus", "transmit_power"];
const ENDS = ["medial", "lateral", "proximal", "distal", "cranial", "caudal", "anterior", "posterior"];
const LOW_BATTERY = 15;
const WARM_C = 41;

/** Sets a field to the program's value, unless somebody is at it. */
function put(field, value) {
  if (document.activeElement === field || field.dataset.asked === "yes") return;
  if (field.type === "checkbox") field.checked = value === "yes";
  else if (field.value !== String(value)) field.value = value;
}

const parameterName = (parameter) => (known(parameter.name) ? say(parameter.name) : parameter.name.replaceAll("_", " "));

export class Panels {
  constructor(ask, picture) {
    [this.ask, this.picture] = [ask, picture];
    this.offer = { tasks: [], controls: false };
    this.built = {};
    find("exam").addEventListener("change", () => this.#sendExam());
    find("exam").addEventListener("submit", (event) => event.preventDefault());
    find("options").addEventListener("submit", (event) => event.preventDefault());
    find("options").addEventListener("change", () => this.#sendOptions());
    find("scanner").addEventListener("submit", (event) => event.preventDefault());
    find("scanner").addEventListener("change", ({ target }) => target.checkValidity() && this.ask("depth", { depth_mm: target.value === "" ? null : Number(target.value) }));
    find("new-exam").onclick = () => this.ask("new");
    find("arm").onclick = () => this.ask("act", { action: "arm" });
    find("disarm").onclick = () => this.ask("act", { action: "disarm" });
    find("preset").onchange = ({ target }) => this.ask("probe", { changes: { preset: target.value } });
    find("pair").onclick = () => this.#pair();
    this.#layers();
    this.#keys();
    const ends = find("exam").elements.picture_left;
    ends.append(element("option", { value: "" }, say("unsaid")), ...ENDS.map((end) => element("option", { value: end }, say(`end.${end}`))));
  }

  begin(hello) {
    this.offer = hello.offer;
    this.built = {};
    find("about").textContent = say("program", { text: hello.program });
    for (const id of ["task-panel", "exam-panel", "pair"]) find(id).hidden = !this.offer.controls;
    find("tasks").replaceChildren(...this.offer.tasks.map((task) => this.#taskButton(task)));
  }

  show(desk, driving) {
    this.desk = desk;
    this.#showTask(desk, driving);
    this.#showProbe(desk.probe, driving && !desk.frozen);
    this.#showScanner(desk, driving);
    this.#showExam(desk, driving);
    find("pair").disabled = !driving;
  }

  task(name) {
    return this.offer.tasks.find((one) => one.name === name);
  }

  // ------------------------------------------------------------------------------------------------------------- task
  #taskButton(task) {
    const button = element("button", { type: "button", role: "radio" }, element("b", {}, nameOf(task.name)), element("small", {}, translated(task.sentence)));
    button.dataset.task = task.name;
    button.onclick = () => {
      find("task-panel").open = false;
      for (const scrolled of [find("told"), find("side"), find("page").querySelector("main")]) scrolled.scrollTop = 0;
      this.ask("task", { task: task.name, options: {} });
    };
    return button;
  }

  #showTask(desk, driving) {
    for (const button of find("tasks").children) {
      button.setAttribute("aria-checked", String(button.dataset.task === desk.task));
      button.disabled = !driving;
    }
    const task = this.task(desk.task);
    const form = find("options");
    find("task-line").textContent = nameOf(desk.task);
    if (this.built.task !== desk.task) {
      this.built.task = desk.task;
      form.replaceChildren(...(task ? this.#optionFields(task) : []));
    }
    for (const field of form.elements) {
      field.disabled = !driving;
      if (field.name === "pathway") put(field, desk.pathway);
      else if (field.name) put(field, desk.options[field.name] ?? "");
    }
  }

  #optionFields(task) {
    const fields = [];
    if (task.pathways.length > 1) {
      const choices = task.pathways.map(([name, sentence]) => element("option", { value: name }, sentenceCase(translated(sentence))));
      fields.push(element("label", { className: "field" }, element("span", {}, say("pathway")), element("select", { name: "pathway" }, ...choices)));
    }
    const drawn = ["points", "box", "area", "pointed"];
    for (const option of task.options.filter((one) => !drawn.includes(one.kind))) fields.push(optionField(option));
    return fields;
  }

  #optionValues() {
    const values = {};
    for (const field of find("options").elements) {
      if (!field.name || field.name === "pathway") continue;
      values[field.name] = field.type === "checkbox" ? (field.checked ? "yes" : "no") : field.value;
    }
    return values;
  }

  #sendOptions() {
    this.sendTask({});
  }

  /** Measures on by the same task, with some of its options changed. */
  sendTask(changed) {
    const drawn = this.task(this.desk.task).options.filter((one) => one.kind === "area");
    const kept = Object.fromEntries(drawn.map((one) => [one.name, this.desk.options[one.name] ?? ""]));
    const pathway = find("options").elements.pathway?.value;
    this.ask("task", { task: this.desk.task, options: { ...kept, ...this.#optionValues(), ...changed }, ...(pathway ? { pathway } : {}) });
  }

  // ---------------------------------------------------------------------------------------------------------- scanner
  /** Of a picture that comes without a probe which could say how deep it is. */
  #showScanner(desk, driving) {
    find("scanner-panel").hidden = !this.offer.controls || Boolean(desk.probe) || Boolean(this.picture.shown?.simulated);
    const field = find("scanner").elements.depth_mm;
    field.disabled = !driving;
    put(field, desk.depth_mm ?? "");
    find("scanner-line").textContent = desk.depth_mm === null ? say("unsaid") : say("depth.badge", { n: desk.depth_mm });
  }

  // ------------------------------------------------------------------------------------------------------------ probe
  #showProbe(probe, driving) {
    const panel = find("probe-panel");
    panel.hidden = !probe;
    if (!probe) return;
    if (this.built.probe !== probe.parameters.length) this.#buildProbe(probe);
    for (const field of panel.querySelectorAll("input, select, button")) field.disabled = !driving || !probe.connected;
    find("arm").hidden = probe.transmitting === true;
    find("disarm").hidden = probe.transmitting !== true;
    find("probe-line").textContent = !probe.connected ? say("unplugged") : say(probe.transmitting ? "transmits" : "transmits.not");
    put(find("preset"), probe.values.preset);
    for (const [keyword, row] of Object.entries(this.rows)) {
      const value = probe.values[keyword];
      if (value === undefined) continue;
      put(row.slider, value);
      row.text.textContent = valueText(row.parameter, document.activeElement === row.slider ? Number(row.slider.value) : value);
    }
    const told = [["battery", probe.battery_percent, "%", probe.battery_percent < LOW_BATTERY], ["temperature", probe.temperature_c, "°C", probe.temperature_c >= WARM_C], ["MI", probe.mi], ["TIS", probe.tis], ["TIB", probe.tib]];
    const shown = told.filter(([, value]) => value !== null && value !== undefined);
    const key = JSON.stringify(shown);
    if (this.built.output !== key) {
      this.built.output = key;
      find("output").replaceChildren(...shown.map(([name, value, unit, warns]) => element("div", { className: warns ? "warn" : "" },
        element("dt", {}, known(name) ? say(name) : name), element("dd", {}, unit ? `${value} ${unit}` : value < 0.4 ? `<${number(0.4, 1)}` : number(Math.ceil(value * 10 - 1e-6) / 10, 1)))));
    }
  }

  #buildProbe(probe) {
    this.built.probe = probe.parameters.length;
    this.rows = {};
    find("preset").replaceChildren(...probe.presets.map((name) => element("option", { value: name }, name.replaceAll("_", " "))));
    const tgc = probe.parameters.filter((one) => one.name.startsWith("tgc_"));
    const common = COMMON.map((name) => probe.parameters.find((one) => one.name === name)).filter(Boolean);
    const rare = probe.parameters.filter((one) => !tgc.includes(one) && !common.includes(one));
    find("parameters").replaceChildren(...common.map((one) => this.#parameter(one, true)));
    find("tgc-sliders").replaceChildren(...tgc.map((one) => this.#parameter(one, false)));
    find("rare").replaceChildren(...rare.map((one) => this.#parameter(one, true)));
  }

  #parameter(parameter, buttons) {
    const name = parameter.name.startsWith("tgc_") ? `TGC ${parameter.name.slice(4)}` : parameterName(parameter);
    const id = `p-${parameter.keyword}`;
    const text = element("output", { htmlFor: id });
    const slider = element("input", { id, type: "range", min: parameter.low, max: parameter.high, step: parameter.step });
    slider.oninput = () => { text.textContent = valueText(parameter, Number(slider.value)); };
    slider.onchange = () => { this.setParameter(parameter.keyword, Number(slider.value)); slider.blur(); };
    const set = element("div", { className: "set" });
    if (buttons) {
      const button = (sign, direction, key) => {
        const made = element("button", { type: "button" }, sign);
        made.setAttribute("aria-label", say(key, { name }));
        made.onclick = () => this.step(parameter.name, direction);
        return made;
      };
      set.append(button("−", -1, "less"), slider, button("+", 1, "greater"));
    } else set.append(slider);
    this.rows[parameter.keyword] = { parameter, slider, text };
    return element("div", { className: "parameter" }, element("label", { htmlFor: id }, name), text, set);
  }

  /** One useful step of a parameter: a thirtieth of its range or more, in the probe's own steps. */
  step(name, direction) {
    const probe = this.desk?.probe;
    const parameter = probe?.parameters.find((one) => one.name === name);
    if (!parameter) return;
    const useful = [1, 2, 5, 10, 20, 50].find((one) => one >= (parameter.high - parameter.low) / 30) ?? 100;
    const step = Math.max(parameter.step, Math.round(useful / parameter.step) * parameter.step);
    const now = probe.values[parameter.keyword];
    const next = (direction > 0 ? Math.floor(now / step + 1e-6) + 1 : Math.ceil(now / step - 1e-6) - 1) * step;
    this.setParameter(parameter.keyword, Math.min(Math.max(next, parameter.low), parameter.high));
  }

  /** What the probe's depth is better set to, where it is much less or more than the task is scanned with; else null. */
  otherDepth() {
    const probe = this.desk?.probe;
    const parameter = probe?.connected && probe.parameters.find((one) => one.name === "depth");
    const usual_mm = this.task(this.desk?.task)?.depth_mm;
    const now_mm = parameter ? probe.values[parameter.keyword] : undefined;
    if (!usual_mm || now_mm === undefined) return null;
    const best_mm = Math.min(Math.max(usual_mm, parameter.low), parameter.high);
    if (best_mm === now_mm || (now_mm >= 0.6 * usual_mm && now_mm <= 2 * usual_mm)) return null;
    return { now_mm, best_mm, set: () => this.setParameter(parameter.keyword, best_mm) };
  }

  setParameter(keyword, value) {
    this.ask("probe", { changes: { [keyword]: Math.round(value * 1000) / 1000 } });
  }

  // ------------------------------------------------------------------------------------------------------------- exam
  #showExam(desk, driving) {
    for (const field of find("exam").elements) {
      field.disabled = !driving;
      put(field, desk.exam[field.name] ?? "");
    }
    find("new-exam").disabled = !driving;
    find("left-field").hidden = desk.ends !== null;
    const side = desk.exam.side && say(`side.${desk.exam.side}`);
    find("exam-line").textContent = [desk.exam.patient, age(desk.exam.born), side, desk.saved && say("exam.saved", { n: desk.saved })].filter(Boolean).join(" · ");
    find("folder").textContent = desk.folder && say("exam.folder", { text: desk.folder });
  }

  #sendExam() {
    const fields = Object.fromEntries([...find("exam").elements].filter((one) => one.name).map((one) => [one.name, one.value]));
    this.ask("exam", { fields });
  }

  // ------------------------------------------------------------------------------------------------------------- view
  #layers() {
    find("layers").replaceChildren(...LAYERS.map((name) => {
      const box = element("input", { type: "checkbox", checked: this.picture.layers[name] });
      box.onchange = () => this.picture.setLayer(name, box.checked);
      return element("label", { className: "check" }, box, say(`layer.${name}`));
    }));
  }

  #keys() {
    const keys = [["Space", "freeze"], ["S", "save"], ["← →", "cine"], ["↑ ↓", "depth"], ["+ −", "gain"], ["N", "handle"], ["← → ↑ ↓", "move"], ["Esc", "escape"], ["T", "take"]];
    find("keys").replaceChildren(...keys.flatMap(([key, what]) => [element("dt", {}, key), element("dd", {}, say(`key.${what}`))]));
  }

  async #pair() {
    const answer = await this.ask("pair");
    if (!answer) return;
    const [address, picture] = answer.split(" ");
    find("pairing").hidden = false;
    find("pair-picture").src = picture;
    find("pair-text").textContent = address;
  }
}

function optionField(option) {
  const label = nameOf(option.name);
  if (option.kind === "yes or no") {
    return element("label", { className: "check" }, element("input", { type: "checkbox", name: option.name }), element("span", {}, label, element("small", {}, translated(option.help))));
  }
  let field;
  if (option.kind === "choice") {
    const choices = option.choices.map((one) => element("option", { value: one }, translated(one)));
    if (!option.default) choices.unshift(element("option", { value: "" }, say("unsaid")));
    field = element("select", { name: option.name }, ...choices);
  } else if (option.kind === "number" || option.kind === "whole number") {
    field = element("input", { type: "number", name: option.name, inputMode: "decimal", step: option.kind === "number" ? "any" : "1" });
    if (option.low !== null) field.min = option.low;
    if (option.high !== null) field.max = option.high;
  } else field = element("input", { name: option.name, maxLength: 200, autocomplete: "off" });
  return element("label", { className: "field" }, element("span", {}, label), field, element("small", {}, translated(option.help)));
}

function valueText(parameter, value) {
  const digits = parameter.step >= 1 ? 0 : parameter.step >= 0.1 ? 1 : 2;
  return `${number(value, digits)} ${parameter.unit}`.trim();
}

function age(born) {
  const date = new Date(born);
  if (!born || Number.isNaN(date.getTime())) return "";
  return say("exam.age", { n: Math.floor((Date.now() - date) / 31556952000) });
}
