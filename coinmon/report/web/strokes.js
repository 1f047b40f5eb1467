/** More points than pixels: extremes found without looking at every point, and thousands of upright strokes at once. */

const BLOCK = 64;
/** Values at the end that may still change. */
const NEWEST = 8;
const extents = new WeakMap();

/** Lowest and highest of values[first..last] (nulls are nothing); whole blocks are looked up. */
export function extentOf(values, first, last) {
  const blocks = blocksOf(values);
  let [low, high] = [Infinity, -Infinity];
  let k = first;
  while (k <= last) {
    const b = k / BLOCK;
    // the newest values are in no block, even where they would fill one
    if (b < blocks.low.length && k % BLOCK === 0 && k + BLOCK - 1 <= last) {
      if (blocks.low[b] < low) low = blocks.low[b];
      if (blocks.high[b] > high) high = blocks.high[b];
      k += BLOCK;
      continue;
    }
    const value = values[k];
    if (value !== null && value !== undefined) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
    k += 1;
  }
  return [low, high];
}

/** Of whole blocks, told once; the newest values may still change, and those are in none. */
function blocksOf(values) {
  let held = extents.get(values);
  if (!held) extents.set(values, (held = { low: [], high: [] }));
  const whole = Math.floor((values.length - NEWEST) / BLOCK);
  while (held.low.length < whole) {
    let [low, high] = [Infinity, -Infinity];
    const from = held.low.length * BLOCK;
    for (let k = from; k < from + BLOCK; k += 1) {
      const value = values[k];
      if (value === null || value === undefined) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    held.low.push(low);
    held.high.push(high);
  }
  // shorter than before: what was held of its end is of another time
  if (held.low.length > Math.max(0, whole)) held.low.length = held.high.length = Math.max(0, whole);
  return held;
}

/** Upright strokes of one device pixel's width. `colours` are what `add` names by their number. */
export function strokesOf(plot, colours) {
  const { c, ratio } = plot;
  const tall = Math.max(1, Math.round(plot.y.start * ratio));
  const wide = Math.max(1, Math.round((plot.x.end - plot.x.start) * ratio));
  const left = Math.round(plot.x.start * ratio) + 0.5;
  // one path of lines for each colour: a quarter of the time of as many rectangles, and a tenth of a path of rectangles
  const paths = colours.map(() => new Path2D());
  return {
    /** column: whole device pixels from the left edge of the plot; high, low: css pixels. */
    add(column, high, low, number) {
      if (column < 0 || column >= wide) return;
      const first = Math.round(high * ratio);
      const last = Math.max(first + 1, Math.round(low * ratio));
      if (last <= 0 || first >= tall) return;
      paths[number].moveTo(left + column, Math.max(0, first));
      paths[number].lineTo(left + column, Math.min(tall, last));
    },
    paint() {
      c.save();
      c.setTransform(1, 0, 0, 1, 0, 0);
      c.setLineDash([]);
      c.lineWidth = 1;
      c.lineCap = "butt";
      paths.forEach((path, number) => {
        c.strokeStyle = colours[number];
        c.stroke(path);
      });
      c.restore();
    },
  };
}
