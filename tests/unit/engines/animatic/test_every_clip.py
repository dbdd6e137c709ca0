"""Whatever a plan asks for can be drawn, and passes verification: thousands of draws of random plans, tiny for speed."""

import itertools
import random

import av
import numpy as np
import pytest
from PIL import Image

from vtx_dagster.core.bible import Build, Hair, Palette, Pronoun, SetKind
from vtx_dagster.core.engines import RenderRequest
from vtx_dagster.core.plan import RenderPlan
from vtx_dagster.core.shot import Angle, CameraMove, ShotSize, TimeOfDay
from vtx_dagster.engines import verification
from vtx_dagster.engines.animatic.board import Board
from vtx_dagster.engines.animatic.engine import AnimaticEngine
from vtx_dagster.engines.animatic.inserts import things
from vtx_dagster.engines.animatic.lettering import Lettering

LETTERING = Lettering()
PLACES = [(kind, interior) for kind in SetKind for interior in (False, True)]
LENGTHS = (1, 9, 17, 49, 129, 361, 961)
PEOPLE = (0, 1, 1, 2, 2, 3, 4, 5, 6, 8, 13, 30)
LENSES = (8, 14, 24, 35, 50, 85, 200, 1200)
WORDS = ("", "Stop.", "We have to go now, all of us, before the water is here. " * 3, "日本語のせりふ", "مرحبا")
DEEDS = (
    *(
        "{} " + verb
        for verb in ("sits", "lies down", "runs", "falls", "kneels", "crouches", "walks", "dances", "fights", "sleeps")
    ),
    *("{} " + verb for verb in ("sits and writes", "types", "drinks", "phones", "opens the door", "cooks", "weeps", "aims")),
    *(
        "{} embraces {}",
        "{} and {} fight",
        "{} dances with {}",
        "{} lies on the bed, reading",
        "{} looks at {}",
        "Everybody shouts",
    ),
)
INSERTS = ("", "", "teapot", *things().things)
COLOURS = ("#000000", "#ffffff", "#7f2010")


def random_plan(plan, figure, chance: random.Random, *, size, angle, move) -> RenderPlan:
    """Return a plan in which all is random that is not given."""
    place, interior = chance.choice(PLACES)
    names = [f"P{chance.randrange(10**6)}" for _ in range(chance.choice(PEOPLE))]
    people = [
        figure(
            name.lower(),
            build=chance.choice(list(Build)),
            hair=chance.choice(list(Hair)),
            wardrobe=chance.choice(COLOURS),
            hair_colour=chance.choice(COLOURS),
            age=chance.choice((None, None, 0, 2, 7, 14, 30, 80, 999)),
            pronoun=chance.choice((None, *Pronoun)),
            descriptor=chance.choice(("", "a doctor", "the police officer, tired", "COOK", "a man of the world")),
        )
        for name in names
    ]
    speech = [
        (chance.choice([*names, "NOBODY"]), chance.choice(WORDS), {"off_screen": chance.random() < 0.2})
        for _ in range(chance.choice((0, 0, 1, 3)))
    ]
    text = chance.choice(WORDS)
    is_title = bool(text) and chance.random() < 0.2
    width, height = (chance.randint(64, 700 if chance.random() < 0.05 else 160) for _ in range(2))
    return plan(
        place=place,
        interior=interior,
        time=chance.choice(list(TimeOfDay)),
        size=size,
        angle=angle,
        move=move,
        lens=chance.choice(LENSES),
        figures=() if is_title else people,
        dialogue=() if is_title else speech,
        action=text if is_title else chance.choice((chance.choice(WORDS), told(names, chance))),
        text=text,
        insert=chance.choice(INSERTS),
        palette=Palette(**{name: chance.choice([None, None, *COLOURS]) for name in Palette.model_fields}),
        width=width,
        height=height,
        fps=chance.choice((1, 8, 16, 24, 25, 60, 120)),
        frames=chance.choice(LENGTHS),
        seed=chance.randrange(2**31),
    )


def told(names, chance: random.Random) -> str:
    """Return an action line in which people do things."""
    lines = (chance.choice(DEEDS) for _ in range(chance.choice((1, 1, 2, 4))))
    return " ".join(line.format(*(chance.choice(names or ["Nobody"]) for _ in "ab")) + "." for line in lines)


def luma(image: Image.Image) -> np.ndarray:
    """Return what verification looks at."""
    frame = av.VideoFrame.from_ndarray(np.asarray(image), format="rgb24")
    return verification._luma(frame.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG"))


def is_black(seen: np.ndarray) -> bool:
    return bool(seen.mean() < verification.BLACK_MEAN and seen.std() < verification.BLACK_SPREAD)


@pytest.mark.parametrize("size", ShotSize)
def test_everything_is_drawn_and_is_neither_black_nor_frozen(plan, figure, size):
    """Of each size every move from every angle, with all else random: 784 clips and 9,126 draws in all."""
    chance = random.Random(f"every clip {size}")
    for angle, move in itertools.product(Angle, CameraMove):
        shot = random_plan(plan, figure, chance, size=size, angle=angle, move=move)
        board = Board(shot, LETTERING)
        last = shot.render_frames - 1
        looked_at = sorted({0, last // 2, last, *(chance.randint(0, last) for _ in range(9))})
        first, *others = [board.frame(index) for index in looked_at]
        assert {image.size for image in (first, *others)} == {(shot.width, shot.height)}
        seen = [luma(image) for image in (first, *others)]
        assert not any(is_black(each) for each in seen), shot
        assert not any(is_black(luma(board.picture(index))) for index in (0, last // 2, last)), shot
        if last >= verification.MIN_MOVING_FRAMES:
            assert any(verification._differ(seen[0], each) for each in seen[1:]), shot


@pytest.mark.parametrize(("width", "height"), [(4096, 64), (64, 4096), (65, 1001)], ids=str)
@pytest.mark.parametrize("move", [CameraMove.DOLLY_IN, CameraMove.ZOOM_OUT, CameraMove.HANDHELD, CameraMove.CRANE_UP])
def test_the_longest_and_narrowest_pictures_are_drawn(plan, figure, width, height, move):
    people = [figure(f"n{index}") for index in range(3)]
    shot = plan(size=ShotSize.WS, figures=people, move=move, width=width, height=height, frames=17)
    board = Board(shot, LETTERING)
    assert {board.frame(index).size for index in (0, 8, 16)} == {(width, height)}


@pytest.mark.parametrize("kind", SetKind)
def test_the_shortest_static_shots_of_empty_sets_pass_verification(plan, tmp_path, kind):
    """Nothing moves in them but the air and the counter. No file of more than one frame has fewer than eight."""
    chance = random.Random(f"static {kind}")
    with AnimaticEngine().session() as session:
        for time in TimeOfDay:
            angle, size = chance.choice(list(Angle)), chance.choice(list(ShotSize))
            shot = plan(
                place=kind,
                interior=chance.random() < 0.5,
                time=time,
                size=size,
                angle=angle,
                figures=(),
                width=chance.choice((64, 96, 160)),
                height=chance.choice((64, 96, 160)),
                fps=chance.choice((1, 16, 25, 120)),
                frames=8,
            )
            output = tmp_path / f"{time}.mp4"
            session.render(RenderRequest(plan=shot, output=output, log=tmp_path / "log.txt"))
            assert verification.verify(output, shot).num_frames == 8
