/* Draws outputs as JupyterLab does: the common kinds at once, all others by its own renderers,
   which are loaded when there is something for them. */
const nb2spaceOutputs = (() => {
  "use strict";

  const {library, mimeExtensions, styles} = nb2spaceLibraries;
  const VIEW = "application/vnd.jupyter.widget-view+json";
  const STDOUT = "application/vnd.jupyter.stdout";
  const LONGEST_DRAWING = 5000;

  // In the order in which JupyterLab prefers them (@jupyterlab/rendermime, defaultRank).
  const PICTURES = ["image/bmp", "image/png", "image/jpeg", "image/gif", "image/webp"];
  const PLAIN = [VIEW, "text/html", "image/svg+xml", ...PICTURES, STDOUT, "text/plain"];
  const FORMULA = /\$[^$]+\$|\\\(|\\\[|\\begin\{/;
  // Colours and links, which JupyterLab makes of a text.
  // eslint-disable-next-line no-control-regex
  const MARKED_TEXT = /\x1b\[|https?:|www\.|file:/;

  let lumino = null, messaging = null;

  /** Load what every output needs. */
  async function load() {
    [lumino, messaging] = await Promise.all([library("@lumino/widgets"), library("@lumino/messaging")]);
  }

  const once = (make) => {
    let made;
    return () => made ??= make();
  };

  // ---- The outputs of a cell or an Output widget, as a list

  /** What a terminal would show of a text with carriage returns and backspaces. */
  function settledText(text) {
    if (!/[\r\b]/.test(text)) { return text; }
    const written = text.replace(/\r+\n/g, "\n").split("\n").map((line) => {
      const shown = [];
      let place = 0;
      for (const letter of line) {
        if (letter === "\r") { place = 0; } else
        if (letter === "\b") { shown.splice(place = Math.max(0, place - 1), 1); } else
        { shown[place++] = letter; }
      }
      return shown.join("");
    });
    return written.join("\n");
  }

  const textOf = (value) => Array.isArray(value) ? value.join("") : value;

  /** A list with another output at its end; texts of one stream are one output. */
  function added(outputs, output) {
    if (output.output_type !== "stream") { return [...outputs, output]; }
    const last = outputs.at(-1);
    const isSame = last?.output_type === "stream" && last.name === output.name;
    const text = settledText((isSame ? last.text : "") + textOf(output.text));
    return [...(isSame ? outputs.slice(0, -1) : outputs), {...output, text}];
  }

  // ---- One output, as a widget of lumino

  /** The MIME bundle of an output. */
  const dataOf = (output) => output.data ?? {[STDOUT]: textOf(output.text)};

  function isPlain(data) {
    return Object.entries(data).every(([type, value]) => {
      if (!PLAIN.includes(type)) { return false; }
      return ![STDOUT, "text/plain"].includes(type) || !MARKED_TEXT.test(textOf(value));
    });
  }

  function framed(type, classes, node = document.createElement("div")) {
    const widget = new lumino.Widget({node});
    for (const name of ["jp-mod-trusted", "jp-OutputArea-output", ...classes]) { widget.addClass(name); }
    node.dataset.mimeType = type;
    return widget;
  }

  /** Scripts that are set as HTML do not run; copies of them do. */
  function runScripts(node) {
    for (const script of node.querySelectorAll("script")) {
      const copy = document.createElement("script");
      for (const {name, value} of script.attributes) { copy.setAttribute(name, value); }
      copy.textContent = script.textContent;
      script.replaceWith(copy);
    }
  }

  const DRAW = {
    "text/html": (text) => {
      const widget = framed("text/html", ["jp-RenderedHTMLCommon", "jp-RenderedHTML"]);
      widget.node.innerHTML = text;
      const markdown = widget.node.querySelector(":scope > .jp-RenderedMarkdown:only-child");
      if (markdown) {
        widget.node.classList.replace("jp-RenderedHTML", "jp-RenderedMarkdown");
        markdown.replaceWith(...markdown.childNodes);
      }
      for (const link of widget.node.querySelectorAll("a[href]:not([href^='#'])")) {
        link.target ||= "_blank";
        link.rel = "noopener";
      }
      return {widget, attached: () => { runScripts(widget.node); return typeset(widget.node); }};
    },
    "image/svg+xml": (text, metadata) => {
      const named = /<svg[^>]+xmlns=[^>]+svg/.test(text);
      const source = named ? text : text.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"');
      return picture("image/svg+xml", "jp-RenderedSVG", `data:image/svg+xml,${encodeURIComponent(source)}`, metadata);
    },
    [STDOUT]: (text) => plainText(STDOUT, text),
    "text/plain": (text) => plainText("text/plain", text),
  };
  for (const type of PICTURES) {
    DRAW[type] = (text, metadata) => picture(type, "jp-RenderedImage", `data:${type};base64,${text}`, metadata);
  }

  function plainText(type, text) {
    const widget = framed(type, ["jp-RenderedText"]);
    widget.node.append(document.createElement("pre"));
    widget.node.firstChild.textContent = text;
    return {widget};
  }

  async function picture(type, kind, src, metadata) {
    const widget = framed(type, [kind]);
    const image = new Image();
    image.src = src;
    const own = metadata[type] ?? {};
    for (const side of ["width", "height"]) {
      if (typeof own[side] === "number") { image[side] = own[side]; }
    }
    const ground = metadata.needs_background;
    if (["light", "dark"].includes(ground)) { image.classList.add(`jp-needs-${ground}-background`); }
    if (own.unconfined === true) { image.classList.add("jp-mod-unconfined"); }
    widget.node.append(image);
    // The picture before it stays until this one can be drawn.
    await image.decode().catch(() => {});
    return {widget};
  }

  /** The view of a widget, as an output. */
  async function view(manager, {model_id: id}) {
    const panel = new lumino.Panel();
    panel.addClass("jp-OutputArea-output");
    panel.node.dataset.mimeType = VIEW;
    const shown = await manager.create_view(await manager.get_model(id));
    const widget = shown.luminoWidget ?? shown.pWidget;
    panel.addWidget(widget);
    widget.disposed.connect(() => panel.hide());
    return {widget: panel};
  }

  /** An output as a widget of lumino; `attached` is to be called when it is on the page. */
  async function drawn(output, manager) {
    const data = dataOf(output);
    const metadata = output.metadata ?? {};
    if (VIEW in data) { return view(manager, data[VIEW]); }
    if (!isPlain(data)) { return byJupyterLab(data, metadata); }
    const type = PLAIN.find((name) => name in data);
    if (!type) { return null; }
    const made = await DRAW[type](textOf(data[type]), metadata);
    return metadata.isolated || metadata[type]?.isolated ? isolated(type, made.widget) : made;
  }

  function isolated(type, {node}) {
    const widget = framed(type, ["jp-mod-isolated"], document.createElement("iframe"));
    widget.node.srcdoc = node.innerHTML;
    widget.node.onload = () => {
      const {body} = widget.node.contentDocument;
      const fit = () => { widget.node.style.height = `${body.scrollHeight}px`; };
      fit();
      new ResizeObserver(fit).observe(body);
    };
    return {widget};
  }

  // ---- JupyterLab's own renderers

  /** What typesets formulas. */
  const typesetter = once(async () => {
    const {default: plugin} = await library("@jupyterlab/mathjax-extension");
    return plugin.activate({commands: {addCommand() {}}});
  });

  /** JupyterLab's registry of renderers. */
  const renderers = once(async () => {
    const [{RenderMimeRegistry, standardRendererFactories}, latexTypesetter, extensions] = await Promise.all([
      library("@jupyterlab/rendermime"), typesetter(), mimeExtensions(), styles(),
    ]);
    const registry = new RenderMimeRegistry({initialFactories: standardRendererFactories, latexTypesetter});
    for (const {rendererFactory, rank} of extensions) {
      if (rendererFactory) { registry.addFactory(rendererFactory, rank); }
    }
    return registry;
  });

  async function byJupyterLab(data, metadata) {
    const registry = await renderers();
    const type = registry.preferredMimeType(data, "any");
    if (!type) { return null; }
    const widget = registry.createRenderer(type);
    widget.addClass("jp-OutputArea-output");
    const model = registry.createModel({data, metadata, trusted: true});
    return {widget, attached: () => widget.renderModel(model)};
  }

  /** Typeset the formulas in a part of the page, if there are any. */
  async function typeset(element) {
    if (FORMULA.test(element.textContent)) { await (await typesetter()).typeset(element); }
  }

  // ---- On the page

  /** Put what `drawn` gave into an element, before `place` if that is given, and wait for it. */
  async function attach({widget, attached}, host, place = null) {
    lumino.Widget.attach(widget, host, place);
    roots.add(widget);
    widget.disposed.connect(() => roots.delete(widget));
    await within(attached?.());
  }

  // What has no parent of lumino's hears of the window's size here.
  const roots = new Set();
  window.addEventListener("resize", () => {
    for (const widget of roots) { widget.isAttached && resized(widget); }
  });

  function resized(widget) {
    messaging.MessageLoop.postMessage(widget, lumino.Widget.ResizeMessage.UnknownSize);
  }

  const within = (work) =>
    Promise.race([work, new Promise((done) => setTimeout(done, LONGEST_DRAWING))]);

  /** Draw all outputs of a cell into its output area. */
  async function drawCell(outputs, area, manager) {
    for (const made of await Promise.all(outputs.map((output) => drawn(output, manager)))) {
      if (!made) { continue; }
      const child = document.createElement("div");
      child.className = "jp-OutputArea-child";
      area.append(child);
      await attach(made, child);
    }
  }

  /** Draw the outputs that the page has as data, because they show nothing without scripts. */
  async function drawStill(manager) {
    const places = [...document.querySelectorAll('script[type="application/vnd.voila.cell-output+json"]')];
    await Promise.allSettled(places.map(async (place) => {
      const made = await drawn(JSON.parse(place.textContent), manager);
      if (made) { await attach(made, place.parentElement, place); }
      place.remove();
    }));
  }

  /** Typeset the formulas of the whole page, if there are any. */
  async function typesetPage() {
    const texts = document.querySelectorAll(".jp-RenderedHTMLCommon, .jp-RenderedLatex");
    await Promise.all([...texts].map(typeset));
  }

  return {load, added, drawn, drawCell, drawStill, within, typeset, typesetPage, renderers};
})();
