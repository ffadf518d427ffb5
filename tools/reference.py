"""Write docs/reference/ from the tables that the engine itself uses; a test compares. Run by `make docs`."""

import os
from argparse import ArgumentParser, _SubParsersAction
from collections.abc import Iterable, Sequence

from engine import data
from engine.adapters.setting_names import SETTINGS
from engine.cli.error import Example, Situation, examples, related
from engine.cli.main import COMMANDS, load, parser_of
from engine.core.report.services import DOCUMENTS, LIMITS, variables
from engine.core.resources import services
from engine.core.resources.types import describe
from engine.errors import TABLE, ExitCode
from engine.run.catalog import catalog
from engine.run.module import read_module
from tools import error_examples
from tools.checks import checks, met, rules, ways
from tools.expressions import reference as expressions

_HERE = os.path.dirname(os.path.abspath(__file__))
DIRECTORY = os.path.join(os.path.dirname(_HERE), "docs", "reference")
_NOTE = "<!-- Written by `make docs` from the engine's own tables; edit those. -->"


def pages() -> dict[str, str]:
    """File name → text of every generated page."""
    return {
        "actions.md": _actions(),
        "commands.md": _commands(),
        "errors.md": _errors(),
        "events.md": _events(),
        "expressions.md": expressions(),
        "facts.md": _facts(),
        "policies.md": _policies(),
        "services.md": _services(),
        "settings.md": _settings(),
    }


def _page(title: str, lead: str, *parts: str) -> str:
    return "\n\n".join([_NOTE, f"# {title}", lead, *parts]) + "\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"

    return "\n".join([line(head), "|" + "---|" * len(head), *map(line, rows)])


def _errors() -> str:
    exits = _table(["exit code", "name"], ([str(code.value), code.name.lower()] for code in sorted(ExitCode)))
    rows = _table(
        ["code", "what is wrong", "fix", "exit"],
        ([f'<a id="{code.lower()}"></a>{code}', *row.shown, str(row.exit.value)] for code, row in TABLE.items()),
    )
    lead = "`engine error CODE` prints one of these, with its example. Codes are never reused."
    shown = (_example(code, example) for code, example in examples().items())
    return _page("Errors", lead, exits, rows, "## Examples", *shown)


def _example(code: str, example: Example | Situation) -> str:
    """As `engine error` shows it."""
    others = ", ".join(related(code))
    also = f"\n\nSee also {others}." if others else ""
    if isinstance(example, Situation):
        then = f"\n\n```sh\n{chr(10).join(example.then)}\n```" if example.then else ""
        return f"### {code}\n\n{_text('; '.join(example.when))}{then}{also}"
    said = f"### {code}\n\nIn {example.file}: {example.why}\n\n```text\n{example.bad}\n```\n\n"
    said += f"{_text(example.message)}: {_text(example.hint)}"
    if example.mended:
        said += f"\n\n```text\n{example.mended}\n```"
    return said + also


def _text(text: str) -> str:
    """As Markdown shows it, what looks like a tag included."""
    return "`".join(part if code % 2 else part.replace("<", "&lt;") for code, part in enumerate(text.split("`")))


def _settings() -> str:
    rows = _table(
        ["variable", "default", "what it is"],
        ([f"`{s.name}`", f"`{s.default}`" if s.default else "", s.doc] for s in SETTINGS),
    )
    return _page("Settings", "Environment variables; `engine doctor` shows what they amount to.", rows)


def _actions() -> str:
    parts = []
    for action in catalog().actions.values():
        inputs = _table(
            ["input", "type", "default"],
            (
                [f"`{name}`", _type(schema), f"`{schema['default']}`" if "default" in schema else "required"]
                for name, schema in action.inputs.items()
            ),
        )
        outputs = ", ".join(f"`{name}`" for name in action.outputs)
        permissions = ", ".join(f"`{name}`" for name in action.permissions) or "none"
        keys = ", ".join(f"`{name}`" for name in action.secrets) or "none"
        parts.append(
            f"## `{action.name}`\n\n{action.doc}\n\n{inputs}\n\n"
            f"Outputs: {outputs}. Permissions: {permissions}. Keys: {keys}. "
            f"When its outcome is lost: {action.repeat.value}."
        )
    return _page("Actions", "What a pipeline's `uses:` may name.", *parts)


def _type(schema: object) -> str:
    assert isinstance(schema, dict)
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    kind = schema.get("type", "any")
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def _events() -> str:
    rows = _table(
        ["event", "types", "what it is"],
        ([f"`{e.name}`", ", ".join(f"`{a}`" for a in e.actions), e.doc] for e in catalog().events.values()),
    )
    return _page("Events", "What a trigger in `events:` may name.", rows)


def _facts() -> str:
    rows = _table(["fact", "what it is"], ([f"`{f.name}`", f.doc] for f in catalog().facts.values()))
    lead = "What gates judge. Their exact shape is in `schemas/facts.schema.json`."
    return _page("Facts", lead, rows)


def _policies() -> str:
    known, table = rules(), checks()
    parts = ["## Rules"]
    for file in dict.fromkeys(about.file for about in known):
        rows = (
            [about.id, about.effect, about.severity, about.title, about.judged, ", ".join(about.elsewhere)]
            for about in known
            if about.file == file
        )
        head = ["rule", "effect", "severity", "what it wants", "of", "the same elsewhere"]
        parts += [f"### `{file}`", _table(head, rows)]
    sources = _table(
        ["collection", "release", "read"], ([name, s["release"], s["read"]] for name, s in table.sources.items())
    )
    parts += ["## Checks elsewhere", sources]
    by_rule = met(known)
    for service in dict.fromkeys(check.service for check in table.checks):
        found = [check for check in table.checks if check.service == service]
        told = ([check.title, ", ".join(check.ids), " ".join(ways(check, by_rule))] for check in found)
        parts += [f"### {service}", _table(["what it is about", "checks", "how it is met"], told)]
    lead = (
        "The shipped rules, and how each check of other collections on the module's services is met: by rules, by what "
        "the module does unless told otherwise, or not, for a reason. `engine policy explain RULE` shows a rule with "
        "examples, and takes the ids of other collections, too."
    )
    return _page("Policies", lead, *parts)


def _services() -> str:
    known = services.read(read_module(data.path("terraform")))
    parts = []
    for service in sorted(known.names):
        directory, shown = _shown(service)
        parts.append(f"## {directory}")
        for one in variables(known, service):
            rows = (
                [
                    f"`{row.path}`",
                    row.type,
                    "required" if row.required else f"`{row.default}`" if row.default else "",
                    row.said,
                ]
                for row in one.rows
            )
            limits = "\n".join([f"{LIMITS}\n", *(f"- {limit}" for limit in one.said.limits)])
            lead = f"### `{one.name}`\n\n{describe(one.type).capitalize()}. {one.said.description}"
            parts += [lead, _table(["attribute", "type", "default", "what it is"], rows), limits]
        parts.append(f"```hcl\n{shown.rstrip()}\n```")
    lead = (
        "What a `.tfvars` of each service may say, in the module that comes with the engine. `engine services NAME` "
        "prints the same of your controller's own, and `engine services NAME --schema` a JSON Schema. Every tfvars "
        f"says its `environment`, too, and may have `depends_on`. {DOCUMENTS} [configuration.md](../configuration.md) "
        "begins at the beginning."
    )
    return _page("Services", lead, *parts)


def _shown(service: str) -> tuple[str, str]:
    """The directory of a service in the shipped examples, and the longest tfvars there."""
    top = os.path.join(data.path("examples"), "dev-deployment")
    directory = next(name for name in sorted(os.listdir(top)) if name.lower() == service)
    texts = []
    for folder, _, names in os.walk(os.path.join(top, directory)):
        for name in names:
            if name.endswith(".tfvars"):
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    texts.append(file.read())
    return directory, max(sorted(texts), key=len)


def _commands() -> str:
    parts = []
    for name in COMMANDS:
        parts += [
            f"{'#' * level} `{one.prog}`\n\n```text\n{one.format_help().rstrip()}\n```" for level, one in _parsers(name)
        ]
    lead = (
        "`engine COMMAND --help` says the same. What `engine keys list --json` prints has the form of `$defs/keys-list`"
        " in `schemas/output.schema.json`, and so on; `$defs/failure` is what any of them prints instead."
    )
    return _page("Commands", lead, *parts)


def _parsers(name: str) -> Iterable[tuple[int, ArgumentParser]]:
    """A command's parser and those of its verbs, with the level of their headings."""
    waiting = [(2, parser_of(name, load(name)))]
    while waiting:
        level, parser = waiting.pop(0)
        yield level, parser
        for action in parser._actions:  # argparse has no other way to ask
            if isinstance(action, _SubParsersAction):
                waiting[:0] = [(min(level + 1, 4), one) for one in dict.fromkeys(action.choices.values())]


def main() -> None:
    """Write the pages, and the examples that they show."""
    error_examples.FILE.write_text(error_examples.written(), encoding="utf-8")
    os.makedirs(DIRECTORY, exist_ok=True)
    for name, text in pages().items():
        with open(os.path.join(DIRECTORY, name), "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    main()
