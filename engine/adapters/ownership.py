"""Who could put something else in a file's place: owner and mode of everything that leads to it.

A file is only as safe as the weakest directory above it, and as every directory above what its links lead to.
"""

import os
import stat
from collections import deque
from collections.abc import Collection

ROOT = 0
_LINKS_AT_MOST = 40  # as Linux follows them
_OTHERS_WRITE = 0o022


def ours() -> frozenset[int]:
    """Whose files we believe: our own, and those of the one who can do everything anyway."""
    return frozenset((ROOT, os.geteuid()))


def weak_spot(path: str, owners: Collection[int], *, shared: bool = False) -> str:
    """Why others than `owners` could exchange `path`, or what lies in it; empty when they cannot.

    What is not there yet is as safe as the directory that it will be made in. Others may put names into a sticky
    directory (`/tmp`) and exchange none of ours: above `path` that is safe, and with `shared` `path` may be one, too.

    Raises:
        OSError: it cannot be looked at.
    """
    waiting = deque(_parts(os.path.join(os.getcwd(), path)))  # `..` is told from a link's target, not from its name
    at, links = os.sep, 0
    found = os.lstat(at)
    while True:
        if why := _weakness(at, found, owners, sticky=bool(waiting) or shared):
            return why
        if not waiting:
            return ""
        name = waiting.popleft()
        below = os.path.dirname(at) if name == os.pardir else os.path.join(at, name)
        try:
            found = os.lstat(below)
        except FileNotFoundError:
            return ""
        if stat.S_ISLNK(found.st_mode):
            links += 1
            if links > _LINKS_AT_MOST:
                return f"{below} is a link that leads nowhere"
            if found.st_uid not in owners:
                return f"{below} is a link of user {found.st_uid}"
            target = os.readlink(below)
            waiting.extendleft(reversed(_parts(target)))
            below = os.sep if os.path.isabs(target) else at
            found = os.lstat(below)
        at = below


def _parts(path: str) -> list[str]:
    return [part for part in path.split(os.sep) if part not in ("", os.curdir)]


def _weakness(path: str, found: os.stat_result, owners: Collection[int], *, sticky: bool) -> str:
    if found.st_uid not in owners:
        return f"{path} belongs to user {found.st_uid}"
    guarded = stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX and sticky
    if found.st_mode & _OTHERS_WRITE and not guarded and not _only_ours(found):
        return f"others can write to {path} (mode {stat.S_IMODE(found.st_mode):04o})"
    return ""


def _only_ours(found: os.stat_result) -> bool:
    """Is the group that may write nobody but us? Systems that give everyone such a group set the umask 002.

    The rule is that of pam_umask(8), option usergroups: not root, and user and group have one number and one name.
    """
    me = os.geteuid()
    if found.st_mode & 0o002 or me == ROOT or not me == found.st_uid == found.st_gid:
        return False
    import grp
    import pwd

    try:
        name, group = pwd.getpwuid(me).pw_name, grp.getgrgid(found.st_gid)
    except KeyError:
        return False
    return group.gr_name == name and set(group.gr_mem) <= {name}
