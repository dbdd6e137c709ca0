"""A story without a model: what is written is broken down, and nothing is invented."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

from vtx_dagster.core.bible import Bible
from vtx_dagster.core.clip_from_shot import shot_to_clip
from vtx_dagster.core.coverage import covered_elements
from vtx_dagster.core.errors import InvalidFileError, NotFoundError
from vtx_dagster.core.frames import MAX_FRAMES
from vtx_dagster.core.metadata import DEFAULT_PROFILES, Metadata
from vtx_dagster.core.outline import Beat, Outline, OutlineAct, OutlineScene
from vtx_dagster.core.pacing import pace
from vtx_dagster.core.plan import EngineIdentity
from vtx_dagster.core.screenplay import ActText, ElementKind, SceneText
from vtx_dagster.core.shot import TimeOfDay
from vtx_dagster.core.shotlist import Shot, Shotlist
from vtx_dagster.core.story import SceneFile, Source, StoryContext
from vtx_dagster.engines.breakdown.brief import brief_as_fountain, is_fountain
from vtx_dagster.engines.breakdown.cast import Cast, key_of
from vtx_dagster.engines.breakdown.directions import MAX_SHOT_S
from vtx_dagster.engines.breakdown.fountain import parse_scene, parse_screenplay
from vtx_dagster.engines.breakdown.heading import read_heading, time_of_day
from vtx_dagster.engines.breakdown.numbering import numbered_outline, numbered_shots
from vtx_dagster.engines.breakdown.prose import sentences, shortened
from vtx_dagster.engines.breakdown.shots import SceneSetting, scene_shots
from vtx_dagster.engines.breakdown.source_lines import raw_lines

_MAX_BEATS = 12
_MAX_BEAT_LETTERS = 160
_MAX_SLUG = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class _WrittenScene:
    """A scene and the file that it stands in."""

    text: SceneText
    file: str
    verbatim: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Script:
    """All that was written: the screenplays joined, or the brief."""

    title: str
    logline: str
    acts: tuple[ActText, ...]
    scenes: tuple[tuple[_WrittenScene, ...], ...]
    """The scenes of every act."""

    @property
    def all_scenes(self) -> list[_WrittenScene]:
        return [scene for act in self.scenes for scene in act]


class Breakdown:
    """The four stages of a story by the rules of ``breakdown.shots``. Pure: nothing is read or written."""

    @property
    def identity(self) -> EngineIdentity:
        """Name and version; a change makes generated story files stale."""
        return EngineIdentity(name="breakdown", version="1")

    def outline(
        self, context: StoryContext, *, previous: Outline | None = None, written: Mapping[str, Source] = MappingProxyType({})
    ) -> Outline:
        """Return the acts, scenes and beats of the screenplays, or without one of the brief.

        Args:
            context: What is broken down.
            previous: The outline before, whose ids stay with what is the same.
            written: The scene files that were made of it.

        Raises:
            InvalidFileError: If there is nothing to break down, or a screenplay cannot be read; the message says where.
        """
        script = _read_script(context)
        outline = _outline(script, context, previous, written)
        texts = [scene.text for scene in script.all_scenes]
        cast = _cast(context.bible, texts)
        ids = [scene.id for act in outline.acts for scene in act.scenes]
        files = [scene.file for scene in script.all_scenes]
        settings = iter(_settings(context, list(zip(texts, files, ids, strict=True)), cast))
        remaining = iter(texts)
        acts = tuple(
            act.model_copy(
                update={
                    "scenes": tuple(
                        _filled(scene, next(remaining), next(settings), cast, context.metadata) for scene in act.scenes
                    )
                }
            )
            for act in outline.acts
        )
        return outline.model_copy(update={"acts": acts})

    def treatment(self, context: StoryContext, outline: Outline) -> str:
        """Return the outline as prose: title, logline, acts, scenes with their beats."""
        lines = [f"# {outline.title}", ""]
        if context.metadata.author:
            lines += [f"By {context.metadata.author}", ""]
        if outline.logline:
            lines += [f"*{outline.logline}*", ""]
        for number, act in enumerate(outline.acts, start=1):
            lines += [f"## {act.title or f'Act {number}'}", ""]
            if act.synopsis:
                lines += [act.synopsis, ""]
            for scene in act.scenes:
                lines += [f"### {scene.id}: {scene.heading}", ""]
                beats = " ".join(beat.text for beat in scene.beats)
                if scene.synopsis and not beats.startswith(scene.synopsis):
                    lines += [f"*{scene.synopsis}*", ""]
                if beats:
                    lines += [beats, ""]
        return "\n".join(lines).rstrip() + "\n"

    def screenplay(
        self,
        context: StoryContext,
        outline: Outline,
        treatment: str,  # noqa: ARG002 - writers with a model use it; this one has the author's own words
        *,
        written: Mapping[str, Source] = MappingProxyType({}),
    ) -> tuple[SceneFile, ...]:
        """Return the scenes as they were written, word for word; a scene that only the outline has, from its beats.

        Raises:
            InvalidFileError: If a screenplay cannot be read.
        """
        now = self._written_scenes(context, outline, written)
        return tuple(
            SceneFile(scene=scene.id, slug=scene_slug(scene), text=_scene_text(scene, now.get(scene.id)))
            for act in outline.acts
            for scene in act.scenes
        )

    def shotlist(
        self, context: StoryContext, outline: Outline, scenes: Mapping[str, Source], *, previous: Shotlist | None = None
    ) -> Shotlist:
        """Return the shots of every scene; ids of ``previous`` stay with what is the same.

        Raises:
            InvalidFileError: If a scene file cannot be read, or a direction in it cannot be followed.
            NotFoundError: If there is a scene file of no scene in the outline.
        """
        check_known(scenes, outline)
        ordered = (scene.id for act in outline.acts for scene in act.scenes if scene.id in scenes)
        parsed = {scene: parse_scene(scenes[scene]) for scene in ordered}
        cast = _cast(context.bible, list(parsed.values()))
        settings = _settings(context, [(text, scenes[scene].name, scene) for scene, text in parsed.items()], cast)
        shots: list[Shot] = []
        for text, setting in zip(parsed.values(), settings, strict=True):
            shots += scene_shots(text, setting, cast)
        return numbered_shots(shots, previous)

    def _written_scenes(self, context: StoryContext, outline: Outline, written: Mapping[str, Source]) -> dict[str, _WrittenScene]:
        """Return the scenes of the screenplay by the ids that the outline gives them; none without a screenplay or brief."""
        if not context.screenplays and not context.brief.text.strip():
            return {}
        script = _read_script(context)
        ids = [scene.id for act in _outline(script, context, outline, written).acts for scene in act.scenes]
        return dict(zip(ids, script.all_scenes, strict=True))


def _read_script(context: StoryContext) -> _Script:
    """Return what there is to break down.

    Raises:
        InvalidFileError: If there is nothing.
    """
    brief = context.brief
    sources, title, logline = context.screenplays, "", ""
    if not sources and is_fountain(brief):
        sources = (brief,)
    if not sources:
        converted = brief_as_fountain(brief, title=context.metadata.title, logline=context.metadata.logline)
        if not converted.fountain.text:
            raise InvalidFileError(
                f"{brief.name}:1: nothing to break down: put a screenplay into story/source/ (e.g. film.fountain),"
                " or write what happens into the brief, one heading per scene",
                path=brief.name,
            )
        sources, title, logline = (converted.fountain,), converted.title, converted.logline
    acts: list[ActText] = []
    scenes: list[list[_WrittenScene]] = []
    for source in sources:
        screenplay = parse_screenplay(source)
        lines = raw_lines(source.text)
        title = title or screenplay.title_page.get("title", "")
        logline = logline or screenplay.title_page.get("logline", "")
        for act in screenplay.acts:
            written = [_WrittenScene(text=scene, file=source.name, verbatim=_verbatim(scene, lines)) for scene in act.scenes]
            if acts and act is screenplay.acts[0] and not act.title:
                # A file that begins without a section goes on with the act of the file before it.
                acts[-1] = acts[-1].model_copy(update={"scenes": (*acts[-1].scenes, *act.scenes)})
                scenes[-1] += written
            else:
                acts.append(act)
                scenes.append(written)
    return _Script(title=title, logline=" ".join(logline.split()), acts=tuple(acts), scenes=tuple(map(tuple, scenes)))


def _verbatim(scene: SceneText, lines: Sequence[str]) -> str:
    """Return the lines of a scene as they were written."""
    return "\n".join(lines[scene.lines.first - 1 : scene.lines.last]) + "\n"


def _cast(bible: Bible, scenes: Sequence[SceneText]) -> Cast:
    return Cast(bible, (element.speaker for scene in scenes for element in scene.elements if element.speaker))


def _settings(context: StoryContext, scenes: Sequence[tuple[SceneText, str, str]], cast: Cast) -> list[SceneSetting]:
    """Return the setting of every scene (its text, file and id), in order: ``CONTINUOUS`` takes the light of the scene before."""
    longest_s = longest_clip_s(context.metadata)
    light = TimeOfDay.DAY
    settings = []
    for scene, file, scene_id in scenes:
        light = time_of_day(scene.time, light)
        settings.append(
            SceneSetting(
                id=scene_id,
                file=file,
                location=cast.location(scene.place),
                time_of_day=light,
                longest_s=longest_s,
                style_profile=named_profile(scene.heading, context.bible),
            )
        )
    return settings


def longest_clip_s(metadata: Metadata) -> Fraction:
    """Return what no clip of a project may pass: its own limit, and what one render holds at its rate."""
    fps = _fps(metadata)
    return min(Fraction(MAX_SHOT_S), Fraction(str(metadata.render.max_clip_s)), Fraction(MAX_FRAMES - 1, fps))


def _fps(metadata: Metadata) -> int:
    render = metadata.render
    return render.profiles.get(render.profile, DEFAULT_PROFILES["final"]).fps


def named_profile(heading: str, bible: Bible) -> str | None:
    """Return the style profile that a heading names, as ``INT. KITCHEN - DAY (FLASHBACK)`` does; None for the default."""
    words = key_of(heading).split("_")
    profiles = (key for key in bible.style.profiles if key != bible.style.default_profile)
    return next((key for key in profiles if key_of(key) in words), None)


def _outline(script: _Script, context: StoryContext, previous: Outline | None, written: Mapping[str, Source]) -> Outline:
    """Return acts and scenes with their ids and beats."""
    cast = _cast(context.bible, [scene.text for scene in script.all_scenes])
    acts = tuple(
        OutlineAct(
            id="A01",
            title=act.title,
            synopsis=act.synopsis,
            scenes=tuple(
                OutlineScene(id="A01_S01", heading=scene.heading, synopsis=_synopsis(scene), beats=_beats(scene, cast))
                for scene in act.scenes
            ),
        )
        for act in script.acts
    )
    outline = Outline(title=context.metadata.title, logline=context.metadata.logline or script.logline, acts=acts)
    return numbered_outline(
        outline,
        previous,
        given=[[scene.number for scene in act.scenes] for act in script.acts],
        texts=[scene.verbatim for scene in script.all_scenes],
        texts_before={scene: source.text for scene, source in written.items()},
    )


def _filled(outlined: OutlineScene, scene: SceneText, setting: SceneSetting, cast: Cast, metadata: Metadata) -> OutlineScene:
    """Return a scene of the outline with what its shots tell: who is in it, and how long it will be."""
    shots = scene_shots(scene, setting, cast)
    present = dict.fromkeys(key for shot in shots for key in (*shot.characters, *(line.character for line in shot.dialogue)))
    return outlined.model_copy(
        update={
            "location": setting.location,
            "time_of_day": setting.time_of_day,
            "characters": tuple(present),
            "seconds": float(sum(_seconds(shot, metadata) for shot in shots)) or None,
        }
    )


def _seconds(shot: Shot, metadata: Metadata) -> Fraction:
    render = metadata.render
    clip = shot_to_clip(shot)
    return pace(clip, min_s=render.min_clip_s, max_s=render.max_clip_s, fps=_fps(metadata), max_frames=MAX_FRAMES).seconds


def _synopsis(scene: SceneText) -> str:
    """Return the scene's own synopsis, the last one given, else the first sentence of its first action."""
    given = [element.text for element in scene.elements if element.kind == ElementKind.SYNOPSIS]
    if given:
        return given[-1]
    action = next((element.text for element in scene.elements if element.kind == ElementKind.ACTION), "")
    return sentences(action)[0] if action else ""


def _beats(scene: SceneText, cast: Cast) -> tuple[Beat, ...]:
    """Return what happens in a scene: a beat for every action paragraph, and one for every exchange of speeches."""
    beats: list[str] = []
    speakers: list[str] = []
    first_words = ""
    for element in (*covered_elements(scene), None):
        if element is not None and element.speaker:
            speakers.append(cast.display_name(cast.character(element.speaker)))
            first_words = first_words or element.text
            continue
        if speakers:
            who = " and ".join(dict.fromkeys(speakers))
            beats.append(f"{who}: “{shortened(first_words, _MAX_BEAT_LETTERS)}”")
            speakers, first_words = [], ""
        if element is not None:
            beats.append(shortened(element.text, _MAX_BEAT_LETTERS))
    return tuple(Beat(text=text) for text in beats[:_MAX_BEATS])


def scene_slug(scene: OutlineScene) -> str:
    """Return what the name of a scene's file says after its id: its place."""
    return key_of(read_heading(scene.heading).place)[:_MAX_SLUG].strip("_") or "scene"


def _scene_text(scene: OutlineScene, written: _WrittenScene | None) -> str:
    if written is not None:
        return written.verbatim
    heading = scene.heading if read_heading(scene.heading).interior is not None else f".{scene.heading.lstrip('.')}"
    paragraphs = [heading, *([f"= {scene.synopsis}"] if scene.synopsis else []), *(f"!{beat.text}" for beat in scene.beats)]
    return "\n\n".join(paragraphs) + "\n"


def check_known(scenes: Mapping[str, Source], outline: Outline) -> None:
    """Return if the outline has every scene that has a file.

    Raises:
        NotFoundError: If it has not; names the file.
    """
    known = {scene.id for act in outline.acts for scene in act.scenes}
    for scene_id, source in scenes.items():
        if scene_id not in known:
            raise NotFoundError(
                f"{source.name}: scene {scene_id} is not in the outline: add it there, or remove the file",
                scene=scene_id,
                path=source.name,
            )
