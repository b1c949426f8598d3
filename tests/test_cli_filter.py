"""`cutaway filter`: the textbook's kernels over photos, against sums written out."""

import numpy as np
import pytest
from PIL import Image

from cutaway.cli.filter import KERNELS, filtered, parsed
from tests.command import ran, run

PHOTO = np.random.default_rng(0).integers(0, 256, (6, 9, 3), np.uint8)


@pytest.fixture
def photo(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(PHOTO).save("photo.png")
    return tmp_path / "photo.png"


def by_hand(pixels, kernel):
    """The same, cell by cell: beyond the edge lies the nearest pixel."""
    (h, w, c), (kh, kw) = pixels.shape, kernel.shape
    out = np.zeros((h, w, c))
    for row, column, channel in np.ndindex(h, w, c):
        for i, j in np.ndindex(kh, kw):
            r = min(max(row + i - (kh - 1) // 2, 0), h - 1)
            k = min(max(column + j - (kw - 1) // 2, 0), w - 1)
            out[row, column, channel] += float(pixels[r, k, channel]) * kernel[i, j]
    return np.rint(out.clip(0, 255)).astype(np.uint8)


@pytest.mark.parametrize("text", [*KERNELS, "1 2; 3 4", "0,0,1", "1; -1", "1 2 3 4 / 7", "0 1 0\n1 -4 1\n0 1 0", "5"])
def test_every_cell_is_the_sum(text):
    np.testing.assert_array_equal(filtered(PHOTO, parsed(text)), by_hand(PHOTO, parsed(text)))
    np.testing.assert_array_equal(filtered(PHOTO[..., :1], parsed(text)), by_hand(PHOTO[..., :1], parsed(text)))


def test_the_kernels_of_the_textbooks():
    assert parsed("sharpen").tolist() == [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]
    assert parsed("edge").tolist() == [[0, 1, 0], [1, -4, 1], [0, 1, 0]]
    assert parsed("blur").tolist() == np.full((3, 3), 1 / 9).tolist()
    assert parsed("emboss").tolist() == [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]]
    np.testing.assert_array_equal(parsed("sharpen-5x5"), np.pad(parsed("sharpen"), 1))


def test_numbers_that_can_be_checked():
    """A bright pixel (100) in the dark (10): the kernel itself appears, turned round, times 90."""
    pixels = np.full((5, 5, 1), 10, np.uint8)
    pixels[2, 2] = 100
    assert filtered(pixels, parsed("sharpen"))[..., 0].tolist() == [
        [10, 10, 10, 10, 10],
        [10, 10, 0, 10, 10],
        [10, 0, 255, 0, 10],  # 10 - 90 = -80 is held to 0; 5 x 100 - 4 x 10 = 460 to 255
        [10, 10, 0, 10, 10],
        [10, 10, 10, 10, 10],
    ]
    assert filtered(pixels, parsed("blur"))[1:4, 1:4, 0].tolist() == [[20] * 3] * 3
    assert filtered(pixels, parsed("edge"))[..., 0].tolist()[1] == [0, 0, 90, 0, 0]


@pytest.mark.parametrize("name", ["out.png", "out.bmp", "out.tiff", "deep/er/OUT.PNG"])
def test_a_file_is_written(photo, name):
    assert f"photo.png -> {name}: 9x6 pixels, kernel 0 -1 0; -1 5 -1; 0 -1 0" in ran(
        "filter", "photo.png", "--kernel", "sharpen", "-o", name
    )
    with Image.open(name) as image:
        np.testing.assert_array_equal(np.asarray(image), by_hand(PHOTO, parsed("sharpen")))


def test_a_grey_photo_stays_grey(photo):
    Image.fromarray(PHOTO[..., 0]).save("grey.png")
    ran("filter", "grey.png", "--kernel", "1 -1 / 2", "-o", "out.png")
    with Image.open("out.png") as image:
        assert image.mode == "L"
    ran("filter", "photo.png", "--kernel", "blur", "-o", "out.jpg")
    with Image.open("out.jpg") as image:
        assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (9, 6))


@pytest.mark.parametrize(
    "line, said, code",
    [
        (["photo.png", "--kernel", "shrpen", "-o", "o.png"], "there is no kernel 'shrpen'; did you mean 'sharpen'?", 2),
        (["photo.png", "--kernel", "1 2; 3", "-o", "o.png"], "there is no kernel '1 2; 3'; known: identity", 2),
        (["photo.png", "--kernel", "1 2 / 0", "-o", "o.png"], "there is no kernel '1 2 / 0'", 2),
        (["photo.png", "--kernel", "1 inf", "-o", "o.png"], "there is no kernel '1 inf'", 2),
        (["photo.png", "--kernel", "", "-o", "o.png"], "there is no kernel ''", 2),
        (
            ["photo.png", "--kernel", "blur", "-o", "o.gif"],
            "o.gif: the ending says the kind of file; it can be .png",
            2,
        ),
        (["photo.png", "--kernel", "blur", "-o", "./photo.png"], "./photo.png is the photo itself", 2),
        (["no.png", "--kernel", "blur", "-o", "o.png"], "no.png: ", 2),
        (["photo.png", "--kernel", "blur", "-o", "photo.png/o.png"], "cannot write photo.png/o.png", 1),
    ],
)
def test_what_is_refused(photo, line, said, code):
    before = photo.read_bytes()
    result = run("filter", *line)
    assert said in result.stderr
    assert result.exit_code == code
    assert photo.read_bytes() == before
    assert [path.name for path in photo.parent.iterdir()] == ["photo.png"]


def test_a_size_that_a_kind_of_file_cannot_hold(tmp_path):
    Image.new("L", (17000, 1)).save(tmp_path / "wide.png")
    result = run("filter", tmp_path / "wide.png", "--kernel", "blur", "-o", tmp_path / "out.webp")
    assert result.exit_code == 2
    assert "17000x1 pixels do not fit into WEBP" in result.stderr
    assert not (tmp_path / "out.webp").exists()
