"""`engine error CODE`: what it means, an example of it, what is near; and a guess where there is no such code."""

import json

import pytest

from engine.cli.error import related
from engine.cli.main import main
from engine.errors import TABLE, ExitCode


def test_it_says_what_is_wrong_what_to_do_and_how_it_looks(capsys):
    assert main(["error", "eng052"]) == ExitCode.DONE
    said = capsys.readouterr().out
    for words in (
        "ENG052: unknown gate `{name}`",
        "for example, in ",
        "gaurded",
        "mended",
        "guarded",
        "see also",
        "ENG053",
    ):
        assert words in said, words
    bad, _, mended = said.partition("mended")
    assert "gaurded" in bad
    assert "gaurded" not in mended


def test_json_has_the_same(capsys):
    assert main(["error", "ENG052", "--json"]) == ExitCode.DONE
    said = json.loads(capsys.readouterr().out)
    assert (said["code"], said["exit"], said["related"][0]) == ("ENG052", ExitCode.CONFIG, "ENG053")
    assert "gaurded" in said["example"]["bad"]
    assert main(["error", "--json"]) == ExitCode.DONE
    assert [row["code"] for row in json.loads(capsys.readouterr().out)["errors"]] == list(TABLE)


@pytest.mark.parametrize(
    ("code", "words", "then"),
    [
        ("ENG353", "a clone of GitHub Actions without", "git fetch --unshallow"),
        ("ENG412", "another run holds the state", "terraform force-unlock"),
        ("ENG999", "a case that we have not thought of", None),
    ],
)
def test_what_no_line_brings_about_says_when_it_happens_and_what_leads_on(capsys, code, words, then):
    assert main(["error", code]) == ExitCode.DONE
    said = capsys.readouterr().out
    assert words in said.partition("for example")[2]
    assert ("what leads on" in said, then is None or f"    {then}\n" in said) == (then is not None, True)
    main(["error", code, "--json"])
    shown = json.loads(capsys.readouterr().out)
    assert (shown["example"], shown["situation"]["then"]) == (None, [then] if then else [])


@pytest.mark.parametrize(
    ("why", "code", "meant"),
    [
        ("a digit is missing", "ENG98", ["`ENG198`", "`ENG898`"]),
        ("a number alone", "76", ["`ENG076`"]),
        ("a digit too many", "ENG0076", ["`ENG076`"]),
        ("two digits in another order", "ENG880", ["`ENG088`"]),
        ("letters that are others", "EMG076", ["`ENG076`"]),
        ("no number at all", "gate", ["`engine error` lists them all"]),
        ("more digits than any code has", "ENG" + "9" * 5000, ["`engine error` lists them all"]),
    ],
)  # fmt: skip
def test_a_near_miss_is_guessed_by_its_number(why, code, meant, capsys):
    assert main(["error", code]) == ExitCode.CONFIG, why
    said = capsys.readouterr().err
    assert all(one in said for one in meant), said


@pytest.mark.parametrize(
    ("why", "code", "said"),
    [
        ("braces once, as they are written", "ENG071", "  Fix:        correct it, or write one `${…}`\n"),
        ("a field beside them keeps its name", "ENG907", "`${{path}}`"),
        ("what each case says for itself is no field", "ENG842", "  Fix:        (each case says its own)\n"),
        ("nothing to be done is no empty line", "ENG789", "more\n\n  exit code:"),
    ],
)
def test_a_page_is_for_people(why, code, said, capsys):
    assert main(["error", code]) == ExitCode.DONE
    assert said in capsys.readouterr().out, why


@pytest.mark.parametrize("columns", [40, 60, 120])
def test_a_page_has_the_columns_that_there_are(columns, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    assert main(["error", "ENG733"]) == ExitCode.DONE
    assert max(map(len, capsys.readouterr().out.split("\n"))) <= columns


@pytest.mark.parametrize(
    ("why", "code", "others"),
    [
        ("names that are unknown", "ENG052", ["ENG053", "ENG054"]),
        ("keys that are not believed", "ENG272", ["ENG271", "ENG273", "ENG274"]),
        ("a word that most have joins nothing", "ENG581", []),
    ],
)
def test_related_codes_are_about_the_same(why, code, others):
    assert set(others) <= set(related(code)), why
    assert others or not {"ENG553", "ENG598"} & set(related(code)), why


def test_related_codes_are_others_that_there_are():
    for code in list(TABLE)[::25]:
        assert code not in related(code)
        assert set(related(code)) <= TABLE.keys()
