import pytest

from vtx_dagster.engines.ltx.worker.jobs import BACKENDS, load_jobs


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_backend_is_there_without_its_packages(backend):
    assert load_jobs(backend).versions() == load_jobs(backend).versions()
    assert type(load_jobs(backend)).__name__ == BACKENDS[backend].partition(":")[2]


def test_another_backend_is_not():
    with pytest.raises(KeyError):
        load_jobs("comfy")
