"""As in ltx_core 1.2.0."""

from enum import Enum


class AllocatorTrimStrategy(Enum):
    TRIM = "trim"
    DEFER = "defer"
