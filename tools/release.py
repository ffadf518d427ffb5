"""What a release consists of, made from what git has of HEAD and from nothing else: `make release`.

| in `dist/` | is |
|---|---|
| the wheel, the sdist | built twice, in two places; the bytes are the same, or there is no release |
| `requirements.txt` | every library of `interlock-engine[serve]` with its hash, for this platform and Python |
| `sbom.cdx.json` | the same as CycloneDX |
| `SHA256SUMS` | of all of them |
"""

import hashlib
import os
import subprocess
import sys
import tempfile

from tools.lock import pinned

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BIN = os.path.dirname(sys.executable)
EXTRA = "serve"


def main(folder: str) -> None:
    """Write all of it to a folder that is empty or does not exist."""
    os.makedirs(folder, exist_ok=True)
    if os.listdir(folder):
        sys.exit(f"{folder} is not empty: a release is made into an empty folder")
    with tempfile.TemporaryDirectory() as work:
        built = [_built(os.path.join(work, name)) for name in ("one", "another")]
        if built[0] != built[1]:
            names = sorted(name for name in {*built[0], *built[1]} if built[0].get(name) != built[1].get(name))
            sys.exit(f"two builds of one commit differ: {', '.join(names)}")
        for name, data in built[0].items():
            _write(folder, name, data)
        [wheel] = (name for name in built[0] if name.endswith(".whl"))
        _write(folder, "requirements.txt", pinned(f"{os.path.abspath(os.path.join(folder, wheel))}[{EXTRA}]").encode())
    _write(folder, "sbom.cdx.json", _sbom(os.path.join(folder, "requirements.txt")))
    sums = "".join(f"{_sha256(os.path.join(folder, name))}  {name}\n" for name in sorted(os.listdir(folder)))
    _write(folder, "SHA256SUMS", sums.encode())


def _built(work: str) -> dict[str, bytes]:
    """Name → bytes, of a clone of its own."""
    clone, out = os.path.join(work, "clone"), os.path.join(work, "out")
    subprocess.run(["git", "clone", "-q", "--depth", "1", f"file://{ROOT}", clone], check=True)
    environ = {**os.environ, "SOURCE_DATE_EPOCH": _epoch()}
    subprocess.run(
        [sys.executable, "-m", "build", "--outdir", out, clone], check=True, stdout=subprocess.DEVNULL, env=environ
    )
    found = {}
    for name in sorted(os.listdir(out)):
        with open(os.path.join(out, name), "rb") as file:
            found[name] = file.read()
    return found


def _epoch() -> str:
    """When HEAD was committed: the time of every file of a build."""
    asked = ["git", "-C", ROOT, "log", "-1", "--format=%ct"]
    return subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()


def _sbom(requirements: str) -> bytes:
    asked = [os.path.join(BIN, "cyclonedx-py"), "requirements", "--output-reproducible", "--short-PURLs"]
    asked += ["--pyproject", os.path.join(ROOT, "pyproject.toml"), requirements]
    return subprocess.run(asked, check=True, stdout=subprocess.PIPE).stdout


def _sha256(file: str) -> str:
    with open(file, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _write(folder: str, name: str, data: bytes) -> None:
    with open(os.path.join(folder, name), "wb") as file:
        file.write(data)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "dist"))
