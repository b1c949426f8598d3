"""Workbooks as a judge sees them: recalculated from nothing by LibreOffice, and read from the file itself."""

import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from cutaway.views.workbook.expression import Ref

PROGRAMS = ("soffice", "libreoffice")
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"

Values = dict[Ref, float | str]
Recalculate = Callable[..., Any]


@pytest.fixture(scope="session")
def office(tmp_path_factory) -> Callable[..., list[Path]]:
    """`office("png", file)`: what LibreOffice makes of files; tests that need it are skipped where it is absent."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip("no LibreOffice on this computer: install it with the system's package manager (libreoffice-calc)")
    profile = tmp_path_factory.mktemp("office")

    def convert(kind: str, *files: Path) -> list[Path]:
        folder = tmp_path_factory.mktemp("converted")
        command = [program, f"-env:UserInstallation={profile.as_uri()}", "--headless", "--convert-to", kind]
        done = subprocess.run(
            [*command, "--outdir", folder, *files], capture_output=True, encoding="utf-8", timeout=120
        )
        if "no export filter" in done.stderr:
            pytest.skip(f"this LibreOffice writes no {kind}: install its part for drawings (libreoffice-draw)")
        made = [folder / f"{file.stem}.{kind}" for file in files]
        assert all(one.is_file() for one in made), done.stdout + done.stderr
        return made

    return convert


@pytest.fixture
def recalculate(office, tmp_path) -> Recalculate:
    """`recalculate(file, {ref: 255.0})`: every number after these cells were typed over, by LibreOffice alone.

    The values that came with the file are taken out of it before. Several changes, each to the file as it came, give a
    list: LibreOffice starts once for all of them.
    """

    def run(file: Path, *changes: Mapping[Ref, float | str]) -> Any:
        empty = [emptied(file, tmp_path / f"{n}-{file.name}", typed) for n, typed in enumerate(changes)]
        values = [read(one) for one in office("xlsx", *empty)]
        return values if len(values) > 1 else values[0]

    return run


def emptied(file: Path, target: Path, typed: Mapping[Ref, float | str]) -> Path:
    """The same workbook without the values of its formulas, and with some cells typed over."""
    left = dict(typed)
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        sheets = {part: name for name, part in parts(old).items()}
        for part in old.namelist():
            content = old.read(part)
            if part in sheets:
                text = re.sub(r"(</f>)<v>[^<]*</v>", r"\1", content.decode())
                for ref in [ref for ref in left if ref.sheet == sheets[part]]:
                    text = overwritten(text, ref, left.pop(ref))
                content = text.encode()
            new.writestr(part, content)
    assert not left, f"no such cells: {left}"
    return target


def overwritten(text: str, ref: Ref, value: float | str) -> str:
    """A sheet with one typed cell changed."""
    where = rf'<c r="{letters(ref.col)}{ref.row + 1}"((?: s="\d+")?)(?: t="s")?><v>[^<]*</v></c>'
    cell = f'<c r="{letters(ref.col)}{ref.row + 1}"'
    new = f"><v>{value!r}</v></c>" if isinstance(value, float) else f' t="inlineStr"><is><t>{value}</t></is></c>'
    text, count = re.subn(where, lambda match: cell + match[1] + new, text)
    assert count == 1, f"{ref} is no typed cell"
    return text


def letters(col: int) -> str:
    """0, 25, 26 -> A, Z, AA"""
    return (letters(col // 26 - 1) if col >= 26 else "") + chr(ord("A") + col % 26)


def parts(file: zipfile.ZipFile) -> dict[str, str]:
    """The sheets by name: which part of the file each is."""
    targets = {
        one.attrib["Id"]: one.attrib["Target"]
        for one in ElementTree.fromstring(file.read("xl/_rels/workbook.xml.rels"))
    }
    sheets = ElementTree.fromstring(file.read("xl/workbook.xml")).iter(f"{MAIN}sheet")
    return {one.attrib["name"]: "xl/" + targets[one.attrib[LINK]].removeprefix("/xl/") for one in sheets}


def read(path: Path) -> Values:
    """Every number and text in a workbook, as the file itself holds them."""
    found: Values = {}
    with zipfile.ZipFile(path) as file:
        shared: list[str] = []
        if "xl/sharedStrings.xml" in file.namelist():
            strings = ElementTree.fromstring(file.read("xl/sharedStrings.xml"))
            shared = ["".join(t.text or "" for t in one.iter(f"{MAIN}t")) for one in strings]
        for name, part in parts(file).items():
            for cell in ElementTree.fromstring(file.read(part)).iter(f"{MAIN}c"):
                value = cell.find(f"{MAIN}v")
                if value is not None and value.text is not None:
                    text, kind = value.text, cell.attrib.get("t", "n")
                    own = shared[int(text)] if kind == "s" else text if kind in ("str", "e") else float(text)
                    found[place(name, cell.attrib["r"])] = own
    return found


def formulas(path: Path) -> dict[Ref, str]:
    """Every formula in a workbook."""
    found = {}
    with zipfile.ZipFile(path) as file:
        for name, part in parts(file).items():
            for cell in ElementTree.fromstring(file.read(part)).iter(f"{MAIN}c"):
                formula = cell.find(f"{MAIN}f")
                if formula is not None:
                    found[place(name, cell.attrib["r"])] = formula.text or ""
    return found


def place(sheet: str, name: str) -> Ref:
    """`B4` on a sheet."""
    match = re.fullmatch(r"([A-Z]+)(\d+)", name)
    assert match
    col = 0
    for letter in match[1]:
        col = 26 * col + ord(letter) - ord("A") + 1
    return Ref(sheet, int(match[2]) - 1, col - 1)
