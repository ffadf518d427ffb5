"""A store in a directory: a file per key, written whole, on the disk before anybody is told.

A file gets its name when its content is on the disk, and the name is on the disk when the method returns; so what a
reader sees after a crash is what somebody was told, or not yet told, and never half of it. Nothing follows a link.
Writers of one folder take turns where they have to look before they write (`flock` on the folder, which the system lets
go of when its holder ends, however it ends).

The folder holds a mark with the version of this form. It is looked for at each access: a volume that is no longer
mounted leaves an empty directory behind, in which everything would be absent.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256

from engine.adapters import files
from engine.adapters.storage.port import FORM, LARGEST, MARK, Item, Version, check_size, checked, is_key, newer
from engine.errors import failure

PATIENCE = 30.0  # seconds to wait for another writer; one that is stopped would hold us for ever

_ITEM = "="  # ends the name of an item's file: no key has it, so `a` and `a/b` are two things
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a pipe would keep us waiting for its writer


class Directory:
    """A `Store`. `durable` is for its owner to say: nobody can see from here who else sees the directory."""

    def __init__(self, path: str, *, durable: bool) -> None:
        """Opens the store at `path`, or makes one of a directory that is not there or is empty.

        Raises:
            EngineError: ENG190, it holds something else; ENG191, a form of another version; ENG001, ENG002, ENG008.
        """
        self.durable = durable
        self._path = os.path.abspath(path)
        files.make_directory(self._path, named=True)
        with self._failing("ENG002"), self._opened(self._path) as root:
            found = sorted(name for name in os.listdir(root) if not _is_nobodys(name))
            if not _is_marked(root):  # asked after looking: whoever makes a store at this moment marks it first
                if found:
                    raise failure("ENG190", store=self._path, reason=f"it holds {found[0]}")
                _create(root, MARK, FORM)
        with self._root("ENG001"):
            pass

    def get(self, key: str) -> Item | None:
        """What stands there."""
        with self._root("ENG001", key) as root, _folder(root, checked(key)) as folder:
            data = None if folder is None else _content(folder, _file(key))
        if data is None:
            return None
        check_size(key, len(data))
        return Item(key, data, _version(data))

    def list(self, prefix: str, after: str = "") -> Iterator[str]:
        """The keys, folder by folder as they are asked for."""
        checked(f"{prefix}x")
        return self._below(prefix[: prefix.rfind("/") + 1], prefix, after)

    def put_if_absent(self, key: str, data: bytes) -> Version | None:
        """Put it where nothing stands. A link cannot be made where there is a file: nobody has to wait."""
        check_size(key, len(data))
        with self._root("ENG002", key) as root, _folder(root, checked(key), make=True) as folder:
            assert folder is not None
            return _version(data) if _create(folder, _file(key), data) else None

    def replace(self, key: str, data: bytes, version: Version) -> Version | None:
        """Put it in the place of that version."""
        check_size(key, len(data))
        with self._of_version(key, version) as folder:
            if folder is None:
                return None
            with files.unfinished(folder, data, sync=True) as name:
                os.replace(name, _file(key), src_dir_fd=folder, dst_dir_fd=folder)
                os.fsync(folder)
            return _version(data)

    def delete(self, key: str, version: Version) -> bool:
        """Delete that version."""
        with self._of_version(key, version) as folder:
            if folder is None:
                return False
            os.unlink(_file(key), dir_fd=folder)
            os.fsync(folder)
            return True

    def _below(self, folder: str, prefix: str, after: str) -> Iterator[str]:
        with self._root("ENG001", folder) as root, _folder(root, f"{folder}x") as found:
            names = [] if found is None else _names(found)
        for name in names:
            key = folder + name
            if not name.endswith("/"):
                if key.startswith(prefix) and key > after:
                    yield key
            elif key.startswith(prefix) and (key > after or after.startswith(key)):
                yield from self._below(key, prefix, after)

    @contextmanager
    def _of_version(self, key: str, version: Version) -> Iterator[int | None]:
        """The folder of `key`, while nobody else replaces or deletes in it; None where another version stands."""
        with self._root("ENG002", key) as root, _folder(root, checked(key)) as folder:
            if folder is None:
                yield None
                return
            if not files.take(folder, PATIENCE):  # an open directory: threads exclude each other as processes do
                raise failure("ENG192", store=self._path, key=key, seconds=f"{PATIENCE:.0f}")
            data = _content(folder, _file(key))
            yield folder if data is not None and _version(data) == version else None

    @contextmanager
    def _root(self, code: str, key: str = "") -> Iterator[int]:
        """The directory, which still is a store that we know."""
        with self._failing(code, key), self._opened(self._path) as root:
            if not _is_marked(root):
                raise failure("ENG190", store=self._path, reason="it has no mark, though it had one")
            yield root

    @contextmanager
    def _failing(self, code: str, key: str = "") -> Iterator[None]:
        try:
            yield
        except _NewerError as error:
            raise newer(self._path, error.mark) from None
        except OSError as error:
            raise files.failed(code, os.path.join(self._path, key), error) from error

    @staticmethod
    @contextmanager
    def _opened(path: str) -> Iterator[int]:
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)  # named by a person: may be a link
        try:
            yield handle
        finally:
            os.close(handle)


class _NewerError(Exception):
    """The mark says another version."""

    def __init__(self, mark: bytes) -> None:
        super().__init__()
        self.mark = mark


def _is_marked(root: int) -> bool:
    mark = _content(root, MARK)
    if mark is not None and mark != FORM:
        raise _NewerError(mark)
    return mark is not None


def _version(data: bytes) -> Version:
    return sha256(data).hexdigest()


def _file(key: str) -> str:
    return key.rpartition("/")[2] + _ITEM


@contextmanager
def _folder(root: int, key: str, *, make: bool = False) -> Iterator[int | None]:
    """The folder that holds the file of `key`; None: it is not there. `make`: then it is, and on the disk."""
    at = os.dup(root)
    try:
        for part in key.split("/")[:-1]:
            try:
                below = os.open(part, _FOLDER, dir_fd=at)
            except FileNotFoundError:
                if not make:
                    yield None
                    return
                _make(at, part)
                below = os.open(part, _FOLDER, dir_fd=at)
            os.close(at)
            at = below
        yield at
    finally:
        os.close(at)


def _make(folder: int, name: str) -> None:
    try:
        os.mkdir(name, 0o700, dir_fd=folder)
    except FileExistsError:  # somebody was quicker, but has perhaps not come to the next line
        pass
    os.fsync(folder)


def _content(folder: int, name: str) -> bytes | None:
    """The bytes of a file, one more than `LARGEST` where there are more; None: it is not there.

    Raises:
        OSError: it cannot be read, or is no file.
    """
    try:
        handle = os.open(name, _READ, dir_fd=folder)
    except FileNotFoundError:
        return None
    with open(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "it is no file", name)
        return file.read(LARGEST + 1)


def _names(folder: int) -> list[str]:
    """The parts of keys in a folder, in order; a folder ends with `/`. What is not ours is passed over."""
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            if name.startswith("."):
                continue
            if name.endswith(_ITEM):
                found.append(name.removesuffix(_ITEM))
            elif entry.is_dir(follow_symlinks=False):
                found.append(f"{name}/")
    return sorted(name for name in found if is_key(name.removesuffix("/")))


def _create(folder: int, name: str, data: bytes) -> bool:
    """Is it there now, and on the disk, because of us? The other one's is on the disk too before we say no."""
    with files.unfinished(folder, data, sync=True) as unfinished:
        try:
            os.link(unfinished, name, src_dir_fd=folder, dst_dir_fd=folder)
        except FileExistsError:
            os.fsync(folder)
            return False
        os.fsync(folder)
        return True


def _is_nobodys(name: str) -> bool:
    """Left by a writer that was killed, or by the file system in the root of a volume."""
    return name in (MARK, "lost+found") or (name.startswith(".") and name.endswith(".new"))
