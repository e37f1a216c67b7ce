/* The line to the program: commands and answers, pictures and their acknowledgement, the program's clock, and finding
   the program again. */

const VERSION = 3;
const STUCK_MS = 12000;
const DEFLATED = 0x80000000;

export class Connection {
  /** on: { picture(head, bitmap, drawn), state(state), hello(hello), panorama(panorama), gone(), door(), note(answer) } */
  constructor(on) {
    this.on = on;
    this.waiting = new Map();
    this.count = 0;
    this.samples = [];
    this.offset = null;
    this.tab = sessionStorage.tab ||= Math.random().toString(36).slice(2);
    this.pause = 500;
    setInterval(() => this.#keepUp(), 1000);
  }

  /** Where a code or a cookie lets in: the stream. Else the door. */
  async enter(code) {
    let response;
    try {
      response = await fetch("enter", { method: "POST", body: code || "" });
    } catch {
      this.#later();
      return "gone";
    }
    const text = await response.text();
    if (response.ok && text === "yes") {
      this.#open();
      return "yes";
    }
    this.on.door();
    return text;
  }

  #open() {
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/stream?tab=${this.tab}`);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.heard = performance.now();
    socket.onmessage = ({ data }) => {
      this.heard = performance.now();
      if (typeof data === "string") this.#message(JSON.parse(data));
      else this.#picture(data);
    };
    socket.onclose = () => this.#closed(socket);
  }

  #closed(socket) {
    if (this.socket !== socket) return;
    this.socket = null;
    for (const { refuse } of this.waiting.values()) refuse(new Error("gone"));
    this.waiting.clear();
    this.on.gone();
    this.#later();
  }

  #later() {
    setTimeout(() => { if (!this.socket) this.enter(""); }, this.pause);
    this.pause = Math.min(this.pause * 1.5, 3000);
  }

  #keepUp() {
    if (!this.socket || this.socket.readyState !== WebSocket.OPEN) return;
    if (performance.now() - this.heard > STUCK_MS) {
      const dead = this.socket;
      dead.close();
      this.#closed(dead);
      return;
    }
    this.#ping();
  }

  #ping() {
    this.#send({ type: "ping", at_ms: performance.now() });
  }

  #send(message) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  #message(message) {
    if (message.type === "hello") {
      if (message.version !== VERSION || (this.run && this.run !== message.run)) {
        // Another program may have another page.
        if (message.version !== VERSION) return location.reload();
      }
      this.run = message.run;
      this.pause = 500;
      this.samples = [];
      for (let n = 0; n < 4; n += 1) setTimeout(() => this.#ping(), 150 * n);
      this.on.hello(message);
    } else if (message.type === "pong") {
      const now = performance.now();
      this.samples.push({ trip: now - message.at_ms, offset: message.now_ms - (now + message.at_ms) / 2 });
      this.samples = this.samples.slice(-12);
      this.offset = this.samples.reduce((best, one) => (one.trip < best.trip ? one : best)).offset;
    } else if (message.type === "state") {
      this.on.state(message);
    } else if (message.type === "panorama") {
      this.on.panorama(message);
    } else if (message.type === "answer") {
      const asked = this.waiting.get(message.n);
      this.waiting.delete(message.n);
      if (!asked) this.on.note(message);
      else if (message.done) asked.done(message.text);
      else asked.refuse(new Error(message.text));
    }
  }

  async #picture(data) {
    const arrived = performance.now();
    const view = new DataView(data);
    const field = view.getUint32(0, true);
    const end = 4 + (field & ~DEFLATED);
    let head = new Uint8Array(data, 4, end - 4);
    if (field & DEFLATED) {
      const stream = new Blob([head]).stream().pipeThrough(new DecompressionStream("deflate"));
      head = new Uint8Array(await new Response(stream).arrayBuffer());
    }
    const shown = JSON.parse(new TextDecoder().decode(head));
    const socket = this.socket;
    const bitmap = await createImageBitmap(new Blob([new Uint8Array(data, end)], { type: "image/jpeg" }));
    this.on.picture(shown, bitmap, (live) => {
      const age = live ? this.age(shown) : null;
      if (socket === this.socket) this.#send({ type: "ack", id: shown.id, age_ms: age, drawing_ms: performance.now() - arrived });
      return age;
    });
  }

  /** Milliseconds since the picture was exposed; null where the clocks are not compared yet. */
  age(shown) {
    return this.offset === null ? null : performance.now() + this.offset - shown.exposed_ms;
  }

  /** Asks the program for something; rejects with its reason. */
  ask(type, given = {}) {
    this.count += 1;
    const n = this.count;
    return new Promise((done, refuse) => {
      if (this.socket?.readyState !== WebSocket.OPEN) {
        refuse(new Error("gone"));
        return;
      }
      this.waiting.set(n, { done, refuse });
      this.#send({ type, n, ...given });
    });
  }
}
