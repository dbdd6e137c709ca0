"""What `vtx doctor` looks at of the story writer: model, address, key, price, budget and own templates. Nothing is sent."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

from vtx_dagster.cli.findings import Finding, Level, tried
from vtx_dagster.cli.spending import usd
from vtx_dagster.engines.choice import story_writer, story_writer_name
from vtx_dagster.studio.calls import CallStore
from vtx_dagster.studio.project import Project, Studio
from vtx_dagster.studio.settings import KNOWN, Settings


def look_at_writer(scope: Studio | Project, settings: Settings) -> Iterator[Finding]:
    """Yield what was found of the story writer of a project, or of the one that a studio's settings name.

    Args:
        scope: The studio or the project.
        settings: Its settings.
    """
    writer = tried("writer", lambda: _writer(scope, settings), settings)
    yield writer
    if writer.level == Level.FAIL or story_writer_name(settings) != "openai":
        return
    studio = scope if isinstance(scope, Studio) else scope.studio
    model = settings.get("VTX_STORY_MODEL") or KNOWN["VTX_STORY_MODEL"].default
    yield Finding(what="model", found=f"{model} at {_address(settings)} ({settings.get('VTX_STORY_API') or 'responses'})")
    yield _key(settings)
    yield _price(studio.root, model, settings)
    yield tried("budget", lambda: _budget(scope, settings), settings)
    yield from _templates(scope, studio)


def shown_address(address: str) -> str:
    """Return an address without what may be secret in it: user, password and query."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _writer(scope: Studio | Project, settings: Settings) -> str:
    if isinstance(scope, Studio):
        return story_writer_name(settings)
    identity = story_writer(scope).identity
    return f"{identity.name} {identity.version}"


def _address(settings: Settings) -> str:
    from vtx_dagster.engines.language_model.client import OPENAI_URL

    return shown_address((settings.get("OPENAI_BASE_URL") or OPENAI_URL).strip())


def _key(settings: Settings) -> Finding:
    key = settings.lookup("OPENAI_API_KEY")
    if key is not None:
        return Finding(what="key", found=f"set ({key.source})")
    if settings.lookup("OPENAI_BASE_URL") is not None:
        return Finding(what="key", found="not set; a server of your own may want none")
    return Finding(
        level=Level.FAIL,
        what="key",
        found="not set: nothing can be asked",
        remedy="put OPENAI_API_KEY=... into config/models.env, or OPENAI_BASE_URL=... of a server that wants no key",
    )


def _price(root: Path, model: str, settings: Settings) -> Finding:
    from vtx_dagster.engines.language_model.asking import price_table

    def look() -> str:
        price = price_table(root).price_of(model)
        return f"{_exact(price.input)} in, {_exact(price.output)} out for a million tokens" if price is not None else ""

    finding = tried("price", look, settings)
    if finding.found:
        return finding
    refused = ", and with a budget nothing is asked" if settings.get("VTX_STORY_BUDGET_USD") else ""
    return Finding(
        level=Level.FAIL if refused else Level.WARN,
        what="price",
        found=f"nobody knows what {model} costs{refused}",
        remedy="put it into config/prices.yaml; 0 for a model of your own",
    )


def _exact(amount: Decimal) -> str:
    return f"${amount:.2f}" if amount == round(amount, 2) else f"${amount}"


def _budget(scope: Studio | Project, settings: Settings) -> str:
    budget = settings.decimal("VTX_STORY_BUDGET_USD", minimum=0)
    limit = "no limit" if budget is None else f"{usd(budget)} for each project"
    return f"{limit}, {usd(CallStore(scope).spent())} spent" if isinstance(scope, Project) else limit


def _templates(scope: Studio | Project, studio: Studio) -> Iterator[Finding]:
    from vtx_dagster.engines.language_model.prompt import TEMPLATES_DIR

    folders = [("studio", studio.root / "config/templates")]
    if isinstance(scope, Project):
        folders.insert(0, ("project", scope.story_dir / "templates"))
    known = {path.name for path in TEMPLATES_DIR.glob("*.md")}
    found = [(owner, path.name) for owner, folder in folders for path in sorted(folder.glob("*.md"))]
    own = [f"{name} ({owner})" for owner, name in found if name in known]
    yield Finding(what="templates", found=", ".join(own) or "those of the package")
    for owner, name in found:
        if name not in known:
            yield Finding(
                level=Level.WARN,
                what=f"template {name}",
                found=f"no stage asks with it ({owner})",
                remedy=f"rename it to one of {', '.join(sorted(known))}",
            )
