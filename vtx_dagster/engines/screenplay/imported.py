"""What every reader of a format hands back."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedScreenplay:
    """A screenplay as Fountain text.

    Attributes:
        text: The Fountain; empty if the file holds no screenplay.
        remarks: What was unsure, left out or repaired, with page or line.
    """

    text: str
    remarks: tuple[str, ...] = ()
