"""What a life is held against. No module here knows a table of the portal, or imports one of its rules."""

from life.judge.findings import Breach, Verdict, judge

__all__ = ["Breach", "Verdict", "judge"]
