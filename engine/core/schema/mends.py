"""A text with one slip mended, where that makes it what its schema wants: each mend is held to the pattern."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any


def form(value: str, schema: Mapping[str, Any]) -> str:
    """The value as the schema wants it: itself, or with one slip mended; empty where no mend of ours makes it fit."""
    pattern: str = schema.get("pattern", "")
    if not pattern:
        return ""
    mends = (*_MENDS, *_NAMES) if pattern.startswith(("^[a-z", "^[A-Za-z][A-Za-z0-9_-]*$")) else _MENDS
    only = schema.get("examples") if pattern.endswith("(read|write)$") else None  # all that there are
    for mend in mends:
        for text in mend(value):
            if only and mend is not _itself and text not in only:
                continue
            if text and re.search(pattern, text) and len(text) <= schema.get("maxLength", len(text)):
                return text
    return ""


def _itself(value: str) -> Iterator[str]:
    yield value


def _bare(value: str) -> Iterator[str]:
    """Without what stands around it: the mark of a login, a comma, quotes within quotes."""
    yield value.strip(" ,;:'\"@")


# What people put before a name: the address of a repository, the mark of a login.
_PREFIXED = re.compile(
    r"(?:https?://[^/\s]+/|(?:www\.)?github\.com/|git@[^:\s]+:|@)([\w.-]+(?:/[\w.-]+?)?)(?:\.git)?/?(?:(?:tree|blob)/.*)?$"
)


_TEAM = re.compile(r"(?:https?://[^/\s]+/)?orgs/([\w.-]+)/teams/([\w.-]+)/?")


def _address(value: str) -> Iterator[str]:
    if team := _TEAM.match(value):
        yield f"{team[1]}/{team[2]}"
    if said := _PREFIXED.match(value):
        yield said[1]
    yield value.removesuffix(".git")
    yield value.replace("\\", "/")
    yield value.strip("/").removeprefix("./")


def _small(value: str) -> Iterator[str]:
    yield value.lower()


_ALIKE = str.maketrans("аеорсухіѕјԁո", "aeopcyxisjdn")  # Cyrillic and Armenian letters that look Latin


def _latin(value: str) -> Iterator[str]:
    yield value.translate(_ALIKE)


_SEPARATORS = (
    (" ", "-"),
    (" ", "_"),
    ("_", "-"),
    ("-", "_"),
    (".", "-"),
    (".", "_"),
    ("=", ":"),
    (": ", ":"),
    ("\\", "/"),
)


def _separated(value: str) -> Iterator[str]:
    if (
        "@" not in value and not value.startswith("not ") and not any(c.isupper() for c in value[1:])
    ):  # `Nina Smith` is no login
        yield from (value.lower().replace(old, new) for old, new in _SEPARATORS if old in value)


def _permission(value: str) -> Iterator[str]:
    """`pull-requests-write`, `contents=read`"""
    for right in ("read", "write"):
        what = value.lower().removesuffix(right)
        yield f"{what.rstrip('-_. =/:').replace('-', '_')}:{right}" if what != value.lower() else ""


def _file(value: str) -> Iterator[str]:
    """The name of what stands in a file: `specs/join.yaml`, `./specs/join`"""
    if said := re.fullmatch(r"(?:\./)?(?:specs/)?([\w-]+)(\.ya?ml)?", value):
        yield said[1]


def _called(value: str) -> Iterator[str]:
    """`/engine validate`, `touchy()`, `${join}`, `gates.open`"""
    yield value.removesuffix("()")
    yield value.strip("${} ")
    yield re.sub(r"^(?:actions|environments|gates|groups|outputs|overrides|pipelines)\.", "", value)
    yield value.removeprefix("/").removeprefix("engine ").strip()


def _region(value: str) -> Iterator[str]:
    """`eu-west1`, `eu-west-1a`"""
    yield re.sub(r"(?<=[a-z])(?=[0-9]$)", "-", value.lower())
    yield re.sub(r"(?<=[0-9])[a-z]$", "", value.lower())


def _digits(value: str) -> Iterator[str]:
    """`4111-1111-1111`, `arn:aws:iam::411111111111:root`"""
    if within := re.search(r":([0-9]{12}):", value):
        yield within[1]
    if bare := re.fullmatch(r"\d[\d -]+", value):
        yield bare[0].replace("-", "").replace(" ", "")


_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 7 * 86_400}
_SPAN = re.compile(
    r"(\d{1,9}(?:\.\d)?)\s{0,9}(s|m|h|d|w)(?:ecs?|econds?|ins?|inutes?|rs?|ours?|ays?|eeks?)?(?![A-Za-z])\s{0,9}",
    re.IGNORECASE,
)


def _span(value: str) -> Iterator[str]:
    """`24 hours`, `1d12h`, `P7D`, `2 weeks`: in its own unit, or in the largest that is exact."""
    text = re.sub(r"^P|T", "", value.strip()) if value[:1] == "P" else value.strip()
    if not text or _SPAN.sub("", text):
        return
    parts = [(int(float(number) * 10 + 0.5), unit.lower()) for number, unit in _SPAN.findall(text)]
    tenths = sum(number * _UNITS[unit] for number, unit in parts)
    whole = tenths // 10 if tenths % 10 == 0 else 0
    if len(parts) == 1 and parts[0][1] != "w" and parts[0][0] % 10 == 0:
        yield f"{parts[0][0] // 10}{parts[0][1]}"
    yield from (f"{whole // _UNITS[unit]}{unit}" for unit in "dhms" if whole and whole % _UNITS[unit] == 0)


_WORDS = {"hourly": "1h", "daily": "24h", "nightly": "24h", "weekly": "7d", "hour": "1h", "day": "24h", "week": "7d"}
_CRON = re.compile(r"(?:\*/([1-9][0-9]?)|\*|[0-9]{1,2}) (?:\*/([1-9][0-9]?)|(\*)|[0-9]{1,2}) \* \* (\*|[0-7])")


def _clock(value: str) -> Iterator[str]:
    """`*/10 * * * *`, `0 3 * * *`, `hourly`, `every 10 minutes`: how long it is from one to the next."""
    bare = value.strip().lower().removeprefix("@").removeprefix("every ").strip()
    if bare in _WORDS:
        yield _WORDS[bare]
    if said := _CRON.fullmatch(bare):
        minutes, hours, each_hour, day = said.groups()
        if day != "*":
            yield "7d"
        elif minutes or bare.startswith("*"):
            yield f"{minutes or 1}m"
        else:
            yield f"{hours}h" if hours else "1h" if each_hour else "24h"
    if bare != value:
        yield from _span(bare)


_MENDS: tuple[Callable[[str], Iterator[str]], ...] = (
    _itself,
    _bare,
    _address,
    _small,
    _latin,
    _digits,
    _span,
    _clock,
)
_NAMES = (_permission, _region, _file, _called, _separated)


# What stands between items: signs, and the bullet or number that the next one begins with.
_BETWEEN = re.compile(r"(?:^|[\s;,&]+|(?<![|])\s*[|](?![|]))(?:(?:[-–—•]|\d{1,3}[.)])(?: |$)|-)?")


def items(value: str, schema: Mapping[str, Any], *, either: bool = False) -> list[str]:
    """The items that a list was meant to have where one text stands in it: `[paula pete]`, `[paula; pete]`.

    `either`: one of them is enough, so that `or` stands between them as well as a comma.
    """
    parts = [part for part in _BETWEEN.split(value) if part and not (either and part == "or")]
    if {"not", "or", "and"} & {*parts}:
        return []
    pattern = schema.get("pattern", "")
    names = re.fullmatch(r"[A-Z][a-z]+(?: [A-Z][a-z]+){1,2}", value)  # `Nina Smith` is somebody, and no list
    several = len(parts) > 1 and pattern and not names and all(re.search(pattern, part) for part in parts)
    return parts if several else []
