"""What a module says its things are called, in comments that Terraform ignores; a mistake in one is told at once."""

import pytest

from engine.core.resources import services
from engine.core.resources.naming import HERE, Name, form, of_arn
from engine.core.resources.references import said
from engine.core.resources.tfvars import Json
from engine.errors import EngineError

MODULE = """# defines: %s
variable "tables" {
  type = map(object({
    table_name = optional(string)
    prefix     = optional(string, "t/")
    global     = optional(bool, false)
    stream     = optional(bool, true)
    key        = optional(string) %s
    tags       = optional(map(string), {})
  }))
}
"""
GOOD = "arn:aws:dynamodb:REGION:ACCOUNT:table/{table_name}"


def module(defines: str, names: str) -> str:
    return MODULE % (defines, names)


def read(defines: str = GOOD, names: str = "") -> services.Services:
    return services.read({"dynamodb.tf": module(defines, names).encode()})


@pytest.mark.parametrize(
    ("why", "defines", "entry", "expected"),
    [
        ("the key of the map", GOOD, {}, "table/orders"),
        ("what is given instead", GOOD, {"table_name": "o"}, "table/o"),
        ("null is not given", GOOD, {"table_name": None}, "table/orders"),
        ("a default", "arn:aws:dynamodb:REGION:ACCOUNT:{prefix}{table_name}", {}, "t/orders"),
        (
            "... that is given otherwise",
            "arn:aws:dynamodb:REGION:ACCOUNT:{prefix}{table_name}",
            {"prefix": "/"},
            "/orders",
        ),
        ("where something is true", GOOD + "{global:.global}", {"global": True}, "table/orders.global"),
        ("where it is not", GOOD + "{global:.global}", {}, "table/orders"),
        ("a name that ends so already", GOOD + "{global:.g}", {"global": True, "table_name": "o.g"}, "table/o.g"),
        ("only where something is true", GOOD + "-s if stream", {}, "table/orders-s"),
        ("... and it is not", GOOD + "-s if stream", {"stream": False}, None),
    ],
)
def test_an_entry_is_called(why: str, defines: str, entry: dict, expected: str | None) -> None:
    known = read(defines)
    found = said("DynamoDB", {"environment": "x", "tables": {"orders": entry}}, (), {}, known)
    assert [name.resource for name, _ in found.defines] == ([] if expected is None else [expected]), why
    assert all(name[:3] == ("dynamodb", HERE, HERE) for name, _ in found.defines)


@pytest.mark.parametrize(
    ("why", "defines", "names", "says"),
    [
        ("no ARN", "the table", "", "six parts"),
        ("five parts", "arn:aws:dynamodb:REGION:ACCOUNT", "", "six parts"),
        (
            "another partition, which the account decides",
            "arn:aws-cn:dynamodb:REGION:ACCOUNT:{table_name}",
            "",
            "arn:aws:",
        ),
        ("a region of its own", "arn:aws:dynamodb:us-east-1:ACCOUNT:{table_name}", "", "REGION"),
        ("an account of its own", "arn:aws:dynamodb:REGION:111111111111:{table_name}", "", "ACCOUNT"),
        ("an attribute that there is not", "arn:aws:dynamodb:REGION:ACCOUNT:{name}", "", "no attribute `name`"),
        ("a condition that there is not", GOOD + " if streams", "", "no attribute `streams`"),
        ("a brace too many", GOOD + "}", "", "in braces"),
        ("a wildcard within", "arn:aws:dynamodb:REGION:ACCOUNT:*/{table_name}", "", "in braces"),
        ("nothing that the name depends on is given", "arn:aws:dynamodb:REGION:ACCOUNT:{}", "", "no attribute ``"),
        ("an attribute within a value", GOOD, "# names: arn:aws:kms:REGION:ACCOUNT:{table_name}", "`{}` stands for"),
        ("a form of nothing", GOOD, "# names:", "six parts"),
        ("a form without the value", GOOD, "# names: arn:aws:kms:REGION:ACCOUNT:key", "called the same"),
        ("a value that is text where it is true", GOOD, "# names: arn:aws:kms:REGION:ACCOUNT:{:x}", "`{}` stands for"),
        ("one name for all", "arn:aws:dynamodb:REGION:ACCOUNT:table", "", "called the same"),
    ],
)
def test_a_form_that_is_none_has_its_place(why: str, defines: str, names: str, says: str) -> None:
    with pytest.raises(EngineError) as caught:
        read(defines, names)
    (problem,) = caught.value.problems
    assert problem.code == "ENG821", why
    assert says in problem.message, why
    assert str(problem.place).startswith("terraform/dynamodb.tf:")


@pytest.mark.parametrize(
    ("why", "comment", "orders"),
    [
        ("nothing is said: an ARN orders", "", True),
        ("a bare name has a form", "# names: arn:aws:kms:REGION:ACCOUNT:{}; else AWS's own", True),
        ("it need not be there", "# unordered: AWS does not look", False),
        ("a comment that only talks of it", "# that it is unordered is no secret", True),
    ],
)
def test_what_an_attribute_names(why: str, comment: str, orders: bool) -> None:
    known = read(GOOD, comment)
    values: dict[str, Json] = {"tables": {"t": {"key": "arn:aws:kms:us-east-1:111111111111:alias/k"}}}
    (found,) = said("dynamodb", values, (), {}, known).refers
    assert (found.name, found.orders) == (Name("kms", "us-east-1", "111111111111", "alias/k"), orders), why


def test_a_bare_name_is_put_into_its_form() -> None:
    known = read(GOOD, "# names: arn:aws:kms:REGION:ACCOUNT:{}")
    (found,) = said("dynamodb", {"tables": {"t": {"key": "alias/k"}}}, (), {"t": 3}, known).refers
    assert (found.name.at("eu-west-1", "2"), found.line) == (Name("kms", "eu-west-1", "2", "alias/k"), 3)


@pytest.mark.parametrize(
    ("why", "text"),
    [
        ("too few parts", "arn:aws:s3"),
        ("no service", "arn:aws::::x"),
        ("no resource", "arn:aws:s3:::"),
        ("longer than any", "arn:aws:s3:::" + "x" * 3000),
        ("another word", "urn:aws:s3:::x"),
    ],
)
def test_what_is_no_arn_names_nothing(why: str, text: str) -> None:
    assert of_arn(text) is None, why


def test_a_module_without_comments_orders_nothing_and_loads() -> None:
    known = services.read({"x.tf": b'variable "xs" {\n  type = map(object({ role_arn = string }))\n}\n'})
    found = said("x", {"xs": {"a": {"role_arn": "arn:aws:iam::1:role/r"}}}, (), {}, known)
    assert (found.defines, len(found.refers)) == ((), 1)


def test_what_lies_below_is_said_by_its_end() -> None:
    assert [form(f"arn:aws:s3:::{{bucket}}{end}").below for end in ("", "/*", ":*")] == [False, True, True]
