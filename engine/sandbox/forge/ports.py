"""A port of this machine to listen at again and again: addresses of a sandbox stay what they are.

New ones come from below those that systems give to connections on their way out (from 32768 on, 49152 elsewhere): a
port from among these belongs to somebody's connection sooner or later, while nobody listens at it. That of last time is
waited for a moment: who was killed while starting a program has left a copy of all that was open, until it is one.
"""

import errno
import os
import socket
import time

_FIRST, _MANY = 20_000, 12_000
_TRIES = 50
_ENDED_S = 1.0


def bind(listener: socket.socket, last: int) -> None:
    """To that of last time (0: there was none), or to one where nobody is.

    Raises:
        OSError: no port can be had.
    """
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    until = time.monotonic() + _ENDED_S
    while last:
        if _is_ours(listener, last):
            return
        if time.monotonic() >= until:
            break
        time.sleep(0.02)
    for _ in range(_TRIES):
        if _is_ours(listener, _FIRST + int.from_bytes(os.urandom(4), "big") % _MANY):
            return
    listener.bind(("127.0.0.1", 0))


def _is_ours(listener: socket.socket, port: int) -> bool:
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        return False
    return True
