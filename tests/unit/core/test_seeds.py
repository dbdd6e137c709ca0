from hypothesis import given, settings
from hypothesis import strategies as st

from vtx_dagster.core.seeds import derived_seed


@settings(max_examples=50)
@given(st.text(max_size=20), st.text(max_size=20))
def test_a_seed_has_31_bits(project: str, clip: str) -> None:
    assert 0 <= derived_seed(project, clip) < 2**31


def test_seeds_are_pinned() -> None:
    """A seed decides the pixels of every clip that names none: if this changes, all of them are stale."""
    assert derived_seed("my_film", "A01_S01_SH001") == 867468773


def test_seeds_differ_by_clip_and_by_project() -> None:
    clips = [(project, f"A01_S01_SH{number:03d}") for project in ("one", "two") for number in range(100)]
    assert len({derived_seed(*clip) for clip in clips}) == len(clips)
