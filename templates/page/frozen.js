/* Plays the kernel of a page that has none.

   The front end is answered from what was recorded when the notebook was converted: the states of
   the widgets (page/table.json), and for each callback of the author's code what its outputs were
   for each value of its inputs (page/pack-*.json, loaded when first needed). */
const nb2spaceRecorded = (() => {
  "use strict";

  const here = new URL(".", document.baseURI).href;
  const address = (path) => new URL(path, here).href;

  // ---- What was recorded

  async function load(path) {
    const answer = await fetch(address(path));
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
      const answer = await fetch(address(path));
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

  /** A copy, since whoever gets a message may change it. */
  const copied = (value) => JSON.parse(JSON.stringify(value));

  const bytesOf = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)).buffer;

  /** The paths and the bytes of a state's binary parts. */
  function binaryParts(buffers) {
    const parts = Object.entries(buffers ?? {});
    return {
      paths: parts.map(([path]) => JSON.parse(path)),
      bytes: parts.map(([, base64]) => bytesOf(base64)),
    };
  }

  let serial = 0;

  class RecordedKernel {
    constructor() {
      this.deliver = () => {};    // how the front end takes messages
      // One message after the other, the first when the tables are there.
      this.turn = ready;
    }

    send(message) {
      this.turn = this.turn.then(() => this.handle(message))
        .catch((error) => console.error("[nb2space]", error));
    }

    /** The models as they are now: state, and binary parts with their paths, by id. */
    async states() {
      await ready;
      return Object.fromEntries(Object.entries(table.states).map(([id, model]) => {
        const named = {
          _model_name: model.model_name, _model_module: model.model_module,
          _model_module_version: model.model_module_version,
        };
        const {paths, bytes} = binaryParts(table.buffers[id]);
        const buffers = bytes.map((part) => new DataView(part));
        return [id, {state: copied({...named, ...states[id]}), paths, buffers}];
      }));
    }

    post(channel, type, parent, content, buffers = [], metadata = {}) {
      this.deliver({
        channel,
        header: {
          msg_id: `recorded-${++serial}`, msg_type: type, username: "", session: "recorded",
          date: new Date().toISOString(), version: "5.3",
        },
        parent_header: parent, metadata, content: copied(content), buffers,
      });
    }

    async handle({header, content}) {
      // The front end sends a control's next value only when the last one is done with.
      this.post("iopub", "status", header, {execution_state: "busy"});
      try {
        if (header.msg_type === "comm_msg") { await this.widget(header, content.comm_id, content.data ?? {}); }
      } finally {
        this.post("iopub", "status", header, {execution_state: "idle"});
      }
    }

    async widget(header, id, data) {
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

  return new RecordedKernel();
})();
