import itertools

import numpy as np
import pytest

from vtx_dagster.core.bible import Palette
from vtx_dagster.core.errors import InvalidFileError
from vtx_dagster.core.shot import Angle, CameraMove, ShotSize, TimeOfDay
from vtx_dagster.engines.animatic.board import Board
from vtx_dagster.engines.animatic.brush import Sheet, Window, box
from vtx_dagster.engines.animatic.engine import paint_frame
from vtx_dagster.engines.animatic.inserts import UNKNOWN, insert_for, parsed_things, thing_of, things
from vtx_dagster.engines.animatic.lettering import Lettering
from vtx_dagster.engines.animatic.page import layout
from vtx_dagster.engines.animatic.palette import light_for
from vtx_dagster.engines.animatic.scenery.vocabulary import load_prop, names

LETTERING = Lettering()
NAMES = sorted(things().things)
CLOSE = (ShotSize.ECU, ShotSize.CU, ShotSize.MCU, ShotSize.MS)


def picture(plan, index=0):
    return np.asarray(Board(plan, LETTERING).picture(index), dtype=int)


@pytest.mark.parametrize(
    ("text", "thing"),
    [
        ("He opens the card.", "card"),
        ("Ann's trembling hands.", "hands"),
        ("Ann\u2019s trembling hands.", "hands"),
        ("She picks up the phone", "phone"),
        ("The letter in her hands", "letter"),
        ("Close on the gun on the table", "gun"),
        ("The key on the table beside a cup", "key"),
        ("A key turns in the lock.", "key"),
        ("Key. Lock. Door.", "door"),
        ("A hand reaches for the door handle.", "door_handle"),
        ("He looks at his watch.", "watch"),
        ("They watch the fire.", "fire"),
        ("She watches him leave.", ""),
        ("The children watch.", "watch"),
        ("Watch: ten past nine.", "watch"),
        ("She rings the bell.", ""),
        ("A gold ring.", "ring"),
        ("Two rings.", "ring"),
        ("He locks the door.", "door"),
        ("Light falls through the window on the letter.", "letter"),
        ("Rain against the window", "window"),
        ("She looks at the photo, then at the clock.", "clock"),
        ("He takes the pistol out of the bag.", "gun"),
        ("A pack of cigarettes", "cigarette"),
        ("A plate of food", "plate"),
        ("Steering wheel", "wheel"),
        ("The front page of a newspaper", "newspaper"),
        ("INSERT - THE TICKET", "ticket"),
        ("the laptop's screen", "screen"),
        ("A wad of cash in a suitcase", "money"),
        ("Her eyes on the clock", "clock"),
        ("His eyes fill with tears.", "eyes"),
        ("Her lips move.", "mouth"),
        ("Bare feet on cold stone", "shoe"),
        ("A scrap of paper", "note"),
        ("Er öffnet den Brief.", "letter"),
        ("Ihre Hände zittern.", "hands"),
        ("Die Türklinke bewegt sich.", "door_handle"),
        ("Ein Messer auf dem Tisch", "knife"),
        ("Elle ouvre la porte.", "door"),
        ("Il porte un verre.", "glass"),
        ("Il lui montre la photo.", "photo"),
        ("L'horloge de la gare", "clock"),
        ("Abre la carta con las manos temblorosas.", "letter"),
        ("Una vela en la ventana", "candle"),
        ("Apre la porta con la chiave.", "door"),
        ("Una lettera sul tavolo", "letter"),
        ("Nobody is here.", ""),
        ("", ""),
        ("日本語のせりふ", ""),
        ("1944 ...", ""),
    ],
)
def test_what_a_text_shows(text, thing):
    assert insert_for(text) == thing


@pytest.mark.parametrize("name", [name for name in NAMES if name != UNKNOWN])
def test_every_word_of_a_thing_names_a_thing_that_is_drawn(name):
    thing = things().things[name]
    assert thing.en
    assert insert_for(thing.en[0]) == name
    assert all(insert_for(word) in NAMES for word in thing.words)
    assert all((thing.de, thing.fr, thing.es, thing.it))


@pytest.mark.parametrize(
    ("insert", "thing"),
    [("letter", "letter"), ("Door handle", "door_handle"), ("envelope", "letter"), ("teapot", UNKNOWN), ("???", UNKNOWN)],
)
def test_thing_of(insert, thing):
    assert thing_of(insert) == thing


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{verbs: [], articles: [], places: [], looks: [], things: {letter: {colour: red}}}", "things.letter.colour"),
        ("verbs: [", "not YAML"),
        ("", "the file"),
    ],
    ids=["field", "yaml", "empty"],
)
def test_a_wrong_file_says_what_is_wrong(text, message):
    with pytest.raises(InvalidFileError, match=rf"inserts.yaml: .*{message}"):
        parsed_things(text)


def test_every_insert_is_drawn_and_differs_from_the_others(plan):
    scene = {"place": "room", "size": ShotSize.CU, "width": 192, "height": 108, "frames": 1}
    people = picture(plan(**scene))
    drawn = {name: picture(plan(insert=name, **scene, figures=() if name == UNKNOWN else None)) for name in NAMES}
    for (one, first), (two, second) in itertools.combinations([("people", people), *drawn.items()], 2):
        assert (np.abs(first - second).max(axis=2) > 25).mean() > 0.04, (one, two)


@pytest.mark.parametrize("name", NAMES)
def test_every_insert_is_drawn_at_every_close_size_by_day_and_night(plan, name):
    for size, time in itertools.product(CLOSE, (TimeOfDay.DAY, TimeOfDay.NIGHT)):
        scene = {"place": "black", "size": size, "time": time, "frames": 1, "width": 96, "height": 64, "figures": ()}
        with_thing, without = (picture(plan(insert=insert, **scene)) for insert in (name, ""))
        assert (np.abs(with_thing - without).max(axis=2) > 20).mean() > 0.02


@pytest.mark.parametrize("size", [size for size in ShotSize if size not in CLOSE])
def test_wider_shots_have_no_inserts(plan, size):
    assert paint_frame(plan(size=size, insert="letter"), 0).tobytes() == paint_frame(plan(size=size), 0).tobytes()


def test_an_insert_shows_nobody_but_the_hand_of_the_first_figure(plan, figure):
    people = (figure("mara", wardrobe="#20ff20"), figure("tom", wardrobe="#2040ff"))
    board = Board(plan(size=ShotSize.CU, insert="hands", figures=people, width=192, height=108), LETTERING)
    image = np.asarray(board.picture(0), dtype=int)
    assert board.facts["figures"] == 0
    assert ((image[..., 1] > 120) & (image[..., 1] > image[..., 0] * 1.8)).mean() > 0.01
    assert not ((image[..., 2] > 150) & (image[..., 2] > image[..., 0] * 2.5)).any()


def test_the_skin_is_that_of_the_figure(plan, figure):
    fair, dark = (figure().model_copy(update={"skin": skin}) for skin in ("#f0c8a8", "#5a3a28"))
    images = [picture(plan(size=ShotSize.ECU, insert="mouth", figures=(each,))) for each in (fair, dark)]
    assert images[0].mean() > images[1].mean() + 40


@pytest.mark.parametrize("angle", Angle)
def test_inserts_are_drawn_from_every_angle(plan, angle):
    images = [picture(plan(size=ShotSize.CU, angle=angle, insert=name, frames=1)) for name in ("letter", "gun")]
    assert np.abs(images[0] - images[1]).mean() > 4


@pytest.mark.parametrize(
    ("insert", "text"),
    [
        ("letter", "Come home"),
        ("photo", "Paris"),
        ("sign", "CLOSED\nuntil spring"),
        ("screen", "NO"),
        ("newspaper", "FOUND"),
        ("card", "Yes"),
    ],
)
@pytest.mark.parametrize("move", [CameraMove.STATIC, CameraMove.DOLLY_IN])
def test_text_is_lettered_on_the_thing(plan, insert, text, move):
    shot = plan(size=ShotSize.CU, insert=insert, text=text, move=move, width=512, height=288)
    board = Board(shot, LETTERING)
    assert board._card is None
    assert board._insert.lines is not None
    assert "".join(board._insert.lines.lines).replace(" ", "") == text.replace(" ", "").replace("\n", "")
    bare = Board(shot.model_copy(update={"drawing": shot.drawing.model_copy(update={"readable_text": ""})}), LETTERING)
    assert np.abs(np.asarray(board.picture(0), dtype=int) - np.asarray(bare.picture(0), dtype=int)).max() > 60


def test_what_is_to_be_read_on_a_photo_is_on_its_back(plan):
    boards = [
        Board(plan(size=ShotSize.CU, insert="photo", text=text, width=512, height=288), LETTERING) for text in ("", "Paris")
    ]
    assert [board._insert.prop for board in boards] == ["insert_photo", "insert_photo_back"]


@pytest.mark.parametrize(
    ("insert", "text"), [("letter", "Dear Ann, come home. " * 40), ("key", "Come home")], ids=["too long", "no place for it"]
)
def test_text_without_room_on_the_thing_is_beside_it(plan, insert, text):
    board = Board(plan(size=ShotSize.CU, insert=insert, text=text, width=512, height=288), LETTERING)
    assert board._insert.lines is None
    assert board._card is not None
    assert board._card.left > layout(512, 288).picture[0] + board._size[0] // 2 or board._card.left < board._size[0] // 4


def test_a_thing_that_has_no_drawing_is_lettered_on_a_slip(plan):
    board = Board(plan(size=ShotSize.CU, insert="teapot", figures=(), width=512, height=288), LETTERING)
    assert board._insert.prop == "insert_slip"
    assert board._insert.lines.lines == ("TEAPOT",)


def test_of_a_thing_that_has_no_drawing_its_owner_is_shown(plan):
    assert Board(plan(size=ShotSize.CU, insert="teapot", width=512, height=288), LETTERING)._insert is None


@pytest.mark.parametrize("size", [(64, 64), (700, 160), (64, 700), (200, 420)], ids=str)
@pytest.mark.parametrize(
    "words", ["Happy birthday", "日本語のせりふ", "مرحبا بالعالم", "word " * 200], ids=["en", "ja", "ar", "long"]
)
def test_inserts_with_text_are_drawn_at_odd_sizes(plan, size, words):
    shot = plan(size=ShotSize.ECU, insert="card", text=words, width=size[0], height=size[1], frames=1)
    board = Board(shot, LETTERING)
    assert (board._insert.lines is None) is not (board._card is None)
    assert board.frame(0).size == size
    if board._insert.lines is not None:
        left, _, right, _ = board._insert.area
        assert max(-left, right) * board._insert.scale <= board._aspect / 2


def test_the_drawings_and_the_things_are_the_same():
    props = {name.removeprefix("insert_") for name in names("props") if name.startswith("insert_")}
    backs = {thing.back.removeprefix("insert_") for thing in things().things.values() if thing.back}
    assert props == set(NAMES) | backs
    assert all(load_prop(f"insert_{name}").paint for name in props)


def test_a_turned_pen_turns_clockwise_about_its_origin():
    sheet = Sheet(Window(-1, -1, 1, 1), 50, light=light_for(TimeOfDay.DAY, Palette(), interior=True), seed=1)
    pen = sheet.pen().at(0.5, 0.2)
    assert np.allclose(pen.turned(90).place([(0.1, 0.0), (0.0, 0.0)]), pen.place([(0.0, 0.1), (0.0, 0.0)]))


def test_a_mirrored_prop_turns_the_other_way(plan):
    image = picture(plan(size=ShotSize.CU, insert="wheel", place="black", width=320, height=180, frames=1)).mean(axis=2)
    mirrored = image[:, ::-1]
    assert np.abs(image - mirrored).mean() < 0.3 * np.abs(image - image.mean()).mean()


def test_light_on_a_clear_sheet_is_a_veil():
    sheet = Sheet(Window(-1, -1, 1, 1), 50, light=light_for(TimeOfDay.NIGHT, Palette(), interior=True), seed=1)
    sheet.pen().fill(box(-1, 0, 1, 1), (0, 0, 0))
    sheet.pen().glow(0, 0, 0.8, (255, 200, 100), 0.5)
    colours, mask = (np.asarray(part, dtype=int) for part in sheet.finished())
    assert tuple(colours[40, 50]) == (255, 200, 100)
    assert 20 < mask[40, 50] < 128
    assert 20 < colours[60, 50][0] < 128
    assert mask[60, 50] == 255
    assert mask[2, 2] == 0


@pytest.mark.parametrize("name", ["phone", "screen", "fire", "candle"])
def test_what_shines_does_so_at_night(plan, name):
    scene = {"place": "black", "insert": name, "size": ShotSize.CU, "frames": 1}
    day, night = (picture(plan(time=time, **scene)).max(axis=(0, 1)) for time in (TimeOfDay.DAY, TimeOfDay.NIGHT))
    assert np.abs(day - night).max() < 25
