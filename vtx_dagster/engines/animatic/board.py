"""One clip as a moving storyboard panel: painted once in layers, then looked at by the camera frame by frame."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from vtx_dagster.core.errors import RenderError
from vtx_dagster.core.plan import RenderPlan
from vtx_dagster.engines.animatic.bodies import draw_body, draw_from_above, draw_over
from vtx_dagster.engines.animatic.brush import SUPERSAMPLING, Pen, Sheet, Window, arc
from vtx_dagster.engines.animatic.camera import Views, camera_path
from vtx_dagster.engines.animatic.chance import generator, stable_hash
from vtx_dagster.engines.animatic.drawn import drawn
from vtx_dagster.engines.animatic.figures import Face, Mouth, draw_back, draw_face, draw_head, head_pen, limb
from vtx_dagster.engines.animatic.inserts import Insert, insert_of, paint_insert, shows_insert, staged_insert
from vtx_dagster.engines.animatic.layers import RESAMPLED_DETAIL, SURPLUS_PX, Layer, lay, views_window
from vtx_dagster.engines.animatic.lettering import Lettering
from vtx_dagster.engines.animatic.notes import is_title, notes
from vtx_dagster.engines.animatic.page import Caption, Slate, blank_page, border, captions, card, grain, layout
from vtx_dagster.engines.animatic.palette import Light, colour, light_for, mix, through_window
from vtx_dagster.engines.animatic.scenery.stage import Stage
from vtx_dagster.engines.animatic.sets import draw_cab_back, draw_cab_front, is_room, paint_floor, paint_set
from vtx_dagster.engines.animatic.staging import Mark, Staging, staged
from vtx_dagster.engines.animatic.titles import paint_field, painted_title, title_path

MIN_SIDE_PX: Final = 64
MAX_SIDE_PX: Final = 4096

_DEPTH_LANDSCAPE: Final = 0.12
_DEPTH_WALL: Final = 0.45
_DEPTH_MIDDLE: Final = 0.72
_DEPTH_INSERT: Final = 1.05
_DEPTH_BONNET: Final = 1.15
_DEPTH_HANDS: Final = 1.6
_DRIFT: Final = 0.03
"""Of the haze, in heights of the picture a second."""

_SILENT: Final = Face()
_FACES: Final = (_SILENT, Face(eyes_open=False), Face(mouth=Mouth.SMALL), Face(mouth=Mouth.OPEN))
_AROUND: Final = 1.15
"""What hair, limbs and things in hands need around the joints of a figure, in heads."""

_MIN_FACE_PX: Final = 9
"""Heads smaller than this have no features, and nothing in them moves."""


@dataclass(frozen=True, slots=True)
class Acting:
    """A painted actor: a layer for each face that it makes."""

    mark: Mark
    faces: dict[Face, Layer]


class Board:
    """A clip ready to be looked at.

    Args:
        plan: A plan with a drawing.
        lettering: The typeface.

    Raises:
        RenderError: If the plan has no drawing, or its picture is too small or too large to draw.
    """

    def __init__(self, plan: RenderPlan, lettering: Lettering) -> None:
        if plan.drawing is None:
            raise RenderError(f"{plan.clip}: the plan has no drawing; make it again for the animatic engine", clip=plan.clip)
        if not (min(plan.width, plan.height) >= MIN_SIDE_PX and max(plan.width, plan.height) <= MAX_SIDE_PX):
            raise RenderError(
                f"{plan.clip}: {plan.width}x{plan.height} cannot be drawn; "
                f"each side must be from {MIN_SIDE_PX} to {MAX_SIDE_PX} px",
                clip=plan.clip,
            )
        if plan.fps < 1:
            raise RenderError(f"{plan.clip}: {plan.fps} fps cannot be drawn; give at least 1", clip=plan.clip)
        drawing = drawn(plan.drawing)
        self._plan, self._drawing, self._lettering = plan, drawing, lettering
        self._page = layout(plan.width, plan.height)
        self._size = self._page.picture_size
        self._aspect = self._size[0] / self._size[1]
        self._seed = stable_hash(plan.seed, plan.clip)
        self._path = camera_path(
            drawing.camera.move, drawing.camera.size, num_frames=plan.render_frames, fps=plan.fps, seed=self._seed
        )
        self._views_at: dict[float, Views] = {}
        self._staging = staged(drawing, aspect=self._aspect, seed=self._seed)
        if shows_insert(drawing):
            self._staging = staged_insert(self._staging)
        # The set is the same in every clip of a place, whatever the clip's seed.
        self._set_seed = stable_hash(drawing.project, drawing.place, drawing.set)
        light = light_for(drawing.time_of_day, drawing.palette, interior=drawing.interior)
        self._light = through_window(light, self._set_seed) if drawing.interior else light
        self._cast: tuple[Acting, ...] = ()
        self._near: tuple[float, Layer] | None = None
        self._is_title = is_title(drawing)
        self._insert: Insert | None = None
        if self._is_title:
            self._paint_title()
        else:
            self._paint_stage()
        self._write_page()

    def _paint_title(self) -> None:
        plan = self._plan
        title = painted_title(
            self._drawing.readable_text,
            self._lettering,
            aspect=self._aspect,
            px_per_unit=self._size[1] * RESAMPLED_DETAIL,
            light=self._light,
            smallest=0.8 * self._page.caption / self._size[1],
        )
        self._path = title_path(num_frames=plan.render_frames, fps=plan.fps, roll=title.roll)
        # Nobody sees the field grow behind the words; as it is, it can be copied.
        self._air = self._views_at[0.0] = self._views(0.0).unscaled()
        field = self._sheet(0.0, opaque=True)
        paint_field(field, self._aspect)
        self._back = (0.0, Layer.of(field))
        self._haze = self._painted_haze()
        self._middle = (1.0, title.layer)

    def _paint_stage(self) -> None:
        staging = self._staging
        # Nobody sees mist grow in a dolly or a zoom; as it is, it can be copied.
        self._air = self._views(0.0).unscaled()
        self._back, self._middle = self._painted_set(staging)
        self._haze = self._painted_haze()
        speakers = {line.character for line in self._drawing.dialogue if not line.off_screen}
        self._cast = tuple(self._acting(mark, speaks=mark.actor.figure.name in speakers) for mark in staging.marks)
        self._near = self._painted_insert() if shows_insert(self._drawing) else self._painted_foreground(staging)

    def _views(self, depth: float) -> Views:
        """Return what the camera sees of the plane at a depth."""
        if depth not in self._views_at:
            self._views_at[depth] = self._path.views(depth, self._aspect)
        return self._views_at[depth]

    def _sheet(self, depth: float, window: Window | None = None, *, opaque: bool = False, share: float = 1.0) -> Sheet:
        """Return a sheet for what the camera sees at a depth, or for a window of that; ``share`` lowers its resolution."""
        views = self._views(depth)
        per_unit = self._size[1] * views.closest() * share * (RESAMPLED_DETAIL if views.scales else 1.0)
        seen = views_window(views, max(0.02, (SURPLUS_PX + 1) / per_unit))
        return Sheet(
            seen if window is None else seen.overlap(window) or seen,
            per_unit,
            light=self._light,
            seed=stable_hash(self._set_seed, depth),
            ground=self._light.mid if opaque else None,
        )

    def _painted_set(self, staging: Staging) -> tuple[tuple[float, Layer], tuple[float, Layer] | None]:
        drawing = self._drawing
        depth = _DEPTH_WALL if is_room(drawing.set, interior=drawing.interior) or staging.from_above else _DEPTH_LANDSCAPE
        blur = staging.blur * self._size[1]
        # What is out of focus needs no resolution.
        share = 1.0 if blur < 2 else 0.5
        far = self._sheet(depth, opaque=True, share=share)
        # A camera that stays in its place sees no parallax within the set: one sheet does.
        middle = self._sheet(_DEPTH_MIDDLE, share=share) if self._path.travels else far
        place = {"scale": staging.set_scale, "weight": min(1.5, 0.75 + 0.25 * staging.set_scale)}
        stage = Stage(
            far=far.pen(tilt_deg=staging.tilt_deg).at(staging.set_x, staging.set_y, **place),
            mid=middle.pen(tilt_deg=staging.tilt_deg).at(staging.set_x, staging.set_y, **place),
            light=self._light,
            time=drawing.time_of_day,
            interior=drawing.interior,
            chance=generator(self._set_seed),
        )
        (paint_floor if staging.from_above else paint_set)(drawing.set, stage)
        if staging.cab is not None:
            cab = staging.cab
            draw_cab_back(
                middle.pen(tilt_deg=staging.tilt_deg).at(cab.x, cab.y, cab.head, weight=min(1.5, 6 * cab.head)), self._light
            )
        back = _softened(Layer.of(far), blur * share)
        if middle is far:
            return (depth, back), None
        return (depth, back), (_DEPTH_MIDDLE, _softened(Layer.of(middle), blur * share * 0.7))

    def _painted_haze(self) -> Layer:
        """Mist, or dust in the light: a soft pattern that drifts slowly across the set, so that no shot stands still."""
        chance = generator(self._set_seed, "haze")
        blots = Image.fromarray(chance.integers(0, 256, (6, 30), dtype=np.uint8)).resize((240, 72), Image.Resampling.BICUBIC)
        strength = 0.20 if self._drawing.interior else 0.30
        rows = np.linspace(0, 1, 72)[:, None]
        band = np.sin(np.pi * rows) ** 1.5
        thick = np.clip((np.asarray(blots, dtype=float) - 96) / 159, 0, 1) * band * 255 * strength
        paint = mix(self._light.horizon, self._light.light, 0.6)
        per_unit = self._size[1]
        seen = views_window(self._air)
        seconds = self._plan.render_frames / self._plan.fps
        wide = seen.width + _DRIFT * min(seconds, 60)
        size = (math.ceil(wide * per_unit), math.ceil(1.08 * per_unit))
        mask = Image.fromarray(thick.astype(np.uint8)).resize(
            size, Image.Resampling.BILINEAR, box=(0, 0, min(240, 27 * wide), 72)
        )
        mist = Image.new("RGBA", size, (*paint, 0))
        mist.putalpha(mask)
        window = Window(seen.left, -0.62, seen.left + size[0] / per_unit, -0.62 + size[1] / per_unit)
        return Layer(window, mist.convert("RGBa"))

    def _acting(self, mark: Mark, *, speaks: bool) -> Acting:
        body = mark.actor.body
        unit = mark.head * body.scale
        above = self._staging.from_above
        extent = mark.actor.sight.extent()
        # Whoever sits in a car has no legs to be seen below its bumper.
        low = extent.bottom + _AROUND if self._staging.cab is None else min(3.4, extent.bottom + _AROUND)
        window = Window(
            mark.x + (extent.left - _AROUND) * unit,
            mark.y + (extent.top - _AROUND) * unit,
            mark.x + (extent.right + _AROUND) * unit,
            mark.y + low * unit,
        )
        if self._staging.tilt_deg:
            window = _tilted(window, self._staging.tilt_deg)
        sheet = self._sheet(mark.depth, window)
        face_px = unit * self._size[1]
        weight = min(1.7, max(0.5, face_px / 110)) if face_px > 40 else max(0.4, face_px / 60)
        pen = sheet.pen(tilt_deg=self._staging.tilt_deg).at(mark.x, mark.y, unit, weight=weight)
        if above:
            draw_from_above(pen, mark.actor)
            return Acting(mark, {_SILENT: Layer.of(sheet)})
        head, body_pen = head_pen(pen, mark.actor), pen.at(0, 0, stretch=mark.stretch)
        draw_body(body_pen, mark.actor, head=head)
        draw_head(head, mark.actor)
        if face_px < _MIN_FACE_PX:
            draw_over(body_pen, mark.actor)
            return Acting(mark, {_SILENT: Layer.of(sheet)})
        return Acting(mark, self._with_faces(sheet, (head, body_pen), mark, _FACES if speaks else _FACES[:2]))

    def _with_faces(self, sheet: Sheet, pens: tuple[Pen, Pen], mark: Mark, faces: tuple[Face, ...]) -> dict[Face, Layer]:
        """Paint the head once with every face on it; only the face is painted anew, below the hands that are before it."""
        head, body = pens
        area = head.pixels(Window(-0.5, -0.42, 0.5, 0.56))
        bare = sheet.image.crop(area)
        draw_face(head, mark.actor, faces[0])
        uncovered = sheet.image.crop(area)
        draw_over(body, mark.actor)
        hands = sheet.image.crop(area)
        covered = ImageChops.difference(uncovered, hands).convert("L").point([0] + [255] * 255)
        whole = Layer.of(sheet)
        layers = {faces[0]: whole}
        for face in faces[1:]:
            sheet.image.paste(bare, area)
            draw_face(head, mark.actor, face)
            sheet.image.paste(hands, area, covered)
            layers[face] = whole.patched(sheet, area)
        return layers

    def _painted_foreground(self, staging: Staging) -> tuple[float, Layer] | None:
        if staging.cab is not None:
            cab = staging.cab
            sheet = self._sheet(_DEPTH_BONNET)
            draw_cab_front(
                sheet.pen(tilt_deg=staging.tilt_deg).at(cab.x, cab.y, cab.head, weight=min(1.5, 6 * cab.head)), self._light
            )
            return _DEPTH_BONNET, Layer.of(sheet)
        if staging.shoulder is not None:
            mark = staging.shoulder
            sheet = self._sheet(mark.depth)
            draw_back(sheet.pen(tilt_deg=staging.tilt_deg).at(mark.x, mark.y, mark.head, weight=1.6), mark.actor)
            return mark.depth, _softened(Layer.of(sheet), 0.004 * self._size[1])
        if staging.hands:
            sheet = self._sheet(_DEPTH_HANDS)
            _draw_own_hands(sheet.pen(), self._aspect, self._light)
            return _DEPTH_HANDS, Layer.of(sheet)
        return None

    def _painted_insert(self) -> tuple[float, Layer]:
        sheet = self._sheet(_DEPTH_INSERT)
        drawing, lettering = self._drawing, self._lettering
        self._insert = insert_of(
            drawing,
            lettering,
            views=self._views(_DEPTH_INSERT),
            px_per_unit=sheet.scale / SUPERSAMPLING,
            smallest_px=0.66 * self._page.caption,
        )
        pen = sheet.pen(tilt_deg=self._staging.tilt_deg)
        paint_insert(pen.at(0, 0, weight=1.5), self._insert, drawing, lettering, seed=self._set_seed)
        return _DEPTH_INSERT, Layer.of(sheet)

    def _write_page(self) -> None:
        plan, drawing, page, lettering = self._plan, self._drawing, self._page, self._lettering
        num_frames = min(plan.content_frames, plan.render_frames)
        self._slate = Slate(plan, page, lettering)
        self._captions = captions(drawing, page, lettering, num_frames=num_frames)
        self._grain = grain(*self._size)
        self._sheet_of_paper = blank_page(plan, drawing, page, lettering, slate_left=self._slate.left)
        written = notes(drawing, page, lettering, num_frames=num_frames, fps=plan.fps)
        written.write(self._sheet_of_paper, page, lettering)
        self._notes = written.turned(page, lettering)
        self._border = border(page)
        marks = self._staging.marks
        lean = sum(mark.x for mark in marks)
        tight = not marks and self._insert is None
        is_lettered = self._is_title or (self._insert is not None and self._insert.lines is not None)
        text = "" if is_lettered else drawing.readable_text
        self._card = card(text, page, lettering, centred=tight, left_side=lean > 0)

    @property
    def facts(self) -> dict[str, int]:
        """What was painted, in numbers: figures and caption pages."""
        return {"figures": len(self._cast), "captions": len(self._captions)}

    def _caption_at(self, frame_index: int) -> Caption | None:
        return next((caption for caption in self._captions if caption.first <= frame_index <= caption.last), None)

    def _face_at(self, acting: Acting, frame_index: int, caption: Caption | None) -> Face:
        figure = acting.mark.actor.figure
        if caption is not None and caption.on_screen and caption.speaker == figure.name:
            # Mouths change at about eight shapes a second, as in limited animation.
            step = frame_index * 8 // self._plan.fps
            return _FACES[(0, 2, 3, 2, 3, 0, 3, 2)[(step + stable_hash(figure.key, step // 8) % 8) % 8]]
        cycle = 3.1 + stable_hash(figure.key, "blink") % 1000 / 500
        phase = (frame_index / self._plan.fps + stable_hash(figure.key, "phase") % 997 / 200) % cycle
        return _FACES[1] if phase < 0.14 else _SILENT

    def picture(self, frame_index: int) -> Image.Image:
        """Return the picture of one frame without the page around it, RGB."""
        picture = Image.new("RGB", self._size, self._light.mid)
        seconds = frame_index / self._plan.fps
        caption = self._caption_at(frame_index)
        depth, back = self._back
        self._lay(picture, back, self._views(depth).window(frame_index))
        air = self._air.window(frame_index)
        drift = _DRIFT * min(seconds, 60)
        self._lay(picture, self._haze, Window(air.left + drift, air.top, air.right + drift, air.bottom))
        if self._middle is not None:
            depth, layer = self._middle
            self._lay(picture, layer, self._views(depth).window(frame_index))
        for acting in self._cast:
            self._lay_actor(picture, acting, frame_index, caption)
        if self._near is not None:
            depth, layer = self._near
            sway = 0.003 * math.sin(1.1 * seconds)
            near = self._views(depth).window(frame_index)
            self._lay(picture, layer, Window(near.left + sway, near.top + sway, near.right + sway, near.bottom + sway))
        picture.paste(self._grain, (0, 0), self._grain)
        return picture

    def _lay(self, picture: Image.Image, layer: Layer, seen: Window) -> None:
        lay(picture, layer, seen, trembles=self._path.trembles)

    def _lay_actor(self, picture: Image.Image, acting: Acting, frame_index: int, caption: Caption | None) -> None:
        face = self._face_at(acting, frame_index, caption)
        layer = acting.faces.get(face) or acting.faces[_SILENT]
        seen = self._views(acting.mark.depth).window(frame_index)
        figure = acting.mark.actor.figure
        phase = stable_hash(figure.key, "breath") % 628 / 100
        seconds = frame_index / self._plan.fps
        speaking = caption is not None and caption.speaker == figure.name and caption.on_screen
        breath = 0.012 * math.sin(1.7 * seconds + phase) + (0.016 * math.sin(4.3 * seconds + phase) if speaking else 0.0)
        rise = min(0.006, breath * acting.mark.head)
        self._lay(picture, layer, Window(seen.left, seen.top + rise, seen.right, seen.bottom + rise))

    def frame(self, frame_index: int) -> Image.Image:
        """Return one whole frame, RGB.

        Args:
            frame_index: From 0 to the plan's render frames, excluded.
        """
        page = self._sheet_of_paper.copy()
        note = next((note for first, note in reversed(self._notes) if first <= frame_index), None)
        if note is not None:
            note.on(page)
        page.paste(self.picture(frame_index), self._page.picture[:2])
        if self._card is not None:
            self._card.on(page)
        caption = self._caption_at(frame_index)
        if caption is not None:
            caption.overlay.on(page)
        for edge in self._border:
            edge.on(page)
        self._slate.tick(page, frame_index)
        return page


def _softened(layer: Layer, blur_px: float) -> Layer:
    if blur_px < 0.6:
        return layer
    # Two box blurs are close to a Gaussian, at two thirds of the cost of Pillow's.
    return Layer(layer.window, layer.image.filter(ImageFilter.BoxBlur(blur_px * 0.8)).filter(ImageFilter.BoxBlur(blur_px * 0.8)))


def _tilted(window: Window, tilt_deg: float) -> Window:
    turn = math.radians(tilt_deg)
    corners = [(window.left, window.top), (window.right, window.top), (window.right, window.bottom), (window.left, window.bottom)]
    x = [a * math.cos(turn) - b * math.sin(turn) for a, b in corners]
    y = [a * math.sin(turn) + b * math.cos(turn) for a, b in corners]
    return Window(min(x), min(y), max(x), max(y))


def _draw_own_hands(pen: Pen, aspect: float, light: Light) -> None:
    sleeve, skin = light.shaded(light.on(colour("#4a4f58")), 0.45), light.shaded(light.on(colour("#c99a7a")), 0.25)
    for side in (-1, 1):
        x = side * aspect * 0.36
        pen.shape(limb([(x + side * 0.22, 0.86), (x + side * 0.10, 0.60), (x, 0.48)], [0.12, 0.10, 0.075]), sleeve, 1.6, form=0.4)
        palm = pen.at(x - side * 0.02, 0.42)
        palm.shape(arc(0, 0, 0.062, 0.085), skin, 1.4, form=0.35)
        for finger in range(4):
            lean = (finger - 1.5) * 0.030
            palm.shape(limb([(lean, -0.03), (lean * 1.25 - side * 0.012, -0.11 - 0.014 * (finger % 3)),
                (lean * 1.3 - side * 0.02, -0.15)], [0.018, 0.016, 0.010]), skin, 1.0)  # fmt: skip
        palm.shape(limb([(-side * 0.04, 0.02), (-side * 0.10, -0.03), (-side * 0.12, -0.07)], [0.022, 0.018, 0.012]), skin, 1.0)
