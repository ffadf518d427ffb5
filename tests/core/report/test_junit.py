"""JUnit XML that CI systems accept, whatever is in the texts."""

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from engine.core.report.junit import Tried, junit

ROWS = [
    Tried("a.yaml", "passes", 3, "", ""),
    Tried("a.yaml", "fails <here> & there", 4, 'gate "x": expected pass, got fail', "why\n  ✗ because"),
    Tried("b.yaml", "passes too", 1, "", ""),
]


def test_one_suite_per_file_with_its_numbers():
    root = ElementTree.fromstring(junit("engine test", ROWS))
    suites = [(s.get("name"), s.get("tests"), s.get("failures")) for s in root]
    assert (root.tag, suites) == ("testsuites", [("a.yaml", "2", "1"), ("b.yaml", "1", "0")])


def test_a_failure_has_its_message_and_the_explanation():
    root = ElementTree.fromstring(junit("engine test", ROWS))
    case = root[0][1]
    assert (case.get("name"), case.get("classname"), case.get("file"), case.get("line")) == (
        "fails <here> & there",
        "a.yaml",
        "a.yaml",
        "4",
    )
    assert case[0].get("message") == 'gate "x": expected pass, got fail'
    assert case[0].text == "why\n  ✗ because"


@given(st.text(), st.text(), st.text())
def test_any_text_gives_xml_that_can_be_read(name, failure, details):
    root = ElementTree.fromstring(junit("x", [Tried("f", name, 1, failure, details)]))
    assert len(root[0]) == 1
    assert [child.tag for child in root[0][0]] == (["failure"] if failure else ["system-out"] if details else [])
