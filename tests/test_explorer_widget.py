"""What a notebook shows of a model or a trace: a widget that answers, and a page in a frame that needs nothing."""

import html
import json
import re
import subprocess
import sys
from typing import Any

import comm
import numpy as np
import pytest
from comm.base_comm import BaseComm

import cutaway as cw
from cutaway.errors import InputError, PictureError
from cutaway.model import Model, load
from cutaway.net import parse, start
from cutaway.trace import record
from cutaway.views.explorer import notebook, of_model, widget
from cutaway.views.explorer.at_hand import of_training
from tests.command import WHERE
from tests.explorer import content_in, trained, untrained

WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return load(trained(tmp_path_factory.mktemp("runs") / "digits-1"))


def page_in(frame: str) -> str:
    """The page that a frame holds."""
    found = re.search(r'<iframe srcdoc="([^"]*)"', frame)
    assert found
    return html.unescape(found[1])


# ---- the widget


class Line(BaseComm):
    """The line to a notebook's page; keeps what is sent."""

    def __init__(self, *given: Any, **more: Any) -> None:
        self.sent: list[tuple[dict[str, Any], list[Any]]] = []
        super().__init__(*given, **more)

    def publish_msg(
        self, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = None, **keys: Any
    ) -> None:
        self.sent.append((data or {}, buffers or []))


@pytest.fixture
def line(monkeypatch):
    """Widgets that are made talk through it."""
    monkeypatch.setattr(comm, "create_comm", Line)


def test_the_widget_has_the_page_and_its_content(model, line):
    made = widget(of_model(model), of_training(model)[0])
    assert made.content["title"] == "digits"
    assert made.content["served"] is True
    assert "content" in made.keys
    (state,) = [data["state"] for data, _ in made.comm.sent if data.get("state", {}).get("_esm")]
    assert state["_esm"].endswith(".default;\n")
    assert "export default" in state["_esm"]
    assert ".cutaway" in state["_css"]
    assert json.loads(json.dumps(state["content"])) == state["content"]


def test_the_widget_answers(model, line):
    made = widget(of_model(model), of_training(model)[0])
    picture = cw.read("digits")[3]
    message = {"ask": "stages", "id": 9, "shape": [8, 8, 1], "names": ["conv1"], "edits": [], "epoch": None}
    said = {"content": {"data": {"method": "custom", "content": message}}, "buffers": [memoryview(picture.tobytes())]}
    made.comm.handle_msg(said)
    data, buffers = made.comm.sent[-1]
    assert data["content"] == {"id": 9, "names": ["conv1"], "shapes": {"conv1": [6, 6, 4]}}
    np.testing.assert_array_equal(np.frombuffer(buffers[0], "<f4"), model.trace(picture)["conv1"].output.ravel())
    said = {"content": {"data": {"method": "custom", "content": ["nonsense"]}}, "buffers": []}
    made.comm.handle_msg(said)
    assert "not understood" in made.comm.sent[-1][0]["content"]["error"]


def test_a_model_is_shown(model):
    bundle = model._repr_mimebundle_()
    assert bundle["text/plain"] == repr(model)
    assert set(bundle) == {"text/plain", "text/html", WIDGET}
    assert bundle[WIDGET]["model_id"]
    content = content_in(page_in(bundle["text/html"]))
    assert (content["served"], len(content["pictures"])) == (False, 12)
    assert 'sandbox="allow-scripts allow-downloads"' in bundle["text/html"]


def test_a_trace_is_shown_with_its_own_picture(model):
    picture = cw.read("digits")[3]
    bundle = model.trace(picture)._repr_mimebundle_(include=None, exclude=None)
    assert bundle["text/plain"] == repr(model.trace(picture))
    content = content_in(page_in(bundle["text/html"]))
    assert [one["shape"] for one in content["pictures"]] == [[8, 8, 1]]
    assert content["classes"] == list("0123456789")


@pytest.mark.parametrize(
    "text",
    ["conv 2 3x3, relu", "flatten, dense 1, sigmoid", "flatten", "relu, globalmean", "flatten, dense 3, logsoftmax"],
)
def test_a_trace_of_any_net_is_shown(text):
    net = parse(f"input 5x5x1, {text}")
    trace = record(net, start(net), np.zeros((5, 5, 1), np.uint8))
    bundle = trace._repr_mimebundle_()
    assert len(content_in(page_in(bundle["text/html"]))["layers"]) == len(net)
    assert WIDGET in bundle


def test_without_the_widget_there_is_the_page():
    """In a fresh Python, in which anywidget cannot be found."""
    program = """
import sys
sys.modules["anywidget"] = None
import cutaway as cw
model = cw.train("xs", net="x5", epochs=1)
print(sorted(model._repr_mimebundle_()))
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], env=WHERE, capture_output=True, text=True)
    assert done.stdout == "['text/html', 'text/plain']\n", done.stderr


def test_a_model_whose_pictures_are_gone_is_shown_without():
    content = content_in(page_in(notebook(untrained("input 4x4x1, flatten, dense 2, softmax"))["text/html"]))
    assert (content["title"], content["pictures"]) == ("model", [])


def test_a_net_that_is_too_large_for_a_notebook_s_file_says_what_helps():
    for side in (50, 80):  # a page of 13 MB, and more than a file may hold
        model = untrained(f"input {side}x{side}x1, flatten, dense 1000, dense 2, softmax")
        bundle = notebook(model)
        assert "too large to be shown without a widget" in bundle["text/html"]
        assert "pip install anywidget" in bundle["text/html"]
        assert len(bundle["text/html"]) < 500
        assert WIDGET in bundle


def test_what_cannot_be_shown_is_said_and_not_raised():
    net = parse("input any, grey, resize 4x4, flatten, dense 10, softmax")
    facts = {"data": {"source": "digits", "counts": dict.fromkeys("0123456789", 1)}}
    model = Model(net, start(net), tuple("0123456789"), facts)
    assert "text/html" in notebook(model)
    narrow = parse("input 4x4x1, flatten, dense 10, softmax")
    bundle = notebook(Model(narrow, start(narrow), tuple("0123456789"), facts))
    assert set(bundle) == {"text/plain", "text/html"}
    assert "the net takes pictures of 4x4x1; this one is 8x8x1" in bundle["text/html"]


# ---- files


def test_a_model_and_a_trace_write_themselves(model, tmp_path):
    model.to_html(tmp_path / "pages" / "mine.html")
    content = content_in((tmp_path / "pages" / "mine.html").read_text("utf-8"))
    assert (content["title"], len(content["pictures"])) == ("mine", 12)
    model.to_html(tmp_path / "two.html", [cw.read("digits")[0], cw.read("digits")[1]])
    content = content_in((tmp_path / "two.html").read_text("utf-8"))
    assert [one["name"] for one in content["pictures"]] == ["picture 1", "picture 2"]
    model.trace(cw.read("digits")[0]).to_html(str(tmp_path / "one.html"))
    assert content_in((tmp_path / "one.html").read_text("utf-8"))["title"] == "one"


def test_a_picture_that_cannot_be_read_is_said(model, tmp_path):
    with pytest.raises(PictureError, match=r"no\.png: no such file"):
        model.to_html(tmp_path / "x.html", [tmp_path / "no.png"])
    with pytest.raises(InputError, match="a picture is a file's path"):
        model.to_html(tmp_path / "x.html", [7])
    assert list(tmp_path.iterdir()) == []
