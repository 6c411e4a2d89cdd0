/* Changes the page over to a live kernel, in place, and keeps it when that is lost.

   The front end begins with the kernel that frozen.js plays, and goes on with the same models:
   a live kernel counts its widgets, so that they have the ids that they have on this page. What
   the kernel's widgets and cells show differently is brought up to date, what the viewer has moved
   meanwhile is sent, and from then on messages pass between the front end and the live socket. */
(() => {
  "use strict";

  const here = new URL(".", document.baseURI).href;
  const address = (path) => new URL(path, here).href;
  const texts = nb2spaceTexts;
  const {session: SESSION, message: made, deliver, settled} = nb2spaceFrontEnd;
  const PROTOCOL = "v1.kernel.websocket.jupyter.org";
  const WIDGET_METADATA = {version: "2.1.0"};
  // The code with which the server closes a socket over which nothing came for long.
  const IDLE = 4000;
  const FIRST_PAUSE = 500, LONGEST_PAUSE = 15000, TOAST = 15000;

  const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
  const said = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? "";

  // ---- What the viewer is told

  const style = document.createElement("style");
  style.textContent = `
    .nb2space-status {
      position: fixed; right: 12px; bottom: 12px; z-index: 999; padding: 4px 10px;
      border-radius: 4px; background: #333c; color: #fff; font: 0.85rem/1.4 sans-serif;
      transition: opacity 0.4s; pointer-events: none; max-width: calc(100vw - 44px);
    }
    .nb2space-status:empty { opacity: 0; }
    body:is([data-nb2space="starting"], [data-nb2space="lost"]) .jupyter-widgets
      :is(input, select, textarea, button, .noUi-target),
    body:is([data-nb2space="starting"], [data-nb2space="lost"]) .jupyter-widgets.jupyter-button { opacity: 0.55; cursor: progress; }
    .nb2space-drawing { position: absolute; visibility: hidden; width: 100%; }
    .nb2space-toast {
      position: fixed; left: 50%; bottom: 16px; transform: translateX(-50%); z-index: 1000;
      max-width: min(90vw, 40rem); padding: 10px 16px; border-radius: 4px;
      background: #333; color: #fff; font: 1rem/1.4 sans-serif;
    }
    @media print { .nb2space-status, .nb2space-toast { display: none; } }`;
  document.head.append(style);
  const status = document.createElement("div");
  status.className = "nb2space-status";
  status.setAttribute("role", "status");
  document.body.append(status);

  /** Set the state of the page ("starting", "live", "paused" or "lost") and what the status line says. */
  function tell(state, text = "") {
    document.body.dataset.nb2space = state;
    if (status.textContent !== text) { status.textContent = text; }
  }

  /** Say that a callback failed outside of any output area: it leaves no trace on the page. */
  function toast(reference) {
    document.querySelector(".nb2space-toast")?.remove();
    const shown = document.createElement("div");
    shown.className = "nb2space-toast";
    shown.setAttribute("role", "status");
    shown.textContent = texts.toast.replace("{reference}", reference);
    shown.onclick = () => shown.remove();
    document.body.append(shown);
    setTimeout(() => shown.remove(), TOAST);
  }

  // ---- Messages as the live kernel's socket has them

  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  const PARTS = ["header", "parent_header", "metadata", "content"];

  /** A message as the live kernel's socket takes it: where each part begins, and the parts. */
  function framed(message) {
    const parts = [
      encoder.encode(message.channel),
      ...PARTS.map((name) => encoder.encode(JSON.stringify(message[name] ?? {}))),
      ...message.buffers,
    ];
    const head = 8 * (parts.length + 2);
    const frame = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, head));
    const numbers = new DataView(frame.buffer);
    const write = (index, number) => numbers.setBigUint64(8 * index, BigInt(number), true);
    write(0, parts.length + 1);
    let place = head;
    parts.forEach((part, index) => {
      write(index + 1, place);
      frame.set(part, place);
      place += part.byteLength;
    });
    write(parts.length + 1, place);
    return frame.buffer;
  }

  /** A message that came over the live kernel's socket. */
  function unframed(frame) {
    const numbers = new DataView(frame);
    const count = Number(numbers.getBigUint64(0, true));
    const places = Array.from({length: count}, (_, index) => Number(numbers.getBigUint64(8 * (index + 1), true)));
    const part = (index) => frame.slice(places[index], places[index + 1]);
    const text = (index) => decoder.decode(part(index));
    const message = {channel: text(0), buffers: []};
    PARTS.forEach((name, index) => { message[name] = JSON.parse(text(index + 1)); });
    for (let index = PARTS.length + 1; index < count - 1; index++) { message.buffers.push(part(index)); }
    return message;
  }

  // ---- The front end's side

  let socket = null;          // the live kernel's, while it is open
  let kernel = "";            // the live kernel's id, also while its socket is lost
  let news = [];              // its cells, as elements, until the page shows them
  let isWhole = true;         // whether it could execute all of them
  let wasLive = false;
  let ended = () => {};       // called when the live session is lost, with the socket's code
  const held = [];            // messages of the front end that no kernel has had yet
  const pending = new Map();  // message id → header of what the live kernel is not done with
  const moved = new Map();    // model id → the traits that the viewer has set

  nb2spaceFrontEnd.kernel = {
    send(message) {
      note(message);
      if (socket) {
        give(message);
      } else if (isChange(message)) {
        // Its answer is awaited: the front end keeps what is moved after it for the next message.
        held.push(message);
      } else {
        nb2spaceRecorded.send(message);
      }
    },
  };

  const isChange = ({header, content}) =>
    header.msg_type === "comm_msg" && ["update", "custom"].includes(content.data?.method);

  function note({header, content, buffers}) {
    if (header.msg_type === "comm_msg" && content.data?.method === "update" && !buffers.length) {
      const traits = {...moved.get(content.comm_id), ...content.data.state};
      moved.delete(content.comm_id);
      moved.set(content.comm_id, traits);
    }
  }

  function give(message) {
    pending.set(message.header.msg_id, message.header);
    socket.send(framed(message));
  }

  function take(message) {
    const {header, parent_header: parent, content} = message;
    if (header.msg_type === "status") {
      if (content.execution_state === "dead") {
        kernel = "";
        return ended();
      }
      if (content.execution_state === "idle") { pending.delete(parent.msg_id); }
    }
    if (header.msg_type === "comm_msg" && content.data?.method === "update") {
      // What the kernel sets is no more as the viewer set it.
      const traits = moved.get(content.comm_id);
      for (const trait of Object.keys(content.data.state ?? {})) { if (traits) { delete traits[trait]; } }
    }
    if (/^[0-9A-F]{6}$/.test(message.metadata.nb2space_reference)) { toast(message.metadata.nb2space_reference); }
    deliver(message);
  }

  const tellFrontEnd = (type, content, more = {}) => deliver(made(type, content, {channel: "iopub", ...more}));

  // ---- The live kernel's side

  /** Have the notebook executed by a new kernel, and note its id and its cells. */
  async function session() {
    const answer = await fetch(address(`nb2space/live${location.search}`), {method: "POST"});
    if (!answer.ok) { throw Object.assign(new Error(`live: ${answer.status}`), {status: answer.status}); }
    // The server is there, so the kernel before cannot be gone on with.
    release();
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "", number = "", all = "";
    for (;;) {
      const {done, value} = await reader.read();
      if (done) { break; }
      text += value;
      const found = text.slice(text.lastIndexOf("data-p")).match(/^data-p\w+="(\d+)(?:\/(\d+))?"/);
      if (found) {
        [, number, all] = found;
        tell("starting", all
          ? texts.starting_cell.replace("{done}", number).replace("{all}", all)
          : texts.queue.replace("{place}", number));
      }
    }
    const parsed = new DOMParser().parseFromString(text, "text/html");
    if (!parsed.querySelector('meta[name="nb2space-complete"]')) { throw new Error("live: cut short"); }
    if (parsed.querySelector('meta[name="nb2space-version"]').content !== said("nb2space-version")) {
      location.reload();
    }
    kernel = JSON.parse(parsed.getElementById("jupyter-config-data").textContent).kernelId;
    news = [...parsed.querySelectorAll("[data-cell]")];
    isWhole = number === all;
  }

  function connected(id) {
    return new Promise((done, failed) => {
      const path = `api/kernels/${id}/channels?session_id=${SESSION}`;
      const opened = new WebSocket(address(path).replace(/^http/, "ws"), [PROTOCOL]);
      opened.binaryType = "arraybuffer";
      opened.onopen = () => done(opened);
      opened.onclose = () => failed(new Error("the kernel's socket does not open"));
    });
  }

  function ask(opened, type, content, metadata = {}) {
    const message = made(type, content, {metadata});
    opened.send(framed(message));
    return message.header.msg_id;
  }

  /** What the kernel's widgets are, and the messages that came meanwhile. */
  function statesOf(opened) {
    return new Promise((done, failed) => {
      const control = nb2spaceFrontEnd.newId();
      const own = [ask(opened, "comm_open",
        {comm_id: control, target_name: "jupyter.widget.control", data: {}}, {version: "1.0.0"})];
      const asked = ask(opened, "comm_msg", {comm_id: control, data: {method: "request_states"}});
      own.push(asked);
      const meanwhile = [];
      let found = {states: {}, paths: [], buffers: []};
      opened.onclose = () => failed(new Error("the kernel's socket was closed"));
      opened.onmessage = ({data}) => {
        const message = unframed(data);
        const {header, parent_header: parent, content} = message;
        if (content.comm_id === control) {
          const {states = {}, buffer_paths: paths = []} = content.data ?? {};
          if (content.data?.method === "update_states") { found = {states, paths, buffers: message.buffers}; }
        } else if (!own.includes(parent.msg_id)) {
          meanwhile.push(message);
        } else if (parent.msg_id === asked && content.execution_state === "idle") {
          ask(opened, "comm_close", {comm_id: control, data: {}});
          done({...found, meanwhile});
        }
      };
    });
  }

  // ---- Taking over

  const referredTo = (state) =>
    [...JSON.stringify(state).matchAll(/IPY_MODEL_([0-9A-Za-z-]+)/g)].map(([, id]) => id);

  /** Bring the front end's models to the kernel's states; true when one had to be made anew. */
  async function adopt(manager, {states, paths, buffers}) {
    const parts = new Map();
    paths.forEach(([id, , ...path], index) => {
      const part = parts.get(id) ?? {paths: [], buffers: []};
      part.paths.push(path);
      part.buffers.push(buffers[index]);
      parts.set(id, part);
    });
    const done = new Set();
    let replaced = false;
    const bring = async (id) => {
      if (done.has(id) || !states[id]) { return; }
      done.add(id);
      const {state} = states[id];
      for (const other of referredTo(state)) { await bring(other); }
      const part = parts.get(id) ?? {paths: [], buffers: []};
      let known = manager.has_model(id) ? await manager.get_model(id) : null;
      if (known && ["_model_name", "_model_module"].some((name) => known.get(name) !== state[name])) {
        tellFrontEnd("comm_close", {comm_id: id, data: {}});
        await settled();
        [known, replaced] = [null, true];
      }
      if (known) {
        const kept = moved.get(id) ?? {};
        const news = Object.fromEntries(Object.entries(state).filter(([trait]) => !(trait in kept)));
        const data = {method: "update", state: news, buffer_paths: part.paths};
        tellFrontEnd("comm_msg", {comm_id: id, data}, {buffers: part.buffers});
      } else {
        const data = {state, buffer_paths: part.paths};
        tellFrontEnd("comm_open", {comm_id: id, target_name: "jupyter.widget", data},
          {buffers: part.buffers, metadata: WIDGET_METADATA});
      }
    };
    for (const id of Object.keys(states)) { await bring(id); }
    await settled();
    return replaced;
  }

  const numberOf = (cell) => Number(cell.dataset.cell.replace(/\D+/, ""));

  /** The page's element for a cell of the live notebook; made where the page has none yet. */
  function placeOf(cell) {
    const found = document.querySelector(`#rendered_cells [data-cell="${cell.dataset.cell}"]`);
    if (found) { return found; }
    const place = document.createElement("div");
    place.dataset.cell = cell.dataset.cell;
    place.dataset.outputs = "";
    const cells = [...document.querySelectorAll("#rendered_cells [data-cell]")];
    const next = cells.find((other) => numberOf(other) > numberOf(cell));
    (next?.parentElement ?? document.querySelector("#rendered_cells > div")).insertBefore(place, next ?? null);
    return place;
  }

  /** Show a cell's outputs in the place of those that the page has. */
  async function draw(cell, manager) {
    const place = placeOf(cell);
    place.dataset.outputs = cell.dataset.outputs;
    const before = place.querySelector(".jp-Cell-outputWrapper");
    const wrapper = document.createElement("div");
    wrapper.className = "jp-Cell-outputWrapper nb2space-drawing";
    wrapper.innerHTML = '<div class="jp-OutputArea jp-Cell-outputArea"></div>';
    (before?.parentElement ?? place).append(wrapper);
    const outputs = [...cell.querySelectorAll("script")].map((script) => JSON.parse(script.textContent));
    const {drawCell, within} = nb2spaceOutputs;
    await within(drawCell(outputs, wrapper.firstChild, manager)).catch((error) => console.error("[nb2space]", error));
    before?.remove();
    wrapper.classList.remove("nb2space-drawing");
    place.querySelector(".jp-mod-noOutputs")?.classList.remove("jp-mod-noOutputs");
  }

  const showsWidget = (cell) => cell.innerHTML.includes("widget-view+json");

  /** Go on with the live kernel, until it is lost. */
  async function takeOver() {
    const opened = await connected(kernel);
    let manager, found, replaced;
    try {
      // The kernel is asked while the front end may still be beginning.
      [found, manager] = await Promise.all([statesOf(opened), nb2spaceFrontEnd.ready]);
      replaced = await adopt(manager, found);
    } catch (error) {
      opened.onclose = null;
      opened.close();
      throw error;
    }
    socket = opened;
    const lost = new Promise((done) => { ended = done; });
    opened.onmessage = ({data}) => take(unframed(data));
    opened.onclose = ({code}) => ended(code);
    found.meanwhile.forEach(take);
    if (wasLive) { await sendAgain(manager); }
    wasLive = true;
    held.splice(0).forEach(give);
    for (const cell of news.splice(0)) {
      const differs = cell.dataset.outputs !== placeOf(cell).dataset.outputs;
      if (differs || (replaced && showsWidget(cell))) { await draw(cell, manager); }
    }
    tell("live", isWhole ? "" : texts.partly);
    const code = await lost;
    opened.onmessage = opened.onclose = null;
    opened.close();
    socket = null;
    if (code !== IDLE) { return tell("lost", texts.lost); }
    kernel = "";
    tell("paused", texts.paused);
    await used();
  }

  /** Wait until the viewer does something on the page. */
  function used() {
    const signs = ["pointerdown", "keydown", "wheel", "touchstart"];
    return new Promise((done) => {
      const noticed = () => {
        signs.forEach((sign) => window.removeEventListener(sign, noticed, true));
        tell("starting", texts.starting);
        done();
      };
      signs.forEach((sign) => window.addEventListener(sign, noticed, {capture: true, passive: true}));
    });
  }

  /** After a loss: nothing is awaited any more, and the kernel gets all that the viewer has set. */
  async function sendAgain(manager) {
    for (const header of pending.values()) {
      tellFrontEnd("status", {execution_state: "idle"}, {parent: header});
    }
    pending.clear();
    for (const [id, state] of [...moved]) {
      if (!manager.has_model(id) || !Object.keys(state).length) { continue; }
      const model = await manager.get_model(id);
      model.comm?.send({method: "update", state, buffer_paths: []});
    }
  }

  /** Let the server end the live kernel, which the viewer needs no more. */
  function release() {
    end(kernel);
    kernel = "";
  }

  function end(id) {
    if (id) { navigator.sendBeacon(address(`voila/api/shutdown/${id}`)); }
  }

  /** One try at being live, until that is lost again. A kernel that is still there is kept. */
  async function live() {
    if (kernel) {
      try {
        return await takeOver();
      } catch (error) {
        console.info("[nb2space]", error);
      }
    }
    await session();
    await takeOver();
  }

  async function stayLive() {
    tell("starting", texts.starting);
    while (document.visibilityState === "hidden") {
      await new Promise((done) => document.addEventListener("visibilitychange", done, {once: true}));
    }
    for (let wait = FIRST_PAUSE;;) {
      try {
        await live();
        wait = FIRST_PAUSE;
      } catch (error) {
        if (error.status === 403) { return; }
        // 503: the server itself is only being started.
        if (error.status !== 503) {
          console.info("[nb2space]", error);
          tell("lost", texts.unreachable);
          wait = Math.min(2 * wait, LONGEST_PAUSE);
        }
      }
      await pause(wait);
    }
  }

  window.addEventListener("pagehide", release);
  stayLive();

  if (said("nb2space-watch")) {
    setInterval(async () => {
      try {
        const answer = await fetch(address("nb2space/health"), {cache: "no-store"});
        const {version} = await answer.json();
        if (version && version !== said("nb2space-version")) { location.reload(); }
      } catch { /* the server is between two versions */ }
    }, 1000);
  }
})();
