"""What was typed of a choice, on the page of the portal and behind a link alike."""

from datetime import datetime
from typing import Any

from flask import request
from flask_babel import gettext as _

from portal.errors import Refused
from portal.reversibility.choosing import LEFT_OUT, HandoverChoice
from portal.reversibility.groups import same_machines


def machine_words(choice: HandoverChoice | None) -> dict[str, Any]:
    """What both pages show of it."""
    groups = choice.groups if choice else []
    return {
        "choice": choice,
        "groups": groups,
        "machines": same_machines(groups),
        "typed": [request.form.get(f"point-{position}") for position in range(len(groups))],
    }


def picked(choice: HandoverChoice | None, at: datetime | None) -> list[str]:
    """An id for each group, as it was typed. at: for all that was left as it is, the last point before it.

    Raises Refused where a group has no point as old.
    """
    groups = choice.groups if choice else []
    ids = [request.form.get(f"point-{n}", group.points[0].id) for n, group in enumerate(groups)]
    for number, positions in enumerate(same_machines(groups)):
        if request.form.get(f"one-{number}"):
            for position in positions[1:]:
                ids[position] = LEFT_OUT
    if at is None:
        return ids
    for position, group in enumerate(groups):
        if ids[position] == group.points[0].id:
            point = group.last_before(at)
            if point is None:
                raise Refused(
                    _("« %(machine)s » n'a aucun point aussi ancien : choisissez le sien."),
                    field="before",
                    machine=group.label,
                )
            ids[position] = point.id
    return ids
