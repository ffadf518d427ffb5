"""What of a Terraform module only an account could answer while planning, and which providers it sets up itself.

Read from the files, before Terraform starts: a data source that is tried where there is no account ends in a timeout,
and in words that nobody understands. Which of them would do without is not known here, so none is tried.
"""

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from engine.core.resources import hcl

if TYPE_CHECKING:
    from tree_sitter import Node

ENDINGS = (".tf", ".tofu", ".tf.json", ".tofu.json")
# https://developer.hashicorp.com/terraform/language: what is read, opened or looked up by `plan`.
_ASKING = frozenset({"data", "ephemeral", "import"})
_Found: TypeAlias = "tuple[tuple[str, ...], str | None]"  # kind and labels of a block, its `alias`


class Asks(NamedTuple):
    """What a module's files say of it."""

    questions: tuple[str, ...]  # `data.aws_caller_identity.this (main.tf)`
    providers: tuple[tuple[str, str | None], ...]  # (`aws`, alias), of the blocks in its top directory


def asks(files: Mapping[str, bytes]) -> Asks:
    """The same of files by relative path, those of modules that it calls among them.

    A file that cannot be read here counts as a question: Terraform may see more in it.
    """
    questions: list[str] = []
    providers: list[tuple[str, str | None]] = []
    for path in sorted(name for name in files if name.endswith(ENDINGS)):
        try:
            found = list(_of_json(files[path]) if path.endswith(".json") else _of_text(files[path]))
        except (ValueError, RecursionError) as error:
            questions.append(f"a file that cannot be read ({path}: {error})")
            continue
        questions += [f"{'.'.join(head)} ({path})" for head, _ in found if head[0] in _ASKING]
        if "/" not in path:
            providers += [(head[1], alias) for head, alias in found if head[0] == "provider" and len(head) > 1]
    return Asks(tuple(questions), tuple(providers))


def _of_text(data: bytes) -> Iterator[_Found]:
    root = hcl.parse(data).root_node
    if root.has_error:
        raise ValueError("it does not parse")
    for body in hcl.parts(root):
        yield from _blocks(body)


def _blocks(body: "Node") -> Iterator[_Found]:
    """The blocks of a body; a `check` has data sources of its own."""
    for block in hcl.parts(body):
        if block.type != "block":
            continue
        inside = [part for part in hcl.parts(block) if part.type == "body"]
        head = tuple(
            hcl.text(part).strip('"') for part in hcl.parts(block) if part.type in ("identifier", "string_lit")
        )
        yield head, next((alias for part in inside for alias in _alias(part)), None)
        if head[0] == "check":
            for part in inside:
                yield from _blocks(part)


def _alias(body: "Node") -> Iterator[str]:
    for attribute in hcl.parts(body):
        if attribute.type == "attribute" and hcl.text(attribute.named_children[0]) == "alias":
            yield hcl.text(hcl.parts(attribute)[1]).strip('"')


def _of_json(data: bytes) -> Iterator[_Found]:
    """https://developer.hashicorp.com/terraform/language/syntax/json: labels are keys, several blocks are a list."""
    for top in _objects(json.loads(data)):
        for kind, rest in top.items():
            for block in _objects(rest):
                for label, inner in block.items():
                    for settings in _objects(inner) if kind == "provider" else [{}]:
                        alias = settings.get("alias")
                        yield (kind, str(label)), alias if isinstance(alias, str) else None
            if kind == "check":
                yield from ((("data", "in a check"), None) for one in _objects(rest) if '"data"' in json.dumps(one))


def _objects(value: object) -> Iterator[dict[str, object]]:
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, dict):
            yield one
