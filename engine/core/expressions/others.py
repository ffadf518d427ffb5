"""Functions of other languages, and what there is for them here: a function of ours, or a sentence."""

from collections.abc import Sequence

from engine.core.expressions.snippet import code
from engine.names import choice

_AS_IT_IS = "leave it out: a text is taken as it is, and capital letters count"
OF_OTHERS = {
    "all": "write ``length(list[?!(…)]) == `0` `` for all of a list, or join conditions by `&&`",
    "alltrue": "join conditions by `&&`",
    "any": "write ``length(list[?…]) > `0` `` for any of a list, or join conditions by `||`",
    "anytrue": "join conditions by `||`",
    "cancelled": "leave it out: what follows a failure does not run",
    "can": "did you mean `present`?",
    "coalesce": "did you mean `default`?",
    "count": "did you mean `length`?",
    "date": "write a time as a text: '2026-12-20T00:00:00Z'",
    "defined": "did you mean `present`?",
    "empty": "write ``length(…) == `0` ``",
    "endswith": "did you mean `ends_with`?",
    "every": "write ``length(list[?!(…)]) == `0` `` for all of a list",
    "exists": "did you mean `present`?",
    "failure": "write `always()`, or leave it out: what follows a failure does not run",
    "format": "in a message write `${…}`; elsewhere there is `join('', [a, b])`",
    "fromjson": "write the value itself, a list as `['a', 'b']`",
    "has": "did you mean `contains`?",
    "haslabel": "did you mean `has_label`?",
    "if": "write `a && b || !a && c` for `if(a, b, c)`",
    "includes": "did you mean `contains`?",
    "indexof": "did you mean `contains`?",
    "is_empty": "write ``length(…) == `0` ``",
    "isempty": "write ``length(…) == `0` ``",
    "len": "did you mean `length`?",
    "lookup": "did you mean `default`?",
    "lower": _AS_IT_IS,
    "lowercase": _AS_IT_IS,
    "matches": "write `glob(text, pattern)`: there are no regular expressions",
    "match": "write `glob(text, pattern)`: there are no regular expressions",
    "now": "write `now`, the time, and `seconds_since(…)` for how long ago something was",
    "re_match": "write `glob(text, pattern)`: there are no regular expressions",
    "regex": "write `glob(text, pattern)`: there are no regular expressions",
    "size": "did you mean `length`?",
    "some": "write ``length(list[?…]) > `0` `` for any of a list",
    "split": "a text has no parts: ask `starts_with(…)`, `ends_with(…)` or `glob(…)`",
    "startswith": "did you mean `starts_with`?",
    "success": "leave it out: an action runs only where nothing before it has failed",
    "test": "write `glob(text, pattern)`: there are no regular expressions",
    "tojson": "did you mean `to_string`?",
    "tolower": _AS_IT_IS,
    "tolowercase": _AS_IT_IS,
    "touches": "did you mean `plan_touches`?",
    "toupper": _AS_IT_IS,
    "trim": _AS_IT_IS,
    "try": "did you mean `default`?",
    "upper": _AS_IT_IS,
}

NO_CALENDAR = (
    "there are no days of the week and no hours; a window is a pair of times, each asked by `seconds_since('…')`"
)
OF_OTHERS |= dict.fromkeys(
    ("weekday", "dayofweek", "day", "days", "hour", "minute", "month", "year", "isweekend", "weekend", "businesshours",
     "isbusinesshours", "strftime", "formatdate", "dateformat", "between", "during", "outside", "cron"),
    NO_CALENDAR,
)  # fmt: skip
_VERBS = {
    ("delete", "deletes", "deleted", "destroy", "destroys", "destroyed"): "delete",
    ("create", "creates", "created"): "create",
    ("update", "updates", "updated"): "update",
}


def by_words(name: str, arguments: Sequence[str], known: Sequence[str]) -> str:
    """What was meant by the name of no function, by the words that it is made of; empty where nobody knows."""
    words = set(name.split("_"))
    if "until" in words:
        asked = f"seconds_since({', '.join(arguments) or '…'})"
        return f"write {code(asked)}, which is below `` `0` `` until then"
    if "since" in words or "age" in words or "ago" in words:
        asked = f"seconds_since({', '.join(arguments) or '…'})"
        return f"write {code(asked)}, in seconds: an hour is `` `3600` ``, a day `` `86400` ``"
    for verbs, action in _VERBS.items():
        if words.intersection(verbs):
            return f"write {code(f'length(plan_actions({action!r})) > `0`')}"
    alike = [one for one in known if words.intersection(one.split("_")) - {"is", "in", "by", "to", "has"}]
    return f"did you mean {choice(list(map(code, alike)))}?" if 0 < len(alike) < 4 else ""
