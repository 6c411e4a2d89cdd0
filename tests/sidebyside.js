/* Run in the pages. `controls` are what a person can operate now, in the order of the page;
   `operate` does to one of them what a person would; `shown` lists all that can be seen. */
(() => {
  const outputs = () => [...document.querySelectorAll(".jp-OutputArea-output")]
    .filter((one) => !one.parentElement.closest(".jp-OutputArea-output"));
  const visible = (one) => one.checkVisibility({visibilityProperty: true});
  const KINDS = [
    ["slider", ".noUi-handle"],
    ["typed", ".widget-readout[contenteditable=true]"],
    ["check", "input[type=checkbox], input[type=radio]"],
    ["choose", "select"],
    ["number", "input[type=number]"],
    ["press", "button.jupyter-button"],
    ["tab", ".lm-TabBar-tab"],
    ["open", ".jupyter-widget-Collapse-header"],
  ];
  const off = (one) => one.disabled || one.closest("[disabled], .noUi-target[disabled]");

  function controls() {
    const all = [];
    for (const output of outputs()) {
      for (const [kind, selector] of KINDS) {
        for (const element of output.querySelectorAll(selector)) {
          if (!visible(element) || off(element) || element.closest(".widget-play")) { continue; }
          all.push({kind, element, size: element.options?.length ?? 0, several: !!element.multiple});
        }
      }
    }
    return all;
  }

  function type(element, text) {
    element.focus();
    if (element.isContentEditable) { element.textContent = text; } else { element.value = text; }
    element.dispatchEvent(new Event("input", {bubbles: true}));
    element.dispatchEvent(new Event("change", {bubbles: true}));
    element.dispatchEvent(new KeyboardEvent("keydown", {key: "Enter", keyCode: 13, bubbles: true}));
    element.blur();
  }

  function operate(place, word) {
    const {kind, element} = controls()[place];
    switch (kind) {
      case "slider":
        element.focus();
        element.dispatchEvent(new KeyboardEvent("keydown", {key: word, bubbles: true}));
        break;
      case "choose":
        [...element.options].forEach((option, number) => {
          option.selected = word.includes(number);
        });
        element.dispatchEvent(new Event("change", {bubbles: true}));
        break;
      case "typed": case "number":
        type(element, word);
        break;
      case "tab":
        for (const name of ["pointerdown", "pointerup"]) {
          const {left, top} = element.getBoundingClientRect();
          element.dispatchEvent(new PointerEvent(
            name, {bubbles: true, button: 0, clientX: left + 5, clientY: top + 5}));
        }
        break;
      default:
        element.click();
    }
  }

  const digest = async (bytes) => [...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))]
    .map((byte) => byte.toString(16).padStart(2, "0")).join("").slice(0, 16);

  /** What is drawn, as pixels. */
  async function pixels(picture, width, height) {
    const canvas = new OffscreenCanvas(Math.max(width, 1), Math.max(height, 1));
    const context = canvas.getContext("2d");
    context.drawImage(picture, 0, 0);
    return digest(context.getImageData(0, 0, canvas.width, canvas.height).data);
  }

  const DRAWN = ["d", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "points", "transform",
                 "width", "height", "fill", "stroke"];
  const rounded = (text) => text.replace(/-?\d+\.\d+/g, (number) => Number(number).toFixed(1));

  async function look(node, seen) {
    if (node.nodeType === Node.TEXT_NODE) {
      const text = node.textContent.replace(/\s+/g, " ").trim();
      if (text) { seen.push(text); }
      return;
    }
    if (node.nodeType !== Node.ELEMENT_NODE || ["STYLE", "SCRIPT"].includes(node.tagName)) { return; }
    if (!visible(node)) { return; }
    const name = node.tagName.toLowerCase();
    if (name === "img") {
      if (!node.complete) { await node.decode().catch(() => {}); }
      seen.push(`img ${await pixels(node, node.naturalWidth, node.naturalHeight)}`);
    } else if (name === "canvas") {
      seen.push(`canvas ${node.width ? await pixels(node, node.width, node.height) : ""}`);
    } else if (name === "input") {
      const held = ["checkbox", "radio"].includes(node.type) ? node.checked : node.value;
      seen.push(`input ${node.type} ${held}${node.disabled ? " off" : ""}`);
    } else if (name === "select") {
      const chosen = [...node.options].filter((option) => option.selected).map((o) => o.index);
      seen.push(`select ${chosen}${node.disabled ? " off" : ""}`);
    } else if (name === "button") {
      seen.push(`button ${node.classList.contains("mod-active")} ${node.disabled}`);
    } else if (node instanceof SVGElement) {
      const drawn = DRAWN.filter((trait) => node.hasAttribute(trait))
        .map((trait) => `${trait}=${rounded(node.getAttribute(trait))}`);
      seen.push(`${name} ${drawn.join(" ")}`);
    } else {
      for (const trait of ["aria-valuenow", "aria-selected", "role"]) {
        const value = node.getAttribute(trait);
        if (value !== null) { seen.push(`${trait} ${rounded(value)}`); }
      }
      for (const trait of ["width", "background-color", "color", "font-weight"]) {
        const value = node.style.getPropertyValue(trait);
        if (value) { seen.push(`${trait} ${rounded(value)}`); }
      }
    }
    for (const child of node.childNodes) { await look(child, seen); }
  }

  async function shown() {
    const seen = [];
    for (const output of outputs()) { await look(output, seen); }
    return seen;
  }

  const frame = () => new Promise((done) => requestAnimationFrame(done));

  const pause = () => new Promise((done) => setTimeout(done, 10));

  /** True when the widgets of the page are there: of ours, or of plain Voila. */
  const isReady = () => typeof nb2spaceFrontEnd === "undefined"
    ? window.jupyterapp?.widgetManager?.restoredStatus
    : nb2spaceFrontEnd.ready.then(() => true);

  /** Wait until the kernel has answered all that the page has sent, and the answers are drawn. */
  async function settled() {
    if (typeof nb2spaceFrontEnd === "undefined") {
      // Answered after all that was sent before it.
      await window.jupyterapp.widgetManager.kernel.requestKernelInfo();
    } else {
      do {
        await pause();
        await nb2spaceFrontEnd.settled();
      } while (nb2spaceFrontEnd.isAsking);
    }
    await frame();
    await frame();
  }

  window.side = {
    operate, shown, settled, isReady,
    controls: () => controls().map(({kind, size, several}) => ({kind, size, several})),
  };
})()
