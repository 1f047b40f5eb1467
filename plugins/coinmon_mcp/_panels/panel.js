/** A panel in a conversation: asks its host for the scene of the answer that it belongs to, and draws it. */
const PROTOCOL = "2026-01-26";
const WORDS = {
  en: {
    waits: "waiting for the answer", draws: "drawing", reset: "whole view", newest: "as of now", few: "fewer panels",
    all: "all panels", large: "full screen", small: "in the conversation", cancelled: "the question was cancelled",
    cannot: "this client does not let panels ask for their data; the answer's text has the figures",
  },
  zh: {
    waits: "等待回答", draws: "正在绘制", reset: "恢复视图", newest: "截至现在", few: "收起面板",
    all: "全部面板", large: "全屏", small: "回到对话", cancelled: "该提问已取消",
    cannot: "此客户端不允许面板自行取数；数字见回答的文字",
  },
};
const page = document.documentElement;
const part = (id) => document.getElementById(id);
const waiting = new Map();
let asked = 0;
let host = { context: {}, can: {} };
let given = null;
let sheet = null;
let scene = null;
let turn = 0;

function post(message) {
  window.parent.postMessage({ jsonrpc: "2.0", ...message }, "*");
}

function request(method, params) {
  asked += 1;
  const id = asked;
  return new Promise((done, failed) => {
    waiting.set(id, { done, failed });
    post({ id, method, params });
  });
}

function notify(method, params = {}) {
  post({ method, params });
}

function language() {
  const wanted = given?.lang || host.context.locale || navigator.language || "en";
  return wanted.toLowerCase().startsWith("zh") ? "zh" : "en";
}

function say(text) {
  part("told").textContent = text;
}

function dress() {
  const words = WORDS[language()];
  page.lang = language() === "zh" ? "zh-CN" : "en";
  if (host.context.theme) page.dataset.theme = host.context.theme;
  const large = host.context.displayMode === "fullscreen";
  const several = (scene?.panes.length || 0) > 3;
  const brief = part("sheet").classList.contains("brief");
  part("reset").textContent = words.reset;
  part("newest").textContent = words.newest;
  part("all").textContent = `${brief ? words.all : words.few} (${scene?.panes.length || 0})`;
  part("large").textContent = large ? words.small : words.large;
  part("reset").hidden = part("newest").hidden = !scene;
  part("all").hidden = !several;
  part("large").hidden = !scene || !(host.context.availableDisplayModes || []).includes("fullscreen");
  sheet?.redraw();
}

/** Draws the answer that was given as of a moment; as of now where there is none. */
async function draw(at) {
  const words = WORDS[language()];
  if (!host.can.serverTools) return say(words.cannot);
  turn += 1;
  const mine = turn;
  say(words.draws);
  const { symbol, exchange, kind } = given;
  const call = { tool: page.dataset.tool, symbol, exchange, kind, at, given, lang: language() };
  call.timezone = host.context.timeZone || "UTC";
  for (const name of Object.keys(call)) if (call[name] === undefined || call[name] === null) delete call[name];
  try {
    const answer = await request("tools/call", { name: "get_chart", arguments: call });
    if (mine !== turn) return undefined;
    if (answer.isError) throw new Error(answer.content?.[0]?.text || words.cannot);
    const found = answer.structuredContent || JSON.parse(answer.content[0].text);
    scene = found.scene;
    part("title").textContent = scene.title;
    part("moment").textContent = scene.as_of;
    part("moment").dateTime = scene.as_of;
    say(Object.values(found.failed || {}).join("; "));
    if (sheet) sheet.show(scene);
    else sheet = sheetOf(part("sheet"), scene);
    window.coinmonSheet = sheet;
    dress();
    page.dataset.drawn = String(mine);
  } catch (error) {
    if (mine === turn) say(String(error.message || error));
  }
  return undefined;
}

const HEARD = {
  "ui/notifications/tool-input": ({ arguments: arguments_ }) => {
    given = arguments_ || {};
  },
  "ui/notifications/tool-result": (result) => {
    given ||= {};
    // without the arguments the answer still says what it is of
    given.symbol ||= (result.structuredContent?.pair || "").replace("/", "");
    if (result.isError || !given.symbol) say(result.content?.[0]?.text || "");
    else draw(result.structuredContent?.asOf || given.at);
  },
  "ui/notifications/tool-cancelled": () => say(WORDS[language()].cancelled),
  "ui/notifications/host-context-changed": (changed) => {
    const before = language();
    Object.assign(host.context, changed);
    dress();
    if (scene && before !== language()) draw(scene.as_of);
  },
};

window.addEventListener("message", ({ source, data }) => {
  if (source !== window.parent || !data || data.jsonrpc !== "2.0") return;
  if (data.method === undefined) {
    const answer = waiting.get(data.id);
    waiting.delete(data.id);
    if (data.error) answer?.failed(new Error(data.error.message));
    else answer?.done(data.result);
  } else if (data.id === undefined) HEARD[data.method]?.(data.params || {});
  else if (data.method === "ping" || data.method === "ui/resource-teardown") post({ id: data.id, result: {} });
  else post({ id: data.id, error: { code: -32601, message: `no method ${data.method}` } });
});

part("reset").addEventListener("click", () => sheet.whole());
part("newest").addEventListener("click", () => draw(undefined));
part("all").addEventListener("click", () => {
  part("sheet").classList.toggle("brief");
  dress();
});
part("large").addEventListener("click", async () => {
  const mode = host.context.displayMode === "fullscreen" ? "inline" : "fullscreen";
  const set = await request("ui/request-display-mode", { mode });
  host.context.displayMode = set.mode;
  part("sheet").classList.toggle("brief", set.mode !== "fullscreen");
  dress();
});

let told = 0;
new ResizeObserver(() => {
  const height = Math.ceil(page.getBoundingClientRect().height);
  if (height === told) return;
  told = height;
  notify("ui/notifications/size-changed", { height, width: Math.ceil(page.getBoundingClientRect().width) });
}).observe(page);

const began = await request("ui/initialize", {
  appInfo: { name: "coinmon", version: "1" },
  appCapabilities: { availableDisplayModes: ["inline", "fullscreen"] },
  protocolVersion: PROTOCOL,
});
host = { context: began.hostContext || {}, can: began.hostCapabilities || {} };
dress();
say(WORDS[language()].waits);
notify("ui/notifications/initialized");
