"""A pack: one file, a ZIP that any program opens, with all that proves what became of one pull request.

pack.json                 what it is about, and the digest of every other file
chain.jsonl               of the trail: each batch that speaks of it whole, and of all others since then the head
statements/<number>.json  the signed verdicts            merge.json    the signed merge decision
ledger/<key>/<number>.json  signed entries of its resources          vsa.json  a SLSA summary, signed
decisions/<digest>.json   what was decided, and from what; rules/<digest>.json  by which rules
keys.json                 the public keys               page.html     all of it for people

Written in one way only, so that the same content is the same file; read with bounds, since anybody may hand one over.
"""

import json
from collections.abc import Mapping
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

from engine.core.canonical import canonical, digest_bytes
from engine.errors import failure

VERSION = 1
MANIFEST = "pack.json"
MAGIC = b"PK\x03\x04"
LARGEST = 256 * 1024 * 1024  # bytes, unpacked
_MOST = 20_000  # files
_LONG_AGO = (1980, 1, 1, 0, 0, 0)


def packed(about: Mapping[str, Any], files: Mapping[str, bytes]) -> bytes:
    """The bytes of a pack of these files; `about` stands in its manifest."""
    manifest = {**about, "version": VERSION, "files": {name: digest_bytes(files[name]) for name in sorted(files)}}
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        for name, data in ((MANIFEST, canonical(manifest)), *sorted(files.items())):
            entry = ZipInfo(name, _LONG_AGO)
            entry.compress_type = ZIP_DEFLATED
            archive.writestr(entry, data)
    return out.getvalue()


def unpacked(data: bytes, file: str) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The manifest, and the files that it names, which are all that there are.

    Raises:
        EngineError: ENG727, it was changed, or is no pack at all.
    """
    try:
        found = _read(data)
    except (BadZipFile, NotImplementedError, EOFError, OSError, RuntimeError, ValueError, KeyError) as error:
        raise failure("ENG727", file=file, reason=f"it cannot be unpacked: {type(error).__name__}") from None
    manifest = _manifest(found.pop(MANIFEST, b""), file)
    named = manifest["files"]
    if named.keys() != found.keys():
        odd = min(named.keys() ^ found.keys())
        raise failure("ENG727", file=file, reason=f"its manifest and its content differ in {odd}")
    for name, content in found.items():
        if digest_bytes(content) != named[name]:
            raise failure("ENG727", file=file, reason=f"{name} was changed")
    return manifest, found


def _read(data: bytes) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    room = LARGEST
    with ZipFile(BytesIO(data)) as archive:
        entries = archive.infolist()
        if len(entries) > _MOST:
            raise ValueError
        for entry in entries:
            with archive.open(entry) as handle:
                content = handle.read(room + 1)
            room -= len(content)
            if room < 0 or entry.filename in found:
                raise ValueError
            found[entry.filename] = content
    return found


def _manifest(data: bytes, file: str) -> dict[str, Any]:
    try:
        value = json.loads(data)
        is_right = canonical(value) == data
    except (ValueError, RecursionError):
        raise failure("ENG727", file=file, reason="it has no manifest that can be read") from None
    match value:
        case {"version": int(version)} if version != VERSION:
            raise failure("ENG727", file=file, reason=f"it is of version {version}, and this release knows {VERSION}")
        case {
            "repository": str(),
            "pr": int(),
            "made_at": str(),
            "engine": str(),
            "files": dict(),
            "lacks": list(),
            "version": 1,
            **odd,
        } if is_right and not odd:
            return dict(value)
    raise failure("ENG727", file=file, reason="its manifest has another form")
