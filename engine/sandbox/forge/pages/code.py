"""Source text with colours: classes of the style sheet, since the page's policy allows no style in it."""

from functools import cache, lru_cache
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from engine.printable import printable

if TYPE_CHECKING:
    from pygments.lexer import Lexer

# Longer texts stay black: colouring takes about a second per megabyte, and a page must not.
LIMIT = 100_000
# The languages of a repository of infrastructure, by ending and by the name after ``` in Markdown.
# fmt: off
LANGUAGES = {
    "bash": "bash", "css": "css", "diff": "diff", "go": "go", "hcl": "terraform", "html": "html", "ini": "ini",
    "js": "javascript", "json": "json", "jsonc": "json", "md": "markdown", "patch": "diff", "py": "python",
    "rego": "rego", "sh": "bash", "tf": "terraform", "tfvars": "terraform", "toml": "toml", "ts": "typescript",
    "yaml": "yaml", "yml": "yaml",
    "console": "console", "javascript": "javascript", "markdown": "markdown", "python": "python", "shell": "bash",
    "terraform": "terraform", "typescript": "typescript",
}
# fmt: on
# What Pygments calls a token → what the style sheet knows: few colours are quicker to read than many.
# fmt: off
_KINDS = {"Comment": "c", "Keyword": "k", "Literal": "s", "Name.Tag": "k", "Name.Attribute": "n", "Name.Variable": "n",
          "Name.Function": "n", "Name.Class": "n", "Name.Builtin": "n", "Number": "m", "String": "s",
          "Literal.Number": "m", "Generic.Deleted": "del", "Generic.Inserted": "ins", "Generic.Subheading": "hunk",
          "Generic.Heading": "c", "Generic.Prompt": "c", "Generic.Output": "c"}
# fmt: on
CLASSES = frozenset(_KINDS.values())


def language_of(path: str) -> str:
    """By the ending of a file's name; empty where it is none of ours."""
    return LANGUAGES.get(path.rpartition(".")[2].lower(), "")


def lines(source: str, path: str) -> list[Markup]:
    """Each line of a file, coloured."""
    return list(_lines(source, language_of(path)))


@lru_cache(maxsize=64)
def _lines(source: str, language: str) -> tuple[Markup, ...]:
    made = [Markup(line) for line in coloured(source, language=LANGUAGES.get(language, language)).split("\n")]  # noqa: S704
    return tuple(made[:-1] if made and not made[-1] else made)


def coloured(source: str, *, language: str) -> Markup:
    """`source` with every character that nobody sees shown, each token in a `<span>` that does not cross lines."""
    text = printable(source)
    name = LANGUAGES.get(language.strip().lower(), "")
    lexer = _lexer(name) if name and len(text) <= LIMIT else None
    if lexer is None:
        return escape(text)
    parts = []
    for token, value in lexer.get_tokens(text):
        kind = _kind(str(token)[6:])
        for number, piece in enumerate(value.split("\n")):
            if number:
                parts.append("\n")
            if piece:
                parts.append(f'<span class="{kind}">{escape(piece)}</span>' if kind else str(escape(piece)))
    return Markup("".join(parts))  # noqa: S704 - pieces are escaped


@cache
def _kind(token: str) -> str:
    parts = token.split(".")
    for length in range(len(parts), 0, -1):
        found = _KINDS.get(".".join(parts[:length]))
        if found:
            return found
    return ""


@cache
def _lexer(name: str) -> "Lexer | None":
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        return get_lexer_by_name(name, stripnl=False, ensurenl=False)
    except ClassNotFound:  # an older Pygments
        return None
