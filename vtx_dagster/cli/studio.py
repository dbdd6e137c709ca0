"""The commands about the studio as a whole: init, demo, sync, doctor, schema, dev."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vtx_dagster.cli.options import JsonOption, OptionalSlugArgument, StudioOption, VerboseOption, add_command
from vtx_dagster.cli.output import counted, note, print_json, print_table, say
from vtx_dagster.cli.studio_folder import open_studio, records, studio_words

if TYPE_CHECKING:
    from vtx_dagster.studio.project import Studio

PathArgument = Annotated[Path, typer.Argument(metavar="[PATH]", help="The folder; it is made if it is not there.")]


def init(
    path: PathArgument = Path(),
    *,
    demo: Annotated[bool, typer.Option("--demo", help="Put the demo project into it, too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Make a folder a film studio. What is in it already is left as it is."""
    from vtx_dagster.studio.demo import add_demo
    from vtx_dagster.studio.project import Studio

    studio = Studio.init(path, dict(os.environ))
    projects = [add_demo(studio).slug] if demo else []
    if as_json:
        print_json({"studio": str(studio.root), "projects": projects})
        return
    say(f"{studio.root} is a studio")
    where = studio_words(studio)
    if projects:
        say(f"next: vtx make {projects[0]}{where}")
    elif studio.slugs():
        say(f"next: vtx plan{where}")
    else:
        say(f'next: vtx projects new my_film --title "My film"{where}')


def demo(path: PathArgument = Path("vtx_demo"), *, verbose: VerboseOption = False, as_json: JsonOption = False) -> None:
    """Make a studio with the demo project, and make its film: a short of a minute or two, drawn on this machine."""
    from vtx_dagster.cli.make import make_and_print
    from vtx_dagster.studio.demo import add_demo
    from vtx_dagster.studio.project import Studio

    studio = Studio.init(path, dict(os.environ))
    make_and_print(studio, add_demo(studio).slug, verbose=verbose, as_json=as_json)
    note(f"the studio in the browser: vtx dev{studio_words(studio)}")


def sync(*, studio: StudioOption = None, verbose: VerboseOption = False, as_json: JsonOption = False) -> None:
    """Tell Dagster what is on disk: new and removed projects, acts and clips, and what is finished and it does not know.

    Nothing is rendered. A lost record of runs (.dagster) is rebuilt in this way. Exits with 1 if a project cannot be read, after
    all others were looked at.
    """
    from vtx_dagster.cli.runs import open_registry

    opened = open_studio(studio)
    with open_registry(opened, is_verbose=verbose) as registry:
        changed = registry.register()
        reported = list(registry.report_finished())
    unread = {record.project: record.problem for record in records(opened) if record.problem}
    problems = {**changed.problems, **unread}
    if as_json:
        print_json(
            {
                "added": list(changed.added),
                "removed": list(changed.removed),
                "reported": [{"asset": asset, "partition": key} for asset, key in reported],
                "problems": problems,
            }
        )
    else:
        _print_sync(changed.added, changed.removed, reported, problems)
    if problems:
        raise typer.Exit(1)


def _print_sync(
    added: tuple[str, ...], removed: tuple[str, ...], reported: list[tuple[str, str]], problems: dict[str, str]
) -> None:
    for sign, keys in (("+", added), ("-", removed)):
        for key in keys:
            say(f"{sign} {key}")
    for asset, key in reported:
        say(f"reported {asset} {key}")
    say(f"{counted(len(added), 'partition')} added, {len(removed)} removed, {len(reported)} reported as finished")
    for slug, problem in problems.items():
        note(f"{slug}: {problem}")


def doctor(
    slug: OptionalSlugArgument = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Show the settings that have their default, too.")] = False,
    studio: StudioOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check that everything is in order: versions, studio, disk, ffmpeg, font, engine, writer, projects.

    Then come the settings that are set, with the file (and line) that each came from; secrets are masked. Exits with 1 if
    something must be mended.
    """
    from vtx_dagster.cli.doctor import Level, examine

    findings = list(examine(open_studio(studio), slug, only_set=not every))
    fails = sum(finding.level == Level.FAIL for finding in findings)
    if as_json:
        print_json({"findings": [finding.to_json() for finding in findings], "fails": fails})
    else:
        print_table(("", "what", "found", "remedy"), [(f.level, f.what, f.found, f.remedy) for f in findings])
        warnings = sum(finding.level == Level.WARN for finding in findings)
        say(f"{counted(fails, 'problem')}, {counted(warnings, 'warning')}")
    if fails:
        raise typer.Exit(1)


def schema(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="The kind of file; a list of them when left out.", show_default=False)
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Print the JSON Schema of one kind of project file, or list the kinds."""
    from vtx_dagster.studio.schemas import SCHEMAS, schema_text

    if name is not None:
        typer.echo(schema_text(name), nl=False)
    elif as_json:
        print_json(list(SCHEMAS))
    else:
        for known in SCHEMAS:
            say(known)


def dev(
    *,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the web server.")] = 3000,
    host: Annotated[str, typer.Option(help="Address that it listens on; 0.0.0.0 lets other machines in.")] = "127.0.0.1",
    studio: StudioOption = None,
) -> None:
    """Open the studio in the browser: Dagster's web server and daemon, until Ctrl-C.

    Stages can be run there, too. And while it runs, new and changed clips are rendered and complete films are assembled by
    themselves: the sensors that do it are on, and can be switched off under Automation, or per project in metadata.yaml.
    """
    import dagster as dg

    from vtx_dagster.cli.runs import dagster_home, open_registry
    from vtx_dagster.cli.served_runs import fail_left_behind, stop_runs
    from vtx_dagster.cli.serving import reachable, serve
    from vtx_dagster.studio.locks import server_lock

    opened = open_studio(studio)
    home, url = dagster_home(opened), f"http://{reachable(host)}:{port}"

    def stop(is_impatient: Callable[[], bool]) -> None:
        with dg.DagsterInstance.from_config(str(home)) as instance:
            stop_runs(instance, url, is_impatient=is_impatient)

    with server_lock(home, url):
        with open_registry(opened) as registry:
            registry.register()
            if ended := fail_left_behind(registry.instance, home):
                note(f"{counted(ended, 'run')} of a server that was killed: failed, and started again; what is finished is kept")
        command, environment = dev_command(opened, host=host, port=port)
        note(f"{opened.root}: Dagster is starting (Ctrl-C stops it)")
        serve(command, environment, address=(host, port), on_ready=lambda: note(f"ready: http://{host}:{port}"), on_stop=stop)
    note("stopped")


def dev_command(studio: "Studio", *, host: str, port: int) -> tuple[list[str], dict[str, str]]:
    """Return the command that serves a studio, and its environment."""
    from vtx_dagster.cli.runs import dagster_home

    # `dg dev`, which Dagster would rather see used, needs a package of its own and a project in its layout.
    quietly = ["-W", "ignore:Function `dev_command` is superseded"]
    command = [sys.executable, *quietly, "-m", "dagster", "dev", "-m", "vtx_dagster.definitions"]
    command += ["--host", host, "--port", str(port)]
    own = {"DAGSTER_HOME": str(dagster_home(studio)), "VTX_HOME": str(studio.root), "DAGSTER_DISABLE_TELEMETRY": "1"}
    return command, {**studio.environ, **own}


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    add_command(app, init, "vtx init my_studio", "vtx init my_studio --demo")
    add_command(app, demo, "vtx demo", "vtx demo my_studio")
    add_command(app, sync, "vtx sync", "DAGSTER_HOME=/srv/dagster vtx sync --studio my_studio    in CI")
    add_command(app, doctor, "vtx doctor", "vtx doctor my_film", "vtx doctor --all")
    add_command(app, schema, "vtx schema", "vtx schema clip > clip.schema.json")
    add_command(app, dev, "vtx dev --studio my_studio", "vtx dev --port 3001")
