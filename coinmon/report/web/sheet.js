/** The panels of a scene under one another: one time axis, one crosshair, wheel, pinch, drag and keys. */
import { covered, DRAW, hatch, ink } from "./draw.js";
import { longTime, lastAt, priced, scaleOf, short, shortTime, ticksOf, timeTicks } from "./scale.js";
import { extentOf } from "./strokes.js";
import { footprint, profileWords, stageOf, timeAtPrice, volumeProfile } from "./traded.js";

const HEIGHTS = { price: 460, coverage: 60, time: 150, names: 200, rows: 260 };
const GUTTER = 66;
const FOOT = 18;
const LEAST_SECONDS = 240;
const ROOM = 0.04;
/** Columns that fit beside one another on a phone. */
const MOST_COLUMNS = 6;
/** Milliseconds of rest after which what is not in sight, and what is only read, follows a chart that moved. */
const REST_MS = 120;
/** Milliseconds that telling the browser what to draw may take of a frame: panels beneath the candles wait for their turn. */
const FRAME_MS = 4;
/** Frames after which one of those panels is drawn, however long it takes. */
const TURN_FRAMES = 6;

function made(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value);
  }
  node.append(...children.filter((each) => each !== null && each !== undefined));
  return node;
}

export { made };

/** Draws a scene into an element; what it gives moves and replaces it. `tell` hears of each new range. */
export function sheetOf(root, first, tell = () => {}) {
  let scene = first;
  let range = opening(scene);
  let cross = null;
  let panes = [];
  let asked = 0;
  let chosen = null;
  const hidden = new Map();
  // what is near is kept ready for who scrolls, but not in every frame of a chart that moves
  const near = new IntersectionObserver((entries) => watched(entries, "away"), { rootMargin: "300px" });
  const sight = new IntersectionObserver((entries) => watched(entries, "unseen"));
  const prefersDark = matchMedia("(prefers-color-scheme: dark)");
  let [resting, asks] = [0, 0];
  let [turn, beneath] = [0, 0];
  addEventListener("beforeprint", () => {
    const look = lookOf();
    for (const pane of panes) if (pane.stale) drawPane(pane, look);
  });

  function whole(of) {
    return [of.start, of.end + (of.end - of.start) * ROOM];
  }

  /** What is in sight at first: where most panels have something to show. */
  function opening(of) {
    const from = of.from ?? of.start;
    return [from, of.end + (of.end - from) * ROOM];
  }

  function theme() {
    const set = document.documentElement.dataset.theme;
    return set || (prefersDark.matches ? "dark" : "light");
  }

  function shades() {
    const now = theme();
    return document.documentElement.dataset.safe ? { ...scene.shades[now], ...scene.safe[now] } : scene.shades[now];
  }

  /** What all panels of a frame are drawn with; asked once for all of them. */
  function lookOf() {
    return {
      colours: shades(), theme: theme() + (document.documentElement.dataset.safe || ""),
      ratio: devicePixelRatio || 1, narrow: innerWidth < 640,
    };
  }

  function build() {
    root.replaceChildren();
    panes = scene.panes.map(paneOf);
    root.append(...panes.map((each) => each.section));
    near.disconnect();
    sight.disconnect();
    for (const each of panes) {
      if (!each.canvas) continue;
      near.observe(each.section);
      sight.observe(each.section);
    }
  }

  /** Panels that are scrolled away are drawn when they come back. */
  function watched(entries, name) {
    for (const entry of entries) {
      const pane = panes.find((each) => each.section === entry.target);
      if (pane) pane[name] = !entry.isIntersecting;
    }
    // before the next frame, so that none shows what it was
    arrived(panes.filter((each) => each.stale && !each.unseen));
  }

  function arrived(some) {
    if (!some.length) return;
    const look = lookOf();
    for (const pane of some) drawPane(pane, look);
  }

  /** When nothing was asked for a while. */
  function rested() {
    if (asks !== resting) {
      rest();
      return;
    }
    resting = 0;
    arrived(panes.filter((each) => each.stale && !each.away));
    for (const pane of panes) if (pane.canvas) wordsBeside(pane);
  }

  function rest() {
    resting = asks;
    setTimeout(rested, REST_MS);
  }

  function paneOf(spec) {
    const readout = made("output", { class: "readout" });
    const badge = spec.badge
      ? made("span", { class: `badge ${spec.badge.tone}`, title: spec.badge.why || null, tabindex: spec.badge.why ? 0 : null },
        spec.badge.text, ...(spec.badge.why ? [made("small", {}, spec.badge.why)] : []))
      : null;
    const unit = spec.unit ? made("span", { class: "unit" }, spec.unit) : null;
    const head = made("header", { class: "pane-head" }, made("h2", {}, spec.title), unit, badge, readout);
    const section = made("section", { class: `pane axis-${spec.axis}${spec.half ? " half" : ""}`, "data-panel": spec.id }, head);
    const pane = { spec, section, readout, canvas: null };
    if (spec.legend) head.append(...spec.legend.map(([tone, text]) => key(tone, text)));
    named(spec, head);
    if (spec.layers) section.append(legend(spec));
    if (spec.axis !== "none") {
      const label = `${scene.words.chart}: ${spec.title}. ${spec.axis === "time" ? scene.words.keys : ""}`;
      pane.canvas = made("canvas", { role: "img", "aria-label": label, tabindex: spec.axis === "time" ? 0 : null });
      const holder = made("div", { class: "holder" }, pane.canvas);
      section.append(holder);
      if (spec.axis === "time") listen(pane);
      else if (spec.axis === "names" && spec.marks.some((each) => each.cells)) {
        // the newest is at the right: where not all of it fits, that is what is seen first
        pane.newest = true;
        holder.addEventListener("scroll", () => {
          pane.scrolled = holder.scrollLeft;
          clearTimeout(pane.rest);
          pane.rest = setTimeout(() => arrived([pane]), REST_MS);
        }, { passive: true });
        const texts = spec.marks.flatMap((each) => (each.cells || []).map((cell) => cell[3].length));
        const column = Math.max(64, 10 + 5.6 * Math.max(0, ...texts));
        pane.least = Math.max(...spec.marks.map((each) => (each.names || []).length)) * column + GUTTER;
      }
    }
    for (const table of spec.tables) section.append(tableOf(table));
    for (const [of, text] of spec.figures) section.append(figure(spec, of, text));
    return pane;
  }

  function figure(spec, of, text) {
    return made("p", { class: "figure", "data-result": spec.indicator, "data-of": of }, made("b", {}, of === "pair" ? "" : `${of} `), text);
  }

  function key(tone, text) {
    const dot = made("i", { class: "dot", "data-tone": tone });
    return made("span", { class: "key" }, dot, text);
  }

  /** Names of the lines where there are several. */
  function named(spec, head) {
    const some = spec.axis === "time" && !spec.layers ? spec.marks.filter((each) => each.name && each.m !== "level") : [];
    const seen = new Map(some.map((each) => [each.name, each.tone]));
    if (seen.size > 1) head.append(...[...seen].map(([name, tone]) => key(tone || "plain", name)));
  }

  function legend(spec) {
    const row = made("div", { class: "legend" });
    const words = scene.words;
    const own = [
      ...(spec.traded ? [{ id: "profile", title: words.profile }] : []), { id: "tpo", title: words.tpo, hidden: true },
      ...(spec.traded ? [{ id: "footprint", title: words.footprint }] : []),
    ];
    let before = "";
    const sides = spec.side.map((each) => ({ ...each, id: `side ${each.id}`, title: `${each.title} ${each.unit}` }));
    for (const each of [...own, ...sides, ...spec.layers]) {
      if (!hidden.has(each.id)) hidden.set(each.id, each.hidden);
      const lacking = each.badge?.why ? made("span", { class: "badge warn" }, each.badge.text, made("small", {}, each.badge.why)) : null;
      const pressed = String(!hidden.get(each.id));
      // of several instruments' layers the first says what they are
      const [what, of] = each.title.split(" · ");
      const short = of && what === before ? of : each.title;
      before = what;
      const button = made("button", { type: "button", "aria-pressed": pressed, "data-layer": each.id, title: each.title }, short, lacking);
      button.addEventListener("click", () => {
        hidden.set(each.id, !hidden.get(each.id));
        button.setAttribute("aria-pressed", String(!hidden.get(each.id)));
        redraw();
      });
      row.append(button);
      if (each.id === "profile") row.append(made("output", { class: "profile-words" }));
    }
    return row;
  }

  /** An instrument's name may go on in the next line after each colon. */
  function breaking(text) {
    return text.split(":").flatMap((part, k) => (k ? [":", made("wbr"), part] : [part]));
  }

  function tableOf(table) {
    const head = made("tr", {}, ...table.head.map((each) => made("th", { scope: "col" }, each)));
    const cell = (each, k) => made("td", { "data-label": table.head[k] || null }, ...breaking(each));
    const rows = table.rows.map((row) => made("tr", {}, ...row.map(cell)));
    const many = table.head.length > MOST_COLUMNS ? "many" : null;
    return made("div", { class: "scroll" }, made("table", { class: many }, made("thead", {}, head), made("tbody", {}, ...rows)));
  }

  function move(from, to) {
    const [start, end] = whole(scene);
    const width = Math.min(Math.max(to - from, LEAST_SECONDS), (end - start) * 1.5);
    const middle = Math.min(Math.max((from + to) / 2, start), end);
    range = [middle - width / 2, middle + width / 2];
    tell(range);
    redraw();
  }

  function zoom(factor, around) {
    const at = around ?? range[1];
    move(at - (at - range[0]) * factor, at + (range[1] - at) * factor);
  }

  function listen(pane) {
    const { canvas } = pane;
    const held = new Map();
    let begun = null;
    const timeOf = (event) => pane.x.value(event.clientX - canvas.getBoundingClientRect().left);
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY);
      if (sideways) {
        const shift = (event.deltaX / canvas.clientWidth) * (range[1] - range[0]);
        move(range[0] + shift, range[1] + shift);
      } else zoom(Math.exp(Math.max(-120, Math.min(120, event.deltaY)) / 400), timeOf(event));
    }, { passive: false });
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      if (event.shiftKey) begun = timeOf(event);
      else held.set(event.pointerId, event.clientX);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (begun !== null) chosen = [begun, timeOf(event)].sort((a, b) => a - b);
      const before = held.get(event.pointerId);
      if (before !== undefined) {
        const [a, b] = [...held.values()];
        if (held.size === 2) {
          const others = [...held].filter(([id]) => id !== event.pointerId)[0][1];
          const [was, is] = [Math.abs(a - b), Math.abs(event.clientX - others)];
          const middle = pane.x.value((event.clientX + others) / 2 - canvas.getBoundingClientRect().left);
          held.set(event.pointerId, event.clientX);
          if (was > 8 && is > 8) zoom(was / is, middle);
        } else {
          held.set(event.pointerId, event.clientX);
          const shift = ((before - event.clientX) / (pane.x.end - pane.x.start)) * (range[1] - range[0]);
          move(range[0] + shift, range[1] + shift);
        }
      }
      const bounds = canvas.getBoundingClientRect();
      cross = { time: timeOf(event), pane, y: event.clientY - bounds.top };
      redraw();
    });
    for (const kind of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(kind, (event) => {
        begun = null;
        held.delete(event.pointerId);
      });
    }
    canvas.addEventListener("pointerleave", () => {
      cross = null;
      redraw();
    });
    canvas.addEventListener("dblclick", () => move(...whole(scene)));
    canvas.addEventListener("keydown", (event) => {
      const width = range[1] - range[0];
      const deeds = {
        ArrowLeft: () => move(range[0] - width * 0.1, range[1] - width * 0.1),
        ArrowRight: () => move(range[0] + width * 0.1, range[1] + width * 0.1),
        "+": () => zoom(0.8), "=": () => zoom(0.8), "-": () => zoom(1.25), 0: () => move(...whole(scene)),
        Escape: () => {
          chosen = null;
          redraw();
        },
      };
      if (deeds[event.key] && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        deeds[event.key]();
      }
    });
  }

  function redraw() {
    repaint(null);
  }

  /** Panels by their ids, all where it is null; drawn with the next frame, or one of the next where that takes long. */
  function repaint(ids) {
    for (const pane of panes) if (pane.canvas && (ids === null || ids.includes(pane.spec.id))) pane.stale = true;
    asks += 1;
    if (!resting) rest();
    asked ||= requestAnimationFrame(frame);
  }

  function frame() {
    asked = 0;
    turn += 1;
    const stale = panes.filter((each) => each.stale && !each.away && !each.unseen);
    if (!stale.length) return;
    const look = lookOf();
    const first = stale.filter((each) => each.spec.id === "price" || each === cross?.pane);
    for (const pane of first) drawPane(pane, look);
    let left = FRAME_MS - first.reduce((sum, each) => sum + each.took, 0);
    // who has waited longest is next
    const others = stale.filter((each) => !first.includes(each)).sort((a, b) => (a.drawn || 0) - (b.drawn || 0));
    for (const pane of others) {
      left -= pane.took || 0;
      // one that was never drawn is an empty sheet of another size
      if (left < 0 && pane.drawn && turn - beneath < TURN_FRAMES) break;
      beneath = turn;
      drawPane(pane, look);
    }
    if (stale.some((each) => each.stale)) asked ||= requestAnimationFrame(frame);
  }

  /** Rows that the columns in sight use, first and last, where not all columns fit: others would be empty paper. */
  function rowsSeen(pane, wide) {
    const mark = pane.newest && wide > pane.room ? pane.spec.marks.find((each) => each.cells) : null;
    if (!mark) return null;
    const column = (wide - GUTTER) / mark.names.length;
    const at = Math.min(pane.scrolled ?? wide, wide - pane.room);
    const seen = mark.cells.filter(([place]) => (place + 1) * column > at && place * column < at + pane.room).map((each) => each[1]);
    return seen.length ? [Math.min(...seen), Math.max(...seen)] : null;
  }

  function heightOf(spec, narrow, rows) {
    if (spec.id === "coverage") return 24 + 30 * Math.max(1, (spec.marks[0].strips || []).length);
    if (spec.axis === "rows") return Math.min(900, 30 + 12 * Math.max(12, ...spec.marks.map((each) => (each.y || []).length)));
    const cells = spec.marks.find((each) => each.m === "cells");
    if (spec.axis === "names" && cells) return 40 + 15 * (rows ? rows[1] - rows[0] + 1 : cells.y.length);
    if (spec.id === "price") return narrow ? 360 : HEIGHTS.price;
    return HEIGHTS[spec.axis] || HEIGHTS.time;
  }

  function drawPane(pane, look) {
    const begun = performance.now();
    draw(pane, look);
    pane.stale = false;
    pane.drawn = turn;
    // one frame that was held up is not the rule
    pane.took = 0.7 * (pane.took || 0) + 0.3 * (performance.now() - begun);
  }

  function draw(pane, look) {
    const { canvas, spec } = pane;
    const { colours, ratio } = look;
    // asked of the document once: that makes it lay itself out, in the middle of a frame
    pane.room ||= canvas.parentElement.clientWidth;
    const wide = Math.max(pane.least || 0, pane.room);
    const rows = rowsSeen(pane, wide);
    const tall = heightOf(spec, look.narrow, rows);
    const wider = canvas.width !== Math.round(wide * ratio);
    if (wider || canvas.height !== Math.round(tall * ratio)) {
      canvas.width = Math.round(wide * ratio);
      canvas.height = Math.round(tall * ratio);
      canvas.style.width = `${wide}px`;
      canvas.style.height = `${tall}px`;
      if (pane.newest && wider) canvas.parentElement.scrollLeft = wide;
    }
    const c = canvas.getContext("2d", { alpha: false });
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    c.fillStyle = colours.paper;
    c.fillRect(0, 0, wide, tall);
    const right = wide - GUTTER;
    const [labels, boxes] = [[], []];
    const plot = {
      c, words: [], now: scene.end, shades: colours, theme: look.theme, ratio,
      font: (size) => `${size}px system-ui, "Noto Sans CJK SC", sans-serif`,
      label: (name, up, tone) => name && labels.push({ name, up, tone }),
      boxName: (...given) => boxes.push(given),
    };
    const marks = [...spec.marks, ...shownLayers(spec).flatMap((each) => each.marks)];
    plot.x = acrossOf(spec, right);
    pane.x = plot.x;
    const [low, high] = rows ? edgesOf(spec, rows) : bounds(spec, marks, plot.x);
    plot.y = scaleOf(low, high, tall - FOOT, spec.id === "coverage" ? 0 : 6);
    grid(plot, spec, tall, right);
    c.save();
    c.beginPath();
    c.rect(0, 0, right, tall - FOOT);
    c.clip();
    if (spec.axis === "time") {
      for (const [start, end] of spec.holes) {
        const [a, b] = [Math.max(0, plot.x.at(start)), Math.min(right, plot.x.at(end))];
        if (b > a) hatch(plot, a, b, 0, tall - FOOT);
      }
    }
    for (const layer of shownLayers(spec).filter((each) => each.under)) paint(plot, layer.marks);
    if (spec.traded !== undefined) aside(plot, pane, right);
    if (spec.axis === "rows") sideways(plot, spec.marks, 0, right * 0.94);
    for (const layer of shownLayers(spec).filter((each) => !each.under)) {
      paint(plot, layer.marks.filter((each) => each.m === "box"));
    }
    if (spec.traded !== undefined) inside(plot, pane);
    paint(plot, spec.marks.filter((each) => spec.axis !== "rows" || each.m === "level"));
    const over = shownLayers(spec).filter((each) => !each.under).flatMap((each) => each.marks);
    paint(plot, over.filter((each) => each.m !== "box" && each.m !== "points"));
    // words come after candles and lines, which would run through them: what happened at a candle before names of
    // sessions, and those before names of levels
    const told = over.filter((each) => each.m === "points");
    // signals before marks of indicators
    paint(plot, told.sort((one, other) => Number(Boolean(other.all)) - Number(Boolean(one.all))));
    for (const each of boxes) boxName(plot, right, ...each);
    placeLabels(plot, labels, right);
    pane.words = plot.words;
    c.restore();
    if (spec.last) tag(plot, spec.last, right, spec.digits, "accent");
    crosshair(plot, pane, tall, right);
  }

  function shownLayers(spec) {
    return (spec.layers || []).filter((each) => !hidden.get(each.id));
  }

  function paint(plot, marks) {
    for (const each of marks) if (DRAW[each.m] && each.m !== "rows") DRAW[each.m](plot, each);
  }

  /** Profiles in lanes at the right: of what is in sight or chosen, and those of indicators. */
  function aside(plot, pane, right) {
    const { spec } = pane;
    let before = "";
    const sides = spec.side.filter((each) => !hidden.get(`side ${each.id}`));
    const shown = [spec.traded && !hidden.get("profile"), !hidden.get("tpo"), ...sides];
    const wide = Math.min(220, (right * 0.34) / Math.max(2, shown.filter(Boolean).length));
    let edge = right;
    const lane = () => {
      edge -= wide + 4;
      return { right: edge + wide + 4, wide };
    };
    const [from, to] = chosen || range;
    if (chosen) {
      plot.c.fillStyle = ink(plot, "accent", 0.09);
      plot.c.fillRect(plot.x.at(from), 0, plot.x.at(to) - plot.x.at(from), plot.y.start);
    }
    pane.profile = shown[0] ? volumeProfile(plot, spec.traded, from, to, lane()) : null;
    pane.tpo = shown[1] ? timeAtPrice(plot, spec.marks[0], from, to, spec.traded?.height || spec.tick, lane()) : null;
    for (const side of sides) beside(plot, side, lane());
  }

  /** The profile's levels in words, when the chart rests: nobody reads sixty of them in a second. */
  function wordsBeside(pane) {
    const words = pane.section.querySelector(".profile-words");
    if (!words) return;
    const text = pane.profile ? profileWords(scene.words, pane.profile, pane.spec.digits) : "";
    if (words.textContent !== text) words.textContent = text;
  }

  /** Wide candles make room for what traded inside them. */
  function inside(plot, pane) {
    const { spec } = pane;
    const stage = spec.traded && !hidden.get("footprint") ? stageOf(plot.x.at(spec.step) - plot.x.at(0)) : "candles";
    pane.stage = stage === "candles" ? { stage } : footprint(plot, spec.traded, stage);
    plot.slim = stage !== "candles";
  }

  function beside(plot, side, { right, wide: width }) {
    const most = totals(side.marks);
    plot.along = scaleOf(0, most, right, right - width);
    plot.beside = true;
    const before = new Map();
    for (const each of side.marks) if (each.m === "rows") DRAW.rows(plot, each, before);
    plot.beside = false;
    const full = plot.x;
    plot.x = { ...full, start: right - width * 1.4, end: right };
    for (const each of side.marks) if (each.m === "level") DRAW.level(plot, { ...each, since: null });
    plot.x = full;
  }

  function sideways(plot, marks, left, right) {
    plot.along = scaleOf(0, totals(marks), left, right);
    const before = new Map();
    for (const each of marks) if (each.m === "rows") DRAW.rows(plot, each, before);
  }

  function totals(marks) {
    const sums = new Map();
    for (const each of marks) if (each.m === "rows") each.y.forEach((at, k) => sums.set(at, (sums.get(at) || 0) + (each.v[k] || 0)));
    return Math.max(1e-12, ...sums.values());
  }

  function acrossOf(spec, right) {
    if (spec.axis === "time") return scaleOf(range[0], range[1], 0, right);
    const names = spec.marks.find((each) => each.names)?.names || [];
    return scaleOf(0, Math.max(1, names.length), 0, right);
  }

  function edgesOf(spec, [first, last]) {
    const mark = spec.marks.find((each) => each.cells);
    return [mark.y[first], mark.y[last] + mark.height];
  }

  /** What the upright axis shows: candles decide over what lies on them; else all that is in sight. */
  function bounds(spec, marks, x) {
    let low = Infinity;
    let high = -Infinity;
    const take = (value) => {
      if (value === null || value === undefined || !Number.isFinite(value)) return;
      low = Math.min(low, value);
      high = Math.max(high, value);
    };
    const candles = marks.find((each) => each.m === "candles" && each.t.length);
    const looked = candles ? [candles] : spec.layers ? marks : spec.marks;
    for (const mark of looked) {
      if (mark.m === "level") take(mark.v);
      else if (mark.y) [mark.y[0], mark.y[mark.y.length - 1] + mark.height].forEach((each) => typeof each === "number" && take(each));
      else if (mark.t || mark.names) {
        const first = mark.t ? Math.max(0, lastAt(mark.t, x.from)) : 0;
        const last = mark.t ? lastAt(mark.t, x.to) : mark.names.length - 1;
        const [lows, highs] = mark.m === "candles" ? [mark.low, mark.high] : [mark.v, mark.v];
        take(extentOf(lows, first, last)[0]);
        take(extentOf(highs, first, last)[1]);
      }
      if (mark.m === "columns") take(0);
    }
    if (!(high >= low)) return [0, 1];
    const rows = spec.axis === "rows" || (spec.axis === "names" && marks.some((each) => each.y));
    // figures stand at the ends of named columns
    const share = spec.axis === "names" ? 0.16 : 0.06;
    const pad = rows ? 0 : (high - low) * share || Math.abs(high) * 0.001 || 1;
    const floor = low === 0 && looked.every((each) => each.m === "columns") ? 0 : low - pad;
    return [floor, high + pad];
  }

  function grid(plot, spec, tall, right) {
    const { c, x, y } = plot;
    c.font = plot.font(11);
    c.textBaseline = "middle";
    if (spec.id !== "coverage") {
      const cells = spec.marks.find((each) => each.m === "cells" && each.cells) || (spec.axis === "rows" && spec.marks[0]);
      // rows are labelled by their middle
      const ticks = cells && typeof cells.y[0] === "number" ? middles(cells, y) : ticksOf(y.from, y.to, (tall - FOOT) / 40);
      for (const each of ticks) {
        const up = Math.round(y.at(each)) + 0.5;
        c.fillStyle = plot.shades.rule;
        if (!cells) c.fillRect(0, up, right, 1);
        c.fillStyle = plot.shades.dim;
        const price = spec.digits !== undefined || cells;
        c.fillText(price ? priced(each, tickDigits(ticks, spec.digits ?? 8)) : short(each), right + 5, up);
      }
    }
    c.textBaseline = "alphabetic";
    if (spec.axis === "time") {
      c.textAlign = "center";
      for (const each of timeTicks(range[0], range[1], right / 64)) {
        const at = Math.round(x.at(each));
        c.fillStyle = plot.shades.rule;
        c.fillRect(at, 0, 1, tall - FOOT);
        c.fillStyle = plot.shades.dim;
        const half = 18;
        if (at > half && at < right - half) c.fillText(shortTime(each, scene.timezone), at, tall - 5);
      }
      c.textAlign = "left";
    } else if (spec.axis === "names") {
      const names = spec.marks.find((each) => each.names)?.names || [];
      c.textAlign = "center";
      c.fillStyle = plot.shades.dim;
      names.forEach((each, k) => c.fillText(each, x.at(k + 0.5), tall - 5));
      c.textAlign = "left";
      const shown = spec.marks.filter((each) => each.m === "columns");
      for (const mark of shown) {
        mark.v.forEach((value, k) => {
          if (value === null) return;
          c.textAlign = "center";
          c.fillStyle = plot.shades.text;
          const up = y.at(value) + (value < 0 ? 12 : -4);
          c.fillText(short(value), x.at(k + 0.5), Math.min(tall - FOOT - 2, Math.max(10, up)));
          c.textAlign = "left";
        });
      }
    }
  }

  function middles(cells, y) {
    const every = Math.ceil(14 / Math.max(1, Math.abs(y.at(cells.height) - y.at(0))));
    const seen = cells.y.filter((each) => each >= y.from - cells.height / 2 && each < y.to);
    return seen.filter((_, k) => k % every === 0).map((each) => +(each + cells.height / 2).toPrecision(12));
  }

  function tickDigits(ticks, most) {
    let digits = 0;
    while (digits < most && ticks.some((each) => Math.abs(each * 10 ** digits - Math.round(each * 10 ** digits)) > 1e-6)) digits += 1;
    return digits;
  }

  /** Names of levels at the right, moved apart where they would cover one another. */
  function placeLabels(plot, labels, right) {
    const { c } = plot;
    const order = { accent: 0, second: 1, third: 2 };
    c.font = plot.font(11);
    c.textBaseline = "middle";
    for (const each of [...labels].sort((a, b) => (order[a.tone] ?? 3) - (order[b.tone] ?? 3))) {
      const wide = c.measureText(each.name).width + 6;
      let left = right - wide;
      const other = () => covered(plot, left, wide, each.up);
      for (let one = other(); one; one = other()) left = one.left - wide - 2;
      if (left < right * 0.3) continue;
      plot.words.push({ kind: "level", name: each.name, left, wide, up: each.up });
      c.fillStyle = plot.shades.paper + "d0";
      c.fillRect(left, each.up - 6.5, wide, 13);
      c.fillStyle = ink(plot, each.tone);
      c.fillText(each.name, left + 3, each.up);
    }
  }

  /** A session's name is written inside its box, on a line of its own where two begin together. */
  function boxName(plot, edge, name, left, right, top, bottom, tone) {
    if (!name) return;
    const { c } = plot;
    c.font = plot.font(11);
    c.textBaseline = "top";
    const wide = c.measureText(name).width;
    const at = Math.max(2, Math.min(left + 3, edge - wide - 2));
    let up = Math.max(2, top + 3);
    while (covered(plot, at, wide, up + 6)) up += 13;
    plot.words.push({ kind: "box", name, left: at, wide, up: up + 6 });
    c.fillStyle = plot.shades.paper + "d0";
    c.fillRect(at - 1, up - 1, wide + 2, 13);
    c.fillStyle = ink(plot, tone === "muted" ? "text" : tone, 0.9);
    c.fillText(name, at, up);
  }

  /** A price on the axis. */
  function tag(plot, value, right, digits, tone) {
    const { c, y } = plot;
    const up = y.at(value);
    if (up < y.end - 6 || up > y.start + 6) return;
    c.fillStyle = ink(plot, tone);
    c.fillRect(right + 1, up - 9, GUTTER - 2, 18);
    c.fillStyle = plot.shades.paper;
    c.font = plot.font(11);
    c.textBaseline = "middle";
    c.fillText(digits === undefined ? short(value) : priced(value, digits), right + 5, up);
    c.strokeStyle = ink(plot, tone, 0.6);
    c.setLineDash([2, 3]);
    c.beginPath();
    c.moveTo(0, Math.round(up) + 0.5);
    c.lineTo(right, Math.round(up) + 0.5);
    c.stroke();
    c.setLineDash([]);
  }

  function crosshair(plot, pane, tall, right) {
    const { c, x } = plot;
    const time = cross ? cross.time : null;
    readout(pane, time);
    if (!cross || pane.spec.axis !== "time") return;
    const at = Math.round(x.at(time)) + 0.5;
    c.strokeStyle = plot.shades.dim;
    c.setLineDash([3, 3]);
    c.beginPath();
    c.moveTo(at, 0);
    c.lineTo(at, tall - FOOT);
    if (cross.pane === pane && cross.y < tall - FOOT) {
      c.moveTo(0, Math.round(cross.y) + 0.5);
      c.lineTo(right, Math.round(cross.y) + 0.5);
    }
    c.stroke();
    c.setLineDash([]);
    if (cross.pane === pane && cross.y < tall - FOOT && pane.spec.id !== "coverage") {
      tag({ ...plot, y: { ...plot.y, at: () => cross.y } }, plot.y.value(cross.y), right, pane.spec.digits, "dim");
    }
    if (cross.pane === pane) {
      const text = longTime(time, scene.timezone);
      c.font = plot.font(11);
      const wide = c.measureText(text).width + 8;
      const left = Math.max(0, Math.min(right - wide, at - wide / 2));
      c.fillStyle = plot.shades.dim;
      c.fillRect(left, tall - FOOT, wide, FOOT);
      c.fillStyle = plot.shades.paper;
      c.textBaseline = "middle";
      c.fillText(text, left + 4, tall - FOOT / 2);
    }
  }

  /** The figures under the crosshair, or the last ones. */
  function readout(pane, time) {
    const { spec, readout: out } = pane;
    if (spec.axis !== "time") return;
    const words = scene.words;
    const parts = [];
    for (const mark of spec.marks) {
      if (mark.m === "strips") {
        for (const each of mark.strips) {
          const run = each.runs.find(([start, end]) => time !== null && start <= time && time < end);
          if (run) parts.push(`${each.name} ${run[3]}`);
        }
        continue;
      }
      if (!mark.t) continue;
      const k = time === null ? mark.t.length - 1 : lastAt(mark.t, time);
      if (k < 0 || (mark.step && time !== null && time >= mark.t[k] + mark.step)) continue;
      if (mark.m === "candles") {
        const keys = ["open", "high", "low", "close"];
        parts.push(keys.map((each) => `${words[each]} ${priced(mark[each][k], spec.digits)}`).join(" "));
      } else if (mark.v && mark.v[k] !== null && mark.v[k] !== undefined) parts.push(`${mark.name} ${short(mark.v[k])}`.trim());
    }
    if (time !== null && spec.holes.some(([start, end]) => start <= time && time < end)) parts.unshift(words.hole);
    for (const layer of spec.layers ? shownLayers(spec) : []) {
      for (const mark of layer.marks) {
        const k = mark.all && time !== null ? lastAt(mark.t, time + spec.step / 2) : -1;
        if (k >= 0 && Math.abs(mark.t[k] - time) <= spec.step / 2) parts.push(mark.all[k].join(", "));
      }
    }
    const text = parts.join("  ");
    if (out.textContent !== text) out.textContent = text;
  }

  new ResizeObserver(() => {
    for (const pane of panes) pane.room = 0;
    redraw();
  }).observe(root);
  prefersDark.addEventListener("change", redraw);
  build();
  redraw();
  return {
    redraw,
    repaint,
    move,
    range: () => range,
    whole: () => move(...whole(scene)),
    /** Another scene in place of this one; what was in sight stays, and goes along with the present. */
    show(next, keep = true) {
      const following = range[1] >= scene.end;
      const shift = following ? next.end - scene.end : 0;
      const same = keep && next.pair === scene.pair;
      scene = next;
      range = same ? [range[0] + shift, range[1] + shift] : opening(next);
      const focused = document.activeElement?.closest?.("[data-panel]")?.dataset.panel;
      build();
      if (focused) root.querySelector(`[data-panel="${CSS.escape(focused)}"] canvas`)?.focus({ preventScroll: true });
      redraw();
    },
    /** Places on the canvases, for tests: where a time is, and what is drawn in a panel. */
    probe: (id) => {
      const pane = panes.find((each) => each.spec.id === id);
      return pane && pane.x
        ? { range: [...range], left: pane.x.at(range[0]), right: pane.x.end, profile: pane.profile, tpo: pane.tpo, stage: pane.stage,
            words: pane.words }
        : null;
    },
  };
}
