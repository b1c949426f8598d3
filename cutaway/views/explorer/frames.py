"""Messages with bytes as one frame of a socket, as `page/host.js` reads and writes them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

LENGTH = 4
"""Bytes of the length in front, the lowest first."""


def packed(message: dict[str, Any], buffers: Sequence[bytes | memoryview] = ()) -> bytes:
    """The length of the message, the message as JSON with the sizes of its buffers, the buffers."""
    head = json.dumps(message | {"sizes": [memoryview(one).nbytes for one in buffers]}).encode()
    return b"".join([len(head).to_bytes(LENGTH, "little"), head, *buffers])


def unpacked(frame: bytes) -> tuple[dict[str, Any], list[memoryview]]:
    """The message and its buffers. Raises ValueError where this is no frame."""
    length = int.from_bytes(frame[:LENGTH], "little")
    message = json.loads(frame[LENGTH : LENGTH + length])
    sizes = message.pop("sizes", []) if isinstance(message, dict) else None
    if not isinstance(sizes, list) or not all(isinstance(size, int) and size >= 0 for size in sizes):
        raise ValueError("a frame is a JSON object with the sizes of what follows it")
    if LENGTH + length + sum(sizes) != len(frame):
        raise ValueError(f"a frame of {len(frame)} bytes holds what its sizes do not say")
    ends = [LENGTH + length + sum(sizes[: number + 1]) for number in range(len(sizes))]
    whole = memoryview(frame)
    return message, [whole[end - size : end] for size, end in zip(sizes, ends, strict=True)]
