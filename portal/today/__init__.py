"""What must be done, in the order of what it costs to wait: one list for page, /today.json and calendar."""

from portal.today.kinds import KINDS, Cost, Kind, Todo, waits

__all__ = ["KINDS", "Cost", "Kind", "Todo", "waits"]
