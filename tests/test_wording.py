"""Words for messages."""

from cutaway.errors import PictureError
from cutaway.wording import first, nearest, one_line


def test_any_text_on_one_line():
    assert one_line("two\nlines\r\t\x1b[31m\udcff\U000e0001") == r"two\nlines\r\t\u001b[31m\udcff\U000e0001"
    assert one_line(r"C:\pets, Zürich") == r"C:\pets, Zürich"
    assert one_line(one_line("a\nb")) == one_line("a\nb")
    assert str(PictureError("a\n.jpg", "odd\x07")) == r"a\n.jpg: odd\u0007"


def test_the_nearest_choice():
    assert nearest("smae", ["valid", "same"]) == "; did you mean 'same'?"
    assert nearest("photo", ["valid", "same"]) == ""


def test_the_first_of_many():
    assert first(["a", "b"], 2) == "a, b"
    assert first([str(number) for number in range(1002)], 1) == "0, 1,001 more"
