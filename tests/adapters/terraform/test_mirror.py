"""Where providers come from."""

import pytest

from engine.adapters.ownership import ours
from engine.adapters.terraform import mirror
from engine.errors import EngineError

AWS = "registry.terraform.io/hashicorp/aws"


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home directory, on a machine that has no mirror of its own."""
    monkeypatch.setattr(mirror, "_PREFIXES", ())
    monkeypatch.setattr(mirror, "_IMPLIED", ("{home}/.terraform.d/plugins",))
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def system(tmp_path, monkeypatch):
    """A directory that stands for /opt: this machine's temporary directory is none here, and we are its root."""
    folder = tmp_path / "opt"
    folder.mkdir()
    monkeypatch.setattr(mirror, "_PREFIXES", (str(folder),))
    monkeypatch.setattr(mirror, "_TEMPORARY", (str(tmp_path / "tmp"),))
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path / "tmp"))
    monkeypatch.setattr(mirror, "_ADMINISTRATORS", ours())
    return folder


def a_mirror(folder):
    (folder / AWS / "5.100.0").mkdir(parents=True)
    return str(folder)


def test_a_setting_decides(home, tmp_path):
    found = mirror.choose(a_mirror(tmp_path / "m"), None, str(home))
    assert found.mirror == str(tmp_path / "m")
    assert f'include = ["{AWS}"]' in found.text
    assert f'exclude = ["{AWS}"]' in found.text


def test_a_setting_that_names_no_mirror_is_refused(home):
    with pytest.raises(EngineError) as caught:
        mirror.choose(str(home), None, str(home))
    assert caught.value.problems[0].code == "ENG404"


def test_a_mirror_is_found_where_terraform_itself_looks(home):
    path = a_mirror(home / ".terraform.d" / "plugins")
    assert mirror.choose(None, None, str(home)).mirror == path


def test_a_mirror_is_found_where_an_administrator_put_it(home, system):
    path = a_mirror(system / "mirror")
    assert mirror.choose(None, None, str(home)).mirror == path


def test_the_users_own_configuration_decides_alone(home, tmp_path):
    a_mirror(home / ".terraform.d" / "plugins")
    own = tmp_path / "own.tfrc"
    own.write_text("# mine\n")
    assert mirror.choose(None, str(own), str(home)) == mirror.Providers(None, str(own), "# mine\n")


def test_the_one_in_the_home_directory_too(home):
    (home / ".terraformrc").write_text("# mine\n")
    assert mirror.choose(None, None, str(home)).file == str(home / ".terraformrc")


def test_a_configuration_that_is_missing_is_ignored(home):
    assert mirror.choose(None, "/nowhere/terraformrc", str(home)).file is None


def test_without_a_mirror_providers_are_downloaded(home):
    found = mirror.choose(None, None, str(home))
    assert found == (None, None, "disable_checkpoint = true\nprovider_installation {\n  direct {}\n}\n", ())


def test_opentofus_registry_counts_too(home):
    (home / ".terraform.d" / "plugins" / "registry.opentofu.org" / "hashicorp" / "aws").mkdir(parents=True)
    assert 'include = ["registry.opentofu.org/hashicorp/aws"]' in mirror.choose(None, None, str(home)).text


def test_a_path_with_quotes_stays_a_string(home, tmp_path):
    path = a_mirror(tmp_path / 'a"b')
    assert f'path    = "{tmp_path}/a\\"b"' in mirror.choose(path, None, str(home)).text
