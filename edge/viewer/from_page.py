"""What a page may say: JSON, one tagged record a message, each field within its bounds. Whatever is none is refused
whole; docs/page.md tells the ways of talking."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

MOST_BYTES: Final = 16_384
"""Of one message."""
LONGEST_TEXT: Final = 200

Text = Annotated[str, Meta(max_length=LONGEST_TEXT)]
LongText = Annotated[str, Meta(max_length=2_000)]
Pixel = Annotated[float, Meta(ge=-100_000, le=100_000)]
Place = tuple[Pixel, Pixel]
Corners = Annotated[tuple[Place, ...], Meta(min_length=1, max_length=200)]
Count = Annotated[int, Meta(ge=0, le=1_000_000_000)]


class FromPage(Struct, frozen=True, tag_field="type", forbid_unknown_fields=True):
    """Any of its messages."""


class Ack(FromPage, tag="ack", frozen=True):
    """A picture was drawn."""

    id: Count
    age_ms: Annotated[float, Meta(ge=-60_000, le=86_400_000)] | None = None
    """From its exposure until it was seen, by the clock that pings have set. None: not known, or it is not live."""
    drawing_ms: Annotated[float, Meta(ge=0, le=86_400_000)] = 0.0
    """From its arrival until it was seen: a coarser picture would not come sooner for that."""


class Ping(FromPage, tag="ping", frozen=True):
    """Asks for the program's time."""

    at_ms: float
    """By the page's clock; comes back as it is."""


class Command(FromPage, frozen=True):
    """What a person asks for; `n` comes back in the answer."""

    n: Count


class Take(Command, tag="take", frozen=True):
    """Take over control."""


class Give(Command, tag="give", frozen=True):
    """Leave control to whoever takes it."""


class Name(Command, tag="name", frozen=True):
    """Who looks here."""

    name: Text


class Pair(Command, tag="pair", frozen=True):
    """A new pairing code for a further screen."""


class ChooseTask(Command, tag="task", frozen=True):
    """Measure by this task, with these of its options, as a command line would be given them."""

    task: Text
    options: Annotated[dict[Text, LongText | Annotated[list[LongText], Meta(max_length=10)]], Meta(max_length=40)]
    pathway: Text | None = None


class Freeze(Command, tag="freeze", frozen=True):
    on: bool


class Scroll(Command, tag="scroll", frozen=True):
    """Show the picture at this place among those of the last seconds, 0 the oldest."""

    to: Count


class Seek(Command, tag="seek", frozen=True):
    """Show the picture of the last seconds that is the nearest to the frame with this number."""

    sequence: Count


class SetProbe(Command, tag="probe", frozen=True):
    """Parameters by the names of the probe's table; all of them or none."""

    changes: Annotated[
        dict[Text, float | Text | Annotated[tuple[float, ...], Meta(max_length=16)]], Meta(min_length=1, max_length=20)
    ]


class SetDepth(Command, tag="depth", frozen=True):
    """What the scanner says of its depth, whose picture does not tell it; None: nobody says it any more."""

    depth_mm: Annotated[float, Meta(gt=0, le=1000)] | None = None


class Act(Command, tag="act", frozen=True):
    """`arm`, `disarm` or `clear-fault`."""

    action: Text


class Point(Command, tag="point", frozen=True):
    """Point at something in the picture: `at`, `also`, `not`, `box` or `nothing`; x, y, of a box also its size."""

    how: Text
    x: Pixel = 0.0
    y: Pixel = 0.0
    width: Pixel = 0.0
    height: Pixel = 0.0


class Edit(Command, tag="edit", frozen=True):
    """A mark of the shown picture put elsewhere. `mark`: its place among those of its kind; None: a new caliper."""

    kind: Text
    """`caliper` or `line`."""
    mark: Count | None
    points: Corners


class Undo(Command, tag="undo", frozen=True):
    """The last edit of the shown picture is taken back."""


class ExamFields(Struct, frozen=True, forbid_unknown_fields=True):
    """Who and what is examined; empty: not said."""

    patient: Text = ""
    patient_id: Text = ""
    born: Text = ""
    side: Text = ""
    """Of the body: `left`, `right`."""
    picture_left: Text = ""
    """What lies at the picture's left side, such as `medial`."""
    examiner: Text = ""
    note: LongText = ""


class SetExam(Command, tag="exam", frozen=True):
    fields: ExamFields


class NewExam(Command, tag="new", frozen=True):
    """The next save begins a new exam, of somebody else."""


class Save(Command, tag="save", frozen=True):
    """Keep the shown picture with all that was found in it and said of it."""


Asked = (
    Take
    | Give
    | Name
    | Pair
    | ChooseTask
    | Freeze
    | Scroll
    | Seek
    | SetProbe
    | SetDepth
    | Act
    | Point
    | Edit
    | Undo
    | SetExam
    | NewExam
    | Save
)
Incoming = Ack | Ping | Asked
_incoming: Final = msgspec.json.Decoder(Incoming)


def incoming(text: str | bytes) -> Incoming:
    """Raises msgspec.MsgspecError for what is no message."""
    message: Incoming = _incoming.decode(text)
    return message
