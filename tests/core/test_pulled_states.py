"""`terraform state pull` of one object, as Terraform 1.11.4 gives it: its checks in another order each time."""

import json
from itertools import permutations

from engine.core.state import read


def pulled(checks, **changes):
    said = {"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "l", "outputs": {}, "resources": []}
    return json.dumps({**said, "check_results": checks, **changes}).encode()


def check(name, status="pass", objects=("a",)):
    rows = [{"object_addr": f"var.{name}{one}", "status": status} for one in objects]
    return {"object_kind": "var", "config_addr": f"var.{name}", "status": status, "objects": rows}


def digest(*checks, **changes):
    found = read(pulled(list(checks), **changes))
    assert found
    return found.digest


def test_the_order_of_checks_and_of_their_objects_is_no_content():
    checks = [check("s3_buckets"), check("region", objects=("a", "b")), check("account")]
    turned = [check("s3_buckets"), check("region", objects=("b", "a")), check("account")]
    assert len({digest(*some) for some in (*permutations(checks), *permutations(turned))}) == 1


def test_what_they_say_is():
    assert digest(check("region")) != digest(check("region", "fail"))
    assert digest(check("region")) != digest()
    assert digest(check("region")) != digest(check("region"), check("region"))
    assert digest(check("region"), terraform_version="1.12.0") == digest(check("region"))
    for checks in (None, [1, "x", {"objects": 3}]):
        state = read(pulled(checks))
        assert state is not None
        assert state.digest != digest()
