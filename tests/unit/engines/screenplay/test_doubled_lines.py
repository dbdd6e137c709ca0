"""Every screenplay of the web's largest collections has an empty line below each line; all else about it may differ."""

import re
from collections.abc import Iterator

import pytest

from vtx_dagster.engines.screenplay.doubled_lines import are_doubled, single_spaced
from vtx_dagster.engines.screenplay.plain_text import read_text_file

PAGE = """\
12   INT. BAR - NIGHT                                         12

     Rain falls on the roof, and the keeper looks at the clock
     on the wall, which has stopped.

     MARA (40) comes in with a wet umbrella, shakes it and sits
     down on the stool that is nearest to the stove.

                         MARA
                   (low, and more to the
                    stove)
               It was the last winter, and the
               longest one that any of us would
               remember.

                         KEEPER
               You were gone.

     She leaves.

                         KEEPER (CONT'D)
               Stay a while with us, it rains as
               if it would never end.

                                                       CUT TO:

12A  EXT. STREET BEHIND THE BAR WHERE NOBODY EVER WALKS ALONE
     - NIGHT                                                 12A

     Mara walks off. Cars pass her, their wipers beating, until
     the last of them is gone.

14   ANGLE ON A SIGN

     It swings.

                         MARA
               There is no other winter than the
               one that one is in.
"""
SPOKEN = {
    "MARA": "It was the last winter, and the longest one that any of us would remember.",
    "KEEPER": "You were gone.",
}


def doubled(text: str) -> str:
    return "".join(f"{line}\n\n" for line in text.split("\n") if line.strip())


def read(text: str) -> str:
    return read_text_file(text.encode(), name="f.txt").text


def at_the_margin(text: str, *, speech: int, cue: int) -> Iterator[str]:
    """Yield a page whose speeches lost their indent."""
    for line in text.split("\n"):
        column = len(line) - len(line.lstrip())
        if column >= 40:
            yield " " * 5 + line.strip()
        elif column >= 15:
            yield " " * (cue if column == 25 else speech) + line.strip()
        else:
            yield line


def test_a_page_reads_as_if_it_were_not_doubled():
    assert read(doubled(PAGE * 2)) == read(PAGE * 2)
    assert "12A  EXT" not in read(doubled(PAGE * 2))


@pytest.mark.parametrize(("speech", "cue"), [(5, 20), (6, 20), (5, 5)], ids=["at the margin", "nearly", "names too"])
def test_speeches_without_an_indent_are_told_by_their_width(speech, cue):
    page = "\n".join(at_the_margin(PAGE, speech=speech, cue=cue)).replace("14   ANGLE", "     ANGLE")
    text = read(doubled(page + page.replace("SIGN", "STAR").replace("- NIGHT  ", "- DAWN   ")))
    for name, words in SPOKEN.items():
        assert re.search(rf"^{name}\n(?:\(.*\)\n)?{words}\n\n", text, re.MULTILINE), text
    assert "\n\nShe leaves.\n\nKEEPER (CONT'D)\nStay a while with us, it rains as if it would never end.\n" in text
    assert "\n\n(low" not in text


def test_speeches_of_one_long_line_end_with_it():
    page = """\
INT. BAR - NIGHT

Rain falls on the roof, and the keeper looks at the clock on the wall, which has stopped.

MARA

(low)

It was the last winter, and the longest one that any of us would remember, and nobody does.

She leaves through the kitchen, where the cook sleeps.

THE DOOR SLAMS SHUT BEHIND HER

KEEPER

Wait!

1.

She does not.
"""
    text = read(doubled(page + "INT. BAR - LATER\n\nMARA\n\nAnd?\n\nKEEPER\n\nNothing.\n" * 9))
    assert (
        "MARA\n(low)\nIt was the last winter, and the longest one that any of us would remember, and nobody does.\n\nShe" in text
    )
    assert "KEEPER\nWait!\n\nShe does not." in text
    assert "\n\n!THE DOOR SLAMS SHUT BEHIND HER\n\nKEEPER" in text


def test_pages_that_slipped_sideways_are_put_straight():
    slipped = "\n".join(f"      {line}" for line in PAGE.split("\n"))
    number = f"{'11/10/97       {}.':>70}\n"
    pages = "".join(
        number.format(at) + page for at, page in enumerate((PAGE, slipped, "\n     A beat.\n", slipped, PAGE), start=1)
    )
    text = read(doubled(pages))
    assert text.count(f"\n{SPOKEN['MARA']}\n") == 4
    assert text.count("INT. BAR - NIGHT") == 4
    assert "\n\nA beat.\n\n" in text


def test_headers_of_pages_are_no_text():
    pages = "".join(f'{page}"The Bar"    Green Pages   5-23-08   {number}.\n' for number, page in enumerate([PAGE] * 12, start=1))
    text = read(doubled(pages + "\n     Green Pages 7.\n"))
    assert "5-23-08" not in text
    assert text.count("INT. BAR - NIGHT") == 12
    assert text.endswith("Green Pages 7.\n")


def test_other_texts_are_not_doubled():
    assert are_doubled(doubled(PAGE * 2).split("\n"))
    assert not are_doubled(PAGE.split("\n"))
    # Too short to say.
    assert not are_doubled(doubled("INT. BAR - NIGHT\nRain.\n").split("\n"))
    assert single_spaced(["A", "", "B"]) == ["            A", "", "            B"]


def test_remains_of_the_web_page_are_no_text():
    text = f"<b><!--\n</b>if (window!= top)\ntop.location.href=location.href\n<b>// -->\n</b>\n<pre>\n{PAGE}</pre>"
    assert read(doubled(text * 2)) == read(PAGE * 2)
