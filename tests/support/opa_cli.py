"""The command line of `opa` as measured on 1.9.0 and 0.59.0, over the real OPA library: version, capabilities, eval.

`fmt` is the one thing that the library does not have: it knows the few forms that the tests convert, and lets OPA's own
parser say whether the result is Rego.

Started by the script that `tests.support.opa.executable` writes.
"""

import json
import os
import re
import sys
import threading
from argparse import ArgumentParser
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

# Enough of `opa capabilities --current` to see what is taken away.
BUILTINS = (
    *("http.send", "net.lookup_ip_addr", "opa.runtime", "rego.parse_module", "providers.aws.sign_req"),
    *("startswith", "json.unmarshal", "sprintf"),
)
_ERROR = re.compile(r"^(?:.*?: )?(?P<file>\S+?):(?P<row>\d+): (?P<code>(?:rego|eval)_\w+): (?P<message>.*)$", re.DOTALL)


def main(argv: list[str], version: str) -> NoReturn:
    if argv[0] == "version":
        print(f"Version: {version}\nBuild Commit: \nPlatform: linux/amd64")
    elif argv == ["capabilities", "--current"]:
        print(json.dumps({"builtins": [{"name": name, "decl": {}} for name in BUILTINS], "features": []}))
    elif argv[0] == "fmt":
        _fmt(argv[1:], "--v0-v1" if version.startswith("1.") else "--rego-v1")
    else:
        assert argv[0] == "eval", argv
        _eval(argv[1:])
    sys.stdout.flush()
    os._exit(0)


def _eval(argv: list[str]) -> None:
    bindings = import_module("opa_bindings")  # from a directory that only the script knows
    parser = ArgumentParser(allow_abbrev=False)
    parser.add_argument("--format", choices=["json"], required=True)
    parser.add_argument("--stdin-input", action="store_true", required=True)
    parser.add_argument("--data", action="append", default=[])
    parser.add_argument("--capabilities")
    parser.add_argument("--timeout", required=True)
    # The library always is strict; without the flag the binary would call such errors undefined.
    parser.add_argument("--strict-builtin-errors", action="store_true", required=True)
    parser.add_argument("query")
    options = parser.parse_args(argv)
    deadline = threading.Timer(float(options.timeout.removesuffix("s")), _refuse, [[_cancelled()]])
    deadline.daemon = True
    deadline.start()
    value = json.load(sys.stdin)
    engine = bindings.OpaEngine()
    try:
        rego = [file for place in options.data for file in sorted(Path(place).rglob("*.rego"))]
        modules = {str(file): file.read_text() for file in rego}
        for file, text in modules.items():
            engine.add_policy(file, text)
        for place in options.data:
            if place.endswith(".json"):
                engine.add_data(json.loads(Path(place).read_text()))
        if options.capabilities:
            _check_calls(engine, modules, json.loads(Path(options.capabilities).read_text()))
        found = engine.eval_query(f"answer = {options.query}", value)
    except bindings.OpaError as error:
        _refuse(_errors(error.message))
    expressions = [{"value": found[0]["answer"], "text": options.query, "location": {"row": 1, "col": 1}}]
    print(json.dumps({"result": [{"expressions": expressions}]} if found else {}))


_FORMS = (
    (r"^(package .*)$", r"\1\n\nimport rego.v1"),
    (r"^(\w+)\[(\w+)\] ?\{", r"\1 contains \2 if {"),
    (r"^(\w+(?:\([^)]*\))?(?: :?= \w+)?) ?\{", r"\1 if {"),
)


def _fmt(argv: list[str], option: str) -> None:
    assert argv[0] == option, argv
    bindings = import_module("opa_bindings")
    text = Path(argv[1]).read_text()
    for old, new in _FORMS:
        text = re.sub(old, new, text, flags=re.MULTILINE)
    try:
        bindings.OpaEngine().add_policy(argv[1], text)
    except bindings.OpaError as error:
        print(f"failed to format Rego source file: {error.message}", file=sys.stderr, flush=True)
        os._exit(2)
    print(text, end="")


def _check_calls(engine: Any, modules: dict[str, str], capabilities: dict[str, Any]) -> None:
    """What OPA's compiler does with a capabilities file: a builtin that is not in it is an undefined function."""
    gone = set(BUILTINS) - {builtin["name"] for builtin in capabilities["builtins"]}
    errors = []
    for file, text in modules.items():
        (row,) = engine.eval_query("tree = rego.parse_module(input[0], input[1])", [file, text])
        for name in sorted(gone & set(_references(row["tree"]))):
            line = text[: text.index(name)].count("\n") + 1
            location = {"file": file, "row": line, "col": 1}
            errors.append({"message": f"undefined function {name}", "code": "rego_type_error", "location": location})
    if errors:
        _refuse(errors)


def _references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [name for item in node for name in _references(item)]
    if not isinstance(node, dict):
        return []
    below = [name for item in node.values() for name in _references(item)]
    if node.get("type") == "ref":
        below.append(".".join(str(part.get("value")) for part in node["value"]))
    return below


def _cancelled() -> dict[str, Any]:
    return {"message": "caller cancelled query execution", "code": "eval_cancel_error", "location": None}


def _errors(text: str) -> list[dict[str, Any]]:
    broken = re.search(r"(eval_builtin_error): (.*)", text, re.DOTALL)
    if broken:  # one error, whatever its text says
        where = re.match(r"(\S+):(\d+): ", text)
        location = {"file": where[1], "row": int(where[2]), "col": 1} if where else None
        return [{"message": broken[2], "code": broken[1], "location": location}]
    found = []
    for part in re.split(r"\n(?=\S+:\d+: rego_)", re.sub(r"^.*?\d+ errors? occurred:\s*", "", text, flags=re.DOTALL)):
        match = _ERROR.search(part)
        if match:
            location = {"file": match["file"], "row": int(match["row"]), "col": 1}
            found.append({"message": match["message"].strip(), "code": match["code"], "location": location})
    return found or [{"message": text, "code": "eval_internal_error"}]


def _refuse(errors: list[dict[str, Any]]) -> NoReturn:
    print(json.dumps({"errors": errors}), flush=True)
    os._exit(2)
