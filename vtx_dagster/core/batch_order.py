"""In which order the clips of a batch are rendered: as few model loads as possible, and each after the clip it continues."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchItem:
    """A clip of a batch.

    Attributes:
        key: Its name.
        affinity: Clips of equal affinity share loaded models: engine, pipeline and LoRAs.
        after: The clip that must be done before; one that is not in the batch does not count.
    """

    key: str
    affinity: Hashable
    after: str = ""


def batch_order(items: Sequence[BatchItem]) -> list[str]:
    """Return the keys in the order of rendering.

    Clips of the affinity in hand come first, in the order given; else the first clip in that order whose predecessor is done
    decides which affinity comes next. So a batch without chains loads each kind of model once.

    Args:
        items: The clips, in story order. A clip whose predecessor comes back to itself is taken in the order given.
    """
    waiting = {item.key: item for item in items}
    order: list[str] = []
    in_hand: Hashable = None
    while waiting:
        ready = [item for item in waiting.values() if item.after not in waiting] or list(waiting.values())[:1]
        chosen = next((item for item in ready if item.affinity == in_hand), ready[0])
        in_hand = chosen.affinity
        order.append(chosen.key)
        del waiting[chosen.key]
    return order
