"""The functions of the language, a line each as `rules fields` shows it."""

OF_FLAGS = frozenset({"all", "any", "count"})
"""Functions over conditions; the others are over numbers."""
FUNCTIONS = {
    "abs": "abs(x): size without sign",
    "max": "max(a, b): the larger; max(x, 15m): the largest of the last 15 minutes; max(f(each).x): of all venues",
    "min": "min(a, b), min(x, 15m), min(f(each).x): likewise the smallest",
    "sum": "sum(x, 15m), sum(f(each).x): added up",
    "mean": "mean(x, 1h), mean(f(each).x): the mean",
    "spread": "spread(f(each).x): the largest venue's less the smallest's",
    "count": "count(condition, 15m): minutes in which it held; count(f(each).x > 0): venues for which it does",
    "all": "all(condition, 3m): it held in each of the last 3 minutes; all(f(each).x > 0): on each venue",
    "any": "any(condition, 15m), any(f(each).x > 0): at least once, on at least one venue",
    "before": "before(x, 15m): what it was 15 minutes ago",
    "change": "change(x, 15m): now less 15 minutes ago",
    "change_pct": "change_pct(x, 15m): that in % of its size 15 minutes ago",
    "slope": "slope(x, 1h): least squares over the last hour, a minute (or a step: slope(x, 1h, 5m))",
    "z": "z(x, 4h): deviations from the mean of the 4 hours before; z(x, 4h, 5m): of every fifth minute",
    "percentile": "percentile(x, 1d): share of the day before that was below it, in %",
    "minutes_since": "minutes_since(structure(spot).events[last].time): age of a time, minutes",
    "price": "price(spot): last price of all spot markets, price(binance): of one; at most 5 minutes old",
    "on": "on(consensus): that signal is on for the pair",
}  # fmt: skip
