"""What `import cutaway` offers, and what it costs."""

import subprocess
import sys
import types

import pytest

import cutaway
from tests.command import ROOT

NAMES = {
    *("read", "train", "training", "load", "parse"),
    *("Pictures", "Net", "Model", "Recipe", "Epoch", "Guess", "Guesses", "Evaluation", "Trace"),
    *("CutawayError", "InputError", "NotationError", "ShapeError", "DataError", "PictureError"),
    *("ModelError", "JobError"),
}


def fresh(code):
    """What a new Python prints."""
    program = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert not done.stderr
    return done.stdout.strip()


def test_the_public_names():
    assert set(cutaway.__all__) == NAMES
    assert sorted(cutaway.__all__) == cutaway.__all__
    assert set(dir(cutaway)) == NAMES | {"__version__"}


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_name_is_there_and_documented(name):
    value = getattr(cutaway, name)
    assert callable(value)
    assert value.__doc__
    assert value is getattr(cutaway, name)


def test_every_public_error_is_a_cutaway_error():
    from cutaway import errors

    public = {name for name in NAMES if name.endswith("Error")}
    assert public == {name for name, value in vars(errors).items() if isinstance(value, type)}
    assert all(issubclass(getattr(cutaway, name), cutaway.CutawayError) for name in public)


def test_a_name_that_is_not_there():
    with pytest.raises(AttributeError, match="cutaway has no 'trian'; its names are"):
        cutaway.trian  # noqa: B018


def test_importing_loads_nothing_heavy():
    heavy = "{'numpy', 'PIL', 'click', 'safetensors', 'cutaway.model'}"
    assert fresh(f"import sys, cutaway; print({heavy} & set(sys.modules))") == "set()"


@pytest.mark.parametrize(
    "first", ["", "import cutaway.training.loop", "cw.train", "cw.training", "from cutaway import training", "cw.load"]
)
def test_training_is_the_package_and_the_function_whatever_comes_first(first):
    code = f"""
import cutaway as cw
{first}
from cutaway.training import Recipe
import cutaway.training.loop
assert cw.training.loop.run and cw.Recipe is Recipe
epochs = cw.training("digits", "flatten, dense classes, softmax", epochs=1)
print(next(epochs).number)
"""
    assert fresh(code) == "1"


def test_parts_stay_packages():
    import cutaway.model
    import cutaway.net

    assert isinstance(cutaway.model, types.ModuleType)
    assert not callable(cutaway.net)
