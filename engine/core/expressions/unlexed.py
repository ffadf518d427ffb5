"""Signs that are none here, and what was meant by them: `a ?? b`, `a ? b : c`, `a - b`, quotes left alone."""

import re
from collections.abc import Callable, Mapping

from engine.core.expressions.infix import Said, Words
from engine.core.expressions.snippet import QUOTES, Snippet, UnparsedError, closing, code
from engine.core.expressions.tokens import Tokens
from engine.errors import EngineError

_SINCE = re.compile(r"\b(now) ?(-) ?([a-z_]{1,20}(?:\.[a-z_]{1,20}){1,5})")
_SHELL = re.compile(r"([\w.]{1,80}):-([\w./-]{0,80})")
_LEFT = re.compile(r"[\w.*/-]{1,80}$")
_ARROW = re.compile(r"[(,] ?\w{1,20} ?=$")


def _swallowed(text: str, quote: str) -> int:
    """Where a text begins that has an operator in it: it was to end before; -1: none does."""
    at = text.find(quote)
    while at >= 0 and (end := closing(text, at)) >= 0:
        if re.search(r" (?:&&|\|\||==|!=) ", text[at:end]):
            return at
        at = text.find(quote, end + 1)
    return -1


_READ: Mapping[str, Callable[[Words, int], Said | None]] = {
    "??": Words.defaulted,
    "=~": Words.matched,
    "~=": Words.matched,
    "?": Words.asked,
}


def _of_another(snippet: Snippet, start: int) -> EngineError | None:
    """`a ?? b` and `a ? b : c`, told with what they come to; what stands around the sign is read with another there."""
    sign = next(one for one in _READ if snippet.text.startswith(one, start))
    instead = "|" * len(sign)
    try:
        around = Tokens(snippet._replace(text=snippet.text[:start] + instead + snippet.text[start + len(sign) :]))
    except EngineError:
        return None
    words, at = around.words(), around.number(start)
    said = _READ[sign](words, at) if at >= 0 else None  # beside another sign it is a part of that
    if said is None:
        return None
    told = snippet.wrong(start, start + len(sign), hint=f"write {code(said.text)}")
    return UnparsedError(told.problems[0], snippet.mended(said.start, said.end, said.text))


def no_token(snippet: Snippet, start: int, message: str) -> EngineError:
    """The error of a text that the library cannot make tokens of, and says so of `start`."""
    reason = ""
    quote = snippet.text[start]
    before = snippet.text[:start]
    if quote == ";" and sum(map(before.count, "([")) > sum(map(before.count, ")]")):
        return snippet.wrong(start, start + 1, hint="write `,`", instead=",")
    if quote == "-" and (asked := _SHELL.fullmatch(snippet.text)):
        said = f"default({asked[1]}, '{asked[2]}')"
        told = snippet.wrong(start - 1, start + 1, hint=f"write `{said}`").problems[0]
        return UnparsedError(told, snippet.mended(0, len(snippet.text), said))
    if snippet.text.startswith(tuple(_READ), start) and (meant := _of_another(snippet, start)):
        return meant
    if quote == "-" and (asked := _SINCE.search(snippet.text)) and asked.start(2) == start:
        said = f"seconds_since({asked[3]})"
        told = snippet.wrong(*asked.span(), hint=f"write `{said}`: there is no arithmetic").problems[0]
        return UnparsedError(told, snippet.mended(*asked.span(), said))
    if _ARROW.search(snippet.text[: start + 1]):
        return snippet.wrong(start, start + 2, hint="a condition on each item stands in `list[?condition]`")
    if quote in QUOTES:
        reason = f"{message.removesuffix(' at').lower()} in this name"
        if (begin := _swallowed(snippet.text, quote)) >= 0 and closing(snippet.text, start) < 0:
            if word := _LEFT.search(snippet.text[:begin]):
                reason = f"the {quote} at the end of `{word[0]}` closes what no {quote} opens"
                return snippet.wrong(*word.span(), reason, f"write `{quote}{word[0]}{quote}`", f"{quote}{word[0]}")
            return snippet.wrong(
                begin, begin + 1, f"the {quote} that opens here is never closed", f"close it with {quote}"
            )
        if closing(snippet.text, start) < 0 and not snippet.text[start + 1 :].strip():
            reason = f"the {quote} at the end closes what no {quote} opens"
            if (word := _LEFT.search(snippet.text[:start])) and word[0] != snippet.text[:start]:
                whole = f"{quote}{word[0]}{quote}"
                return snippet.wrong(*word.span(), reason, f"write {code(whole)}", f"{quote}{word[0]}")
            return snippet.wrong(0, len(snippet.text), reason, f"open it with {quote}, or remove that one")
        if closing(snippet.text, start) < 0:
            reason = f"the {quote} that opens here is never closed, as in {quote}text{quote}"
            return snippet.wrong(start, start + 1, reason, f"close it with {quote}, or remove it")
    return snippet.wrong(start, start + 1, reason)
