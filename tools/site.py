"""Hooks of mkdocs: README and its neighbours become pages, links out of docs/ lead there or are plain text.

`make site` builds it; what it needs besides mkdocs is Mermaid, which draws and comes from npm, once, by its digest.
"""

import base64
import hashlib
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from typing import Any

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAGES = {"README.md": "index.md", **{name: name for name in ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")}}
MERMAID = "11.12.0"
_DIGEST = "B+N9+pezN8zIU2XVft35m5cG8J2ztZsmDQMzsjs0PEs="
_SCRIPT, _STYLE = "assets/mermaid.min.js", "assets/site.css"
_CSS = """
.md-grid { max-width: 80rem }
.md-typeset table:not([class]) { font-size: .64rem }
.md-typeset td code { word-break: break-word }
"""
_LINK = re.compile(
    r"(?P<code>^```.*?^```)|(?P<shown>!?)\[(?P<text>(?:[^\[\]`]|`[^`\n]*`)*)\]\((?P<to>[^)\s]+)\)|(?P<word>`[^`\n]+`)",
    re.DOTALL | re.MULTILINE,
)


def on_files(files: Any, config: Any) -> Any:
    """The pages beside docs/, and the program that draws."""
    from mkdocs.structure.files import File

    for name, page in PAGES.items():
        with open(os.path.join(ROOT, name), encoding="utf-8") as file:
            files.append(File.generated(config, page, content=file.read()))
    files.append(File.generated(config, _STYLE, content=_CSS))
    files.append(File.generated(config, _SCRIPT, abs_src_path=mermaid()))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:  # noqa: ARG001 - names are mkdocs'
    """Links as they are on the site: what is no page of it is only named."""
    folder = "" if page.file.src_uri in PAGES.values() else "docs"
    here = os.path.join(folder, os.path.dirname(page.file.src_uri))
    return _LINK.sub(lambda found: _led(found, here, page.file.src_uri), markdown)


def _led(link: re.Match[str], here: str, page: str) -> str:
    target, mark, anchor = (link["to"] or "").partition("#")
    if not target or "://" in target:
        return link[0]
    path = os.path.normpath(os.path.join(here, target))
    to = PAGES.get(path) or (path.removeprefix("docs/") if path.startswith("docs/") else None)
    if to is None or os.path.isdir(os.path.join(ROOT, path)):
        return link["text"]
    return f"{link['shown']}[{link['text']}]({os.path.relpath(to, os.path.dirname(page) or '.')}{mark}{anchor})"


def mermaid() -> str:
    """Where the program that draws is: a file of the npm package, fetched once, and believed by its digest alone."""
    cache = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "interlock-site")
    path = os.path.join(cache, f"mermaid-{MERMAID}.js")
    if not os.path.exists(path):
        os.makedirs(cache, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            words = ["npm", "pack", "--silent", "--pack-destination", folder, f"mermaid@{MERMAID}"]
            subprocess.run(words, check=True, capture_output=True, timeout=300)
            (name,) = os.listdir(folder)
            with tarfile.open(os.path.join(folder, name)) as archive:
                archive.extract("package/dist/mermaid.min.js", folder, filter="data")
            shutil.move(os.path.join(folder, "package", "dist", "mermaid.min.js"), path)
    with open(path, "rb") as file:
        found = base64.b64encode(hashlib.sha256(file.read()).digest()).decode()
    if found != _DIGEST:
        raise SystemExit(f"{path} is not what Mermaid {MERMAID} was (sha256 {found})")
    return path
