"""A page for the person at this computer: on 127.0.0.1, at a free port, behind a token that only the link has."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cutaway.errors import JobError
from cutaway.views.explorer.frames import packed, unpacked
from cutaway.wording import one_line

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import HTTPConnection, Request
    from starlette.responses import Response
    from starlette.websockets import WebSocket

    from cutaway.views.explorer.answers import Answers

HERE = "127.0.0.1"
PATIENCE = 10.0
"""Seconds in which a server has to start, and to stop."""
LARGEST = 2**29
"""Bytes of a message: the pixels of the largest picture that is read."""
AT_ONCE = 2
"""Questions that are worked on at a time, so that a long search does not hold up what is looked at."""
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",  # the link has the token in it
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Server:
    """`with Server(page, content, answers) as server: print(server.link)`: in a thread, until the block is left.

    `page` makes the HTML from what it may connect to; `content` what the page is given, anew each time it is opened.
    """

    def __init__(self, page: Callable[[str], str], content: Callable[[], dict[str, Any]], answers: Answers) -> None:
        self.page, self.content, self.answers = page, content, answers
        self.token = secrets.token_urlsafe(16)
        self.pages: set[WebSocket] = set()

    def __enter__(self) -> Server:
        import uvicorn

        try:
            self.socket = socket.create_server((HERE, 0))
        except OSError as error:
            raise JobError(
                f"cannot open a port on {HERE}: {error.strerror}; with -o the page is written as a file"
            ) from None
        self.port: int = self.socket.getsockname()[1]
        config = uvicorn.Config(
            self._application(),
            lifespan="off",
            log_config=None,
            ws="websockets-sansio",
            ws_max_size=LARGEST,
            ws_per_message_deflate=False,  # it costs more than it saves on the way to oneself
            timeout_graceful_shutdown=1,
        )
        self.uvicorn = uvicorn.Server(config)
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._run, name="explorer", daemon=True)
        self.thread.start()
        while not self.uvicorn.started:
            self.thread.join(0.005)
            if not self.thread.is_alive():
                raise JobError("the server of the page did not start; with -o the page is written as a file")
        return self

    def __exit__(self, *_: object) -> None:
        self.uvicorn.should_exit = True
        self.thread.join(PATIENCE)
        self.socket.close()

    @property
    def link(self) -> str:
        """Where the page is."""
        return f"http://{HERE}:{self.port}/{self.token}/"

    def tell(self, message: dict[str, Any]) -> None:
        """Says something to every page that is open. Returns at once."""
        frame = packed(message)
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self.loop.call_soon_threadsafe(self._send_all, frame)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_until_complete(self.uvicorn.serve([self.socket]))
        finally:
            self.loop.run_until_complete(self.loop.shutdown_default_executor())
            self.loop.close()

    def _send_all(self, frame: bytes) -> None:
        for page in self.pages:
            _keep(self.loop.create_task(_send(page, frame)))

    # ---- what can be reached

    def _application(self) -> Starlette:
        from starlette.applications import Starlette
        from starlette.routing import Route, WebSocketRoute

        routes = [
            Route("/{token}/", self._html),
            Route("/{token}/content", self._json),
            WebSocketRoute("/{token}/socket", self._socket),
        ]
        return Starlette(routes=routes)

    def _knows(self, connection: HTTPConnection) -> bool:
        """Whether the token is right and the page's own host was asked: another site's name may lead here too."""
        token = str(connection.path_params["token"]).encode()
        return connection.headers.get("host") in self._hosts and secrets.compare_digest(token, self.token.encode())

    @property
    def _hosts(self) -> list[str]:
        return [f"{HERE}:{self.port}", f"localhost:{self.port}"]

    async def _html(self, request: Request) -> Response:
        from starlette.responses import HTMLResponse

        if not self._knows(request):
            return _nothing()
        own = request.headers["host"]
        text = await asyncio.to_thread(self.page, f"http://{own} ws://{own}")
        return HTMLResponse(text, headers=HEADERS)

    async def _json(self, request: Request) -> Response:
        from starlette.responses import Response

        if not self._knows(request):
            return _nothing()
        text = await asyncio.to_thread(lambda: json.dumps(self.content(), allow_nan=False))
        return Response(text, media_type="application/json", headers=HEADERS)

    async def _socket(self, page: WebSocket) -> None:
        from starlette.websockets import WebSocketDisconnect

        if not self._knows(page) or page.headers.get("origin") not in [f"http://{host}" for host in self._hosts]:
            await page.close()  # before it is accepted: 403
            return
        await page.accept()
        self.pages.add(page)
        turn = asyncio.Semaphore(AT_ONCE)
        try:
            while True:
                _keep(asyncio.create_task(self._reply(page, await page.receive_bytes(), turn)))
        except (WebSocketDisconnect, KeyError):  # KeyError: text came instead of bytes
            pass
        finally:
            self.pages.discard(page)

    async def _reply(self, page: WebSocket, frame: bytes, turn: asyncio.Semaphore) -> None:
        """Answers one question, when it is its turn."""
        async with turn:
            try:
                answer = await asyncio.to_thread(self.answers, *unpacked(frame))
            except ValueError as error:
                answer = {"id": None, "error": one_line(str(error))}, []
            if page in self.pages:
                await _send(page, packed(*answer))


async def _send(page: WebSocket, frame: bytes) -> None:
    """Sends, unless the page is gone."""
    with contextlib.suppress(RuntimeError, OSError):  # how starlette and uvicorn say that
        await page.send_bytes(frame)


def _nothing() -> Response:
    from starlette.responses import PlainTextResponse

    return PlainTextResponse("Not found", 404, HEADERS)


_tasks: set[asyncio.Task[None]] = set()


def _keep(task: asyncio.Task[None]) -> None:
    """Holds a task until it is done: asyncio alone does not."""
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)
