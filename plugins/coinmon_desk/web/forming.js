/** The minutes that the streams tell and no scene has yet: they are added to its candles and its volume. */

const PRICES = ["open", "high", "low", "close"];

/** Rows are [seconds, open, high, low, close, bought, sold, whole]. `before`: of the scene that was shown until now. */
export function grower(scene, before) {
  const price = scene.panes.find((each) => each.id === "price");
  const volume = scene.panes.find((each) => each.id === "volume");
  const mark = price.marks[0];
  const [up, down] = volume.marks;
  const step = mark.step;
  const size = mark.t.length;
  const sold = up.t.length;
  const last = size ? PRICES.map((name) => mark[name][size - 1]) : null;
  const amounts = sold ? [up.v[sold - 1], down.v[sold - 1]] : null;
  const holes = [price.holes, volume.holes];
  const minutes = new Map();

  function restore() {
    mark.t.length = size;
    PRICES.forEach((name, k) => {
      mark[name].length = size;
      if (size) mark[name][size - 1] = last[k];
    });
    // both marks share their times where the server wrote them once
    for (const each of [up, down]) each.t.length = each.v.length = sold;
    if (sold) [up.v[sold - 1], down.v[sold - 1]] = amounts;
    [price.holes, volume.holes] = holes;
  }

  function add([time, open, high, low, close, bought, sale, whole]) {
    const anchor = size ? mark.t[0] : scene.start;
    const begins = anchor + Math.floor((time - anchor) / step) * step;
    const k = mark.t.length - 1;
    if (k >= 0 && mark.t[k] === begins) {
      mark.high[k] = Math.max(mark.high[k], high);
      mark.low[k] = Math.min(mark.low[k], low);
      mark.close[k] = close;
    } else if (k < 0 || begins > mark.t[k]) {
      mark.t.push(begins);
      [open, high, low, close].forEach((value, n) => mark[PRICES[n]].push(value));
    } else return;
    const rose = mark.close[mark.t.length - 1] >= mark.open[mark.t.length - 1];
    const v = up.t.length - 1;
    const held = v >= 0 && up.t[v] === begins ? (up.v[v] || 0) + (down.v[v] || 0) : null;
    const total = (held || 0) + bought + sale;
    const place = held === null ? v + 1 : v;
    for (const [each, mine] of [[up, rose], [down, !rose]]) {
      each.t[place] = begins;
      each.v[place] = mine ? total : null;
    }
    if (!whole) {
      price.holes = [...price.holes, [time, time + 60]];
      volume.holes = [...volume.holes, [time, time + 60]];
    }
    price.last = close;
  }

  function redo() {
    restore();
    for (const time of [...minutes.keys()].sort((a, b) => a - b)) if (time >= scene.end) add(minutes.get(time));
  }

  function take(rows) {
    for (const row of rows) minutes.set(row[0], row);
    for (const time of minutes.keys()) if (time < scene.end - 3600) minutes.delete(time);
    redo();
  }

  if (before && before.of === scene.of) take(before.rows());
  return { of: scene.of, take, rows: () => [...minutes.values()].filter((row) => row[0] >= scene.end) };
}
