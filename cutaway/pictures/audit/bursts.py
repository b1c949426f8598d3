"""Shots of one camera within seconds of each other: frames of one scene, which a split must not part."""

from collections import Counter
from collections.abc import Sequence

from cutaway.pictures.audit.inspection import Inspection

SECONDS = 3.0
"""Between one shot and the next of a burst. A second press of the button on the same subject falls within it; EXIF
counts whole seconds, so what is 3 apart may be almost 4. A slower series needs a column `group`."""

RATE = 120
"""More pictures than this of one camera in one second have no time of their own: no camera is so fast, but a program
that stamps every file alike is."""


def bursts(known: Sequence[Inspection]) -> list[list[int]]:
    """Runs of two or more pictures, each within 3 seconds of the one before it, by the camera's clock.

    >>> shots = [Inspection(taken=second, camera="Nikon D800") for second in (0.0, 60.0, 61.0, 63.5)]
    >>> bursts(shots)
    [[1, 2, 3]]
    """
    timed = [(one.camera, one.taken, row) for row, one in enumerate(known) if one.taken is not None]
    at_once = Counter((camera, int(when)) for camera, when, _ in timed)
    timed = sorted(shot for shot in timed if at_once[shot[0], int(shot[1])] <= RATE)
    found: list[list[int]] = []
    before: tuple[str, float] = ("", -SECONDS * 2)
    for camera, when, row in timed:
        follows = bool(found) and camera == before[0] and when - before[1] <= SECONDS
        if follows:
            found[-1].append(row)
        else:
            found.append([row])
        before = camera, when
    return sorted(sorted(run) for run in found if len(run) > 1)
