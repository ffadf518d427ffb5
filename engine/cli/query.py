"""`--query EXPR`: what a command prints as JSON, asked by plain JMESPath, as users of `aws` know it.

Nothing is decided by it, so it may guess: a path that is missing is null. Rules have the strict language.
"""

import json
from collections.abc import Callable

from engine.errors import Place, failure


def asking(text: str) -> Callable[[object], object]:
    """What answers the question `text` about a value that JSON can hold.

    Raises:
        EngineError: it does not parse (ENG100-103), with the column; ENG135 from the answer, if there is none.
    """
    import jmespath

    from engine.core.expressions.parse import parse
    from engine.core.expressions.snippet import Snippet

    snippet = Snippet(text, Place("--query", 1, 1, max(1, len(text)), text))
    try:
        expression = jmespath.compile(text)
    except (jmespath.exceptions.JMESPathError, RecursionError) as error:
        parse(snippet)  # which refuses all that the library refuses, and says it better; but for words in backticks
        reason = "what stands in the backticks is neither JSON nor a text"
        raise snippet.wrong(0, len(text), reason) from error

    def answer(value: object) -> object:
        try:
            found = expression.search(json.loads(json.dumps(value)))
            json.dumps(found, allow_nan=False)
        except (ValueError, TypeError, IndexError, ArithmeticError, RecursionError) as error:
            # JMESPath's own errors are ValueErrors; functions fail with the others on values that they do not expect,
            # and an expression may yield a function or infinity, which JSON does not have.
            raise failure("ENG135", snippet.place, reason=" ".join(str(error).split())) from error
        return found

    return answer
