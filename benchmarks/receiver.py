"""Webhooks: signed deliveries of 28 KB, as fast as they come, while what waits is worked on beside it.

Budgets: 500 a second taken and on the disk, p99 of the answers below 100 ms; none of those that were answered lost by
`kill -9`; memory flat over 20,000; 5,000 that start nothing gone through in 60 s. Everything is on this machine: who
sends, and `engine serve` with its two processes.

    python benchmarks/receiver.py [--rate 500] [--deliveries 20000] [--quick]
"""

import argparse
import asyncio
import hmac
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

from engine import data
from engine.service.inbox import Inbox

SECRET = b"a secret of at least 32 characters"
SIZE = 28 * 1024
RATE, P99_MS, DRAIN_S, GROWTH_MIB = 500, 100.0, 60.0, 32.0
_ENGINE = os.path.join(os.path.dirname(sys.executable), "engine")
_DOORS = 48  # connections that are kept


def delivery(number: int) -> tuple[str, bytes]:
    """(id, request) of one that starts nothing: nobody listens to `assigned`."""
    body = json.dumps(
        {
            "action": "assigned",
            "repository": {"id": 5, "full_name": "acme/dev-deployment"},
            "installation": {"id": 7},
            "pull_request": {"number": number, "head": {"sha": f"{number:040x}", "ref": "x"}, "base": {"ref": "m"}},
            "padding": [f"a line of a payload, the {n}th of {number}" for n in range(SIZE // 42)],
        }
    ).encode()
    id_ = f"{number:08x}-0000-4000-8000-000000000000"
    signature = hmac.new(SECRET, body, "sha256").hexdigest()
    lines = {
        "Host": "localhost",
        "Content-Type": "application/json",
        "Content-Length": len(body),
        "X-GitHub-Delivery": id_,
        "X-GitHub-Event": "pull_request",
        "X-Hub-Signature-256": f"sha256={signature}",
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return id_, f"POST /webhooks HTTP/1.1\r\n{head}\r\n".encode() + body


class Sender:
    """Sends at a rate, whatever the answers do, over connections that are kept as long as the other side does."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self.took: list[float] = []
        self.answered: list[str] = []
        self.failed = 0

    async def run(self, first: int, count: int, rate: float) -> float:
        """Seconds that it took to have them all answered."""
        began = time.perf_counter()
        room = asyncio.Semaphore(_DOORS)
        async with asyncio.TaskGroup() as group:
            for number in range(count):
                id_, request = delivery(first + number)
                early = began + number / rate - time.perf_counter()
                if early > 0 or number % 20 == 0:
                    await asyncio.sleep(max(0.0, early))
                group.create_task(self._send(id_, request, room, began + number / rate))
        return time.perf_counter() - began

    async def _send(self, id_: str, request: bytes, room: asyncio.Semaphore, due: float) -> None:
        async with room:
            try:
                door = self._free.pop() if self._free else await asyncio.open_connection("127.0.0.1", self._port)
                reader, writer = door
                writer.write(request)
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
                await reader.readexactly(length)
            except (OSError, asyncio.IncompleteReadError):
                self.failed += 1
                return
            self._free.append(door)
            self.took.append(time.perf_counter() - due)
            if b" 202 " in head[:20]:
                self.answered.append(id_)
            else:
                self.failed += 1


@contextmanager
def serving(folder: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """`engine serve` with the shipped rules, until the end of the block."""
    environ = {
        **os.environ,
        "ENGINE_WEBHOOK_SECRET": SECRET.decode(),
        "ENGINE_STORE": f"dir:{folder}/store?shared=1",
        "ENGINE_CACHE_DIR": f"{folder}/cache",
    }
    controller = os.path.dirname(data.path("deployment-rules.yaml"))
    words = ["serve", "--rules", controller, "--state", f"{folder}/state", "--port", str(port), "--json"]
    started = subprocess.Popen([_ENGINE, *words], env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert started.stdout is not None
        if b"ready" not in started.stdout.readline():
            raise SystemExit("engine serve does not start")
        yield started
    finally:
        started.terminate()
        started.wait()


def _memory_mib(process: int) -> float:
    with open(f"/proc/{process}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def _cpu_s(process: int) -> float:
    with open(f"/proc/{process}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as door:
        return int(door.getsockname()[1])


def _ms(took: list[float], part: float) -> float:
    return sorted(took)[min(len(took) - 1, int(len(took) * part))] * 1000


def rate_and_memory(folder: str, rate: float, count: int) -> list[str]:
    """How fast, how steady, and what it takes."""
    port = _free_port()
    warm = min(2_000, count // 4)
    wrong = []
    with serving(folder, port) as receiver:
        sender = Sender(port)
        asyncio.run(sender.run(0, warm, rate))
        before, cpu = _memory_mib(receiver.pid), _cpu_s(receiver.pid)
        sender = Sender(port)
        seconds = asyncio.run(sender.run(warm, count - warm, rate))
        grown, each = _memory_mib(receiver.pid) - before, (_cpu_s(receiver.pid) - cpu) / (count - warm)
    done, p99 = len(sender.answered) / seconds, _ms(sender.took, 0.99)
    print(
        f"{len(sender.answered):,} deliveries: {done:.0f}/s (asked for {rate:.0f}), p50 {_ms(sender.took, 0.5):.1f}, "
        f"p99 {p99:.1f} ms, failed {sender.failed}; {each * 1000:.2f} ms of a processor each; "
        f"memory {before:.0f} MiB, {grown:+.1f} MiB"
    )
    if done < rate * 0.99 or sender.failed:
        wrong.append("rate")
    if p99 > P99_MS:
        wrong.append("p99")
    if grown > GROWTH_MIB:
        wrong.append("memory")
    return wrong


def killed(folder: str, rate: float) -> list[str]:
    """What was answered before `kill -9`, and is there afterwards."""
    port = _free_port()
    with serving(folder, port) as receiver:
        sender = Sender(port)

        async def kill_in_the_middle() -> None:
            sending = asyncio.create_task(sender.run(10_000_000, int(rate * 6), rate))
            await asyncio.sleep(3)
            os.kill(receiver.pid, signal.SIGKILL)
            await sending

        asyncio.run(kill_in_the_middle())
    inbox = Inbox(_inbox(folder))
    lost = set(sender.answered) - inbox.known(sender.answered)
    inbox.close()
    print(f"kill -9: {len(sender.answered):,} were answered, {sender.failed:,} were not, {len(lost)} are lost")
    return ["lost"] if lost or not sender.answered or not sender.failed else []


def drained(folder: str, count: int) -> list[str]:
    """How long what starts nothing waits."""
    from engine.service import delivery as deliveries

    inbox = Inbox(_inbox(folder))
    _work_off(inbox, folder)
    told = []
    for number in range(20_000_000, 20_000_000 + count):
        id_, request = delivery(number)
        body = request.partition(b"\r\n\r\n")[2]
        told.append(inbox.put_soon(deliveries.read(id_, "pull_request", body, "2026-01-01T00:00:00Z"), body))
        if len(told) == 500:
            assert {one.result() for one in told} == {"new"}
            told.clear()
    seconds = _work_off(inbox, folder)
    inbox.close()
    print(f"a backlog of {count:,} that start nothing: {seconds:.1f} s")
    return ["backlog"] if seconds > DRAIN_S else []


def _work_off(inbox: Inbox, folder: str) -> float:
    """Seconds until nothing waits."""
    with serving(folder, _free_port()) as started:
        began = time.perf_counter()
        while inbox.counts()["waiting"]:
            if started.poll() is not None:
                raise SystemExit("engine serve has ended")
            time.sleep(0.05)
        return time.perf_counter() - began


def _inbox(folder: str) -> str:
    return os.path.join(folder, "state", "inbox.db")


def main() -> int:
    """Exit code 1 where a budget is not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=RATE)
    parser.add_argument("--deliveries", type=int, default=20_000)
    parser.add_argument("--quick", action="store_true", help="a tenth of it")
    asked = parser.parse_args()
    part = 10 if asked.quick else 1
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(os.path.join(folder, "state"), 0o700)
        wrong = rate_and_memory(folder, asked.rate, asked.deliveries // part)
        wrong += killed(folder, asked.rate)
        wrong += drained(folder, 5_000 // part)
    print("over budget: " + ", ".join(wrong) if wrong else "all within budget")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
