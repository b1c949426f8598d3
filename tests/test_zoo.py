"""The nets that ship, held against the papers and the weights that others trained for them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from cutaway.errors import InputError, NotationError, ShapeError
from cutaway.layers import Shape
from cutaway.layers.conv import Conv
from cutaway.layers.dense import Dense
from cutaway.net import Net, parse, zoo
from cutaway.net.zoo import ZOO

every_net = pytest.mark.parametrize("name", ZOO)


@dataclass(frozen=True)
class Published:
    """What a publication says of a net."""

    parameters: int
    """Trained ones: gain and bias of norms count, running means and variances do not."""
    multiplications: float
    """Of convolutions and dense layers together, for one picture."""
    rounding: float
    """Half of the last digit that the publication prints."""
    shapes: dict[str, Shape]


PUBLISHED = {
    # Weights and shapes by hand: kernels of 3x3, 28 - 3 + 1 = 26, 26 - 3 + 1 = 24, half of that is 12.
    "spreadsheet": Published(
        2 * (9 + 1) + 2 * (18 + 1) + 10 * (288 + 1),
        26 * 26 * 2 * 9 + 24 * 24 * 2 * 18 + 288 * 10,
        0,
        {"conv1": (26, 26, 2), "conv2": (24, 24, 2), "maxpool1": (12, 12, 2), "flatten1": (288,)},
    ),
    # LeCun et al. 1998, figure 2, with C3 connected to all of S2 (1,516 weights there, 2,416 here):
    # C1 156, C3 6 x 25 x 16 + 16, C5 48,120, F6 10,164, and a dense output of 84 x 10 + 10.
    "lenet5": Published(
        156 + 2_416 + 48_120 + 10_164 + 850,
        28 * 28 * 6 * 25 + 10 * 10 * 16 * 150 + 400 * 120 + 120 * 84 + 84 * 10,
        0,
        {
            "conv1": (28, 28, 6),
            "maxpool1": (14, 14, 6),
            "conv2": (10, 10, 16),
            "maxpool2": (5, 5, 16),
            "dense1": (120,),
        },
    ),
    # Krizhevsky et al. 2012, figure 2 (its 224 is 227); parameters: Caffe's bvlc_alexnet; 724 M: Sze et al. 2017,
    # Efficient Processing of Deep Neural Networks, table 2.
    "alexnet": Published(
        60_965_224,
        724e6,
        0.5e6,
        {
            "conv1": (55, 55, 96),
            "maxpool1": (27, 27, 96),
            "conv2": (27, 27, 256),
            "maxpool2": (13, 13, 256),
            "conv3": (13, 13, 384),
            "conv4": (13, 13, 384),
            "conv5": (13, 13, 256),
            "maxpool3": (6, 6, 256),
            "dense1": (4096,),
            "dense2": (4096,),
        },
    ),
    # Lin et al. 2013 as its author published it for Caffe; parameters and 222.97 M: github.com/osmr/imgclsmob, where
    # pooling counts too, which is the last half million.
    "nin": Published(
        966_986,
        222.97e6,
        0.5e6,
        {"conv3": (32, 32, 96), "maxpool1": (16, 16, 96), "meanpool1": (8, 8, 192), "conv9": (8, 8, 10)},
    ),
    # torchvision's VGG11_Weights: num_params, GFLOPS. Shapes: Simonyan and Zisserman 2014, table 1, net A.
    "vgg11": Published(
        132_863_336,
        7.609e9,
        0.5e6,
        {
            "maxpool1": (112, 112, 64),
            "maxpool2": (56, 56, 128),
            "maxpool3": (28, 28, 256),
            "maxpool4": (14, 14, 512),
            "maxpool5": (7, 7, 512),
        },
    ),
    # Szegedy et al. 2014, table 1 (its rows add up to 1,502 M with 34 M for the first convolution, whose shapes give
    # 112 x 112 x 64 x 7 x 7 x 3 = 118 M); parameters: Caffe's bvlc_googlenet without the two extra heads.
    "googlenet": Published(
        6_998_552,
        (1_502 - 34 + 118) * 1e6,
        5e6,
        {
            "conv1": (112, 112, 64),
            "maxpool1": (56, 56, 64),
            "conv3": (56, 56, 192),
            "maxpool2": (28, 28, 192),
            "concat1": (28, 28, 256),
            "concat2": (28, 28, 480),
            "maxpool5": (14, 14, 480),
            "concat3": (14, 14, 512),
            "concat4": (14, 14, 512),
            "concat5": (14, 14, 512),
            "concat6": (14, 14, 528),
            "concat7": (14, 14, 832),
            "maxpool11": (7, 7, 832),
            "concat8": (7, 7, 832),
            "concat9": (7, 7, 1024),
            "globalmean1": (1024,),
        },
    ),
    # torchvision's ResNet18_Weights: num_params, GFLOPS. Shapes: He et al. 2015, table 1.
    "resnet18": Published(
        11_689_512,
        1.814e9,
        0.5e6,
        {
            "conv1": (112, 112, 64),
            "maxpool1": (56, 56, 64),
            "add2": (56, 56, 64),
            "add4": (28, 28, 128),
            "add6": (14, 14, 256),
            "add8": (7, 7, 512),
            "globalmean1": (512,),
        },
    ),
    # torchvision's SqueezeNet1_0_Weights: num_params, GFLOPS.
    "squeezenet": Published(
        1_248_424,
        0.819e9,
        0.5e6,
        {
            "maxpool1": (54, 54, 96),
            "concat3": (54, 54, 256),
            "maxpool2": (27, 27, 256),
            "concat7": (27, 27, 512),
            "maxpool3": (13, 13, 512),
            "conv26": (13, 13, 1000),
        },
    ),
    # torchvision's MobileNet_V2_Weights: num_params, GFLOPS. Shapes: Sandler et al. 2018, table 2.
    "mobilenetv2": Published(
        3_504_872,
        0.301e9,
        0.5e6,
        {
            "conv1": (112, 112, 32),
            "conv3": (112, 112, 16),
            "add1": (56, 56, 24),
            "add3": (28, 28, 32),
            "add6": (14, 14, 64),
            "add8": (14, 14, 96),
            "add10": (7, 7, 160),
            "conv51": (7, 7, 320),
            "conv52": (7, 7, 1280),
        },
    ),
}


def multiplications(net: Net, input: Shape | None = None) -> dict[str, int]:
    """Those of convolutions and dense layers, which is what publications count."""
    pairs = zip(net, net.rows(input), strict=True)
    return {node.name: row.cost.multiplications for node, row in pairs if isinstance(node.layer, Conv | Dense)}


# --- what was published ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_net_is_the_published_one(name: str) -> None:
    net, published = zoo.net(name), PUBLISHED[name]
    shapes = net.shapes()
    assert net.cost().parameters == published.parameters
    assert abs(sum(multiplications(net).values()) - published.multiplications) <= published.rounding
    assert {layer: shapes[layer] for layer in published.shapes} == published.shapes


def test_alexnets_convolutions_are_those_that_eyeriss_counted() -> None:
    """Chen et al. 2016 (Eyeriss, ISSCC): 2.3 million weights and 666 million multiplications in its convolutions."""
    net = zoo.net("alexnet")
    convolutions = [row for row in net.rows() if row.name.startswith("conv")]
    assert round(sum(row.cost.parameters for row in convolutions) / 1e6, 1) == 2.3
    assert round(sum(row.cost.multiplications for row in convolutions) / 1e6) == 666


def test_googlenets_rows_are_those_of_the_papers_table() -> None:
    """Szegedy et al. 2014, table 1, column `ops`, in millions."""
    table = {
        ("conv2", "conv3"): 360,
        ("conv4", "concat1"): 128,
        ("conv10", "concat2"): 304,
        ("conv16", "concat3"): 73,
        ("conv22", "concat4"): 88,
        ("conv28", "concat5"): 100,
        ("conv34", "concat6"): 119,
        ("conv40", "concat7"): 170,
        ("conv46", "concat8"): 51,  # 54 there, but the kernels that its row names give 51
        ("conv52", "concat9"): 71,
        ("dense1", "dense1"): 1,
    }
    net = zoo.net("googlenet")
    counts, names = multiplications(net), net.names
    for (first, last), millions in table.items():
        rows = names[names.index(first) : names.index(last) + 1]
        assert abs(sum(counts.get(name, 0) for name in rows) / 1e6 - millions) < 1, f"{first} to {last}"


def test_squeezenet_on_the_pictures_of_its_paper() -> None:
    """Iandola et al. 2016, table 1: 111x111 after the first convolution, which 227 pixels give, and not 224."""
    shapes = zoo.net("squeezenet").shapes((227, 227, 3))
    expected = {
        "conv1": (111, 111, 96),
        "maxpool1": (55, 55, 96),
        "concat1": (55, 55, 128),
        "concat4": (27, 27, 256),
        "concat7": (27, 27, 512),
        "concat8": (13, 13, 512),
        "conv26": (13, 13, 1000),
    }
    assert {name: shapes[name] for name in expected} == expected


def test_x5_is_the_textbooks() -> None:
    net = zoo.net("x5")
    assert net.names == "conv1 relu1 maxpool1 flatten1 dense1 relu2 dense2 sigmoid1".split()
    shapes = net.shapes()
    assert [shapes[name] for name in ("conv1", "maxpool1", "flatten1", "dense1", "sigmoid1")] == [
        (3, 3, 1),
        (2, 2, 1),
        (4,),
        (3,),
        (1,),
    ]
    assert net.cost().parameters == (9 + 1) + (4 * 3 + 3) + (3 + 1)


# --- weights that others trained ------------------------------------------------------------------


def tensors(path: Path) -> Counter[Shape]:
    """The shapes in a list of PyTorch tensors, in our order of axes, without the counters of norms."""
    shapes: Counter[Shape] = Counter()
    for line in path.read_text().splitlines():
        name, _, text = line.split("\t")
        shape = tuple(map(int, re.findall(r"\d+", text)))
        if not name.endswith("num_batches_tracked"):
            shapes[tuple(shape[axis] for axis in {4: (2, 3, 1, 0), 2: (1, 0), 1: (0,)}[len(shape)])] += 1
    return shapes


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("squeezenet", "squeezenet1_0_imagenet.tensors.txt"),
        ("mobilenetv2", "mobilenet_v2_imagenet.tensors.txt"),
    ],
)
def test_trained_weights_fit(name: str, file: str, shared_data: Path) -> None:
    ours = Counter(parameter.shape for parameter in zoo.net(name).parameters().values())
    assert ours == tensors(shared_data / "weights" / file)


# --- every net ------------------------------------------------------------------------------------


@every_net
def test_an_entry_is_complete(name: str) -> None:
    entry = ZOO[name]
    assert entry.name == name
    assert entry.source and entry.what and "\n" not in entry.what
    assert not entry.text.startswith("input")
    assert len(entry.input) == 3


@every_net
def test_the_text_of_a_net_reads_back(name: str) -> None:
    net = zoo.net(name)
    assert parse(str(net)) == net


@every_net
def test_a_net_ends_in_one_number_per_class(name: str) -> None:
    net = zoo.net(name)
    outputs = net.shapes()[net.output.name]
    assert outputs == ((1,) if name == "x5" else (ZOO[name].classes,))
    if name != "x5":
        other = zoo.net(name, classes=7)
        assert other.shapes()[other.output.name] == (7,)


@pytest.mark.parametrize("channels", [1, 3])
def test_small_takes_every_size(channels: int) -> None:
    """And leaves no row or column out, whatever the size."""
    for side in [*range(1, 66), 100, 224, 255]:
        net = zoo.net("small", input=(side, side + 5, channels))
        assert not any(row.note for row in net.rows())


def test_small_has_few_weights_even_for_large_pictures() -> None:
    """The textbooks' comparison: one dense neuron that looks at 256x256 pixels, and the same through convolutions."""
    picture = (256, 256, 1)
    neuron = zoo.net("flatten, dense 1, sigmoid", input=picture)
    assert neuron.parameters()["dense1.weight"].shape == (65_536, 1)
    assert neuron.cost().parameters == 65_537
    convolutions = (9 * 16 + 16) + (9 * 16 * 32 + 32) + 2 * (9 * 32 * 32 + 32)
    assert zoo.net("small", input=picture, classes=1).cost().parameters == convolutions + 16 * 16 * 32 + 1 == 31_489


# --- names and texts ------------------------------------------------------------------------------


def test_a_text_is_a_net_too() -> None:
    net = zoo.net("conv 4 3x3 same, relu, flatten, dense classes, softmax", input=(9, 9, 3), classes=5)
    assert net.shapes()["softmax1"] == (5,)
    assert zoo.net("input 4x4x1, flatten").shapes()["flatten1"] == (16,)
    assert zoo.net("input 4x4x1, flatten", input=(9, 9, 3)).input == (4, 4, 1), "the text keeps its own"
    with pytest.raises(NotationError, match="there is no layer 'con'"):
        zoo.net("con 4 3x3", input=(9, 9, 3))


@pytest.mark.parametrize(
    ("name", "nearest"), [("lenet", "lenet5"), ("ResNet18", "resnet18"), ("mobilenet", "mobilenetv2")]
)
def test_an_unknown_name_gets_the_nearest(name: str, nearest: str) -> None:
    with pytest.raises(InputError, match=f"there is no net '{name}'; did you mean '{nearest}'\\?; known: x5, spread"):
        zoo.net(name)


def test_a_picture_too_small_for_a_net_names_the_layer() -> None:
    with pytest.raises(ShapeError, match="maxpool3: maxpool 3x3 does not fit 2x2x256"):
        zoo.net("alexnet", input=(60, 60, 3))
