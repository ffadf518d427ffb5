"""Issues and pull requests by what names them. A pull request is an issue whose `pull` is not null."""

from collections.abc import Sequence

from engine.sandbox.forge.answer import missing
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.kept import Row

# Logins change: that of the head's owner is the present one, and the one that was where the fork is gone.
_HEAD_OWNER = """coalesce((SELECT a.login FROM repositories r JOIN accounts a ON a.id = r.owner
    WHERE r.id = p.head_repository), p.head_owner)"""
HEAD = f"lower({_HEAD_OWNER}) = lower(?) AND p.head_ref = ?"
# Everything that a list needs is in its one query: no row asks git, and few ask SQLite again.
ITEM = f"""SELECT i.*, p.id AS pull, p.head_repository, p.head_ref, p.head_sha, p.base_ref, p.base_sha,
    p.draft, p.merged, p.merged_at, p.merged_by, p.merge_commit_sha, p.maintainer_can_modify, p.measured_json,
    p.trial_json, {_HEAD_OWNER} AS head_owner, (SELECT count(*) FROM comments c WHERE c.issue = i.id) AS comments,
    (SELECT count(*) FROM review_comments c JOIN reviews r ON r.id = c.review
      WHERE c.pull = i.id AND r.state != 'PENDING') AS review_comments
  FROM issues i LEFT JOIN pulls p ON p.id = i.id"""  # noqa: S608 - fixed texts


def issue_of(forge: Forge, repository: int, number: object) -> Row:
    """The issue or pull request with this number.

    Raises:
        ForgeError: 404.
    """
    return _found(_numbered(forge, repository, number, ""))


def pull_of(forge: Forge, repository: int, number: object) -> Row:
    """The pull request with this number.

    Raises:
        ForgeError: 404, an issue too.
    """
    return _found(_numbered(forge, repository, number, "AND p.id IS NOT NULL"))


def item(forge: Forge, issue: int) -> Row:
    """The issue or pull request with this id, as it is now.

    Raises:
        ForgeError: 404.
    """
    return _found(forge.kept.row(f"{ITEM} WHERE i.id = ?", issue))


def items(forge: Forge, where: str, values: Sequence[object], order: str = "i.id") -> list[Row]:
    """Those for which `where` (SQL of ours) holds."""
    return forge.kept.rows(f"{ITEM} WHERE {where} ORDER BY {order}", *values)


def pulls(forge: Forge, where: str, *values: object) -> list[Row]:
    """Pull requests for which `where` (SQL of ours) holds, oldest first."""
    return items(forge, f"p.id IS NOT NULL AND {where}", values)


def _numbered(forge: Forge, repository: int, number: object, more: str) -> Row | None:
    text = str(number)
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        return None
    return forge.kept.row(f"{ITEM} WHERE i.repository = ? AND i.number = ? {more}", repository, int(text))


def _found(row: Row | None) -> Row:
    if row is None:
        raise missing()
    return row
