/* The page: joins the line to the program, the picture, the tools and the forms, and says how things stand. */

import { Chart } from "./chart.js";
import { Connection } from "./connection.js";
import { Panels } from "./panels.js";
import { Picture } from "./picture.js";
import { Panorama } from "./panorama.js";
import { element, showByHand, showReadout } from "./readout.js";
import { Tools } from "./tools.js";
import { loadWords, nameOf, say, sentenceCase, translated } from "./words.js";

const OLD_MS = 150;
const STILL_MS = 1500;
const BANNER_MS = 400;
const COARSE_SHARE = 0.8;
const find = (id) => document.getElementById(id);

await loadWords();

const picture = new Picture(find("picture"));
const chart = new Chart(find("strip"), find("strip-text"), find("chart"));
find("strip-text").textContent = say("chart.text");
let [state, hello, connected, ageMs, came, coarse, banners, chartDue] = [null, null, false, null, null, false, "", false];

const line = new Connection({
  hello(message) {
    hello = message;
    connected = true;
    panorama.take({ picture: "" });
    show("page");
    panels.begin(message);
    if (!picture.shown) showReadout(null);
  },
  state(message) {
    state = message;
    showState();
  },
  picture(shown, bitmap, drawn) {
    came = performance.now();
    requestAnimationFrame(() => {
      const frozen = state?.desk.frozen;
      coarse = bitmap.width < shown.size[0] * COARSE_SHARE;
      const first = !picture.shown;
      picture.show(shown, bitmap);
      const live = shown.live && !frozen;
      ageMs = drawn(live);
      if (!frozen && shown.live) chart.add(shown);
      showReadout(shown);
      if (first) showState();
      showPlace();
      showBadges();
      if (!chartDue) {
        chartDue = true;
        setTimeout(() => { chartDue = false; chart.draw(picture.shown.exposed_ms); }, 100);
      }
    });
  },
  panorama(message) {
    panorama.take(message);
  },
  gone() {
    connected = false;
    showState();
  },
  door() {
    show("door");
  },
  note(answer) {
    if (answer.n === -1) toast(say("taken", { text: translated(answer.text) }), true);
  },
});

/** Asks, and says what came of it. Gives the answer's text, or undefined where it was refused. */
async function ask(type, given) {
  if (type === "area") {
    const option = areaOption();
    if (option) panels.sendTask({ [option.name]: given.text });
    return "";
  }
  try {
    const text = await line.ask(type, given);
    if (type === "save") toast(`${say("saved")}: ${text.split("/").at(-1)}`);
    return text;
  } catch (error) {
    // What a banner tells too needs no second word.
    setTimeout(() => {
      if (!state?.desk.troubles.some((one) => one.text === error.message)) toast(error.message === "gone" ? say("gone") : sentenceCase(translated(error.message)), true);
    }, BANNER_MS);
    return undefined;
  }
}

const panels = new Panels(ask, picture);
const panorama = new Panorama(find("panorama"), (sequence) => ask("seek", { sequence }));
const tools = new Tools(picture, ask, () => showTools());
const areaOption = () => panels.task(state?.desk.task)?.options.find((one) => one.kind === "area");
const driving = () => connected && state !== null && state.driver === hello.you;

// -------------------------------------------------------------------------------------------------------------- states
function show(which) {
  find("door").hidden = which !== "door";
  find("page").hidden = which !== "page";
  if (which === "door") find("door-code").focus();
  else picture.draw();
}

function showState() {
  if (!state) return;
  const { desk } = state;
  const mine = driving();
  const controls = hello.offer.controls;
  document.body.classList.toggle("watching", !controls);
  find("task-name").textContent = nameOf(desk.task);
  document.title = `${nameOf(desk.task)} – sonoedge`;
  const name = state.driver_name || say("viewer", { n: state.driver });
  const who = !connected ? sentenceCase(say("unplugged")) : !controls ? say("run.watch") : mine ? say("you.drive") : state.driver ? say("you.watch", { name }) : say("nobody.drives");
  put(find("who"), mine && state.viewers > 1 ? `${who} · ${say("viewers", { n: state.viewers })}` : who);
  find("who").classList.toggle("driving", mine && controls);
  find("take").hidden = mine || !connected || !(controls || desk.pointing);
  document.body.classList.toggle("unplugged", desk.probe?.connected === false);
  picture.edits = desk.edits;
  showByHand(desk.edits);
  panels.show(desk, mine && controls);
  showEnds(desk);
  showCine(desk, mine);
  showPlace();
  showTools();
  showBanners();
  showBadges();
  picture.draw();
}

function put(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

function showEnds(desk) {
  const opposite = { medial: "lateral", lateral: "medial", proximal: "distal", distal: "proximal", cranial: "caudal", caudal: "cranial", anterior: "posterior", posterior: "anterior" };
  const left = desk.ends ? desk.ends[0] : desk.exam.picture_left;
  const right = desk.ends ? desk.ends[1] : opposite[left];
  const word = (end) => (end && picture.shown ? say(`end.${end}`) : "");
  put(find("left-end"), word(left));
  put(find("right-end"), word(right));
}

function showCine(desk, mine) {
  find("cine").hidden = !desk.frozen || desk.cine.count < 2;
  const slider = find("cine-at");
  slider.max = Math.max(0, desk.cine.count - 1);
  if (document.activeElement !== slider) slider.value = desk.cine.shown;
  for (const id of ["cine-at", "cine-back", "cine-on"]) find(id).disabled = !mine;
  const ago = desk.cine.before_end_s;
  const text = ago ? say("cine.ago", { n: ago.toFixed(1) }) : say("cine.now");
  put(find("cine-time"), text);
  slider.setAttribute("aria-valuetext", text);
}

function showPlace() {
  const { frozen, cine } = state?.desk ?? {};
  panorama.show(picture.shown?.place ?? null, !frozen || cine.shown >= cine.count - 1, Boolean(frozen) && cine.count > 1 && driving());
}

function showTools() {
  const desk = state?.desk;
  if (!desk) return;
  const mine = driving();
  const controls = hello.offer.controls;
  const { frozen } = desk;
  find("frozen-tools").hidden = !(controls && frozen && mine);
  find("point-tools").hidden = !(desk.pointing && mine);
  find("area-tools").hidden = !(controls && mine && areaOption());
  put(find("freeze"), say(frozen ? "unfreeze" : "freeze"));
  find("freeze").setAttribute("aria-pressed", String(frozen));
  for (const id of ["freeze", "save", "shallower", "deeper", "darker", "brighter"]) {
    find(id).hidden = !controls || (!(desk.probe && !frozen) && !["freeze", "save"].includes(id));
    find(id).disabled = !mine || (["freeze", "save"].includes(id) ? !picture.shown : !desk.probe?.connected);
  }
  find("undo").disabled = !desk.edits.length;
  // Until something is pointed at there is nothing to correct.
  for (const id of ["tool-also", "tool-not", "nothing"]) find(id).disabled = !desk.pointed;
  const usable = { correct: frozen, measure: frozen, at: desk.pointing, also: desk.pointing, not: desk.pointing, box: desk.pointing, areabox: areaOption(), polygon: areaOption() };
  if (tools.tool && !(usable[tools.tool] && mine)) return tools.choose(tools.tool);
  for (const button of document.querySelectorAll(".tool")) button.setAttribute("aria-pressed", String(button.id === `tool-${tools.tool}`));
  document.body.classList.toggle("tooling", tools.tool !== "");
  const nothing = tools.tool === "correct" && !picture.shown?.calipers.length && !picture.shown?.lines.some((one) => one.landmarks);
  put(find("tool-help"), tools.tool ? say(nothing ? "help.correct.none" : `help.${tools.tool}`) : "");
  find("tools").hidden = !mine && !controls;
}

function showBadges() {
  const desk = state?.desk;
  const { shown } = picture;
  if (!desk || !shown) return;
  const badges = [];
  if (shown.simulated) badges.push(["orange", say("simulated")]);
  if (desk.frozen) badges.push(["ice", say("frozen")]);
  if (desk.exam.side) badges.push(["", say(`side.${desk.exam.side}`).toUpperCase()]);
  if (shown.depth_mm) badges.push(["", say("depth.badge", { n: shown.depth_mm })]);
  if (!desk.frozen && ageMs !== null && ageMs > OLD_MS) badges.push(["old", say("age", { n: Math.round(ageMs / 10) * 10 })]);
  // Comes and goes with the line: a banner would move the picture each time.
  if (coarse && !desk.frozen) badges.push(["", say("slow")]);
  const key = JSON.stringify(badges);
  if (find("badges").dataset.key === key) return;
  find("badges").dataset.key = key;
  find("badges").replaceChildren(...badges.map(([kind, text]) => element("span", { className: kind }, text)));
}

/** All that is in the way, the gravest first; each with what to do. */
function present() {
  const desk = state.desk;
  const found = [];
  const mine = driving();
  const arm = { text: say("arm"), act: () => ask("act", { action: "arm" }) };
  if (!connected) return [["bad", say("gone"), say("gone.do")]];
  const { probe } = desk;
  if (probe && !probe.connected) found.push(["bad", say("unplug"), say("unplug.do")]);
  else if (probe?.fault) found.push(["bad", say("fault"), translated(probe.fault), { text: say("fault.clear"), act: () => ask("act", { action: "clear-fault" }) }]);
  else if (probe && probe.off_reason && !desk.frozen && !desk.troubles.some((one) => one.code === "refused")) found.push(["bad", `${say("off")}: ${translated(probe.off_reason)}`, say("off.do"), arm]);
  for (const { code, text } of desk.troubles) {
    if (probe && !probe.connected && ["no frames", "lost", "no probe"].includes(code)) continue;
    if (probe?.off_reason && code === "no frames") continue;
    const kind = { opening: "", told: "", slowed: "warn", "low disk": "warn" }[code] ?? "bad";
    const title = say(`trouble.${code}`, { text: code === "opening" ? nameOf(text) : text });
    const what = say(`trouble.${code}.do`);
    const rest = ["opening", "low disk"].includes(code) ? "" : what.startsWith("trouble.") ? sentenceCase(translated(text)) : code === "disk" || code === "slowed" ? `${sentenceCase(translated(text)).replace(/\.$/, "")}. ${what}` : what;
    found.push([kind, title, rest, code === "refused" || code === "no frames" ? (probe ? arm : undefined) : undefined, text]);
  }
  const away = came === null ? 0 : performance.now() - came;
  if (!desk.frozen && away > STILL_MS && !found.length) found.push(["warn", say("still", { n: Math.round(away / 1000) }), ""]);
  const doubts = picture.shown?.scale_doubts ?? [];
  if (doubts.length && picture.shown.verdict !== "refused") {
    const told = sentenceCase(doubts.map(translated).join("; "));
    found.push(picture.shown.spacing ? ["warn", say("scale"), `${told}. ${say("scale.do")}`] : ["warn", say("scale.none"), find("scanner-panel").hidden ? "" : say("scale.none.do")]);
  }
  const depth = mine && !desk.frozen && !desk.troubles.length ? panels.otherDepth() : null;
  if (depth) found.push(["", say("depth.usual", { n: depth.best_mm }), say("depth.now", { n: depth.now_mm }), { text: say("depth.set", { n: depth.best_mm }), act: depth.set }]);
  return mine ? found : found.map((one) => one.slice(0, 3));
}

function showBanners() {
  const found = present();
  const empty = picture.shown ? "" : found.length ? "" : say("empty.wait");
  put(find("empty-text"), empty);
  const stale = !connected || (state && !state.desk.frozen && came !== null && performance.now() - came > STILL_MS);
  picture.canvas.classList.toggle("old", Boolean(stale));
  const key = JSON.stringify(found.map((one) => [...one.slice(0, 3), Boolean(one[3])]));
  // Nor does the picture move under a finger that draws.
  if (banners === key || tools.start) return;
  banners = key;
  find("banners").replaceChildren(...found.map(([kind, title, text, button, detail]) => {
    const made = element("div", { className: `banner ${kind}`, title: detail ?? "" }, element("p", {}, element("b", {}, title), text));
    if (button) {
      const tap = element("button", { type: "button", className: "main" }, button.text);
      tap.onclick = button.act;
      made.append(tap);
    }
    return made;
  }));
}

let toastTimer = 0;
function toast(text, bad = false) {
  const target = find("toast");
  target.textContent = text;
  target.classList.toggle("bad", bad);
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { target.textContent = ""; }, bad ? 7000 : 4000);
}

setInterval(() => { if (state) showBanners(); }, 500);
addEventListener("resize", () => picture.shown && chart.draw(picture.shown.exposed_ms));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => picture.shown && chart.draw(picture.shown.exposed_ms));

// ------------------------------------------------------------------------------------------------------------ controls
const freeze = () => ask("freeze", { on: !state?.desk.frozen });
const scroll = (to) => ask("scroll", { to: Math.min(Math.max(to, 0), state.desk.cine.count - 1) });

find("freeze").onclick = freeze;
find("save").onclick = () => ask("save");
find("undo").onclick = () => ask("undo");
find("take").onclick = () => ask("take");
find("nothing").onclick = () => ask("point", { how: "nothing" });
find("no-area").onclick = () => ask("area", { text: "" });
find("shallower").onclick = () => panels.step("depth", -1);
find("deeper").onclick = () => panels.step("depth", 1);
find("darker").onclick = () => panels.step("gain", -1);
find("brighter").onclick = () => panels.step("gain", 1);
find("cine-at").oninput = ({ target }) => scroll(Number(target.value));
find("cine-at").onchange = ({ target }) => target.blur();
find("cine-back").onclick = () => scroll(state.desk.cine.shown - 1);
find("cine-on").onclick = () => scroll(state.desk.cine.shown + 1);
for (const button of document.querySelectorAll(".tool")) button.onclick = () => tools.choose(button.id.slice(5));

find("door-form").onsubmit = async (event) => {
  event.preventDefault();
  const answer = await line.enter(find("door-code").value);
  find("door-wrong").textContent = { yes: "", gone: say("gone") }[answer] ?? say(answer === "too many" ? "door.many" : "door.wrong");
};

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

addEventListener("keydown", (event) => {
  const busy = event.target.closest("input:not([type=range]):not([type=checkbox]), textarea, select");
  if (busy || event.ctrlKey || event.altKey || event.metaKey || !state) return;
  const pressed = event.target.closest("button, summary, [type=range], [type=checkbox]");
  const { key } = event;
  if (key === " " && !pressed) freeze();
  else if (key === "s" || key === "S") ask("save");
  else if (key === "t" || key === "T") ask("take");
  else if (key === "n" || key === "N") tools.next(event.shiftKey ? -1 : 1);
  else if (key === "+" || key === "-") panels.step("gain", key === "+" ? 1 : -1);
  else if (key === "Escape") {
    if (tools.tool) tools.choose(tools.tool);
    else if (state.desk.pointing && driving()) ask("point", { how: "nothing" });
  } else if (key in STEPS && !event.target.closest("[type=range]")) {
    const [dx, dy] = STEPS[key].map((step) => step * (event.shiftKey ? 10 : 1));
    if (tools.nudge(dx, dy)) { /* an end was moved */ }
    else if (dx && state.desk.frozen) scroll(state.desk.cine.shown + dx);
    else if (dy) panels.step("depth", Math.sign(dy));
    else return;
  } else return;
  event.preventDefault();
});

const code = new URLSearchParams(location.hash.slice(1)).get("code");
history.replaceState(null, "", location.pathname + location.search);
const entered = await line.enter(code);
if (code && entered !== "yes" && entered !== "gone") {
  // A code that was used lets nobody in twice; a cookie from before may still hold.
  await line.enter("");
}
if (entered === "gone") {
  show("page");
  put(find("empty-text"), say("gone"));
}
