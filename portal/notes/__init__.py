"""What colleagues leave for each other beside a record: never shown to the customer."""

from portal.notes.models import Note
from portal.notes.subjects import takes_notes

__all__ = ["Note", "takes_notes"]
