"""Files that others could have put where we look: none of them is believed."""

import os
import stat

import pytest

from engine.adapters import clock, settings
from engine.adapters.keys import Keyring
from engine.adapters.ownership import ours
from engine.adapters.storage.memory import Memory
from engine.adapters.terraform import mirror
from engine.cli.main import main
from engine.errors import ExitCode
from engine.run import results
from engine.run.handle import handle
from engine.run.ports import Ports
from engine.run.request import Asked, Going, Request, Watcher
from tests.support.machine import bad, good
from tests.support.trail import trail

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
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path / "tmp"))
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


def made(path, mode=0o755):
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(mode)
    return path


def planted(path, target, owner=NOBODY):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(made(target))
    os.chown(path, owner, owner, follow_symlinks=False)


@pytest.mark.parametrize(
    ("why", "spoil"),
    [
        ("others can write to it", lambda out: made(out, 0o777)),
        ("also a sticky one: they can put links there", lambda out: made(out, 0o1777)),
        ("others, if not the group", lambda out: made(out, 0o757)),
        ("others can write to the directory of plans", lambda out: made(out / "plans", 0o777)),
        ("a link where plans are kept, even ours", lambda out: planted(out / "plans", out.parent / "x", os.geteuid())),
        ("others can write above it", lambda out: made(out.parent, 0o777)),
        pytest.param("it is somebody else's", lambda out: given_away(made(out)), marks=as_root),
        pytest.param("what is above it is", lambda out: given_away(made(out.parent)), marks=as_root),
        pytest.param("the directory of plans is", lambda out: given_away(made(out / "plans")), marks=as_root),
        pytest.param("somebody else's link leads there", lambda out: planted(out, out.parent / "x"), marks=as_root),
        pytest.param(
            "a link where plans are kept", lambda out: planted(out / "plans", out.parent / "x"), marks=as_root
        ),
        pytest.param("a group can write to it", lambda out: made(out, 0o775), marks=as_root),
    ],
)  # fmt: skip
def test_a_directory_of_others_keeps_nothing(machine, engine, why, spoil):
    machine.program(plan="touch $A/planned; exit 2")
    machine.change({"S3/a.tfvars": good()})
    out = machine.root / "deep" / "out"
    made(out.parent)
    spoil(out)
    ended = engine(*machine.words("--out", str(out)))
    assert (ended.code, "ENG008" in ended.err) == (ExitCode.AUTH, True), f"{why}: {ended.err}"
    assert not (machine.answers / "planned").exists(), f"{why}: before anything is planned"
    assert list(machine.root.rglob("statement.json")) == [], why


@pytest.mark.parametrize(
    ("why", "place"),
    [
        ("others may read it", lambda root: made(root / "out", 0o755)),
        ("it is not there, and others may put names beside it", lambda root: made(root / "shared", 0o1777) / "a" / "b"),
        ("a link of ours", lambda root: planted(root / "link", root / "target", os.geteuid()) or root / "link"),
    ],
)
def test_a_directory_of_ours_keeps_everything(machine, engine, why, place):
    machine.change({"S3/a.tfvars": good()})
    out = place(machine.root)
    umask = os.umask(0)
    try:
        ended = engine(*machine.words("--out", str(out)))
    finally:
        os.umask(umask)
    assert ended.code == ExitCode.DONE, f"{why}: {ended.err}"
    kept = [file for file in out.resolve().rglob("*") if file.is_file()]
    assert {stat.S_IMODE(file.stat().st_mode) for file in kept} == {0o600}, why
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in (out, *out.parents[:1])} <= {0o700, 0o755}, why


def test_links_in_what_we_keep_lead_nowhere(machine, engine):
    """They were put there while others could; then the mode was mended."""
    machine.change({"S3/a.tfvars": good()})
    names = ("event.json", "facts.json", "statement.json", "report.md", "plans/0001_S3_dev_a.json")
    victim = machine.root / "victim"
    victim.write_text("untouched")
    for name in names:
        (machine.out / name).parent.mkdir(parents=True, exist_ok=True)
        (machine.out / name).symlink_to(victim)
    assert engine(*machine.words()).code == ExitCode.DONE
    assert [name for name in names if (machine.out / name).is_symlink()] == []
    assert victim.read_text() == "untouched"


def test_a_kept_plan_that_is_swapped_before_its_digest_is_taken(machine, monkeypatch):
    """The moment between keeping a plan and telling about it, from inside: whoever could write there could do it."""
    for name, value in machine.environ.items():
        monkeypatch.setenv(name, value)
    clone = machine.change({"S3/a.tfvars": bad()})

    def swap(line):
        if "planned" in line:
            [kept] = (machine.out / "plans").iterdir()
            kept.write_bytes((machine.answers / "good").read_bytes())

    request = Request(
        clone.event(),
        "event.json",
        None,
        str(clone.directory),
        str(machine.controller),
        str(machine.out),
        None,
        Asked(),
        Going("7"),
    )
    ports = Ports(Memory(), Keyring(os.environ), clock.now, trail())
    with results.directory(str(machine.out)):
        [done] = handle(request, settings.read(), ports, Watcher(lambda _: None, swap, lambda _: None, lambda _: None))
    [policy] = [ran for ran in done.ran if ran.uses == "policy.evaluate"]
    assert [doubt["code"] for doubt in policy.outputs["doubts"]] == ["ENG560"]
    assert machine.report()["result"] == "error"


@pytest.mark.parametrize(
    ("why", "spoil", "code"),
    [
        ("others could exchange it", lambda folder: made(folder, 0o777), "ENG008"),
        ("a link is there, which leads nowhere", lambda folder: (folder / "key.pem").symlink_to("x"), "ENG284"),
        pytest.param("a directory of others", given_away, "ENG008", marks=as_root),
    ],
)
def test_a_new_key_where_others_could_take_or_exchange_it(tmp_path, capsys, why, spoil, code):
    folder = made(tmp_path / "keys")
    spoil(folder)
    main(["keys", "new", "--out", str(folder / "key.pem")])
    shown = capsys.readouterr()
    assert (code in shown.err, shown.out) == (True, ""), why
    assert [name for name in os.listdir(folder) if name != "key.pem"] == []


@as_root
def test_a_signing_key_of_somebody_else_signs_nothing(machine, engine):
    given_away(machine.root / "key.pem")
    machine.change({"S3/a.tfvars": good()})
    ended = engine(*machine.words())
    assert (ended.code, "ENG009" in ended.err) == (ExitCode.AUTH, True)
