"""Source text with colours: classes of the style sheet, since the page's policy allows no style in it.

Colouring is one pass of one pattern per language, in which no two ways to match begin alike: linear in any text. The
grammars of Pygments took a minute for a file of 60 KB that was made for it.
"""

import re
from functools import lru_cache
from html import escape

from markupsafe import Markup

from engine.printable import printable

LIMIT = 200_000  # characters of a text from which on it stays black
_HASH = r"\#[^\n]*"
_SLASHES = r"//[^\n]*|/\*.*?(?:\*/|\Z)"
_TRIPLE = r"\"{3}.*?(?:\"{3}|\Z)|'{3}.*?(?:'{3}|\Z)"
_TICKS = r"`[^`]*`?"
_QUOTES = r"\"(?:[^\"\\\n]|\\.)*+\"?+|'(?:[^'\\\n]|\\.)*+'?+"
_DOUBLE = r"\"(?:[^\"\\\n]|\\.)*+\"?+"  # where an apostrophe is an apostrophe


def _made(comments: str, strings: str, keywords: str, given: str) -> str:
    """A language: its comments, its strings, its words, and what stands after a name that is given a value.

    Every word is found as a whole; one that is nothing else is in no group.
    """
    after = f"(?=[ \\t]*[{given}])"
    words = "|".join(keywords.split())
    return (
        f"(?P<c>{comments})|(?P<n>{_DOUBLE}{after}|[A-Za-z_][\\w-]*+{after})|(?P<s>{strings})"
        f"|(?P<m>\\d[\\w.]*+)|(?P<k>(?:{words})(?![\\w-]))|[A-Za-z_][\\w-]*+"
    )


_HCL = "data dynamic false for if in locals module null output provider resource terraform true variable"
_PYTHON = """and as assert async await break class continue def del elif else except False finally for from if import in
is lambda None not or pass raise return True try while with yield"""
_BASH = "case do done elif else esac export fi for function if in local return set then until while"
_REGO = "as contains default else every false if import in not null package some true with"
_C_LIKE = """async await break case catch class const continue default defer else export extends false for func function
go if import in interface let new nil null of package range return struct switch this throw true try type var"""
_LANGUAGES = {
    "hcl": re.compile(_made(f"{_HASH}|{_SLASHES}", _DOUBLE, _HCL, "="), re.DOTALL),
    "json": re.compile(_made(_SLASHES, _DOUBLE, "false null true", ":"), re.DOTALL),
    "yaml": re.compile(_made(_HASH, _QUOTES, "false no null true yes", ":"), re.DOTALL),
    "toml": re.compile(_made(f"{_HASH}|;[^\n]*", f"{_TRIPLE}|{_QUOTES}", "false true", "="), re.DOTALL),
    "python": re.compile(_made(_HASH, f"{_TRIPLE}|{_QUOTES}", _PYTHON, "="), re.DOTALL),
    "bash": re.compile(_made(_HASH, f"{_TICKS}|{_QUOTES}", _BASH, "="), re.DOTALL),
    "rego": re.compile(_made(_HASH, f"{_TICKS}|{_DOUBLE}", _REGO, ":="), re.DOTALL),
    "c": re.compile(_made(_SLASHES, f"{_TICKS}|{_QUOTES}", _C_LIKE, "=:"), re.DOTALL),
}
# By the ending of a file, and by the name after ``` in Markdown.
_NAMES = {
    **dict.fromkeys(("hcl", "tf", "tfvars", "terraform"), "hcl"),
    **dict.fromkeys(("json", "jsonc", "tfstate"), "json"),
    **dict.fromkeys(("yaml", "yml"), "yaml"),
    **dict.fromkeys(("toml", "ini", "cfg"), "toml"),
    **dict.fromkeys(("py", "python"), "python"),
    **dict.fromkeys(("sh", "bash", "shell", "console"), "bash"),
    **dict.fromkeys(("go", "js", "javascript", "ts", "typescript"), "c"),
    **dict.fromkeys(("diff", "patch"), "diff"),
    "rego": "rego",
}
_LINES = {"+": "ins", "-": "del", "@": "hunk"}  # of a difference, by how they begin
CLASSES = frozenset(("c", "k", "m", "n", "s", *_LINES.values()))


@lru_cache(maxsize=64)
def lines(source: str, path: str) -> tuple[Markup, ...]:
    """Each line of a file, coloured by the ending of its name."""
    made = [Markup(line) for line in coloured(source, language=path.rpartition(".")[2]).split("\n")]  # noqa: S704
    return tuple(made[:-1] if made and not made[-1] else made)


def coloured(source: str, *, language: str) -> Markup:
    """`source` with every character that nobody sees shown, and each token in a `<span>` that does not cross lines."""
    text = printable(source)
    name = _NAMES.get(language.strip().lower(), "")
    if not name or len(text) > LIMIT:
        return Markup(escape(text))  # noqa: S704 - `html.escape`
    if name == "diff":
        return Markup("\n".join(_span(_LINES.get(line[:1], ""), line) for line in text.split("\n")))  # noqa: S704 - escaped
    parts, at = [], 0
    for match in _LANGUAGES[name].finditer(text):
        parts.append(escape(text[at : match.start()]))
        parts.append("\n".join(_span(match.lastgroup, line) for line in match[0].split("\n")))
        at = match.end()
    return Markup("".join([*parts, escape(text[at:])]))  # noqa: S704 - every part is escaped


def _span(kind: str | None, text: str) -> str:
    return f'<span class="{kind}">{escape(text)}</span>' if kind and text else escape(text)
