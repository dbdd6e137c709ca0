"""Continuity: what a clip takes from the bible so that it looks the same in every clip, and what is fixed where nobody chose."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from vtx_dagster.core.bible import Bible, Location, LoraBundle, Palette
from vtx_dagster.core.clip import ClipSpec
from vtx_dagster.core.errors import InvalidRequestError
from vtx_dagster.core.figures import given_figures
from vtx_dagster.core.naming import characters_in_frame, display_name, humanised, profile_of
from vtx_dagster.core.plan import GivenDrawing
from vtx_dagster.core.shot import DialogueLine, Posture, TimeOfDay
from vtx_dagster.core.shot_language import POSTURE_WORDS, TIME_WORDS, camera_words
from vtx_dagster.core.suggestions import did_you_mean
from vtx_dagster.core.wording import capitalised, clean, distinct, listed, phrase, sentence, unquoted


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptPack:
    """The prompts of one clip.

    Attributes:
        positive: What it shows, as one paragraph of sentences.
        negative: What it must not show, comma-separated.
        warnings: Unknown keys and a prompt over its budget, in plain words, each with the clip id.
    """

    positive: str
    negative: str
    warnings: tuple[str, ...] = ()


def compile_prompt(bible: Bible, clip: ClipSpec, *, max_chars: int | None = None) -> PromptPack:
    """Return the prompts of a clip: what the bible locks, then how it is shot, then what happens, then what is said.

    Args:
        bible: The bible of the project.
        clip: The clip. Its own ``prompt`` is never changed; its ``action``, props and readable text are added where it does
            not already contain them.
        max_chars: Budget of the positive prompt. Over it, the pack has a warning; nothing is ever cut.

    Returns:
        The prompts. A key that the bible does not have stays in the prompt as a name (``old_man`` as ``Old Man``), with a
        warning.
    """
    sentences = [
        bible.style.prefix,
        _profile_prefix(bible, clip),
        *(_character_words(bible, key) for key in characters_in_frame(clip)),
        *(_posture_words(bible, clip, posture) for posture in POSTURE_WORDS),
        _place_words(bible, clip),
        capitalised(camera_words(clip.camera)),
        *_unsaid(clip),
        clip.prompt,
        *(_spoken_words(bible, line) for line in clip.dialogue),
    ]
    positive = " ".join(filter(None, map(sentence, sentences)))
    profile = bible.style.profiles.get(profile_of(bible, clip))
    negatives = (bible.style.negative, profile.negative if profile else "", clip.negative_prompt)
    return PromptPack(
        positive=positive,
        negative=", ".join(distinct(negatives)),
        warnings=(*_unknown_keys(bible, clip), *_over_budget(clip, positive, max_chars)),
    )


def bundle_of(bible: Bible, clip: ClipSpec, default: str | None) -> LoraBundle | None:
    """Return the LoRA bundle of a clip: its own, else the project's default, else none.

    Raises:
        InvalidRequestError: If that bundle is not in ``loras.yaml``.
    """
    name = clip.lora_bundle or default
    if name is None:
        return None
    bundles = bible.loras.bundles
    if name not in bundles:
        raise InvalidRequestError(
            f"{clip.id}: LoRA bundle {name!r} is not in prompts/loras.yaml{did_you_mean(name, bundles)}",
            clip=clip.id,
            bundle=name,
        )
    return bundles[name]


def derived_seed(project: str, clip_id: str) -> int:
    """Return the seed of a clip that names none: 31 bits of the SHA-256 of project slug and clip id, so it never changes."""
    return int.from_bytes(hashlib.sha256(f"{project}/{clip_id}".encode()).digest()[:4], "big") >> 1


def draw(bible: Bible, clip: ClipSpec, *, project: str, title: str) -> GivenDrawing:
    """Return everything that an engine which draws must know of a clip.

    Args:
        bible: The bible of the project.
        clip: The clip. One without a time of day is drawn by day; one without an action shows its prompt in its place.
        project: Slug of the project, for the slate.
        title: Title of the film, for the slate.
    """
    time_of_day = clip.time_of_day or TimeOfDay.DAY
    location = bible.locations.locations.get(clip.location or "")
    characters = bible.characters.characters
    return GivenDrawing(
        project=project,
        title=title,
        camera=clip.camera,
        time_of_day=time_of_day,
        interior=_interior(clip, location),
        set=location.set if location else None,
        place=location.name if location else humanised(clip.location or ""),
        location=clip.location or "",
        palette=style_palette(bible, clip, time_of_day),
        figures=given_figures(bible, clip),
        action=" ".join((clip.action or clip.prompt).split()),
        dialogue=tuple(line.model_copy(update={"character": display_name(line.character, characters)}) for line in clip.dialogue),
        readable_text=clip.duration.readable_text,
        insert=clip.insert,
    )


def style_palette(bible: Bible, clip: ClipSpec, time_of_day: TimeOfDay) -> Palette:
    """Return the colours of a clip, each from the location, else from the style profile, else from the film's light.

    A colour that none of them gives stays empty, for the animatic to choose.
    """
    location = bible.locations.locations.get(clip.location or "")
    profile = bible.style.profiles.get(profile_of(bible, clip))
    layers = (
        bible.style.times.get(time_of_day),
        profile.palette if profile else None,
        location.palette if location else None,
    )
    colours: dict[str, str] = {}
    for palette in layers:
        if palette is not None:
            colours |= palette.model_dump(exclude_none=True)
    return Palette(**colours)


def _profile_prefix(bible: Bible, clip: ClipSpec) -> str:
    profile = bible.style.profiles.get(profile_of(bible, clip))
    if profile is not None:
        return profile.prefix
    return humanised(profile_of(bible, clip)) if _names_profile(bible, clip) else ""


def _character_words(bible: Bible, key: str) -> str:
    character = bible.characters.characters.get(key)
    if character is None:
        return humanised(key)
    age = "" if character.age is None else str(character.age)
    described = listed(character.name, age, character.descriptor)
    wardrobe = phrase(character.wardrobe)
    if not wardrobe:
        return described
    # After a full stop inside the descriptor, "wearing" would hang on the wrong sentence.
    return f"{described}. Wearing {wardrobe}" if ". " in clean(character.descriptor) else f"{described}, wearing {wardrobe}"


def _interior(clip: ClipSpec, location: Location | None) -> bool | None:
    """Return whether a clip is inside: as it says itself, for a place may be seen from both sides, else as the bible says."""
    return clip.interior if clip.interior is not None else location.interior if location else None


def _posture_words(bible: Bible, clip: ClipSpec, posture: Posture) -> str:
    keys = [key for key in characters_in_frame(clip) if clip.postures.get(key) == posture]
    names = [display_name(key, bible.characters.characters) for key in keys]
    return f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} {POSTURE_WORDS[posture]}" if names else ""


def _place_words(bible: Bible, clip: ClipSpec) -> str:
    time = TIME_WORDS[clip.time_of_day] if clip.time_of_day else ""
    if clip.location is None:
        return capitalised(time)
    location = bible.locations.locations.get(clip.location)
    if location is None:
        return listed(humanised(clip.location), time)
    inside = {True: "interior", False: "exterior", None: ""}[_interior(clip, location)]
    return listed(location.name, inside, time, location.descriptor)


def _unsaid(clip: ClipSpec) -> Iterable[str]:
    """Yield the action, the props and the text in frame, as far as the clip's own prompt does not already have them."""
    said = clean(clip.prompt).casefold()
    action = clean(clip.action)
    if phrase(action).casefold() not in said:
        yield action
        said = f"{said} {action.casefold()}"
    props = [prop for prop in map(phrase, clip.props) if prop.casefold() not in said]
    if props:
        yield f"In the frame: {', '.join(props)}"
    text = clean(clip.duration.readable_text)
    if text.casefold() not in said:
        yield f'Readable text in the frame: "{unquoted(text)}"'


def _spoken_words(bible: Bible, line: DialogueLine) -> str:
    speech = sentence(unquoted(line.text))
    if not speech:
        return ""
    where = ", off screen," if line.off_screen else ""
    manner = clean(line.parenthetical).strip("() ")
    name = display_name(line.character, bible.characters.characters).upper()
    return f'{name}{where} says{f" ({manner})" if manner else ""}: "{speech}"'


def _unknown_keys(bible: Bible, clip: ClipSpec) -> Iterable[str]:
    characters, locations, profiles = bible.characters.characters, bible.locations.locations, bible.style.profiles
    for key in dict.fromkeys((*clip.characters, *(line.character for line in clip.dialogue))):
        if key not in characters:
            yield _unknown(clip, f"character {key!r} is not in prompts/characters.yaml", key, characters)
    if clip.location is not None and clip.location not in locations:
        yield _unknown(clip, f"location {clip.location!r} is not in prompts/locations.yaml", clip.location, locations)
    profile = profile_of(bible, clip)
    if profile not in profiles and _names_profile(bible, clip):
        yield _unknown(clip, f"style profile {profile!r} is not in prompts/style_bible.yaml", profile, profiles)


def _names_profile(bible: Bible, clip: ClipSpec) -> bool:
    """Say whether somebody chose a profile: a bible with one look has only a prefix, and its default needs no entry."""
    return clip.style_profile is not None or "default_profile" in bible.style.model_fields_set


def _unknown(clip: ClipSpec, problem: str, key: str, known: Iterable[str]) -> str:
    return f"{clip.id}: {problem}, so only its name is in the prompt{did_you_mean(key, known)}"


def _over_budget(clip: ClipSpec, positive: str, max_chars: int | None) -> Iterable[str]:
    if max_chars is not None and len(positive) > max_chars:
        yield (
            f"{clip.id}: the prompt has {len(positive)} characters and the budget is {max_chars}; "
            "shorten the clip's own text or the descriptors in the bible"
        )
