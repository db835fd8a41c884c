"""A zip as this program writes it, and nothing that programs read in different ways.

A zip tells its files twice, in front of each and in a list at its end, and may hold more than it
lists: one program unpacks by the list, another what comes by, a third takes a name from an extra
field. So the whole file has to be what `pack` writes: entry after entry from its first byte, the
list of the same entries, its end.
"""

import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_LOCAL = struct.Struct("<4s5H3I2H")
_LISTED = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_END_64 = struct.Struct("<4sQ2H2I4Q")
_LOCATOR_64 = struct.Struct("<4sIQI")
_LARGE, _MANY = 0xFFFFFFFF, 0xFFFF
"""What stands where a number is too large: the number itself is in a zip64 field."""
_ZIP64 = 1
_UTF8 = 0x800
"""The one flag that is written: the name is UTF-8."""
_PLAIN_ATTRIBUTES = 0x01 | 0x20 | 0x80
"""Read-only, to be archived, normal; not a folder, a volume's name, or a link of Windows."""
_BLOCK = 1024 * 1024


class ZipError(Exception):
    """The file is no zip as it was written: what is wrong, as the end of a sentence."""


@dataclass(frozen=True)
class Entry:
    """A file in a zip."""

    name: str
    packed: bool
    """Whether it is deflated; else it is stored."""
    checksum: int
    packed_size: int
    """Bytes in the zip."""
    size: int
    """Bytes."""
    start: int
    """Where its bytes begin in the zip."""


def read_entries(file: BinaryIO) -> list[Entry]:
    """The files in a zip, in their order. Raises ZipError, and OSError."""
    length = file.seek(0, os.SEEK_END)
    start, end, count = _list_of(file, length)
    file.seek(start)
    listed = []
    while file.tell() < end:
        listed.append(_read_listed(file))
    if file.tell() != end or len(listed) != count:
        raise ZipError("its list of files is not as long as it says")
    entries = []
    place = 0
    for one in listed:
        entry = _read_local(file, one, place)
        place = entry.start + entry.packed_size
        entries.append(entry)
    if place != start:
        raise ZipError("there is more in it than its list of files tells")
    return entries


def blocks_of(file: BinaryIO, entry: Entry) -> Iterator[bytes]:
    """The content of a file in a zip, in parts. Raises ZipError, and OSError."""
    checksum, size = 0, 0
    for block in _unpacked(file, entry):
        checksum, size = zlib.crc32(block, checksum), size + len(block)
        yield block
    if (checksum, size) != (entry.checksum, entry.size):
        raise ZipError("what is in it has another checksum or size")


def _unpacked(file: BinaryIO, entry: Entry) -> Iterator[bytes]:
    stored = _stored(file, entry)
    if not entry.packed:
        yield from stored
        return
    unpacking = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for block in stored:
            waiting = block
            while waiting and not unpacking.eof:  # a little may unpack to very much
                yield unpacking.decompress(waiting, _BLOCK)
                waiting = unpacking.unconsumed_tail
            if unpacking.eof and (waiting or unpacking.unused_data):
                raise ZipError("something follows its end")
        while not unpacking.eof:
            more = unpacking.decompress(b"", _BLOCK)
            if not more:
                raise ZipError("it ends too early")
            yield more
    except zlib.error as error:
        raise ZipError("it cannot be unpacked") from error


def _stored(file: BinaryIO, entry: Entry) -> Iterator[bytes]:
    place, end = entry.start, entry.start + entry.packed_size
    while place < end:
        file.seek(place)
        block = file.read(min(_BLOCK, end - place))
        if not block:
            raise ZipError("it ends too early")
        place += len(block)
        yield block


@dataclass(frozen=True)
class _Listed:
    """What the list says of a file, and the same facts must stand in front of it."""

    name: bytes
    facts: tuple[int, ...]
    """Flags, method, checksum."""
    packed_size: int
    size: int
    place: int
    """Where what stands in front of it begins."""


def _list_of(file: BinaryIO, length: int) -> tuple[int, int, int]:
    """Where the list of files begins and ends, and how many it has."""
    end = length - _END.size
    told = _read(file, end, _END, b"PK\x05\x06")
    disk, first_disk, here, count, size, start, comment = told
    if disk or first_disk or here != count or comment:
        raise ZipError("it is one of several, or has a comment")
    locator = end - _LOCATOR_64.size
    if not _stands_there(file, locator, b"PK\x06\x07"):
        if start + size != end:
            raise ZipError("there is more in it than its list of files tells")
        return start, end, count
    disk, end, disks = _read(file, locator, _LOCATOR_64, b"PK\x06\x07")
    told = _read(file, end, _END_64, b"PK\x06\x06")
    following, _, _, first, second, here_64, count_64, size_64, start_64 = told
    is_one = (disk, disks, first, second) == (0, 1, 0, 0) and here_64 == count_64
    is_whole = following == _END_64.size - 12 and end + _END_64.size == locator
    numbers = min(count_64, _MANY), min(size_64, _LARGE), min(start_64, _LARGE)
    if not is_one or not is_whole or numbers != (count, size, start) or start_64 + size_64 != end:
        raise ZipError("its end contradicts itself")
    return start_64, end, count_64


def _read_listed(file: BinaryIO) -> _Listed:
    """The next file of the list. Raises ZipError for what is no plain file."""
    told = _read(file, file.tell(), _LISTED, b"PK\x01\x02")
    _, _, flags, method, _, _, checksum, packed_size, size, *lengths, place = told
    name_length, extra_length, comment_length, disk, _, attributes = lengths
    name, extra = _bytes(file, name_length), _bytes(file, extra_length)
    shown = name.decode(errors="replace")
    kind = stat.S_IFMT(attributes >> 16)
    if kind not in (0, stat.S_IFREG) or attributes & 0xFFFF & ~_PLAIN_ATTRIBUTES:
        raise ZipError(f"{shown} is a link, a folder, or no plain file")
    if comment_length or disk:
        raise ZipError(f"{shown} has a comment, or lies in another part")
    if flags & ~_UTF8 or method not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ZipError(f"{shown} is encrypted, or stored in a way of its own")
    large = [number for number in (size, packed_size, place) if number == _LARGE]
    told_64 = _zip64(extra, len(large), shown)
    size, packed_size, place = (
        told_64.pop(0) if number == _LARGE else number for number in (size, packed_size, place)
    )
    return _Listed(name, (flags, method, checksum), packed_size, size, place)


def _read_local(file: BinaryIO, listed: _Listed, place: int) -> Entry:
    """What stands in front of a file, which has to be what the list says of it."""
    name = _name(listed)
    told = _read(file, place, _LOCAL, b"PK\x03\x04")
    _, flags, method, _, _, checksum, packed_size, size, name_length, extra_length = told
    here, extra = _bytes(file, name_length), _bytes(file, extra_length)
    # A file that might have grown past 2 GiB while it was written has both sizes here.
    told_64 = _zip64(extra, 2, name) if extra else []
    real = [listed.size, listed.packed_size]
    sizes = all(
        number == is_now or (number == _LARGE and bool(told_64))
        for number, is_now in zip((size, packed_size), real, strict=True)
    )
    is_same = (flags, method, checksum) == listed.facts and here == listed.name
    if place != listed.place or not is_same or not sizes or told_64 not in ([], real):
        raise ZipError(f"what stands before {name} is not what the list of files says")
    is_packed = method == zipfile.ZIP_DEFLATED
    if not is_packed and listed.size != listed.packed_size:
        raise ZipError(f"{name} has two sizes")
    return Entry(name, is_packed, checksum, listed.packed_size, listed.size, file.tell())


def _name(listed: _Listed) -> str:
    """Without the flag only ASCII has one meaning."""
    try:
        name = listed.name.decode("utf-8" if listed.facts[0] & _UTF8 else "ascii")
    except UnicodeDecodeError as error:
        shown = listed.name.decode(errors="replace")
        raise ZipError(f"{shown} is no name that every program reads alike") from error
    if name.endswith("/"):
        raise ZipError(f"{name} is a folder")
    return name


def _zip64(extra: bytes, count: int, name: str) -> list[int]:
    """The large numbers in an extra field that holds so many and nothing else."""
    if not extra and not count:
        return []
    if extra[:4] != struct.pack("<2H", _ZIP64, 8 * count) or len(extra) != 4 + 8 * count:
        raise ZipError(f"{name} has an extra field, which another program may take its name from")
    return list(struct.unpack(f"<{count}Q", extra[4:]))


def _stands_there(file: BinaryIO, place: int, sign: bytes) -> bool:
    if place < 0:
        return False
    file.seek(place)
    return file.read(len(sign)) == sign


def _read(file: BinaryIO, place: int, form: struct.Struct, sign: bytes) -> tuple[int, ...]:
    """The numbers after a sign."""
    if not _stands_there(file, place, sign):
        raise ZipError("its list of files or its end is not there")
    file.seek(place)
    return tuple(form.unpack(_bytes(file, form.size))[1:])


def _bytes(file: BinaryIO, size: int) -> bytes:
    content = file.read(size)
    if len(content) != size:
        raise ZipError("it ends too early")
    return content
