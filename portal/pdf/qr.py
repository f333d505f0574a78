"""The square that a banking application reads instead of an IBAN typed by hand (EPC069-12, version 2)."""

from decimal import Decimal
from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import Flowable
from segno import helpers

_SIDE = 28 * mm
_QUIET = 4  # modules of white around it, as ISO 18004 wants


class TransferSquare(Flowable):
    """Draws the order to pay: who, to which account, how much, with which reference."""

    def __init__(self, name: str, iban: str, cents: int, reference: str) -> None:
        super().__init__()
        amount = Decimal(cents).scaleb(-2)
        found = helpers.make_epc_qr(name[:70], iban.replace(" ", ""), amount, text=reference[:140])
        self._rows = [bytes(row) for row in found.matrix]
        self.width = self.height = _SIDE

    def wrap(self, *_: Any) -> tuple[float, float]:
        return _SIDE, _SIDE

    def draw(self) -> None:
        canvas, side = self.canv, _SIDE / (len(self._rows) + 2 * _QUIET)
        canvas.setFillGray(0)
        path = canvas.beginPath()
        for number, row in enumerate(self._rows):
            for at, module in enumerate(row):
                if module:
                    path.rect((at + _QUIET) * side, _SIDE - (number + _QUIET + 1) * side, side, side)
        canvas.drawPath(path, stroke=0, fill=1)
