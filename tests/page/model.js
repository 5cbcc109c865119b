// Stands in for anywidget's model on the blank page: Python's half is `toKernel` of the test.
import widget from "./widget.js";

class Model {
  constructor(id, state) {
    this.id = id;
    this.state = state;
    this.listeners = [];
    this.dead = false;
  }
  get(name) {
    return this.state[name];
  }
  on(event, callback) {
    this.listeners.push({ event, callback });
  }
  off(event, callback) {
    this.listeners = this.listeners.filter((l) => l.event !== event || l.callback !== callback);
  }
  emit(event, ...args) {
    for (const listener of [...this.listeners]) {
      if (listener.event === event) listener.callback(...args);
    }
  }
  send(content) {
    if (this.dead) throw new Error("Cannot send");
    // what a JSON line would do to it
    toKernel(this.id, JSON.parse(JSON.stringify(content))).then((packets) => this.deliver(packets));
  }
  deliver(packets) {
    for (const packet of JSON.parse(packets)) {
      this.emit("msg:custom", packet.content, packet.buffers.map(viewOf));
    }
  }
}

/** A view that starts at an odd place in a larger buffer, as hosts hand them over. */
function viewOf(base64) {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const larger = new Uint8Array(bytes.length + 8).fill(0xff);
  larger.set(bytes, 3);
  return new DataView(larger.buffer, 3, bytes.length);
}

const models = {};
const definitions = {};
const ends = {};

window.page = {
  async start(id, saved) {
    const messages = JSON.parse(saved).map(({ content, buffers }) => ({
      content,
      buffers: buffers.map(viewOf),
    }));
    const definition = await widget();
    const model = new Model(id, { saved: { messages }, version: "0" });
    ends[id] = { model: await definition.initialize({ model }), views: [] };
    models[id] = model;
    definitions[id] = definition;
  },
  async render(id) {
    const el = document.createElement("div");
    document.body.append(el);
    ends[id].views.push(await definitions[id].render({ model: models[id], el }));
  },
  deliver: (id, packets) => models[id].deliver(packets),
  endView: (id, view) => ends[id].views[view](),
  end: (id) => ends[id].model(),
  cut(id, dead) {
    models[id].dead = dead;
    models[id].emit("comm_live_update");
  },
  listeners: (id) => models[id].listeners.length,
};
