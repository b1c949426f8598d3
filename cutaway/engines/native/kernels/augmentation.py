"""Where each lane's picture is, and pictures changed for training: `augmentation.py` in machine code.

The arithmetic is that of its `apply`, in the same whole numbers, so the pixels are the same. Pictures that are only
mirrored and moved, the usual case, need no neighbours: a table says which column comes from which.
"""

from __future__ import annotations

from cutaway.augmentation import BORDERS, ONE, Change
from cutaway.engines.native.kernels.layout import COUNT, FIRST, header
from cutaway.engines.native.kernels.op import Op, kernel
from cutaway.engines.native.language import Pointer, Value

NOWHERE = -1
"""In the table of columns: beyond the edge, where the border is filled."""


@kernel("header pictures rows changes places room columns height width channels")
def find_pictures(op: Op) -> None:
    """The address of each lane's picture. Those that are changed are made in `room`, which has a picture for each lane.

    Lanes without a picture repeat the last one: what is finite there stays finite here.
    """
    rows, changes = (op.pointer(place, "i64")[0] for place in (op.rows, op.changes))
    places = op.pointer(op.places, "i64")
    size = op.height * op.width * op.channels
    for lane in op.loop(op.lanes):
        number = header(op, FIRST) + op.smaller(lane, header(op, COUNT) - 1)
        which = op.variable(number)
        with op.when(rows.differs(0)):
            which.value = op.pointer(rows, "i64")[number]
        given = op.pointer(op.pictures, "i64")[0] + which.value * size
        places[lane] = given
        with op.when(changes.differs(0)):
            made = op.room + lane * size
            change = op.pointer(changes, "i64").at(number * len(Change))
            places[lane] = made
            move(op, change, op.pointer(given, "i8"), op.pointer(made, "i8"))
            tone(op, change, op.pointer(made, "i8"), size)
            erase(op, change, op.pointer(made, "i8"))


def level(op: Op, pixel: Value) -> Value:
    """A pixel as a whole number."""
    return op.convert("zext", pixel, "i64")


def byte(op: Op, number: Value) -> Value:
    """A whole number as a pixel."""
    return op.convert("trunc", number, "i8")


def placed(op: Op, place: Value, length: Value, border: Value) -> tuple[Value, Value]:
    """The place inside that stands for one that may lie beyond an edge; and whether nothing does."""
    last = length - 1
    mirrored = last - magnitude(op, last - magnitude(op, place))
    chosen = op.where(border.equals(BORDERS.index("reflect")), mirrored, place)
    outside = (place < 0) | (place > last)
    clipped = op.larger(op.whole(0), op.smaller(chosen, last))
    return clipped, outside & border.equals(BORDERS.index("fill"))


def magnitude(op: Op, number: Value) -> Value:
    """A whole number without its sign."""
    return op.where(number < 0, -number, number)


# --- moving ---------------------------------------------------------------------------------------


def move(op: Op, change: Pointer, given: Pointer, made: Pointer) -> None:
    """Each pixel from where it comes from."""
    a, b, c, d = (change[number] for number in (Change.A, Change.B, Change.C, Change.D))
    straight = a.equals(ONE) & b.equals(0) & c.equals(0) & magnitude(op, d).equals(ONE)
    with op.when(straight):
        move_straight(op, change, given, made)
    with op.when(straight.equals(0)):
        move_between(op, change, given, made)


def move_straight(op: Op, change: Pointer, given: Pointer, made: Pointer) -> None:
    """Whole rows and columns."""
    border, fill = change[Change.BORDER], byte(op, change[Change.FILL])
    columns = op.pointer(op.columns, "i64")
    mirrored = change[Change.D] < 0
    for j in op.loop(op.width):
        place = j - change[Change.RIGHT]
        column, nowhere = placed(op, op.where(mirrored, op.width - 1 - place, place), op.width, border)
        columns[j] = op.where(nowhere, op.whole(NOWHERE), column * op.channels)
    for i in op.loop(op.height):
        row, no_row = placed(op, i - change[Change.DOWN], op.height, border)
        source, target = (pixels.at(n * op.width * op.channels) for pixels, n in ((given, row), (made, i)))
        for j in op.loop(op.width):
            column = columns[j]
            empty = no_row | column.equals(NOWHERE)
            start = op.where(empty, op.whole(0), column)
            for channel in op.loop(op.channels):
                target[j * op.channels + channel] = op.where(empty, fill, source[start + channel])


def move_between(op: Op, change: Pointer, given: Pointer, made: Pointer) -> None:
    """Turned or scaled: each value between its four neighbours, weighted by nearness."""
    border, fill = change[Change.BORDER], change[Change.FILL]
    for i in op.loop(op.height):
        for j in op.loop(op.width):
            u = (i - change[Change.DOWN]) * 2 - (op.height - 1)
            v = (j - change[Change.RIGHT]) * 2 - (op.width - 1)
            y = (change[Change.A] * u + change[Change.B] * v).shift_down(1) + ((op.height - 1) << 15)
            x = (change[Change.C] * u + change[Change.D] * v).shift_down(1) + ((op.width - 1) << 15)
            corners = []
            for down in (0, 1):
                row, no_row = placed(op, y.shift_down(16) + down, op.height, border)
                for right in (0, 1):
                    column, no_column = placed(op, x.shift_down(16) + right, op.width, border)
                    near_y, near_x = (y >> 8) & 255, (x >> 8) & 255
                    weight = (near_y if down else 256 - near_y) * (near_x if right else 256 - near_x)
                    corners.append((weight, (row * op.width + column) * op.channels, no_row | no_column))
            for channel in op.loop(op.channels):
                total = op.whole(ONE // 2)
                for weight, place, nowhere in corners:
                    total = total + weight * op.where(nowhere, fill, level(op, given[place + channel]))
                made[(i * op.width + j) * op.channels + channel] = byte(op, total >> 16)


# --- what is done in place ------------------------------------------------------------------------


def tone(op: Op, change: Pointer, made: Pointer, size: Value) -> None:
    """Brightness and contrast."""
    gain, offset = change[Change.GAIN], change[Change.OFFSET]
    with op.when(gain.differs(ONE) | offset.differs(0)):
        for place in op.loop(size):
            toned = (level(op, made[place]) * gain + offset + ONE // 2).shift_down(16)
            made[place] = byte(op, op.larger(op.whole(0), op.smaller(toned, op.whole(255))))


def erase(op: Op, change: Pointer, made: Pointer) -> None:
    """Fills the rectangle."""
    fill = byte(op, change[Change.FILL])
    top, bottom = reach(op, change[Change.ROW], change[Change.SIDE], op.height)
    left, right = reach(op, change[Change.COLUMN], change[Change.SIDE], op.width)
    for i in op.loop(top, bottom):
        for place in op.loop((i * op.width + left) * op.channels, (i * op.width + right) * op.channels):
            made[place] = fill


def reach(op: Op, middle: Value, side: Value, length: Value) -> tuple[Value, Value]:
    """The first place that is erased, and the one after the last, inside the picture."""
    half = side >> 1
    ends = (((middle + way) * length).shift_down(16) for way in (-half, half))
    first, last = (op.larger(op.whole(0), op.smaller(end, length)) for end in ends)
    return first, last
