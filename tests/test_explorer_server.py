"""The server of the page, over real sockets: what can be reached, by whom, and what is told."""

import contextlib
import socket
import threading
import time
import urllib.error
import urllib.request

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

import cutaway as cw
from cutaway.model import load
from cutaway.views.explorer import of_model, serve
from cutaway.views.explorer.at_hand import of_training
from cutaway.views.explorer.frames import packed, unpacked
from tests.explorer import content_at, talking, trained


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return trained(tmp_path_factory.mktemp("runs") / "digits-1")


@pytest.fixture(scope="module")
def server(run):
    model = load(run)
    with serve([of_model(model, run)], of_training(model)[0], lambda: cw.read("digits")) as server:
        yield server


def got(url, **headers):
    """Status, text and headers of an answer."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:
            return answer.status, answer.read().decode(), answer.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(), error.headers


def opened(server, host="127.0.0.1"):
    """A socket, as the page opens one."""
    return talking(server.link.replace("127.0.0.1", host))


# ---- frames


def test_frames_come_back():
    frame = packed({"ask": "x", "n": 1}, [b"abc", b"", memoryview(b"de")])
    assert frame[:4] == (len(frame) - 4 - 5).to_bytes(4, "little")
    message, buffers = unpacked(frame)
    assert message == {"ask": "x", "n": 1}
    assert list(map(bytes, buffers)) == [b"abc", b"", b"de"]


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\x05\0\0\0{}",
        packed({}, [b"abc"])[:-1],
        packed({}, [b"abc"]) + b"d",
        b"\x02\0\0\0[]",
        b"\x0f\0\0\0" + b'{"sizes":[-1]} ',
        b"\xff" * 9,
    ],
)
def test_what_is_no_frame(frame):
    with pytest.raises(ValueError, match=r"."):
        unpacked(frame)


# ---- who may reach what


def test_the_page_and_its_content(server, run):
    status, text, headers = got(server.link)
    assert status == 200
    assert text.startswith("<!doctype html>")
    assert f"connect-src http://127.0.0.1:{server.port} ws://127.0.0.1:{server.port}" in text
    assert headers["Referrer-Policy"] == "no-referrer"
    content = content_at(server.link)
    assert (content["title"], content["served"], content["live"]) == ("digits-1", True, False)
    assert len(content["pictures"]) == 12
    assert [epoch["number"] for epoch in content["epochs"]] == [1, 2, 3]


def test_it_listens_to_this_computer_alone(server):
    assert server.socket.getsockname()[0] == "127.0.0.1"
    with socket.socket() as other:
        assert other.connect_ex(("127.0.0.2", server.port)) != 0


def test_everything_else_is_not_there(server):
    root = f"http://127.0.0.1:{server.port}"
    for path in (
        "/",
        "/content",
        "/socket",
        "/wrong/",
        "/wrong/content",
        f"/{server.token[:-1]}/",
        f"/{server.token}/x",
    ):
        assert got(root + path)[0] == 404
    assert got(f"{root}/{server.token}/../{server.token}/config.json")[0] == 404
    assert len(server.token) >= 20


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1", "127.0.0.1:1", ""])
def test_another_name_that_leads_here_gets_nothing(server, host):
    """A site may point its own name at 127.0.0.1 (DNS rebinding): the browser then says that name."""
    for path in ("", "content"):
        assert got(server.link + path, Host=host)[0] in (400, 404)


def test_localhost_is_this_computer_too(server):
    assert got(f"http://localhost:{server.port}/{server.token}/")[0] == 200
    with opened(server, host="localhost") as page:
        assert page.ask({"ask": "epoch", "id": 1, "epoch": 1})[0]["id"] == 1


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:1"])
def test_other_pages_get_no_socket(server, origin):
    with pytest.raises(InvalidStatus, match="403"), talking(server.link, origin):
        pass


def test_a_socket_needs_the_token_and_an_origin(server):
    for link, origin in ((f"http://127.0.0.1:{server.port}/wrong/", ""), (server.link, None)):
        with pytest.raises(InvalidStatus, match="403"), talking(link, origin):
            pass


# ---- what is asked and told


def test_questions_are_answered(server, run):
    picture = cw.read("digits")[7]
    message = {
        "ask": "stages",
        "shape": list(picture.shape),
        "names": ["conv1", "softmax1"],
        "edits": [],
        "epoch": None,
    }
    trace = load(run).trace(picture)
    with opened(server) as page:
        answer, buffers = page.ask(message | {"id": 5}, picture.tobytes())
        assert answer == {"id": 5, "names": ["conv1", "softmax1"], "shapes": {"conv1": [6, 6, 4], "softmax1": [10]}}
        for name, numbers in zip(answer["names"], buffers, strict=True):
            np.testing.assert_array_equal(np.frombuffer(numbers, "<f4"), trace[name].output.ravel())
        answer, _ = page.ask({"ask": "nothing", "id": 6})
        assert (answer["id"], answer["error"][:22]) == (6, "nobody can ask 'nothin")


def test_many_questions_at_once_each_get_their_own_answer(server):
    pictures = [np.full((8, 8, 1), number, np.uint8) for number in range(20)]
    with opened(server) as page:
        for number, picture in enumerate(pictures):
            page.say({"ask": "stages", "id": number, "shape": [8, 8, 1], "names": ["input"]}, picture.tobytes())
        answers = [page.hear() for _ in pictures]
    assert {answer["id"]: bytes(own[0])[:4] for answer, own in answers} == {
        number: np.float32(number).tobytes() for number in range(20)
    }


def test_what_is_no_frame_is_said_and_the_page_goes_on(server):
    with opened(server) as page:
        page.socket.send(b"\xff\xff")
        assert page.hear()[0]["error"]
        assert page.ask({"ask": "epoch", "id": 1, "epoch": 2})[0]["id"] == 1


def test_a_large_picture_gets_through(server):
    picture = np.zeros((3000, 2000, 3), np.uint8)  # 18 MB
    with opened(server) as page:
        answer, _ = page.ask({"ask": "stages", "id": 1, "shape": [3000, 2000, 3], "names": ["resize1"]}, bytes(picture))
        assert answer["shapes"] == {"resize1": [8, 8, 1]}


def test_every_open_page_is_told(server):
    with opened(server) as one, opened(server) as two:
        one.ask({"ask": "epoch", "id": 1, "epoch": 1})
        two.ask({"ask": "epoch", "id": 1, "epoch": 1})
        server.tell({"tell": "epoch", "epoch": {"number": 4}})
        for page in (one, two):
            assert page.hear() == ({"tell": "epoch", "epoch": {"number": 4}}, [])
    server.tell({"tell": "closed"})  # nobody is there, and nothing happens


def test_models_beside_each_other(run):
    model = load(run)
    subjects = [of_model(model, run), of_model(model, run, title="again")]
    with serve(subjects, of_training(model)[0]) as server:
        content = content_at(server.link)
        assert [other["title"] for other in content["beside"]] == ["again"]
        assert content["beside"][0]["pictures"] == []
        with opened(server) as page:
            assert "error" not in page.ask({"ask": "weights", "id": 1, "layer": "conv1", "model": 1})[0]


def test_a_training_that_goes_on_is_shown_as_it_is_when_the_page_is_opened(run):
    model = load(run)
    goes_on = [True]
    with serve([of_model(model, run, "first")], [], live=lambda: goes_on[0]) as server:
        first = content_at(server.link)
        server.answers.subjects[0] = of_model(model, run, "second")
        goes_on.clear()
        goes_on.append(False)
        second = content_at(server.link)
    assert [(one["title"], one["live"]) for one in (first, second)] == [("first", True), ("second", False)]


# ---- starting and stopping


def test_it_is_gone_when_it_is_left_and_open_pages_know(run):
    before = threading.active_count()
    stack = contextlib.ExitStack()
    with stack, serve([of_model(load(run), run)], []) as server:
        page = stack.enter_context(opened(server))
        began = time.monotonic()
    assert time.monotonic() - began < 3
    with pytest.raises(ConnectionClosed):
        page.hear()
    with socket.socket() as other:
        assert other.connect_ex(("127.0.0.1", server.port)) != 0
    assert threading.active_count() <= before + 1
    server.tell({"tell": "epoch"})  # nothing is left to tell it


def test_two_servers_are_two(run):
    subject = of_model(load(run), run)
    with serve([subject], []) as one, serve([subject], []) as two:
        assert one.port != two.port
        assert got(one.link.replace(str(one.port), str(two.port)))[0] == 404
