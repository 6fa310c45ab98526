"use strict";
(() => {
  const root = document.documentElement;
  const themes = JSON.parse(document.getElementById("themes").textContent);
  const prefersDark = window.matchMedia("(prefers-color-scheme: dark)");
  const views = new Map();

  // ---------------------------------------------------------------- theme
  const shade = () => root.dataset.theme || (prefersDark.matches ? "dark" : "light");
  const toggle = document.getElementById("theme");

  function applyTheme() {
    const now = shade();
    root.dataset.shade = now;
    toggle.setAttribute("aria-pressed", String(now === "dark"));
    for (const view of views.values()) {
      for (const [name, colour] of Object.entries(themes[now])) view.signal(name, colour);
      view.runAsync();
    }
  }
  toggle.hidden = false;
  toggle.addEventListener("click", () => {
    root.dataset.theme = shade() === "dark" ? "light" : "dark";
    applyTheme();
  });
  prefersDark.addEventListener("change", applyTheme);
  applyTheme();

  // ---------------------------------------------------------------- tooltip: text only, never markup
  const tip = document.getElementById("tip");

  function showTip(handler, event, item, value) {
    if (value === null || value === undefined || value === "") {
      tip.hidden = true;
      return;
    }
    const list = document.createElement("dl");
    const told = { figure: event.target.closest("[data-figure]"), event, value };
    document.dispatchEvent(new CustomEvent("figure-tip", { detail: told }));
    value = told.value;
    const entries = typeof value === "object" ? Object.entries(value) : [["", value]];
    for (const [name, shown] of entries) {
      if (shown === "" || shown === null || shown === undefined) continue;
      const term = document.createElement("dt");
      const detail = document.createElement("dd");
      term.textContent = name;
      detail.textContent = String(shown);
      list.append(term, detail);
    }
    tip.replaceChildren(list);
    tip.hidden = false;
    const x = Math.min(event.clientX + 14, window.innerWidth - tip.offsetWidth - 8);
    const below = event.clientY + 16;
    const y = below + tip.offsetHeight > window.innerHeight ? event.clientY - tip.offsetHeight - 10 : below;
    tip.style.left = `${Math.max(4, x)}px`;
    tip.style.top = `${Math.max(4, y)}px`;
  }
  window.addEventListener("scroll", () => { tip.hidden = true; }, { passive: true });

  // ---------------------------------------------------------------- live figures
  const refuse = () => Promise.reject(new Error("this page loads nothing"));
  const nowhere = {
    load: refuse, http: refuse, file: refuse,
    sanitize: (uri) => (String(uri).startsWith("data:image/png;base64,") ? Promise.resolve({ href: uri }) : refuse()),
  };

  function valuesOf(column, n) {
    const { v, d, i, r } = column;
    if (v) return v;
    if (i) return i.map((k) => d[k]);
    if (!r) return Array.from({ length: n }, (_, k) => d[k % d.length]);
    const values = [];
    for (let k = 0; k < r.length; k += 2) for (let times = r[k + 1]; times > 0; times -= 1) values.push(d[r[k]]);
    return values;
  }

  function rowsOf(table) {
    const rows = Array.from({ length: table.n }, () => ({}));
    for (const [name, column] of Object.entries(table.columns)) {
      valuesOf(column, table.n).forEach((value, k) => { rows[k][name] = value; });
    }
    return rows;
  }

  // One long task holds up scrolling: a figure is read, compiled, laid out and drawn in parts with pauses between.
  const pause = () => new Promise((go) => { setTimeout(go, 0); });

  const stepped = (View) => class extends View {
    initialize(...place) {
      if (this.isLaidOut) return super.initialize(...place);
      this.place = place;
      return this;
    }

    async runAsync(...hooks) {
      if (!this.isLaidOut) {
        await pause();
        await super.runAsync(); // without a place nothing is drawn yet
        this.isLaidOut = true;
        await pause();
        super.initialize(...this.place);
      }
      return super.runAsync(...hooks);
    }
  };

  const embedding = {
    mode: "vega", ast: true, actions: false, defaultStyle: false, tooltip: showTip, loader: nowhere, hover: false,
    logLevel: 1,
  };
  let viewClass = null;

  // The runtime names its class of views through a view alone: that of an empty figure.
  async function viewsInSteps() {
    if (!viewClass) {
      const { view, finalize } = await window.vegaEmbed(document.createElement("div"), { marks: [] }, embedding);
      viewClass = stepped(view.constructor);
      finalize();
    }
    return viewClass;
  }

  const payloadOf = (id) => JSON.parse(document.getElementById(`payload-${id}`).textContent);

  async function draw(figure) {
    const id = figure.dataset.figure;
    const payload = payloadOf(id);
    const spec = payload.vega || payloadOf(payload.vega_of).vega;
    for (const [name, table] of Object.entries(payload.data)) {
      const place = spec.data.find((entry) => entry.name === name);
      if (place) place.values = rowsOf(table);
    }
    const theme = shade();
    for (const signal of spec.signals || []) {
      const colour = themes[theme][signal.name];
      if (colour) signal.value = colour;
    }
    const place = figure.querySelector(".live");
    const steps = { renderer: payload.renderer, viewClass: await viewsInSteps() };
    await pause();
    place.hidden = false;
    const { view } = await window.vegaEmbed(place, spec, { ...embedding, ...steps });
    // The words for the whole picture stand on the place around it; its parts have none of their own.
    place.querySelector("svg, canvas").setAttribute("aria-hidden", "true");
    views.set(id, view);
    if (shade() !== theme) applyTheme(); // it was changed between two parts
    figure.classList.add("is-live");
    document.dispatchEvent(new CustomEvent("figure-live", { detail: { figure, view, data: payload.data } }));
  }

  const waiting = [];
  let busy = false;
  const idle = window.requestIdleCallback || ((run) => setTimeout(run, 1));

  function drawNext() {
    if (busy || waiting.length === 0) return;
    busy = true;
    idle(async () => {
      const figure = waiting.shift();
      try {
        await draw(figure);
      } catch (error) {
        figure.classList.add("failed");
        figure.querySelector(".live").hidden = true;
        console.error(`figure ${figure.dataset.figure}: ${error}`);
      }
      busy = false;
      drawNext();
    }, { timeout: 300 });
  }

  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      seen.unobserve(entry.target);
      waiting.push(entry.target);
    }
    drawNext();
  }, { rootMargin: "250px 0px" });
  const figures = [...document.querySelectorAll("[data-figure]")];
  figures.forEach((figure) => seen.observe(figure));

  // ---------------------------------------------------------------- saving: the picture in the file, as it is printed
  function save(blob, name) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 5000);
  }

  function saveSvg(picture, name) {
    const text = decodeURIComponent(picture.src.slice(picture.src.indexOf(",") + 1));
    save(new Blob([text], { type: "image/svg+xml" }), name);
  }

  function savePng(picture, name) {
    const image = new Image();
    image.onload = () => {
      const canvas = document.createElement("canvas");
      canvas.width = picture.width_ * 2;
      canvas.height = picture.height_ * 2;
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      canvas.toBlob((blob) => save(blob, name), "image/png");
    };
    image.src = picture.src;
  }

  for (const figure of figures) {
    const picture = figure.querySelector(".static");
    picture.width_ = Number(picture.getAttribute("width"));
    picture.height_ = Number(picture.getAttribute("height"));
    const tools = figure.querySelector(".tools");
    tools.hidden = false;
    tools.addEventListener("click", (event) => {
      const kind = event.target.dataset.save;
      if (kind === "svg") saveSvg(picture, `${figure.dataset.figure}.svg`);
      if (kind === "png") savePng(picture, `${figure.dataset.figure}.png`);
    });
  }

  // ---------------------------------------------------------------- tables
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const keyOf = (row, column) => {
    const cell = row.cells[column];
    const raw = cell.dataset.sort === undefined ? cell.textContent : cell.dataset.sort;
    const number = raw.trim() === "" ? NaN : Number(raw);
    return { raw, number, empty: raw.trim() === "" || raw === "–" };
  };

  function compare(a, b) {
    if (a.empty || b.empty) return 0;
    if (!Number.isNaN(a.number) && !Number.isNaN(b.number)) return a.number - b.number;
    return collator.compare(a.raw, b.raw);
  }

  function sortBy(table, column, heading) {
    const direction = heading.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", direction);
    const body = table.tBodies[0];
    const keyed = [...body.rows].map((row) => ({ row, key: keyOf(row, column) }));
    const sign = direction === "ascending" ? 1 : -1;
    // What is missing stays at the end, whichever way the rest is sorted.
    keyed.sort((a, b) => Number(a.key.empty) - Number(b.key.empty) || sign * compare(a.key, b.key));
    body.append(...keyed.map((entry) => entry.row));
  }

  for (const table of document.querySelectorAll(".sortable table")) {
    [...table.tHead.rows[0].cells].forEach((heading, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = heading.textContent;
      heading.replaceChildren(button);
      button.addEventListener("click", () => sortBy(table, column, heading));
    });
  }

  for (const filters of document.querySelectorAll(".filters")) {
    const rows = [...filters.parentElement.querySelectorAll("tbody tr")];
    const find = filters.querySelector("[data-find]");
    const selects = [...filters.querySelectorAll("select")];
    const told = filters.querySelector(".shown");
    const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
    const apply = () => {
      const wanted = find.value.trim().toLowerCase();
      let shown = 0;
      for (const row of rows) {
        const keeps = texts.get(row).includes(wanted)
          && selects.every((s) => s.value === "" || row.cells[Number(s.dataset.column)].textContent === s.value);
        row.hidden = !keeps;
        shown += keeps ? 1 : 0;
      }
      told.textContent = `${shown} of ${rows.length} rows`;
    };
    filters.hidden = false;
    filters.addEventListener("input", apply);
    apply();
  }

  // ---------------------------------------------------------------- copying text, where the clipboard may be closed too
  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch (error) {
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      return done;
    }
  }

  for (const button of document.querySelectorAll("[data-copy]")) {
    button.parentElement.hidden = false;
    button.addEventListener("click", async () => {
      const done = await copy(document.getElementById(button.dataset.copy).value);
      button.parentElement.querySelector("[role=status]").textContent = done ? "copied" : "select the text and copy it";
    });
  }

  // ---------------------------------------------------------------- where the reader is
  const links = new Map([...document.querySelectorAll(".contents a")].map((a) => [a.hash.slice(1), a]));
  const inView = new Set();
  const sections = [...document.querySelectorAll("main > section")];
  const position = new IntersectionObserver((entries) => {
    for (const entry of entries) inView[entry.isIntersecting ? "add" : "delete"](entry.target.id);
    const first = sections.find((section) => inView.has(section.id));
    if (!first) return;
    for (const [id, link] of links) {
      if (id === first.id) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }, { rootMargin: "-12% 0px -70% 0px" });
  sections.forEach((section) => position.observe(section));
})();
