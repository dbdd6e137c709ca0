from enum import Enum


class AllocatorTrimStrategy(Enum):
    TRIM = "trim"
    DEFER = "defer"
