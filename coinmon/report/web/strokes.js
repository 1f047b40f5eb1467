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
    if (k % BLOCK === 0 && k + BLOCK - 1 <= last) {
      const b = k / BLOCK;
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

/** A picture for each mark: one that is painted on again before the frame is over would be copied first. */
const papers = new WeakMap();
/** Pixels of a stroke up to which it is written into the picture: longer ones are quicker as rectangles. */
const SHORT_PIXELS = 24;

function paperOf(mark, wide, tall) {
  let paper = papers.get(mark);
  if (!paper || paper.wide !== wide || paper.tall !== tall) {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [wide, tall];
    const c = canvas.getContext("2d", { willReadFrequently: true });
    const image = c.createImageData(wide, tall);
    const [tops, bottoms] = [new Int32Array(wide), new Int32Array(wide)];
    paper = { canvas, c, image, words: new Uint32Array(image.data.buffer), wide, tall, tops, bottoms };
    papers.set(mark, paper);
  }
  return paper;
}

/** Strokes of one pixel's width, at most one to each pixel across. `colours` are what `add` names by their number. */
export function strokesOf(plot, mark, colours) {
  const { c, ratio } = plot;
  const tall = Math.max(1, Math.round(plot.y.start * ratio));
  const paper = paperOf(mark, Math.max(1, Math.round((plot.x.end - plot.x.start) * ratio)), tall);
  const { words, tops, bottoms, wide } = paper;
  const left = Math.round(plot.x.start * ratio);
  const inks = colours.map(wordOf);
  let [top, bottom, from, to] = [tall, 0, wide, -1];
  let set = -1;
  c.save();
  c.setTransform(1, 0, 0, 1, 0, 0);
  return {
    /** column: whole device pixels from the left edge of the plot; high, low: css pixels. */
    add(column, high, low, number) {
      if (column < 0 || column >= wide) return;
      let first = Math.round(high * ratio);
      let last = Math.max(first + 1, Math.round(low * ratio));
      if (last <= 0 || first >= tall) return;
      if (first < 0) first = 0;
      if (last > tall) last = tall;
      if (last - first > SHORT_PIXELS) {
        // a colour is read anew each time that it is set
        if (set !== number) c.fillStyle = colours[(set = number)];
        c.fillRect(left + column, first, 1, last - first);
        return;
      }
      const word = inks[number];
      for (let at = first * wide + column, end = last * wide + column; at < end; at += wide) words[at] = word;
      tops[column] = first;
      bottoms[column] = last;
      if (first < top) top = first;
      if (last > bottom) bottom = last;
      if (column < from) from = column;
      if (column > to) to = column;
    },
    paint() {
      if (to >= from) {
        const [across, down] = [to - from + 1, bottom - top];
        paper.c.putImageData(paper.image, 0, 0, from, top, across, down);
        c.drawImage(paper.canvas, from, top, across, down, left + from, top, across, down);
      }
      c.restore();
      for (let column = from; column <= to; column += 1) {
        for (let at = tops[column] * wide + column, end = bottoms[column] * wide + column; at < end; at += wide) words[at] = 0;
        bottoms[column] = 0;
      }
    },
  };
}

const wordsOf = new Map();

/** #rrggbb or #rrggbbaa as a pixel of a picture. */
function wordOf(colour) {
  let word = wordsOf.get(colour);
  if (word === undefined) {
    const [r, g, b, a] = [1, 3, 5, 7].map((k) => (k < colour.length ? parseInt(colour.slice(k, k + 2), 16) : 255));
    word = new Uint32Array(new Uint8ClampedArray([r, g, b, a]).buffer)[0];
    wordsOf.set(colour, word);
  }
  return word;
}
