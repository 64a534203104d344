"""Unpacks one hostile Debian package; run by `mrcmv.library.debian` as a child under limits.

    python -P unpack_child.py ARCHIVE FOLDER MOST_BYTES SUFFIX...

prints in one word how it ended. Only plain files come out, by names that stay below FOLDER: a link, a
device or a name that leads out is left out. Names lead nowhere else while unpacking because no symbolic link
is ever made. Of archives of Quake the files with one of the suffixes come out, too. dpkg-deb decompresses,
under the limits that this process was started with. Nothing of the program is imported, so that it
starts fast.
"""

from __future__ import annotations

import contextlib
import errno
import lzma
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath
from typing import IO

DONE, TOO_LARGE, DAMAGED, NO_ROOM = "done", "large", "damaged", "room"
MOST_MEMBERS = 200_000
MOST_PADDING = 1_000_000
"""Zeros behind the last member; tar rounds up to 10 kB."""
_NO_PLACE = (errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG, errno.ELOOP)
_DAMAGED = (
    *(tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError),
    *(MemoryError, OverflowError, ValueError, RuntimeError),  # RuntimeError: an encrypted zip, too
)


class TooLargeError(Exception):
    """More comes out than of any package that is known."""


def place_of(name: str, folder: Path) -> Path | None:
    """Where a member belongs; None when its name leads elsewhere."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        return None
    return folder.joinpath(*path.parts)


@contextlib.contextmanager
def left_out_without_place() -> Iterator[None]:
    """A file that cannot have its name (that of a folder, too long) is left out."""
    try:
        yield
    except OSError as error:
        if error.errno not in _NO_PLACE:
            raise


def unpack(packed: tarfile.TarFile, folder: Path, most: int) -> int:
    """Write the plain files of a stream of members; what is claimed is counted before it is read.

    Returns how many bytes of ``most`` are left.
    """
    written: set[Path] = set()
    for number, member in enumerate(packed):
        most -= member.size
        if most < 0 or member.size < 0 or number >= MOST_MEMBERS:
            raise TooLargeError
        place = place_of(member.name, folder)
        if place is None or place in written:
            continue
        with left_out_without_place():
            if member.isreg():
                write(packed.extractfile(member), place)
                written.add(place)
            elif member.islnk() and (first := place_of(member.linkname, folder)) in written:
                place.parent.mkdir(parents=True, exist_ok=True)
                os.link(first, place)  # the same file of the package again, under another name
                written.add(place)
    return most


def write(content: IO[bytes] | None, place: Path) -> None:
    assert content is not None
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("xb") as file:
        shutil.copyfileobj(content, file, 1 << 20)


def unzip(archive: Path, suffixes: Collection[str], most: int) -> int:
    """Write the files with these suffixes of a zip file into a folder beside it; returns what is left."""
    folder = archive.with_name(archive.name + ".unpacked")
    if archive.is_symlink() or folder.is_symlink() or not archive.is_file():
        return most
    with zipfile.ZipFile(archive) as content:
        wanted = [each for each in content.infolist() if Path(each.filename).suffix.lower() in suffixes]
        most -= sum(each.file_size for each in wanted)
        if most < 0 or len(wanted) > MOST_MEMBERS:
            raise TooLargeError
        for each in wanted:
            with left_out_without_place():
                content.extract(each, folder)
    return most


def decompressed(archive: Path, folder: Path, most: int) -> int:
    """Unpack what dpkg-deb makes of the archive; every byte of it must be in order."""
    command = ["dpkg-deb", "--fsys-tarfile", str(archive)]
    environment = {**os.environ, "DPKG_DEB_THREADS_MAX": "1"}  # each thread would need room of its own
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    ) as child:
        assert child.stdout is not None
        try:
            with tarfile.open(fileobj=child.stdout, mode="r|") as packed:
                most = unpack(packed, folder, most)
            if len(child.stdout.read(MOST_PADDING)) == MOST_PADDING or child.wait():
                raise tarfile.ReadError
        finally:
            child.kill()
    return most


def main(archive: str, folder: str, most: str, *suffixes: str) -> str:
    try:
        left = decompressed(Path(archive), Path(folder), int(most))
        for quake in sorted(Path(folder).rglob("*.pk3")):
            left = unzip(quake, suffixes, left)
    except TooLargeError:
        return TOO_LARGE
    except _DAMAGED:
        return DAMAGED
    except OSError:
        return NO_ROOM
    return DONE


if __name__ == "__main__":
    print(main(*sys.argv[1:]))  # noqa: T201 - the answer to the parent
