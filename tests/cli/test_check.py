"""`engine check`: a working tree on a laptop, without an account, credentials, keys or git."""

import json
import os
import shutil

import pytest
from jsonschema import Draft202012Validator

from engine import data
from engine.errors import ExitCode
from engine.run.check import discovery
from tests.support.clone import bucket
from tests.support.machine import bad, good
from tests.support.order import SHIPPED
from tests.support.resources import rules, source
from tests.support.terraform import a_program

FILES = {"S3/a.tfvars": good(), "S3/deep/deep.tfvars": good("acme-dev-deep"), "README.md": "text"}


class Tree:
    """A working tree beside a machine's controller."""

    def __init__(self, machine, engine):
        self.machine, self.engine, self.top = machine, engine, machine.root / "source"
        self.write({".git/HEAD": "", "README.md": "text"})

    def write(self, files):
        """Files by path."""
        for path, text in files.items():
            file = self.top / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)

    def check(self, *paths, **environ):
        """The command; no variable of the machine but its program and its cache."""
        bare = {"ENGINE_SIGNING_KEY_FILE": "", "ENGINE_DIGEST_KEY": "", "ENGINE_EMULATOR": ""}
        rules = ["--repo", str(self.top), "--rules", str(self.machine.controller)]
        return self.engine("check", *rules, *paths, **{**bare, **environ})

    def report(self, *paths, **environ):
        """The report of `--json`."""
        return json.loads(self.check("--json", *paths, **environ).out)


@pytest.fixture
def tree(machine, engine):
    return Tree(machine, engine)


def test_what_is_good_passes_and_what_cannot_be_told_is_said(tree):
    tree.write(FILES)
    done = tree.check()
    assert done.code == ExitCode.DONE, done.err
    said = " ".join(done.out.split())
    assert "policy checks passed acme/dev-deployment, the working tree: 2 resources as they lie here" in said
    assert "unknown here, so only validation can tell ? what exists already" in said
    assert "? gates, which read the pull request and its people: configuration-only, declared-source" in said
    assert "(2 of 2)" in done.err


@pytest.mark.parametrize(
    ("why", "files", "code", "result"),
    [
        ("what only a plan or a policy would say is not said", {"S3/b.tfvars": bad()}, ExitCode.DONE, "unjudged"),
        ("code is refused", {"S3/b.tfvars": "environment = var.x\n"}, ExitCode.NEGATIVE, "refused"),
        ("so is what does not belong there", {"S3/main.tf": ""}, ExitCode.NEGATIVE, "refused"),
    ],
)
def test_the_files_alone(tree, why, files, code, result):
    tree.write({**FILES, **files})
    done = tree.check("--no-plan", "--json", ENGINE_TERRAFORM="/nowhere", PATH="/nowhere")
    found = json.loads(done.out)
    assert (done.code, found["result"], found["resources"]) == (code, result, []), why
    assert "what Terraform and the policies say" in found["unknown"][0]


def test_what_policy_denies_is_denied(tree):
    tree.machine.judge_as_shipped()
    tree.write({**FILES, "S3/b.tfvars": bad()})
    done = tree.check()
    assert done.code == ExitCode.NEGATIVE
    assert "denied (critical)" in done.out
    assert "S3/b.tfvars" in done.out


def test_the_report_is_a_report(tree):
    tree.write({**FILES, "S3/b.tfvars": bad()})
    found = tree.report()
    assert (found["result"], found["pr"], found["head_sha"], found["signature"]) == ("failed", None, None, None)
    assert {row["path"]: (row["standing"], row["change"]) for row in found["resources"]} == {
        "S3/a.tfvars": ("passed", "as new"),
        "S3/b.tfvars": ("failed", "as new"),
        "S3/deep": ("passed", "as new"),
    }
    assert len(found["unknown"]) == 3
    with open(f"{data.path('schemas')}/report.schema.json", "rb") as file:
        Draft202012Validator(json.load(file)).validate(found)


def test_nothing_is_kept_but_prepared_directories(tree, tmp_path_factory):
    tree.write(FILES)
    temporary = tmp_path_factory.mktemp("temporary")
    before = everything(tree.machine.root)
    tree.check(TMPDIR=str(temporary))
    left = {name for name in everything(tree.machine.root) - before if not name.startswith("cache/")}
    assert left == set()
    assert not [name for name in everything(tree.machine.root) if name.endswith("tfplan")]


def everything(top):
    return {os.path.relpath(os.path.join(folder, name), top) for folder, _, names in os.walk(top) for name in names}


def test_git_is_never_started(tree):
    """A clean filter, a hook and `core.fsmonitor` would run; so nothing called git does."""
    started = tree.machine.root / "started"
    programs = tree.machine.root / "programs"
    a_program(programs, f"touch {started}", name="git")
    config = f'[core]\n  fsmonitor = touch {started}\n[filter "x"]\n  clean = touch {started}\n'
    tree.write({**FILES, ".gitattributes": "* filter=x\n", ".git/config": config})
    assert tree.check(PATH=f"{programs}:{os.environ['PATH']}").code == ExitCode.DONE
    assert not started.exists()


def test_terraform_is_given_no_credentials_and_the_account_of_the_rules(tree):
    tree.machine.program(plan="env > $A/seen; cat resource.tfvars.json >> $A/seen; exit 2")
    tree.write({"S3/a.tfvars": good()})
    tree.check(AWS_ACCESS_KEY_ID="AKIA", AWS_PROFILE="prod", HTTPS_PROXY="http://u:p@h:1")
    seen = (tree.machine.answers / "seen").read_text()
    assert not [word for word in ("AKIA", "prod\n", "u:p@h") if word in seen]
    assert '"account": "111111111111"' in seen


@pytest.mark.parametrize(
    ("why", "files", "codes"),
    [
        ("a value of the wrong type", {"S3/a.tfvars": 'environment = "development"\ns3_buckets = 1\n'}, ["ENG335"]),
        ("a near miss of an environment", {"S3/a.tfvars": bucket("b", "developmnt")}, ["ENG341"]),
        ("no service", {"S4/a.tfvars": good()}, ["ENG310"]),
        ("Terraform's own files", {"S3/a.tfvars": good(), "S3/main.tf": ""}, ["ENG301"]),
        ("a document without a resource", {"S3/a.json": "{}"}, ["ENG312"]),
        ("what belongs to nobody", {"S3/a/a.tfvars": good(), "S3/a/.terraform/x": ""}, ["ENG303"]),
        ("too large", {"S3/a.tfvars": good() + "#" * 70_000}, ["ENG309"]),
        ("two of one name", {"S3/a.tfvars": good(), "S3/A.tfvars": good()}, ["ENG316"]),
    ],
)
def test_files_that_would_be_refused_are(tree, why, files, codes):
    tree.write({**files, "S3/good.tfvars": good()})
    done = tree.check("--json")
    found = json.loads(done.out)
    assert (done.code, found["result"]) == (ExitCode.NEGATIVE, "refused"), why
    assert sorted({row["code"] for row in found["refused"]}) == codes, why
    assert "S3/good.tfvars" in [row["path"] for row in found["resources"]], why


def test_links_pipes_and_repositories_are_refused_and_not_opened(tree):
    tree.write({"S3/a.tfvars": good(), "KMS/inside/.git": "gitdir: /etc"})
    secret = tree.machine.root / "secret"
    secret.write_text("AKIASECRET")
    (tree.top / "S3" / "link.tfvars").symlink_to(secret)
    (tree.top / "S3" / "far").symlink_to(tree.machine.controller)
    os.mkfifo(tree.top / "S3" / "pipe.tfvars")
    done = tree.check("--json")
    found = json.loads(done.out)
    assert {(row["code"], row["file"]) for row in found["refused"]} == {
        ("ENG304", "S3/link.tfvars"),
        ("ENG304", "S3/far"),
        ("ENG300", "S3/pipe.tfvars"),
        ("ENG305", "KMS/inside"),
    }
    assert "AKIASECRET" not in done.out + done.err


@pytest.mark.parametrize(
    ("why", "paths", "planned"),
    [
        ("a flat one", ["S3/a.tfvars"], ["S3/a.tfvars"]),
        ("a directory of one", ["S3/deep"], ["S3/deep"]),
        ("its document", ["S3/a.json"], ["S3/a.tfvars"]),
        ("a directory of several", ["S3"], ["S3/a.tfvars", "S3/deep"]),
        ("two", ["S3/deep/deep.tfvars", "S3/a.tfvars"], ["S3/a.tfvars", "S3/deep"]),
        ("all of it", ["."], ["S3/a.tfvars", "S3/deep"]),
    ],
)
def test_only_what_was_named_is_planned(tree, monkeypatch, why, paths, planned):
    policy = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Deny",
                    "Principal": {"AWS": "arn:aws:iam::111111111111:root"},
                    "Action": "s3:GetObject",
                    "Resource": "arn:aws:s3:::b/*",
                }
            ],
        }
    )
    with_document = bucket("b", more='policy_file = "a.json"')
    tree.write({"S3/a.tfvars": with_document, "S3/a.json": policy, "S3/deep/deep.tfvars": good()})
    monkeypatch.chdir(tree.top)
    assert [row["path"] for row in tree.report(*paths)["resources"]] == planned, why


def test_names_of_nothing_are_warned_of_among_all_that_lies_there(tree):
    logs = bucket("a", more='logging = { target_bucket = "access-log" }')
    tree.write({"S3/a.tfvars": logs, "S3/b.tfvars": bucket("access-logs"), "S3/broken.tfvars": "nonsense"})
    found = discovery(str(tree.top), (str(tree.top / "S3/a.tfvars"),), SHIPPED, rules(), source())
    ((warned,),) = (resource.warned for resource in found.resources)
    assert (warned.code, str(warned.place)[:12], warned.hint) == (
        "ENG818",
        "S3/a.tfvars:",
        "did you mean `access-logs`?",
    )


@pytest.mark.parametrize(
    ("why", "paths", "code"),
    [
        ("out of the tree", ["../controller"], "ENG443"),
        ("a typo", ["S3/none.tfvars"], "ENG444"),
        ("a near miss", ["S3/a.tfvar"], "did you mean `S3/a.tfvars`?"),
        ("of two, one", ["S3/a.tfvars", "S3/none.tfvars"], "ENG444"),
        ("a directory without configuration", ["docs"], "ENG444"),
    ],
)
def test_paths_that_name_nothing(tree, monkeypatch, why, paths, code):
    tree.write({**FILES, "docs/a.txt": ""})
    monkeypatch.chdir(tree.top)
    done = tree.check(*paths)
    assert (done.code, code in done.err) == (ExitCode.CONFIG, True), f"{why}: {done.err}"


@pytest.mark.parametrize(("why", "paths"), [("all of it", []), ("what is no resource", ["README.md"])])
def test_nothing_to_check_is_no_pass(tree, monkeypatch, why, paths):
    monkeypatch.chdir(tree.top)
    done = tree.check(*paths)
    assert (done.code, "ENG445" in done.err, done.out) == (ExitCode.CONFIG, True, ""), why


def test_a_file_is_no_working_tree(tree):
    tree.write(FILES)
    done = tree.check("--repo", str(tree.top / "S3" / "a.tfvars"))
    assert (done.code, "ENG001" in done.err) == (ExitCode.CONFIG, True), done.err


@pytest.mark.parametrize("link", [False, True])
def test_rules_inside_the_working_tree_are_not_believed_where_there_is_no_git(tree, link):
    tree.write(FILES)
    shutil.rmtree(tree.top / ".git")
    shutil.copytree(tree.machine.controller, tree.top / "controller")
    (tree.machine.root / "link").symlink_to(tree.top / "controller")
    done = tree.check("--rules", str(tree.machine.root / "link" if link else tree.top / "controller"))
    assert (done.code, "ENG559" in done.err) == (ExitCode.CONFIG, True), done.err


def test_other_files_count_only_if_they_are_named(tree, monkeypatch):
    tree.write({**FILES, ".github/workflows/ci.yml": "", "tool.py": ""})
    monkeypatch.chdir(tree.top)
    assert tree.check().code == ExitCode.DONE
    assert [row["code"] for row in tree.report("tool.py", "S3")["refused"]] == ["ENG300"]


def test_several_environments_are_no_mistake_of_a_working_tree(tree):
    tree.write({"S3/a.tfvars": good(), "S3/b.tfvars": bucket("b", "production"), "S3/c.tfvars": bucket("c", "sandbox")})
    found = tree.report()
    assert (found["result"], found["environment"], found["refused"]) == ("passed", None, [])


def test_the_rules_of_the_working_tree_itself_are_not_believed(tree):
    """Its module and its policies are programs that a branch has brought."""
    tree.write(FILES)
    shutil.copytree(tree.machine.controller, tree.top / "controller")
    done = tree.engine("check", "--repo", str(tree.top), "--rules", str(tree.top / "controller"))
    assert (done.code, "ENG559" in done.err) == (ExitCode.CONFIG, True)


def test_without_terraform_the_files_are_checked_all_the_same(tree):
    tree.write({"S3/a.tfvars": good(), "S3/b.tfvars": "environment = 1\n"})
    done = tree.check(ENGINE_TERRAFORM="/nowhere")
    assert done.code == ExitCode.EXECUTOR
    assert "ENG335" in done.out
    assert "ENG400" in done.out


def test_a_plan_that_fails_is_no_pass(tree):
    tree.machine.program(plan="exit 1")
    tree.write(FILES)
    assert tree.check().code == ExitCode.EXECUTOR


def test_a_value_that_the_module_refuses_is_refused_where_it_stands(tree):
    said = {"severity": "error", "summary": "Invalid value for variable"}
    said["detail"] = "tls_only is true.\n\nThis was checked by the validation rule at s3.tf:55,3-13."
    line = json.dumps({"type": "diagnostic", "diagnostic": said})
    tree.machine.program(plan=f"printf '%s\\n' '{line}'; exit 1")
    tree.write({"S3/a.tfvars": bucket("a", more="tls_only = false")})
    found = tree.report()
    (row,) = found["resources"]
    assert (found["result"], row["problem"]["code"], row["problem"]["file"], row["problem"]["line"]) == (
        "refused", "ENG904", "S3/a.tfvars", 3)  # fmt: skip
    assert tree.check().code == ExitCode.NEGATIVE


def test_a_module_that_asks_aws_is_told_once(tree):
    (tree.machine.controller / "terraform" / "more.tf").write_text('data "aws_region" "x" {}\n')
    tree.write(FILES)
    done = tree.check()
    assert done.code == ExitCode.CONFIG
    assert " ".join(done.out.split()).count("only an account can answer: data.aws_region.x (more.tf)") == 1


@pytest.mark.slow
def test_more_files_than_a_change_may_have(tree):
    tree.write({f"S3/{number}.tfvars": "environment = 1\n" for number in range(10_001)})
    found = tree.report()
    assert (found["result"], "ENG348" in {row["code"] for row in found["refused"]}) == ("refused", False)


@pytest.mark.slow
@pytest.mark.terraform
def test_the_shipped_example_with_the_real_terraform_and_nobody_is_asked(tree, monkeypatch):
    """A laptop with a profile whose keys a program fetches: it is not started, and what is told is the story."""
    started, home = tree.machine.root / "started", tree.machine.root / "home"
    (home / ".aws").mkdir(parents=True)
    (home / ".aws" / "config").write_text(f"[default]\ncredential_process = touch {started}\n")
    shutil.copytree(f"{data.ROOT}/examples/change", tree.top, dirs_exist_ok=True)
    monkeypatch.setenv("HOME", str(home))
    terraform = {"ENGINE_TERRAFORM": "terraform", "AWS_PROFILE": "default", "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    done = tree.engine("check", "--json", "--repo", str(tree.top), "--rules", data.ROOT, **terraform)
    found = json.loads(done.out)
    assert (done.code, found["result"], found["broken"]) == (ExitCode.NEGATIVE, "failed", []), done.err
    assert {row["path"]: (row["standing"], row["plan"]["create"]) for row in found["resources"]} == {
        "S3/analytics-reports": ("warned", 6),
        "S3/analytics-uploads.tfvars": ("failed", 6),
    }
    assert {row["rule"] for row in found["findings"] if row["effect"] == "deny"} >= {"ACC-PUB-001", "ACC-PUB-002"}
    assert not started.exists()
