(() => {
  const source = document.getElementById("patients-data");
  if (!source) return;
  const finder = document.querySelector("#patients .finder");
  const input = document.getElementById("find-patient");
  const list = document.getElementById("patient-list");
  const count = document.getElementById("patient-count");
  const place = document.getElementById("patient");
  const MOST_LISTED = 200;
  const MISSING = 65535;
  const LEVELS = 65534;
  const Z = 1.959963984540054;
  const MARKS = ["●", "◆", "▲", "■", "▼", "★"];
  const NS = "http://www.w3.org/2000/svg";
  const data = JSON.parse(source.textContent);

  // ---------------------------------------------------------------- what is in the file
  const columns = data.titles.map((title, k) => ({ title, values: valuesOf(data.values.columns[String(k)]) }));
  const samplesOf = data.people.map(() => []);
  data.person.forEach((person, sample) => samplesOf[person].push(sample));
  const flagsOf = new Map();
  for (const [sample, ...flag] of data.flags) flagsOf.set(sample, [...(flagsOf.get(sample) || []), flag]);
  const rowsOf = data.cohorts.map((_, c) => data.cohort.flatMap((cohort, sample) => (cohort === c ? [sample] : [])));
  const people = data.people.map((label, person) => {
    const samples = samplesOf[person];
    const cohort = data.cohorts[data.cohort[samples[0]]];
    const flags = samples.reduce((n, s) => n + (flagsOf.get(s) || []).length, 0);
    const more = samples.length > 1 ? ` · ${samples.length} samples` : "";
    const text = `${label} · ${cohort}${more}${flags ? ` · ${flags} to look at` : ""}`;
    return { text, find: `${text} ${samples.map((s) => data.samples[s]).join(" ")}`.toLowerCase() };
  });
  const decoded = new Map();

  function valuesOf(column) {
    const { v, d, i, r } = column;
    if (v) return v;
    if (i) return i.map((k) => d[k]);
    if (!r) return Array.from({ length: data.samples.length }, (_, k) => d[k % d.length]);
    const values = [];
    for (let k = 0; k < r.length; k += 2) for (let times = r[k + 1]; times > 0; times -= 1) values.push(d[r[k]]);
    return values;
  }

  function codesOf(method) {
    if (!decoded.has(method)) {
      const text = atob(method.data);
      const codes = new Uint16Array(text.length / 2);
      for (let k = 0; k < codes.length; k += 1) codes[k] = text.charCodeAt(2 * k) + 256 * text.charCodeAt(2 * k + 1);
      decoded.set(method, codes);
    }
    return decoded.get(method);
  }

  function scoreOf(method, row, code) {
    const [scale, low, high] = method.scaling[row];
    return code === MISSING ? NaN : scale * Math.sinh(low + (code / LEVELS) * (high - low));
  }

  // Share of the others below, ties half, with Wilson's interval of a proportion at 95%.
  function standing(codes, offset, code, others) {
    let below = 0;
    let n = 0;
    for (const other of others) {
      const value = codes[offset + other];
      if (value === MISSING) continue;
      n += 1;
      below += value < code ? 1 : value === code ? 0.5 : 0;
    }
    if (code === MISSING || n === 0) return null;
    const share = below / n;
    const middle = (share + (Z * Z) / (2 * n)) / (1 + (Z * Z) / n);
    const half = (Z / (1 + (Z * Z) / n)) * Math.sqrt((share * (1 - share)) / n + (Z * Z) / (4 * n * n));
    return { share, low: Math.max(0, middle - half), high: Math.min(1, middle + half), n };
  }

  // ---------------------------------------------------------------- elements: text only, never markup
  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  function draw(tag, attributes = {}, ...children) {
    const element = document.createElementNS(NS, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  const name = (text) => make("bdi", {}, text);
  const digits = (value) => {
    if (!Number.isFinite(value)) return "–";
    const size = Math.abs(value);
    const shown = size >= 1000 ? value.toFixed(0) : size >= 100 ? value.toFixed(1) : size >= 0.1 || size === 0 ? value.toFixed(2) : value.toPrecision(2);
    return shown.replace("-", "−");
  };
  const percent = (share) => {
    if (!Number.isFinite(share)) return "–";
    if (share > 0.99 && share < 1) return "> 99%";
    if (share > 0 && share < 0.01) return "< 1%";
    return `${Math.round(100 * share)}%`;
  };
  const marked = (samples, k) => (samples.length > 1 ? `${MARKS[k % MARKS.length]}\u00a0` : "");

  // ---------------------------------------------------------------- parts of a page
  function identity(samples) {
    const rows = [["Cohort", samples.map((s) => data.cohorts[data.cohort[s]])], ["Sample", samples.map((s) => data.samples[s])]];
    for (const { title, values } of columns) rows.push([title, samples.map((s) => values[s])]);
    const items = make("dl", { class: "items" });
    for (const [title, values] of rows) {
      const known = values.map((v) => (v === null || v === undefined ? "not known" : String(v)));
      if (known.every((v) => v === "not known")) continue;
      const same = known.every((v) => v === known[0]);
      const shown = make("dd");
      (same ? known.slice(0, 1) : known).forEach((value, k) => {
        if (k) shown.append("; ");
        shown.append(same ? "" : marked(samples, k), name(value));
      });
      items.append(make("div", {}, make("dt", {}, name(title)), shown));
    }
    return items;
  }

  function track(samples) {
    const found = [];
    for (const { title, months, events } of data.times) {
      const sample = samples.find((s) => months[s] !== null);
      if (sample === undefined) continue;
      const all = rowsOf[data.cohort[sample]].map((s) => months[s]).filter((m) => m !== null);
      const most = Math.max(...all, 1);
      const x = (value) => (560 * value) / most;
      const [value, event] = [months[sample], events[sample]];
      const how = event === 1 ? "event" : event === 0 ? "no event so far (censored)" : "event not known";
      const told = `${title}: ${digits(value)} months, ${how}; longest of the cohort ${digits(most)}`;
      const picture = draw("svg", { viewBox: "-8 -12 600 26", class: "track", role: "img", "aria-label": told },
        draw("path", { d: "M0 0H560", class: "axis" }), draw("path", { d: `M0 0H${x(value)}`, class: "length" }),
        event === 1
          ? draw("path", { d: `M${x(value) - 6} -6l12 12m0 -12l-12 12`, class: "stop" })
          : draw("path", { d: `M${x(value)} -9v18`, class: "stop" }));
      found.push(make("div", { class: "tracked" }, make("p", {}, told, "."), picture));
    }
    return found;
  }

  function flagged(samples) {
    const flags = samples.flatMap((s, k) => (flagsOf.get(s) || []).map((flag) => [k, ...flag]));
    if (!flags.length) return make("p", { class: "quiet-note" }, "No check found these samples odd; what was checked stands under Data quality.");
    const items = make("ul", { class: "flags" });
    for (const [k, check, status, evidence] of flags) {
      const light = status === "problem" ? "red" : "amber";
      const word = status === "problem" ? "problem" : "notice";
      items.append(make("li", { class: `light light-${light}` }, make("span", { class: "mark", "aria-hidden": "true" }),
        make("span", {}, make("b", {}, `${word}, ${check}`), `: ${marked(samples, k)}`, name(data.samples[samples[k]]), " ", name(evidence))));
    }
    return items;
  }

  function strip(values, mine) {
    const known = values.filter(Number.isFinite).sort((a, b) => a - b);
    const ends = [...known, ...mine.filter(Number.isFinite)];
    const [low, high] = [Math.min(...ends), Math.max(...ends)];
    const x = (value) => (high > low ? 4 + (172 * (value - low)) / (high - low) : 90).toFixed(1);
    const at = (share) => {
      const position = share * (known.length - 1);
      const k = Math.floor(position);
      return known[k] + (position - k) * ((known[k + 1] ?? known[k]) - known[k]);
    };
    const picture = draw("svg", { viewBox: "0 0 180 22", class: "strip", "aria-hidden": "true" });
    if (known.length) {
      picture.append(draw("path", { d: known.map((v) => `M${x(v)} 6v10`).join(""), class: "ticks" }));
      if (known.length > 4) {
        const [first, middle, third] = [at(0.25), at(0.5), at(0.75)].map(x);
        picture.append(draw("path", { d: `M${first} 4H${third}V18H${first}Z`, class: "box" }), draw("path", { d: `M${middle} 4V18`, class: "median" }));
      }
    }
    mine.forEach((value, k) => {
      if (!Number.isFinite(value)) return;
      const shapes = ["m-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0", "m0 -6l6 6l-6 6l-6 -6z", "m0 -6l6 10h-12z", "m-5 -5h10v10h-10z", "m0 6l6 -10h-12z", "m0 -6l2 4h4l-3 3l1 5l-4 -3l-4 3l1 -5l-3 -3h4z"];
      picture.append(draw("path", { d: `M${x(value)} 11${shapes[k % shapes.length]}`, class: "hers" }));
    });
    return picture;
  }

  function lines(parts) {
    const cell = make("td", { class: "num" });
    for (const part of parts) cell.append(make("div", {}, part));
    return cell;
  }

  function percentile(found) {
    if (!found) return "–";
    const p = (share) => String(Math.round(100 * share));
    return `${p(found.share)} [${p(found.low)}–${p(found.high)}]`;
  }

  function coverageOf(method, row, own) {
    const share = method.coverage[row][own];
    const genes = data.features.genes[method.features[row]];
    if (share === null) return "–";
    const told = `${share > 0.99 && share < 1 ? "> 99" : Math.round(100 * share)}%`;
    return genes === null ? told : `${told} of ${genes}`;
  }

  function signatureRow(method, row, samples, shown) {
    const codes = codesOf(method);
    const offset = row * data.samples.length;
    const own = data.cohort[samples[0]];
    const hers = new Set(samples);
    const mine = samples.map((s) => codes[offset + s]);
    const scores = mine.map((code) => scoreOf(method, row, code));
    const around = rowsOf[own].filter((s) => !hers.has(s)).map((s) => scoreOf(method, row, codes[offset + s]));
    const line = make("tr", {}, make("th", { scope: "row" }, name(data.features.labels[method.features[row]])),
      lines([coverageOf(method, row, own)]), lines(scores.map((v, k) => marked(samples, k) + digits(v))),
      make("td", { class: "stripped" }, strip(around, scores)));
    for (const cohort of shown) {
      const others = rowsOf[cohort].filter((s) => !hers.has(s));
      line.append(lines(mine.map((code) => percentile(standing(codes, offset, code, others)))));
    }
    return line;
  }

  function signatureTable(method, samples) {
    const own = data.cohort[samples[0]];
    const alike = (c) => c === own || (method.across && data.units[c] === data.units[own]);
    const shown = [own, ...data.cohorts.keys()].filter((c, k) => alike(c) && (k === 0 || c !== own) && rowsOf[c].length);
    const hers = new Set(samples);
    const heads = ["Signature", "Genes found", "Score", `In ${data.cohorts[own]}`];
    const head = make("tr", {}, ...heads.map((text, k) => make("th", { scope: "col", ...(k === 1 || k === 2 ? { class: "num" } : {}) }, name(text))));
    for (const c of shown) {
      const n = rowsOf[c].filter((s) => !hers.has(s)).length;
      head.append(make("th", { scope: "col", class: "num" }, "Percentile in ", name(data.cohorts[c]), ` (n\u00a0=\u00a0${n})`));
    }
    const caption = make("caption", {}, `Scores by ${method.name}${method.unit ? ` (${method.unit})` : ""}: percentile [95% interval] within each cohort`);
    const table = make("table", { class: "standing" }, caption, make("thead", {}, head));
    data.features.categories.forEach((category, c) => {
      const rows = method.features.flatMap((f, row) => (data.features.category[f] === c ? [row] : []));
      if (!rows.length) return;
      const body = make("tbody", {}, make("tr", { class: "category" }, make("th", { scope: "rowgroup", colspan: String(4 + shown.length) }, name(category))));
      for (const row of rows) body.append(signatureRow(method, row, samples, shown));
      table.append(body);
    });
    const region = make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption.textContent }, table);
    return [region, notes(method, own, shown)];
  }

  function notes(method, own, shown) {
    const told = make("div", { class: "note" });
    const hidden = data.cohorts.filter((_, c) => rowsOf[c].length && !shown.includes(c));
    if (hidden.length) {
      const why = method.across ? "their scores are of another unit of expression" : method.why;
      told.append(make("p", {}, make("b", {}, "Own cohort only: "), `a percentile in ${hidden.join(", ")} is not comparable, since ${why}.`));
    }
    told.append(make("p", {}, "Percentile: share of the cohort's other samples with a lower score, equal scores counted half; those of the same patient are left out. "
      + "In brackets Wilson's interval of a proportion at 95%: what another cohort of the same size and kind could have said, wide where the cohort is small. "
      + "It holds no error of measurement. The strip shows the cohort of this patient, a line a sample, with its quartiles; the filled mark is this patient. Scores are rounded."));
    return told;
  }

  function lackingList(method, samples) {
    const own = data.cohort[samples[0]];
    const lost = data.lacking.by_cohort[own] || {};
    const found = method.features.filter((f) => lost[String(f)]);
    if (!data.lacking.known) return make("p", { class: "note" }, "Which genes a signature lacks is not recorded in this run.");
    if (!found.length) return make("p", { class: "note" }, `No gene of these signatures is missing in `, name(data.cohorts[own]), ".");
    const items = make("dl", { class: "items lacking" });
    for (const f of found) {
      const genes = lost[String(f)].map((g) => data.lacking.genes[g]).join(", ");
      items.append(make("div", {}, make("dt", {}, name(data.features.labels[f])), make("dd", {}, name(genes))));
    }
    return make("details", { class: "folded lost" }, make("summary", {}, `Genes missing in ${data.cohorts[own]}, by signature (${found.length})`), items);
  }

  // ---------------------------------------------------------------- subtypes
  function subtypeBars(model, sample) {
    const items = make("dl", { class: "shares" });
    model.classes.forEach((title, k) => {
      const share = model.shares[sample][k];
      const width = Math.round(160 * (share || 0));
      const mine = model.subtype[sample] === k ? "share mine" : "share";
      const bar = draw("svg", { viewBox: "0 0 160 10", class: "bar-of-share", "aria-hidden": "true" },
        draw("rect", { width: "160", height: "10", class: "rest" }), draw("rect", { width: String(width), height: "10", class: mine }));
      items.append(make("div", {}, make("dt", {}, name(title)), make("dd", {}, bar, ` ${percent(share)}`)));
    });
    return items;
  }

  function subtypesOf(samples) {
    const parts = [];
    for (const model of data.subtypes) {
      samples.forEach((s, k) => {
        const chosen = model.subtype[s];
        const line = make("p", { class: "subtype" }, marked(samples, k), make("b", {}, chosen === null ? "no subtype" : name(model.classes[chosen])),
          chosen === null ? `: ${model.verdict[s]}` : ` (probability ${percent(model.shares[s][chosen])})`,
          " by the model ", name(model.name), ", fitted on ", name(model.fitted_on), ".");
        parts.push(line);
        if (chosen !== null) parts.push(subtypeBars(model, s));
        if (model.axes[s].length) {
          const [[immune, above], [stromal, beyond]] = model.axes[s];
          parts.push(make("p", { class: "quiet-note" }, `Immune axis ${immune.toFixed(3)} (cut ${above.toFixed(3)}), stromal axis ${stromal.toFixed(3)} (cut ${beyond.toFixed(3)}): mean ranks among all genes of the sample.`));
        }
      });
    }
    if (parts.length) parts.push(make("p", { class: "note" }, "Probability: how often the sample had that subtype when genes and the patients of the fit were drawn anew. It holds no error of measurement."));
    return parts.length ? [make("h4", {}, "Subtype"), ...parts] : [];
  }

  // ---------------------------------------------------------------- one patient
  let current = -1;
  let chosen = 0;

  function standingOf(samples) {
    const holder = make("div", { class: "standings" });
    const picker = make("select", { id: "patient-method" });
    data.methods.forEach((method, k) => picker.append(make("option", { value: String(k) }, method.name)));
    picker.value = String(chosen);
    const fill = () => {
      chosen = Number(picker.value);
      const method = data.methods[chosen];
      holder.replaceChildren(...signatureTable(method, samples), lackingList(method, samples));
    };
    picker.addEventListener("change", fill);
    fill();
    const label = make("label", { class: "picker", for: "patient-method" }, "Scored by ");
    return [make("p", { class: "choice" }, label, picker), holder];
  }

  function button(text, run) {
    const element = make("button", { type: "button", class: "quiet" }, text);
    element.addEventListener("click", run);
    return element;
  }

  function show(person, focus = true) {
    current = person;
    const samples = samplesOf[person];
    const heading = make("h3", { id: "h-patient", tabindex: "-1" }, "Patient ", name(data.people[person]));
    const tools = make("div", { class: "tools" }, button("Previous", () => show((person + people.length - 1) % people.length)),
      button("Next", () => show((person + 1) % people.length)), button("Print this page", printPage), button("Close", close));
    const sizes = [data.left_out, ...data.notes].filter(Boolean).map((text) => make("p", { class: "note" }, text));
    place.replaceChildren(make("div", { class: "figure-head" }, heading, tools), identity(samples), ...track(samples),
      make("h4", {}, "These samples in the checks"), flagged(samples), ...subtypesOf(samples),
      ...(data.methods.length ? [make("h4", {}, "Standing in each cohort"), ...standingOf(samples)] : []), ...sizes);
    place.setAttribute("aria-labelledby", "h-patient");
    place.hidden = false;
    list.value = String(person);
    if (focus) heading.focus();
  }

  function close() {
    place.hidden = true;
    place.replaceChildren();
    place.removeAttribute("aria-labelledby");
    current = -1;
    input.focus();
  }

  function printPage() {
    const root = document.documentElement;
    for (const folded of place.querySelectorAll("details")) folded.open = true;
    root.dataset.print = "patient";
    const done = () => { delete root.dataset.print; window.removeEventListener("afterprint", done); };
    window.addEventListener("afterprint", done);
    window.print();
  }

  // ---------------------------------------------------------------- finding
  function fill() {
    const wanted = input.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const found = [];
    people.forEach((person, k) => { if (wanted.every((word) => person.find.includes(word))) found.push(k); });
    list.replaceChildren(...found.slice(0, MOST_LISTED).map((k) => make("option", { value: String(k) }, people[k].text)));
    list.value = String(current);
    const more = found.length > MOST_LISTED ? `; the first ${MOST_LISTED} are listed` : "";
    count.textContent = `${found.length} of ${people.length} patients match${more}`;
  }

  input.addEventListener("input", fill);
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" && list.options.length) {
      event.preventDefault();
      if (list.selectedIndex < 0) list.selectedIndex = 0;
      list.focus();
    } else if (event.key === "Enter" && list.options.length) {
      show(Number(list.options[0].value));
    } else if (event.key === "Escape" && input.value) {
      input.value = "";
      fill();
    }
  });
  list.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && list.selectedIndex >= 0) show(Number(list.value));
    if (event.key === "Escape") input.focus();
  });
  list.addEventListener("click", () => { if (list.selectedIndex >= 0) show(Number(list.value), false); });
  place.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
  finder.hidden = false;
  fill();
})();
