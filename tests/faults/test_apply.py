"""Whoever is killed, whenever: what was approved is there in the end, the ledger says so once, and nothing else is.

A life is a process that applies one merge (`tests.support.merged`), killed after a random time; then the same run goes
on, here or on a machine that has nothing of it, as often as it takes. Where Terraform itself was killed it leaves its
lock, and Terraform knows of no owner that has died: a person takes it away then.
"""

import json
import os
import random
import signal
import time

import pytest

import engine.data
from tests.support.applied import state
from tests.support.emulator import ask, aws
from tests.support.few import few, some
from tests.support.merged import Machine, Merged, given

__all__ = ["aws"]

pytestmark = pytest.mark.terraform

LIFE_S = 2.5  # from the first word of such a process to its end, on a busy machine
VICTIMS = ("engine", "terraform", "all")
SEED = 20261127
TRIES = 30


class Life:
    """One merge, and where it is applied."""

    def __init__(self, root, aws, number):
        root.mkdir()
        self.root, self.aws, self.log = root, aws, root / "log"
        self.machine = Machine(root, given(aws))
        self.path = f"X/life-{os.getpid()}-{number}-{root.parent.name}"
        run = f"sleep 0.05; echo NAME >> {self.log}"
        things = {name: {"input": "1", "run": run.replace("NAME", name)} for name in "ab"}
        self.merged = Merged(self.machine, {self.path: {**things, "c": {"input": "1", "follows": "a"}}})

    def elsewhere(self, number):
        """The merge as another machine has it: nothing but the store and the backend is the same."""
        machine = Machine(self.root, given(self.aws), f"cache-{number}")
        return Merged(machine, {self.path: self.merged.resources[self.path]["things"]}, approved=self.merged.approved)

    def others(self):
        """Processes that work in one of our directories: Terraform, and what it has started."""
        found = []
        for pid in filter(str.isdecimal, os.listdir("/proc")):
            try:
                if os.readlink(f"/proc/{pid}/cwd").startswith(f"{self.root}/cache"):
                    found.append(int(pid))
            except OSError:
                continue
        return found

    def kill(self, process, victim):
        victims = {"engine": lambda: [process.pid], "terraform": self.others}.get(
            victim, lambda: [process.pid, *self.others()]
        )()
        for pid in victims:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def go_on(self, merged):
        """The same run, until it is settled; the row, and how often it took."""
        for number in range(TRIES):
            row = merged.apply("r1", f"next{number}")[self.path]
            if row["outcome"] != "none":
                return row
            assert row["waits"] in ("locked", "unknown", "another", "killed"), row
            if row["waits"] == "locked" and not self.others():
                self.unlock()
            time.sleep(0.05)
        raise AssertionError(row)

    def unlock(self):
        """What a person does: `terraform force-unlock`, after they have seen that nobody is at work."""
        ask(self.aws, "DELETE", f"/{self.aws.bucket}/{self.merged.resource(self.path).state_key}.tflock")

    def check(self, row, why):
        """What was approved is there, exactly; the ledger says so once, of just this state."""
        assert row["outcome"] == "applied", (why, row)
        entries = self.merged.entries(self.path)
        assert [one.outcome for one in entries][-1] == "applied", why
        assert [one.outcome for one in entries].count("applied") == 1, why
        assert {one.outcome for one in entries} <= {"applied", "reconciled"}, why
        found = state(self.merged, self.path)
        assert entries[-1].said["state"] == {"lineage": found.lineage, "serial": found.serial, "digest": found.digest}
        resources = json.loads(found.data)["resources"]
        names = sorted(f"{one['name']}.{each['index_key']}" for one in resources for each in one["instances"])
        assert names == ["after.c", "thing.a", "thing.b", "thing.c"], why
        assert not any(each.get("status") for one in resources for each in one["instances"]), why
        digests = {one["address"]: one["digest"] for one in self.merged.approved[0]["changes"]}
        assert {name: sha for one in entries for name, sha in one.said["done"].items()} == digests, why
        again = self.merged.apply("r2", "later")[self.path]
        assert (again["outcome"], state(self.merged, self.path).serial) == ("applied", found.serial), why

    def ran(self):
        """How often each thing was made."""
        return sorted(self.log.read_text().split()) if self.log.exists() else []


class Topic(Life):
    """The same of a topic, by the provider of AWS."""

    def __init__(self, root, aws, number):
        root.mkdir()
        self.root, self.aws, self.log = root, aws, root / "log"
        self.machine = Machine(root, given(aws), module=engine.data.path("terraform"))
        self.path = f"SNS/life-{os.getpid()}-{number}"
        self.merged = Merged(
            self.machine, {self.path: {}}, variables={self.path: {"sns_topics": {f"life-{number}": {}}}}
        )


def one(root, aws, number, victim, is_elsewhere, after_s):
    why = f"point {number}: {victim} killed after {after_s:.2f} s, gone on {'elsewhere' if is_elsewhere else 'here'}"
    life = Life(root / f"l{number}", aws, number)
    process = life.merged.process("r1")
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(after_s)
    life.kill(process, victim)
    if victim == "terraform":
        process.wait(timeout=60)
    else:
        process.kill()
        process.wait()
    process.stdout.close()
    row = life.go_on(life.elsewhere(number) if is_elsewhere else life.merged)
    life.check(row, why)
    if victim == "engine":
        assert life.ran() == ["a", "b"], why  # Terraform has gone on, and nobody has done it once more


@pytest.mark.slow
@pytest.mark.parametrize("number", some(range(10), 3))
def test_ten_points_with_the_provider_of_aws(tmp_path, aws, number):
    """A topic: the provider starts, is configured and asked, and dies with Terraform or goes on with it."""
    dice = random.Random(SEED + number)
    life = Topic(tmp_path / "l", aws, number)
    process = life.merged.process("r1")
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(dice.uniform(0, 4 * LIFE_S))
    victim = dice.choice(VICTIMS)
    life.kill(process, victim)
    if victim == "terraform":
        process.wait(timeout=120)
    process.kill()
    process.wait()
    process.stdout.close()
    row = life.go_on(life.merged)
    if row["outcome"] == "failed":  # it was made, and no state knows of it: a person has to import it
        assert victim != "engine"
        return
    assert row["outcome"] == "applied", (victim, row)
    found = json.loads(state(life.merged, life.path).data)["resources"]
    types = sorted(one["type"] for one in found if one["mode"] == "managed")
    assert types == ["aws_sns_topic", "aws_sns_topic_policy"], victim
    assert [one.outcome for one in life.merged.entries(life.path)].count("applied") == 1, victim


def points(number, seed=SEED):
    """Seeded: victim, whether it is gone on with elsewhere, and when."""
    dice = random.Random(seed)
    return [(dice.choice(VICTIMS), dice.random() < 0.5, dice.uniform(0, LIFE_S)) for _ in range(number)]


@pytest.mark.parametrize(("number", "point"), few(enumerate(points(3, seed=7)), 1))
def test_a_few_points(tmp_path, aws, number, point):
    one(tmp_path, aws, number, *point)


@pytest.mark.slow
@pytest.mark.parametrize("part", some(range(20), 4))
def test_two_hundred_points(tmp_path, aws, part):
    for number, point in list(enumerate(points(200)))[part * 10 : part * 10 + 10]:
        one(tmp_path, aws, number, *point)
