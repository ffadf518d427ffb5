"""Plain git as a person runs it against the forge, and the rows that its tests are about."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.git.repositories import create_repository
from engine.sandbox.forge.kept import Row

WHO = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Ann"), ("EMAIL", "ann@example.com"))
}
ENV = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
    **WHO,
}


def git(folder: Path, *arguments: str, code: int = 0, **env: str) -> str:
    """Run git there; both of its outputs."""
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env={**ENV, **env}, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode == 0) == (code == 0), done.stdout + done.stderr
    return done.stdout + done.stderr


def commit(folder: Path, name: str, text: str) -> str:
    """A commit of one file in a clone; its id."""
    (folder / name).write_text(text)
    git(folder, "add", name)
    git(folder, "commit", "-q", "-m", f"Write {name}")
    return git(folder, "rev-parse", "HEAD").strip()


def repository(forge: Forge) -> Row:
    """A private repository of acme without a commit; ann and bob write, oscar reads."""
    kept = forge.kept
    owner = kept.value("SELECT id FROM accounts WHERE login = 'acme'")
    name = f"r{kept.value('SELECT count(*) FROM repositories')}"
    made = create_repository(forge, owner, name)
    for login, level in (("ann", "write"), ("bob", "write"), ("oscar", "read")):
        account = kept.value("SELECT id FROM accounts WHERE login = ?", login)
        kept.insert("collaborators", repository=made, account=account, permission=level)
    found = forge.repository("acme", name)
    assert found is not None
    return found


def token(forge: Forge, login: str) -> str:
    """That of a person."""
    sql = "SELECT token FROM tokens t JOIN accounts a ON a.id = t.account WHERE a.login = ? AND t.kind = 'personal'"
    return str(forge.kept.value(sql, login))


def address(forge: Forge, repo: Row, login: str | None) -> str:
    """Where this person (or nobody) clones from."""
    who = f"x-access-token:{token(forge, login)}@" if login else ""
    return str(forge.urls.base).replace("//", f"//{who}") + f"/{repo['full_name']}.git"


def begun(folder: Path, url: str) -> Path:
    """A clone in `folder`, whose first commit is pushed."""
    git(folder, "clone", "-q", url, "clone")
    commit(folder / "clone", "a.txt", "1\n")
    git(folder / "clone", "push", "-q", "origin", "main")
    return folder / "clone"


def rule(forge: Forge, repo: Row, *rules: dict[str, Any], include: Any = ("refs/heads/main",), bypass: Any = ()) -> int:
    """A ruleset of these rules."""
    return forge.kept.insert(
        "rulesets",
        repository=repo["id"],
        name="r",
        include_json=json.dumps(include),
        rules_json=json.dumps(rules),
        bypass_json=json.dumps(bypass),
        created_at=forge.now(),
        updated_at=forge.now(),
    )


def activity(forge: Forge, repo: Row) -> list[tuple[str, str]]:
    """(kind, ref), oldest first."""
    rows = forge.kept.rows("SELECT * FROM activity WHERE repository = ? ORDER BY id", repo["id"])
    return [(row["kind"], row["ref"]) for row in rows]


def installation(forge: Forge, **grants: str) -> str:
    """A token of the App's installation that may do no more than this."""
    row = forge.kept.row("SELECT i.id, a.bot FROM installations i JOIN apps a ON a.id = i.app")
    assert row is not None
    made = f"ghs_{forge.kept.value('SELECT count(*) FROM tokens')}"
    forge.kept.insert(
        "tokens",
        token=made,
        account=row["bot"],
        kind="installation",
        installation=row["id"],
        permissions_json=json.dumps(grants),
        expires_at="2099-01-01T00:00:00Z",
    )
    return made
