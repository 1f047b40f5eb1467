"""What the tests ask of the desk's pages in a browser."""

import json

import aiohttp

TOKEN = "correct horse"
COMPLAINTS = {"Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled"}
SHOWN = "document.documentElement.dataset.shown"
LOGIN = """(() => {
  const one = document.getElementById('token');
  if (!one) return Boolean(document.body && document.body.dataset.config);
  one.value = 'TOKEN';
  one.form.submit();
  return true;
})()""".replace("TOKEN", TOKEN)
ROWS = "[...document.querySelectorAll('.board-row')].map(each => each.dataset.pair).filter(Boolean).length >= 6"

# every control has a name, ids are told once, focus goes in the order of the document, text stands out from its paper
ACCESS = """(() => {
  const wrong = [];
  const rgb = (text) => text.match(/[0-9.]+/g).map(Number);
  const light = (c) => c.slice(0, 3).map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, k) => sum + v * [0.2126, 0.7152, 0.0722][k], 0);
  const paper = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const c = rgb(getComputedStyle(at).backgroundColor);
      if (c.length === 3 || c[3] > 0.5) return c;
    }
    return [255, 255, 255];
  };
  for (const one of document.querySelectorAll('button, select, input, a[href], canvas, [role=grid]')) {
    const name = one.getAttribute('aria-label') || one.textContent.trim() || one.labels?.[0]?.textContent.trim();
    if (!name) wrong.push(`no name: ${one.outerHTML.slice(0, 90)}`);
    if (one.tabIndex > 0) wrong.push(`out of order: ${one.id}`);
  }
  const ids = [...document.querySelectorAll('[id]')].map(each => each.id);
  if (new Set(ids).size !== ids.length) wrong.push('an id twice');
  if (!document.querySelector('main') || !document.querySelector('h1')) wrong.push('no main, h1');
  for (const one of document.querySelectorAll('body *')) {
    const own = [...one.childNodes].some(each => each.nodeType === 3 && each.textContent.trim());
    if (!own || !one.getClientRects().length) continue;
    const [a, b] = [light(rgb(getComputedStyle(one).color)), light(paper(one))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) wrong.push(`contrast ${ratio.toFixed(2)}: .${one.className} ${one.textContent.slice(0, 30)}`);
  }
  return { wrong: [...new Set(wrong)].slice(0, 12) };
})()"""


def complaints(page):
    return [json.dumps(each)[:300] for each in page.heard if each.get("method") in COMPLAINTS]


async def still(page, script):
    """What a script gives in the page that is open."""
    port = (page._folder / "DevToolsActivePort").read_text().split()[0]
    async with aiohttp.ClientSession(trust_env=False) as session:
        async with session.get(f"http://127.0.0.1:{port}/json") as reply:
            tab = next(each for each in await reply.json() if each["type"] == "page")
        async with session.ws_connect(tab["webSocketDebuggerUrl"], max_msg_size=0) as socket:
            return await page._value(socket, script)
