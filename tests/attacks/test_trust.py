"""Files that others could have put where we look: none of them is believed."""

import os

import pytest

from engine.adapters.ownership import ours
from engine.adapters.terraform import mirror

AWS = "registry.terraform.io/hashicorp/aws"


def a_mirror(folder):
    package = folder / AWS / "5.100.0" / "linux_amd64"
    package.mkdir(parents=True)
    (package / "terraform-provider-aws_v5.100.0_x5").write_text("a program that gets our credentials")
    return package


def others_may_write(path):
    path.chmod(0o777)


def link_to(path, target):
    path.rename(target)
    path.symlink_to(target)


NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")


def given_away(path):
    os.chown(path, NOBODY, NOBODY, follow_symlinks=False)


@pytest.fixture
def machine_of(tmp_path, monkeypatch):
    """(home, /opt), in a directory that is not a temporary one here; root is who we are."""
    home, system = tmp_path / "home", tmp_path / "opt"
    home.mkdir()
    system.mkdir()
    monkeypatch.setattr(mirror, "_IMPLIED", ("{home}/.terraform.d/plugins",))
    monkeypatch.setattr(mirror, "_PREFIXES", (str(system), "{home}", str(tmp_path / "tmp")))
    monkeypatch.setattr(mirror, "_TEMPORARY", (str(tmp_path / "tmp"),))
    monkeypatch.setattr(mirror.tempfile, "gettempdir", lambda: str(tmp_path / "tmp"))
    monkeypatch.setattr(mirror, "_ADMINISTRATORS", ours())
    return tmp_path


IMPLIED = "home/.terraform.d/plugins"


@pytest.mark.parametrize(
    ("why", "place", "spoil", "reason"),
    [
        ("somebody's checkout below HOME", "home/dev-deployment", lambda p: (p / ".git").mkdir(), "below"),
        ("below HOME, no checkout", "home/mirror", lambda _: None, "below"),
        ("a temporary directory", "tmp/mirror", lambda _: None, "below"),
        ("a checkout that an administrator made", "opt/m", lambda p: (p / ".git").mkdir(), "checkout"),
        ("a linked work tree", "opt/m", lambda p: (p / ".git").write_text("gitdir: /x"), "checkout"),
        ("a checkout further up", "opt/m", lambda p: (p.parent / ".git").mkdir(), "checkout"),
        ("HOME is a checkout", IMPLIED, lambda p: (p.parents[1] / ".git").mkdir(), "checkout"),
        ("Terraform's own place in a checkout", IMPLIED, lambda p: (p / ".git").mkdir(), "checkout"),
        ("a checkout inside", "opt/m", lambda p: (p / AWS / ".git").mkdir(), "checkout"),
        ("others can write to it", "opt/m", others_may_write, "others can write"),
        ("a group can", "opt/m", lambda p: p.chmod(0o775), "others can write"),
        ("others can write above it", "opt/m", lambda p: others_may_write(p.parent), "others can write"),
        ("others can write to what Terraform takes", "opt/m", lambda p: others_may_write(p / AWS), "others can write"),
        ("to the program", "opt/m", lambda p: others_may_write(next(p.rglob("terraform-p*"))), "others can write"),
        ("to Terraform's own place", IMPLIED, others_may_write, "others can write"),
        ("a link below HOME", "opt/m", lambda p: link_to(p, p.parents[1] / "home" / "m"), "below"),
        ("a link inside it, to what others can write to", "opt/m",
         lambda p: (link_to(p / AWS, p.parents[1] / "x"), others_may_write(p.parents[1] / "x")), "others can write"),
        ("a loop of links", "opt/m", lambda p: (p / AWS / "loop").symlink_to("loop"), "leads nowhere"),
        pytest.param("somebody else's", "opt/m", given_away, "belongs to user", marks=as_root),
        pytest.param("somebody else's place of Terraform", IMPLIED, given_away, "belongs to user", marks=as_root),
        pytest.param("somebody else's above it", "opt/m", lambda p: given_away(p.parent), "user", marks=as_root),
        pytest.param("somebody else's link", "opt/m", lambda p: (link_to(p, p.parents[1] / "m"), given_away(p)),
                     "link of user", marks=as_root),
    ],
)  # fmt: skip
def test_a_provider_mirror_of_others(machine_of, why, place, spoil, reason):
    path = machine_of / place
    a_mirror(path)
    assert mirror.choose(str(path), None, str(machine_of / "home")).mirror == str(path), "it is one"
    spoil(path)
    found = mirror.choose(None, None, str(machine_of / "home"))
    assert (found.mirror, found.file) == (None, None), why
    assert {p.code for p in found.passed_over} == {"ENG419"}
    assert reason in found.passed_over[0].message, why
    assert "direct {}" in found.text, "Terraform does not look for itself, either"


def test_what_is_ours_is_not_yet_the_systems(machine_of, monkeypatch):
    a_mirror(machine_of / "opt" / "m")
    monkeypatch.setattr(mirror, "_ADMINISTRATORS", {*range(1000, 2000)} - {os.geteuid()})
    assert mirror.choose(None, None, str(machine_of / "home")).mirror is None
