"""What a file is, by its first bytes, whatever its name says; and what is packed inside it."""

from __future__ import annotations

import codecs
import gzip
import zipfile
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

from gouttes.errors import BadInputError
from gouttes.sources.tables import fresh

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = 4096
BLANK = 0x20  # bytes below it are control characters
SPREADSHEETS = {"xl/workbook.xml": "xlsx", "xl/workbook.bin": "xlsb", "content.xml": "ods"}
# Formats that are often taken for a table, by their signature.
REFUSED = {
    b"%PDF": "a PDF document",
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive (unpack it, or use .zip)",
    b"Rar!": "a RAR archive (unpack it, or use .zip)",
    b"\x28\xb5\x2f\xfd": "a Zstandard file (unpack it, or use .gz)",
    b"BZh": "a bzip2 file (unpack it, or use .gz)",
    b"\xfd7zXZ": "an xz file (unpack it, or use .gz)",
    b"SQLite format 3": "an SQLite database (export its tables as CSV)",
    b"\x7fELF": "a program",
    b"MZ": "a program",
}
SUFFIXES = {
    "csv": ".csv .tsv .txt .tab",
    "json": ".json .jsonl .ndjson",
    "parquet": ".parquet .pq",
    "workbook": ".xlsx .xls .xlsb .xlsm .ods",
}
WORDS = {"csv": "delimited text", "json": "JSON", "parquet": "Parquet", "workbook": "a workbook"}
# A deflated file grows at most 1,032 times (zlib's own limit), and only when it holds nothing: beyond both limits
# what is packed is a bomb, not an export. Both are priors.
MOST_GROWTH, MOST_UNPACKED = 500, 2_000_000_000


@dataclass(frozen=True)
class Member:
    """A file to read, or one that was packed inside it.

    Attributes:
        name: how people know it, such as ``export.zip/orders.csv``.
        path: where its bytes are.
        kind: ``csv``, ``json``, ``parquet`` or ``workbook``.
        notice: what to tell, where the name says otherwise.
    """

    name: str
    path: Path
    kind: str
    notice: str | None = None


def members(path: Path, folder: Path) -> list[Member]:
    """The readable files at ``path``: itself, or what is packed in it (unpacked into ``folder``).

    Raises:
        BadInputError: it is absent, empty, damaged, or not a table.
    """
    try:
        head = _head(path)
        if head.startswith(b"PK\x03\x04") and _spreadsheet(path) is None:
            return list(_unzipped(path, folder))
        if head.startswith(b"\x1f\x8b"):
            return [_ungzipped(path, folder)]
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise BadInputError(f"{path.name} cannot be read: {_reason(error)}. Export or download it again.") from error
    return [_member(path.name, path, head)]


def _reason(error: BaseException) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error) or type(error).__name__


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD)


def _member(name: str, path: Path, head: bytes) -> Member:
    kind = _kind(name, path, head)
    said = next((known for known, endings in SUFFIXES.items() if Path(name).suffix.lower() in endings.split()), None)
    if said is None or said == kind:
        return Member(name, path, kind)
    return Member(name, path, kind, f"Its name says {WORDS[said]}, but it is {WORDS[kind]}: read as that.")


def _kind(name: str, path: Path, head: bytes) -> str:
    """Refuses in words what is not a table."""
    if not head.strip(b" \t\r\n\x00\xef\xbb\xbf\xff\xfe"):
        raise BadInputError(f"{name} is empty: there is nothing to import. Export it again.")
    for signature, words in REFUSED.items():
        if head.startswith(signature):
            raise BadInputError(f"{name} is {words}, not a table. Give CSV, JSON, Parquet or XLSX.")
    if head[257:262] == b"ustar":
        raise BadInputError(f"{name} is a tar archive. Unpack it, or use .zip.")
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        if head.startswith(b"PK") and _spreadsheet(path) is None:
            raise BadInputError(f"{name} is an archive inside an archive. Unpack the outer one.")
        return "workbook"
    return _text_kind(name, head)


def _text_kind(name: str, head: bytes) -> str:
    start = head.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")[:64].lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<head")):
        raise BadInputError(
            f"{name} is a web page or XML, not a table: often the page of an expired session. Export it again."
        )
    if start.startswith((b"{", b"[")):
        return "json"
    wide = head.startswith((b"\xff\xfe", b"\xfe\xff")) or head[1::2].count(0) > len(head) // 4
    controls = sum(byte < BLANK and byte not in b"\x00\t\n\r\f\x1b" for byte in head)
    if not wide and controls > len(head) // (50 if _is_broken_utf8(head) else 3):
        raise BadInputError(f"{name} is not text, and no format that Gouttes knows. Give CSV, JSON, Parquet or XLSX.")
    return "csv"


def _is_broken_utf8(head: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return True
    return False


def _spreadsheet(path: Path) -> str | None:
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
    return next((kind for inside, kind in SPREADSHEETS.items() if inside in names), None)


def _unzipped(path: Path, folder: Path) -> Iterator[Member]:
    """Every file of a zip but the metadata that macOS adds; names are never used as paths."""
    with zipfile.ZipFile(path) as archive:
        inside = [item for item in archive.infolist() if not item.is_dir() and not _hidden(item.filename)]
        if not inside:
            raise BadInputError(f"{path.name} holds no file.")
        for item in inside:
            name = f"{path.name}/{item.filename}"
            if item.flag_bits & 1:
                raise BadInputError(
                    f"{name} is locked with a password. Unpack it yourself, then import what is inside."
                )
            target = fresh(folder, Path(item.filename).suffix)
            with archive.open(item) as packed:
                _copy(packed, target, packed_size=item.compress_size, name=name)
            yield _packed(name, target)


def _hidden(name: str) -> bool:
    return name.startswith("__MACOSX/") or Path(name).name.startswith(".")


def _ungzipped(path: Path, folder: Path) -> Member:
    name = path.name.removesuffix(".gz")
    target = fresh(folder, Path(name).suffix)
    with gzip.open(path) as packed:
        _copy(packed, target, packed_size=path.stat().st_size, name=path.name)
    return replace(_packed(name, target), name=path.name)


def _packed(name: str, target: Path) -> Member:
    head = _head(target)
    if head.startswith(b"\x1f\x8b"):
        raise BadInputError(f"{name} is an archive inside an archive. Unpack the outer one.")
    return _member(name, target, head)


def _copy(packed: IO[bytes] | gzip.GzipFile, target: Path, *, packed_size: int, name: str) -> None:
    most = max(MOST_UNPACKED, MOST_GROWTH * packed_size)
    with target.open("wb") as out:
        while chunk := packed.read(1 << 20):
            out.write(chunk)
            if out.tell() > most:
                raise BadInputError(f"{name} unpacks to more than {most:,} bytes: refused as a zip bomb.")
