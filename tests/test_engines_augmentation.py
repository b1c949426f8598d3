"""Pictures that the native engine chooses and changes itself are those of `augmentation.py`."""

import numpy as np
import pytest

from cutaway.augmentation import BORDERS, Augmentation
from cutaway.engines.engine import Batch
from cutaway.engines.native import Native
from cutaway.losses import CrossEntropy
from cutaway.net import parse, start
from cutaway.optimisers import Sgd

KINDS = [
    Augmentation(),
    Augmentation(flip=True, shift=2),
    Augmentation(shift=20),
    Augmentation(rotate=180, scale=1.0),
    Augmentation(brightness=0.5, contrast=1.0),
    Augmentation(erase=0.7),
    Augmentation(flip=True, shift=3, rotate=15, scale=0.2, brightness=0.2, contrast=0.3, erase=0.5),
]


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "+".join(n for n, v in vars(kind).items() if v))
@pytest.mark.parametrize("size", [(1, 1, 1), (5, 8, 3), (9, 4, 1)], ids=str)
def test_a_step_sees_the_pixels_that_the_declaration_makes(
    size: tuple[int, int, int], kind: Augmentation, border: str
) -> None:
    # A dense layer without a bias: its gradient is made of the pixels themselves.
    height, width, channels = size
    net = parse(f"input {height}x{width}x{channels}, flatten, dense 3 no bias, softmax")
    random = np.random.default_rng(0)
    pictures = random.integers(0, 256, (40, *size), np.uint8)
    rows = random.permutation(40)[:33]
    changes = Augmentation(**vars(kind) | {"border": border, "fill": 200}).draw(0, 1, rows)
    targets = np.eye(3, dtype=np.float32)[random.integers(0, 3, 33)]

    def weights(batch: Batch) -> np.ndarray:
        trainer = Native(2, "float32").trainer(net, start(net), CrossEntropy(), Sgd(), seed=0)
        trainer.step(batch, 0.1)
        return next(iter(trainer.weights().values()))

    batch = Batch(pictures, targets, rows, changes)
    assert np.array_equal(weights(batch), weights(Batch(batch.seen(), targets)))


def test_what_does_not_fit_is_refused_before_any_machine_code_looks() -> None:
    net = parse("input 4x4x1, flatten, dense 2, softmax")
    trainer = Native(1).trainer(net, start(net), CrossEntropy(), Sgd(), seed=0)
    pictures, targets = np.zeros((5, 4, 4, 1), np.uint8), np.zeros((2, 2), np.float32)
    with pytest.raises(ValueError, match="rows go from 1 to 5; there are 5 pictures"):
        trainer.step(Batch(pictures, targets, np.array([1, 5])), 0.1)
    with pytest.raises(ValueError, match=r"targets are \(2, 2\); 5 pictures need \(5, 2\)"):
        trainer.step(Batch(pictures, targets), 0.1)
    with pytest.raises(ValueError, match=r"changes are \(1, 13\); 2 pictures need \(2, 13\)"):
        trainer.step(Batch(pictures, targets, np.array([1, 4]), Augmentation().draw(0, 0, [1])), 0.1)
    with pytest.raises(ValueError, match="pictures are float32; the native engine takes uint8"):
        trainer.step(Batch(pictures.astype(np.float32), np.zeros((5, 2), np.float32)), 0.1)
