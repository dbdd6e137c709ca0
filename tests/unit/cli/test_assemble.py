import json

import pytest


def test_an_act(vtx, film):
    result = vtx("assemble", "act", "film", "A01", "--studio", film.studio.root)
    assert result.exit_code == 0
    assert result.stdout == f"{film.act_path('A01')}\n2.0 s (16 frames, 2 clips, 128x72 at 8 fps)\n"


def test_the_film_as_json(vtx, film):
    found = json.loads(vtx("assemble", "final", "film", "--json", "--studio", film.studio.root).stdout)
    assert (found["project"], found["act"], found["file"]) == ("film", "", str(film.film_path))
    assert (found["frames"], found["seconds"]) == (24, 3.0)


def test_missing_clips_are_listed_and_slates_stand_in_when_asked(vtx, film, edit):
    edit(film.clip_spec_path("A02_S01_SH010"), "camera:", "seed: 7\ncamera:")
    result = vtx("assemble", "final", "film", "--studio", film.studio.root)
    assert result.exit_code == 1
    assert "error: film: 1 of 3 clips are not rendered" in result.stderr
    assert "A02_S01_SH010: stale" in result.stderr
    result = vtx("assemble", "final", "film", "--allow-missing", "--studio", film.studio.root)
    assert result.exit_code == 0
    assert result.stdout.endswith("slates stand in for: A02_S01_SH010\n")


@pytest.mark.parametrize(("act", "message"), [("A03", "film has no act A03"), ("A3", "'A3' is not an act id")])
def test_an_act_that_is_not_there(vtx, finished, act, message):
    result = vtx("assemble", "act", "film", act, "--studio", finished[0])
    assert result.exit_code == 1
    assert message in result.stderr
