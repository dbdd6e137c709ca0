"""Layers: finished sheets at a depth, and how a camera looks at them. Painting them and stacking them belong elsewhere."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import av
import numpy as np
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray
from PIL import Image

from vtx_dagster.engines.animatic.brush import SUPERSAMPLING, Sheet, Window
from vtx_dagster.engines.animatic.camera import Views

_PHASES: Final = 4
SURPLUS_PX: Final = 8
"""Pixels of a layer's image beyond what is ever seen (opaque layers), or beyond what is painted (the others)."""
RESAMPLED_DETAIL: Final = 1.1
"""Resolution of layers that will be resampled: one and a fraction, so that steps of whole source pixels fall everywhere between
the pixels of the target. From a tenth on, layers lie as close to their place (a twentieth of a pixel) as with any more."""
_SAME_SIZE: Final = 0.02
"""Pixels by which source and target may differ and still count as the same size."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A painted window of the stage.

    The image is RGB where it covers everything, RGBa (premultiplied) where not.
    """

    window: Window
    image: Image.Image
    phases: dict[tuple[int, int], Image.Image] = field(default_factory=dict, compare=False, repr=False)
    latest: dict[tuple[int, ...], Image.Image] = field(default_factory=dict, compare=False, repr=False)
    channels: list[NDArray[np.uint8]] = field(default_factory=list, compare=False, repr=False)

    @classmethod
    def of(cls, sheet: Sheet) -> "Layer":
        """Return what was painted on a sheet as a layer, without its empty borders."""
        colours, mask = sheet.finished()
        if mask is None:
            return cls(sheet.window, colours)
        left, top, right, bottom = mask.getbbox() or (0, 0, 1, 1)
        used = (
            max(0, left - SURPLUS_PX),
            max(0, top - SURPLUS_PX),
            min(mask.width, right + SURPLUS_PX),
            min(mask.height, bottom + SURPLUS_PX),
        )
        colours.putalpha(mask)
        across, down = sheet.window.width / colours.width, sheet.window.height / colours.height
        window = Window(
            sheet.window.left + used[0] * across,
            sheet.window.top + used[1] * down,
            sheet.window.left + used[2] * across,
            sheet.window.top + used[3] * down,
        )
        return cls(window, colours.crop(used).convert("RGBa"))

    def moved(self, left: float, top: float, size: tuple[int, int], *, trembles: bool) -> tuple[Image.Image, int, int]:
        """Return the image, moved by less than a pixel, and where in it a part begins, without scaling it.

        While the camera only turns or travels, a layer is copied rather than resampled: ten times as fast.
        """
        width, height = self.image.size
        x = min(max(0, _quarters(left, trembles=trembles)), (width - size[0]) * _PHASES)
        y = min(max(0, _quarters(top, trembles=trembles)), (height - size[1]) * _PHASES)
        return self._phase(x % _PHASES, y % _PHASES), x // _PHASES, y // _PHASES

    def _phase(self, across: int, down: int) -> Image.Image:
        """Return the image without its first ``across`` and ``down`` quarters of a pixel."""
        if not across and not down:
            return self.image
        if (across, down) not in self.phases:
            # What is moved both ways is made of what was moved one way, for half the work.
            image = self._phase(across, 0) if down else self.image
            left, top = (0.0, down / _PHASES) if down else (across / _PHASES, 0.0)
            size = (image.width - (not down), image.height - bool(down))
            box = (left, top, size[0] + left, size[1] + top)
            self.phases[across, down] = image.resize(size, Image.Resampling.BILINEAR, box=box)
        return self.phases[across, down]

    def resampled(self, target: "Aim") -> Image.Image:
        """Return a part of the image scaled.

        swscale does it, channel by channel, in a third of Pillow's time. It scales whole source pixels to whole target pixels;
        so the part is widened, at each side by the few pixels that end closest to a whole target pixel, and cut to size
        afterwards. In a slow push the same pixels are asked for several times in a row, and the last answer is given again.
        """
        left, top, right, bottom = target.source
        width, height = self.image.size
        across = _whole(left, right, target.size[0], width)
        down = _whole(top, bottom, target.size[1], height)
        key = (*across, *down, *target.size)
        if key not in self.latest:
            if not self.channels:
                self.channels.extend(np.asarray(channel) for channel in self.image.split())
            source = np.s_[down[0] : down[1], across[0] : across[1]]
            scaled = _scaled([channel[source] for channel in self.channels], across[3], down[3])
            corner = (-across[2], -down[2])
            box = (*corner, corner[0] + target.size[0], corner[1] + target.size[1])
            self.latest.clear()
            self.latest[key] = Image.merge(self.image.mode, scaled).crop(box)
        return self.latest[key]

    def patched(self, sheet: Sheet, area: tuple[int, int, int, int]) -> "Layer":
        """Return this layer with an area (supersampled pixels) painted anew; what it covers must not have changed."""
        colours = sheet.image.crop(area).reduce(SUPERSAMPLING)
        if sheet.mask is not None:  # pragma: no branch - only figures are patched, and their sheets have masks
            colours.putalpha(sheet.mask.crop(area).reduce(SUPERSAMPLING))
        across = self.image.width / self.window.width
        left = area[0] // SUPERSAMPLING - round((self.window.left - sheet.window.left) * across)
        top = area[1] // SUPERSAMPLING - round((self.window.top - sheet.window.top) * across)
        image = self.image.copy()
        image.paste(colours.convert(image.mode), (left, top))
        return Layer(self.window, image)


def _quarters(place: float, *, trembles: bool) -> int:
    """Return a place in quarters of a pixel: the nearest one, or the nearest odd one of a camera that trembles.

    A layer that lies a quarter beside a whole pixel is as sharp as one that lies three quarters beside it, but not as one that
    lies on it or halfway. A camera that trembles comes upon all of these in turn, and x264 would have to code the change: a sixth
    of the file.
    """
    return 2 * math.floor(2 * place) + 1 if trembles else round(place * _PHASES)


def _whole(low: float, high: float, size: int, limit: int) -> tuple[int, int, int, int]:
    """Return which whole source pixels, first and end, go to which whole target pixels, first and count.

    Args:
        low: Where the part of the source begins that fills the target, in pixels.
        high: Where it ends; above ``low``.
        size: Of the target, in pixels, at least one.
        limit: Of the source, in pixels; from ``high`` on.

    Returns:
        ``0 <= first < end <= limit`` and a count of at least one. For 12 to 112.3 of 140 and a target of 130, the pixels from 12
        to 120 go to 140 from 0 on, of which the last ten are then cut off.
    """
    ratio = size / (high - low)

    def error(pixel: int) -> float:
        place = (pixel - low) * ratio
        return abs(place - round(place))

    def from_to(firsts: range, lasts: range) -> tuple[int, int, int, int]:
        first, last = min(firsts, key=error), min(lasts, key=error)
        start = round((first - low) * ratio)
        return first, last, start, round((last - low) * ratio) - start

    before = range(max(0, math.floor(low) - SURPLUS_PX), math.floor(low) + 1)
    after = range(math.ceil(high), min(limit, math.ceil(high) + SURPLUS_PX) + 1)
    # Near an end of the source there are fewer pixels to choose from; instead, some of the surplus may be left out there.
    chosen = from_to(
        range(before.start, max(before.stop, SURPLUS_PX + 1)), range(min(after.start, limit - SURPLUS_PX), after.stop)
    )
    first, end, _, count = chosen
    # Where no more of a layer is in sight than a sliver of its surplus, nothing would be left.
    return chosen if first < end and count > 0 else from_to(before, after)


def _scaled(channels: Sequence[NDArray[np.uint8]], width: int, height: int) -> list[Image.Image]:
    # One for all channels: what it works out from the sizes takes a third of the time.
    reformatter = VideoReformatter()
    scaled: list[Image.Image] = []
    for channel in channels:
        source = av.VideoFrame.from_numpy_buffer(channel, format="gray")
        # On one thread: for pictures as small as these, more of them cost more than they save.
        # No slower than FAST_BILINEAR, whose lines have steps that x264 has to code anew in each frame.
        plane = reformatter.reformat(source, width, height, interpolation="BILINEAR", threads=1).planes[0]
        lines = np.frombuffer(memoryview(plane), dtype=np.uint8)
        scaled.append(Image.frombuffer("L", (width, height), lines, "raw", "L", plane.line_size, 1))
    return scaled


@dataclass(frozen=True, slots=True)
class Aim:
    """Which part of a layer's image lands on which pixels of the picture."""

    source: tuple[float, float, float, float]
    left: int
    top: int
    size: tuple[int, int]


def aim(layer: Layer, seen: Window, picture: tuple[int, int]) -> Aim | None:
    """Return where a layer lies in a picture that shows the window ``seen`` of its plane; None if it is out of sight.

    The target is whole pixels, the source is exact, so that slow moves do not jerk.
    """
    shared = layer.window.overlap(seen)
    if shared is None:
        return None
    per_unit = picture[1] / seen.height
    left = max(0, math.ceil((shared.left - seen.left) * per_unit - 1e-6))
    top = max(0, math.ceil((shared.top - seen.top) * per_unit - 1e-6))
    right = min(picture[0], math.floor((shared.right - seen.left) * per_unit + 1e-6))
    bottom = min(picture[1], math.floor((shared.bottom - seen.top) * per_unit + 1e-6))
    if right <= left or bottom <= top:
        return None
    across, down = layer.image.width / layer.window.width, layer.image.height / layer.window.height
    source = (
        max(0.0, (seen.left + left / per_unit - layer.window.left) * across),
        max(0.0, (seen.top + top / per_unit - layer.window.top) * down),
        min(float(layer.image.width), (seen.left + right / per_unit - layer.window.left) * across),
        min(float(layer.image.height), (seen.top + bottom / per_unit - layer.window.top) * down),
    )
    return Aim(source, left, top, (right - left, bottom - top))


def lay(picture: Image.Image, layer: Layer, seen: Window, *, trembles: bool = False) -> None:
    """Paint a layer into a picture that shows the window ``seen`` of the layer's plane.

    Args:
        picture: RGB.
        layer: What to paint.
        seen: Of its plane, in stage units.
        trembles: Whether the camera does, all the time.
    """
    target = aim(layer, seen, picture.size)
    if target is None:
        return
    width, height = target.size
    left, top, right, bottom = target.source
    if abs(right - left - width) < _SAME_SIZE and abs(bottom - top - height) < _SAME_SIZE:
        image, x, y = layer.moved(left, top, target.size, trembles=trembles)
        # Where the part ends with the picture, Pillow cuts the rest off, which saves a copy.
        is_cut_across = (x == 0 or target.left == 0) and target.left + width == min(picture.width, target.left - x + image.width)
        is_cut_down = (y == 0 or target.top == 0) and target.top + height == min(picture.height, target.top - y + image.height)
        if is_cut_across and is_cut_down:
            corner = (target.left - x, target.top - y)
        else:
            image, corner = image.crop((x, y, x + width, y + height)), (target.left, target.top)
    else:
        image, corner = layer.resampled(target), (target.left, target.top)
    picture.paste(image, corner, None if image.mode == "RGB" else image)


def views_window(views: Views, margin: float = 0.02) -> Window:
    """Return the window that a layer must cover to be seen whole in every frame."""
    union = views.union()
    return Window(union.left - margin, union.top - margin, union.right + margin, union.bottom + margin)
