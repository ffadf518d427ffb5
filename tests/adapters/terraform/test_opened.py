"""One resource is planned and applied, with real Terraform on the real S3 backend, and everybody is killed."""

import contextlib
import json
import os
import random
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from engine.adapters import attached, files
from engine.adapters.attached import Lost, Running
from engine.adapters.terraform.accounts import Profiles
from engine.adapters.terraform.backend import Backend
from engine.core.plan.events import Change
from engine.core.rules.model import Profile
from engine.errors import EngineError
from engine.sandbox.emulator import emulator
from tests.support.applying import LIMITS, Applying, address
from tests.support.emulator import ask, put
from tests.support.terraform import problem_of

WATCHED: list[object] = []


@pytest.fixture
def applying(aws, tmp_path, request):
    """A resource whose state is this test's own."""
    return Applying(tmp_path, aws, f"{abs(hash((request.node.name, tmp_path)))}")


@pytest.fixture
def gate(tmp_path):
    """What a thing runs: it notes that, and waits until it is let through."""

    class Gate:
        noted, file = tmp_path / "noted", tmp_path / "go"
        run = f"echo $$ >> {noted}; while [ ! -e {file} ]; do sleep 0.02; done"

        def reached(self, early=None):
            """Whoever applies here (`early`: a future of that) and ends before has failed: then we hear of what."""
            eventually(lambda: self.noted.exists() or (early and early.done()), "Terraform comes to it")
            assert self.noted.exists(), early.result()

        def open(self):
            self.file.touch()

        @property
        def times(self):
            return len(self.noted.read_text().split()) if self.noted.exists() else 0

    made = Gate()
    yield made
    made.open()


def eventually(condition, what):
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.01)


def planned(work, limits=LIMITS):
    found = work.plan(limits)
    assert found.status == "planned", found.problem
    return found


def unplanned(work):
    """Why it cannot be planned."""
    return problem_of(work.plan(LIMITS))


def applied(work, cancel=None):
    heard: list[Change] = []
    return work.apply(heard.append, cancel), heard


def told(found):
    """Outcome, what happened to each thing, and the problem's code."""
    states = {name: (one.status, *one.done) for name, one in found.addresses.items()}
    return found.outcome, states, found.problem and found.problem.code


def things(state):
    """What a state has, by name."""
    found = json.loads(state.data)["resources"]
    return {i["index_key"]: i["attributes"]["input"]["value"] for one in found for i in one["instances"]}


def lock_of(aws, job, bucket=None):
    return ask(aws, "HEAD", f"/{bucket or aws.bucket}/{job.state_key}.tflock").status


def planted(path):
    """A link to what was there."""
    os.rename(path, f"{path}-moved")
    os.symlink(f"{path}-moved", path)


def code_of(call, *arguments):
    with pytest.raises(EngineError) as caught:
        call(*arguments)
    return caught.value.problems[0].code


def test_a_life(applying, aws):
    job = applying.job(a="1", b="2")
    with applying.open(job) as work:
        assert planned(work).changes
        assert (work.state(), work.begun) == (None, None)
        found, heard = applied(work)
        done = ("done", "create")
        assert told(found) == ("applied", {address("a"): done, address("b"): done}, None)
        assert sorted((change.address, change.status) for change in heard) == [
            (address(name), status) for name in "ab" for status in ("done", "started")
        ]
        state = work.state()
        assert things(state) == {"a": "1", "b": "2"}
        assert applied(work)[0] == found, "never twice"
        assert work.state() == state
        again = planned(work)
        assert not again.changes
        work.close()
    assert not os.path.exists(work.folder)
    assert lock_of(aws, job) == 404


def test_no_resource_holds_another_back(applying):
    """What is begun in one directory is nobody's business in the next."""
    with applying.open(applying.job(a="1"), "one") as one, applying.open(applying.job(a="1"), "two") as two:
        planned(one)
        planned(two)
        assert told(applied(one)[0])[0] == "applied"
        assert told(applied(two)[0]) == ("failed", {}, "ENG413"), "a plan that is stale begins nothing"


def test_one_thing_fails(applying):
    with applying.open(applying.job(a="1", b={"input": "2", "run": "exit 7"})) as work:
        planned(work)
        found, heard = applied(work)
        states = {address("a"): ("done", "create"), address("b"): ("failed",)}
        assert told(found) == ("partial", states, "ENG410")
        assert "exit status 7" in found.addresses[address("b")].error
        assert "exit status 7" in heard[-1].error
        assert things(work.state()) == {"a": "1", "b": "2"}, "tainted"
        assert planned(work).plan["resource_changes"][1]["change"]["actions"] == ["delete", "create"]


def test_everything_fails(applying):
    with applying.open(applying.job(a={"input": "1", "run": "exit 7"})) as work:
        planned(work)
        assert told(applied(work)[0]) == ("failed", {address("a"): ("failed",)}, "ENG410")


def test_a_replacement_is_two_actions(applying):
    with applying.open(applying.job(a="1")) as work:
        planned(work)
        applied(work)
    with applying.open(applying.job(a={"input": "2", "run": "exit 7"}), "next") as work:
        planned(work)
        assert told(applied(work)[0]) == ("partial", {address("a"): ("failed", "delete")}, "ENG410")
    with applying.open(applying.job(a="3"), "last") as work:
        planned(work)
        assert told(applied(work)[0]) == ("applied", {address("a"): ("done", "delete", "create")}, None)


def test_a_lock_of_another(applying, aws):
    job = applying.job(a="1")
    with applying.open(job) as work:
        planned(work)
        lock = {
            "ID": "5f2a", "Operation": "OperationTypeApply", "Who": "ann@laptop", "Version": "1.11.4", "Info": "",
            "Created": "2026-01-02T03:04:05.6Z", "Path": "",
        }  # fmt: skip
        put(aws, f"/{aws.bucket}/{job.state_key}.tflock", json.dumps(lock).encode())
        found, heard = applied(work)
        assert (told(found), heard) == (("failed", {}, "ENG412"), [])
        assert "ann@laptop has it since 2026-01-02 03:04:05.6" in found.problem.message
        assert "(Apply), lock 5f2a" in found.problem.message
        assert unplanned(work).code == "ENG412"


def test_another_process_has_it_open(applying, monkeypatch):
    job = applying.job(a="1")
    with applying.open(job) as work:
        planned(work)
        with monkeypatch.context() as patch:
            patch.setattr(files, "ENDED_S", 0)
            assert code_of(applying.open, job) == "ENG466"
        assert told(applied(work)[0])[0] == "applied"
    applying.open(job).close()
    applying.open(job).leave()


def test_what_nobody_began_to_apply_is_planned_again(applying):
    job = applying.job(a="1")
    with applying.open(job) as work:
        planned(work)
    with applying.open(job) as work:
        assert (work.begun, told(applied(work)[0])) == (None, ("failed", {}, "ENG471"))


def test_another_plan_in_its_place(applying):
    with applying.open(applying.job(a="2"), "other") as other, applying.open(applying.job(a="1")) as work:
        planned(other)
        planned(work)
        os.replace(f"{other._work}/plan.tfplan", f"{work._work}/plan.tfplan")
        assert told(applied(work)[0]) == ("failed", {}, "ENG471")
        assert work.state() is None


@pytest.mark.parametrize("moment", ["ready", "opened", "planned", "started", "done"])
def test_the_engine_is_killed(applying, aws, gate, moment):
    """Whenever that is, who goes on comes to the same, and nothing is done twice."""
    job = applying.job(a="1", b={"input": "2", "run": gate.run})
    engine = applying.process(job)
    while not engine.stdout.readline().startswith(moment):
        pass
    if moment in ("started", "done"):
        gate.reached()
    engine.kill()
    engine.communicate()
    gate.open()
    assert applying.process(job).communicate()[0].splitlines()[-1] == "ended applied"
    assert gate.times == 1
    with applying.open(job, "look") as work:
        assert things(work.state()) == {"a": "1", "b": "2"}
        assert not planned(work).changes
    assert lock_of(aws, job) == 404


def test_two_engines_killed_one_after_the_other(applying, gate):
    job = applying.job(a={"input": "1", "run": gate.run})
    for _ in range(2):
        engine = applying.process(job)
        while not engine.stdout.readline().startswith("started"):
            pass
        engine.kill()
        engine.communicate()
    with applying.open(job) as work:
        assert work.begun == Running()
        assert unplanned(work).code == "ENG462", "nothing is planned beside it"
        assert code_of(work.close) == "ENG462"
        assert os.path.isdir(work.folder)
        gate.open()
        found, heard = applied(work)
        assert told(found) == ("applied", {address("a"): ("done", "create")}, None)
        assert [change.status for change in heard] == ["started", "done"], "from the first one on"
    assert gate.times == 1


def whose(work, name):
    with open(f"{work._apply}/program", encoding="ascii") as file:
        return json.loads(file.read())[name]


def whose_if(work):
    """Is it written down already who works there?"""
    with open(f"{work._apply}/program", encoding="ascii") as file:
        return file.read().strip()


def begun(applying, gate, **more):
    """Terraform is in the middle of an apply that nobody waits for."""
    job = applying.job(a="1", b={"input": "2", "run": gate.run, **more})
    engine = applying.process(job)
    gate.reached()
    engine.kill()
    engine.communicate()
    return job


def test_terraform_is_killed(applying, aws, gate):
    job = begun(applying, gate)
    with applying.open(job) as work:
        os.kill(whose(work, "pid"), signal.SIGKILL)
        found, _ = applied(work)
        assert told(found)[::2] == ("unknown", "ENG470")
        assert found.addresses[address("b")].status == "started"
        assert lock_of(aws, job) == 200, "it could not give it back"
        problem = unplanned(work)
        assert (problem.code, "(Apply), lock" in problem.message) == ("ENG412", True)
        assert f"@{os.uname().nodename} has it since {datetime.now(UTC):%Y-%m-%d}" in problem.message


def test_the_lock_of_a_killed_terraform_is_told_from_others_and_taken_away(applying, aws, gate):
    job = begun(applying, gate)
    with applying.open(job, "other") as other:
        lock = other.plan(LIMITS).lock
        assert not other.left(lock), "nothing was begun here"
    with applying.open(job) as work:
        assert not work.left(lock), "it is at work"
        os.kill(whose(work, "pid"), signal.SIGKILL)
        applied(work)
        assert work.left(lock)
        for why, change in (
            ("of somebody else", {"who": "ann@laptop"}),
            ("of a plan", {"operation": "OperationTypePlan"}),
            ("from before", {"created": "2026-01-02 03:04:05.6 +0000 UTC"}),
            ("from after its end", {"created": "2099-01-02 03:04:05.6 +0000 UTC"}),
            ("from whenever", {"created": "yesterday"}),
            ("of no zone", {"created": "2026-01-02 03:04:05"}),
        ):
            assert not work.left(lock._replace(**change)), why
        assert code_of(work.unlock, lock._replace(id="5f2a")) == "ENG410", "another one is not taken away"
        assert lock_of(aws, job) == 200
        work.unlock(lock)
        assert lock_of(aws, job) == 404
        gate.open()
        found = planned(work)
        assert [one["change"]["actions"] for one in found.plan["resource_changes"]] != [["no-op"]] * 2
        assert told(applied(work)[0])[0] == "applied"


def test_the_keeper_is_killed(applying, aws, gate):
    job = begun(applying, gate)
    with applying.open(job) as work:
        os.kill(whose(work, "keeper"), signal.SIGKILL)
        gate.open()
        assert told(applied(work)[0])[::2] == ("unknown", "ENG470")
        assert work.begun == Lost()
        assert things(work.state()) == {"a": "1", "b": "2"}, "Terraform went on to its end"
        assert not planned(work).changes, "which is how it is found out"
        work.close()


def test_one_stop_however_many_ask(applying, aws, gate):
    """Terraform drops its state at the second."""
    job = begun(applying, gate)
    cancel = threading.Event()
    cancel.set()
    other = applying.process(applying.job(a="1"), "other")
    with applying.open(job) as work:
        for _ in range(3):
            attached.stop(work._apply)
        found, _ = applied(work, cancel)
        assert told(found)[0] == "partial"
        assert things(work.state())["a"] == "1", "the state is there"
        with open(f"{work._apply}/stdout", encoding="utf-8") as file:
            assert file.read().count("Interrupt received") == 1
    other.communicate()
    assert lock_of(aws, job) == 404


def test_an_engine_that_is_asked_to_stop_waits_for_terraform(applying, gate):
    job = applying.job(a="1", b={"input": "2", "run": gate.run})
    engine = applying.process(job)
    gate.reached()
    engine.send_signal(signal.SIGINT)
    engine.send_signal(signal.SIGINT)
    assert engine.communicate()[0].splitlines()[-1] == "ended partial"
    with applying.open(job) as work:
        assert things(work.state())["a"] == "1"


def test_nothing_is_begun_when_it_is_cancelled_before(applying):
    cancel = threading.Event()
    with applying.open(applying.job(a="1")) as work:
        planned(work)
        cancel.set()
        assert told(applied(work, cancel)[0]) == ("failed", {}, "ENG452")
        assert work.begun is None


def resumed(work):
    """What whoever goes on does, as far as it is known here; False: a person has to look."""
    for _ in range(5):
        if work.begun is not None and applied(work)[0].outcome != "unknown":
            return True
        found = work.plan(LIMITS)
        if found.lock is not None:
            if not work.left(found.lock):
                return False
            work.unlock(found.lock)
        elif found.changes:
            work.apply(WATCHED.append)
        else:
            return True
    raise AssertionError("it comes to no end")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(24))
def test_killed_at_any_moment_and_gone_on_with(applying, aws, seed):
    """The engine, Terraform and its keeper, in all combinations; the end is the same, and no lock is left."""
    choice = random.Random(seed)
    job = applying.job(a="1", b={"input": "2", "run": "sleep 0.2"}, c="3")
    engine = applying.process(job)
    assert engine.stdout.readline() == "ready\n"
    time.sleep(choice.uniform(0, 2))
    engine.kill()
    engine.communicate()
    with applying.open(job) as work:
        if work.begun == Running() and whose_if(work):
            for name in choice.sample(["pid", "keeper"], choice.randint(0, 2)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(whose(work, name), signal.SIGKILL)
        if resumed(work):
            assert things(work.state()) == {"a": "1", "b": "2", "c": "3"}
            assert not planned(work).changes
            assert lock_of(aws, job) == 404
            work.close()
        else:  # the engine was killed while it planned itself, or Terraform as it had just locked the state
            assert lock_of(aws, job) == 200


@pytest.mark.slow
def test_a_state_that_cannot_be_written_is_pushed_back_first(tmp_path):
    with emulator() as aws:
        applying = Applying(tmp_path, aws, "errored")
        reset = f"u.urlopen(u.Request('{aws.url}/moto-api/reset', method='POST'))"
        gone = f'{sys.executable} -c "import urllib.request as u; {reset}"'
        job = applying.job(a={"input": "1", "run": gone})
        with applying.open(job) as work:
            planned(work)
            found, _ = applied(work)
            assert told(found) == ("partial", {address("a"): ("done", "create")}, "ENG468")
            assert found.errored == work.errored
        put(aws, f"/{aws.bucket}")
        with applying.open(job) as work:
            assert work.state() is None
            assert unplanned(work).code == "ENG468", "nothing before"
            assert code_of(work.close) == "ENG468"
            assert applied(work)[0].errored == found.errored
            work.push(found.errored)
            assert work.errored is None
            assert things(work.state()) == {"a": "1"}
            assert not planned(work).changes
            work.close()


@pytest.mark.slow
def test_a_state_that_can_be_written_nowhere_is_in_what_it_says(tmp_path):
    with emulator() as aws:
        applying = Applying(tmp_path, aws, "nowhere")
        reset = f"u.urlopen(u.Request('{aws.url}/moto-api/reset', method='POST'))"
        gone = f'mkdir errored.tfstate; {sys.executable} -c "import urllib.request as u; {reset}"'
        job = applying.job(a={"input": "1", "run": gone})
        with applying.open(job) as work:
            planned(work)
            found, _ = applied(work)
            assert told(found)[::2] == ("partial", "ENG468")
        put(aws, f"/{aws.bucket}")
        with applying.open(job) as work:
            os.rmdir(f"{work._work}/errored.tfstate")
            assert work.errored is not None
            work.push(work.errored)
            assert things(work.state()) == {"a": "1"}
            assert not list(work._unwritten())


def test_pushing_a_state(applying):
    """Once more is no harm; an older one and another's are refused, and nothing is written."""
    with applying.open(applying.job(a="1")) as work:
        planned(work)
        applied(work)
        first = work.state()
        work.push(first.data)
        work.push(first.data)
        assert work.state() == first
    with applying.open(applying.job(a="2"), "next") as work:
        planned(work)
        applied(work)
        second = work.state()
        for why, data in (
            ("older", first.data),
            ("another lineage", second.data.replace(second.lineage.encode(), b"00000000-0000-0000-0000-000000000000")),
            ("no state", b"{}"),
        ):
            with pytest.raises(EngineError):
                work.push(data)
            assert work.state() == second, why
        files = [name for _, _, names in os.walk(work.folder) for name in names]
        assert "push.tfstate" in files, "what was not written is still there"
        work.push(second.data)


def test_a_file_that_is_pushed_stays_where_it_is(applying, tmp_path):
    with applying.open(applying.job(a="1")) as work:
        planned(work)
        applied(work)
        (tmp_path / "backup").write_bytes(work.state().data)
        work.push(str(tmp_path / "backup"))
    assert (tmp_path / "backup").exists()


def test_what_was_begun_is_kept_however_old_it_is(applying, gate, aws, tmp_path):
    job = begun(applying, gate)
    other = Applying(tmp_path, aws, "other")
    with other.open(other.job(c="3"), "planned") as work:
        planned(work)
    with other.open(other.job(c="3"), "in use") as used:
        for name in os.listdir(applying.workspace.kept):
            os.utime(f"{applying.workspace.kept}/{name}", (0, 0))
        other.open(other.job(c="3"), "another").close()
        assert not os.path.exists(work.folder), "nobody began to apply it"
        assert os.path.exists(used.folder)
    with applying.open(job) as work:
        assert work.begun == Running()
    gate.open()


@pytest.mark.parametrize(
    ("why", "tamper", "code"),
    [
        ("the apply is a link", lambda d: planted(f"{d}/1/apply"), "ENG008"),
        ("the work directory is a link", lambda d: planted(f"{d}/1/work"), "ENG008"),
        ("the whole is a link", planted, "ENG008"),
        ("its lock is a link", lambda d: planted(f"{d}/lock"), "ENG418"),
        ("others can write there", lambda d: os.chmod(f"{d}/1/work", 0o777), "ENG008"),
        ("it belongs to somebody else", lambda d: os.chown(f"{d}/1", 12345, 12345), "ENG008"),
    ],
)
def test_a_directory_that_was_tampered_with(applying, why, tamper, code):
    job = applying.job(a="1")
    with applying.open(job) as work:
        planned(work)
        applied(work)
    tamper(work.folder)
    assert code_of(applying.open, job) == code, why


def test_an_apply_that_others_could_have_read_is_not_believed(applying):
    with applying.open(applying.job(a="1")) as work:
        planned(work)
        applied(work)
        os.chmod(work._apply, 0o755)
        assert told(applied(work)[0]) == ("unknown", {}, "ENG464")


def test_the_plan_role_reads_and_the_apply_role_writes(aws, tmp_path):
    keys = tmp_path / "credentials"
    keys.write_text("".join(f"[{name}]\naws_access_key_id = a\naws_secret_access_key = b\n" for name in ("r", "w")))
    given = {**aws.credentials, "AWS_SHARED_CREDENTIALS_FILE": str(keys), "AWS_ROLE_ARN": "arn:aws:iam::1:role/ours"}
    seen = f"env | grep ^AWS_ | sort > {tmp_path}/seen"

    def using(name, **profile):
        one = Applying(
            tmp_path, aws, name, credentials=given, accounts=Profiles("nobody", {"development": Profile(**profile)})
        )
        return one.open(one.job(a={"input": "1", "run": seen}))

    with using("roles", plan="r", apply="w") as work:
        planned(work)
        assert told(applied(work)[0])[0] == "applied"
        assert work.state()
    names = dict(line.split("=", 1) for line in (tmp_path / "seen").read_text().splitlines())
    assert (names["AWS_PROFILE"], names.keys() & {"AWS_ACCESS_KEY_ID", "AWS_ROLE_ARN"}) == ("w", set())
    with using("who-reads", plan="nobody", apply="w") as work:
        assert work.plan(LIMITS).status == "failed"
    with using("who-writes", plan="r", apply="nobody") as work:
        planned(work)
        assert told(applied(work)[0])[:2] == ("failed", {})
        assert work.state() is None


def test_keys_of_another_account_write_nothing_not_even_a_lock(aws, tmp_path):
    applying = Applying(tmp_path, aws, "elsewhere")
    job = applying.job(a="1")._replace(account="111111111111")
    with applying.open(job) as work:
        assert unplanned(work).code == "ENG465"
        assert code_of(work.state) == "ENG465"
    listed = ask(aws, "GET", f"/{aws.bucket}?versions&prefix={job.state_key}")
    assert (listed.status, ask(aws, "HEAD", f"/{aws.bucket}/{job.state_key}").status) == (200, 404)
    assert lock_of(aws, job) == 404


def test_a_lock_in_a_table(aws, tmp_path, gate):
    import boto3

    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
    client = boto3.client("dynamodb", endpoint_url=aws.url, region_name=aws.region, **keys)
    client.create_table(
        TableName="locks",
        KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )

    def ids():
        return [
            row["LockID"]["S"].rpartition("-")[2] for row in client.scan(TableName="locks")["Items"] if "Info" in row
        ]

    applying = Applying(tmp_path, aws, "table", backend=Backend(aws.bucket, emulator=True, dynamodb_table="locks"))
    job = applying.job(a={"input": "1", "run": gate.run})
    with applying.open(job) as work:
        planned(work)
        with ThreadPoolExecutor() as pool:
            early = pool.submit(applied, work)
            try:
                gate.reached(early)
                assert (len(ids()), lock_of(aws, job)) == (1, 404)
                with applying.open(job, "other") as other:
                    assert f"@{os.uname().nodename} has it since" in unplanned(other).message
            finally:
                gate.open()
        assert (told(work.apply(WATCHED.append))[0], ids()) == ("applied", [])
