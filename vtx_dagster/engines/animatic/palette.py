"""Colour: what light a scene stands in, and what that light makes of the colours of things."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from vtx_dagster.core.bible import Palette
from vtx_dagster.core.shot import TimeOfDay
from vtx_dagster.engines.animatic.chance import generator

Colour = tuple[int, int, int]
"""sRGB, 0 to 255."""

PAPER: Final[Colour] = (238, 231, 217)
INK: Final[Colour] = (38, 34, 33)


def colour(text: str) -> Colour:
    """Return ``#rrggbb`` as numbers."""
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """Return ``first`` with ``share`` (0 to 1) of it replaced by ``second``."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def scaled(base: Colour, gain: tuple[float, float, float]) -> Colour:
    """Return a colour with each channel multiplied and cut off at white."""
    red, green, blue = (min(255, round(a * b)) for a, b in zip(base, gain, strict=True))
    return red, green, blue


def luminance(base: Colour) -> float:
    """Return the perceived lightness, 0 to 1 (BT.709 weights on sRGB values)."""
    return (0.2126 * base[0] + 0.7152 * base[1] + 0.0722 * base[2]) / 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """The light of one scene.

    Attributes:
        sky: Top of the sky.
        horizon: Sky at the horizon.
        light: What lit surfaces tend to.
        mid: What everything tends to a little, so that a picture holds together.
        shadow: What shaded surfaces tend to.
        accent: The one strong colour: lamps, doors, signs.
        ink: Lines.
        gain: What the light does to local colour, per channel.
        lamps: Whether lamps are on.
        side: Where light comes from: -1 left, 1 right.
        sun_height: Of sun or moon over the horizon, 0 to 1.
    """

    sky: Colour
    horizon: Colour
    light: Colour
    mid: Colour
    shadow: Colour
    accent: Colour
    ink: Colour
    gain: tuple[float, float, float]
    lamps: bool
    side: int
    sun_height: float

    def on(self, local: Colour, unity: float = 0.22) -> Colour:
        """Return a local colour as this light shows it; ``unity`` is the share of the scene's middle colour in it."""
        return mix(scaled(local, self.gain), self.mid, unity)

    def shaded(self, lit: Colour, depth: float = 0.5) -> Colour:
        """Return a lit colour in shade."""
        return mix(lit, self.shadow, depth)


_LIGHTS: Final[Mapping[TimeOfDay, tuple[str, str, str, str, str, str, tuple[float, float, float], bool, int, float]]] = {
    # sky, horizon, light, mid, shadow, accent, gain, lamps, side, sun height
    TimeOfDay.DAWN: ("#93a3bd", "#f2c3a2", "#f9dcc0", "#a78f93", "#4b4760", "#df7f5f", (0.95, 0.84, 0.86), False, -1, 0.10),
    TimeOfDay.MORNING: ("#9fc3d4", "#efe6cf", "#fbf1d6", "#a9b3a2", "#52606d", "#d2904a", (1.0, 0.98, 0.92), False, -1, 0.45),
    TimeOfDay.DAY: ("#86b4d1", "#dfe9e4", "#fbf6e6", "#aab4a4", "#55616e", "#c4553f", (1.02, 1.0, 0.97), False, 1, 0.85),
    TimeOfDay.AFTERNOON: ("#a9bdb8", "#f3dda6", "#fae6b4", "#b59d78", "#5c4f49", "#c26733", (1.04, 0.95, 0.80), False, 1, 0.40),
    TimeOfDay.DUSK: ("#57547f", "#ee9d74", "#f4b78c", "#80607a", "#322b49", "#f28a4a", (0.84, 0.66, 0.72), True, 1, 0.06),
    TimeOfDay.EVENING: ("#2f4267", "#c08a72", "#dcb48a", "#565a74", "#22293f", "#eba552", (0.66, 0.62, 0.70), True, 1, 0.0),
    TimeOfDay.NIGHT: ("#111b33", "#34496b", "#93a9c4", "#31415c", "#0f1728", "#efbd68", (0.53, 0.59, 0.73), True, -1, 0.62),
}


def light_for(time: TimeOfDay, palette: Palette, *, interior: bool) -> Light:
    """Return the light of a scene: by its time of day, with the palette's colours wherever it has them.

    Lamps warm an interior after sunset: its local colours keep more of themselves than those under the open sky.
    """
    sky, horizon, light, mid, shadow, accent, gain, lamps, side, sun_height = _LIGHTS[time]
    top = colour(palette.sky or sky)
    bright = colour(palette.light or light)
    dark = colour(palette.shadow or shadow)
    middle = colour(palette.mid or mid)
    glow = colour(palette.accent or accent)
    if interior and lamps:
        gain = (gain[0] * 0.35 + 0.62, gain[1] * 0.40 + 0.48, gain[2] * 0.45 + 0.34)
        middle = middle if palette.mid else mix(middle, glow, 0.30)
    return Light(
        sky=top,
        horizon=mix(top, bright, 0.6) if palette.sky else colour(horizon),
        light=bright,
        mid=middle,
        shadow=dark,
        accent=glow,
        ink=mix(dark, (14, 12, 14), 0.72),
        gain=gain,
        lamps=lamps,
        side=side,
        sun_height=sun_height,
    )


def through_window(light: Light, place: int) -> Light:
    """Return a light as it falls into a room: from where the window is.

    Args:
        light: The light of the scene.
        place: Seed of the place. In half of the places the window is on the left, and it stays there from day to night.
    """
    return replace(light, side=-1 if generator(place, "window").random() < 0.5 else 1)
