"""Named cases with answers that a person can check: one layer, small whole numbers in and out.

They are data. Held against them: the declarations in `cutaway/layers/`, every engine, the exported file, the
workbook, the page and the documentation. The answers were worked out by hand, or by plain loops over
fractions that know nothing of cutaway.

    Case(
        "dense",
        "dense 2",
        inputs=((1, 2, 3),),
        weights={"weight": ((1, 2), (3, 4), (5, 6)), "bias": (10, -10)},
        output=(32, 18),
    )

With small whole numbers float32 equals float64 to the last bit, so whoever computes these gets them exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

Nested: TypeAlias = "int | float | tuple[Nested, ...]"
Rows = tuple[tuple[float, ...], ...]
"""One channel as a person writes it: rows of numbers."""
Maps = tuple[tuple[tuple[float, ...], ...], ...]


@dataclass(frozen=True)
class Case:
    """One layer, what goes in, and what comes out, each as nested tuples in the shape of one picture."""

    name: str
    text: str
    """The layer in the notation; for those with several inputs, the word of their kind."""
    inputs: tuple[Nested, ...]
    output: Nested
    weights: Mapping[str, Nested] = field(default_factory=dict)
    dy: Nested | None = None
    """A gradient of the output, where the case has one; `dx` and `dweights` are what it becomes."""
    dx: tuple[Nested, ...] = ()
    """The gradient of each input."""
    dweights: Mapping[str, Nested] = field(default_factory=dict)
    """The gradient of each trained weight."""
    exact: bool = True
    """False where roots, powers or shares like 1/10 come in: the answer holds within the rounding bound."""
    about: str = ""


def maps(*channels: Rows) -> Maps:
    """Channels as a person writes them, one picture after the other, as [H, W, C]."""
    return tuple(tuple(zip(*rows, strict=True)) for rows in zip(*channels, strict=True))


def kernels(*kernels: tuple[Rows, ...]) -> tuple[Maps, ...]:
    """Kernels, each a tuple of the channels that it looks at, as [kh, kw, C in, C out]."""
    return tuple(
        tuple(tuple(zip(*places, strict=True)) for places in zip(*rows, strict=True))
        for rows in zip(*(maps(*kernel) for kernel in kernels), strict=True)
    )


CASES: tuple[Case, ...] = (
    # --- Convolution: the textbook's picture and kernel, then each setting by itself ---------------------
    Case(
        "conv-textbook",
        "conv 1 3x3 no bias",
        inputs=(
            maps(
                (
                    (0, 0, 0, 0, 0, 0, 0),
                    (0, 1, 0, 0, 0, 1, 0),
                    (0, 0, 0, 0, 0, 0, 0),
                    (0, 0, 0, 1, 0, 0, 0),
                    (0, 1, 0, 0, 0, 1, 0),
                    (0, 0, 1, 1, 1, 0, 0),
                    (0, 0, 0, 0, 0, 0, 0),
                )
            ),
        ),
        weights={"kernel": kernels((((0, 0, 1), (1, 0, 0), (0, 1, 1)),))},
        output=maps(((0, 1, 0, 0, 0), (0, 1, 1, 1, 0), (1, 0, 0, 2, 1), (1, 4, 2, 1, 0), (0, 0, 1, 2, 1))),
        dy=maps(((1, 1, 1, 1, 1), (1, 1, 1, 1, 1), (1, 1, 1, 1, 1), (1, 1, 1, 1, 1), (1, 1, 1, 1, 1))),
        dx=(
            maps(
                (
                    (0, 0, 1, 1, 1, 1, 1),
                    (1, 1, 2, 2, 2, 1, 1),
                    (1, 2, 4, 4, 4, 3, 2),
                    (1, 2, 4, 4, 4, 3, 2),
                    (1, 2, 4, 4, 4, 3, 2),
                    (1, 2, 3, 3, 3, 2, 1),
                    (0, 1, 2, 2, 2, 2, 1),
                )
            ),
        ),
        dweights={"kernel": kernels((((3, 5, 3), (6, 8, 6), (5, 6, 5)),))},
        about=(
            "The feature map is 01000 01110 10021 14210 00121. The well-known slide prints 1 in "
            "the middle of its third row, where the window is 000 010 000 and the sum is 0."
        ),
    ),
    Case(
        "conv-bias",
        "conv 1 2x2",
        inputs=(maps(((1, 2, 3), (4, 5, 6), (7, 8, 9))),),
        weights={"kernel": kernels((((1, 0), (0, 1)),)), "bias": (10,)},
        output=maps(((16, 18), (22, 24))),
        dy=maps(((1, 2), (3, 4))),
        dx=(maps(((1, 2, 0), (3, 5, 2), (0, 3, 4))),),
        dweights={"kernel": kernels((((37, 47), (67, 77)),)), "bias": (10,)},
        about="1 + 5 + 10 = 16.",
    ),
    Case(
        "conv-1x1",
        "conv 2 1x1",
        inputs=(maps(((1, 2), (3, 4)), ((5, 6), (7, 8))),),
        weights={"kernel": kernels((((1,),), ((1,),)), (((2,),), ((-1,),))), "bias": (0, 100)},
        output=maps(((6, 8), (10, 12)), ((97, 98), (99, 100))),
        dy=maps(((1, 0), (0, 0)), ((0, 0), (0, 1))),
        dx=(maps(((1, 0), (0, 2)), ((1, 0), (0, -1))),),
        dweights={"kernel": kernels((((1,),), ((5,),)), (((4,),), ((8,),))), "bias": (1, 1)},
        about="Network in network: at each place, the channels are mixed.",
    ),
    Case(
        "conv-channels-and-kernels",
        "conv 2 2x2",
        inputs=(maps(((1, 2, 3), (4, 5, 6), (7, 8, 9)), ((0, 1, 0), (1, 0, 1), (0, 1, 0))),),
        weights={
            "kernel": kernels((((1, 0), (0, 0)), ((2, 0), (0, 0))), (((0, 0), (0, 1)), ((0, -3), (0, 0)))),
            "bias": (0, 5),
        },
        output=maps(((1, 4), (6, 5)), ((7, 11), (13, 11))),
        dy=maps(((1, 0), (0, 0)), ((0, 0), (0, 2))),
        dx=(maps(((1, 0, 0), (0, 0, 0), (0, 0, 2)), ((2, 0, 0), (0, 0, -6), (0, 0, 0))),),
        dweights={
            "kernel": kernels((((1, 2), (4, 5)), ((0, 1), (1, 0))), (((10, 12), (16, 18)), ((0, 2), (2, 0)))),
            "bias": (1, 2),
        },
        about="A kernel is as deep as what it looks at; each kernel makes one map.",
    ),
    Case(
        "conv-1x3",
        "conv 1 1x3 no bias",
        inputs=(maps(((1, 2, 3, 4), (5, 6, 7, 8))),),
        weights={"kernel": kernels((((1, 0, -1),),))},
        output=maps(((-2, -2), (-2, -2))),
        dy=maps(((1, 2), (3, 4))),
        dx=(maps(((1, 2, -1, -2), (3, 4, -3, -4))),),
        dweights={"kernel": kernels((((44, 54, 64),),))},
    ),
    Case(
        "conv-3x1",
        "conv 1 3x1 no bias",
        inputs=(maps(((1, 2), (3, 4), (5, 6), (7, 8))),),
        weights={"kernel": kernels((((1,), (2,), (1,)),))},
        output=maps(((12, 16), (20, 24))),
        dy=maps(((1, 2), (3, 4))),
        dx=(maps(((1, 2), (5, 8), (7, 10), (3, 4))),),
        dweights={"kernel": kernels((((30,), (50,), (70,)),))},
    ),
    Case(
        "conv-stride-2",
        "conv 1 3x3 stride 2",
        inputs=(
            maps(
                (
                    (1, 2, 3, 4, 5),
                    (6, 7, 8, 9, 10),
                    (11, 12, 13, 14, 15),
                    (16, 17, 18, 19, 20),
                    (21, 22, 23, 24, 25),
                )
            ),
        ),
        weights={"kernel": kernels((((0, 0, 0), (0, 1, 0), (0, 0, 0)),)), "bias": (1,)},
        output=maps(((8, 10), (18, 20))),
        dy=maps(((1, 2), (3, 4))),
        dx=(maps(((0, 0, 0, 0, 0), (0, 1, 0, 2, 0), (0, 0, 0, 0, 0), (0, 3, 0, 4, 0), (0, 0, 0, 0, 0))),),
        dweights={"kernel": kernels((((92, 102, 112), (142, 152, 162), (192, 202, 212)),)), "bias": (10,)},
    ),
    Case(
        "conv-stride-1x2",
        "conv 1 2x2 stride 1x2 no bias",
        inputs=(maps(((1, 2, 3, 4), (5, 6, 7, 8), (9, 10, 11, 12))),),
        weights={"kernel": kernels((((1, -1), (1, -1)),))},
        output=maps(((-2, -2), (-2, -2))),
        dy=maps(((1, 2), (3, 4))),
        dx=(maps(((1, -1, 2, -2), (4, -4, 6, -6), (3, -3, 4, -4))),),
        dweights={"kernel": kernels((((50, 60), (90, 100)),))},
    ),
    Case(
        "conv-unused-edge",
        "conv 1 3x3 stride 2 no bias",
        inputs=(
            maps(
                (
                    (1, 2, 3, 4, 5, 6),
                    (7, 8, 9, 10, 11, 12),
                    (13, 14, 15, 16, 17, 18),
                    (19, 20, 21, 22, 23, 24),
                    (25, 26, 27, 28, 29, 30),
                    (31, 32, 33, 34, 35, 36),
                )
            ),
        ),
        weights={"kernel": kernels((((1, 1, 1), (1, 1, 1), (1, 1, 1)),))},
        output=maps(((72, 90), (180, 198))),
        dy=maps(((1, 1), (1, 1))),
        dx=(
            maps(
                (
                    (1, 1, 2, 1, 1, 0),
                    (1, 1, 2, 1, 1, 0),
                    (2, 2, 4, 2, 2, 0),
                    (1, 1, 2, 1, 1, 0),
                    (1, 1, 2, 1, 1, 0),
                    (0, 0, 0, 0, 0, 0),
                )
            ),
        ),
        dweights={"kernel": kernels((((32, 36, 40), (56, 60, 64), (80, 84, 88)),))},
        about="No window reaches the last row and column: their gradient is 0.",
    ),
    Case(
        "conv-fit",
        "conv 1 3x3 stride 2 fit",
        inputs=(
            maps(
                (
                    (1, 2, 3, 4, 5),
                    (6, 7, 8, 9, 10),
                    (11, 12, 13, 14, 15),
                    (16, 17, 18, 19, 20),
                    (21, 22, 23, 24, 25),
                )
            ),
        ),
        weights={"kernel": kernels((((1, 1, 1), (1, 1, 1), (1, 1, 1)),)), "bias": (0,)},
        output=maps(((63, 81), (153, 171))),
    ),
    Case(
        "conv-same",
        "conv 1 3x3 same no bias",
        inputs=(maps(((1, 2, 3), (4, 5, 6), (7, 8, 9))),),
        weights={"kernel": kernels((((1, 1, 1), (1, 1, 1), (1, 1, 1)),))},
        output=maps(((12, 21, 16), (27, 45, 33), (24, 39, 28))),
        dy=maps(((1, 1, 1), (1, 1, 1), (1, 1, 1))),
        dx=(maps(((4, 6, 4), (6, 9, 6), (4, 6, 4))),),
        dweights={"kernel": kernels((((12, 21, 16), (27, 45, 33), (24, 39, 28)),))},
    ),
    Case(
        "conv-same-even-kernel",
        "conv 1 2x2 same no bias",
        inputs=(maps(((1, 2, 3), (4, 5, 6), (7, 8, 9))),),
        weights={"kernel": kernels((((1, 10), (100, 1000)),))},
        output=maps(((5421, 6532, 603), (8754, 9865, 906), (87, 98, 9))),
        dy=maps(((1, 0, 0), (0, 0, 0), (0, 0, 1))),
        dx=(maps(((1, 10, 0), (100, 1000, 0), (0, 0, 1))),),
        dweights={"kernel": kernels((((10, 2), (4, 5)),))},
        about="The odd cell of padding lies below and to the right, as in ONNX SAME_UPPER.",
    ),
    Case(
        "conv-same-4x4-kernel",
        "conv 1 4x4 same no bias",
        inputs=(maps(((1, 0, 0), (0, 0, 0), (0, 0, 2))),),
        weights={"kernel": kernels((((1, 2, 3, 4), (5, 6, 7, 8), (9, 10, 11, 12), (13, 14, 15, 16)),))},
        output=maps(((38, 35, 28), (26, 23, 20), (16, 14, 12))),
    ),
    Case(
        "conv-same-stride-2",
        "conv 1 3x3 stride 2 same no bias",
        inputs=(maps(((1, 2, 3, 4), (5, 6, 7, 8), (9, 10, 11, 12), (13, 14, 15, 16))),),
        weights={"kernel": kernels((((1, 2, 3), (4, 5, 6), (7, 8, 9)),))},
        output=maps(((348, 252), (274, 175))),
        dy=maps(((1, 0), (0, 1))),
        dx=(maps(((1, 2, 3, 0), (4, 5, 6, 0), (7, 8, 10, 2), (0, 0, 4, 5))),),
        dweights={"kernel": kernels((((12, 14, 3), (20, 22, 7), (9, 10, 11)),))},
    ),
    Case(
        "conv-same-stride-3-odd",
        "conv 1 3x3 stride 3 same no bias",
        inputs=(
            maps(
                (
                    (1, 2, 3, 4, 5),
                    (6, 7, 8, 9, 10),
                    (11, 12, 13, 14, 15),
                    (16, 17, 18, 19, 20),
                    (21, 22, 23, 24, 25),
                )
            ),
        ),
        weights={"kernel": kernels((((1, 2, 3), (4, 5, 6), (7, 8, 9)),))},
        output=maps(((411, 318), (436, 280))),
    ),
    Case(
        "conv-pad-1",
        "conv 1 3x3 pad 1",
        inputs=(maps(((1, 2), (3, 4))),),
        weights={"kernel": kernels((((1, 2, 3), (4, 5, 6), (7, 8, 9)),)), "bias": (0,)},
        output=maps(((77, 67), (47, 37))),
        dy=maps(((1, 2), (3, 4))),
        dx=(maps(((23, 33), (53, 63))),),
        dweights={"kernel": kernels((((4, 11, 6), (14, 30, 14), (6, 11, 4)),)), "bias": (10,)},
    ),
    Case(
        "conv-pad-four-sides",
        "conv 1 2x2 pad 1 0 0 2 no bias",
        inputs=(maps(((1, 2), (3, 4))),),
        weights={"kernel": kernels((((1, 10), (100, 1000)),))},
        output=maps(((2100, 200, 0), (4321, 402, 0))),
        dy=maps(((1, 2, 3), (4, 5, 6))),
        dx=(maps(((104, 1245), (400, 4500))),),
        dweights={"kernel": kernels((((14, 8), (37, 18)),))},
        about="Above, left, below, right.",
    ),
    Case(
        "conv-pad-only-border",
        "conv 1 1x1 pad 1",
        inputs=(maps(((7,),)),),
        weights={"kernel": kernels((((2,),),)), "bias": (3,)},
        output=maps(((3, 3, 3), (3, 17, 3), (3, 3, 3))),
        dy=maps(((1, 1, 1), (1, 1, 1), (1, 1, 1))),
        dx=(maps(((2,),)),),
        dweights={"kernel": kernels((((7,),),)), "bias": (9,)},
        about="Windows that see nothing but padding give the bias.",
    ),
    Case(
        "conv-dilation-2",
        "conv 1 2x2 dilation 2 no bias",
        inputs=(maps(((1, 2, 3, 4), (5, 6, 7, 8), (9, 10, 11, 12), (13, 14, 15, 16))),),
        weights={"kernel": kernels((((1, 10), (100, 1000)),))},
        output=maps(((11931, 13042), (16375, 17486))),
        dy=maps(((1, 2), (3, 4))),
        dx=(maps(((1, 2, 10, 20), (3, 4, 30, 40), (100, 200, 1000, 2000), (300, 400, 3000, 4000))),),
        dweights={"kernel": kernels((((44, 64), (124, 144)),))},
    ),
    Case(
        "conv-dilation-2-same",
        "conv 1 3x3 same dilation 2 no bias",
        inputs=(maps(((1, 2, 3), (4, 5, 6), (7, 8, 9))),),
        weights={"kernel": kernels((((1, 2, 3), (4, 5, 6), (7, 8, 9)),))},
        output=maps(((160, 74, 140), (56, 25, 46), (100, 44, 80))),
        dy=maps(((1, 0, 0), (0, 2, 0), (0, 0, 3))),
        dx=(maps(((8, 0, 12), (0, 10, 0), (20, 0, 24))),),
        dweights={"kernel": kernels((((3, 9, 0), (21, 38, 3), (0, 7, 9)),))},
    ),
    Case(
        "conv-dilation-3-pad-1",
        "conv 1 2x2 pad 1 dilation 3x2",
        inputs=(maps(((1, 2, 3), (4, 5, 6), (7, 8, 9))),),
        weights={"kernel": kernels((((1, 2), (3, 4)),)), "bias": (0,)},
        output=maps(((32, 57, 24), (4, 7, 2))),
    ),
    Case(
        "conv-groups-2",
        "conv 2 2x2 groups 2 no bias",
        inputs=(maps(((1, 2), (3, 4)), ((5, 6), (7, 8)), ((1, 0), (0, 1)), ((0, 1), (1, 0))),),
        weights={"kernel": kernels((((1, 1), (1, 1)), ((1, 0), (0, 0))), (((1, 2), (3, 4)), ((4, 3), (2, 1))))},
        output=maps(((15,),), ((10,),)),
        dy=maps(((1,),), ((2,),)),
        dx=(maps(((1, 1), (1, 1)), ((1, 0), (0, 0)), ((2, 4), (6, 8)), ((8, 6), (4, 2))),),
        dweights={"kernel": kernels((((1, 2), (3, 4)), ((5, 6), (7, 8))), (((2, 0), (0, 2)), ((0, 2), (2, 0))))},
    ),
    Case(
        "conv-groups-more-kernels",
        "conv 4 1x1 groups 2",
        inputs=(maps(((1, 2), (3, 4)), ((5, 6), (7, 8)), ((1, 0), (0, 1)), ((0, 1), (1, 0))),),
        weights={
            "kernel": kernels((((1,),), ((0,),)), (((0,),), ((1,),)), (((1,),), ((1,),)), (((1,),), ((-1,),))),
            "bias": (0, 0, 10, 20),
        },
        output=maps(((1, 2), (3, 4)), ((5, 6), (7, 8)), ((11, 11), (11, 11)), ((21, 19), (19, 21))),
        dy=maps(((1, 0), (0, 0)), ((0, 1), (0, 0)), ((0, 0), (1, 0)), ((0, 0), (0, 1))),
        dx=(maps(((1, 0), (0, 0)), ((0, 1), (0, 0)), ((0, 0), (1, 1)), ((0, 0), (1, -1))),),
        dweights={
            "kernel": kernels((((1,),), ((5,),)), (((2,),), ((6,),)), (((0,),), ((1,),)), (((1,),), ((0,),))),
            "bias": (1, 1, 1, 1),
        },
    ),
    Case(
        "conv-depthwise",
        "conv 3 2x2 groups 3",
        inputs=(
            maps(
                ((1, 2, 3), (4, 5, 6), (7, 8, 9)),
                ((10, 11, 12), (13, 14, 15), (16, 17, 18)),
                ((100, 101, 102), (103, 104, 105), (106, 107, 108)),
            ),
        ),
        weights={
            "kernel": kernels((((1, 0), (0, 0)),), (((0, 1), (1, 0)),), (((1, -1), (-1, 1)),)),
            "bias": (0, 0, 7),
        },
        output=maps(((1, 2), (4, 5)), ((24, 26), (30, 32)), ((7, 7), (7, 7))),
        dy=maps(((1, 0), (0, 0)), ((0, 2), (0, 0)), ((0, 0), (3, 0))),
        dx=(
            maps(
                ((1, 0, 0), (0, 0, 0), (0, 0, 0)),
                ((0, 0, 2), (0, 2, 0), (0, 0, 0)),
                ((0, 0, 0), (3, -3, 0), (-3, 3, 0)),
            ),
        ),
        dweights={
            "kernel": kernels((((1, 2), (4, 5)),), (((22, 24), (28, 30)),), (((309, 312), (318, 321)),)),
            "bias": (1, 2, 3),
        },
        about="MobileNet's: each kernel sees one channel.",
    ),
    Case(
        "conv-everything",
        "conv 2 2x3 stride 2x1 pad 1 0 1 1 groups 2 dilation 2x1",
        inputs=(
            maps(
                ((1, 2, 3, 4), (5, 6, 7, 8), (9, 10, 11, 12), (13, 14, 15, 16)),
                ((-8, -7, -6, -5), (-4, -3, -2, -1), (0, 1, 2, 3), (4, 5, 6, 7)),
            ),
        ),
        weights={"kernel": kernels((((1, 0, -1), (2, 0, -2)),), (((1, 1, 1), (0, 0, 1)),)), "bias": (1, -1)},
        output=maps(((-3, -3, 15), (-5, -5, 38)), ((-3, -2, -1), (-4, 0, -4))),
        dy=maps(((1, 2, 3), (4, 5, 6)), ((1, 0, 0), (0, 0, 1))),
        dx=(
            maps(
                ((0, 0, 0, 0), (6, 9, 6, -9), (0, 0, 0, 0), (8, 10, 4, -10)),
                ((0, 0, 0, 0), (0, 0, 2, 1), (0, 0, 0, 0), (0, 0, 0, 0)),
            ),
        ),
        dweights={
            "kernel": kernels((((92, 107, 68), (250, 271, 163)),), (((-2, -1, 0), (2, 4, -2)),)),
            "bias": (21, 2),
        },
    ),
    Case(
        "conv-sharpen",
        "conv 1 3x3 same no bias",
        inputs=(
            maps(
                (
                    (10, 10, 10, 10, 10),
                    (10, 10, 10, 90, 90),
                    (10, 10, 90, 90, 90),
                    (10, 90, 90, 90, 90),
                    (10, 90, 90, 90, 90),
                )
            ),
        ),
        weights={"kernel": kernels((((0, -1, 0), (-1, 5, -1), (0, -1, 0)),))},
        output=maps(
            (
                (30, 20, 20, -60, -50),
                (20, 10, -150, 250, 260),
                (20, -150, 250, 90, 180),
                (-60, 250, 90, 90, 180),
                (-50, 260, 180, 180, 270),
            )
        ),
        about="The kernel of the image editors.",
    ),
    Case(
        "conv-sharpen-5x5",
        "conv 1 5x5 same no bias",
        inputs=(
            maps(
                (
                    (10, 10, 10, 10, 10),
                    (10, 10, 10, 90, 90),
                    (10, 10, 90, 90, 90),
                    (10, 90, 90, 90, 90),
                    (10, 90, 90, 90, 90),
                )
            ),
        ),
        weights={
            "kernel": kernels(
                (((0, 0, 0, 0, 0), (0, 0, -1, 0, 0), (0, -1, 5, -1, 0), (0, 0, -1, 0, 0), (0, 0, 0, 0, 0)),)
            )
        },
        output=maps(
            (
                (30, 20, 20, -60, -50),
                (20, 10, -150, 250, 260),
                (20, -150, 250, 90, 180),
                (-60, 250, 90, 90, 180),
                (-50, 260, 180, 180, 270),
            )
        ),
        about="With a border of zeros: the same map as with 3x3.",
    ),
    Case(
        "conv-edges",
        "conv 1 3x3 no bias",
        inputs=(
            maps(
                (
                    (10, 10, 10, 10, 10),
                    (10, 10, 10, 90, 90),
                    (10, 10, 90, 90, 90),
                    (10, 90, 90, 90, 90),
                    (10, 90, 90, 90, 90),
                )
            ),
        ),
        weights={"kernel": kernels((((0, 1, 0), (1, -4, 1), (0, 1, 0)),))},
        output=maps(((0, 160, -160), (160, -160, 0), (-160, 0, 0))),
        about="0 wherever the window is of one colour.",
    ),
    Case(
        "conv-blur",
        "conv 1 3x3 no bias",
        inputs=(
            maps(
                (
                    (10, 10, 10, 10, 10),
                    (10, 10, 10, 90, 90),
                    (10, 10, 90, 90, 90),
                    (10, 90, 90, 90, 90),
                    (10, 90, 90, 90, 90),
                )
            ),
        ),
        weights={"kernel": kernels((((1, 1, 1), (1, 1, 1), (1, 1, 1)),))},
        output=maps(((170, 330, 490), (330, 570, 730), (490, 730, 810))),
        about="The sum of nine cells; a ninth of it is the blurred picture.",
    ),
    Case(
        "conv-emboss",
        "conv 1 3x3 no bias",
        inputs=(
            maps(
                (
                    (10, 10, 10, 10, 10),
                    (10, 10, 10, 90, 90),
                    (10, 10, 90, 90, 90),
                    (10, 90, 90, 90, 90),
                    (10, 90, 90, 90, 90),
                )
            ),
        ),
        weights={"kernel": kernels((((-2, -1, 0), (-1, 1, 1), (0, 1, 2)),))},
        output=maps(((170, 330, 410), (330, 410, 250), (410, 250, 90))),
    ),
    # --- Pooling: the textbook's feature map, then each setting by itself --------------------------------
    Case(
        "maxpool-textbook-partial",
        "maxpool 2 partial",
        inputs=(maps(((0, 1, 0, 0, 0), (0, 1, 1, 1, 0), (1, 0, 0, 2, 1), (1, 4, 2, 1, 0), (0, 0, 1, 2, 1))),),
        output=maps(((1, 1, 0), (4, 2, 1), (0, 2, 1))),
        dy=maps(((4, 8, 12), (16, 20, 24), (28, 32, 36))),
        dx=(maps(((0, 4, 0, 0, 12), (0, 0, 8, 0, 0), (0, 0, 0, 20, 24), (0, 16, 0, 0, 0), (28, 0, 0, 32, 36))),),
        about="110 421 021; of equal cells the first in reading order gets the gradient.",
    ),
    Case(
        "meanpool-textbook-partial",
        "meanpool 2 partial",
        inputs=(maps(((0, 1, 0, 0, 0), (0, 1, 1, 1, 0), (1, 0, 0, 2, 1), (1, 4, 2, 1, 0), (0, 0, 1, 2, 1))),),
        output=maps(((0.5, 0.5, 0), (1.5, 1.25, 0.5), (0, 1.5, 1))),
        dy=maps(((4, 8, 12), (16, 20, 24), (28, 32, 36))),
        dx=(maps(((1, 1, 2, 2, 6), (1, 1, 2, 2, 6), (4, 4, 5, 5, 12), (4, 4, 5, 5, 12), (14, 14, 16, 16, 36))),),
        about="A window that the edge cuts short divides by the cells that are there.",
    ),
    Case(
        "sumpool-textbook-partial",
        "sumpool 2 partial",
        inputs=(maps(((0, 1, 0, 0, 0), (0, 1, 1, 1, 0), (1, 0, 0, 2, 1), (1, 4, 2, 1, 0), (0, 0, 1, 2, 1))),),
        output=maps(((2, 2, 0), (6, 5, 1), (0, 3, 1))),
        dy=maps(((4, 8, 12), (16, 20, 24), (28, 32, 36))),
        dx=(
            maps(
                (
                    (4, 4, 8, 8, 12),
                    (4, 4, 8, 8, 12),
                    (16, 16, 20, 20, 24),
                    (16, 16, 20, 20, 24),
                    (28, 28, 32, 32, 36),
                )
            ),
        ),
    ),
    Case(
        "maxpool-floor",
        "maxpool 2",
        inputs=(maps(((0, 1, 0, 0, 0), (0, 1, 1, 1, 0), (1, 0, 0, 2, 1), (1, 4, 2, 1, 0), (0, 0, 1, 2, 1))),),
        output=maps(((1, 1), (4, 2))),
        dy=maps(((1, 2), (3, 4))),
        dx=(maps(((0, 1, 0, 0, 0), (0, 0, 2, 0, 0), (0, 0, 0, 4, 0), (0, 3, 0, 0, 0), (0, 0, 0, 0, 0))),),
        about="The last row and column are left out.",
    ),
    Case(
        "maxpool-fit",
        "maxpool 2 fit",
        inputs=(maps(((1, 2, 3, 4), (5, 6, 7, 8), (9, 10, 11, 12), (13, 14, 15, 16))),),
        output=maps(((6, 8), (14, 16))),
        dy=maps(((1, 2), (3, 4))),
        dx=(maps(((0, 0, 0, 0), (0, 1, 0, 2), (0, 0, 0, 0), (0, 3, 0, 4))),),
    ),
    Case(
        "maxpool-ties",
        "maxpool 2",
        inputs=(maps(((5, 5), (5, 5))),),
        output=maps(((5,),)),
        dy=maps(((1,),)),
        dx=(maps(((1, 0), (0, 0))),),
        about="Of equal cells, the first in reading order wins.",
    ),
    Case(
        "maxpool-overlapping",
        "maxpool 3 stride 2",
        inputs=(maps(((1, 9, 2, 3, 4), (5, 6, 7, 8, 9), (0, 1, 2, 3, 4), (5, 6, 7, 8, 9), (9, 0, 9, 0, 9))),),
        output=maps(((9, 9), (9, 9))),
        dy=maps(((1, 2), (3, 4))),
        dx=(maps(((0, 1, 0, 0, 0), (0, 0, 0, 0, 2), (0, 0, 0, 0, 0), (0, 0, 0, 0, 4), (3, 0, 0, 0, 0))),),
        about="AlexNet's: a cell can win several windows.",
    ),
    Case(
        "maxpool-3x2-stride-1x2",
        "maxpool 3x2 stride 1x2",
        inputs=(maps(((1, 2, 3, 4), (5, 6, 7, 8), (9, 10, 11, 12), (13, 14, 15, 16))),),
        output=maps(((10, 12), (14, 16))),
        dy=maps(((1, 2), (3, 4))),
        dx=(maps(((0, 0, 0, 0), (0, 0, 0, 0), (0, 1, 0, 2), (0, 3, 0, 4))),),
    ),
    Case(
        "maxpool-pad-negative",
        "maxpool 3 stride 2 pad 1",
        inputs=(maps(((-1, -2, -3, -4), (-5, -6, -7, -8), (-9, -10, -11, -12), (-13, -14, -15, -16))),),
        output=maps(((-1, -2), (-5, -6))),
        dy=maps(((1, 2), (3, 4))),
        dx=(maps(((1, 2, 0, 0), (3, 4, 0, 0), (0, 0, 0, 0), (0, 0, 0, 0))),),
        about="Padding never wins, not even against negative cells.",
    ),
    Case(
        "maxpool-pad-four-sides",
        "maxpool 2 stride 1 pad 1 0 0 1",
        inputs=(maps(((1, 2), (3, 4))),),
        output=maps(((2, 2), (4, 4))),
        dy=maps(((1, 2), (3, 4))),
        dx=(maps(((0, 3), (0, 7))),),
    ),
    Case(
        "maxpool-same",
        "maxpool 2 stride 1 same",
        inputs=(maps(((9, 1, 1), (1, 1, 1), (1, 1, 5))),),
        output=maps(((9, 1, 1), (1, 5, 5), (1, 5, 5))),
        about="The odd cell of padding lies below and to the right.",
    ),
    Case(
        "maxpool-partial-stride-2",
        "maxpool 3 stride 2 partial",
        inputs=(maps(((1, 2, 3, 4), (5, 6, 7, 8), (9, 10, 11, 12), (13, 14, 15, 16))),),
        output=maps(((11, 12), (15, 16))),
        dy=maps(((1, 2), (3, 4))),
        dx=(maps(((0, 0, 0, 0), (0, 0, 0, 0), (0, 0, 1, 2), (0, 0, 3, 4))),),
        about="GoogLeNet's.",
    ),
    Case(
        "maxpool-channels",
        "maxpool 2",
        inputs=(maps(((1, 2), (3, 4)), ((8, 7), (6, 5))),),
        output=maps(((4,),), ((8,),)),
        dy=maps(((1,),), ((2,),)),
        dx=(maps(((0, 0), (0, 1)), ((2, 0), (0, 0))),),
        about="Each channel by itself.",
    ),
    Case(
        "meanpool-2",
        "meanpool 2",
        inputs=(maps(((1, 2, 3, 4), (5, 6, 7, 8), (9, 10, 11, 12), (13, 14, 15, 16))),),
        output=maps(((3.5, 5.5), (11.5, 13.5))),
        dy=maps(((4, 8), (12, 16))),
        dx=(maps(((1, 1, 2, 2), (1, 1, 2, 2), (3, 3, 4, 4), (3, 3, 4, 4))),),
    ),
    Case(
        "meanpool-pad",
        "meanpool 2 pad 1",
        inputs=(maps(((4, 8), (12, 16))),),
        output=maps(((4, 8), (12, 16))),
        dy=maps(((1, 2), (3, 4))),
        dx=(maps(((1, 2), (3, 4))),),
        about="Padding is not counted.",
    ),
    Case(
        "meanpool-overlapping",
        "meanpool 2 stride 1",
        inputs=(maps(((0, 4, 0), (8, 0, 4), (0, 0, 8))),),
        output=maps(((3, 2), (2, 3))),
        dy=maps(((4, 8), (12, 16))),
        dx=(maps(((1, 3, 2), (4, 10, 6), (3, 7, 4))),),
    ),
    Case(
        "sumpool-stride-1-same",
        "sumpool 3 stride 1 same",
        inputs=(maps(((1, 2, 3), (4, 5, 6), (7, 8, 9))),),
        output=maps(((12, 21, 16), (27, 45, 33), (24, 39, 28))),
        dy=maps(((1, 0, 0), (0, 1, 0), (0, 0, 1))),
        dx=(maps(((2, 2, 1), (2, 3, 2), (1, 2, 2))),),
    ),
    Case(
        "sumpool-2",
        "sumpool 2",
        inputs=(maps(((1, 2), (3, 4)), ((-1, -2), (-3, -4))),),
        output=maps(((10,),), ((-10,),)),
        dy=maps(((1,),), ((2,),)),
        dx=(maps(((1, 1), (1, 1)), ((2, 2), (2, 2))),),
    ),
    Case(
        "globalmean",
        "globalmean",
        inputs=(maps(((1, 2), (3, 6)), ((0, 0), (0, 8))),),
        output=(3, 2),
        dy=(4, 8),
        dx=(maps(((1, 1), (1, 1)), ((2, 2), (2, 2))),),
        about="One number per channel.",
    ),
    # --- Lists: flatten, dense, dropout ------------------------------------------------------------------
    Case(
        "flatten-order",
        "flatten",
        inputs=(maps(((1, 2), (3, 4)), ((10, 20), (30, 40))),),
        output=(1, 10, 2, 20, 3, 30, 4, 40),
        dy=(1, 2, 3, 4, 5, 6, 7, 8),
        dx=(maps(((1, 3), (5, 7)), ((2, 4), (6, 8))),),
        about="Row by row, column by column, channel by channel.",
    ),
    Case(
        "flatten-list",
        "flatten",
        inputs=((1, 2, 3),),
        output=(1, 2, 3),
        dy=(4, 5, 6),
        dx=((4, 5, 6),),
    ),
    Case(
        "dense",
        "dense 2",
        inputs=((1, 2, 3),),
        weights={"weight": ((1, 2), (3, 4), (5, 6)), "bias": (10, -10)},
        output=(32, 18),
        dy=(1, 2),
        dx=((5, 11, 17),),
        dweights={"weight": ((1, 2), (2, 4), (3, 6)), "bias": (1, 2)},
        about="1 x 1 + 2 x 3 + 3 x 5 + 10 = 32.",
    ),
    Case(
        "dense-no-bias",
        "dense 3 no bias",
        inputs=((2, -1),),
        weights={"weight": ((1, 0, 3), (0, 1, 4))},
        output=(2, -1, 2),
        dy=(1, 1, 1),
        dx=((4, 5),),
        dweights={"weight": ((2, 2, 2), (-1, -1, -1))},
    ),
    Case(
        "dense-neuron",
        "dense 1",
        inputs=((1, 0, 1, 0, 1),),
        weights={"weight": ((1,), (2,), (3,), (4,), (5,)), "bias": (-9,)},
        output=(0,),
        dy=(2,),
        dx=((2, 4, 6, 8, 10),),
        dweights={"weight": ((2,), (0,), (2,), (0,), (2,)), "bias": (2,)},
    ),
    Case(
        "dropout-predicting",
        "dropout 0.5",
        inputs=((1, 2, 3, 4),),
        output=(1, 2, 3, 4),
        dy=(1, 2, 3, 4),
        dx=((1, 2, 3, 4),),
        about="Only training switches anything off.",
    ),
    # --- Activations -------------------------------------------------------------------------------------
    Case(
        "relu",
        "relu",
        inputs=((-2, -1, 0, 1, 2),),
        output=(0, 0, 0, 1, 2),
        dy=(1, 2, 3, 4, 5),
        dx=((0, 0, 0, 4, 5),),
        about="Its slope at 0 is 0.",
    ),
    Case(
        "relu-map",
        "relu",
        inputs=(maps(((1, -1), (-2, 2)), ((-3, 3), (4, -4))),),
        output=maps(((1, 0), (0, 2)), ((0, 3), (4, 0))),
    ),
    Case(
        "relu6",
        "relu6",
        inputs=((-1, 0, 3, 6, 7),),
        output=(0, 0, 3, 6, 6),
        dy=(1, 2, 3, 4, 5),
        dx=((0, 0, 3, 0, 0),),
    ),
    Case(
        "leaky-quarter",
        "leaky 0.25",
        inputs=((-8, -4, 0, 4, 8),),
        output=(-2, -1, 0, 4, 8),
        dy=(4, 8, 12, 16, 20),
        dx=((1, 2, 3, 16, 20),),
    ),
    Case(
        "leaky",
        "leaky",
        inputs=((-100, 0, 100),),
        output=(-1, 0, 100),
        exact=False,
        about="A hundredth of what is negative.",
    ),
    Case(
        "prelu-list",
        "prelu",
        inputs=((-4, 4, -4),),
        weights={"leak": (0.5, 7, -1)},
        output=(-2, 4, 4),
        dy=(1, 2, 3),
        dx=((0.5, 2, -3),),
        dweights={"leak": (-4, 0, -12)},
    ),
    Case(
        "prelu-channels",
        "prelu",
        inputs=(maps(((-1, 2),), ((-3, -4),)),),
        weights={"leak": (2, 0)},
        output=maps(((-2, 2),), ((0, 0),)),
        dy=maps(((1, 2),), ((3, 4),)),
        dx=(maps(((2, 2),), ((0, 0),)),),
        dweights={"leak": (-1, -25)},
        about="One leak per channel.",
    ),
    Case(
        "tanh",
        "tanh",
        inputs=((-1000, 0, 1000),),
        output=(-1, 0, 1),
        dy=(1, 2, 3),
        dx=((0, 2, 0),),
    ),
    Case(
        "tanh-half",
        "tanh",
        inputs=((-0.5493061443340549, 0.5493061443340549),),
        output=(-0.5, 0.5),
        exact=False,
        about="Half of the logarithm of 3.",
    ),
    Case(
        "sigmoid",
        "sigmoid",
        inputs=((-1000, 0, 1000),),
        output=(0, 0.5, 1),
        dy=(4, 4, 4),
        dx=((0, 1, 0),),
        about="It never overflows.",
    ),
    Case(
        "sigmoid-odds",
        "sigmoid",
        inputs=((-1.0986122886681098, 1.0986122886681098, 1.3862943611198906),),
        output=(0.25, 0.75, 0.8),
        exact=False,
        about="The logarithm of the odds: 1 to 3, 3 to 1, 4 to 1.",
    ),
    Case(
        "silu",
        "silu",
        inputs=((-1000, 0, 1000),),
        output=(0, 0, 1000),
        dy=(4, 4, 4),
        dx=((0, 2, 4),),
    ),
    Case(
        "silu-odds",
        "silu",
        inputs=((1.3862943611198906,),),
        output=(1.1090354888959124,),
        exact=False,
        about="log 4 times 4/5.",
    ),
    Case(
        "gelu",
        "gelu",
        inputs=((-1000, 0, 1000),),
        output=(0, 0, 1000),
        dy=(4, 4, 4),
        dx=((0, 2, 4),),
    ),
    Case(
        "gelu-deviations",
        "gelu",
        inputs=((-1, 1, 2),),
        output=(-0.15865525393145707, 0.8413447460685429, 1.9544997361036416),
        exact=False,
        about=("x times the share of a normal distribution below x: 84.1% below one standard deviation."),
    ),
    Case(
        "hardsigmoid",
        "hardsigmoid",
        inputs=((-6, -3, 0, 3, 6),),
        output=(0, 0, 0.5, 1, 1),
    ),
    Case(
        "hardsigmoid-between",
        "hardsigmoid",
        inputs=((-1.5, 1.5),),
        output=(0.25, 0.75),
        exact=False,
        about="1.5 / 6 + 1/2.",
    ),
    Case(
        "hardswish",
        "hardswish",
        inputs=((-6, 0, 6),),
        output=(0, 0, 6),
        dy=(2, 2, 2),
        dx=((0, 1, 2),),
    ),
    Case(
        "hardswish-edges",
        "hardswish",
        inputs=((-3, 3),),
        output=(0, 3),
    ),
    Case(
        "hardswish-between",
        "hardswish",
        inputs=((-1.5, 1.5),),
        output=(-0.375, 1.125),
        exact=False,
        about="1.5 times 3/4.",
    ),
    # --- Norms -------------------------------------------------------------------------------------------
    Case(
        "norm",
        "norm",
        inputs=(maps(((1, 3),), ((10, 19),)),),
        weights={"gain": (2, -1), "bias": (1, 3), "mean": (2, 16), "variance": (3.99999, 8.99999)},
        output=maps(((0, 2),), ((5, 2),)),
        exact=False,
        about="(3 - 2) / 2 x 2 + 1 = 2; 0.00001 is added to the variance before its root is taken.",
    ),
    Case(
        "norm-list",
        "norm",
        inputs=((5, 5),),
        weights={"gain": (1, 2), "bias": (0, 1), "mean": (4, 10), "variance": (0.99999, 0.99999)},
        output=(1, -9),
        exact=False,
    ),
    Case(
        "lrn",
        "lrn 5",
        inputs=(maps(((500,),), ((500,),), ((-500,),)),),
        output=maps(((62.5,),), ((62.5,),), ((-62.5,),)),
        exact=False,
        about="1 + 0.0001 / 5 x 750000 = 16, and 16 to the power 0.75 is 8.",
    ),
    # --- Layers with several inputs, by their kind: in the notation they are blocks ----------------------
    Case(
        "add",
        "add",
        inputs=((1, 2, 3), (10, 20, 30)),
        output=(11, 22, 33),
        dy=(1, 2, 3),
        dx=((1, 2, 3), (1, 2, 3)),
    ),
    Case(
        "add-three-maps",
        "add",
        inputs=(
            maps(((1, 2),), ((3, 4),)),
            maps(((10, 20),), ((30, 40),)),
            maps(((100, 200),), ((300, 400),)),
        ),
        output=maps(((111, 222),), ((333, 444),)),
    ),
    Case(
        "concat",
        "concat",
        inputs=(maps(((1, 2),)), maps(((3, 4),), ((5, 6),))),
        output=maps(((1, 2),), ((3, 4),), ((5, 6),)),
        dy=maps(((1, 2),), ((3, 4),), ((5, 6),)),
        dx=(maps(((1, 2),)), maps(((3, 4),), ((5, 6),))),
        about="The channels of the second after those of the first.",
    ),
    Case(
        "concat-lists",
        "concat",
        inputs=((1, 2), (3,), (4, 5)),
        output=(1, 2, 3, 4, 5),
        dy=(9, 8, 7, 6, 5),
        dx=((9, 8), (7,), (6, 5)),
    ),
    Case(
        "multiply-channels",
        "multiply",
        inputs=(maps(((1, 2),), ((3, 4),)), (10, -1)),
        output=maps(((10, 20),), ((-3, -4),)),
        dy=maps(((1, 1),), ((1, 2),)),
        dx=(maps(((10, 10),), ((-1, -2),)), (3, 11)),
        about="Squeeze and excitation: one number per channel.",
    ),
    Case(
        "multiply-maps",
        "multiply",
        inputs=(maps(((1, 2), (3, 4))), maps(((5, 6), (7, 8)))),
        output=maps(((5, 12), (21, 32))),
        dy=maps(((1, 1), (1, 1))),
        dx=(maps(((5, 6), (7, 8))), maps(((1, 2), (3, 4)))),
    ),
    # --- Probabilities -----------------------------------------------------------------------------------
    Case(
        "softmax-equal",
        "softmax",
        inputs=((0, 0, 0, 0),),
        output=(0.25, 0.25, 0.25, 0.25),
        dy=(4, 0, 0, 0),
        dx=((0.75, -0.25, -0.25, -0.25),),
        about="Four equal scores share the whole.",
    ),
    Case(
        "softmax-shift",
        "softmax",
        inputs=((7, 7),),
        output=(0.5, 0.5),
        about="Scores moved by the same amount give the same probabilities.",
    ),
    Case(
        "softmax-extremes",
        "softmax",
        inputs=((10000, -10000, 0),),
        output=(1, 0, 0),
        about="It never overflows.",
    ),
    Case(
        "softmax-thirds",
        "softmax",
        inputs=((0, 0.6931471805599453),),
        output=(0.3333333333333333, 0.6666666666666666),
        exact=False,
        about="A score larger by log 2 is twice as likely.",
    ),
    Case(
        "softmax-maps",
        "softmax",
        inputs=(maps(((5, 0),), ((5, 1000),)),),
        output=maps(((0.5, 0),), ((0.5, 1),)),
        about="Over the channels of each place.",
    ),
    Case(
        "logsoftmax-certain",
        "logsoftmax",
        inputs=((1000, 0, -1000),),
        output=(0, -1000, -2000),
        dy=(1, 2, 3),
        dx=((-5, 2, 3),),
    ),
    Case(
        "logsoftmax-equal",
        "logsoftmax",
        inputs=((0, 0, 0, 0),),
        output=(-1.3862943611198906, -1.3862943611198906, -1.3862943611198906, -1.3862943611198906),
        exact=False,
        about="The logarithm of a quarter.",
    ),
    # --- Preparation: from a picture's 0 to 255 to the net's numbers -------------------------------------
    Case(
        "grey",
        "grey",
        inputs=(maps(((255, 255, 0, 255, 0, 0),), ((105, 255, 0, 0, 255, 0),), ((180, 255, 0, 0, 0, 255),)),),
        output=maps(((158, 255, 0, 76, 150, 29),)),
        dy=maps(((65536, 0, 0, 0, 0, 0),)),
        dx=(maps(((19595, 0, 0, 0, 0, 0),), ((38470, 0, 0, 0, 0, 0),), ((7471, 0, 0, 0, 0, 0),)),),
        about=("Hot pink, (255, 105, 180), is three numbers; 0.299 x 255 + 0.587 x 105 + 0.114 x 180 = 158.4."),
    ),
    Case(
        "grey-of-grey",
        "grey",
        inputs=(maps(((0, 128), (255, 7))),),
        output=maps(((0, 128), (255, 7))),
        dy=maps(((1, 2), (3, 4))),
        dx=(maps(((1, 2), (3, 4))),),
    ),
    Case(
        "colour",
        "colour",
        inputs=(maps(((0, 255), (7, 128))),),
        output=maps(((0, 255), (7, 128)), ((0, 255), (7, 128)), ((0, 255), (7, 128))),
        dy=maps(((1, 2), (3, 4)), ((10, 20), (30, 40)), ((100, 200), (300, 400))),
        dx=(maps(((111, 222), (333, 444))),),
    ),
    Case(
        "colour-of-colour",
        "colour",
        inputs=(maps(((255,),), ((105,),), ((180,),)),),
        output=maps(((255,),), ((105,),), ((180,),)),
    ),
    Case(
        "resize-half",
        "resize 2x2 crop",
        inputs=(maps(((0, 35, 70, 105), (35, 70, 105, 140), (70, 105, 140, 175), (105, 140, 175, 210))),),
        output=maps(((50, 105), (105, 160))),
        about="Shares 3, 3, 1 and 0 sevenths of the four pixels: a triangle, not a box.",
    ),
    Case(
        "resize-same-size",
        "resize 2x2 squash",
        inputs=(maps(((1, 2), (3, 4))),),
        output=maps(((1, 2), (3, 4))),
    ),
    Case(
        "resize-double",
        "resize 1x4 squash",
        inputs=(maps(((0, 100),)),),
        output=maps(((0, 25, 75, 100),)),
        dy=maps(((4, 8, 12, 16),)),
        dx=(maps(((13, 27),)),),
        about="Shares 1 and 0, 3/4 and 1/4, 1/4 and 3/4, 0 and 1.",
    ),
    Case(
        "resize-tie",
        "resize 1x4 squash",
        inputs=(maps(((0, 2),)),),
        output=maps(((0, 1, 2, 2),)),
        about="A half goes up: 0.5 becomes 1, 1.5 becomes 2.",
    ),
    Case(
        "resize-crop",
        "resize 2x2 crop",
        inputs=(maps(((9, 1, 2, 9), (9, 3, 4, 9))),),
        output=maps(((1, 2), (3, 4))),
        about="The short side fits already; the middle is kept.",
    ),
    Case(
        "resize-squash",
        "resize 1x2 squash",
        inputs=(maps(((10, 20, 30, 40),)),),
        output=maps(((17, 33),)),
    ),
    Case(
        "resize-fit",
        "resize 4x4 fit",
        inputs=(maps(((10, 20, 30, 40), (50, 60, 70, 80))),),
        output=maps(((128, 128, 128, 128), (10, 20, 30, 40), (50, 60, 70, 80), (128, 128, 128, 128))),
        about="The rest is a border of middle grey, 128.",
    ),
    Case(
        "resize-colour",
        "resize 1x1 squash",
        inputs=(maps(((0, 4), (8, 12)), ((1, 1), (1, 1)), ((255, 255), (255, 255))),),
        output=maps(((6,),), ((1,),), ((255,),)),
        about="The mean of four.",
    ),
    Case(
        "scale",
        "scale",
        inputs=((0, 255),),
        output=(0, 1),
    ),
    Case(
        "scale-51",
        "scale 51",
        inputs=((0, 51, 255),),
        output=(0, 1, 5),
    ),
    Case(
        "scale-half",
        "scale 0.5",
        inputs=((1, 2),),
        output=(2, 4),
        dy=(1, 2),
        dx=((2, 4),),
    ),
    Case(
        "normalise",
        "normalise 2 4",
        inputs=((2, 6, 10, -2),),
        output=(0, 1, 2, -1),
        dy=(4, 8, 12, 16),
        dx=((1, 2, 3, 4),),
    ),
    Case(
        "normalise-channels",
        "normalise 10 20 30 / 1 2 4",
        inputs=(maps(((11,),), ((26,),), ((2,),)),),
        output=maps(((1,),), ((3,),), ((-7,),)),
        dy=maps(((4,),), ((4,),), ((4,),)),
        dx=(maps(((4,),), ((2,),), ((1,),)),),
    ),
)
