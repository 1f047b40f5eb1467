/** The eight marks (and the strips of coverage) on a canvas. `plot` has context, x and y scales, colours. */
import { lastAt } from "./scale.js";
import { strokesOf } from "./strokes.js";

/** Of a chart that is less wide than that a signal's title would cover most. */
const BRIEF_PIXELS = 480;

/** Places of the first and last of what is in sight. */
function inSight(times, plot, width) {
  const first = Math.max(0, lastAt(times, plot.x.from - width));
  const last = Math.min(times.length - 1, lastAt(times, plot.x.to) + 1);
  return [first, last];
}

export function ink(plot, tone, strength = 1) {
  const colour = plot.shades[tone] || plot.shades.plain;
  if (strength >= 1) return colour;
  return colour + Math.round(strength * 255).toString(16).padStart(2, "0");
}

/** The word that one at this place would cover, of one kind or of any; `up` is the middle of its height. */
export function covered(plot, left, wide, up, kind) {
  const lies = (one) => Math.abs(one.up - up) < 13 && left < one.left + one.wide && one.left < left + wide;
  return plot.words.find((one) => (!kind || one.kind === kind) && lies(one));
}

function candles(plot, mark) {
  const { c, x, y } = plot;
  const [first, last] = inSight(mark.t, plot, mark.step);
  const wide = Math.abs(x.at(mark.step) - x.at(0));
  // beside what traded inside it a candle is a narrow strip
  const body = plot.slim ? 6 : Math.max(1, Math.floor(wide * 0.7));
  if (wide < 2) {
    extremes(plot, mark, first, last);
    return;
  }
  for (let k = first; k <= last; k += 1) {
    const rose = mark.close[k] >= mark.open[k];
    const left = plot.slim ? Math.round(x.at(mark.t[k])) + 2 : Math.round(x.at(mark.t[k]) + (wide - body) / 2);
    const middle = left + Math.floor(body / 2);
    const high = Math.round(y.at(mark.high[k]));
    const low = Math.round(y.at(mark.low[k]));
    const top = Math.round(y.at(Math.max(mark.open[k], mark.close[k])));
    const bottom = Math.round(y.at(Math.min(mark.open[k], mark.close[k])));
    c.fillStyle = ink(plot, rose ? "up" : "down");
    c.fillRect(middle, high, 1, Math.max(1, low - high));
    c.fillRect(left, top, body, Math.max(1, bottom - top));
    if (rose && body > 3 && bottom - top > 2) {
      // what rose is hollow: told apart without its colour
      c.fillStyle = plot.shades.paper;
      c.fillRect(left + 1, top + 1, body - 2, bottom - top - 2);
    }
  }
}

/** More candles than pixels: the highest and lowest of each column of pixels. */
function extremes(plot, mark, first, last) {
  const { x, y } = plot;
  const strokes = strokesOf(plot, [ink(plot, "up"), ink(plot, "down")]);
  const { t, open, high, low, close } = mark;
  const pixel = pixelOf(plot);
  let k = first;
  while (k <= last) {
    const column = pixel(t[k]);
    const opened = open[k];
    let [most, least] = [high[k], low[k]];
    let closed = close[k];
    for (k += 1; k <= last && pixel(t[k]) === column; k += 1) {
      if (high[k] > most) most = high[k];
      if (low[k] < least) least = low[k];
      closed = close[k];
    }
    strokes.add(column, y.at(most), y.at(least), closed >= opened ? 0 : 1);
  }
  strokes.paint();
}

/** The column of device pixels of a time, from the left edge of the plot. */
function pixelOf({ x, ratio }) {
  const scale = ((x.end - x.start) / (x.to - x.from || 1)) * ratio;
  return (time) => Math.round((time - x.from) * scale);
}

function line(plot, mark) {
  const { c, x, y } = plot;
  const [first, last] = inSight(mark.t, plot, 0);
  if (!mark.steps && last - first > 2 * (x.end - x.start)) {
    dense(plot, mark, first, last);
    return;
  }
  c.strokeStyle = ink(plot, mark.tone);
  c.lineWidth = 1.5;
  c.setLineDash(mark.dashed ? [3, 3] : []);
  c.beginPath();
  let pen = false;
  let before = 0;
  for (let k = first; k <= last; k += 1) {
    if (mark.v[k] === null) {
      pen = false;
      continue;
    }
    const across = x.at(mark.t[k]);
    const up = y.at(mark.v[k]);
    if (!pen) c.moveTo(across, up);
    else if (mark.steps) {
      c.lineTo(across, before);
      c.lineTo(across, up);
    } else c.lineTo(across, up);
    pen = true;
    before = up;
  }
  c.stroke();
  c.setLineDash([]);
}

/** More points than pixels: from the lowest to the highest of each column, and to where the column before it ended. */
function dense(plot, mark, first, last) {
  const { y } = plot;
  const { t, v } = mark;
  const strokes = strokesOf(plot, [ink(plot, mark.tone)]);
  const pixel = pixelOf(plot);
  let k = first;
  let before = null;
  while (k <= last) {
    const column = pixel(t[k]);
    let [low, high] = before === null ? [Infinity, -Infinity] : [before, before];
    for (; k <= last && pixel(t[k]) === column; k += 1) {
      before = v[k];
      if (before === null) continue;
      if (before < low) low = before;
      if (before > high) high = before;
    }
    if (high < low) continue;
    const top = y.at(high);
    strokes.add(column, top, Math.max(top + 1.5, y.at(low)), 0);
  }
  strokes.paint();
}

function columns(plot, mark) {
  const { c, x, y } = plot;
  const zero = Math.round(y.at(0));
  const named = mark.names !== undefined;
  const [first, last] = named ? [0, mark.names.length - 1] : inSight(mark.t, plot, mark.step);
  const wide = named ? x.at(1) - x.at(0) : Math.abs(x.at(mark.step) - x.at(0));
  if (!named && wide < 1) {
    slender(plot, mark, first, last, zero);
    return;
  }
  const body = named ? wide * 0.62 : Math.max(1, wide - (wide > 3 ? 1 : 0));
  const inks = ["up", "down"].map((tone) => ink(plot, mark.tone || tone, mark.tone ? 0.75 : 0.9));
  let sunk = null;
  for (let k = first; k <= last; k += 1) {
    const value = mark.v[k];
    const left = Math.round(named ? x.at(k) + (wide - body) / 2 : x.at(mark.t[k]));
    if (value === null || value === undefined) continue;
    const edge = Math.round(y.at(value));
    if (sunk !== value < 0) {
      sunk = value < 0;
      c.fillStyle = inks[Number(sunk)];
    }
    c.fillRect(left, Math.min(edge, zero), Math.max(1, Math.round(body)), Math.max(1, Math.abs(edge - zero)));
  }
}

/** More columns than pixels: the longest of each pixel. */
function slender(plot, mark, first, last, zero) {
  const { t, v } = mark;
  const strokes = strokesOf(plot, ["up", "down"].map((tone) => ink(plot, mark.tone || tone, mark.tone ? 0.75 : 0.9)));
  const pixel = pixelOf(plot);
  let k = first;
  while (k <= last) {
    const column = pixel(t[k]);
    let value = null;
    for (; k <= last && pixel(t[k]) === column; k += 1) {
      if (v[k] !== null && (value === null || Math.abs(v[k]) > Math.abs(value))) value = v[k];
    }
    if (value === null || value === undefined) continue;
    const edge = plot.y.at(value);
    strokes.add(column, Math.min(edge, zero), Math.max(edge, zero), Number(value < 0));
  }
  strokes.paint();
}

function rows(plot, mark, before) {
  const { c, y } = plot;
  const height = Math.abs(y.at(mark.height) - y.at(0));
  c.font = plot.font(Math.max(9, Math.min(11, height - 1)));
  c.textBaseline = "middle";
  for (let k = 0; k < mark.y.length; k += 1) {
    const value = mark.v[k] || 0;
    const top = y.at(mark.y[k] + mark.height);
    if (top > y.start || top + height < y.end) continue;
    const from = before.get(mark.y[k]) || 0;
    before.set(mark.y[k], from + value);
    const left = plot.along.at(from);
    const right = plot.along.at(from + value);
    const tall = Math.max(1, Math.round(height * 0.9));
    const written = mark.text[k] && height >= 9;
    // words stand on their bar, so that its length is seen where they are few
    c.fillStyle = ink(plot, mark.tone, written ? 0.22 : plot.beside ? 0.32 : 0.7);
    c.fillRect(Math.min(left, right), Math.round(top), Math.max(1, Math.abs(right - left)), tall);
    if (written) {
      c.fillStyle = ink(plot, "text");
      c.fillText(mark.text[k], left + 3, top + height / 2);
    }
  }
}

function level(plot, mark) {
  const { c, x, y } = plot;
  const up = Math.round(y.at(mark.v)) + 0.5;
  if (up < y.end || up > y.start) return;
  c.strokeStyle = ink(plot, mark.tone, 0.7);
  c.lineWidth = 1;
  c.setLineDash([5, 4]);
  c.beginPath();
  c.moveTo(mark.since ? Math.max(x.start, x.at(mark.since)) : x.start, up);
  c.lineTo(x.end, up);
  c.stroke();
  c.setLineDash([]);
  plot.label(mark.name, up, mark.tone);
}

function box(plot, mark) {
  const { c, x, y } = plot;
  const left = Math.max(x.start, x.at(mark.start));
  const right = Math.min(x.end, x.at(mark.end));
  if (right <= left) return;
  const top = y.at(mark.high);
  const bottom = y.at(mark.low);
  c.fillStyle = ink(plot, mark.tone, 0.08);
  c.strokeStyle = ink(plot, mark.tone, 0.35);
  c.lineWidth = 1;
  c.fillRect(left, top, right - left, bottom - top);
  c.strokeRect(left + 0.5, top + 0.5, right - left, bottom - top);
  plot.boxName(mark.name, left, right, top, bottom, mark.tone);
}

function points(plot, mark) {
  const { c, x, y } = plot;
  c.font = plot.font(11);
  c.textAlign = "center";
  // where there is little room signals are their grades: the crosshair says the rest
  const brief = mark.all && x.end - x.start < BRIEF_PIXELS;
  for (let k = 0; k < mark.t.length; k += 1) {
    if (mark.v[k] === null) continue;
    const across = x.at(mark.t[k]);
    const up = y.at(mark.v[k]);
    if (across < x.start || across > x.end || up < y.end - 9 || up > y.start + 9) continue;
    const above = mark.shape === "down";
    shape(c, mark.shape, across, up + (mark.shape === "up" ? 6 : above ? -6 : 0), ink(plot, mark.tone));
    const text = brief ? mark.text[k].replace(/^(\[[^\]]*\]).*?( \+\d+)?$/, "$1$2") : mark.text[k];
    if (text) {
      c.textBaseline = above ? "bottom" : "top";
      // a text at the edge is moved in, not cut
      const half = c.measureText(text).width / 2;
      const middle = Math.max(Math.min(across, x.end - half - 2), x.start + half + 2);
      // one that would cover another's words has its mark alone; the crosshair says them
      const word = { kind: "point", name: text, left: middle - half - 2, wide: 2 * half + 4, up: up + (above ? -18 : 18) };
      if (covered(plot, word.left, word.wide, word.up, "point")) continue;
      plot.words.push(word);
      // paper behind it: candles and profile do not run through the words
      c.fillStyle = plot.shades.paper;
      c.fillRect(word.left, word.up - 7, word.wide, 14);
      c.fillStyle = ink(plot, mark.tone);
      c.fillText(text, middle, up + (above ? -12 : 12));
    }
  }
  c.textAlign = "left";
}

function shape(c, kind, x, y, colour) {
  c.fillStyle = colour;
  c.strokeStyle = colour;
  c.beginPath();
  if (kind === "circle") c.arc(x, y, 3.5, 0, 7);
  else if (kind === "cross") {
    c.moveTo(x - 3, y - 3);
    c.lineTo(x + 3, y + 3);
    c.moveTo(x + 3, y - 3);
    c.lineTo(x - 3, y + 3);
    c.lineWidth = 2;
    c.stroke();
    return;
  } else {
    const tip = kind === "up" ? -4 : 4;
    c.moveTo(x, y + tip);
    c.lineTo(x - 4, y - tip);
    c.lineTo(x + 4, y - tip);
  }
  c.fill();
}

const pictures = new WeakMap();

/** A matrix of bytes as a picture, made once for each theme. */
function picture(plot, mark) {
  const held = pictures.get(mark);
  if (held && held.theme === plot.theme) return held.canvas;
  const canvas = document.createElement("canvas");
  const across = mark.t ? mark.t.length : mark.names.length;
  canvas.width = Math.max(1, across);
  canvas.height = Math.max(1, mark.y.length);
  const bytes = Uint8Array.from(atob(mark.bytes), (each) => each.charCodeAt(0));
  const c = canvas.getContext("2d");
  const image = c.createImageData(canvas.width, canvas.height);
  const [up, down, some] = ["up", "down", "accent"].map((tone) => rgb(plot.shades[tone]));
  for (let row = 0; row < mark.y.length; row += 1) {
    for (let column = 0; column < across; column += 1) {
      const byte = bytes[row * across + column];
      if (!byte) continue;
      const share = (byte - 128) / 127;
      const colour = mark.signed ? (share < 0 ? down : up) : some;
      const place = ((mark.y.length - 1 - row) * across + column) * 4;
      image.data.set(colour, place);
      image.data[place + 3] = Math.min(255, Math.sqrt(Math.abs(share)) * 120);
    }
  }
  c.putImageData(image, 0, 0);
  pictures.set(mark, { theme: plot.theme, canvas });
  return canvas;
}

function rgb(colour) {
  return [1, 3, 5].map((k) => parseInt(colour.slice(k, k + 2), 16));
}

function cells(plot, mark) {
  const { c, x, y } = plot;
  if (mark.cells) {
    written(plot, mark);
    return;
  }
  const image = picture(plot, mark);
  const top = y.at(mark.y[mark.y.length - 1] + mark.height);
  const bottom = y.at(mark.y[0]);
  const left = mark.t ? x.at(mark.t[0]) : x.at(0);
  const right = mark.t ? x.at(mark.t[mark.t.length - 1] + mark.step) : x.at(mark.names.length);
  c.save();
  c.beginPath();
  // nothing is known of what is to come: a column that is not over ends at the present
  c.rect(x.start, 0, Math.min(x.end, mark.t ? x.at(plot.now) : x.end) - x.start, y.start);
  c.clip();
  c.imageSmoothingEnabled = false;
  c.drawImage(image, left, top, right - left, bottom - top);
  c.restore();
}

/** Cells with a text in each: a footprint. */
function written(plot, mark) {
  const { c, x, y } = plot;
  const wide = x.at(1) - x.at(0);
  const tall = Math.abs(y.at(mark.height) - y.at(0));
  const box_ = (column, row) => [x.at(column) + 1, y.at(mark.y[row] + mark.height), wide - 2, Math.max(1, tall - 1)];
  const size = Math.max(8, Math.min(11, tall - 3));
  c.font = plot.font(size);
  c.textAlign = "center";
  c.textBaseline = "middle";
  for (const [column, row, value, text] of mark.cells) {
    const [left, top, width, height] = box_(column, row);
    const share = Math.min(1, Math.abs(value || 0) / mark.peak);
    c.fillStyle = ink(plot, mark.signed ? (value < 0 ? "down" : "up") : "accent", 0.06 + 0.4 * share);
    c.fillRect(left, top, width, height);
    if (tall >= 8) {
      c.fillStyle = plot.shades.text;
      // many digits: smaller, and not over those beside them
      const room = (width - 2) / c.measureText(text).width;
      if (room < 1) c.font = plot.font(size * room);
      c.fillText(text, left + width / 2, top + height / 2);
      if (room < 1) c.font = plot.font(size);
    }
  }
  c.lineWidth = 2;
  for (const [column, row, tone] of mark.strong || []) {
    c.strokeStyle = ink(plot, tone);
    c.strokeRect(...box_(column, row));
  }
  c.textAlign = "left";
}

function strips(plot, mark) {
  const { c, x } = plot;
  c.font = plot.font(11);
  c.textBaseline = "top";
  mark.strips.forEach((each, number) => {
    const top = 2 + number * 30;
    c.fillStyle = plot.shades.text;
    c.fillText(each.name, 4, top);
    for (const [start, end, tone] of each.runs) {
      const left = Math.max(x.start, Math.round(x.at(start)));
      const right = Math.min(x.end, Math.round(x.at(end)));
      if (right <= left) continue;
      c.fillStyle = ink(plot, tone, 0.8);
      c.fillRect(left, top + 13, right - left, 12);
      if (tone === "down") hatch(plot, left, right, top + 13, top + 25);
    }
  });
}

/** Slanted lines over what nobody saw. */
export function hatch(plot, left, right, top, bottom) {
  const { c } = plot;
  c.save();
  c.beginPath();
  c.rect(left, top, right - left, bottom - top);
  c.clip();
  c.fillStyle = ink(plot, "warn", 0.07);
  c.fillRect(left, top, right - left, bottom - top);
  c.strokeStyle = ink(plot, "warn", 0.45);
  c.lineWidth = 1;
  c.beginPath();
  const tall = bottom - top;
  for (let at = left - tall - (left % 8); at < right; at += 8) {
    c.moveTo(at, bottom);
    c.lineTo(at + tall, top);
  }
  c.stroke();
  c.restore();
}

export const DRAW = { candles, line, columns, rows, level, box, points, cells, strips };
