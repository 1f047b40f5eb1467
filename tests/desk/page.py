"""What the tests ask of the desk's pages in a browser."""

import json

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


def complaints(page):
    return [json.dumps(each)[:300] for each in page.heard if each.get("method") in COMPLAINTS]
