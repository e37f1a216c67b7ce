/* The picture on its canvas: pixels, what was found in them by layers, what was changed by hand, what a tool draws. */

import { number, numbers } from "./words.js";

export const LAYERS = ["masks", "lines", "calipers", "fields", "texts", "byhand"];
const HAND = "#ff8ad8";
const CALIPER = "#f5e45a";
const HANDLE_PX = 14;

/** Letters of the page, which grow with the screen. */
const rootPx = () => parseFloat(getComputedStyle(document.documentElement).fontSize);

export class Picture {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.layers = Object.fromEntries(LAYERS.map((name) => [name, localStorage[`layer.${name}`] !== "off"]));
    this.shown = null;
    this.bitmap = null;
    this.edits = [];
    this.handles = [];
    this.draft = null;
    this.selected = null;
    this.correcting = false;
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  show(shown, bitmap) {
    this.bitmap?.close();
    [this.shown, this.bitmap] = [shown, bitmap];
    this.draw();
  }

  setLayer(name, on) {
    this.layers[name] = on;
    localStorage[`layer.${name}`] = on ? "on" : "off";
    this.draw();
  }

  /** Where the frame lies on the canvas, in CSS pixels. */
  get place() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const [across, down] = this.shown.size;
    const scale = Math.min(width / across, height / down);
    return { scale, left: (width - across * scale) / 2, top: (height - down * scale) / 2 };
  }

  /** Pixels of the frame, whose middles are whole numbers, from a pointer's place; null beside it. */
  at(event, inside = true) {
    if (!this.shown) return null;
    const box = this.canvas.getBoundingClientRect();
    const { scale, left, top } = this.place;
    const x = (event.clientX - box.left - left) / scale - 0.5;
    const y = (event.clientY - box.top - top) / scale - 0.5;
    const [width, height] = this.shown.size;
    const within = x >= -0.5 && y >= -0.5 && x <= width - 0.5 && y <= height - 0.5;
    if (!within && inside) return null;
    return [Math.min(Math.max(x, -0.5), width - 0.5), Math.min(Math.max(y, -0.5), height - 0.5)];
  }

  /** The handle under a finger, if any. */
  handleAt(event) {
    const box = this.canvas.getBoundingClientRect();
    const reach = event.pointerType === "mouse" ? 14 : 32;
    let best = null;
    this.handles.forEach((handle, index) => {
      const [x, y] = this.#seen(handle.points[handle.end]);
      const distance = Math.hypot(event.clientX - box.left - x, event.clientY - box.top - y);
      if (distance <= reach && (!best || distance < best.distance)) best = { index, distance };
    });
    return best && best.index;
  }

  #seen([x, y]) {
    const { scale, left, top } = this.place;
    return [left + (x + 0.5) * scale, top + (y + 0.5) * scale];
  }

  draw() {
    const { canvas, context } = this;
    const dense = devicePixelRatio || 1;
    const [width, height] = [Math.round(canvas.clientWidth * dense), Math.round(canvas.clientHeight * dense)];
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    context.setTransform(dense, 0, 0, dense, 0, 0);
    context.fillStyle = "#000";
    context.fillRect(0, 0, canvas.clientWidth, canvas.clientHeight);
    if (!this.shown || !canvas.clientWidth) return;
    const { scale, left, top } = this.place;
    const [across, down] = this.shown.size;
    context.imageSmoothingQuality = "high";
    context.drawImage(this.bitmap, left, top, across * scale, down * scale);
    context.lineJoin = context.lineCap = "round";
    this.texts = [];
    this.stroke = Math.max(1.5, Math.min(canvas.clientWidth, canvas.clientHeight) / 380);
    if (this.layers.fields) this.shown.fields.forEach((field) => this.#field(field));
    if (this.layers.masks) this.shown.masks.forEach((mask) => this.#mask(mask));
    if (this.layers.lines) this.shown.lines.forEach((line) => this.#line(line));
    if (this.layers.calipers) this.shown.calipers.forEach((one, index) => this.#caliper(one.start, one.end, this.#isMoved("caliper", index) ? "" : one.text, this.#isMoved("caliper", index)));
    this.#byHand();
    this.#scaleBar();
    if (this.draft) this.#drawDraft();
  }

  #path(points, closed) {
    points.forEach((point, index) => (index ? this.context.lineTo(...this.#seen(point)) : this.context.moveTo(...this.#seen(point))));
    if (closed) this.context.closePath();
  }

  #mask({ outlines, colour }) {
    const { context } = this;
    context.beginPath();
    outlines.forEach((outline) => this.#path(outline, true));
    context.globalAlpha = this.shown.verdict === "measured" ? 0.28 : 0.14;
    context.fillStyle = colour;
    context.fill("evenodd");
    context.globalAlpha = 1;
  }

  #line({ points, colour, dashed, number: label }) {
    const { context } = this;
    context.beginPath();
    this.#path(points, false);
    context.setLineDash(dashed ? [6, 6] : []);
    context.lineWidth = this.stroke + 1.5;
    context.strokeStyle = "#0008";
    context.stroke();
    context.lineWidth = this.stroke;
    context.strokeStyle = colour;
    context.stroke();
    context.setLineDash([]);
    if (label !== null && this.layers.texts) this.#text(String(label), points.reduce((high, one) => (one[1] < high[1] ? one : high)), colour);
  }

  #caliper(start, end, text, dim, colour = CALIPER) {
    const { context } = this;
    const [[x1, y1], [x2, y2]] = [this.#seen(start), this.#seen(end)];
    const length = Math.hypot(x2 - x1, y2 - y1) || 1;
    const [nx, ny] = [(-(y2 - y1) / length) * 5, ((x2 - x1) / length) * 5];
    context.globalAlpha = dim ? 0.5 : 1;
    for (const [wide, ink] of [[this.stroke + 1.5, "#000a"], [this.stroke, colour]]) {
      context.beginPath();
      context.moveTo(x1, y1);
      context.lineTo(x2, y2);
      for (const [x, y] of [[x1, y1], [x2, y2]]) {
        context.moveTo(x - nx, y - ny);
        context.lineTo(x + nx, y + ny);
      }
      context.setLineDash(dim ? [4, 4] : []);
      context.lineWidth = wide;
      context.strokeStyle = ink;
      context.stroke();
    }
    context.setLineDash([]);
    // Beside what is measured: at the right end of a level one, at the lower end of a steep one.
    const level = Math.abs(x2 - x1) > Math.abs(y2 - y1);
    const last = (level ? x2 > x1 : y2 > y1) ? end : start;
    if (text && this.layers.texts) this.#text(text, last, colour, level);
    context.globalAlpha = 1;
  }

  /** beside: at the height of the place. Else below it. */
  #text(said, place, colour, beside = false) {
    const { context } = this;
    const text = numbers(said);
    const size = Math.max(12, Math.min(1.3 * rootPx(), this.canvas.clientHeight / 32));
    context.font = `600 ${size}px system-ui, sans-serif`;
    const [x, y] = this.#seen(place);
    const wide = context.measureText(text).width;
    const left = Math.min(Math.max(x + 8, 2), this.canvas.clientWidth - wide - 4);
    context.lineWidth = 3;
    context.strokeStyle = "#000c";
    let under = y + size * (beside ? 0.35 : 1);
    // Below the texts that stand there already.
    const covers = (one) => left < one.right && one.left < left + wide && Math.abs(under - one.under) < size;
    for (let tries = 0; tries < 4 && this.texts.some(covers); tries += 1) under += size;
    this.texts.push({ left, right: left + wide, under });
    context.strokeText(text, left, under);
    context.fillStyle = colour;
    context.fillText(text, left, under);
  }

  #field({ columns, angle, confidence, origin, cell_px: cell }) {
    const { context } = this;
    const [angles, sure] = [angle, confidence].map((text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0)));
    const size = cell * this.place.scale;
    for (let index = 0; index < angles.length; index += 1) {
      if (sure[index] < 26) continue;
      const [x, y] = this.#seen([origin[0] + (index % columns) * cell, origin[1] + Math.floor(index / columns) * cell]);
      const degrees = (angles[index] * 180) / 255 - 90;
      context.globalAlpha = (sure[index] / 255) * 0.4;
      context.fillStyle = `hsl(${(2 * degrees + 360) % 360} 80% 55%)`;
      context.fillRect(x - size / 2, y - size / 2, size + 0.5, size + 0.5);
    }
    context.globalAlpha = 1;
  }

  #isMoved(kind, index) {
    return this.layers.byhand && this.edits.some((one) => one.kind === kind && one.mark === index);
  }

  #byHand() {
    const { context } = this;
    if (this.layers.byhand) {
      for (const one of this.edits) {
        if (one.kind === "caliper") this.#caliper(one.points[0], one.points[1], one.value, false, HAND);
        else this.#line({ points: one.points, colour: HAND, dashed: false, number: null });
      }
    }
    this.handles = this.correcting ? this.#allHandles() : [];
    if (this.selected !== null && this.selected >= this.handles.length) this.selected = null;
    this.handles.forEach((handle, index) => {
      const [x, y] = this.#seen(handle.points[handle.end]);
      context.beginPath();
      context.arc(x, y, HANDLE_PX / 2, 0, 7);
      context.fillStyle = index === this.selected ? HAND : "#fff6";
      context.fill();
      context.lineWidth = 2;
      context.strokeStyle = "#000";
      context.stroke();
      context.lineWidth = 1.5;
      context.strokeStyle = HAND;
      context.stroke();
    });
  }

  /** Ends that may be moved: of calipers and of lines with few points, where they were put last. */
  #allHandles() {
    const handles = [];
    const add = (kind, mark, found) => {
      const edit = this.edits.find((one) => one.kind === kind && one.mark === mark);
      const points = edit ? edit.points : found;
      points.forEach((_, end) => handles.push({ kind, mark, points, end }));
    };
    this.shown.calipers.forEach((one, index) => add("caliper", index, [one.start, one.end]));
    this.shown.lines.forEach((one, index) => one.landmarks && add("line", index, one.points));
    return handles;
  }

  #scaleBar() {
    const { spacing, size } = this.shown;
    if (!spacing || !this.layers.texts) return;
    const { scale, left, top } = this.place;
    const pixels = 10 / spacing[1];
    const x = left + size[0] * scale - 10;
    const bottom = top + size[1] * scale - 12;
    const { context } = this;
    for (const [wide, ink] of [[4, "#000a"], [2, "#e8eef4"]]) {
      context.beginPath();
      for (let y = 0; y <= 1; y += 1) {
        context.moveTo(x - 6, bottom - y * pixels * scale);
        context.lineTo(x + 2, bottom - y * pixels * scale);
      }
      context.moveTo(x, bottom);
      context.lineTo(x, bottom - pixels * scale);
      context.lineWidth = wide;
      context.strokeStyle = ink;
      context.stroke();
    }
    context.font = `600 ${0.8 * rootPx()}px system-ui, sans-serif`;
    context.textAlign = "right";
    context.lineWidth = 3;
    context.strokeStyle = "#000c";
    context.strokeText("10 mm", x - 9, bottom - (pixels * scale) / 2 + 5);
    context.fillStyle = "#e8eef4";
    context.fillText("10 mm", x - 9, bottom - (pixels * scale) / 2 + 5);
    context.textAlign = "left";
  }

  #drawDraft() {
    const { context, draft } = this;
    if (draft.kind === "caliper") this.#caliper(draft.points[0], draft.points[1], this.length(draft.points), false, HAND);
    else {
      context.beginPath();
      this.#path(draft.points, draft.closed);
      context.lineWidth = this.stroke + 0.5;
      context.setLineDash([7, 5]);
      context.strokeStyle = HAND;
      context.stroke();
      context.setLineDash([]);
    }
  }

  /** `2.4 mm`, or pixels where there is no scale. */
  length([[x1, y1], [x2, y2]]) {
    const spacing = this.shown.spacing;
    if (!spacing) return `${number(Math.hypot(x2 - x1, y2 - y1), 0)} px`;
    return `${number(Math.hypot((x2 - x1) * spacing[0], (y2 - y1) * spacing[1]), 1)} mm`;
  }
}
