/* The course of the last ten seconds, from the values as they come: a lane each. */

import { number, translated } from "./words.js";

const SECONDS = 10;
const MOST_LANES = 3;

export class Chart {
  constructor(canvas, caption, figure) {
    [this.canvas, this.caption, this.figure, this.points] = [canvas, caption, figure, []];
  }

  add(shown) {
    const last = this.points.at(-1);
    if (last && (last.task !== shown.task || last.at > shown.exposed_ms)) this.points = [];
    if (last?.at === shown.exposed_ms) return;
    const laned = shown.values.filter((one) => one.lane !== null).sort((one, other) => one.lane - other.lane);
    const lanes = laned.length ? laned : shown.values.filter((one) => !one.detail);
    this.points.push({ at: shown.exposed_ms, task: shown.task, lanes: lanes.slice(0, MOST_LANES) });
    this.points = this.points.filter((one) => one.at > shown.exposed_ms - SECONDS * 1000);
  }

  /** at: time of the picture that is seen. */
  draw(at) {
    // The newest first: what was told in pixels before the scale was known gives way.
    const known = new Map();
    for (const lane of [...this.points].reverse().flatMap((one) => one.lanes)) if (!known.has(lane.name)) known.set(lane.name, lane);
    const names = [...known.values()].slice(0, MOST_LANES).sort((one, other) => (one.lane ?? 0) - (other.lane ?? 0));
    this.figure.hidden = !names.length;
    if (!names.length || !this.canvas.clientWidth) return;
    const dense = devicePixelRatio || 1;
    const [wide, high] = [this.canvas.clientWidth, this.canvas.clientHeight];
    this.canvas.width = wide * dense;
    this.canvas.height = high * dense;
    const context = this.canvas.getContext("2d");
    context.scale(dense, dense);
    const ink = getComputedStyle(this.canvas);
    const colour = (name) => ink.getPropertyValue(name);
    const end = this.points.at(-1).at;
    const lane = high / names.length;
    const x = (time) => wide - 4 - ((end - time) / (SECONDS * 1000)) * (wide - 8);
    // By the chart's height and not the lane's: one lane alone has no larger letters.
    const letters = Math.max(11, high / (4.5 * MOST_LANES));
    context.font = `${letters}px system-ui, sans-serif`;
    names.forEach((name, index) => {
      const course = this.points.map((one) => ({ at: one.at, ...one.lanes.find((other) => other.name === name.name && other.unit === name.unit) })).filter((one) => one.value !== undefined && one.value !== null);
      const low = Math.min(...course.map((one) => one.low ?? one.value));
      const top = Math.max(...course.map((one) => one.high ?? one.value), low + 1e-6);
      const room = Math.max(top - low, Math.abs(top) * 0.25);
      const y = (value) => (index + 1) * lane - 4 - ((value - (top + low - room) / 2) / room) * (lane - letters - 11);
      context.fillStyle = colour("--accent");
      context.globalAlpha = 0.2;
      for (const one of course) if (one.low !== null) context.fillRect(x(one.at) - 1.5, y(one.high), 3, Math.max(1, y(one.low) - y(one.high)));
      context.globalAlpha = 1;
      context.beginPath();
      course.forEach((one, place) => {
        const gap = place && one.at - course[place - 1].at > 500;
        context[place && !gap ? "lineTo" : "moveTo"](x(one.at), y(one.value));
      });
      context.lineWidth = 2;
      context.strokeStyle = colour("--accent");
      context.stroke();
      context.fillStyle = colour("--ink");
      const now = course.filter((one) => one.at <= at).at(-1) ?? course.at(-1);
      const text = now?.named ? translated(now.named) : now && `${number(now.value, name.decimals)} ${translated(name.unit)}`;
      if (now) context.fillText(`${translated(name.words)} ${text}`, 4, index * lane + letters + 3);
    });
    context.fillStyle = colour("--warn");
    context.fillRect(x(at) - 1, 0, 2, high);
  }
}
