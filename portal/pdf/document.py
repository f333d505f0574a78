"""The look of every document that the portal prints: one page model, one type face, one palette.

A document is assembled from texts that are never trusted: all are escaped, and nothing can be
fetched from a file or an address. Labels and figures come ready from the caller, who translates
and formats. The same calls give the same bytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    KeepTogether,
    NextPageTemplate,
    PageTemplate,
    Spacer,
    Table,
    TableStyle,
)

from portal.pdf.archival import say_colours
from portal.pdf.mark import Mark, draw
from portal.pdf.qr import TransferSquare
from portal.pdf.style import (
    ACCENT,
    BODY,
    BOLD,
    FACE,
    FIRST_TOP,
    FONT_DIR,
    FOOT,
    GHOST,
    HEIGHT,
    MARGIN,
    MUTED,
    PADS,
    REGULAR,
    RULE,
    TIGHT,
    TINT,
    WIDTH,
    WINDOW_LEFT,
    WINDOW_TOP,
    clean,
    paragraph,
    register_fonts,
    value,
)

__all__ = ["FONT_DIR", "Column", "Document", "Mark", "Party", "clean", "paragraph"]


@dataclass(frozen=True, slots=True)
class Party:
    """A name and the lines below it: address, SIREN, VAT number."""

    name: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the line table; the first one takes the width that is left."""

    label: str
    width_mm: float = 0


class Document:
    """An A4 business document, filled from top to bottom and then built once."""

    def __init__(
        self,
        title: str,
        *,
        issuer: Party,
        legal: Sequence[str] = (),  # mentions at the foot of every page
        recipient: Party | None = None,
        meta: Sequence[tuple[str, str]] = (),  # number, date, due date
        page_label: str = "Page {page} / {pages}",
        watermark: str = "",
        language: str = "fr-FR",
        mark: Mark | None = None,  # of whom the reader knows, beside the issuer
    ) -> None:
        register_fonts()
        self._title, self._issuer, self._legal = clean(title), issuer, legal
        self._recipient, self._meta, self._mark = recipient, meta, mark
        self._page_label, self._watermark, self._language = page_label, clean(watermark), language
        self._story: list[Flowable] = [paragraph(title, "title")]

    def heading(self, text: str) -> None:
        """A short line above a block."""
        self._story += [Spacer(1, 8), paragraph(text, "heading")]

    def text(self, text: str, style: str = "text") -> None:
        """A paragraph; ``style`` is text, small or strong."""
        self._story += [paragraph(text, style), Spacer(1, 4)]

    def gap(self, millimetres: float) -> None:
        """White space."""
        self._story.append(Spacer(1, millimetres * mm))

    def line_table(self, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
        """What is sold, its head repeated on each page; all but the first column are figures."""
        widths = [column.width_mm * mm for column in columns]
        widths[0] = BODY - sum(widths[1:])
        head = [paragraph(column.label, "head_right" if at else "head") for at, column in enumerate(columns)]
        cells = [[paragraph(cell, "figure" if at else "text") for at, cell in enumerate(row)] for row in rows]
        table = Table([head, *cells], colWidths=widths, repeatRows=1, splitInRow=1)
        rules: list[Any] = [
            ("LINEBELOW", (0, 0), (-1, 0), 0.9, ACCENT),
            ("LINEBELOW", (0, 1), (-1, -1), 0.4, RULE),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("VALIGN", (0, 0), (-1, 0), "BOTTOM"),
            ("LEFTPADDING", (0, 0), (0, -1), 0),
            ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
        ]
        table.setStyle(TableStyle(rules + PADS))
        self._story.append(table)

    def totals(self, rows: Sequence[tuple[str, str]]) -> None:
        """Sums on the right; the last one is what counts."""
        last = len(rows) - 1
        cells = [
            [
                paragraph(label, "strong" if at == last else "text"),
                paragraph(figure, "total" if at == last else "figure"),
            ]
            for at, (label, figure) in enumerate(rows)
        ]
        table = Table(cells, colWidths=[48 * mm, 32 * mm], hAlign="RIGHT")
        last_row = ((0, last), (-1, last))
        rules: list[Any] = [
            ("LINEABOVE", *last_row, 0.9, ACCENT),
            ("BACKGROUND", *last_row, TINT),
            ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
        ]
        table.setStyle(TableStyle(rules + PADS))
        self._story += [Spacer(1, 8), KeepTogether([table]), Spacer(1, 10)]

    def fields(self, rows: Sequence[tuple[str, str]], *, label_mm: float = 45) -> None:
        """Names and their values, ruled."""
        cells = [[paragraph(label, "label"), value(text)] for label, text in rows]
        table = Table(cells, colWidths=[label_mm * mm, BODY - label_mm * mm])
        rules: list[Any] = [("LINEBELOW", (0, 0), (-1, -1), 0.4, RULE), ("VALIGN", (0, 0), (-1, -1), "TOP")]
        table.setStyle(TableStyle(rules + PADS + TIGHT))
        self._story += [table, Spacer(1, 6)]

    def transfer(
        self, rows: Sequence[tuple[str, str]], square: tuple[str, str, int, str], *, caption: str
    ) -> None:
        """To whom a transfer goes, and the square that says the same to a banking application.

        square: name, IBAN, cents and reference.
        """
        cells = [[paragraph(label, "label"), value(text)] for label, text in rows]
        fields = Table(cells, colWidths=[38 * mm, BODY - (38 + 34) * mm])
        rules: list[Any] = [("LINEBELOW", (0, 0), (-1, -1), 0.4, RULE), ("VALIGN", (0, 0), (-1, -1), "TOP")]
        fields.setStyle(TableStyle(rules + PADS + TIGHT))
        right = [TransferSquare(*square), paragraph(caption, "label")]
        both = Table([[fields, right]], colWidths=[BODY - 34 * mm, 34 * mm])
        both.setStyle(
            TableStyle([*FACE, ("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (0, 0), 0)])
        )
        self._story += [KeepTogether([both]), Spacer(1, 6)]

    def box(self, paragraphs: Sequence[str], *, height_mm: float = 0, style: str = "text") -> None:
        """Texts in a frame of their own; ``height_mm`` leaves room to write by hand."""
        content: list[list[Flowable]] = [[paragraph(each, style)] for each in paragraphs]
        if height_mm:
            content.append([Spacer(1, height_mm * mm)])
        table = Table(content, colWidths=[BODY])
        rules: list[Any] = [
            *FACE,
            ("BOX", (0, 0), (-1, -1), 0.6, ACCENT),
            ("LEFTPADDING", (0, 0), (-1, -1), 9),
            ("RIGHTPADDING", (0, 0), (-1, -1), 9),
            ("TOPPADDING", (0, 0), (-1, 0), 7),
            ("BOTTOMPADDING", (0, -1), (-1, -1), 8),
        ]
        table.setStyle(TableStyle(rules))
        self._story += [KeepTogether([table]), Spacer(1, 6)]

    def build(self, *, archival: bool = False) -> bytes:
        """The PDF; archival: with the output intent that PDF/A wants."""
        out = BytesIO()
        template = BaseDocTemplate(
            out,
            pagesize=A4,
            title=self._title,
            author=clean(self._issuer.name),
            lang=self._language,
            initialFontName=REGULAR,
            invariant=1,
        )
        first_top = max(FIRST_TOP, self._head_end()) if self._recipient or self._meta else 50 * mm
        template.addPageTemplates(
            [
                PageTemplate("first", [_frame(first_top)], onPage=self._draw_first),
                PageTemplate("next", [_frame(MARGIN)], onPage=self._draw_next),
            ]
        )
        template.build(
            [NextPageTemplate("next"), *self._story], canvasmaker=_numbered(self._draw_foot, archival)
        )
        return out.getvalue()

    def _draw_first(self, canvas: Canvas, template: Any) -> None:
        self._draw_watermark(canvas, template)
        issuer = [paragraph(self._issuer.name, "heading")]
        issuer += [paragraph(line, "small") for line in self._issuer.lines]
        _place(canvas, issuer, MARGIN, 15 * mm, 85 * mm)
        if self._mark:
            draw(canvas, self._mark)
        if self._recipient:
            block = [paragraph(self._recipient.name, "strong")]
            block += [paragraph(line) for line in self._recipient.lines]
            _place(canvas, block, WINDOW_LEFT, WINDOW_TOP, WIDTH - MARGIN - WINDOW_LEFT)
        if self._meta:
            _place(canvas, [self._meta_table()], MARGIN, WINDOW_TOP, 80 * mm)

    def _meta_table(self) -> Table:
        cells = [[paragraph(name, "label"), paragraph(value)] for name, value in self._meta]
        table = Table(cells, colWidths=[30 * mm, 50 * mm])
        pads = [("TOPPADDING", (0, 0), (-1, -1), 1), ("BOTTOMPADDING", (0, 0), (-1, -1), 1)]
        table.setStyle(TableStyle(TIGHT + pads + [("VALIGN", (0, 0), (-1, -1), "TOP")]))
        return table

    def _head_end(self) -> float:
        """Where the title may begin: below the last of number, days and references."""
        height: float = self._meta_table().wrap(80 * mm, HEIGHT)[1] if self._meta else 0
        return WINDOW_TOP + height + 5 * mm

    def _draw_next(self, canvas: Canvas, template: Any) -> None:
        self._draw_watermark(canvas, template)
        canvas.setFont(REGULAR, 7)
        canvas.setFillColor(MUTED)
        reminder = f"{clean(self._issuer.name)} — {self._title}"
        canvas.drawString(MARGIN, HEIGHT - 13 * mm, reminder)

    def _draw_watermark(self, canvas: Canvas, template: Any) -> None:
        if not self._watermark:
            return
        canvas.saveState()
        canvas.translate(WIDTH / 2, HEIGHT / 2)
        canvas.rotate(52)
        size = min(60.0, 235 * mm / pdfmetrics.stringWidth(self._watermark, BOLD, 1))
        canvas.setFont(BOLD, size)
        canvas.setFillColor(GHOST)
        canvas.drawCentredString(0, -size / 3, self._watermark)
        canvas.restoreState()

    def _draw_foot(self, canvas: Canvas, page: int, pages: int) -> None:
        canvas.setStrokeColor(RULE)
        canvas.setLineWidth(0.5)
        canvas.line(MARGIN, FOOT - 4 * mm, WIDTH - MARGIN, FOOT - 4 * mm)
        legal = [paragraph(line, "small") for line in self._legal]
        _place(canvas, legal, MARGIN, HEIGHT - FOOT + 5.5 * mm, BODY - 30 * mm)
        canvas.setFont(REGULAR, 7)
        canvas.setFillColor(MUTED)
        label = self._page_label.format(page=page, pages=pages)
        canvas.drawRightString(WIDTH - MARGIN, FOOT - 8 * mm, clean(label))


def _frame(top: float) -> Frame:
    height = HEIGHT - top - FOOT
    return Frame(MARGIN, FOOT, BODY, height, 0, 0, 0, 0)


def _place(canvas: Canvas, block: Sequence[Flowable], left: float, top: float, width: float) -> None:
    y = HEIGHT - top
    for flowable in block:
        y -= flowable.wrap(width, HEIGHT)[1]
        flowable.drawOn(canvas, left, y)


def _numbered(draw_foot: Any, archival: bool) -> type[Canvas]:
    class Numbered(Canvas):
        """Keeps the pages until their number is known."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self._pages: list[dict[str, Any]] = []

        def showPage(self) -> None:
            self._pages.append(dict(self.__dict__))
            self._startPage()  # type: ignore[attr-defined]

        def save(self) -> None:
            for number, page in enumerate(self._pages, 1):
                self.__dict__.update(page)
                draw_foot(self, number, len(self._pages))
                super().showPage()
            if archival:
                say_colours(self)
            super().save()

    return Numbered
