"""The page around the picture: slate, captions, card, and the paper they are on. The notes below it belong elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from vtx_dagster.core.plan import Drawing, RenderPlan
from vtx_dagster.core.shot import Camera, DialogueLine
from vtx_dagster.engines.animatic.chance import generator
from vtx_dagster.engines.animatic.lettering import (
    Lettering,
    ellipsized,
    fitted,
    plain,
    wrapped,
)
from vtx_dagster.engines.animatic.palette import INK, PAPER, Colour, colour, luminance, mix
from vtx_dagster.engines.animatic.typefaces import Face

_RED: Colour = (168, 58, 44)
FADED: Colour = (112, 102, 92)
_TIMECODE_LENGTH: Final = len("00:00:00:00")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where things are on the page, in pixels; boxes are (left, top, right, bottom)."""

    size: tuple[int, int]
    picture: tuple[int, int, int, int]
    note: tuple[int, int, int, int]
    margin: int
    small: int
    caption: int

    @property
    def picture_size(self) -> tuple[int, int]:
        """Width and height of the picture."""
        left, top, right, bottom = self.picture
        return right - left, bottom - top


def layout(width: int, height: int) -> Layout:
    """Return the page for a frame: a slate line above the picture and two lines of notes below it, in readable type."""
    small = max(7, round(min(height * 0.0315, width * 0.02)))
    margin = max(2, round(min(width, height) * 0.018))
    above, below = round(small * 1.75), round(small * 3.1)
    if height < 4 * (above + below) // 2:
        above, below = height // 8, height // 6
    picture = (margin, above, max(margin + 2, width - margin), max(above + 2, height - below))
    return Layout(
        size=(width, height),
        picture=picture,
        note=(margin, picture[3], width - margin, height),
        margin=margin,
        small=small,
        caption=max(8, round(min(height * 0.050, width * 0.032))),
    )


def timecode(frame_index: int, fps: int) -> str:
    """Return ``HH:MM:SS:FF``, counted from zero."""
    seconds, frame = divmod(frame_index, fps)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02d}:{minute:02d}:{second:02d}:{frame:02d}"


@lru_cache(maxsize=4)
def paper(width: int, height: int) -> Image.Image:
    """Return a sheet of paper, RGB: a little uneven, the same every time."""
    chance = generator("paper")
    coarse = Image.fromarray(chance.integers(0, 256, (9, 16), dtype=np.uint8)).resize((width, height), Image.Resampling.BICUBIC)
    fine = chance.integers(-4, 5, (height, width, 1), dtype=np.int16)
    tone = np.asarray(PAPER, dtype=np.int16) + (np.asarray(coarse, dtype=np.int16)[:, :, None] - 128) // 26 + fine
    return Image.fromarray(np.clip(tone, 0, 255).astype(np.uint8))


@lru_cache(maxsize=4)
def grain(width: int, height: int) -> Image.Image:
    """Return what the paper does to the picture on it, as RGBa to lay over it: tooth, blotches of wash and darker corners.

    A thin dark wash does what a multiplication would, in a quarter of the time.
    """
    chance = generator("grain")
    tooth = chance.normal(0, 1, (height, width))
    tooth = (tooth + np.roll(tooth, 1, 0) + np.roll(tooth, 1, 1)) * 1.3
    blots = Image.fromarray(chance.integers(0, 256, (7, 12), dtype=np.uint8)).resize((width, height), Image.Resampling.BICUBIC)
    x = np.linspace(-1, 1, width)[None, :]
    y = np.linspace(-1, 1, height)[:, None]
    corners = 46 * np.clip((x * x * 0.85 + y * y * 0.75) - 0.42, 0, None) ** 1.3
    tone = 250 + tooth + (np.asarray(blots, dtype=float) - 128) / 16 - corners
    dark = np.clip(255 - tone + 3, 0, 255)
    # Premultiplied, so what is lighter than black is simply added: a little red, less green, no blue.
    warm = np.stack([np.minimum(dark, 2), np.minimum(dark, 1), np.zeros_like(dark), dark], axis=2).astype(np.uint8)
    return Image.frombytes("RGBa", (width, height), warm.tobytes())


@dataclass(frozen=True, slots=True)
class Overlay:
    """Something that lies over the page: an image, RGBa or RGB, and where its left upper corner is."""

    image: Image.Image
    left: int
    top: int

    def on(self, target: Image.Image) -> None:
        """Paint it."""
        target.paste(self.image, (self.left, self.top), None if self.image.mode == "RGB" else self.image)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caption:
    """One page of a speech, and who is seen to speak it.

    Attributes:
        first: First frame in which it shows.
        last: Last frame, included.
        speaker: Name, as in the figures.
        on_screen: Whether the speaker's mouth is to move.
    """

    first: int
    last: int
    speaker: str
    on_screen: bool
    overlay: Overlay


class Slate:
    """The line above the picture, with its running timecode and frame counter."""

    def __init__(self, plan: RenderPlan, page: Layout, lettering: Lettering) -> None:
        self._fps, self._total, self._page = plan.fps, plan.render_frames, page
        face = lettering.face(page.small, bold=True)
        glyphs = "0123456789:/ "
        self._advance = max(1, max(round(face.getlength(glyph)) for glyph in glyphs))
        self._narrow = max(1, round(self._advance * 0.55))
        self._height = page.picture[1]
        ground = paper(*page.size)
        self._cells: Mapping[str, NDArray[np.uint8]] = {glyph: self._cell(glyph, face) for glyph in glyphs}
        width = self._width(self._counter(0))
        self._left = page.size[0] - page.margin - width
        self._ground = ground.crop((max(0, self._left), 0, page.size[0], self._height))

    def _cell(self, glyph: str, face: Face) -> NDArray[np.uint8]:
        width = self._narrow if glyph in ":/ " else self._advance
        cell = Image.new("L", (width, self._height), 0)
        face.write(ImageDraw.Draw(cell), (width / 2, self._height / 2), glyph, fill=255, anchor="mm")
        return np.asarray(cell)

    def _counter(self, frame_index: int) -> str:
        digits = len(str(self._total))
        return f"{timecode(frame_index, self._fps)}  {frame_index + 1:0{digits}d}/{self._total}"

    def _width(self, text: str) -> int:
        return sum(self._cells[glyph].shape[1] for glyph in text)

    @property
    def left(self) -> int:
        """Where the running part begins, in pixels."""
        return self._left

    def tick(self, target: Image.Image, frame_index: int) -> None:
        """Write timecode and frame number of one frame."""
        target.paste(self._ground, (max(0, self._left), 0))
        counter = self._counter(frame_index)
        at = self._left
        for text, ink in ((counter[:_TIMECODE_LENGTH], INK), (counter[_TIMECODE_LENGTH:], FADED)):
            line = Image.fromarray(np.concatenate([self._cells[glyph] for glyph in text], axis=1))
            target.paste(ink, (at, 0), line)
            at += line.width


def shot_words(camera: Camera) -> str:
    """Return a camera in words: ``MS · dolly in · 35 mm · low``."""
    words = [camera.size.value, camera.move.value.replace("_", " "), f"{camera.lens_mm} mm", camera.angle.value.replace("_", " ")]
    return "  ·  ".join(words)


def blank_page(plan: RenderPlan, drawing: Drawing, page: Layout, lettering: Lettering, *, slate_left: int) -> Image.Image:
    """Return the page without its picture and notes: with the slate's texts."""
    sheet = paper(*page.size).copy()
    draw = ImageDraw.Draw(sheet)
    middle = page.picture[1] / 2
    bold, regular = lettering.face(page.small, bold=True), lettering.face(page.small)
    gap = page.small * 1.2
    room = slate_left - gap - page.margin
    clip = fitted(plain(plan.clip), bold, room)
    bold.write(draw, (page.margin, middle), clip, fill=_RED, anchor="lm")
    at = page.margin + bold.getlength(clip) + gap
    shot = fitted(shot_words(drawing.camera), regular, max(0, slate_left - gap - at))
    shot_left = slate_left - gap - regular.getlength(shot)
    title = fitted(plain(drawing.title or drawing.project), bold, max(0, shot_left - gap - at))
    bold.write(draw, (at, middle), title, fill=INK, anchor="lm")
    regular.write(draw, (shot_left, middle), shot, fill=FADED, anchor="lm")
    return sheet


def border(page: Layout) -> tuple[Overlay, ...]:
    """Return the panel's hand-ruled edge, as four overlays on the page."""
    width, height = page.picture_size
    thick = max(3, page.margin)
    chance = generator("border")
    sheet = Image.new("L", (width * 2, height * 2), 0)
    draw = ImageDraw.Draw(sheet)
    weight = max(2, round(page.small * 0.28))
    for first, last in (((0, 0), (1, 0)), ((1, 0), (1, 1)), ((1, 1), (0, 1)), ((0, 1), (0, 0))):
        share = np.linspace(0, 1, 24)
        wander = np.interp(share, np.linspace(0, 1, 7), chance.uniform(0, thick * 0.55, 7))
        x = (first[0] + (last[0] - first[0]) * share) * width * 2
        y = (first[1] + (last[1] - first[1]) * share) * height * 2
        inward_x, inward_y = (first[1] - last[1]), (last[0] - first[0])
        points = list(zip((x + inward_x * wander).tolist(), (y + inward_y * wander).tolist(), strict=True))
        draw.line(points, fill=255, width=weight * 2, joint="curve")
    mask = sheet.resize((width, height), Image.Resampling.BOX)
    left, top = page.picture[:2]
    parts = (
        (0, 0, width, thick),
        (0, height - thick, width, height),
        (0, thick, thick, height - thick),
        (width - thick, thick, width, height - thick),
    )
    strips: list[Overlay] = []
    for part in (part for part in parts if part[2] > part[0] >= 0 and part[3] > part[1] >= 0):
        image = Image.new("RGBA", (part[2] - part[0], part[3] - part[1]), (*INK, 0))
        image.putalpha(mask.crop(part))
        strips.append(Overlay(image.convert("RGBa"), left + part[0], top + part[1]))
    return tuple(strips)


def captions(drawing: Drawing, page: Layout, lettering: Lettering, *, num_frames: int) -> tuple[Caption, ...]:
    """Return the captions of a clip, one after another, each for a share of the clip that fits its number of words.

    A speech that needs more than two lines is shown in pages.
    """
    pages = [(line, text) for line in drawing.dialogue for text in _caption_pages(line, page, lettering)]
    pages = pages[:num_frames]
    if not pages:
        return ()
    weights = [len(" ".join(text).split()) + 1.5 for _, text in pages]
    tints = {figure.name: colour(figure.wardrobe) for figure in drawing.figures}
    return tuple(
        Caption(
            first=first,
            last=last,
            speaker=line.character,
            on_screen=not line.off_screen,
            overlay=_caption(line, text, tints.get(line.character, (214, 196, 160)), page, lettering),
        )
        for (line, text), (first, last) in zip(pages, spans(weights, num_frames), strict=True)
    )


def spans(weights: Sequence[float], num_frames: int) -> list[tuple[int, int]]:
    """Return the first and the last frame of each part of a clip, one after another, in proportion to the weights.

    Args:
        weights: Above zero; at most as many as there are frames.
        num_frames: Which all of them share; each has one at least.
    """
    ends = np.round(np.cumsum(weights) / np.sum(weights) * num_frames).astype(int)
    ends = np.maximum(ends, np.arange(1, len(weights) + 1))
    ends = np.minimum(ends, num_frames - np.arange(len(weights))[::-1]).tolist()
    return [(first, end - 1) for first, end in zip([0, *ends[:-1]], ends, strict=True)]


def _caption_pages(line: DialogueLine, page: Layout, lettering: Lettering) -> list[list[str]]:
    face = lettering.face(page.caption)
    lines = wrapped(plain(line.text) or "…", face, page.picture_size[0] * 0.80)
    return [lines[first : first + 2] for first in range(0, len(lines), 2)]


def _caption(line: DialogueLine, text: Sequence[str], tint: Colour, page: Layout, lettering: Lettering) -> Overlay:
    width, height = page.picture_size
    face, name_face = lettering.face(page.caption), lettering.face(max(7, round(page.caption * 0.72)), bold=True)
    aside_face = lettering.face(max(7, round(page.caption * 0.72)))
    pitch = round(page.caption * 1.24)
    pad = round(page.caption * 0.55)
    tall = min(height, round(page.caption * 1.05) + pitch * len(text) + pad * 2 + round(page.caption * 0.9))
    shade = (
        Image.linear_gradient("L")
        .resize((width, tall))
        .point([round(214 * min(1.0, value / 255 * 1.75)) for value in range(256)])
    )
    strip = Image.new("RGBA", (width, tall), (18, 16, 18, 0))
    strip.putalpha(shade)
    draw = ImageDraw.Draw(strip)
    name = fitted(plain(line.character).upper() + (" (O.S.)" if line.off_screen else ""), name_face, width * 0.5)
    aside = fitted(f"({plain(line.parenthetical).strip('()')})", aside_face, width * 0.35) if plain(line.parenthetical) else ""
    bright = mix(tint, (255, 246, 228), max(0.25, 0.85 - luminance(tint)))
    spread = name_face.getlength(name) + (aside_face.getlength("  " + aside) if aside else 0)
    y = tall - pad - pitch * len(text) - page.caption * 0.42
    left = (width - spread) / 2
    name_face.write(draw, (left, y), name, fill=(*bright, 255), anchor="lm")
    if aside:
        aside_left = left + name_face.getlength(name) + aside_face.getlength("  ")
        aside_face.write(draw, (aside_left, y), aside, fill=(222, 214, 200, 255), anchor="lm")
    for row, words in enumerate(text):
        y = tall - pad - pitch * (len(text) - row - 0.5)
        stroke = max(1, page.caption // 16), (18, 16, 18, 255)
        face.write(draw, (width / 2, y), words, fill=(250, 246, 236, 255), anchor="mm", stroke=stroke)
    return Overlay(strip.convert("RGBa"), page.picture[0], page.picture[3] - tall)


def card(text: str, page: Layout, lettering: Lettering, *, centred: bool, left_side: bool) -> Overlay | None:
    """Return a card with a text that the audience is to read, as an overlay on the page; None without text."""
    words = plain(text)
    if not words:
        return None
    width, height = page.picture_size
    size = max(8, round(page.caption * (1.25 if centred else 0.95)))
    face = lettering.face(size, bold=True)
    room = width * (0.62 if centred else 0.34)
    lines = ellipsized(wrapped(words, face, room), max(1, min(6, int(height * 0.5 / (size * 1.3)))), face, room)
    pad = round(size * 0.8)
    wide = round(max(face.getlength(line) for line in lines)) + 2 * pad
    tall = round(size * 1.32 * len(lines)) + round(1.5 * pad)
    sheet = Image.new("RGBA", (wide + 8, tall + 8), (*INK, 0))
    draw = ImageDraw.Draw(sheet)
    draw.rectangle((5, 5, wide + 4, tall + 4), fill=(*INK, 90))
    draw.rectangle(
        (1, 1, wide, tall), fill=(*mix(PAPER, (255, 252, 244), 0.5), 255), outline=(*INK, 255), width=max(1, size // 10)
    )
    for row, line in enumerate(lines):
        at = (1 + wide / 2, 1 + tall / 2 + (row - (len(lines) - 1) / 2) * size * 1.32)
        face.write(draw, at, line, fill=(*INK, 255), anchor="mm")
    if not centred:
        sheet = sheet.rotate(1.2 if left_side else -1.2, Image.Resampling.BICUBIC, expand=True)
    inset = round(width * 0.035)
    left = (width - sheet.width) // 2 if centred else (inset if left_side else width - inset - sheet.width)
    top = round(height * 0.36) - sheet.height // 2 if centred else round(height * 0.07)
    return Overlay(sheet.convert("RGBa"), page.picture[0] + left, page.picture[1] + max(0, top))
