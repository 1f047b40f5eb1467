"use strict";
const FIGURES = JSON.parse(document.getElementById("figures").textContent);
const SHADES = {
  light: {
    paper: "#ffffff", text: "#1b2430", rule: "#e3e7ec", up: "#0f8a6a", down: "#c93a4c", plain: "#1b2430", warn: "#d08a12",
    accent: "#2563c9", second: "#8a5cc4", third: "#b0730f", muted: "#7b8694", s0: "#2563c9", s1: "#d9712b", s2: "#0f8a6a",
    s3: "#8a5cc4", s4: "#c93a4c", s5: "#1295a8", s6: "#9a7d0a", s7: "#6b7683",
  },
  dark: {
    paper: "#11161d", text: "#dfe6ee", rule: "#263039", up: "#2fbf96", down: "#f06a7a", plain: "#dfe6ee", warn: "#e0a63c",
    accent: "#6ea3f7", second: "#b794f0", third: "#e3b15a", muted: "#8b97a5", s0: "#6ea3f7", s1: "#f0945a", s2: "#2fbf96",
    s3: "#b794f0", s4: "#f06a7a", s5: "#4fc3d4", s6: "#d6bb4a", s7: "#9aa6b3",
  },
};
const root = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");
const narrow = matchMedia("(max-width: 640px)");
const touch = matchMedia("(pointer: coarse)");

function theme() {
  return root.dataset.theme || (system.matches ? "dark" : "light");
}

/** "@up" and "@up30" (30% of it) as colours, everywhere in a figure. */
function painted(value, shades) {
  if (typeof value === "string") {
    const named = /^@([a-z]+\d?)(\d\d)?$/.exec(value);
    if (!named || !(named[1] in shades)) return value;
    const strength = named[2] ? Math.round(named[2] * 2.55).toString(16).padStart(2, "0") : "";
    return shades[named[1]] + strength;
  }
  if (Array.isArray(value)) return value.map((each) => painted(each, shades));
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, painted(each, shades)]));
  }
  return value;
}

function laidOut(figure, shades) {
  const layout = painted(figure.layout, shades);
  const small = narrow.matches;
  const axis = { gridcolor: shades.rule, zerolinecolor: shades.rule, linecolor: shades.rule };
  for (const key of Object.keys(layout)) {
    if (/^[xy]axis\d*$/.test(key)) layout[key] = { ...axis, automargin: key !== "yaxis", ...layout[key] };
  }
  if (small) {
    layout.yaxis.title = { text: "" };
    layout.xaxis = { ...layout.xaxis, nticks: 4, tickangle: 0 };
    for (const key of Object.keys(layout)) {
      if (/^xaxis\d+$/.test(key)) layout[key].showticklabels = false;
    }
  } else if (figure.place === "time") {
    // the same moment is below the same place of the candles
    layout.xaxis.domain = FIGURES[0].layout.xaxis.domain;
  }
  return {
    paper_bgcolor: shades.paper, plot_bgcolor: shades.paper, font: { color: shades.text, size: small ? 10 : 12 },
    margin: { l: small ? 40 : 64, r: 8, t: 28, b: 28 }, dragmode: touch.matches ? false : "zoom", hovermode: "closest",
    legend: { orientation: "h", y: 1.01, yanchor: "bottom", x: 0, font: { size: small ? 9 : 11 } }, ...layout,
  };
}

const drawn = [];
let following = false;

/** Charts that share the time axis are zoomed together. */
function follow(from, change) {
  if (following) return;
  const whole = change["xaxis.autorange"];
  const start = change["xaxis.range[0]"] ?? change["xaxis.range"]?.[0];
  if (!whole && start === undefined) return;
  const end = change["xaxis.range[1]"] ?? change["xaxis.range"]?.[1];
  following = true;
  const others = drawn.filter((each) => each.div !== from && each.figure.place !== "own");
  const asked = whole ? { "xaxis.autorange": true } : { "xaxis.range": [start, end] };
  Promise.all(others.map((each) => Plotly.relayout(each.div, asked))).finally(() => { following = false; });
}

function draw(div, figure) {
  const shades = SHADES[theme()];
  const config = {
    responsive: true, displaylogo: false, displayModeBar: touch.matches ? false : "hover",
    modeBarButtons: [["toImage", "resetScale2d"]],
  };
  const traces = painted(figure.traces, shades);
  if (narrow.matches) traces.forEach((each) => { each.showscale = false; });
  return Plotly.react(div, traces, laidOut(figure, shades), config);
}

async function show(number) {
  const figure = FIGURES[number];
  const div = document.getElementById(`chart-${number}`);
  await draw(div, figure);
  if (!drawn.some((each) => each.div === div)) {
    drawn.push({ div, figure });
    if (figure.place !== "own") div.on("plotly_relayout", (change) => follow(div, change));
  }
}

/** The candles at once, then what shares their time axis; charts of their own when the browser has nothing else to do. */
async function drawAll() {
  const later = [];
  for (const [number, figure] of FIGURES.entries()) {
    if (figure.place === "own" && drawn.length < FIGURES.length) {
      later.push(number);
      continue;
    }
    if (number) await new Promise((resume) => setTimeout(resume));
    await show(number);
    if (!number) root.dataset.opened = Math.round(performance.now());
  }
  root.dataset.drawn = Math.round(performance.now());
  for (const number of later) {
    await new Promise((resume) => (window.requestIdleCallback || setTimeout)(resume, { timeout: 200 }));
    await show(number);
  }
  root.dataset.complete = Math.round(performance.now());
}

document.getElementById("theme").addEventListener("click", () => {
  root.dataset.theme = theme() === "dark" ? "light" : "dark";
  drawAll();
});
system.addEventListener("change", drawAll);
narrow.addEventListener("change", drawAll);
drawAll();
