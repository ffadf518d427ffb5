"""The files of a new repository, by path: what is shipped, as the preset has it, with the names that were answered."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine import data
from engine.adapters import files
from engine.core.aws.names import role_arn
from engine.setup import presets, wheel
from engine.setup.answers import ENVIRONMENTS, Answers

TRUSTED = "trusted-keys.yaml"
_TEMPLATES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "templates")
_SHIPPED = ("deployment-rules.yaml", "specs", "policies", "terraform", "tests/specs")
_SCHEMAS = ("approvers-config", "deployment-rules", "fixtures", "init", "spec", "trusted-keys")
_LEFT_BEHIND = (".terraform", "__pycache__")  # by whoever ran something in a checkout
_OURS, _OTHER = "acme/dev-deployment", "acme/other"  # in what is shipped
# What an update is told of first: a verdict names the digests of these.
RULES = ("deployment-rules.yaml", "approvers-config.yaml", "specs/")
BINDING = (*RULES, "policies/", "terraform/")


def made(answers: Answers) -> dict[str, bytes]:
    """Path → bytes of everything but the trusted keys and the answers themselves."""
    if answers.kind == "source":
        return _templates("source", answers)
    preset = presets.PRESETS[answers.preset]
    found = presets.applied(preset, dict(_shipped()))
    found |= {path: _template(name) for path, name in preset.adds.items()}
    found["approvers-config.yaml"] = _approvers(answers.groups)
    found = {path: _renamed(path, text, answers) for path, text in found.items()}
    found |= {f"schemas/{name}.schema.json": _schema(name) for name in _SCHEMAS}
    return found | _templates("controller", answers)


def _shipped() -> Iterator[tuple[str, bytes]]:
    for name in _SHIPPED:
        place = data.path(name)
        if os.path.isfile(place):
            yield name, files.read(place)
        for folder, inner, names in os.walk(place):
            inner[:] = sorted(set(inner) - set(_LEFT_BEHIND))
            for one in sorted(names):
                file = os.path.join(folder, one)
                yield f"{name}/{os.path.relpath(file, place)}", files.read(file)


def _schema(name: str) -> bytes:
    return files.read(os.path.join(data.path("schemas"), f"{name}.schema.json"))


def _renamed(path: str, text: bytes, answers: Answers) -> bytes:
    """The source's own name, and its accounts, in rules and fixtures; policies and module name none."""
    if path != presets.RULES and not path.startswith(presets.SPECS):
        return text
    source = answers.said["source"]
    other = "acme/another" if source.lower() == _OTHER else _OTHER
    found = text.decode().replace(_OTHER, other).replace(_OURS, source)
    if path in (presets.RULES, presets.SETTLED):
        found = _accounts(found, answers.said)
    if path == presets.SETTLED:
        found = _people(found, answers)
    return found.encode()


def _people(settled: str, answers: Answers) -> str:
    """What is settled, with whom the answers name, and with the roles that `_accounts` writes; both end the file."""
    rows = [f"    {name}: {json.dumps(list(people))}\n" for name, people in answers.groups.items()]
    rows.append("  roles:\n")
    for name in ENVIRONMENTS:
        account, region = answers.said["accounts"][name], answers.said["region"]
        roles = (f"{use}: {role_arn(account, region, use, name)}" for use in ("plan", "apply"))
        rows.append(f"    {name}: {{{', '.join(roles)}, session: 1h}}\n")
    head, groups, _ = settled.partition("  groups:\n")
    return head + groups + "".join(rows)


def _is_team(name: str) -> bool:
    return "/" in name


def _accounts(rules: str, said: Mapping[str, Any]) -> str:
    """In `environments:` of the rules, and in what is settled of them."""

    def row(line: str) -> str:
        name, _, rest = line.strip().partition(": ")
        if name in ENVIRONMENTS and rest.startswith("{branch: "):
            branch = rest.removeprefix("{branch: ").partition(",")[0]
            account, region = said["accounts"][name], said["region"]
            roles = (f"      {use}: {role_arn(account, region, use, name)}\n" for use in ("plan", "apply"))
            first = f'  {name}:\n    branch: {branch}\n    account: "{account}"\n    region: {region}\n    roles:\n'
            return first + "".join(roles)
        if name in ENVIRONMENTS and " in " in rest:
            return f"    {name}: {said['accounts'][name]} in {said['region']}\n"
        return line

    return "".join(map(row, rules.splitlines(keepends=True)))


def _approvers(groups: Mapping[str, Sequence[str]]) -> bytes:
    """Quoted, since a login may be `null` or `123`."""
    shipped = files.read(data.path("approvers-config.yaml")).decode()
    rows = []
    for name, people in groups.items():
        parts = {"users": [p for p in people if not _is_team(p)], "teams": [p for p in people if _is_team(p)]}
        told = ", ".join(f"{key}: {json.dumps(who)}" for key, who in parts.items() if who)
        rows.append(f"  {name}: {{{told}}}\n")
    return (shipped.partition("groups:\n")[0] + "groups:\n" + "".join(rows)).encode()


def _templates(kind: str, answers: Answers) -> dict[str, bytes]:
    """The templates of one kind: a name that begins with `dot-` begins with a dot."""
    top, found = os.path.join(_TEMPLATES, kind), {}
    for folder, inner, names in os.walk(top):
        inner[:] = sorted(set(inner) - set(_LEFT_BEHIND))
        for name in sorted(names):
            path = os.path.relpath(os.path.join(folder, name), top)
            text = _template(f"{kind}/{path}").decode()
            for word, value in _words(answers).items():
                text = text.replace(f"@@{word}@@", value)
            found[
                "/".join(part.replace("dot-", ".", 1) if part.startswith("dot-") else part for part in path.split("/"))
            ] = text.encode()
    return found


def _words(answers: Answers) -> dict[str, str]:
    """What templates may say. The schema of the answers lets nothing through that YAML or a shell would read."""
    groups = answers.groups
    owners = " ".join(f"@{one}" for one in groups.get("security", groups["reviewers"]))
    return {
        "controller": answers.said["controller"],
        "source": answers.said["source"],
        "owners": owners,
        "preset": answers.preset,
        "says": presets.PRESETS[answers.preset].says,
        "wheel": wheel.NAME,
    }


def _template(name: str) -> bytes:
    return files.read(os.path.join(_TEMPLATES, name))
