"""In which order the clips of a batch are rendered: as few model loads as possible, and each after the clip it continues."""

import heapq
from collections import defaultdict
from collections.abc import Collection, Hashable, Sequence
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


class BatchQueue:
    """The clips of a batch that nobody has taken yet. Taking one looks at each affinity that is left, not at each clip.

    Args:
        items: The clips, in story order, each once.
    """

    def __init__(self, items: Sequence[BatchItem]) -> None:
        self._items = items
        self._waiting = dict.fromkeys(range(len(items)))
        self._ready: defaultdict[Hashable, list[int]] = defaultdict(list)
        self._followers: defaultdict[str, list[int]] = defaultdict(list)
        self._in_hand: set[str] = set()
        keys = {item.key for item in items}
        for index, item in enumerate(items):
            if item.after in keys:
                self._followers[item.after].append(index)
            else:
                heapq.heappush(self._ready[item.affinity], index)

    def take(self, affinity: Hashable = None, *, elsewhere: Collection[Hashable] = ()) -> BatchItem | None:
        """Return the clip to render next, or None while all that are left wait for clips in hand.

        Clips whose predecessors wait for each other would be left for ever; they are taken in the order given.

        Args:
            affinity: Of the clip that was rendered before, in the same place: its models are loaded there.
            elsewhere: What is loaded in other places: better left to these, as long as there is something else.
        """
        index = self._first_ready(affinity, elsewhere)
        if index is None:
            if self._in_hand or not self._waiting:
                return None
            index = next(iter(self._waiting))
        del self._waiting[index]
        item = self._items[index]
        self._in_hand.add(item.key)
        return item

    def done(self, key: str) -> None:
        """Take note that a clip is rendered or failed: those that go on from it may be taken."""
        self._in_hand.remove(key)
        for index in self._followers.pop(key, ()):
            if index in self._waiting:
                heapq.heappush(self._ready[self._items[index].affinity], index)

    def _first_ready(self, affinity: Hashable, elsewhere: Collection[Hashable]) -> int | None:
        if not self._ready:
            return None
        chosen = (
            affinity if affinity in self._ready else min(self._ready, key=lambda one: (one in elsewhere, self._ready[one][0]))
        )
        index = heapq.heappop(self._ready[chosen])
        if not self._ready[chosen]:
            del self._ready[chosen]
        return index


def batch_order(items: Sequence[BatchItem]) -> list[str]:
    """Return the keys in the order of rendering, one after another.

    Clips of the affinity in hand come first, in the order given; else the first clip in that order whose predecessor is done
    decides which affinity comes next. So a batch without chains loads each kind of model once.

    Args:
        items: The clips, in story order. A clip whose predecessor comes back to itself is taken in the order given.
    """
    queue = BatchQueue(items)
    order: list[str] = []
    affinity: Hashable = None
    while (item := queue.take(affinity)) is not None:
        affinity = item.affinity
        queue.done(item.key)
        order.append(item.key)
    return order
