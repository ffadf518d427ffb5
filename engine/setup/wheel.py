"""The engine itself, as the jobs of a controller install it: a wheel beside the workflows, by its digest."""

import os
import zipfile
from hashlib import sha256
from io import BytesIO

from engine import __version__
from engine.adapters import files
from engine.errors import failure
from engine.setup.place import LARGEST

_FOLDER = ".github/engine"
NAME = f"interlock_engine-{__version__}-py3-none-any.whl"


def installed(file: str) -> dict[str, bytes]:
    """Path → bytes of what installs this wheel and no other. It is of this version, whose templates call it.

    Raises:
        EngineError: ENG932, it is something else; ENG001, it cannot be read.
    """
    name = os.path.basename(file)
    if name != NAME:
        raise failure("ENG932", what=f"--wheel {file}", reason=f"the wheel of this engine is called {NAME}")
    data = files.read(file, LARGEST)
    if len(data) > LARGEST or not zipfile.is_zipfile(BytesIO(data)):
        raise failure("ENG932", what=f"--wheel {file}", reason=f"it is no wheel of at most {LARGEST} bytes")
    lock = f"interlock-engine=={__version__} --hash=sha256:{sha256(data).hexdigest()}\n"
    return {f"{_FOLDER}/wheels/{name}": data, f"{_FOLDER}/engine.lock": lock.encode()}


def older(top: str) -> list[str]:
    """The wheels there that are not of this version."""
    try:
        names = os.listdir(os.path.join(top, _FOLDER, "wheels"))
    except FileNotFoundError:
        return []
    return [f"{_FOLDER}/wheels/{name}" for name in sorted(names) if name.endswith(".whl") and name != NAME]
