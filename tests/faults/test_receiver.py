"""`kill -9` of who receives, while deliveries come: what was answered is there, once, when it is back."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException

import pytest

from engine.service.inbox import Inbox
from tests.support.few import ALL, SEED
from tests.support.webhooks import headers, post, pull

KILLS = 30 if ALL else 3
PROGRAM = """
import sys
from starlette.applications import Starlette
import socket, uvicorn
from engine.service import listening
from engine.service.bound import Sources
from engine.service.inbox import Inbox
from engine.service.receiver import Receiver
from tests.support.webhooks import SECRET
inbox = Inbox(sys.argv[1])
app = Starlette(routes=Receiver(inbox, Sources(inbox.database), [SECRET]).routes())
door = socket.create_server(("127.0.0.1", 0))
print(door.getsockname()[1], flush=True)
uvicorn.Server(listening.config(app)).run([door])
"""


def started(path: str) -> tuple[subprocess.Popen[str], int]:
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, path], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, int(process.stdout.readline())


@pytest.mark.slow
def test_what_was_answered_outlives_kills_and_is_there_once(tmp_path):
    """Whoever has no answer sends it again, as GitHub does when it is asked; nothing is new twice."""
    path, chance = str(tmp_path / "inbox.db"), random.Random(SEED)
    todo = [f"d{number}" for number in range(150 * KILLS // 3)]
    answers: dict[str, list[int]] = {id_: [] for id_ in todo}
    process, port = started(path)
    over = threading.Event()

    def kill() -> None:
        nonlocal process, port
        for _ in range(KILLS):
            if over.wait(chance.uniform(0.05, 0.4)):
                return
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            process, port = started(path)

    def send(id_: str) -> None:
        body = json.dumps(pull(nonce=id_)).encode()
        while not answers[id_]:
            try:
                answers[id_].append(post(port, body, headers(body, id_)).status)
            except (OSError, HTTPException, ValueError):  # nobody listens, or the answer was cut off
                time.sleep(0.1)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(send, todo))
    finally:
        over.set()
        killer.join()
        process.kill()
        process.wait()
    assert {status for found in answers.values() for status in found} <= {200, 202}
    box = Inbox(path)
    assert sorted(one.id for one in box.find(limit=1_000)) == sorted(todo)
    assert box.database.rows("PRAGMA integrity_check")[0][0] == "ok"
    box.close()
