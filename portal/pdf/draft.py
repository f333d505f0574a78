"""What a document will say, as plain values: kept in a row, it is printed later into the same bytes.

The texts are ready and in the reader's language, so that nothing is looked up when it is printed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from portal.pdf.document import Column, Document, Mark, Party


@dataclass(frozen=True, slots=True)
class Draft:
    """The head of a document and its blocks, from top to bottom, under the names that ``Document`` has."""

    title: str
    issuer: Party
    recipient: Party
    meta: Sequence[tuple[str, str]]
    legal: Sequence[str]
    language: str
    page_label: str
    watermark: str = ""
    mark: Mark | None = None
    blocks: list[list[Any]] = field(default_factory=list)

    def heading(self, text: str) -> None:
        self.blocks.append(["heading", text])

    def text(self, text: str) -> None:
        self.blocks.append(["text", text])

    def line_table(self, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
        heads = [[column.label, column.width_mm] for column in columns]
        self.blocks.append(["line_table", heads, [list(row) for row in rows]])

    def totals(self, rows: Sequence[tuple[str, str]]) -> None:
        self.blocks.append(["totals", [list(row) for row in rows]])

    def fields(self, rows: Sequence[tuple[str, str]], *, label_mm: float = 45) -> None:
        self.blocks.append(["fields", [list(row) for row in rows], label_mm])

    def transfer(
        self, rows: Sequence[tuple[str, str]], square: tuple[str, str, int, str], *, caption: str
    ) -> None:
        self.blocks.append(["transfer", [list(row) for row in rows], list(square), caption])

    def as_values(self) -> dict[str, Any]:
        """For JSON; :meth:`of` reads it."""
        return {
            "title": self.title,
            "issuer": [self.issuer.name, *self.issuer.lines],
            "recipient": [self.recipient.name, *self.recipient.lines],
            "meta": [list(pair) for pair in self.meta],
            "legal": list(self.legal),
            "language": self.language,
            "page_label": self.page_label,
            "watermark": self.watermark,
            "mark": self.mark.as_values() if self.mark else None,
            "blocks": self.blocks,
        }

    @classmethod
    def of(cls, values: dict[str, Any]) -> Self:
        parties = {name: Party(values[name][0], tuple(values[name][1:])) for name in ("issuer", "recipient")}
        mark = Mark.of(values["mark"]) if values.get("mark") else None
        return cls(**{**values, **parties, "mark": mark})

    def build(self, picture: bytes = b"", *, archival: bool = False) -> bytes:
        """The PDF, with the logo of its mark. The same values give the same bytes.

        archival: as PDF/A wants its pages.
        """
        document = Document(
            self.title,
            issuer=self.issuer,
            recipient=self.recipient,
            meta=[(name, value) for name, value in self.meta],
            legal=self.legal,
            language=self.language,
            page_label=self.page_label,
            watermark=self.watermark,
            mark=replace(self.mark, picture=picture) if self.mark else None,
        )
        for name, *values in self.blocks:
            match name:
                case "heading":
                    document.heading(*values)
                case "text":
                    document.text(*values)
                case "line_table":
                    document.line_table([Column(*head) for head in values[0]], values[1])
                case "totals":
                    document.totals(values[0])
                case "fields":
                    document.fields(values[0], label_mm=values[1])
                case "transfer":
                    document.transfer(values[0], tuple(values[1]), caption=values[2])
        return document.build(archival=archival)
