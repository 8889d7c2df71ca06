"""How a file's bytes become characters: gzip, encoding, and the guard against files that unpack without end."""

from __future__ import annotations

import codecs
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from charset_normalizer import from_bytes

from cxnlp.errors import ExportError

GZIP_MAGIC = b"\x1f\x8b"
_CHUNK = 1 << 20

#: A file that unpacks to more than this, at more than `MAX_RATIO` times its size, is refused.
MAX_SUSPICIOUS_BYTES = 1 << 30
MAX_RATIO = 200

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE_BYTES = 1 << 16
_CANDIDATES = [
    *("cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258"),
    *("iso8859_2", "koi8_r", "cp874", "gb18030", "big5", "shift_jis", "euc_jp", "euc_kr"),
]


@dataclass(frozen=True, slots=True)
class Encoding:
    """An encoding, how it was found, and whether some bytes of the file are not of it."""

    name: str
    origin: str
    damaged: bool = False


class _Guarded(io.RawIOBase):
    """A gzip stream that stops when it unpacks to much more than a real export would."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._packed = path.stat().st_size
        self._unpacked = 0
        self._stream = gzip.open(path, "rb")  # noqa: SIM115  (closed by close)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast("bytearray", buffer))
        try:
            data = self._stream.read(len(view))
        except (EOFError, OSError, zlib.error) as error:
            raise ExportError(f"{self._path}: the gzip file is cut short or broken: {error}") from error
        self._unpacked += len(data)
        if self._unpacked > max(MAX_SUSPICIOUS_BYTES, self._packed * MAX_RATIO):
            raise ExportError(
                f"{self._path}: unpacks to over {self._unpacked:,} bytes from {self._packed:,}: "
                f"looks like a decompression bomb; unpack it yourself if it is not"
            )
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()


def is_gzip(path: Path) -> bool:
    """Tell by its first bytes whether a file is gzipped."""
    with path.open("rb") as stream:
        return stream.read(2) == GZIP_MAGIC


@contextmanager
def open_bytes(path: Path) -> Iterator[IO[bytes]]:
    """Open a file, through gzip where it is gzipped; raise `ExportError` when it cannot be read."""
    try:
        if is_gzip(path):
            with io.BufferedReader(_Guarded(path), _CHUNK) as unpacked:
                yield cast("IO[bytes]", unpacked)
        else:
            with path.open("rb") as stream:
                yield stream
    except FileNotFoundError as error:
        raise ExportError(f"{path}: there is no such file") from error
    except OSError as error:
        raise ExportError(f"{path}: cannot be read: {error.strerror or error}") from error


@contextmanager
def open_text(path: Path, encoding: Encoding) -> Iterator[io.TextIOWrapper]:
    """Open a file as text, line ends as they are; undecodable bytes become U+DC80 to U+DCFF (single bytes only)."""
    single_byte = encoding.name.startswith(("utf-8", "cp125", "iso8859", "koi8", "ascii", "latin"))
    with open_bytes(path) as stream:
        yield io.TextIOWrapper(
            stream, encoding.name, errors="surrogateescape" if single_byte else "replace", newline=""
        )


def detect(path: Path, configured: str = "") -> Encoding:
    """Return a file's encoding: the configured one, else by byte order mark, else UTF-8, else by its letters.

    Reads the file once to its end, so a gzip file that is cut short is noticed before any row of it is used.
    """
    if configured:
        try:
            name = codecs.lookup(configured).name
        except LookupError as error:
            raise ExportError(f"{path}: encoding {configured!r} of the configuration is not known") from error
        found = _scan(path)
        if name == "utf-8":
            return Encoding("utf-8-sig", "configured", found.invalid > 0)
        return Encoding(name, "configured", damaged=name not in ("utf-16", "utf-32"))
    found = _scan(path)
    for mark, name in _BOMS:
        if found.head.startswith(mark):
            return Encoding(name, "byte order mark", found.invalid > 0 and name == "utf-8-sig")
    wide = _wide_encoding(found.head)
    if wide:
        return Encoding(wide, "its NUL bytes")
    if not found.invalid:
        return Encoding("utf-8", "its bytes")
    if found.valid >= 2 * found.invalid:
        return Encoding("utf-8", "most of its bytes", damaged=True)
    return Encoding(_guess(found.sample), "its letters (a guess)", damaged=True)


def _guess(sample: bytes) -> str:
    """Return the likeliest legacy encoding by charset-normalizer.

    It confuses ISO 8859-2 and Windows-1250, which differ in a few letters: of the two, the one under which letters stay
    letters is taken (ś of the one is ¶ in the other).
    """
    matches = list(from_bytes(sample, cp_isolation=_CANDIDATES))
    if not matches:
        return "cp1252"
    twins = [match for match in matches if match.encoding in _TWINS]
    if matches[0].encoding in _TWINS:
        return min(twins, key=lambda match: len(_ODD_SIGNS.findall(str(match)))).encoding
    return matches[0].encoding


@dataclass(slots=True)
class _Scan:
    """First bytes, number of valid and invalid non-ASCII characters in UTF-8, and lines that have such."""

    head: bytes
    valid: int
    invalid: int
    sample: bytes


_TWINS = ("cp1250", "iso8859_2")
_ODD_SIGNS = re.compile("[\x80-\x9f¶±¦§¬¤¸µ¨\xad]")
_SURROGATES = re.compile("[\udc80-\udcff]")
_NON_ASCII = re.compile("[^\x00-\x7f]")


def _scan(path: Path) -> _Scan:
    decoder = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape")
    found = _Scan(b"", 0, 0, b"")
    with open_bytes(path) as stream:
        while chunk := stream.read(_CHUNK):
            if not found.head:
                found.head = chunk[:4096]
            if not chunk.isascii() and len(found.sample) < _SAMPLE_BYTES:
                high = (line for line in chunk.splitlines(keepends=True) if not line.isascii())
                while len(found.sample) < _SAMPLE_BYTES and (line := next(high, b"")):
                    found.sample += line[:4096]
            text = decoder.decode(chunk)
            if not text.isascii():
                invalid = len(_SURROGATES.findall(text))
                found.invalid += invalid
                found.valid += len(_NON_ASCII.findall(text)) - invalid if found.invalid else 0
                if not found.invalid:
                    found.valid += 1
    found.invalid += len(_SURROGATES.findall(decoder.decode(b"", final=True)))
    return found


def _wide_encoding(head: bytes) -> str:
    """Return utf-16-le or utf-16-be when every other byte is mostly NUL, as in UTF-16 without its mark."""
    pairs = len(head) // 2
    if pairs < 2:
        return ""
    even, odd = head[0 : 2 * pairs : 2].count(0), head[1 : 2 * pairs : 2].count(0)
    if odd > 0.3 * pairs and even < 0.05 * pairs:
        return "utf-16-le"
    if even > 0.3 * pairs and odd < 0.05 * pairs:
        return "utf-16-be"
    return ""
