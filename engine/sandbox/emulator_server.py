"""The emulator's child process: moto's server on a free port, with the repairs of SQS that the AWS provider needs.

    python -I emulator_server.py PORT_FILE

moto 5.2: any SetQueueAttributes without `Policy` erases the queue's policy, RedrivePolicy comes back with blanks that
the request did not have, and RedriveAllowPolicy not at all. Terraform then waits for an equal answer until its time is
up, or reports drift for ever.
"""

import json
import os
import sys
import threading
import time
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.sqs.models import Queue
from werkzeug.serving import make_server

_stock_attributes = Queue.attributes.fget
_stock_set_attributes = Queue._set_attributes


def _attributes(queue: Any) -> dict[str, Any]:
    result: dict[str, Any] = _stock_attributes(queue)
    if queue.redrive_policy:
        result["RedrivePolicy"] = json.dumps(queue.redrive_policy, separators=(",", ":"))
    if getattr(queue, "redrive_allow_policy", None):
        result["RedriveAllowPolicy"] = queue.redrive_allow_policy
    return result


def _set_attributes(queue: Any, attributes: dict[str, Any], now: float | None = None) -> None:
    policy = getattr(queue, "policy", None)
    _stock_set_attributes(queue, attributes, now)
    if "Policy" not in attributes:
        queue.policy = policy
    if "RedriveAllowPolicy" in attributes:
        queue.redrive_allow_policy = attributes["RedriveAllowPolicy"]


def _end_with(parent: int) -> None:
    """A parent that was killed cannot stop us: notice that we were handed to another."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)


def main(port_file: str) -> None:
    """Serve until interrupted; `port_file` appears when the server listens."""
    Queue.attributes = property(_attributes)
    Queue._set_attributes = _set_attributes
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    application = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=MotoRequestHandler)
    with open(port_file + ".new", "w", encoding="ascii") as file:
        file.write(str(server.server_port))
    os.rename(port_file + ".new", port_file)  # the reader sees all of it or nothing
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main(sys.argv[1])
