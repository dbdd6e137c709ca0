# ruff: noqa: RUF001 - other letters are what is tested
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtx_dagster.core.errors import InvalidFileError
from vtx_dagster.engines.screenplay.decoding import decode_text

QUOTED = "“Don’t,” she said – the café’s naïve señor…\n"


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16"])
def test_unicode_needs_no_remark(codec):
    text = f"{QUOTED}雨\r\nline\rend\x0cpage\x0b\x85\t"
    assert decode_text(text.encode(codec), name="f") == decode_text(text.encode(), name="f")
    decoded = decode_text(text.encode(codec), name="f")
    assert (decoded.text, decoded.remarks) == (text, ())


@pytest.mark.parametrize(
    ("codec", "called"), [("cp1252", "Windows-1252"), ("mac_roman", "Mac Roman")], ids=["Windows", "Macintosh"]
)
@pytest.mark.parametrize("text", [QUOTED, "Il est né à Besançon, l’été.\n", "Ein Mädchen läuft über die Brücke.\n", "don’t\n"])
def test_older_files_are_told_apart_by_their_letters(codec, called, text):
    decoded = decode_text(b"plain\n" + text.encode(codec), name="f")
    assert decoded.text == f"plain\n{text}"
    assert decoded.remarks == (f"f: not UTF-8 (line 2): read as {called}; if letters are wrong, save it as UTF-8",)


RUSSIAN = "НАТ. УЛИЦА - ДЕНЬ\n\nБорис идёт по пустой улице, ветер гонит листья.\n"
JAPANESE = "○学校・教室（朝）\n\n花子が窓の外の雨を見ている。\n\n花子\nまた遅れたのね。\n"


@pytest.mark.parametrize(
    ("codec", "called", "text"),
    [
        ("cp1251", "Windows-1251", RUSSIAN),
        ("koi8-r", "KOI8-R", RUSSIAN),
        ("cp866", "code page 866", RUSSIAN),
        ("cp1250", "Windows-1250", "WN. KUCHNIA - NOC\n\nZnów się spóźniłeś. Nie mogę już tak żyć, Łukaszu.\n"),
        ("cp1254", "Windows-1254", "İÇ. MUTFAK - GECE\n\nAyşe yağmura bakıyor. Işığı söndürdüğün günü unutmadım.\n"),
        ("cp1253", "Windows-1253", "ΕΣΩΤ. ΚΟΥΖΙΝΑ - ΝΥΧΤΑ\n\nΗ Άννα κοιτάζει τη βροχή. Περιμένει.\n"),
        ("cp932", "Shift JIS", JAPANESE),
        ("euc-jp", "EUC-JP", JAPANESE),
        ("iso2022_jp", "ISO-2022-JP", JAPANESE),
        ("gb18030", "GB 18030", "1. 内景 厨房 夜\n\n安娜站在窗前，望着窗外的雨。她在等他。\n"),
        ("big5", "Big5", "1. 內景 廚房 夜\n\n安娜站在窗前，望著窗外的雨。她在等他。\n"),
        ("cp949", "EUC-KR", "S#1. 실내. 부엌 - 밤\n\n안나가 창가에 서서 비를 바라보고 있다.\n"),
        ("utf-16-le", "UTF-16", RUSSIAN),
        ("utf-16-be", "UTF-16", f"{QUOTED}INT. KITCHEN - NIGHT\n"),
    ],
)
def test_files_of_other_alphabets_are_known_by_their_letters(codec, called, text):
    decoded = decode_text(text.encode(codec), name="f")
    assert decoded.text == text
    (remark,) = decoded.remarks
    assert f": read as {called}; if letters are wrong, save it as UTF-8" in remark


def test_a_few_accents_are_not_taken_for_another_alphabet():
    assert decode_text("INT. CUISINE - NUIT\n\nHélène regarde la pluie. Elle at".encode("cp1252"), name="f").text.count("é") == 1


def test_control_characters_are_left_out_and_counted():
    decoded = decode_text(b"a\x00b\n\x1b\nc\n\x07\n\x07\n\x07\n\x07\n", name="f")
    assert decoded.text == "ab\n\nc\n\n\n\n\n"
    assert decoded.remarks == ("f: 6 control characters were left out (line 1, 2, 4, 5, 6, ...)",)


def test_utf_16_that_ends_in_the_middle_is_an_error():
    with pytest.raises(InvalidFileError, match=r"^f:2: the file says that it is UTF-16, and is not"):
        decode_text("a\nb".encode("utf-16") + b"\x00", name="f")


def text_or_problem(data: bytes) -> str:
    try:
        return decode_text(data, name="f").text
    except InvalidFileError as error:
        return error.message


@given(st.binary(max_size=60))
def test_anything_is_a_text_or_a_clear_error(data):
    assert "\x00" not in text_or_problem(data)
