"""The points of a vault that an export reads: those that were chosen, else the latest of each machine."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from portal import clock
from portal.engine.errors import EngineError, EngineFault
from portal.engine.passphrase import Passphrase
from portal.engine.port import RepoRef, Snapshot, StorageEngine
from portal.engine.salvage import LOSSES
from portal.reversibility.choosing import warned_above
from portal.reversibility.groups import Figures, Group, groups_of
from portal.reversibility.models import ReversibilityCase


class Offer(Exception):
    """The copy shall not begin before somebody could choose what it holds."""

    def __init__(self, groups: list[Group]) -> None:
        self.groups = groups


@dataclass(frozen=True)
class Plan:
    """What is known of the choice before the vault is read.

    ids: the chosen points. also: larger ones that leave beside the latest. is_decided: was a choice offered,
    and is that over? may_wait: is there time to ask? is_asked: did somebody want to be asked? limit: of
    groups, above which somebody is asked in any case.
    """

    ids: list[str] | None = None
    also: tuple[str, ...] = ()
    is_decided: bool = False
    may_wait: bool = False
    is_asked: bool = False
    limit: int = 0


def plan_of(case: ReversibilityCase) -> Plan:
    choice = case.choice
    if choice is not None:
        return Plan(choice.ids, tuple(point.id for _group, point in choice.larger), is_decided=True)
    return Plan(None, (), False, case.choice_until > clock.now(), case.wants_choice, warned_above())


def chosen_points(
    engine: StorageEngine,
    repo: RepoRef,
    key: Passphrase,
    known: Sequence[Snapshot],
    plan: Plan,
    tell: Callable[[], object],
) -> list[Snapshot]:
    """The points to read. tell: called while the vault is looked through, as a sign of life.

    Raises Offer when a choice is wanted and none was made, or where a newest point has shrunk;
    EngineError(SNAPSHOT_MISSING) when a chosen point has gone: nothing takes its place in silence.
    """
    latest = engine.latest_set(known)
    if plan.ids is not None:
        by_id = {one.id: one for one in known}
        if any(one not in by_id for one in plan.ids):
            raise EngineError(EngineFault.SNAPSHOT_MISSING)
        return [by_id[one] for one in plan.ids]
    if plan.is_decided:
        return [*latest, *(one for one in known if one.id in plan.also)]
    is_wanted = plan.may_wait and (plan.is_asked or len(latest) > plan.limit)
    if latest and (is_wanted or _may_have_shrunk(known)):
        groups = [_measured(engine, repo, key, group, tell) for group in groups_of(known)]
        if is_wanted or any(group.is_shrunk for group in groups):
            raise Offer(groups)
    return latest


def _may_have_shrunk(known: Sequence[Snapshot]) -> bool:
    return any(len(group.points) > 1 for group in groups_of(known))


def _measured(
    engine: StorageEngine, repo: RepoRef, key: Passphrase, group: Group, tell: Callable[[], object]
) -> Group:
    figures: list[Figures | None] = []
    for point in group.points[:2]:
        tell()
        try:
            totals = engine.inventory(repo, key, point.id, lambda _node: None)
            figures.append(Figures(totals.files, totals.bytes))
        except EngineError as error:
            if error.fault not in LOSSES:
                raise
            figures.append(None)
    newest, before = [*figures, None][:2]
    return replace(group, newest=newest, before=before)
