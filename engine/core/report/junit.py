"""Results of cases as JUnit XML, the form that CI systems show."""

import re
from collections.abc import Iterable
from typing import NamedTuple

# What XML 1.0 cannot hold, not even escaped (https://www.w3.org/TR/xml/#charsets).
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Tried(NamedTuple):
    """What was tried, and how it came out."""

    suite: str  # file
    name: str
    line: int
    failure: str  # what went wrong in one line; empty: it passed
    details: str  # of a failure; otherwise what is worth saying


def junit(name: str, cases: Iterable[Tried]) -> bytes:
    """An XML document with one suite per file."""
    from xml.etree import ElementTree as Xml  # 6 ms, and only `--junit` needs it

    root = Xml.Element("testsuites", name=name)
    suites: dict[str, list[Tried]] = {}
    for case in cases:
        suites.setdefault(case.suite, []).append(case)
    for file, rows in suites.items():
        failed = sum(bool(row.failure) for row in rows)
        suite = Xml.SubElement(root, "testsuite", name=_clean(file), tests=str(len(rows)), failures=str(failed))
        for row in rows:
            attributes = {"classname": _clean(file), "name": _clean(row.name), "file": _clean(file)}
            element = Xml.SubElement(suite, "testcase", attributes, line=str(row.line))
            if row.failure:
                failure = Xml.SubElement(element, "failure", message=_clean(row.failure))
                failure.text = _clean(row.details)
            elif row.details:
                Xml.SubElement(element, "system-out").text = _clean(row.details)
    Xml.indent(root)
    return bytes(Xml.tostring(root, encoding="utf-8", xml_declaration=True))


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
