"""Downloads, from a real server on this machine."""

import dataclasses
import functools
import http.server
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cutaway.errors import JobError
from cutaway.pictures import downloads, read

HELD = {file.name: file.size for file in downloads.SETS["mnist"].files}


class Server(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


class ShortServer(Server):
    """Promises the whole file, sends a part and hangs up."""

    def copyfile(self, source: object, outputfile: object) -> None:
        outputfile.write(source.read(1000))  # type: ignore[attr-defined]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CUTAWAY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "*")
    return tmp_path / "cache" / "mnist"


def serve(
    folder: Path, monkeypatch: pytest.MonkeyPatch, handler: type[Server] = Server
) -> http.server.ThreadingHTTPServer:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/"
    monkeypatch.setitem(downloads.SETS, "mnist", dataclasses.replace(downloads.SETS["mnist"], url=url))
    return server


@pytest.fixture
def mnist(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with serve(shared_data / "mnist", monkeypatch) as server:
        yield downloads.SETS["mnist"].url
        server.shutdown()


def test_downloaded_once_and_then_kept(mnist: str, cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(read("mnist")) == 70_000
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 4 and lines[0] == f"downloading train-images-idx3-ubyte.gz (9.9 MB) of mnist to {cache}"
    assert {path.name: path.stat().st_size for path in cache.iterdir()} == HELD
    assert len(read("mnist")) == 70_000
    assert capsys.readouterr().err == ""


def test_a_damaged_file_in_the_cache_is_fetched_again(mnist: str, cache: Path) -> None:
    lines: list[str] = []
    downloads.fetched("mnist", lines.append)
    labels = cache / "t10k-labels-idx1-ubyte.gz"
    whole = labels.read_bytes()
    for damaged in (whole[:-1], whole[:-1] + bytes([whole[-1] ^ 1])):
        labels.write_bytes(damaged)
        lines.clear()
        downloads.fetched("mnist", lines.append)
        assert labels.read_bytes() == whole and len(lines) == 1


def refused(cache: Path) -> str:
    with pytest.raises(JobError) as caught:
        downloads.fetched("mnist", lambda line: None)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith("with the files of mnist at hand, train and evaluate take --data FOLDER")
    assert [path for path in cache.rglob("*") if path.name not in HELD] == []  # nothing half done is left
    return str(caught.value)


def test_other_content_is_refused(
    shared_data: Path, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(shared_data / "mnist", tmp_path / "served")
    labels = tmp_path / "served" / "train-labels-idx1-ubyte.gz"
    labels.chmod(0o644)
    whole = labels.read_bytes()
    with serve(tmp_path / "served", monkeypatch) as server:
        for changed, words in (
            (whole[:-1] + b"x", "the SHA-256 differs"),
            (whole + b"x", "more bytes came instead of 28881"),
            (whole[:-1], "28880 bytes came instead of 28881"),
        ):
            labels.write_bytes(changed)
            assert words in refused(cache)
            assert not (cache / labels.name).exists()
        labels.unlink()
        assert "404" in refused(cache)
        server.shutdown()


def test_a_transfer_that_breaks_off(shared_data: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(shared_data / "mnist", monkeypatch, ShortServer) as server:
        assert "train-images-idx3-ubyte.gz" in refused(cache)
        server.shutdown()


def test_no_network(cache: Path, shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(shared_data, monkeypatch) as server:
        server.shutdown()
    assert "refused" in refused(cache)


def test_no_room_for_a_cache(tmp_path: Path, mnist: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CUTAWAY_CACHE", str(tmp_path / "file"))
    with pytest.raises(JobError, match=r"cannot write .*Not a directory"):
        downloads.fetched("mnist", lambda line: None)
