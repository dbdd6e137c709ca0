import numpy as np
import pytest

from vtx_dagster.core.shot import CameraMove, ShotSize
from vtx_dagster.engines.animatic.camera import camera_path, eased


def path(move, *, num_frames=33, seed=1, size=ShotSize.MS):
    return camera_path(move, size, num_frames=num_frames, fps=16, seed=seed)


def test_easing_starts_and_ends_at_rest():
    steps = np.diff(eased(65))
    assert (eased(65)[0], eased(65)[-1]) == (0, 1)
    assert steps[0] < steps[32] / 50 > steps[-1]
    assert (steps >= 0).all()
    assert eased(1).tolist() == [0]


@pytest.mark.parametrize("move", CameraMove)
def test_the_union_holds_every_view(move):
    views = path(move).views(1.0, 2.0)
    union = views.union()
    for index in range(33):
        seen = views.window(index)
        assert union.left <= seen.left < seen.right <= union.right
        assert union.top <= seen.top < seen.bottom <= union.bottom


@pytest.mark.parametrize("move", [CameraMove.TRUCK_LEFT, CameraMove.TRUCK_RIGHT, CameraMove.CRANE_UP, CameraMove.CRANE_DOWN])
def test_travelling_moves_near_things_more(move):
    taken = path(move)
    near, far = taken.views(1.0, 2.0), taken.views(0.1, 2.0)
    assert np.ptp(near.x) + np.ptp(near.y) > 3 * (np.ptp(far.x) + np.ptp(far.y))
    assert taken.travels
    assert not path(CameraMove.PAN_LEFT).travels


def test_a_hand_is_unsteady_by_its_seed_and_stays_near():
    first, again, other = (path(CameraMove.HANDHELD, seed=seed).turn_x for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert 0 < np.abs(first).max() < 0.03


def test_a_move_that_nobody_wrote_is_not_a_static_shot():
    with pytest.raises(AssertionError, match="wobble"):
        path("wobble")


@pytest.mark.parametrize("move", CameraMove)
def test_every_move_but_one_moves(move):
    views = path(move).views(1.0, 2.0)
    assert bool(np.ptp(views.x) + np.ptp(views.y) + np.ptp(views.scale)) == (move != CameraMove.STATIC)


def test_tight_shots_move_less():
    assert np.ptp(path(CameraMove.PAN_LEFT, size=ShotSize.ECU).turn_x) < np.ptp(
        path(CameraMove.PAN_LEFT, size=ShotSize.WS).turn_x
    )
