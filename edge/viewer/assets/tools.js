/* What a finger, a mouse or the arrow keys do on the picture: move an end, measure, point, draw a region. */

const LEAST_PX = 3;

export class Tools {
  /** ask(type, given): to the program. changed(): the tool is another one. */
  constructor(picture, ask, changed) {
    [this.picture, this.ask, this.changed, this.tool] = [picture, ask, changed, ""];
    this.start = null;
    const canvas = picture.canvas;
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#up(event));
    canvas.addEventListener("pointercancel", () => this.#drop());
  }

  choose(tool) {
    this.tool = this.tool === tool ? "" : tool;
    this.picture.correcting = this.tool === "correct";
    this.picture.selected = null;
    this.#drop();
    this.changed();
  }

  #drop() {
    [this.start, this.picture.draft] = [null, null];
    this.picture.draw();
  }

  #down(event) {
    if (!this.tool || !event.isPrimary || event.button > 0) return;
    const place = this.picture.at(event);
    if (this.tool === "correct") {
      this.picture.selected = this.picture.handleAt(event);
      if (this.picture.selected === null) return this.picture.draw();
      const handle = this.picture.handles[this.picture.selected];
      this.start = { handle, points: handle.points.map((point) => [...point]) };
    } else if (place) {
      this.start = { place, points: [place] };
    }
    if (this.start) this.picture.canvas.setPointerCapture(event.pointerId);
    event.preventDefault();
  }

  #move(event) {
    if (!this.start) return;
    const place = this.picture.at(event, false);
    const { start, tool, picture } = this;
    if (tool === "correct") {
      start.points[start.handle.end] = place;
      start.moved = true;
      picture.draft = start.handle.kind === "caliper" ? { kind: "caliper", points: start.points } : { kind: "line", points: start.points };
    } else if (tool === "measure") {
      picture.draft = { kind: "caliper", points: [start.place, place] };
    } else if (tool === "box" || tool === "areabox") {
      picture.draft = { kind: "line", closed: true, points: corners(start.place, place) };
    } else if (tool === "polygon") {
      const last = start.points.at(-1);
      if (Math.hypot(place[0] - last[0], place[1] - last[1]) >= LEAST_PX) start.points.push(place);
      picture.draft = { kind: "line", closed: true, points: start.points };
    }
    picture.draw();
  }

  #up(event) {
    if (!this.start) return;
    const { start, tool } = this;
    const place = this.picture.at(event, false);
    this.#drop();
    const far = start.place && Math.hypot(place[0] - start.place[0], place[1] - start.place[1]) >= LEAST_PX;
    if (tool === "correct" && start.moved) {
      this.ask("edit", { kind: start.handle.kind, mark: start.handle.mark, points: start.points });
    } else if (tool === "measure" && far) {
      this.ask("edit", { kind: "caliper", mark: null, points: [start.place, place] });
    } else if (["at", "also", "not"].includes(tool)) {
      this.ask("point", { how: tool, x: start.place[0], y: start.place[1] });
      if (tool === "at") this.choose("also");
    } else if (tool === "box" && far) {
      const [x, y, width, height] = bounds(start.place, place);
      this.ask("point", { how: "box", x, y, width, height });
    } else if (tool === "areabox" && far) {
      this.ask("area", { text: bounds(start.place, place).map(plain).join(",") });
    } else if (tool === "polygon" && start.points.length > 2) {
      this.ask("area", { text: thinned(start.points).map((point) => point.map(plain).join(",")).join(";") });
    }
  }

  /** The next end, from the keyboard. */
  next(step) {
    const count = this.picture.handles.length;
    if (!count) return;
    this.picture.selected = ((this.picture.selected ?? (step > 0 ? -1 : 0)) + step + count) % count;
    this.picture.draw();
  }

  /** Moves the selected end by whole pixels. False: none is selected. */
  nudge(dx, dy) {
    const handle = this.picture.handles[this.picture.selected];
    if (this.tool !== "correct" || !handle) return false;
    const [width, height] = this.picture.shown.size;
    const points = handle.points.map((point) => [...point]);
    const [x, y] = points[handle.end];
    points[handle.end] = [Math.min(Math.max(x + dx, 0), width - 1), Math.min(Math.max(y + dy, 0), height - 1)];
    this.ask("edit", { kind: handle.kind, mark: handle.mark, points });
    return true;
  }
}

const plain = (value) => String(Math.round(value * 10) / 10);

const corners = ([x1, y1], [x2, y2]) => [[x1, y1], [x2, y1], [x2, y2], [x1, y2]];

const bounds = ([x1, y1], [x2, y2]) => [Math.min(x1, x2), Math.min(y1, y2), Math.abs(x2 - x1), Math.abs(y2 - y1)];

/** At most 60 corners of what the finger went around. */
const thinned = (points) => points.filter((_, index) => index % Math.ceil(points.length / 60) === 0);
