"""A report as one HTML file that needs no network: its scene, the modules that draw it, and its figures as words."""

from coinmon.model.moment import iso
from coinmon.report.cells import figures_line, head, market_columns, market_rows, notes, starred
from coinmon.report.document import Report
from coinmon.report.phrases import WORDS, unseen
from coinmon.report.scene import scene
from coinmon.report.signal_lines import signal_lines
from coinmon.report.web import as_one_script, style, web_file


def page(report: Report, lang: str, timezone: str = "UTC") -> bytes:
    """The file. timezone: in which the charts write their times."""
    from jinja2 import Environment
    from orjson import OPT_SERIALIZE_NUMPY, dumps

    drawn = scene(report, lang, timezone=timezone)
    template = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(web_file("page.html"))
    return template.render(
        lang=lang, words=WORDS[lang], scene=drawn, as_of=iso(report.market.now),
        head=head(report, lang), columns=market_columns(report, lang), markets=market_rows(report, lang),
        signals=signal_lines(report, lang),
        notes=[line for line in (*notes(report, lang), WORDS[lang]["utc"], starred(report, lang)) if line],
        unseen=unseen(report, lang),
        # inside a script element nothing may look like its end
        data=dumps(drawn, option=OPT_SERIALIZE_NUMPY).decode().replace("<", "\\u003c"),
        lines={
            name: [(id, figures_line(report, name, id, lang)) for id in results]
            for name, results in report.results.items()
            if results
        },
        style=style(), script=as_one_script("page.js"),
    ).encode()  # fmt: skip
