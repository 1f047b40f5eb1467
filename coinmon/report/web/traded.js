/** What traded at each price of what is in sight: its profile, its time at price, and footprints of wide candles. */
import { ink } from "./draw.js";
import { lastAt, priced, short } from "./scale.js";

const BRACKET_SECONDS = 1800;
const AREA_SHARE = 0.7;
const MOST_ROWS = 4000;
export const DELTA_PIXELS = 32;
export const CELL_PIXELS = 80;
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Rows to a group so that each is so many pixels high: 1, 2, 5, 10, .. */
export function grouping(height, y, least) {
  const pixels = Math.abs(y.at(height) - y.at(0));
  let group = 1;
  for (let k = 1; group * pixels < least && group < 1e9; k += 1) group = [1, 2, 5][k % 3] * 10 ** Math.floor(k / 3);
  return group;
}

/** Candles that begin in [from, to): the first and the one after the last. */
function within(times, from, to) {
  return [lastAt(times, from - 1e-6) + 1, lastAt(times, to - 1e-6) + 1];
}

const grouped = new WeakMap();

/** The row of each entry in groups of rows, told once for each size of group. */
function rowsBy(traded, group) {
  let held = grouped.get(traded);
  if (!held || held.group !== group) {
    held = { group, rows: Int32Array.from(traded.row, (each) => Math.floor(each / group)) };
    grouped.set(traded, held);
  }
  return held.rows;
}

/** What was bought and sold at each row of the candles that begin in [from, to); none where nothing is known. */
export function tradedIn(traded, from, to, group) {
  const [first, last] = within(traded.t, from, to);
  const [a, b] = [traded.start[first], traded.start[last]];
  let minutes = 0;
  for (let k = first; k < last; k += 1) minutes += traded.minutes[k];
  const made = { minutes, of: Math.round(((last - first) * traded.step) / 60), group, height: traded.height * group, first: 0, buy: [], sell: [] };
  if (!(b > a)) return made;
  const rows = rowsBy(traded, group);
  let [low, high] = [rows[a], rows[a]];
  for (let k = a + 1; k < b; k += 1) {
    if (rows[k] < low) low = rows[k];
    else if (rows[k] > high) high = rows[k];
  }
  made.first = low;
  if (high - low >= MOST_ROWS) return made;
  made.buy = new Array(high - low + 1).fill(0);
  made.sell = new Array(high - low + 1).fill(0);
  for (let k = a; k < b; k += 1) {
    made.buy[rows[k] - low] += traded.buy[k];
    made.sell[rows[k] - low] += traded.sell[k];
  }
  return made;
}

/** Row of most; of equal ones the nearest to the middle, then towards more, then the lower. */
function control(values) {
  const most = Math.max(...values);
  const last = values.length - 1;
  const ties = values.map((each, k) => (each === most ? k : -1)).filter((k) => k >= 0);
  const near = Math.min(...ties.map((k) => Math.abs(2 * k - last)));
  const nearest = ties.filter((k) => Math.abs(2 * k - last) === near);
  if (nearest.length < 2) return nearest[0];
  const sum = (some) => some.reduce((total, each) => total + each, 0);
  return sum(values.slice((last + 2) >> 1)) > sum(values.slice(0, (last + 1) >> 1)) ? nearest[1] : nearest[0];
}

/** First and last row of the value area: outwards from the row of most, the larger of two rows above and two below. */
export function areaOf(values) {
  const poc = control(values);
  const enough = values.reduce((total, each) => total + each, 0) * AREA_SHARE;
  const last = values.length - 1;
  let [low, high, inside] = [poc, poc, values[poc]];
  while (inside < enough * (1 - 1e-9) && (low > 0 || high < last)) {
    const above = high < last ? values[high + 1] + (values[high + 2] || 0) : -1;
    const below = low > 0 ? values[low - 1] + (values[low - 2] || 0) : -1;
    if (above >= below) {
      inside += above;
      high = Math.min(high + 2, last);
    } else {
      inside += below;
      low = Math.max(low - 2, 0);
    }
  }
  return { poc, low, high };
}

/** Volume at price in a lane beside the candles; gives its levels, or null where nothing is known. */
export function volumeProfile(plot, traded, from, to, lane) {
  const found = tradedIn(traded, from, to, grouping(traded.height, plot.y, 4));
  const figures = { minutes: found.minutes, of: found.of, height: found.height, poc: null, vah: null, val: null };
  if (!found.buy.length) return figures;
  const { c, y } = plot;
  const total = found.buy.map((each, k) => each + found.sell[k]);
  const area = areaOf(total);
  const edge = (row) => (found.first + row) * found.height;
  const most = total[area.poc];
  const tall = Math.max(1, Math.floor(Math.abs(y.at(found.height) - y.at(0))) - 1);
  const right = Math.round(lane.right);
  // one colour after the other, at whole pixels: to set a colour takes longer than to fill a row with it
  for (const [tone, strong] of [["up", true], ["up", false], ["down", true], ["down", false]]) {
    c.fillStyle = ink(plot, tone, strong ? 0.5 : 0.26);
    for (let k = 0; k < total.length; k += 1) {
      if (!total[k] || strong !== (k >= area.low && k <= area.high)) continue;
      const wide = Math.round((lane.wide * total[k]) / most);
      const bought = Math.round((wide * found.buy[k]) / total[k]);
      const top = Math.round(y.at(edge(k + 1)));
      if (tone === "up") c.fillRect(right - bought, top, bought, tall);
      else c.fillRect(right - wide, top, wide - bought, tall);
    }
  }
  figures.poc = edge(area.poc);
  figures.vah = edge(area.high + 1);
  figures.val = edge(area.low);
  marks(plot, lane, [["POC", figures.poc + found.height / 2, "accent"], ["VAH", figures.vah, "muted"], ["VAL", figures.val, "muted"]]);
  return figures;
}

/** Short lines in a lane, with their names at its left edge. */
function marks(plot, lane, several) {
  const { c, y } = plot;
  for (const [, value, tone] of several) {
    c.fillStyle = ink(plot, tone, 0.9);
    c.fillRect(lane.right - lane.wide, Math.round(y.at(value)), lane.wide, 1);
  }
  for (const [name, value, tone] of several) plot.label(name, Math.round(y.at(value)) + 0.5, tone);
}

/** Which half hours printed at each row of the candles' ranges; letters where they can be read. */
export function timeAtPrice(plot, candles, from, to, height, lane) {
  const group = grouping(height, plot.y, 4);
  const size = height * group;
  const seconds = Math.max(BRACKET_SECONDS, candles.step);
  const [first, last] = within(candles.t, from, to);
  const figures = { brackets: 0, height: size, poc: null, vah: null, val: null };
  if (last <= first) return figures;
  const ranges = new Map();
  for (let k = first; k < last; k += 1) {
    const bracket = Math.floor(candles.t[k] / seconds);
    const held = ranges.get(bracket);
    if (held) {
      held[0] = Math.min(held[0], candles.low[k]);
      held[1] = Math.max(held[1], candles.high[k]);
    } else ranges.set(bracket, [candles.low[k], candles.high[k]]);
  }
  const rowOf = (price) => Math.floor(price / size + 1e-9);
  const low = Math.min(...[...ranges.values()].map((each) => rowOf(each[0])));
  const high = Math.max(...[...ranges.values()].map((each) => rowOf(each[1])));
  if (high - low >= MOST_ROWS) return figures;
  const rows = Array.from({ length: high - low + 1 }, () => []);
  [...ranges].sort((a, b) => a[0] - b[0]).forEach(([, [from_, to_]], number) => {
    for (let row = rowOf(from_); row <= rowOf(to_); row += 1) rows[row - low].push(number);
  });
  const area = areaOf(rows.map((each) => each.length));
  const { c, y } = plot;
  const most = rows[area.poc].length;
  const tall = Math.abs(y.at(size) - y.at(0));
  const wide = lane.wide / Math.max(most, 4);
  const readable = tall >= 9 && wide >= 7;
  c.font = plot.font(9);
  c.textAlign = "center";
  c.textBaseline = "middle";
  rows.forEach((letters, k) => {
    const top = y.at((low + k + 1) * size);
    letters.forEach((number, place) => {
      const left = lane.right - lane.wide + place * wide;
      const inside = k >= area.low && k <= area.high;
      c.fillStyle = ink(plot, `s${number % 8}`, inside ? 0.5 : 0.28);
      c.fillRect(left, Math.round(top), Math.max(1, wide - 1), Math.max(1, Math.floor(tall) - 1));
      if (!readable) return;
      c.fillStyle = plot.shades.text;
      c.fillText(LETTERS[number % LETTERS.length], left + wide / 2, top + tall / 2);
    });
  });
  c.textAlign = "left";
  figures.brackets = ranges.size;
  figures.poc = (low + area.poc) * size;
  figures.vah = (low + area.high + 1) * size;
  figures.val = (low + area.low) * size;
  marks(plot, lane, [["TPO POC", figures.poc + size / 2, "second"]]);
  return figures;
}

/** What a candle of that width shows of what traded inside it: nothing, a bar of delta at each price, or both figures. */
export function stageOf(wide) {
  return wide >= CELL_PIXELS ? "cells" : wide >= DELTA_PIXELS ? "delta" : "candles";
}

/** Footprints of the candles in sight. */
export function footprint(plot, traded, stage) {
  const { c, x, y } = plot;
  const wide = x.at(traded.step) - x.at(0);
  const cells = stage === "cells";
  const group = grouping(traded.height, y, cells ? 12 : 4);
  const size = traded.height * group;
  const tall = Math.abs(y.at(size) - y.at(0));
  const first = Math.max(0, lastAt(traded.t, x.from - traded.step));
  const last = Math.min(traded.t.length - 1, lastAt(traded.t, x.to));
  const found = [];
  let most = 1e-12;
  for (let k = first; k <= last; k += 1) {
    const rows = rowsOf(traded, k, group);
    for (const [buy, sell] of rows.values()) most = Math.max(most, cells ? buy + sell : Math.abs(buy - sell));
    if (rows.size) found.push([k, rows]);
  }
  c.font = plot.font(Math.max(8, Math.min(11, tall - 3)));
  c.textBaseline = "middle";
  for (const [k, rows] of found) {
    const left = Math.round(x.at(traded.t[k])) + 10;
    const room = wide - 14;
    const poc = [...rows].reduce((a, b) => (b[1][0] + b[1][1] > a[1][0] + a[1][1] ? b : a))[0];
    for (const [row, [buy, sell]] of rows) {
      const top = Math.round(y.at((row + 1) * size));
      const high = Math.max(1, Math.floor(tall) - 1);
      const delta = buy - sell;
      if (!cells) {
        c.fillStyle = ink(plot, delta < 0 ? "down" : "up", 0.7);
        c.fillRect(left, top, Math.max(1, (room * Math.abs(delta)) / most), high);
        continue;
      }
      c.fillStyle = ink(plot, delta < 0 ? "down" : "up", 0.05 + (0.4 * (buy + sell)) / most);
      c.fillRect(left, top, room, high);
      if (row === poc) {
        c.strokeStyle = ink(plot, "accent");
        c.lineWidth = 1;
        c.strokeRect(left + 0.5, top + 0.5, room - 1, high - 1);
      }
      if (tall < 10 || room < 60) continue;
      // three times what stands against it on the diagonal
      const below = rows.get(row - 1)?.[1] || 0;
      const above = rows.get(row + 1)?.[0] || 0;
      const middle = left + room / 2;
      c.textAlign = "right";
      c.fillStyle = ink(plot, above > 0 && sell >= 3 * above ? "down" : "text");
      c.fillText(brief(sell), middle - 6, top + tall / 2);
      c.textAlign = "center";
      c.fillStyle = ink(plot, "dim");
      c.fillText("×", middle, top + tall / 2);
      c.textAlign = "left";
      c.fillStyle = ink(plot, below > 0 && buy >= 3 * below ? "up" : "text");
      c.fillText(brief(buy), middle + 6, top + tall / 2);
    }
  }
  c.textAlign = "left";
  return { stage, height: size, candles: found.length };
}

function rowsOf(traded, k, group) {
  const rows = new Map();
  for (let place = traded.start[k]; place < traded.start[k + 1]; place += 1) {
    const row = Math.floor(traded.row[place] / group);
    const held = rows.get(row) || [0, 0];
    rows.set(row, [held[0] + traded.buy[place], held[1] + traded.sell[place]]);
  }
  return rows;
}

/** Few digits: two figures share a cell. */
function brief(value) {
  if (value >= 1 || value === 0) return short(+value.toPrecision(3));
  return value < 0.001 ? "<.001" : value.toFixed(value < 0.095 ? 3 : 2).replace(/^0/, "");
}

/** The levels in words, for who cannot see them and who wants them exactly. */
export function profileWords(words, figures, digits) {
  if (figures.poc === null) return `${words.profile_none} (${figures.minutes}/${figures.of} ${words.minutes})`;
  const levels = ["poc", "vah", "val"].map((each) => `${each.toUpperCase()} ${priced(figures[each], digits)}`).join(" ");
  return `${levels} · ${figures.minutes}/${figures.of} ${words.minutes}`;
}
