/* Plays the kernel of a page that has none.

   Voila's own front end asks a server about its kernel and talks to it through a WebSocket. On
   this page both are answered from what was recorded when the notebook was converted: the states
   of the widgets (page/table.json), and for each callback of the author's code what its outputs
   were for each value of its inputs (page/pack-*.json, loaded when first needed). */
(() => {
  "use strict";

  const here = new URL(".", document.baseURI).href;
  const address = (path) => new URL(path, here).href;
  const ownFetch = window.fetch.bind(window);

  // The addresses in the page are relative, so that it works wherever it lies; the front end
  // wants them in full.
  const configuration = document.getElementById("jupyter-config-data");
  const settings = JSON.parse(configuration.textContent);
  settings.baseUrl = here;
  settings.wsUrl = here.replace(/^http/, "ws");
  settings.fullStaticUrl = address("voila/static");
  settings.fullLabextensionsUrl = address("voila/labextensions");
  settings.themesUrl = address("voila/themes");
  configuration.textContent = JSON.stringify(settings);
  const KERNEL = settings.kernelId;

  // ---- What was recorded

  async function load(path) {
    const answer = await ownFetch(address(path));
    if (!answer.ok) { throw new Error(`${path}: ${answer.status}`); }
    return answer.json();
  }

  const packs = new Map();

  /** The blobs of one pack, by number. A pack that did not come is asked for again. */
  function pack(number) {
    if (!packs.has(number)) {
      const loading = load(`page/pack-${number}.json`);
      loading.catch(() => packs.delete(number));
      packs.set(number, loading);
    }
    return packs.get(number);
  }

  let table = null;
  const states = {};            // model id → its traits, as this page has them now
  const open = new Set();       // ids of the models that the front end was told of
  const shown = new Map();      // "model id, trait" → number of the blob that it has now
  const unitsOfModel = new Map();
  const unitsOfButton = new Map();

  const listed = (map, key, item) => map.set(key, [...(map.get(key) ?? []), item]);

  const ready = load("page/table.json").then(async (loaded) => {
    await withTexts(loaded);
    table = loaded;
    for (const [id, model] of Object.entries(table.states)) {
      states[id] = {...model.state};
      open.add(id);
    }
    for (const unit of table.units) {
      for (const id of new Set(unit.triggers)) { listed(unitsOfModel, id, unit); }
      if (unit.button) { listed(unitsOfButton, unit.button, unit); }
    }
    if (table.prefetch) { whenIdle(prefetch); }
  });

  /** Put the long texts, which lie in files of their own, into the states. */
  async function withTexts(loaded) {
    const places = Object.entries(loaded.texts ?? {});
    await Promise.all(places.map(async ([path, traits]) => {
      const answer = await ownFetch(address(path));
      const text = await answer.text();
      for (const [id, trait] of traits) { loaded.states[id].state[trait] = text; }
    }));
  }

  function whenIdle(work) {
    if ("requestIdleCallback" in window) { requestIdleCallback(work); } else { setTimeout(work, 2000); }
  }

  function prefetch() {
    for (let number = 0; number < table.packs; number++) {
      setTimeout(() => pack(number).catch(() => {}), 300 * number);
    }
  }

  // ---- Looking up an answer

  /** A value as the tables' keys have it. */
  function keyOf(value) {
    if (typeof value === "number") { return String(+value.toPrecision(10)); }
    if (Array.isArray(value)) { return `[${value.map(keyOf).join(",")}]`; }
    return JSON.stringify(value === undefined ? null : value);
  }

  /** How far apart two values are: numbers by their difference, others not at all or infinitely. */
  function distance(one, other) {
    if (typeof one === "number" && typeof other === "number") { return Math.abs(one - other); }
    if (Array.isArray(one) && Array.isArray(other) && one.length === other.length) {
      return one.reduce((sum, item, place) => sum + distance(item, other[place]), 0);
    }
    return one === other ? 0 : Infinity;
  }

  /** The unit's entry for what its inputs are now, else for the nearest numbers; null if none. */
  function entryOf(unit) {
    const values = unit.inputs.map((id, place) => states[id]?.[unit.input_keys[place]]);
    const keys = values.map(keyOf);
    const exact = unit.rows[keys.join("|")];
    if (exact !== undefined) { return unit.entries[exact]; }
    let nearest = null;
    let least = Infinity;
    for (const [row, entry] of Object.entries(unit.rows)) {
      const far = distanceOfRow(row.split("|"), keys, least);
      if (far < least) { [least, nearest] = [far, entry]; }
    }
    return nearest === null ? null : unit.entries[nearest];
  }

  function distanceOfRow(row, keys, limit) {
    if (row.length !== keys.length) { return Infinity; }
    let sum = 0;
    for (let place = 0; place < row.length && sum < limit; place++) {
      if (row[place] !== keys[place]) {
        sum += distance(JSON.parse(row[place]), JSON.parse(keys[place]));
      }
    }
    return sum;
  }

  // ---- Messages as the Jupyter protocol has them

  const bytesOf = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)).buffer;

  /** The paths and the bytes of a state's binary parts. */
  function binaryParts(buffers, prefix = []) {
    const parts = Object.entries(buffers ?? {});
    return {
      paths: parts.map(([path]) => [...prefix, ...JSON.parse(path)]),
      bytes: parts.map(([, base64]) => bytesOf(base64)),
    };
  }

  /** A message with binary parts: their number, where each begins, and then each. */
  function framed(message, buffers) {
    const parts = [new TextEncoder().encode(JSON.stringify(message)), ...buffers.map((b) => new Uint8Array(b))];
    const head = 4 * (parts.length + 1);
    const frame = new Uint8Array(parts.reduce((sum, part) => sum + part.length, head));
    const numbers = new DataView(frame.buffer);
    numbers.setUint32(0, parts.length);
    let place = head;
    parts.forEach((part, index) => {
      numbers.setUint32(4 * (index + 1), place);
      frame.set(part, place);
      place += part.length;
    });
    return frame.buffer;
  }

  function messageOf(raw) {
    if (typeof raw === "string") { return JSON.parse(raw); }
    const numbers = new DataView(raw);
    const start = numbers.getUint32(4);
    const end = numbers.getUint32(0) > 1 ? numbers.getUint32(8) : raw.byteLength;
    return JSON.parse(new TextDecoder().decode(new Uint8Array(raw, start, end - start)));
  }

  let serial = 0;

  class RecordedKernel extends EventTarget {
    constructor(url) {
      super();
      this.url = url;
      this.protocol = "";       // selects the framing that `framed` writes
      this.extensions = "";
      this.binaryType = "arraybuffer";
      this.bufferedAmount = 0;
      this.readyState = RecordedKernel.CONNECTING;
      // One message after the other, the first when the tables are there.
      this.turn = ready.then(() => {
        this.readyState = RecordedKernel.OPEN;
        this.emit(new Event("open"));
      });
      this.turn.catch((error) => console.error("[nb2space]", error));
    }

    emit(event) {
      this[`on${event.type}`]?.(event);
      this.dispatchEvent(event);
    }

    close() {
      if (this.readyState === RecordedKernel.CLOSED) { return; }
      this.readyState = RecordedKernel.CLOSED;
      this.emit(new CloseEvent("close", {wasClean: true, code: 1000}));
    }

    send(raw) {
      this.turn = this.turn.then(() => this.handle(raw))
        .catch((error) => console.error("[nb2space]", error));
    }

    post(channel, type, parent, content, buffers = [], metadata = {}) {
      this.deliver({
        channel,
        header: {
          msg_id: `recorded-${++serial}`, msg_type: type, username: "", session: "recorded",
          date: new Date().toISOString(), version: "5.3",
        },
        parent_header: parent, metadata, content,
      }, buffers);
    }

    deliver(message, buffers) {
      const data = buffers.length ? framed(message, buffers) : JSON.stringify(message);
      this.emit(new MessageEvent("message", {data}));
    }

    async handle(raw) {
      const {header, content} = messageOf(raw);
      // The front end sends a control's next value only when the last one is done with.
      this.post("iopub", "status", header, {execution_state: "busy"});
      try {
        await this.answer(header, content);
      } finally {
        this.post("iopub", "status", header, {execution_state: "idle"});
      }
    }

    async answer(header, content) {
      switch (header.msg_type) {
        case "kernel_info_request":
          return this.post("shell", "kernel_info_reply", header, {
            status: "ok", protocol_version: "5.3", implementation: "recorded",
            implementation_version: "0", banner: "", help_links: [],
            language_info: {name: "python", version: "3", mimetype: "text/x-python", file_extension: ".py"},
          });
        case "comm_info_request": {
          const comms = [...open].map((id) => [id, {target_name: "jupyter.widget"}]);
          return this.post("shell", "comm_info_reply", header, {status: "ok", comms: Object.fromEntries(comms)});
        }
        case "execute_request":
          return this.post("shell", "execute_reply", header, {
            status: "ok", execution_count: 0, user_expressions: {}, payload: [],
          });
        case "comm_msg":
          return this.widget(header, content.comm_id, content.data ?? {});
      }
    }

    async widget(header, id, data) {
      if (data.method === "request_states") { return this.allStates(header, id); }
      if (data.method === "request_state" && states[id]) {
        const {paths, bytes} = binaryParts(table.buffers[id]);
        return this.update(header, id, states[id], paths, bytes);
      }
      let units = [];
      if (data.method === "update") {
        states[id] = {...states[id], ...data.state};
        for (const trait of Object.keys(data.state)) { shown.delete(`${id},${trait}`); }
        units = (unitsOfModel.get(id) ?? []).filter((unit) => reads(unit, id, data.state));
      } else if (data.method === "custom" && data.content?.event === "click") {
        units = unitsOfButton.get(id) ?? [];
      }
      for (const unit of units) { await this.play(header, unit); }
    }

    allStates(header, id) {
      const paths = [];
      const bytes = [];
      for (const [model, buffers] of Object.entries(table.buffers)) {
        const parts = binaryParts(buffers, [model, "state"]);
        paths.push(...parts.paths);
        bytes.push(...parts.bytes);
      }
      const data = {method: "update_states", states: table.states, buffer_paths: paths};
      this.post("iopub", "comm_msg", header, {comm_id: id, data}, bytes);
    }

    update(header, id, state, paths, bytes) {
      const data = {method: "update", state, buffer_paths: paths};
      this.post("iopub", "comm_msg", header, {comm_id: id, data}, bytes);
    }

    /** Bring the page to the state that the unit's callback left, sending only what differs. */
    async play(header, unit) {
      const entry = entryOf(unit);
      if (!entry) { return; }
      const changes = entry
        .map((blob, place) => ({blob, id: unit.outputs[place][0], trait: unit.outputs[place][1]}))
        // A button that is pressed again makes its widgets again.
        .filter(({blob, id, trait}) => unit.button || shown.get(`${id},${trait}`) !== blob);
      const values = await Promise.all(
        changes.map(async ({blob}) => (await pack(table.pack_of[blob]))[blob]));
      const updates = new Map();
      changes.forEach(({blob, id, trait}, place) => {
        const value = values[place];
        shown.set(`${id},${trait}`, blob);
        states[id] = {...states[id], [trait]: value.v};
        for (const model of value.m ?? []) { this.introduce(header, model); }
        const update = updates.get(id) ?? {state: {}, paths: [], bytes: []};
        update.state[trait] = value.v;
        const {paths, bytes} = binaryParts(value.b);
        update.paths.push(...paths);
        update.bytes.push(...bytes);
        updates.set(id, update);
      });
      for (const [id, {state, paths, bytes}] of updates) { this.update(header, id, state, paths, bytes); }
    }

    /** Tell the front end of a model that first exists with a recorded state. */
    introduce(header, {i: id, s: state, b: buffers}) {
      const {paths, bytes} = binaryParts(buffers);
      states[id] = {...state};
      // What its own controls have made of it since is gone.
      for (const trait of Object.keys(state)) { shown.delete(`${id},${trait}`); }
      if (open.has(id)) { return this.update(header, id, state, paths, bytes); }
      open.add(id);
      this.post("iopub", "comm_open", header, {
        comm_id: id, target_name: "jupyter.widget", target_module: null,
        data: {state, buffer_paths: paths},
      }, bytes, {version: "2.1.0"});
    }
  }
  Object.assign(RecordedKernel, {CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3});

  /** True when one of the traits that changed is an input of the unit. */
  function reads(unit, id, changed) {
    return unit.inputs.some((input, place) => input === id && unit.input_keys[place] in changed);
  }

  // ---- Controls that are off, but that the front end cannot draw so

  const OFF = [
    ".jupyter-widget-tab.nb2space-off > .lm-TabBar",
    ".jupyter-widget-accordion.nb2space-off > * > .jupyter-widget-Collapse-header",
    ".nb2space-off:not(.jupyter-widget-tab, .jupyter-widget-accordion) > *",
  ].join(",");

  function switchOff() {
    for (const part of document.querySelectorAll(OFF)) {
      part.inert = true;
      part.closest(".nb2space-off").title = document.body.dataset.needsLive;
    }
  }

  new MutationObserver(switchOff).observe(document.body, {childList: true, subtree: true});

  // ---- In the place of the server

  const json = (value) =>
    new Response(JSON.stringify(value), {headers: {"Content-Type": "application/json"}});

  window.fetch = (request, options) => {
    const url = new URL(typeof request === "string" ? request : request.url ?? String(request), here);
    if (!url.href.startsWith(`${here}api/`)) { return ownFetch(request, options); }
    if (!url.pathname.endsWith(`/api/kernels/${KERNEL}`)) { return Promise.resolve(json([])); }
    return Promise.resolve(json({
      id: KERNEL, name: "recorded", execution_state: "idle", connections: 1,
      last_activity: new Date().toISOString(),
    }));
  };

  // A page that is left tells the server to end its kernel; there is none.
  const ownBeacon = navigator.sendBeacon?.bind(navigator);
  if (ownBeacon) {
    navigator.sendBeacon = (url, data) =>
      String(url).includes("voila/api/shutdown") ? true : ownBeacon(url, data);
  }

  window.WebSocket = new Proxy(window.WebSocket, {
    construct: (target, words) =>
      String(words[0]).includes(`/api/kernels/${KERNEL}/channels`)
        ? new RecordedKernel(words[0])
        : Reflect.construct(target, words),
  });
})();
