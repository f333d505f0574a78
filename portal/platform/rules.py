"""The lifecycle of an e-invoice: which status may follow which."""

PAID = "212"
REFUSALS = ("210", "213")
_ALIVE = ("203", "204", "205", "206", "207", "208", "210", "211", "212")
_START = ("200", "201", "202", "203", "213")
_NEXT = {
    "": (*_START, "212"),
    "200": ("201", "202", "203", "212", "213"),
    "201": ("202", "203", "212", "213"),
    "202": ("213", *_ALIVE),
    "203": _ALIVE[1:],
    "204": _ALIVE[2:],
    "205": ("211", "212"),
    "206": ("205", "207", "209", "211", "212"),
    "207": ("205", "206", "208", "210", "211", "212"),
    "208": ("209", "210", "212"),
    "209": ("203", "204", "205", "206", "207", "208", "210", "211", "212"),
    "210": (),
    "211": ("212",),
    "212": ("212", "211"),
    "213": (),
}
CODES = tuple(code for code in _NEXT if code)


def may_follow(code: str, before: str) -> bool:
    """May a status come after another one? before: "" for the first. The same one again is no step.

    Source: the lifecycle of the reform, statuses 200 to 213 (AFNOR XP Z12-012).
    """
    return code in _NEXT.get(before, ())
