"""Limits of one tfvars file; what may stand in it is in tests/cases/discovery.yaml."""

import pytest

from engine.core.resources import tfvars
from engine.errors import EngineError


def _codes(data: bytes) -> list[str]:
    with pytest.raises(EngineError) as caught:
        tfvars.read(data, "S3/a/a.tfvars")
    return [p.code for p in caught.value.problems]


def test_size():
    assert _codes(b"# " + b"x" * tfvars.MAX_BYTES) == ["ENG309"]
    assert tfvars.read(b"# " + b"x" * (tfvars.MAX_BYTES - 2), "x").values == {}


@pytest.mark.parametrize("opening", ["[", "{", "(", "!", "-", '"${', "{a=", "a?b:", "f(", "<<E\n${", "a.", '"'])
def test_nesting_that_would_end_the_process_of_hashicorps_parser(opening):
    assert _codes(b"a = " + (opening * (tfvars.MAX_BYTES // len(opening)))[: tfvars.MAX_BYTES - 10].encode())


def test_balanced_nesting():
    depth = (tfvars.MAX_BYTES - 10) // 2
    assert _codes(b"a = " + b"[" * depth + b"]" * depth) == ["ENG325"]


def test_places_of_keys_and_values():
    read = tfvars.read("# é\na = {\n  \"b c\" = [1, { d = 'x' }]\n}\n".replace("'", '"').encode(), "x.tfvars")
    assert str(read.place("a", "b c", key=True)) == "x.tfvars:3:3"
    assert str(read.place("a", "b c", 1, "d")) == "x.tfvars:3:21"
    assert read.place("a", "b c", 1, "d").excerpt == '  "b c" = [1, { d = "x" }]'
    assert str(read.place("a", "nothing", "there")) == "x.tfvars:2:5"
    assert str(read.place("nothing")) == "x.tfvars"
