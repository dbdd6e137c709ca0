"""One studio, one `vtx dev` and one browser for all tests of this folder."""

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from studio_browser import Screen


@pytest.fixture(scope="session")
def browser_programs() -> tuple[str, str]:
    """Chromium and its driver; the tests are skipped without them, unless the environment asks for them."""
    missing = "install Chromium and its driver (Debian: apt-get install chromium chromium-driver)"
    if importlib.util.find_spec("selenium") is None:
        missing, programs = "install selenium: pip install 'vtx-dagster[browser]'", None
    else:
        from studio_browser import find_programs

        programs = find_programs()
    if programs is None and os.environ.get("VTX_REQUIRE_BROWSER") == "1":
        pytest.fail(f"VTX_REQUIRE_BROWSER=1, and there is no browser: {missing}", pytrace=False)
    if programs is None:
        pytest.skip(f"no browser: {missing}")
    return programs


@pytest.fixture(scope="module")
def screen(browser_programs: tuple[str, str], studio_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator["Screen"]:
    """A browser that looks at the studio of the module."""
    from studio_browser import browsing, serving

    folders = {name: tmp_path_factory.mktemp(name) for name in ("console", "profile", "pictures")}
    with (
        serving(studio_root, log=folders["console"] / "vtx_dev.log") as server,
        browsing(server, browser_programs, profile=folders["profile"], pictures=folders["pictures"]) as opened,
    ):
        yield opened


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Show where a screenshot of the failure is."""
    report: Any = yield
    shown = getattr(item, "funcargs", {}).get("screen")
    if report.failed and shown is not None:
        report.sections.append(("screenshot", f"{shown.save_screenshot()}\nconsole of vtx dev: {shown.server.log}"))
    return report
