"""The process that asks OPA: however OPA ends, or does not, the engine is told, and nothing of it is left."""

import os
import resource
import signal
import threading
import time
from pathlib import Path

import pytest

from engine.adapters.policy.judging import judge as judged
from engine.adapters.policy.port import Plan, Programs, Terms
from engine.errors import EngineError
from tests.support.opa import pretender, script, value
from tests.support.plans import a_change, a_plan
from tests.support.policy import EMPTY, judge, policies, rego

DENY = rego('deny contains "no" if input.variables.bad')
SECRET = "verysecretvalue12345"
STUBBORN = """
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
child = subprocess.Popen(["/bin/sh", "-c", "trap '' INT TERM HUP; while :; do sleep 60; done"])
with open({file!r}, "w") as out:
    out.write(f"{{os.getpid()}} {{child.pid}} .")
"""


def refusal(program, plan=None, **options):
    with pytest.raises(EngineError) as caught:
        judge(policies(DENY), plan or {}, engine="opa", programs=Programs(opa=program), **options)
    (problem,) = caught.value.problems
    return problem


def with_a_secret():
    return a_plan(a_change("create", None, {"p": SECRET}, after_sensitive={"p": True}))


def started(file: Path) -> list[int]:
    """The processes that a `STUBBORN` program has written down."""
    end = time.monotonic() + 60
    while not (file.exists() and file.read_text().endswith(".")):
        assert time.monotonic() < end
        time.sleep(0.01)
    return [int(word) for word in file.read_text().split()[:2]]


def are_gone(processes: list[int]) -> bool:
    """A process that was killed and not yet reaped by its new parent is gone, too."""
    end = time.monotonic() + 60
    while left := [process for process in processes if _is_alive(process)]:
        if time.monotonic() > end:
            return not left
        time.sleep(0.01)
    return True


def _is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_one_that_never_ends_is_ended_with_all_that_it_started(tmp_path):
    file = tmp_path / "pids"
    program = pretender(tmp_path, does=STUBBORN.format(file=str(file)) + "time.sleep(600)")
    for seconds in (2, 10, 60, 300):  # before it has begun a deadline says nothing of it
        found = refusal(program, timeout_s=seconds)
        assert (found.code, found.message) == ("ENG511", f"policy did not end within {seconds} s")
        if file.exists():
            break
    assert are_gone(started(file))


def test_the_time_is_that_of_all_questions_together(tmp_path):
    program = script(tmp_path / "opa", "import time\ntime.sleep(1.2)\nprint('Version: 1.9.0', '{\"builtins\": []}')")
    assert refusal(program, timeout_s=2).code == "ENG511"


def test_cancelled(tmp_path):
    file, stop = tmp_path / "pids", threading.Event()
    program = pretender(tmp_path, does=STUBBORN.format(file=str(file)) + "time.sleep(600)")

    def cancel():
        started(file)
        stop.set()

    threading.Thread(target=cancel).start()
    with pytest.raises(EngineError) as caught:
        judged([Plan("S3/x", EMPTY)], policies(DENY), "opa", Terms(Programs(opa=program), 60, stop))
    assert [problem.code for problem in caught.value.problems] == ["ENG452"]
    assert are_gone(started(file))


def test_a_child_that_outlives_it_and_keeps_its_output_open(tmp_path):
    file = tmp_path / "pids"
    program = pretender(tmp_path, value([{"data.main.deny": [["no"]]}]), does=STUBBORN.format(file=str(file)))
    (finding,) = judge(policies(DENY), engine="opa", programs=Programs(opa=program))
    assert finding.message == "no"
    assert are_gone(started(file))


@pytest.fixture
def little_room():
    """Files of this machine may have 2 MiB, which is less than OPA may print anyway."""
    allowed = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * 1024**2, allowed[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, allowed)


@pytest.mark.parametrize(
    ("why", "does"),
    [
        ("one that minds", "while True: os.write(1, b'x' * 2**20)"),
        ("a child of it", "subprocess.run(['cat', '/dev/zero'])"),
        ("and fails", "subprocess.run(['head', '-c', '9000000', '/dev/zero']); sys.exit(1)"),
        ("and crashes", "subprocess.run(['head', '-c', '9000000', '/dev/zero']); os.abort()"),
    ],
)
def test_it_prints_without_end(tmp_path, little_room, why, does):
    found = refusal(pretender(tmp_path, does=does))
    assert found.code == "ENG512", why
    assert found.message.startswith("policy engine opa broke down: opa printed more than 2 MiB and was stopped"), why


@pytest.mark.parametrize("question", ["version", "capabilities"])
def test_whatever_it_is_asked(tmp_path, little_room, question):
    program = tmp_path / "opa"
    program.write_text(f"#!/bin/sh\ncase $1 in\n{question}) exec cat /dev/zero;;\n*) echo 'Version: 1.0.0';;\nesac\n")
    program.chmod(0o755)
    assert refusal(str(program)).message.startswith("policy engine opa broke down: opa printed more than 2 MiB")


@pytest.mark.slow
@pytest.mark.parametrize("output", [1, 2])
def test_as_much_as_fits_nowhere(tmp_path, output):
    found = refusal(pretender(tmp_path, does=f"while True: os.write({output}, b'x' * 2**20)"))
    assert found.message.startswith("policy engine opa broke down: opa printed more than 256 MiB and was stopped")


@pytest.mark.parametrize(
    ("why", "does", "said"),
    [
        ("killed, for lack of memory, say", "os.kill(os.getpid(), signal.SIGKILL)", "opa was killed by SIGKILL"),
        ("a crash, with a reason", "print('a\\nb', file=sys.stderr); os.abort()", "opa was killed by SIGABRT: b"),
        ("an odd exit code", "sys.exit(70)", "opa ended with exit code 70: it said nothing"),
        ("the same, with a reason", "print('why', file=sys.stderr); sys.exit(70)", "opa ended with exit code 70: why"),
    ],
)
def test_how_it_ends_is_told(tmp_path, why, does, said):
    found = refusal(pretender(tmp_path, does=does))
    assert (found.code, found.message) == ("ENG512", f"policy engine opa broke down: {said}"), why


def test_its_worker_is_killed(tmp_path):
    """As it may be for lack of memory: then OPA goes with it."""
    file = tmp_path / "pids"
    kill = "os.kill(os.getppid(), signal.SIGKILL)\ntime.sleep(600)"
    found = refusal(pretender(tmp_path, does=STUBBORN.format(file=str(file)) + kill))
    assert found.code == "ENG512"
    assert are_gone(started(file))


@pytest.mark.parametrize(
    ("why", "content", "mode", "said"),
    [
        ("not executable", "#!/bin/sh\n", 0o600, "opa cannot be started: it is no program that can be executed"),
        ("of another machine", "\x7fELF nothing", 0o755, "opa cannot be started"),
        ("its interpreter is missing", "#!/no/such/program\n", 0o755, "opa cannot be started"),
        ("a directory", None, 0o755, "opa cannot be started: it is no program that can be executed"),
    ],
)
def test_it_cannot_be_started(tmp_path, why, content, mode, said):
    program = tmp_path / "opa"
    if content is None:
        program.mkdir()
    else:
        program.write_text(content)
        program.chmod(mode)
    found = refusal(str(program))
    assert found.code == "ENG512", why
    assert found.message.startswith(f"policy engine opa broke down: {said}"), why
    assert "\n" not in found.message, why


def test_it_is_found_on_the_path_of_the_settings_alone(tmp_path, monkeypatch):
    pretender(tmp_path, value([{"data.main.deny": [["no"]]}]))
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(EngineError) as caught:
        judge(policies(DENY), engine="opa", programs=Programs(opa="opa", path="/usr/bin:/bin"))
    assert caught.value.problems[0].code == "ENG521"
    (finding,) = judge(policies(DENY), engine="opa", programs=Programs(opa="opa", path=f"{tmp_path}:/bin"))
    assert finding.message == "no"


def test_it_gets_nothing_but_a_path(tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    file = tmp_path / "environment"
    seen = "*sorted(os.environ), os.listdir('/proc/self/fd')"
    refusal(script(tmp_path / "opa", f"import os\nprint({seen}, file=open({str(file)!r}, 'w'))"))
    names, _, handles = file.read_text().partition(" [")
    assert names.split() == ["HOME", "LC_ALL", "PATH"]
    assert len(handles.split(",")) == 4  # standard ones, and the listing


def test_no_plan_is_written_anywhere(tmp_path):
    """OPA reads the plans from where the engine has put them; the directory has the policies."""
    file = tmp_path / "seen"
    does = (
        "seen = {os.path.relpath(os.path.join(above, name)) for above, _, names in os.walk('.') for name in names}\n"
        f"held = [name for name in seen if {SECRET!r} in open(name).read()]\n"
        f"print(*sorted(seen), held, {SECRET!r} in sys.stdin.read(), file=open({str(file)!r}, 'w'))"
    )
    refusal(pretender(tmp_path, does=does), with_a_secret())
    words = file.read_text().split()
    assert words[:-2] == ["capabilities.json", "data.json", "modules.json", "modules/0.rego", "request.json"]
    assert words[-2:] == ["[]", "True"]


@pytest.mark.parametrize(
    ("why", "does"),
    [
        ("and ends well, with no answer", f"print({SECRET!r}, file=sys.stderr)"),
        ("and ends badly", f"print({SECRET!r}, file=sys.stderr); sys.exit(3)"),
        ("and is killed", f"print('a {SECRET}', file=sys.stderr, flush=True); os.abort()"),
        ("with what is cut off halfway", f"print({SECRET!r} + 'x' * 490, file=sys.stderr); sys.exit(3)"),
        ("more than anybody keeps", f"print({SECRET!r} * 100000 + 'x' * 480, file=sys.stderr); os.abort()"),
    ],
)
def test_it_says_a_secret_of_the_plan(tmp_path, why, does):
    message = refusal(pretender(tmp_path, does=does), with_a_secret()).message
    assert [n for n in range(6, 21) if SECRET[-n:] in message or SECRET[:n] in message] == [], why


def test_an_input_larger_than_any_pipe_that_nobody_reads(tmp_path):
    plan = {**EMPTY, "resource_drift": [], "variables": {"much": {"value": "x" * 5_000_000}}}
    program = pretender(tmp_path, value([{"data.main.deny": [["no"]]}]), does="signal.alarm(30)")
    (finding,) = judge(policies(DENY), plan, engine="opa", programs=Programs(opa=program))
    assert finding.message == "no"


def test_the_signals_of_a_terminal_are_those_of_any_program(tmp_path):
    """`sh` runs Python in the copy: what that ignores, OPA would ignore too."""
    file = tmp_path / "ignored"
    script_text = f"#!/bin/sh\ngrep SigIgn /proc/self/status > {file}\necho 'Version: 0.1.0'\n"
    program = tmp_path / "opa"
    program.write_text(script_text)
    program.chmod(0o755)
    refusal(str(program))
    ignored = int(file.read_text().split()[1], 16)
    assert [n for n in (signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ, signal.SIGTERM) if ignored >> (n - 1) & 1] == []
