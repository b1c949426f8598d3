"""What may be wrong with a set of pictures: the kinds of findings, in the order in which they are told."""

from dataclasses import dataclass

STOPS, HARMS, NOTE = "stops", "harms", "note"
"""How bad it is: a picture cannot be used; the result may be worse or not be trusted; good to know."""


@dataclass(frozen=True)
class Kind:
    """One kind of finding."""

    name: str
    """One word, as it stands in manifest.csv."""
    title: str
    """What is said of any number of them: `3 cut short or damaged`."""
    level: str
    about: str
    """What it means, and what is done about it."""
    together: bool = False
    """Whether a finding is about several pictures, or a class, rather than one picture."""


@dataclass(frozen=True)
class Finding:
    """One finding: which pictures (or which path, of what is none), and what else is to be said."""

    kind: str
    rows: tuple[int, ...] = ()
    text: str = ""
    path: str = ""
    """Of a file that is no picture of the set."""


KINDS = (
    Kind("unreadable", "cannot be read", STOPS, "Left out of training."),
    Kind("damaged", "cut short or damaged", STOPS, "Left out of training; copy them again from where they came from."),
    Kind("no-picture", "not pictures, whatever their name says", STOPS, "Left out of training."),
    Kind(
        "conflict",
        "the same picture under different labels",
        HARMS,
        "At most one of the labels can be right: a net cannot learn both, and is called wrong for one.",
        together=True,
    ),
    Kind(
        "leak",
        "the same picture in different parts",
        HARMS,
        "What was trained on cannot test: the result on that part is too good. The data puts them there, so they are "
        "left there; move or remove one.",
        together=True,
    ),
    Kind(
        "split-word",
        "classes called like a part",
        HARMS,
        "A folder called train or test is taken for a class here. Parts are folders that hold class folders: "
        "pets/train/cat, pets/test/cat.",
        together=True,
    ),
    Kind("similar-names", "classes that may be one", HARMS, "Their names differ in case, spaces or signs.", True),
    Kind(
        "small-class",
        "classes with few pictures",
        HARMS,
        "With fewer than 10 pictures about one or two are kept back: a single mistake then changes the result of the "
        "class by half or more.",
        together=True,
    ),
    Kind("blank", "almost of one colour", HARMS, "There is next to nothing to see."),
    Kind("dark", "unusually dark", HARMS, "99% of the pixels are darker than a quarter of white."),
    Kind("tiny", "unusually small", HARMS, "Less than 16 pixels, or a quarter of what is common here."),
    Kind(
        "uneven",
        "classes much larger than others",
        NOTE,
        "One has more than 10 times the pictures of another. Training sees all classes equally often, but the small "
        "one is still little to learn from.",
        together=True,
    ),
    Kind("duplicate", "exact duplicates", NOTE, "The same bytes. They are kept on one side of the split.", True),
    Kind(
        "near-duplicate",
        "near duplicates",
        NOTE,
        "The same picture encoded again, resized, a little cropped, brighter or in grey. Kept on one side.",
        together=True,
    ),
    Kind(
        "mirrored",
        "mirrored copies",
        NOTE,
        "The same picture, seen in a mirror. Kept on one side of the split.",
        together=True,
    ),
    Kind(
        "burst",
        "shots within seconds",
        NOTE,
        "Taken by one camera at most 3 seconds after one another, so of one scene. Kept on one side of the split.",
        together=True,
    ),
    Kind("long", "much longer than wide", NOTE, "A net sees its middle, or sees it squeezed: cut it yourself."),
    Kind("rotated", "rotated by a tag", NOTE, "Turned upright when read, as on a phone. Other programs may not do so."),
    Kind("deep", "with 16 bits or more", NOTE, "Scaled to 8 bits: value / 257, rounded. Nothing is cut off."),
    Kind("transparent", "transparent in part", NOTE, "Laid over white."),
    Kind("animated", "animated, or of several pages", NOTE, "The first frame is used."),
    Kind("wrong-ending", "with the ending of another format", NOTE, "Read by their content, so it does no harm here."),
    Kind("passed-over", "files that are passed over", NOTE, "Not used. Is there a picture among them that should be?"),
)

BY_NAME = {kind.name: kind for kind in KINDS}
