/** Scales, ticks and how figures and times are written. */

/** A value by its place on a line of pixels, and back. */
export function scaleOf(from, to, start, end) {
  const span = to - from || 1;
  return {
    from, to, start, end,
    at: (value) => start + ((value - from) / span) * (end - start),
    value: (pixel) => from + ((pixel - start) / (end - start || 1)) * span,
  };
}

/** Round values between two, about so many. */
export function ticksOf(from, to, count) {
  const raw = (to - from) / Math.max(1, count);
  if (!(raw > 0) || !Number.isFinite(raw)) return [];
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((each) => each * power).find((each) => each >= raw);
  const made = [];
  for (let k = Math.ceil(from / step); k * step <= to + step * 1e-9; k += 1) made.push(k * step);
  return made;
}

const STEPS = [60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800];

/** Seconds at which a time axis is labelled: whole minutes, hours or days. */
export function timeTicks(from, to, count) {
  const step = STEPS.find((each) => (to - from) / each <= count) || STEPS[STEPS.length - 1];
  const made = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) made.push(at);
  return made;
}

const formats = new Map();

function format(zone, options) {
  const key = zone + JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat("en-GB", { timeZone: zone, hourCycle: "h23", ...options }));
  return formats.get(key);
}

const shortTimes = new Map();
const TOLD_MOST = 4000;

/** 14:05, or 15-01 at the beginning of a day; told once, for an axis says the same times in each frame. */
export function shortTime(at, zone) {
  const key = `${at} ${zone}`;
  if (shortTimes.size > TOLD_MOST) shortTimes.clear();
  if (!shortTimes.has(key)) shortTimes.set(key, shortTimeOf(at, zone));
  return shortTimes.get(key);
}

function shortTimeOf(at, zone) {
  const clock = format(zone, { hour: "2-digit", minute: "2-digit" }).format(at * 1000);
  return clock === "00:00" ? format(zone, { month: "2-digit", day: "2-digit" }).format(at * 1000).split("/").reverse().join("-") : clock;
}

/** 2026-01-15 14:05. */
export function longTime(at, zone) {
  const parts = format(zone, { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" })
    .formatToParts(at * 1000);
  const of = (kind) => parts.find((each) => each.type === kind).value;
  return `${of("year")}-${of("month")}-${of("day")} ${of("hour")}:${of("minute")}`;
}

/** 1.25M, 80.5k, 640, 0.0123. */
export function short(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "-";
  const size = Math.abs(value);
  for (const [limit, unit] of [[1e9, "B"], [1e6, "M"], [1e4, "k"]]) {
    if (size >= limit) return `${+(value / (unit === "k" ? 1e3 : limit)).toPrecision(4)}${unit}`;
  }
  return `${+value.toPrecision(5)}`;
}

const prices = new Map();

/** A price with its decimals, thousands apart; told once, as times are. */
export function priced(value, digits) {
  if (value === null || value === undefined) return "-";
  const key = `${value} ${digits}`;
  if (prices.size > TOLD_MOST) prices.clear();
  if (!prices.has(key)) prices.set(key, priceOf(value, digits));
  return prices.get(key);
}

function priceOf(value, digits) {
  // to make a format takes longer than to use it a hundred times
  if (!formats.has(digits)) formats.set(digits, new Intl.NumberFormat("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits }));
  return formats.get(digits).format(value);
}

/** The place of the last number that is not greater, -1 where all are. */
export function lastAt(sorted, value) {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
