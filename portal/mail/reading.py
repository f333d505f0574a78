"""The parts of a mail's text, as its lines show them; the HTML form says the same words with another look.

Paragraphs stand apart by an empty line. A line that begins with four spaces stands out: an address of this
portal is the one thing to open, under the words of its button; anything else is a code. « label : value » is
a fact, a line that begins with a dash is one of a list, lines of dashes frame what the law wants seen first.
What comes after « -- » says who writes and why.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby

SIGN = "-- "  # before who writes, as mail programs know it
_FACT = re.compile(r"([^:.!?;,]{2,48}?)[\s\u00a0\u202f]?:[ \u00a0](\S.*)")
_FRAME = re.compile(r"\+-+\+")
_SENTENCE = re.compile(r"[.!?](?:\s|$)")


class Look(StrEnum):
    TEXT = "text"
    LIST = "list"
    FACTS = "facts"
    CODE = "code"
    BUTTON = "button"
    FRAME = "frame"


@dataclass(frozen=True, slots=True)
class Part:
    """Lines that look alike; of a button, the words and the address."""

    look: Look
    lines: list[str] = field(default_factory=list)
    facts: list[tuple[str, str]] = field(default_factory=list)
    address: str = ""


@dataclass(frozen=True, slots=True)
class Read:
    """The parts of a body, and the lines after its sign."""

    parts: list[Part]
    foot: list[str]

    @property
    def gist(self) -> str:
        """The first sentences that say something: what a list of mails shows beside the subject."""
        texts = [line for part in self.parts if part.look in (Look.TEXT, Look.FACTS) for line in part.lines]
        return " ".join(texts[1:] if len(texts) > 1 else texts)[:140]


def read(body: str, home: str) -> Read:
    """home: where the addresses begin that may become a button, such as ``https://portal.example``."""
    letter, _sign, foot = body.partition(f"\n{SIGN}\n")
    parts: list[Part] = []
    for block in re.split(r"\n(?:[ \t]*\n)+", letter.replace("\r", "").strip("\n")):
        has_button = any(part.look == Look.BUTTON for part in parts)
        parts += _parts(block.split("\n"), "" if has_button else home)
    return Read(parts, [line.strip() for line in foot.splitlines() if line.strip()])


def _parts(lines: list[str], home: str) -> Iterator[Part]:
    if len(lines) > 2 and _FRAME.fullmatch(lines[0].strip()) and _FRAME.fullmatch(lines[-1].strip()):
        yield Part(Look.FRAME, [line.strip() for line in lines[1:-1]])
        return
    for look, group in groupby(lines, _look_of_line):
        run = list(group)
        if look is Look.CODE:
            yield from _set_apart([line.strip() for line in run], home)
        elif look is Look.LIST:
            yield Part(look, [line.strip().removeprefix("- ") for line in run])
        elif look is Look.FACTS and (facts := _facts(run)):
            yield Part(look, [line.strip() for line in run], facts)
        else:
            yield Part(Look.TEXT, [line.strip() for line in run])


def _look_of_line(line: str) -> Look:
    if line.startswith("    "):
        return Look.CODE
    if line.lstrip().startswith("- "):
        return Look.LIST
    return Look.FACTS if _FACT.fullmatch(line.strip()) else Look.TEXT


def _facts(run: list[str]) -> list[tuple[str, str]]:
    """Nothing where a single line is rather a sentence with a colon in it."""
    found = [match.groups() for line in run if (match := _FACT.fullmatch(line.strip()))]
    facts = [(label.strip(), value.strip()) for label, value in found]
    if len(facts) == 1 and _SENTENCE.search(facts[0][1]):
        return []
    return facts


def _set_apart(lines: list[str], home: str) -> Iterator[Part]:
    address = lines[-1]
    if home and address.startswith(f"{home}/") and " " not in address:
        words = " ".join(lines[:-1]).rstrip(" :\u00a0\u202f")
        yield Part(Look.BUTTON, [words] if words else [], address=address)
    else:
        yield Part(Look.CODE, lines)
