"""A story without a model: what is written is broken down, and nothing is invented."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import groupby
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
from vtx_dagster.core.screenplay import ActText, Element, ElementKind, SceneText, Screenplay
from vtx_dagster.core.shot import TimeOfDay
from vtx_dagster.core.shotlist import Shot, Shotlist
from vtx_dagster.core.story import SceneFile, Source, StoryContext
from vtx_dagster.engines.breakdown.brief import brief_as_fountain, is_fountain
from vtx_dagster.engines.breakdown.cast import Cast, film_cast, key_of
from vtx_dagster.engines.breakdown.directions import MAX_SHOT_S
from vtx_dagster.engines.breakdown.light import light_of
from vtx_dagster.engines.breakdown.numbering import numbered_outline, numbered_shots
from vtx_dagster.engines.breakdown.places import placed_scenes, respelled
from vtx_dagster.engines.breakdown.prose import sentences
from vtx_dagster.engines.breakdown.sequences import chases, visits
from vtx_dagster.engines.breakdown.shots import scene_shots
from vtx_dagster.engines.breakdown.takes import SceneSetting, direction_remarks
from vtx_dagster.engines.breakdown.unchanged import basis_of, standing_shots
from vtx_dagster.engines.breakdown.whereabouts import Whereabouts
from vtx_dagster.engines.screenplay.fountain import OUTSIDE, parse_scene, parse_screenplay
from vtx_dagster.engines.screenplay.heading import read_heading
from vtx_dagster.engines.screenplay.source_lines import SceneLines

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
    remarks: tuple[str, ...] = ()

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
        read = [scene.text for scene in script.all_scenes]
        cast = film_cast(context.bible, read)
        outline = _outline(script, context, previous, written, cast)
        texts = placed_scenes(read, is_name=cast.is_name)
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

    def remarks(self, context: StoryContext) -> tuple[str, ...]:
        """Return what was guessed while the screenplays were read, and which spellings are taken for one place, in words.

        Raises:
            InvalidFileError: If there is nothing to break down.
        """
        script = _read_script(context)
        said = [scene.text.place for scene in script.all_scenes if not scene.text.minor and not scene.text.outside]
        places = [f"{place} is taken for {known}" for place, known in respelled(said)]
        return (*script.remarks, *places)

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
        self,
        context: StoryContext,
        outline: Outline,
        scenes: Mapping[str, Source],
        *,
        previous: Shotlist | None = None,
        anew: bool = False,
    ) -> Shotlist:
        """Return the shots of every scene; ids of ``previous`` stay with what is the same, and so do the shots of such scenes.

        Args:
            context: What is broken down.
            outline: The scenes, in order.
            scenes: Their files, by id.
            previous: The shotlist before.
            anew: Make the shots of all scenes anew, those too that are as they were.

        Raises:
            InvalidFileError: If a scene file cannot be read.
            NotFoundError: If there is a scene file of no scene in the outline.
        """
        check_known(scenes, outline)
        staged, cast = _staged(context, outline, scenes)
        before = previous if previous is not None and not anew else Shotlist()
        shots: list[Shot] = []
        made_of: dict[str, str] = {}
        for text, setting in staged:
            made_of[setting.id] = basis_of(text, scenes[setting.id].text, setting, cast)
            standing = standing_shots(text, setting, cast, made_of[setting.id], before)
            shots += scene_shots(text, setting, cast) if standing is None else standing
        return numbered_shots(shots, previous).model_copy(update={"made_of": made_of})

    def shot_remarks(self, context: StoryContext, outline: Outline, scenes: Mapping[str, Source]) -> tuple[str, ...]:
        """Return what of the directions in the scenes is not followed, in words.

        Raises:
            InvalidFileError: If a scene file cannot be read.
        """
        staged, cast = _staged(context, outline, scenes)
        return tuple(remark for text, setting in staged for remark in direction_remarks(text, setting, cast))

    def _written_scenes(self, context: StoryContext, outline: Outline, written: Mapping[str, Source]) -> dict[str, _WrittenScene]:
        """Return the scenes of the screenplay by the ids that the outline gives them; none without a screenplay or brief."""
        if not context.screenplays and not context.brief.text.strip():
            return {}
        script = _read_script(context)
        # Scenes are known by their text here, so who is who in their beats decides nothing.
        cast = Cast(context.bible)
        ids = [scene.id for act in _outline(script, context, outline, written, cast).acts for scene in act.scenes]
        return dict(zip(ids, script.all_scenes, strict=True))


@lru_cache(maxsize=16)  # every stage reads the same files
def _parsed(name: str, text: str) -> Screenplay:
    return parse_screenplay(Source(name=name, text=text))


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
    remarks = [remark for source in sources for remark in source.remarks]
    if len(sources) > 1:
        remarks.insert(
            0, f"{len(sources)} files are read as one film, in this order: {', '.join(source.name for source in sources)}"
        )
    for source in sources:
        screenplay = _parsed(source.name, source.text)
        lines = SceneLines(source.text)
        remarks += [f"{source.name}:{remark.line}: {remark.text}" for remark in screenplay.remarks]
        title = title or screenplay.title_page.get("title", "")
        logline = logline or screenplay.title_page.get("logline", "")
        empty = [scene for act in screenplay.acts for scene in act.scenes if not covered_elements(scene)]
        remarks += [
            f"{source.name}:{scene.lines.first}: nothing is seen or heard in {scene.heading}: it has no clip" for scene in empty
        ]
        for act in screenplay.acts:
            written = [_WrittenScene(text=scene, file=source.name, verbatim=lines.of(scene.lines)) for scene in act.scenes]
            if acts and act is screenplay.acts[0] and not act.title:
                # A file that begins without a section goes on with the act of the file before it.
                acts[-1] = acts[-1].model_copy(update={"scenes": (*acts[-1].scenes, *act.scenes)})
                scenes[-1] += written
            else:
                acts.append(act)
                scenes.append(written)
    return _Script(
        title=title, logline=" ".join(logline.split()), acts=tuple(acts), scenes=tuple(map(tuple, scenes)), remarks=tuple(remarks)
    )


def _settings(context: StoryContext, scenes: Sequence[tuple[SceneText, str, str]], cast: Cast) -> list[SceneSetting]:
    """Return the setting of every scene (its text, file and id), in order: ``CONTINUOUS`` takes the light of the scene before."""
    longest_s = longest_clip_s(context.metadata)
    light = TimeOfDay.DAY
    settings: list[SceneSetting] = []
    whereabouts = Whereabouts(cast)
    texts = [scene for scene, _, _ in scenes]
    locations = [cast.location(scene.place) for scene in texts]
    sides: dict[str | None, bool | None] = {
        key: scene.interior for scene, key in reversed(list(zip(texts, locations, strict=True))) if scene.interior is not None
    }
    sides |= {key: entry.interior for key, entry in context.bible.locations.locations.items()}
    returns, chased = visits(locations), chases(texts, locations)
    for (scene, file, scene_id), location, visit, chase in zip(scenes, locations, returns, chased, strict=True):
        light = light_of(scene, light)
        recent = whereabouts.recent
        settings.append(
            SceneSetting(
                id=scene_id,
                file=file,
                location=location,
                interior=None if scene.interior == sides.get(location) else scene.interior,
                time_of_day=light,
                longest_s=longest_s,
                style_profile=named_profile(scene.heading, context.bible),
                visit=visit,
                chase=chase,
                elsewhere=whereabouts.enter(scene, location),
                recent=recent,
            )
        )
    return settings


def _staged(
    context: StoryContext, outline: Outline, scenes: Mapping[str, Source]
) -> tuple[list[tuple[SceneText, SceneSetting]], Cast]:
    """Return the scenes of a film in order, each with its setting, and who may be in them."""
    ids = [scene.id for act in outline.acts for scene in act.scenes if scene.id in scenes]
    parsed = [parse_scene(scenes[scene]) for scene in ids]
    cast = film_cast(context.bible, parsed)
    placed = placed_scenes(parsed, is_name=cast.is_name)
    settings = _settings(context, [(text, scenes[scene].name, scene) for scene, text in zip(ids, placed, strict=True)], cast)
    return list(zip(placed, settings, strict=True)), cast


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


def _outline(
    script: _Script, context: StoryContext, previous: Outline | None, written: Mapping[str, Source], cast: Cast
) -> Outline:
    """Return acts and scenes with their ids and beats."""
    acts = tuple(
        OutlineAct(
            id="A01",
            title=act.title,
            synopsis=act.synopsis,
            scenes=tuple(
                OutlineScene(id="A01_S01", heading=scene.heading or OUTSIDE, synopsis=_synopsis(scene), beats=_beats(scene, cast))
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
    """Return what happens in a scene: a beat for every action paragraph, and one for every conversation."""
    beats: list[str] = []
    for is_speech, group in groupby(covered_elements(scene), key=lambda element: bool(element.speaker)):
        elements = list(group)
        beats += [_conversation(elements, cast)] if is_speech else [element.text for element in elements]
    return tuple(Beat(text=text) for text in beats)


def _conversation(speeches: Sequence[Element], cast: Cast) -> str:
    """Return a conversation in short: who speaks, how often, and its first and last words; two speeches as they are."""
    speakers = dict.fromkeys(cast.display_name(cast.character(speech.speaker)) for speech in speeches)
    who = " and ".join(filter(None, (", ".join([*speakers][:-1]), [*speakers][-1])))
    if len(speeches) <= 2:
        return f"{who}: {' '.join(f'“{speech.text}”' for speech in speeches)}"
    first, last = sentences(speeches[0].text)[0], sentences(speeches[-1].text)[-1]
    return f"{who}, {len(speeches)} speeches, from “{first}” to “{last}”"


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
