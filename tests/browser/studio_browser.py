"""A studio in the browser: `vtx dev` as a process of its own, and a headless Chromium that looks at it.

Shared by the tests of this folder and by `docs/make_pictures.py`. Everything stays on this machine's loopback address.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

Found = TypeVar("Found")

LOCATION = "/locations/__repository__@vtx_dagster.definitions"
GROUPS = ("story", "continuity", "clips", "cut")
_POLL_S = 0.3
_START_S = 120
_STOP_S = 20
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
_DIALOG = "//*[@role='dialog']"


def find_programs() -> tuple[str, str] | None:
    """Return the paths of Chromium and of its driver, or None where one of them is missing."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    driver = shutil.which("chromedriver")
    return (browser, driver) if browser and driver else None


@dataclass(frozen=True, slots=True, kw_only=True)
class StudioServer:
    """A running `vtx dev`. GraphQL is for waiting and for exact facts; what is tested is done in the browser."""

    url: str
    log: Path
    pid: int

    def graphql(self, query: str) -> dict[str, Any]:
        """Return the data that a query gives."""
        request = urllib.request.Request(
            f"{self.url}/graphql", json.dumps({"query": query}).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            answer = json.load(response)
        if "errors" in answer:
            raise AssertionError(f"GraphQL: {answer['errors']}")
        return answer["data"]

    def partitions(self, asset: str) -> dict[str, set[str]]:
        """Return the partition keys of an asset by their state: materialized, failed, unmaterialized, materializing."""
        states = ("materialized", "failed", "unmaterialized", "materializing")
        fields = " ".join(f"{state}Partitions" for state in states)
        node = self.graphql(
            f'{{assetNodeOrError(assetKey: {{path: ["{asset}"]}}) {{... on AssetNode '
            f"{{assetPartitionStatuses {{... on DefaultPartitionStatuses {{{fields}}}}}}}}}}}"
        )["assetNodeOrError"]
        return {state: set(node["assetPartitionStatuses"][f"{state}Partitions"]) for state in states}

    def backfills(self) -> dict[str, str]:
        """Return the state of every backfill by its id."""
        data = self.graphql("{partitionBackfillsOrError {... on PartitionBackfills {results {id status}}}}")
        return {backfill["id"]: backfill["status"] for backfill in data["partitionBackfillsOrError"]["results"]}

    def runs_of(self, backfill: str) -> list[tuple[str, set[str]]]:
        """Return the state and the assets of every run of a backfill."""
        tag = f'{{key: "dagster/backfill", value: "{backfill}"}}'
        data = self.graphql(
            f"{{runsOrError(filter: {{tags: [{tag}]}}) {{... on Runs {{results {{status assetSelection {{path}}}}}}}}}}"
        )
        return [
            (run["status"], {"/".join(key["path"]) for key in run["assetSelection"]}) for run in data["runsOrError"]["results"]
        ]

    def runs(self, job: str) -> list[str]:
        """Return the states of the runs of a job, the latest first."""
        data = self.graphql(f'{{runsOrError(filter: {{pipelineName: "{job}"}}) {{... on Runs {{results {{status}}}}}}}}')
        return [run["status"] for run in data["runsOrError"]["results"]]

    def pull_the_plug(self) -> None:
        """End the server and everything that it started, as a power cut does."""
        listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout.split()
        parents = dict(zip(map(int, listed[::2]), map(int, listed[1::2]), strict=True))
        ending = [self.pid]
        for pid in ending:
            ending += [child for child, parent in parents.items() if parent == pid]
        for pid in ending:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def recent_ticks(self, sensor: str) -> list[str]:
        """Return the log lines of a sensor's latest ticks; what was said in one is not repeated in the next."""
        where = 'repositoryName: "__repository__", repositoryLocationName: "vtx_dagster.definitions"'
        state = self.graphql(
            f'{{sensorOrError(sensorSelector: {{{where}, sensorName: "{sensor}"}}) {{... on Sensor '
            "{sensorState {ticks(limit: 20) {logEvents {events {message}}}}}}}"
        )["sensorOrError"]["sensorState"]
        return [event["message"] for tick in state["ticks"] for event in tick["logEvents"]["events"]]


@contextlib.contextmanager
def serving(studio: Path, *, log: Path) -> Iterator[StudioServer]:
    """Run `vtx dev` on a free port; at the end it and everything that it started is ended, whatever happened.

    Args:
        studio: The studio folder.
        log: Where the console goes.
    """
    port = _free_port()
    vtx = [sys.executable, "-c", "from vtx_dagster.cli.main import main; main()"]
    command = [*vtx, "dev", "--studio", str(studio), "--port", str(port)]
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("VTX_", "DAGSTER_", "COV_CORE_"))}
    with log.open("wb") as console:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=console, stderr=console, env=environ, start_new_session=True
        )
        try:
            server = StudioServer(url=f"http://127.0.0.1:{port}", log=log, pid=process.pid)
            _await_start(server, process)
            yield server
        finally:
            _end_group(process)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _await_start(server: StudioServer, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_S
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            server.graphql("{version}")
            return
        time.sleep(_POLL_S)
    tail = server.log.read_text(encoding="utf-8", errors="replace")[-3000:]
    raise AssertionError(f"vtx dev did not answer within {_START_S} s (exit status {process.poll()}):\n{tail}")


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End a process and all its descendants: politely, then not."""
    with contextlib.suppress(subprocess.TimeoutExpired, ProcessLookupError):
        os.killpg(process.pid, signal.SIGINT)
        process.wait(timeout=_STOP_S)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class Screen:
    """What a person sees and clicks."""

    def __init__(self, driver: webdriver.Chrome, server: StudioServer, *, pictures: Path) -> None:
        self.driver = driver
        self.server = server
        self._pictures = pictures

    def until(self, what: str, look: Callable[[], Found], *, timeout_s: float = 60) -> Found:
        """Look again and again until something true comes back, and return that.

        Raises:
            AssertionError: If it does not within the time; with a screenshot.
        """
        deadline = time.monotonic() + timeout_s
        problem = ""
        while True:
            try:
                found = look()
            except WebDriverException as error:
                # The page redraws itself all the time: elements vanish, or are covered for a moment.
                found, problem = None, f" ({error.msg})"
            if found:
                return found
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {timeout_s:g} s: {what}{problem}; screenshot: {self.save_screenshot()}")
            time.sleep(_POLL_S)

    def save_screenshot(self) -> Path:
        """Save what is on the screen, and return where."""
        path = self._pictures / f"{len(list(self._pictures.iterdir())):02}.png"
        self.driver.save_screenshot(str(path))
        return path

    def open(self, path: str) -> None:
        """Go to a page of the UI."""
        self.driver.get(f"{self.server.url}{path}")

    @property
    def text(self) -> str:
        """The text on the page; empty while it loads."""
        return self.driver.find_element(By.TAG_NAME, "body").text

    def see(self, *texts: str, timeout_s: float = 60) -> None:
        """Wait until all the texts are on the page."""
        self.until(f"{texts} on the page", lambda: all(text in self.text for text in texts), timeout_s=timeout_s)

    def click(self, xpath: str) -> None:
        """Click the first element that is there and can be clicked."""

        def clicked() -> bool:
            element = next((found for found in self.driver.find_elements(By.XPATH, xpath) if found.is_displayed()), None)
            if element is None or not element.is_enabled():
                return False
            element.click()
            return True

        self.until(f"click {xpath}", clicked)

    def materialize(self, page: str, choice: str) -> str:
        """Launch a backfill with the dialog behind the button of a page.

        Args:
            page: Path of the page.
            choice: Button of the dialog that chooses partitions: `All` or `Missing`.

        Returns:
            The id of the backfill.
        """
        known = self.server.backfills()
        self.open(page)
        self.click("//button[starts-with(normalize-space(), 'Materialize')]")
        self.until("the launch dialog", lambda: self._is_ready_to_choose(choice))
        self.click(f"{_DIALOG}//button[normalize-space() = '{choice}']")
        self.click(f"{_DIALOG}//button[starts-with(normalize-space(), 'Launch')]")
        return next(iter(self.until("a new backfill", lambda: self.server.backfills().keys() - known.keys())))

    def _is_ready_to_choose(self, choice: str) -> bool:
        for confirm in self.driver.find_elements(By.XPATH, f"{_DIALOG}//button[normalize-space() = 'Confirm']"):
            # Dagster warns of upstream assets that were never materialised; ours are files that a person wrote.
            confirm.click()
        return bool(self.driver.find_elements(By.XPATH, f"{_DIALOG}//button[normalize-space() = '{choice}']"))

    def finish(self, backfill: str, *, timeout_s: float = 180) -> str:
        """Wait until a backfill has ended, and return its state. Dagster's daemon looks after backfills every 30 s."""
        ended = ("COMPLETED_SUCCESS", "COMPLETED_FAILED", "COMPLETED", "FAILED", "CANCELED")

        def state() -> str:
            now = self.server.backfills()[backfill]
            return now if now in ended else ""

        return self.until(f"backfill {backfill} ended", state, timeout_s=timeout_s)

    def open_graph(self) -> None:
        """Show the graph of all assets with its groups expanded, fitted into the page."""
        self.open("/asset-groups")
        self.see(*GROUPS)
        self.until("a collapsed group", lambda: self.driver.find_elements(By.CSS_SELECTOR, "[aria-label=unfold_more]"))
        self.click("(//button[.//*[@aria-label='settings']])[last()]")
        self.click("//*[@role='menuitem'][contains(., 'Expand all groups')]")
        self.until("an expanded group", lambda: self.driver.find_elements(By.CSS_SELECTOR, "[aria-label=unfold_less]"))
        # The page remembers what is expanded, and fits the graph into itself when it opens.
        self.driver.refresh()
        self.see(*GROUPS)

    def boxes(self) -> dict[str, tuple[float, float, float, float]]:
        """Return left, top, right and bottom of every asset and group in the graph by its name."""
        found: list[tuple[str, list[float]]] = self.driver.execute_script(
            "return [...document.querySelectorAll('svg foreignObject')].map(box => {"
            " const r = box.getBoundingClientRect();"
            " const text = document.createTreeWalker(box, NodeFilter.SHOW_TEXT).nextNode();"
            " return [text?.data ?? '', [r.left, r.top, r.right, r.bottom]]})"
        )
        return {name: (edges[0], edges[1], edges[2], edges[3]) for name, edges in found if name}

    def open_strip(self, clip: str) -> tuple[int, int]:
        """Open a clip's partition page and its frame strip, and return the size of the picture in pixels."""
        self.open(f"/assets/rendered_clip?view=partitions&partition={urllib.parse.quote(clip, safe='')}")
        self.see("Materialized\n", "vtx/frames_strip", "vtx/prompt")
        self.click("//*[normalize-space(text()) = '[Show Markdown]']")
        picture = f"{_DIALOG}//img[@alt = '{clip.partition('/')[2]}']"
        image = self.until("the frame strip", lambda: self.driver.find_element(By.XPATH, picture))
        return self.until("the picture is loaded", lambda: self._size_of(image))

    def _size_of(self, image: Any) -> tuple[int, int] | None:
        width, height = self.driver.execute_script("return [arguments[0].naturalWidth, arguments[0].naturalHeight]", image)
        return (width, height) if width else None

    def see_in_recent_ticks(self, sensor: str, text: str) -> None:
        """Wait until one of the latest ticks of a sensor logged a text, and look at the sensor's page."""
        self.until(f"{text!r} in a tick of {sensor}", lambda: any(text in line for line in self.server.recent_ticks(sensor)))
        self.open(f"{LOCATION}/sensors/{sensor}")
        self.see("View logs")


@contextlib.contextmanager
def browsing(
    server: StudioServer, programs: tuple[str, str], *, profile: Path, pictures: Path, size: tuple[int, int] = (1600, 1000)
) -> Iterator[Screen]:
    """Open a headless Chromium.

    Args:
        server: What it looks at.
        programs: Chromium and its driver.
        profile: An empty folder for what it keeps.
        pictures: An empty folder for screenshots.
        size: Width and height of the window in pixels.
    """
    options = Options()
    options.binary_location = programs[0]
    for flag in (*_FLAGS, f"--window-size={size[0]},{size[1]}", f"--user-data-dir={profile}"):
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=Service(programs[1]))
    try:
        driver.set_page_load_timeout(60)
        yield Screen(driver, server, pictures=pictures)
    finally:
        driver.quit()
