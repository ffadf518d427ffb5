"""Write engine/cli/error_examples.json: of each error a mistake and how it is mended, or when it comes about.

A mistake in a file that people write is shown by its lines (`error_mistakes`), made of the tests' own tables, and what
is said of a bad line is what the engine says of it now. Of what no file shows, `error_causes.yaml` says when it comes
about (`error_situations`). Run by `make docs`; a test compares.
"""

import json
from pathlib import Path
from typing import Any

from tools.error_mistakes import Example, mistakes
from tools.error_situations import situations

_SHOWN = ("why", "file", "bad", "message", "hint", "mended")
FILE = Path(__file__).parent.parent / "engine" / "cli" / "error_examples.json"


def examples() -> dict[str, dict[str, Any]]:
    """Code → its example, as the file has it."""
    found = dict[str, Example]()
    for one in sorted(filter(lambda each: each.is_short, mistakes()), key=lambda each: (not each.mended, each.beside)):
        found.setdefault(one.code, one)
    shown = {code: {name: getattr(one, name) for name in _SHOWN} for code, one in found.items()}
    return dict(sorted({**situations(), **shown}.items()))


def written() -> str:
    """The file's text."""
    return json.dumps(examples(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(written(), encoding="utf-8")
