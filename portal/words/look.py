"""What a state is shown with."""

from typing import Any, NamedTuple


class Look(NamedTuple):
    word: Any
    tone: str  # good, wait, bad, live, plain
    icon: str
