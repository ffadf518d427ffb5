"""Labels."""

import pytest


@pytest.fixture
def number(open_):
    return open_("feature")


def test_a_label_of_the_repository_lives(place, as_):
    bob = as_("bob")
    made = bob("POST", f"{place.api}/labels", {"name": "risky", "color": "FF0000", "description": "look twice"}).body
    assert (made["color"], made["description"], made["default"]) == ("ff0000", "look twice", False)
    assert bob("POST", f"{place.api}/labels", {"name": "RISKY"}).body["errors"][0]["code"] == "already_exists"
    changed = bob("PATCH", f"{place.api}/labels/risky", {"new_name": "area/risk", "color": "00ff00"}).body
    assert (changed["id"], changed["name"], changed["color"]) == (made["id"], "area/risk", "00ff00")
    assert bob("GET", f"{place.api}/labels/area/risk").body["id"] == made["id"]
    assert bob("GET", f"{place.api}/labels/area%2Frisk").body["id"] == made["id"]
    assert bob("GET", f"{place.api}/labels/risky").status == 404
    assert bob("DELETE", f"{place.api}/labels/area%2Frisk").status == 204
    assert bob("GET", f"{place.api}/labels").body == []
    assert place.heard("label") == ["created", "edited", "deleted"]
    assert place.told[1].body["changes"] == {"name": {"from": "risky"}, "color": {"from": "ff0000"}}


@pytest.mark.off_contract
@pytest.mark.parametrize(
    ("why", "body"),
    [
        ("no name", {"color": "ff0000"}),
        ("an empty name", {"name": ""}),
        ("a name over 50", {"name": "x" * 51}),
        ("a color that is none", {"name": "x", "color": "red"}),
        ("a description over 100", {"name": "x", "description": "x" * 101}),
        ("a list as a name", {"name": ["x"]}),
    ],
)
def test_labels_that_are_refused(place, as_, why, body):
    assert as_("bob")("POST", f"{place.api}/labels", body).status == 422, why


def worn(as_, place, number):
    return [label["name"] for label in as_("oscar")("GET", f"{place.api}/issues/{number}/labels").body]


def test_labels_are_put_on_set_and_taken_off(place, number, as_):
    bob, url = as_("bob"), f"{place.api}/issues/{number}/labels"
    bob("POST", url, {"labels": ["a", "b"]})
    bob("POST", url, ["B", "c"])
    assert worn(as_, place, number) == ["a", "b", "c"]
    assert [each["name"] for each in bob("PUT", url, {"labels": ["c", "d"]}).body] == ["c", "d"]
    assert [each["name"] for each in bob("DELETE", f"{url}/C").body] == ["d"]
    gone = bob("DELETE", f"{url}/C")
    assert (gone.status, gone.body["message"]) == (404, "Label does not exist")
    assert bob("DELETE", url).status == 204
    assert worn(as_, place, number) == []
    assert place.heard("label") == ["created"] * 4
    labelled = [each for each in place.told if each.action in ("labeled", "unlabeled")]
    assert [(each.action, each.body["label"]["name"]) for each in labelled] == [
        ("labeled", "a"),
        ("labeled", "b"),
        ("labeled", "c"),
        ("unlabeled", "a"),
        ("unlabeled", "b"),
        ("labeled", "d"),
        ("unlabeled", "c"),
        ("unlabeled", "d"),
    ]
    assert place.events(number)[1:] == [each.action for each in labelled]


def test_at_most_a_hundred(place, number, as_):
    bob, url = as_("bob"), f"{place.api}/issues/{number}/labels"
    assert bob("POST", url, [f"label {n}" for n in range(100)]).status == 200
    assert bob("POST", url, ["label 7"]).status == 200
    assert bob("POST", url, ["one more"]).status == 422
    assert bob("PUT", url, {"labels": [f"other {n}" for n in range(101)]}).status == 422
    assert len(as_("bob")("GET", f"{url}?per_page=100").body) == 100
    assert bob("PUT", url, {"labels": [f"other {n}" for n in range(100)]}).status == 200


@pytest.mark.off_contract
def test_lists_of_labels_that_are_none(place, number, as_):
    for body in ([], [7], {"labels": "a"}, {"labels": [{"title": "a"}]}, {}, [""], ["x" * 51]):
        assert as_("bob")("POST", f"{place.api}/issues/{number}/labels", body).status == 422, body
    assert worn(as_, place, number) == []


def test_a_deleted_label_is_worn_no_more(place, number, as_):
    as_("bob")("POST", f"{place.api}/issues/{number}/labels", ["a", "b"])
    as_("bob")("DELETE", f"{place.api}/labels/a")
    assert worn(as_, place, number) == ["b"]
