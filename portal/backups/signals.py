"""What the wall tells higher packages of a machine, in the transaction that finds it."""

from blinker import Namespace

_signals = Namespace()
machine_reported = _signals.signal("machine-reported")  # by its newest run
machine_silent = _signals.signal("machine-silent")  # once for each silence
