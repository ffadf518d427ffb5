"""Contents as git would give them, made from the files at base and at head, without git."""

import hashlib
from collections.abc import Mapping

from engine.core.resources.tree import DIRECTORY, REGULAR, Contents, Directory, Edit, Entry
from engine.core.rules.model import Environment, Limits, Rules, Source
from engine.errors import Place

File = str | bytes | Mapping[str, str]  # text, or {mode: "120000", text: target}
_HERE = Place("deployment-rules.yaml")


def blob_id(data: bytes) -> str:
    """The id that git gives to a blob."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def contents(base: Mapping[str, File], head: Mapping[str, File], *, everything: bool = False) -> Contents:
    """What discovery is handed for a range; a removed and an added file with equal bytes are a rename."""
    old, new = _entries(base), _entries(head)
    changes = []
    removed = {path: entry for path, entry in old.items() if path not in new}
    for path, entry in new.items():
        if path in old:
            if old[path] != entry:
                changes.append(Edit(path, old[path], entry))
            continue
        source = next((p for p, e in removed.items() if e == entry), None)
        if source is not None:
            del removed[source]
        changes.append(Edit(path, entry if source else None, entry, source))
    changes += [Edit(path, entry, None) for path, entry in removed.items()]
    blobs = {blob_id(_bytes(f)): _bytes(f) for f in (*base.values(), *head.values())}
    return Contents(tuple(changes), directories(new), blobs, everything)


def directories(files: Mapping[str, Entry]) -> dict[str, Directory]:
    """All directories of a tree."""
    found: dict[str, dict[str, Entry]] = {"": {}}
    for path, entry in files.items():
        parts = path.split("/")
        for i, part in enumerate(parts):
            above, is_file = "/".join(parts[:i]), i == len(parts) - 1
            found.setdefault(above, {})[part] = entry if is_file else Entry(DIRECTORY, "0" * 40)
    return {path: Directory.of(rows) for path, rows in found.items()}


def _entries(files: Mapping[str, File]) -> dict[str, Entry]:
    return {
        path: Entry(file.get("mode", REGULAR) if isinstance(file, Mapping) else REGULAR, blob_id(_bytes(file)))
        for path, file in files.items()
    }


def _bytes(file: File) -> bytes:
    text = file.get("text", "") if isinstance(file, Mapping) else file
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")


def source(*owns: str) -> Source:
    """A declared source."""
    return Source("acme/dev-deployment", owns or ("**",), _HERE)


def rules(*sources: Source) -> Rules:
    """Rules that know development, staging and production, and nothing else that discovery looks at."""
    names = {"development": "dev", "staging": "stage", "production": "prod"}
    return Rules(
        digest="sha256:0",
        whole="sha256:0",
        sources=sources or (source(),),
        environments={n: Environment(n, b, "111111111111", "us-east-1", _HERE) for n, b in names.items()},
        otherwise=Environment("otherwise", "main", None, None, _HERE),
        triggers=(),
        gates={},
        overrides={},
        commands={},
        protect={},
        pipelines={},
        groups={},
        limits=Limits(),
        verdict_expires_s=0,
        define={},
        files={},
    )
