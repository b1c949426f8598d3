"""Writing files: the old one or the new one, never half of one, and nothing left behind."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cutaway.errors import JobError
from cutaway.files import write


def test_writes_text_and_bytes_and_makes_folders(tmp_path: Path) -> None:
    write(tmp_path / "a" / "b" / "file.txt", "é")
    write(tmp_path / "file.bin", b"\x00\xff")
    assert (tmp_path / "a" / "b" / "file.txt").read_bytes() == b"\xc3\xa9"
    assert (tmp_path / "file.bin").read_bytes() == b"\x00\xff"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "file.bin"]


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_others_may_read_what_the_umask_lets_them(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        write(tmp_path / "file", "x")
    finally:
        os.umask(old)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(os.name != "posix", reason="the limit is POSIX's")
def test_no_room_keeps_the_old_file_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """A real limit of 1,000 bytes a file, which stops a write half-way as a full disk does."""
    write(tmp_path / "file", "old")
    program = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from cutaway.files import write\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n"
        "    write(Path(sys.argv[1]), b'x' * 5000)\n"
        "except Exception as error:\n"
        "    print(type(error).__name__, error)\n"
    )
    out = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "file"], capture_output=True, text=True, check=True
    ).stdout
    assert out == f"JobError cannot write {tmp_path}/file: File too large; make room, or choose another folder\n"
    assert (tmp_path / "file").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(JobError, match=r"cannot write .*file/inside: (Not a directory|File exists)"):
        write(tmp_path / "file" / "inside", "x")
    assert (tmp_path / "file").read_text() == "mine"
