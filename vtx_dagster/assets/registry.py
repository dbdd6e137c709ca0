"""Rebuilding the registry: what is finished on disk and unknown to the instance is reported to it."""

import logging
from collections.abc import Callable, Iterator

import dagster as dg

from vtx_dagster.assets import _reports
from vtx_dagster.assets._batch import PartitionReport, materialization
from vtx_dagster.assets.clips import clip_spec, rendered_clip
from vtx_dagster.assets.cut import act, film
from vtx_dagster.assets.story import STORY_ASSETS
from vtx_dagster.core.engines import MediaTool
from vtx_dagster.core.errors import VtxError
from vtx_dagster.core.planner import ProjectRecord, Stage
from vtx_dagster.core.story import StoryWriter
from vtx_dagster.partitions.keys import key_of
from vtx_dagster.production.clips import ClipWorkshop
from vtx_dagster.production.cut import find_cut
from vtx_dagster.production.resolve import EngineFor
from vtx_dagster.production.story import StoryDesk
from vtx_dagster.production.survey import survey_studio
from vtx_dagster.studio.project import Project, Studio

logger = logging.getLogger(__name__)


def report_finished(
    instance: dg.DagsterInstance,
    studio: Studio,
    *,
    engine_for: EngineFor,
    media_for: Callable[[Project], MediaTool],
    writer_for: Callable[[Project], StoryWriter],
) -> Iterator[tuple[str, str]]:
    """Report every finished partition that the instance does not know, and yield its asset and key.

    Finished means: on disk, and what the present specs ask for. Nothing is rendered. The partitions must be registered. What
    turns out to be damaged when it is looked at is left out, with a warning, and stops nothing else.
    """
    finished = _Finished(studio, engine_for=engine_for, media_for=media_for, writer_for=writer_for)
    known = {asset.key: instance.get_materialized_partitions(asset.key) for asset in finished.assets}
    for record in survey_studio(studio, engine_for=engine_for, writer_for=writer_for):
        for asset_key, key, report in finished.of(record):
            if key in known[asset_key]:
                continue
            name = asset_key.to_user_string()
            try:
                event = materialization(asset_key, key, report())
            except VtxError as error:
                logger.warning("%s %s is left out of the registry: %s", name, key, error.message)
                continue
            instance.report_runless_asset_event(event)
            yield name, key


class _Finished:
    """Finds what is finished of a project; reports are made only for what turns out to be unknown."""

    assets = (*STORY_ASSETS.values(), clip_spec, rendered_clip, act, film)

    def __init__(
        self,
        studio: Studio,
        *,
        engine_for: EngineFor,
        media_for: Callable[[Project], MediaTool],
        writer_for: Callable[[Project], StoryWriter],
    ) -> None:
        self._studio = studio
        self._writer_for = writer_for
        self._workshop = ClipWorkshop(studio, engine_for=engine_for, media_for=media_for)

    def of(self, record: ProjectRecord) -> Iterator[tuple[dg.AssetKey, str, Callable[[], PartitionReport]]]:
        """Yield asset, partition key and a way to make the report of everything that is finished of a project."""
        if record.problem:
            return
        project = self._studio.project(record.project)
        for stage in (story.stage for story in record.story if story.is_current):
            yield STORY_ASSETS[stage].key, project.slug, lambda stage=stage: self._story(project, stage)
        for clip in record.clips:
            key = key_of(project.slug, clip.clip)
            if not clip.problem and project.plan_path(clip.clip).is_file():
                yield clip_spec.key, key, lambda clip=clip: self._plan(project, clip.clip)
            if clip.is_current:
                yield rendered_clip.key, key, lambda clip=clip: self._take(project, clip.clip)
        if record.lineup is None:
            return
        for name in ("", *record.lineup.acts()):
            cut = find_cut(project, record, name)
            if cut is not None:
                asset_key, key = (act.key, key_of(project.slug, name)) if name else (film.key, project.slug)
                yield asset_key, key, lambda cut=cut: PartitionReport(data_version=cut.data_version, metadata=_reports.cut(cut))

    def _story(self, project: Project, stage: Stage) -> PartitionReport:
        written = StoryDesk(project, self._writer_for(project)).read(stage)
        return PartitionReport(data_version=written.content_hash, metadata=_reports.story_stage(written))

    def _plan(self, project: Project, clip: str) -> PartitionReport:
        return _reports.clip_spec(self._workshop.plan(project.slug, clip))

    def _take(self, project: Project, clip: str) -> PartitionReport:
        rendered = self._workshop.find(project.slug, clip)
        return _reports.rendered_clip(rendered, strip=self._workshop.strip(project.slug, rendered))
