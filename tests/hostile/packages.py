"""Hostile Debian packages: archives of ar with an archive of tar inside, made by hand."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tests.hostile.makers import JSON_ODD, Maker, PlainCase, text

SONG = "usr/share/music/song.ogg"
DOC = "usr/share/doc/some-music/copyright"
COPYRIGHT = (
    b"Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\nLicense: MIT\n"
)
CONTROL = b"Package: some-music\nVersion: 1\nArchitecture: all\nMaintainer: Nobody\nDescription: x\n"


def member(name: str, content: bytes = b"x" * 70_000, **facts: Any) -> tuple[tarfile.TarInfo, bytes]:
    """A member of data.tar; ``facts`` are fields of tarfile, such as its type."""
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for key, value in facts.items():
        setattr(info, key, value)
    return info, content


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tuple[tarfile.TarInfo, bytes]:
    return member(name, b"", type=kind, linkname=target)


def tar(members: Iterable[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.GNU_FORMAT) as packed:
        for info, content in members:
            packed.addfile(info, io.BytesIO(content))
    return made.getvalue()


def ar(*members: tuple[str, bytes], sizes: dict[str, int] | None = None) -> bytes:
    """An archive of ar; ``sizes`` are claimed instead of the true ones."""
    made = b"!<arch>\n"
    for name, content in members:
        size = (sizes or {}).get(name, len(content))
        made += f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{size:<10}`\n".encode() + content
        made += b"\n" * (len(content) % 2)
    return made


def deb(data: bytes, name: str = "data.tar.xz", **claims: int) -> bytes:
    """A package with this as what it installs, compressed as ``name`` says."""
    control = gzip.compress(tar([member("./control", CONTROL)]))
    parts = (("debian-binary", b"2.0\n"), ("control.tar.gz", control), (name, data))
    return ar(*parts, sizes={name: claims["size"]} if claims else None)


def package(*members: tuple[tarfile.TarInfo, bytes]) -> Maker:
    return lambda path: text(deb(lzma.compress(tar((member(SONG), *members)))))(path)


def beside(make: Callable[[Path], tuple[tarfile.TarInfo, bytes]]) -> Maker:
    """With a member that is made for the folder that the package lies in."""
    return lambda path: package(make(path.parent))(path)


def bomb(name: str, compress: Callable[[bytes], bytes], megabytes: int, claimed: int | None = None) -> Maker:
    """One file of so many megabytes of zeros; of ``claimed`` bytes, if that is given."""

    def made(path: Path) -> None:
        size = megabytes * 1_000_000
        head = member("usr/share/music/zeros.ogg", b"", size=claimed or size)[0].tobuf(tarfile.GNU_FORMAT)
        path.write_bytes(deb(compress(head + bytes(size + 10_240 - size % 512)), name))

    return made


def zipped(change: Callable[[zipfile.ZipFile], object]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        change(packed)
    return made.getvalue()


def quake(change: Callable[[zipfile.ZipFile], object]) -> tuple[tarfile.TarInfo, bytes]:
    return member("usr/share/data.pk3", zipped(change))


def long_header(path: Path) -> None:
    """A name that claims to be 3 GB long."""
    info = member("././@LongLink", b"", type=tarfile.GNUTYPE_LONGNAME, size=3_000_000_000)[0]
    path.write_bytes(deb(gzip.compress(info.tobuf(tarfile.GNU_FORMAT) + bytes(10_240)), "data.tar.gz"))


def truncated(path: Path) -> None:
    package()(path)
    path.write_bytes(path.read_bytes()[:-100])


def fast_xz(data: bytes) -> bytes:
    return lzma.compress(data, preset=0)


def fast_gzip(data: bytes) -> bytes:
    return gzip.compress(data, 1)


PACKAGES: list[PlainCase] = [
    PlainCase("as built", "package", package(member(DOC, COPYRIGHT)), "taken"),
    *(PlainCase(title, "package", make) for title, make, _ in JSON_ODD if title not in ("a folder",)),
    PlainCase("ar and nothing in it", "package", text(b"!<arch>\n")),
    PlainCase("cut off", "package", truncated),
    PlainCase("no data.tar", "package", text(ar(("debian-binary", b"2.0\n")))),
    PlainCase("data.tar of an unknown kind", "package", text(deb(tar([member(SONG)]), "data.tar.rar"))),
    PlainCase("gz under the name of xz", "package", text(deb(gzip.compress(tar([member(SONG)]))))),
    PlainCase("a version to come", "package", text(deb(b"").replace(b"2.0\n", b"9.0\n", 1))),
    PlainCase("data.tar of 9,999,999,999 bytes claimed", "package", text(deb(b"", size=9_999_999_999))),
    PlainCase("data.tar that is random bytes", "package", text(deb(bytes(range(256)) * 40, "data.tar"))),
    PlainCase("a member of ar called ../escaped", "package",
              text(ar(("debian-binary", b"2.0\n"), ("../escaped", b"x")))),
    PlainCase("a name that leads up", "package", package(member("../../../escaped")), "taken"),
    PlainCase("a name that leads down and up", "package", package(member("usr/../../../escaped")), "taken"),
    PlainCase("an absolute name", "package", beside(lambda folder: member(f"{folder}/escaped")), "taken"),
    PlainCase("a name of 5000 letters", "package", package(member("usr/" + "x" * 5000)), "taken"),
    PlainCase("a name of HTML and emoji", "package", package(member("usr/<b>\U0001f3ae\u202e.ogg")), "taken"),
    PlainCase("a file below a file", "package", package(member(f"{SONG}/song.ogg")), "taken"),
    PlainCase("a name twice", "package", package(member(SONG, b"other")), "taken"),
    PlainCase("a link out, then a file through it", "package",
              lambda path: package(link("usr/out", str(path.parent)), member("usr/out/escaped"))(path),
              "taken"),
    PlainCase("a link to /etc/passwd", "package", package(link("usr/a.ogg", "/etc/passwd")), "taken"),
    PlainCase("a hard link to /etc/passwd", "package",
              package(link("usr/a.ogg", "/etc/passwd", tarfile.LNKTYPE)), "taken"),
    PlainCase("a hard link up", "package",
              package(link("usr/a.ogg", "../../../../../../etc/passwd", tarfile.LNKTYPE)), "taken"),
    PlainCase("a hard link within", "package", package(link("usr/a.ogg", SONG, tarfile.LNKTYPE)), "taken"),
    PlainCase("a device", "package", package(link("usr/zero.ogg", "", tarfile.CHRTYPE)), "taken"),
    PlainCase("a pipe as an archive of Quake", "package",
              package(link("usr/a.pk3", "", tarfile.FIFOTYPE)), "taken"),
    PlainCase("a link as the copyright file", "package", package(link(DOC, "/dev/zero")), "taken"),
    PlainCase("a copyright file of 5 MB", "package", package(member(DOC, COPYRIGHT + b"<" * 5_000_000))),
    PlainCase("a holder of 3 MB", "package",
              package(member(DOC, COPYRIGHT + b"Copyright: " + b"<( " * 1_000_000)), "taken"),
    PlainCase("a name that claims 3 GB", "package", long_header),
    PlainCase("a file of 2^60 bytes claimed", "package", bomb("data.tar.gz", fast_gzip, 1, 2**60)),
    PlainCase("2 GB of zeros, xz", "package", bomb("data.tar.xz", fast_xz, 400, 2_000_000_000)),
    PlainCase("400 MB of zeros, xz", "package", bomb("data.tar.xz", fast_xz, 400), "either"),
    PlainCase("400 MB of zeros, gz", "package", bomb("data.tar.gz", fast_gzip, 400), "either"),
    PlainCase("100 MB of zeros, bz2", "package", bomb("data.tar.bz2", bz2.compress, 100), "either"),
    PlainCase("zeros without end behind the last file", "package",
              text(deb(gzip.compress(tar([member(SONG)]) + bytes(50_000_000)), "data.tar.gz"))),
    PlainCase("an archive of Quake that is none", "package", package(member("usr/a.pk3", b"PK\3\4"))),
    PlainCase("names that lead up in an archive of Quake", "package",
              package(quake(lambda packed: packed.writestr("../../../../../escaped.ogg", b"x"))), "taken"),
    PlainCase("a link out under the name of what is unpacked", "package",
              lambda path: package(quake(lambda packed: packed.writestr("escaped.ogg", b"x")),
                                   link("usr/share/data.pk3.unpacked", str(path.parent)))(path), "taken"),
    PlainCase("4 times 400 MB in an archive of Quake", "package", package(quake(
        lambda packed: [packed.writestr(f"{n}.ogg", bytes(400_000_000)) for n in range(4)]))),
]  # fmt: skip
