"""The files in which a story leaves the studio, and the paper it is printed on."""

from enum import StrEnum


class ExportFormat(StrEnum):
    """A file format; its value is the suffix of its files."""

    FOUNTAIN = "fountain"
    FDX = "fdx"
    PDF = "pdf"
    HTML = "html"
    CSV = "csv"


SCREENPLAY_FORMATS = (ExportFormat.FOUNTAIN, ExportFormat.FDX, ExportFormat.PDF, ExportFormat.HTML)
SHOT_FORMATS = (ExportFormat.CSV, ExportFormat.HTML)


class Paper(StrEnum):
    """What a screenplay is printed on."""

    LETTER = "letter"
    A4 = "a4"
