"""Messages from templates: the bundled ones, or the user's of the same name."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from coinmon.output import time_zone
from coinmon_outputs._facts import facts
from coinmon_outputs._headline import title

Lang = Annotated[Literal["zh", "en", "both"] | None, Field(description="language of the messages: zh, en or both")]
Zone = Annotated[
    Annotated[str, AfterValidator(time_zone)] | None, Field(description="time zone of the messages, an IANA name")
]
Templates = Annotated[
    Path | None, Field(description="a folder with your own signal.zh.md.j2 and so on; see docs/notifications.md")
]
Template = Annotated[
    Literal["full", "seed"],
    Field(
        description="full: price, levels, open interest, funding and record too; seed: the text of the older monitor"
    ),
]
Paint = Callable[[str, int], str]
"""Colours a text by the sign of a figure, where the robot has colours."""

_BUNDLED = Path(__file__).with_name("templates")
_KINDS = ("seed", "signal", "signal_ended", "whale", "digest")
_BROKEN = (ArithmeticError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError)
"""What a template may raise besides its own errors: one that cannot be read, one that includes itself."""


def plain(text: str, sign: int) -> str:
    return text


class Writer:
    """Writes one output's messages in markdown: lines are lines, groups of them have an empty line between."""

    def __init__(
        self,
        name: str,
        lang: str | None,
        timezone: str | None,
        templates: Path | None,
        paint: Paint = plain,
        template: str = "full",
        rule: str = "---",
    ) -> None:
        """rule: what stands between two languages; a line across for robots that draw one of `---`."""
        self._name = name
        self._between = f"\n\n{rule}\n\n"
        self._langs = ("zh", "en") if lang == "both" else (lang or "zh",)
        self._zone = ZoneInfo(timezone or "UTC")
        self._folder = templates
        self._paint = paint
        self._signal = "seed" if template == "seed" else "signal"
        self._environments: list[Any] = []
        self._told: set[str] = set()

    def title(self, event: Mapping[str, Any]) -> str:
        """One line, for lists and notifications."""
        return " ".join(title(event, self._langs[0]).split())

    def text(self, event: Mapping[str, Any]) -> str:
        """The message. The user's template that fails is named in the log, and the bundled one used: it is sent."""
        return self._between.join(self._written(event, lang) for lang in self._langs)

    def _written(self, event: Mapping[str, Any], lang: str) -> str:
        from jinja2 import TemplateError, TemplateNotFound  # 50 ms, and not needed where no robot is configured

        kind = str(event.get("event"))
        kind = self._signal if kind == "signal" else kind
        file = f"{kind if kind in _KINDS else 'signal'}.{lang}.md.j2"
        for environment in self._made():
            try:
                text = environment.get_template(file).render(facts(event, lang, self._zone))
            except TemplateNotFound as error:
                if error.name != file:
                    self._complain(file, f"there is no {error.name}")
            except (TemplateError, *_BROKEN) as error:
                line = getattr(error, "lineno", None)
                self._complain(file, f"{f'line {line}: ' if line else ''}{error}")
            else:
                return str(text).strip()
        raise LookupError(f"no template {file}")

    def _made(self) -> list[Any]:
        if not self._environments:
            from jinja2 import FileSystemLoader, StrictUndefined
            from jinja2.sandbox import SandboxedEnvironment

            if self._folder and not self._folder.is_dir():
                self._complain(str(self._folder), "there is no such folder")
            for folder in filter(None, (self._folder, _BUNDLED)):
                made = SandboxedEnvironment(
                    loader=FileSystemLoader(folder), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
                )
                made.filters["paint"] = self._paint
                self._environments.append(made)
        return self._environments

    def _complain(self, file: str, why: str) -> None:
        problem = f"output {self._name}: template {file}: {' '.join(why.split())}"
        if problem not in self._told:
            self._told.add(problem)
            from loguru import logger

            logger.bind(plugin=self._name).error(
                "{}; the bundled one is used: correct it in outputs.{}.templates", problem, self._name
            )
