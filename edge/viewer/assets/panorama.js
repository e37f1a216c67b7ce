/* The panorama of a scan under its picture: what its columns show, where the shown picture lies, and a way to others. */

import { translated } from "./words.js";

const [INK, SOFT, MEANT, HERE] = ["#e9eef3", "#a9b6c3", "#6fdca8", "#f5a528"];
const BARS_MM = [20, 10, 5];

export class Panorama {
  /** seek: is asked for the picture nearest to the frame with this number. */
  constructor(canvas, seek) {
    [this.canvas, this.of, this.image, this.column, this.sought] = [canvas, null, null, null, false];
    canvas.onclick = (event) => {
      const sequence = this.sought ? this.sequenceAt(event.offsetX) : null;
      if (sequence !== null) seek(sequence);
    };
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  async take(panorama) {
    this.coming = panorama;
    const image = new Image();
    image.src = panorama.picture;
    if (panorama.picture) await image.decode();
    if (this.coming !== panorama) return;
    [this.of, this.image] = panorama.picture ? [panorama, image] : [null, null];
    this.canvas.hidden = !this.of;
    this.draw();
  }

  /** place: number of a frame whose column is marked, unless the newest picture is shown. sought: a tap goes to a picture. */
  show(place, newest, sought) {
    if (this.place === place && this.newest === newest && this.sought === sought) return;
    [this.place, this.newest, this.sought] = [place, newest, sought];
    this.canvas.classList.toggle("sought", sought);
    this.draw();
  }

  /** The frame of the column nearest to a place on the canvas, of those that came from a frame; null: of none. */
  sequenceAt(x) {
    const { left, scale } = this.#layout();
    return this.of.sequences[this.#nearest((column) => Math.abs(column + 0.5 - (x - left) / scale))] ?? null;
  }

  /** Of the columns that came from a frame the one that lies the least far; undefined: there is none. */
  #nearest(far) {
    const known = this.of.sequences.flatMap((sequence, column) => (sequence < 0 ? [] : [[far(column, sequence), column]]));
    return known.reduce((best, one) => (one[0] < best[0] ? one : best), [Infinity, undefined])[1];
  }

  #here() {
    if (this.newest) return this.of.here;
    return this.place === null ? null : this.#nearest((column, sequence) => Math.abs(sequence - this.place)) ?? null;
  }

  #layout() {
    const { clientWidth: wide, clientHeight: high } = this.canvas;
    const [columns, rows] = this.of.size;
    const letters = Math.max(11, Math.min(16, wide / 48, (high * columns) / rows / 48));
    const [head, foot] = [this.of.labels.length ? 2 * letters : 3, 1.4 * letters];
    const scale = Math.min(wide / columns, (high - head - foot) / rows);
    return { wide, high, letters, head, scale, left: (wide - columns * scale) / 2 };
  }

  draw() {
    if (!this.of || !this.canvas.clientWidth) return;
    const { wide, high, letters, head, scale, left } = this.#layout();
    const dense = devicePixelRatio || 1;
    [this.canvas.width, this.canvas.height] = [wide * dense, high * dense];
    const context = this.canvas.getContext("2d");
    context.scale(dense, dense);
    const [columns, rows] = this.of.size;
    context.drawImage(this.image, left, head, columns * scale, rows * scale);
    const here = this.#here();
    this.#labels(context, letters, head, scale, left, here);
    const under = head + rows * scale;
    if (here !== null) {
      const x = left + (here + 0.5) * scale;
      context.fillStyle = "#000a";
      context.fillRect(x - 2, head, 4, rows * scale);
      context.fillStyle = HERE;
      context.fillRect(x - 1, head, 2, rows * scale);
      context.beginPath();
      for (const [dx, dy] of [[0, 0], [-5, 6], [5, 6]]) context.lineTo(x + dx, under + dy);
      context.fill();
    }
    const bar = this.of.mm_per_px && BARS_MM.find((one) => one / this.of.mm_per_px <= columns);
    if (!bar) return;
    const [right, length, y] = [left + columns * scale - 1, (bar / this.of.mm_per_px) * scale, under + letters * 0.8];
    context.fillStyle = INK;
    context.fillRect(right - length, y - 1, length, 2);
    for (const x of [right - length, right - 1]) context.fillRect(x, y - 4, 1, 8);
    context.font = `${letters}px system-ui, sans-serif`;
    context.textAlign = "right";
    context.textBaseline = "middle";
    if (right - length > 4 * letters) context.fillText(`${bar} mm`, right - length - 6, y);
  }

  /** A bracket each, and the texts that do not lie over each other; the emphasised one is always there. Of an earlier
      picture it is the one over its column. */
  #labels(context, letters, head, scale, left, here) {
    const taken = [];
    const labels = this.of.labels.map((one) => (this.newest ? one : { ...one, emphasised: one.start <= here && here < one.end }));
    context.textAlign = "center";
    context.textBaseline = "alphabetic";
    for (const label of labels.sort((one, other) => other.emphasised - one.emphasised)) {
      const [start, end, y] = [left + label.start * scale + 1, left + label.end * scale - 2, head - letters * 0.45];
      context.fillStyle = label.emphasised ? MEANT : SOFT;
      context.fillRect(start, y, Math.max(1, end - start), 1);
      for (const x of [start, end - 1]) context.fillRect(x, y, 1, 5);
      context.font = `${label.emphasised ? "700 " : ""}${letters}px system-ui, sans-serif`;
      context.fillStyle = label.emphasised ? MEANT : INK;
      const text = translated(label.text);
      const half = context.measureText(text).width / 2 + 2;
      const middle = Math.min(Math.max((start + end) / 2, half), this.canvas.clientWidth - half);
      if (taken.some(([first, last]) => middle - half < last && middle + half > first)) continue;
      taken.push([middle - half, middle + half]);
      context.fillText(text, middle, y - 4);
    }
  }
}
