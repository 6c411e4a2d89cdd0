/* The page's front end: the models of its widgets and their views, and the messages between them
   and a kernel, be it the recorded one or a live one. */
const nb2spaceFrontEnd = (() => {
  "use strict";

  const {library, register, widgetModule, styles} = nb2spaceLibraries;
  const {load, added, drawn, drawStill, typeset, typesetPage} = nb2spaceOutputs;
  const WIDGETS = "jupyter.widget";
  const LIBRARIES = ["@jupyter-widgets/base", "@jupyter-widgets/controls"];

  /** A new id, on pages without TLS, too. */
  const newId = () =>
    [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

  const session = newId();

  // ---- Messages to the kernel, and what they are answered with

  let kernel = nb2spaceRecorded;
  const waiting = new Map();    // message id → what its sender wants to be told of the answers
  const captors = new Map();    // message id → the Output widgets that take its outputs, the last first
  const comms = new Map();

  function message(type, content, {channel = "shell", metadata = {}, buffers = [], parent = {}} = {}) {
    return {
      channel, parent_header: parent, metadata, content, buffers,
      header: {
        msg_id: newId(), msg_type: type, username: "", session, version: "5.3",
        date: new Date().toISOString(),
      },
    };
  }

  const bytesOf = (part) =>
    ArrayBuffer.isView(part) ? new Uint8Array(part.buffer, part.byteOffset, part.byteLength) : new Uint8Array(part);

  function send(type, content, callbacks, metadata, buffers) {
    // A copy, since models go on to change what they have sent.
    const copy = JSON.parse(JSON.stringify(content));
    const sent = message(type, copy, {metadata, buffers: (buffers ?? []).map((part) => bytesOf(part).slice())});
    if (callbacks) { waiting.set(sent.header.msg_id, callbacks); }
    kernel.send(sent);
    return sent.header.msg_id;
  }

  /** One end of a model's connection to its kernel, as ipywidgets wants it (IClassicComm). */
  class Comm {
    constructor(id, target = WIDGETS) {
      Object.assign(this, {comm_id: id, target_name: target});
      comms.set(id, this);
    }

    open(data, callbacks, metadata, buffers) {
      return send("comm_open", {comm_id: this.comm_id, target_name: this.target_name, data},
        callbacks, metadata, buffers);
    }

    send(data, callbacks, metadata, buffers) {
      return send("comm_msg", {comm_id: this.comm_id, data}, callbacks, metadata, buffers);
    }

    close(data = {}, callbacks, metadata, buffers) {
      comms.delete(this.comm_id);
      return send("comm_close", {comm_id: this.comm_id, data}, callbacks, metadata, buffers);
    }

    on_msg(handler) { this.heard = handler; }

    on_close(handler) { this.closed = handler; }
  }

  // ---- Messages from the kernel

  let turn = Promise.resolve();

  /** Take a message of the kernel, after those before it are done with. */
  function deliver(received) {
    turn = turn.then(() => take(received)).catch((error) => console.error("[nb2space]", error));
  }

  const OUTPUTS = ["display_data", "execute_result", "stream", "error"];

  async function take(message) {
    const received = {...message, buffers: message.buffers.map((part) => new DataView(part))};
    const {header: {msg_type: type}, parent_header: {msg_id: asked}, content} = received;
    if (OUTPUTS.includes(type) || type === "clear_output") {
      const captor = captors.get(asked)?.[0];
      if (captor) { return captor(received); }
    }
    const {iopub = {}} = waiting.get(asked) ?? {};
    switch (type) {
      case "status":
        iopub.status?.(received);
        if (content.execution_state === "idle") { waiting.delete(asked); }
        return;
      case "clear_output":
        return iopub.clear_output?.(received);
      case "comm_open":
        if (content.target_name === WIDGETS) {
          await manager.handle_comm_open(new Comm(content.comm_id), received);
        }
        return;
      case "comm_msg":
        return comms.get(content.comm_id)?.heard?.(received);
      case "comm_close": {
        const comm = comms.get(content.comm_id);
        comms.delete(content.comm_id);
        return comm?.closed?.(received);
      }
      default:
        if (OUTPUTS.includes(type)) { iopub.output?.(received); }
    }
  }

  /** Resolves when all messages that came so far are done with. */
  async function settled() {
    for (let seen; seen !== turn;) {
      seen = turn;
      await seen;
    }
  }

  // ---- The models and their views

  let manager = null;

  const managerClass = ({ManagerBase}) => class extends ManagerBase {
    // Where ipywidgets looks for what typesets; nothing is there while nothing is to be typeset.
    _rendermime = {latexTypesetter: {typeset}};

    async loadClass(name, module) {
      const found = (await widgetModule(module))[name];
      if (!found) { throw new Error(`${module} has no ${name}`); }
      return found;
    }

    async _create_comm(target, id, data, metadata, buffers) {
      const comm = new Comm(id ?? newId(), target);
      if (data || metadata) { comm.open(data, undefined, metadata, buffers); }
      return comm;
    }

    async _get_comm_info() { return {}; }
  };

  /** ipywidgets' Output, which JupyterLab has in parts that need all of it. */
  function outputModule({DOMWidgetModel, DOMWidgetView, JupyterLuminoPanelWidget}, {Panel}, jquery) {
    class OutputModel extends DOMWidgetModel {
      defaults() {
        return {
          ...super.defaults(), _model_name: "OutputModel", _view_name: "OutputView",
          _model_module: "@jupyter-widgets/output", _view_module: "@jupyter-widgets/output",
          msg_id: "", outputs: [],
        };
      }

      initialize(attributes, options) {
        super.initialize(attributes, options);
        this.captor = (received) => this.capture(received);
        this.listenTo(this, "change:msg_id", this.listen);
        this.listen();
      }

      /** Take the outputs that answer the message which the kernel has named. */
      listen() {
        const [before, now] = [this.previous("msg_id"), this.get("msg_id")];
        const others = (captors.get(before) ?? []).filter((captor) => captor !== this.captor);
        if (others.length) { captors.set(before, others); } else { captors.delete(before); }
        if (now) { captors.set(now, [this.captor, ...captors.get(now) ?? []]); }
      }

      capture({header: {msg_type: type}, content}) {
        if (type === "clear_output") {
          this.clearsNext = content.wait;
          if (!content.wait) { this.keep([]); }
          return;
        }
        const before = this.clearsNext ? [] : this.get("outputs");
        this.clearsNext = false;
        this.keep([...before, {...content, output_type: type}].reduce(added, []));
      }

      keep(outputs) {
        this.set("outputs", outputs);
        this.save_changes();
      }
    }

    class OutputView extends DOMWidgetView {
      _createElement() {
        this.luminoWidget = new JupyterLuminoPanelWidget({view: this});
        return this.luminoWidget.node;
      }

      _setElement(element) {
        this.el = element;
        this.$el = jquery(element);
      }

      render() {
        super.render();
        this.area = new Panel();
        this.area.addClass("jp-OutputArea");
        this.luminoWidget.insertWidget(0, this.area);
        this.luminoWidget.addClass("jupyter-widgets");
        this.luminoWidget.addClass("widget-output");
        this.shown = [];
        this.turn = Promise.resolve();
        this.listenTo(this.model, "change:outputs", this.show);
        this.show();
        this.update();
      }

      show() { this.turn = this.turn.then(() => this.redraw()).catch((error) => console.error("[nb2space]", error)); }

      /** Draw the outputs that differ from those that are shown, and let these go when those are ready. */
      async redraw() {
        const outputs = this.model.get("outputs").reduce(added, []);
        const same = outputs.findIndex((output, place) => JSON.stringify(output) !== this.shown[place]);
        const kept = same < 0 ? outputs.length : same;
        const news = await Promise.all(outputs.slice(kept).map((output) => drawn(output, this.model.widget_manager)));
        if (this.area.isDisposed) { return; }
        for (const child of this.area.widgets.slice(kept)) { child.dispose(); }
        this.shown = outputs.map((output) => JSON.stringify(output));
        for (const made of news) {
          const child = new Panel();
          child.addClass("jp-OutputArea-child");
          if (made) { child.addWidget(made.widget); }
          this.area.addWidget(child);
          if (made?.attached) { await this.displayed.then(made.attached); }
        }
      }

      remove() {
        this.area.dispose();
        return super.remove();
      }
    }

    return {OutputModel, OutputView};
  }

  /** Make the models of the recorded states. */
  async function restore(states) {
    // Each is known by its id before any of them looks for another.
    await Promise.all(Object.entries(states).map(([id, {paths, buffers, state}]) => manager.handle_comm_open(
      new Comm(id), {metadata: {version: "2.1.0"}, buffers, content: {data: {state, buffer_paths: paths}}})));
  }

  async function start() {
    const [{ManagerBase}, base] = await Promise.all([
      library("@jupyter-widgets/base-manager"), library("@jupyter-widgets/base"), load(),
    ]);
    for (const name of LIBRARIES) { register({name, exports: () => library(name)}); }
    const [lumino, jquery] = await Promise.all([library("@lumino/widgets"), library("jquery")]);
    register({name: "@jupyter-widgets/output", exports: outputModule(base, lumino, jquery.default ?? jquery)});
    manager = new (managerClass({ManagerBase}))();
    nb2spaceRecorded.deliver = deliver;
    await restore(await nb2spaceRecorded.states());
    await drawStill(manager);
    typesetPage();
    return manager;
  }

  const ready = new Promise((done) => document.addEventListener("DOMContentLoaded", done)).then(start);
  ready.catch((error) => console.error("[nb2space]", error));

  return {
    session, ready, deliver, settled, message, newId,
    /** True while the kernel has not yet answered all that it was sent. */
    get isAsking() { return waiting.size > 0; },
    set kernel(other) { kernel = other; },
  };
})();
