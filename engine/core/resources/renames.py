"""Which removed and which added file are one renamed file: by their contents, as `git diff -M90%` tells it."""

from collections.abc import Mapping

from engine.core.resources.tree import Entry

ALIKE = 0.9  # git's own 50 % pairs any two small resources that were made from one template
FILES = 1000  # of one side; beyond that only equal files are paired
WORK = 5_000_000  # pieces that may be compared: a second or two
_PIECE = 64


def equal(removed: Mapping[str, Entry], added: Mapping[str, Entry]) -> dict[str, str]:
    """New path → old path of files with the same content; first those that keep their file name."""
    pairs: dict[str, str] = {}
    taken: set[str] = set()
    for key in (_content_and_name, _content):
        olds: dict[tuple[object, ...], list[str]] = {}
        for path, entry in sorted(removed.items(), reverse=True):
            if path not in taken:
                olds.setdefault(key(path, entry), []).append(path)
        for path, entry in sorted(added.items()):
            if path not in pairs and olds.get(key(path, entry)):
                pairs[path] = olds[key(path, entry)].pop()
                taken.add(pairs[path])
    return pairs


def alike(removed: Mapping[str, bytes], added: Mapping[str, bytes]) -> dict[str, str]:
    """New path → old path of files of which nine tenths are the same; the most alike first."""
    if len(removed) > FILES or len(added) > FILES:
        return {}
    pieces = {path: _pieces(data) for path, data in (*removed.items(), *added.items())}
    found = []
    work = 0
    for path, data in added.items():
        for old, before in removed.items():
            smaller, larger = sorted((len(data), len(before)))
            if not smaller or smaller < ALIKE * larger:
                continue
            few, many = sorted((pieces[path], pieces[old]), key=len)
            work += len(few)
            if work > WORK:
                return {}
            same = sum(min(size, many[piece]) for piece, size in few.items() if piece in many)
            if same >= ALIKE * larger:
                found.append((-same / larger, _name(old) != _name(path), path, old))
    pairs: dict[str, str] = {}
    taken: set[str] = set()
    for *_, path, old in sorted(found):
        if path not in pairs and old not in taken:
            pairs[path] = old
            taken.add(old)
    return pairs


def _pieces(data: bytes) -> Mapping[bytes, int]:
    """Bytes by piece: lines, cut after 64 bytes."""
    found: dict[bytes, int] = {}
    for line in data.replace(b"\r\n", b"\n").splitlines(keepends=True):
        for at in range(0, len(line), _PIECE):
            piece = line[at : at + _PIECE]
            found[piece] = found.get(piece, 0) + len(piece)
    return found


def _content_and_name(path: str, entry: Entry) -> tuple[object, ...]:
    return entry.id, entry.is_file, _name(path)


def _content(_: str, entry: Entry) -> tuple[object, ...]:
    return entry.id, entry.is_file


def _name(path: str) -> str:
    return path.rpartition("/")[2]
