"""Layers: finished sheets at a depth, and how a camera looks at them. Painting them and stacking them belong elsewhere."""

import math
from dataclasses import dataclass, field
from typing import Final

from PIL import Image

from vtx_dagster.engines.animatic.brush import SUPERSAMPLING, Sheet, Window
from vtx_dagster.engines.animatic.camera import Views
from vtx_dagster.engines.animatic.palette import Colour

_PHASES: Final = 4
_SAME_SIZE: Final = 0.02
"""Pixels by which source and target may differ and still count as the same size."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A painted window of the stage.

    The image is RGB where it covers everything, RGBa (premultiplied) where not, or L: how much of the one colour ``paint`` is
    where.
    """

    window: Window
    image: Image.Image
    paint: Colour | None = None
    phases: dict[tuple[int, int], Image.Image] = field(default_factory=dict, compare=False, repr=False)
    latest: dict[tuple[int, ...], Image.Image] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, sheet: Sheet) -> "Layer":
        """Return what was painted on a sheet as a layer, without its empty borders."""
        colours, mask = sheet.finished()
        if mask is None:
            return cls(sheet.window, colours)
        used = mask.getbbox() or (0, 0, 1, 1)
        colours.putalpha(mask)
        across, down = sheet.window.width / colours.width, sheet.window.height / colours.height
        window = Window(
            sheet.window.left + used[0] * across,
            sheet.window.top + used[1] * down,
            sheet.window.left + used[2] * across,
            sheet.window.top + used[3] * down,
        )
        return cls(window, colours.crop(used).convert("RGBa"))

    def shifted_crop(self, left: float, top: float, size: tuple[int, int]) -> Image.Image:
        """Return a part of the image without scaling it, to a quarter of a pixel.

        While the camera only turns or travels, a layer is copied rather than resampled: ten times as fast.
        """
        width, height = self.image.size
        x = min(max(0, round(left * _PHASES)), (width - size[0]) * _PHASES)
        y = min(max(0, round(top * _PHASES)), (height - size[1]) * _PHASES)
        phase = (x % _PHASES, y % _PHASES)
        if phase not in self.phases:
            across, down = phase[0] / _PHASES, phase[1] / _PHASES
            inner = (width - bool(phase[0]), height - bool(phase[1]))
            self.phases[phase] = self.image.resize(
                inner, Image.Resampling.BILINEAR, box=(across, down, inner[0] + across, inner[1] + down)
            ) if any(phase) else self.image  # fmt: skip
        x, y = x // _PHASES, y // _PHASES
        return self.phases[phase].crop((x, y, x + size[0], y + size[1]))

    def resampled(self, target: "Aim") -> Image.Image:
        """Return a part of the image scaled, its edges to a quarter of a pixel.

        In a slow push the distance moves less than that from one frame to the next, and the last answer is given again.
        """
        left, top, right, bottom = (round(side * _PHASES) for side in target.source)
        key = (left, top, right, bottom, *target.size)
        if key not in self.latest:
            source = (left / _PHASES, top / _PHASES, right / _PHASES, bottom / _PHASES)
            self.latest.clear()
            self.latest[key] = self.image.resize(target.size, Image.Resampling.BILINEAR, box=source)
        return self.latest[key]

    def patched(self, sheet: Sheet, area: tuple[int, int, int, int]) -> "Layer":
        """Return this layer with an area (supersampled pixels) painted anew; what it covers must not have changed."""
        colours = sheet.image.crop(area).reduce(SUPERSAMPLING)
        if sheet.mask is not None:
            colours.putalpha(sheet.mask.crop(area).reduce(SUPERSAMPLING))
        across = self.image.width / self.window.width
        left = area[0] // SUPERSAMPLING - round((self.window.left - sheet.window.left) * across)
        top = area[1] // SUPERSAMPLING - round((self.window.top - sheet.window.top) * across)
        image = self.image.copy()
        image.paste(colours.convert(image.mode), (left, top))
        return Layer(self.window, image)


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


def lay(picture: Image.Image, layer: Layer, seen: Window) -> None:
    """Paint a layer into a picture that shows the window ``seen`` of the layer's plane."""
    target = aim(layer, seen, picture.size)
    if target is None:
        return
    width, height = target.size
    left, top, right, bottom = target.source
    if abs(right - left - width) < _SAME_SIZE and abs(bottom - top - height) < _SAME_SIZE:
        image = layer.shifted_crop(left, top, target.size)
    else:
        image = layer.resampled(target)
    box = (target.left, target.top, target.left + width, target.top + height)
    picture.paste(layer.paint or image, box, None if image.mode == "RGB" else image)


def views_window(views: Views, margin: float = 0.02) -> Window:
    """Return the window that a layer must cover to be seen whole in every frame."""
    union = views.union()
    return Window(union.left - margin, union.top - margin, union.right + margin, union.bottom + margin)
