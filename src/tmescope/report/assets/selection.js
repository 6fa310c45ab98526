"use strict";
// Samples chosen in one figure are marked in all others and in the table. Nothing is stored and nothing is sent.
(() => {
  const KEY = "\u0000";
  const FEW = 8; // columns that are outlined; more would hide the map, and have their tips alone
  const chosen = new Set();
  const drawn = new Map();
  const bar = document.getElementById("selection");
  const told = bar.querySelector("[data-told]");
  const list = document.getElementById("sample-list");
  const table = document.querySelector("#samples-table table");
  const keyOf = (cohort, sample) => `${cohort}${KEY}${sample}`;
  const nameOf = (key) => { const [cohort, sample] = key.split(KEY); return `${sample} (${cohort})`; };

  // ---------------------------------------------------------------- where each sample is in a figure
  function walk(mark, dx, dy, found) {
    for (const item of mark.items || []) {
      if (mark.marktype === "group") {
        for (const child of item.items || []) walk(child, dx + (item.x || 0), dy + (item.y || 0), found);
        continue;
      }
      const { sample, cohort } = item.datum || {};
      if (sample === undefined || sample === null || cohort === undefined || cohort === null) continue;
      if (mark.marktype !== "symbol" && mark.marktype !== "rect") continue;
      const { x1, y1, x2, y2 } = item.bounds;
      const box = [x1 + dx, y1 + dy, x2 + dx, y2 + dy];
      const key = keyOf(cohort, sample);
      if (!found.has(key)) found.set(key, { dots: [], column: null });
      const place = found.get(key);
      if (mark.marktype === "symbol") place.dots.push(box);
      else if (!place.column) place.column = box;
      else {
        const c = place.column;
        place.column = [Math.min(c[0], box[0]), Math.min(c[1], box[1]), Math.max(c[2], box[2]), Math.max(c[3], box[3])];
      }
    }
  }

  function placesOf(entry) {
    if (!entry.places) {
      entry.places = new Map();
      walk(entry.view.scenegraph().root, 0, 0, entry.places);
    }
    return entry.places;
  }

  function originOf(view) {
    const [x, y] = view.origin();
    const { left, top } = view.padding();
    return [x + left, y + top];
  }

  const middleOf = ([x1, y1, x2, y2]) => [(x1 + x2) / 2, (y1 + y2) / 2];

  // ---------------------------------------------------------------- marking
  function outline(pen, place, here) {
    for (const box of place.dots) {
      const [x, y] = middleOf(box);
      pen.beginPath();
      pen.arc(x, y, here ? 9 : 5.5, 0, 2 * Math.PI);
      pen.stroke();
    }
    if (!place.column) return;
    const [x1, y1, x2, y2] = place.column;
    const x = (x1 + x2) / 2;
    for (const [tip, base] of [[y1 - 1, y1 - 8], [y2 + 1, y2 + 8]]) {
      pen.beginPath();
      pen.moveTo(x, tip);
      pen.lineTo(x - 4, base);
      pen.lineTo(x + 4, base);
      pen.closePath();
      pen.fill();
    }
    if (here || chosen.size <= FEW) pen.strokeRect(x1, y1, x2 - x1, y2 - y1);
  }

  function mark(entry) {
    const picture = entry.live.querySelector("svg, canvas");
    const { overlay, view } = entry;
    const [width, height] = [picture.clientWidth, picture.clientHeight];
    const scale = window.devicePixelRatio || 1;
    overlay.width = Math.round(width * scale);
    overlay.height = Math.round(height * scale);
    overlay.style.width = `${width}px`;
    overlay.style.height = `${height}px`;
    overlay.hidden = chosen.size === 0 && entry.at === null && !entry.brush;
    if (overlay.hidden) return;
    const pen = overlay.getContext("2d");
    const style = getComputedStyle(document.documentElement);
    const [left, top] = originOf(view);
    pen.setTransform(scale, 0, 0, scale, left * scale, top * scale);
    pen.strokeStyle = pen.fillStyle = style.getPropertyValue("--ink");
    pen.lineWidth = 1.6;
    if (chosen.size || entry.at !== null) {
      const places = placesOf(entry);
      for (const key of chosen) if (places.has(key)) outline(pen, places.get(key), false);
      if (entry.at !== null) {
        pen.setLineDash([3, 2]);
        pen.strokeStyle = pen.fillStyle = style.getPropertyValue("--accent");
        outline(pen, places.get(entry.order[entry.at]), true);
        pen.setLineDash([]);
      }
    }
    if (entry.brush) {
      const [x1, y1, x2, y2] = entry.brush;
      pen.strokeRect(x1, y1, x2 - x1, y2 - y1);
    }
  }

  const waiting = new Set();
  function markSoon(entry) {
    if (waiting.has(entry)) return;
    waiting.add(entry);
    // One figure a frame: marking many figures must not hold up scrolling.
    requestAnimationFrame(() => { waiting.delete(entry); mark(entry); });
  }

  let rows = null;
  function rowsByKey() {
    if (!rows) {
      rows = new Map();
      for (const row of table ? table.tBodies[0].rows : []) {
        rows.set(keyOf(row.cells[0].textContent, row.cells[1].textContent), row);
      }
    }
    return rows;
  }

  let marked = [];
  function markRows() {
    const known = rowsByKey();
    for (const row of marked) {
      row.classList.remove("chosen");
      const box = row.querySelector("[data-choose]");
      if (box) box.checked = false;
    }
    marked = [...chosen].map((key) => known.get(key)).filter(Boolean);
    for (const row of marked) {
      row.classList.add("chosen");
      const box = row.querySelector("[data-choose]");
      if (box) box.checked = true;
    }
  }

  function changed(at) {
    const n = chosen.size;
    const count = `${n} ${n === 1 ? "sample" : "samples"} selected`;
    told.textContent = at === undefined ? count : `${nameOf(at)}${chosen.has(at) ? ", selected" : ""} · ${count}`;
    bar.hidden = n === 0 && at === undefined;
    if (table && n === 0) table.classList.remove("only-chosen");
    markRows();
    for (const entry of drawn.values()) markSoon(entry);
    document.documentElement.dataset.chosen = String(n);
  }

  function choose(keys, event) {
    const adds = event && (event.shiftKey || event.ctrlKey || event.metaKey);
    if (!adds) chosen.clear();
    for (const key of keys) {
      if (adds && keys.length === 1 && chosen.has(key)) chosen.delete(key);
      else chosen.add(key);
    }
    changed();
  }

  function clear() {
    chosen.clear();
    for (const entry of drawn.values()) entry.at = null;
    changed();
  }

  // ---------------------------------------------------------------- pointing and brushing: a mouse alone, touch scrolls
  function spot(entry, event) {
    const box = entry.live.querySelector("svg, canvas").getBoundingClientRect();
    const [left, top] = originOf(entry.view);
    return [event.clientX - box.left - left, event.clientY - box.top - top];
  }

  function within(entry, [x1, y1, x2, y2]) {
    const inside = ([x, y]) => x >= x1 && x <= x2 && y >= y1 && y <= y2;
    const crossed = (c) => middleOf(c)[0] >= x1 && middleOf(c)[0] <= x2 && c[1] <= y2 && c[3] >= y1;
    return [...placesOf(entry)]
      .filter(([, place]) => place.dots.some((d) => inside(middleOf(d))) || (place.column && crossed(place.column)))
      .map(([key]) => key);
  }

  function brushing(entry) {
    let start = null;
    let brushed = false;
    entry.live.addEventListener("pointerdown", (event) => {
      if (event.pointerType !== "mouse" || event.button !== 0) return;
      start = spot(entry, event);
      brushed = false;
    });
    entry.live.addEventListener("pointermove", (event) => {
      if (!start) return;
      const [x, y] = spot(entry, event);
      if (!entry.brush && Math.hypot(x - start[0], y - start[1]) < 5) return;
      if (!entry.brush) entry.live.setPointerCapture(event.pointerId);
      const [x0, y0] = start;
      entry.brush = [Math.min(x0, x), Math.min(y0, y), Math.max(x0, x), Math.max(y0, y)];
      markSoon(entry);
    });
    const end = (event) => {
      if (entry.brush && event.type === "pointerup") {
        brushed = true;
        const box = entry.brush;
        entry.brush = null;
        choose(within(entry, box), event);
      }
      start = entry.brush = null;
      markSoon(entry);
    };
    entry.live.addEventListener("pointerup", end);
    entry.live.addEventListener("pointercancel", end);
    entry.view.addEventListener("click", (event, item) => {
      const { sample, cohort } = (item && item.datum) || {};
      if (brushed || sample === undefined || sample === null) return;
      choose([keyOf(cohort, sample)], event);
    });
  }

  // ---------------------------------------------------------------- keyboard
  function orderOf(entry) {
    if (!entry.order) {
      const first = (place) => (place.dots.length ? place.dots[0] : place.column);
      const places = [...placesOf(entry)].map(([key, place]) => [key, first(place)]);
      entry.order = places.sort(([, a], [, b]) => a[0] - b[0] || a[1] - b[1]).map(([key]) => key);
    }
    return entry.order;
  }

  function stepping(entry) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet";
    button.dataset.step = "";
    button.textContent = "Choose samples";
    button.title = "Arrow keys step through the samples, Space takes or leaves one, Escape clears. "
      + "With a mouse: click a sample or drag over several; Shift adds.";
    button.setAttribute("aria-description", button.title);
    const move = (to) => {
      const order = orderOf(entry);
      entry.at = Math.max(0, Math.min(order.length - 1, to));
      changed(order[entry.at]);
    };
    button.addEventListener("click", () => {
      if (entry.at === null) { move(0); return; }
      const key = orderOf(entry)[entry.at];
      if (!chosen.delete(key)) chosen.add(key);
      changed(key);
    });
    button.addEventListener("keydown", (event) => {
      const at = entry.at === null ? -1 : entry.at;
      const moves = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: orderOf(entry).length - 1 };
      if (event.key in moves) move(moves[event.key]);
      else if (event.key === "Escape") clear();
      else return;
      event.preventDefault();
    });
    button.addEventListener("blur", () => { entry.at = null; changed(); });
    entry.figure.querySelector(".tools").prepend(button);
  }

  document.addEventListener("figure-live", ({ detail: { figure, view, data } }) => {
    const hasSamples = Object.values(data).some((t) => t.columns.sample && t.columns.cohort);
    const entry = { figure, view, live: figure.querySelector(".live"), places: null, order: null, at: null,
      brush: null, grid: data.grid || null };
    if (!hasSamples) return;
    entry.overlay = document.createElement("canvas");
    entry.overlay.className = "overlay";
    entry.overlay.hidden = true;
    entry.live.append(entry.overlay);
    entry.live.classList.add("choosable");
    drawn.set(figure, entry);
    brushing(entry);
    stepping(entry);
    if (chosen.size) markSoon(entry);
  });

  // ---------------------------------------------------------------- a map that is a picture: its numbers by place
  const cellOf = (column, k) => (column.v ? column.v[k] : column.d[column.i ? column.i[k] : k % column.d.length]);
  document.addEventListener("figure-tip", ({ detail }) => {
    const entry = drawn.get(detail.figure);
    if (!entry || !entry.grid || !detail.value || detail.value.column === undefined) return;
    const { n, columns } = entry.grid;
    const height = Number(columns.height.v ? columns.height.v[0] : columns.height.d[0]);
    const row = Math.floor((spot(entry, detail.event)[1] - Number(cellOf(columns.top, 0))) / height);
    const { sample, cohort, column } = detail.value;
    detail.value = { sample, cohort };
    if (row < 0 || row >= n) return;
    const code = atob(cellOf(columns.z, row)).charCodeAt(Number(String(column).replace(/\D/g, "")));
    const z = code > 127 ? code - 256 : code;
    detail.value = { sample, cohort, feature: cellOf(columns.feature, row), z: z === -128 ? "missing" : String(z / 50) };
  });

  // ---------------------------------------------------------------- the table
  function offerBoxes() {
    for (const [key, row] of rowsByKey()) {
      const box = document.createElement("input");
      box.type = "checkbox";
      box.dataset.choose = "";
      box.checked = chosen.has(key);
      box.setAttribute("aria-label", `Choose ${nameOf(key)}`);
      row.cells[0].prepend(box);
    }
    const all = document.createElement("button");
    all.type = "button";
    all.className = "quiet";
    all.dataset.all = "";
    all.textContent = "Choose the rows shown";
    all.addEventListener("click", () => choose([...rowsByKey()].filter(([, r]) => r.offsetParent).map(([k]) => k)));
    const filters = document.querySelector("#samples-table .filters");
    if (filters) filters.append(all);
  }

  if (list && table) {
    list.addEventListener("toggle", () => { if (list.open) offerBoxes(); }, { once: true });
    table.addEventListener("change", (event) => {
      const row = event.target.closest("tr");
      const key = keyOf(row.cells[0].textContent, row.cells[1].textContent);
      if (event.target.checked) chosen.add(key);
      else chosen.delete(key);
      changed();
    });
    bar.querySelector("[data-list]").addEventListener("click", () => {
      list.open = true;
      table.classList.add("only-chosen");
      list.scrollIntoView({ block: "start" });
    });
  } else {
    bar.querySelector("[data-list]").hidden = true;
  }
  bar.querySelector("[data-clear]").addEventListener("click", clear);
  new MutationObserver(() => drawn.forEach(markSoon)).observe(document.documentElement, {
    attributes: true, attributeFilter: ["data-shade"],
  });
})();
