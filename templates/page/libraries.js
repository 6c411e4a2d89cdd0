/* The installed libraries of Jupyter's widgets, without the application that Voila makes of them.

   Voila's bundle carries an application, which takes more than a second to begin; this page needs
   a few of the libraries in it. They have names in webpack's share scope, of which the front ends
   of all widgets are built to take what they need:
   webpack.js.org/concepts/module-federation, "Shared modules". */
const nb2spaceLibraries = (() => {
  "use strict";

  const here = new URL(".", document.baseURI).href;
  const address = (path) => new URL(path, here).href;
  const configuration = JSON.parse(document.getElementById("jupyter-config-data").textContent);
  const MANAGER = "@jupyter-widgets/jupyterlab-manager";
  const REGISTRY = "jupyter.extensions.jupyterWidgetRegistry";

  // Runs in the bundle, before its application: that waits for its parts, and never gets them.
  let bundle = null;
  const CHUNKS = "webpackChunk" + "_JUPYTERLAB_CORE_OUTPUT";
  (self[CHUNKS] ??= []).push([["nb2space"], {}, (found) => {
    bundle = found;
    const load = bundle.e;
    bundle.e = () => new Promise(() => {});
    queueMicrotask(() => { bundle.e = load; });
  }]);

  const once = (make) => {
    let made;
    return () => made ??= make();
  };

  /** The share scope, with what ipywidgets itself has in it. */
  const scope = once(async () => {
    await bundle.I("default");
    await _JUPYTERLAB[MANAGER].init(bundle.S.default);
    return bundle.S.default;
  });

  /** A library by its name on npm. */
  async function library(name) {
    const versions = Object.values((await scope())[name]);
    return (await versions.at(-1).get())();
  }

  function script(src) {
    return new Promise((done, failed) => {
      const element = document.createElement("script");
      Object.assign(element, {src, onload: done, onerror: () => failed(new Error(`${src} did not come`))});
      document.head.append(element);
    });
  }

  /** The icons, and how JupyterLab's less common renderers look. */
  const styles = once(() => script(address(`${configuration.fullStaticUrl}/voila-style.js`)));

  // ---- Front ends of other widgets

  const modules = new Map();    // a widget module's name → its classes, or a function that loads them
  const listed = configuration.federated_extensions.filter(({name}) => name !== MANAGER);
  const pluginsOf = new Map();

  const register = ({name, exports}) => modules.set(name, exports);

  /** All installed front ends are heard before one is used, since they share libraries. */
  const containers = once(() => Promise.allSettled(listed.map(async ({name, load}) => {
    await script(address(`${configuration.fullLabextensionsUrl}/${name}/${load}`));
    await _JUPYTERLAB[name].init(await scope());
  })));

  /** The part `part` of an installed front end. */
  async function partOf({name}, part) {
    await containers();
    const loaded = await _JUPYTERLAB[name].get(part);
    return [loaded().default ?? loaded()].flat();
  }

  const theme = () => document.body.dataset.jpThemeName;
  const signal = {connect: () => true, disconnect: () => true};
  const SERVICES = {
    [REGISTRY]: async () => ({registerWidget: register}),
    "@jupyterlab/rendermime:IRenderMimeRegistry": () => nb2spaceOutputs.renderers(),
    "@jupyterlab/translation:ITranslator": async () => (await library("@jupyterlab/translation")).nullTranslator,
    "@jupyterlab/apputils:IThemeManager": async () => ({
      get theme() { return theme(); },
      isLight: () => document.body.dataset.jpThemeLight === "true",
      themeChanged: signal,
    }),
  };

  /** Let an installed front end register its widgets. */
  function begin(extension) {
    if (!pluginsOf.has(extension.name)) {
      pluginsOf.set(extension.name, (async () => {
        if (extension.style) { await partOf(extension, extension.style); }
        for (const plugin of await partOf(extension, extension.extension)) {
          const needs = (plugin.requires ?? []).map(({name}) => SERVICES[name]);
          if (!plugin.activate || needs.includes(undefined)) { continue; }
          const wishes = (plugin.optional ?? []).map(({name}) => SERVICES[name] ?? (async () => null));
          const given = await Promise.all([...needs, ...wishes].map((service) => service()));
          await plugin.activate({commands: {addCommand() {}, addKeyBinding() {}}}, ...given);
        }
      })());
    }
    return pluginsOf.get(extension.name);
  }

  /** The classes of a widget module: the front end of its name has it, or any other. */
  async function widgetModule(name) {
    const own = listed.filter((extension) => extension.extension && extension.name === name);
    const others = listed.filter((extension) => extension.extension && extension.name !== name);
    for (const extensions of [[], own, others]) {
      const begun = await Promise.allSettled(extensions.map(begin));
      begun.filter(({reason}) => reason).forEach(({reason}) => console.error("[nb2space]", reason));
      if (modules.has(name)) {
        const found = modules.get(name);
        return typeof found === "function" ? found() : found;
      }
    }
    throw new Error(`No front end is installed for ${name}`);
  }

  /** What renders further MIME types: parts of the bundle, and of installed front ends. */
  const mimeExtensions = once(async () => {
    const own = ["@jupyterlab/javascript-extension", "@jupyterlab/json-extension", "@jupyterlab/vega5-extension"];
    const found = await Promise.allSettled([
      ...own.map(async (name) => [(await library(name)).default].flat()),
      ...listed.filter(({mimeExtension}) => mimeExtension)
        .map((extension) => partOf(extension, extension.mimeExtension)),
    ]);
    return found.flatMap(({value}) => value ?? []);
  });

  return {library, register, widgetModule, mimeExtensions, styles};
})();
