"""Treatments: the outline told as prose, in as many ways as there are to choose from."""

import re
from collections.abc import Iterator, Sequence

from pydantic import Field

from vtx_dagster.core.document import Part
from vtx_dagster.core.outline import Outline, OutlineAct
from vtx_dagster.core.planner import Forecast, Stage
from vtx_dagster.core.story import Basis, Draft, Job, Provenance, Story
from vtx_dagster.engines.language_model.asking import AnswerProblems
from vtx_dagster.engines.language_model.basis import aspect_hash
from vtx_dagster.engines.language_model.desk import ModelDesk
from vtx_dagster.engines.language_model.guess import guessed, outline_tokens
from vtx_dagster.engines.language_model.names import cast_lines, place_lines, spoken_name
from vtx_dagster.engines.language_model.parallel import attempted, in_parallel
from vtx_dagster.engines.language_model.prompt import Prompt, Window

_TEMPLATE = "treatment"
_HEADING = re.compile(r"^\s{0,3}#{1,6}\s", re.MULTILINE)
_SECTION = re.compile(r"^##[ \t]+(?P<act>A[0-9]{2,})\b.*$", re.MULTILINE)
_SECTION_END = re.compile(r"^#{1,2}[ \t]", re.MULTILINE)

_WORDS_PER_S = 3.0
_FEWEST_WORDS, _MOST_WORDS, _STEP = 150, 5000, 50


class ActProse(Part):
    """One act told as prose."""

    act: str = Field(description="Id of the act.")
    prose: str = Field(description="Paragraphs with blank lines between them.")


class TreatmentAnswer(Part):
    """A treatment."""

    acts: list[ActProse] = Field(description="Every act of the outline once, in order.")


class TreatmentStage:
    """Writes treatments side by side, each in an approach of its own."""

    def __init__(self, desk: ModelDesk) -> None:
        self._desk = desk

    def parts(self, story: Story) -> dict[str, Basis]:
        """Return the treatments by number. What happens inside the scenes of the outline is not in their basis.

        Raises:
            NotFoundError: If there is no outline.
        """
        outline = story.outline
        basis = {
            "story": aspect_hash(outline.title, outline.logline),
            "acts": aspect_hash([(act.id, act.title, act.synopsis) for act in outline.acts]),
            "style": aspect_hash(list(story.capsules.writing.items()), list(story.capsules.visual.items())),
        }
        if override := self._desk.library.override_hash(_TEMPLATE):
            basis["template"] = override
        return dict.fromkeys(_variants(story), basis)

    def prompts(self, story: Story, job: Job) -> list[tuple[str, Prompt]]:
        """Return the question of every treatment that is due; none while there is no outline."""
        if not story.outline_source.text:
            return []
        outline = story.outline
        return [(part, self._prompt(story, outline, part)) for part in _variants(story) if part in job.due]

    def forecast(self, story: Story, job: Job) -> Forecast:
        """Return what the treatments that are due would cost at most; a guess for all of them while there is no outline."""
        if story.outline_source.text:
            return self._desk.asker.forecast(prompt for _, prompt in self.prompts(story, job))
        metadata = story.metadata
        stand_in = Outline(title=metadata.title, acts=(OutlineAct(id="A01"),))
        prompts = [self._prompt(story, stand_in, part) for part in _variants(story)]
        return guessed(self._desk, prompts, more_input_tokens=outline_tokens(metadata))

    def write(self, story: Story, job: Job) -> Iterator[Draft[str]]:
        """Yield the treatments that are due as they finish: Markdown with a section ``## <act id>: <title>`` for every act.

        Raises:
            BudgetError: If they could cost more than is left; nothing is sent then.
            UnfinishedStageError: At the end, if some could not be written.
            NotFoundError: If there is no outline.
        """
        basis = self.parts(story)
        prompts = self.prompts(story, job)
        self._desk.asker.afford(self._desk.asker.forecast(prompt for _, prompt in prompts), stage=Stage.TREATMENT)
        outline = story.outline
        capsules = story.capsules.names()

        def written(part: str, prompt: Prompt[TreatmentAnswer]) -> Draft[str]:
            answered = self._desk.asker.ask(prompt, lambda answer: _markdown(answer, outline), stage=Stage.TREATMENT, part=part)
            provenance = Provenance(
                basis=dict(basis[part]),
                writer=self._desk.model,
                template=prompt.template,
                capsules=capsules,
                calls=answered.calls,
                remarks=(*prompt.cuts, *answered.remarks),
            )
            return Draft(part=part, value=answered.value, provenance=provenance)

        return in_parallel(
            prompts,
            lambda one: (attempted(one[0], lambda: written(*one)),),
            concurrency=self._desk.concurrency,
            stage=Stage.TREATMENT,
        )

    def _prompt(self, story: Story, outline: Outline, part: str) -> Prompt[TreatmentAnswer]:
        metadata = story.metadata
        values = {
            "title": outline.title,
            "logline": outline.logline,
            "length_s": "" if metadata.length_s is None else f"{metadata.length_s:g}",
            "num_words": _num_words(metadata.length_s),
            "acts": [act.id for act in outline.acts],
            "variant": int(part),
            "variants": len(_variants(story)),
            "capsules": story.capsules,
        }
        keys = dict.fromkeys(key for act in outline.acts for scene in act.scenes for key in scene.characters)
        windows = (
            Window(name="outline", text=_outline_text(outline), priority=3),
            Window(name="cast", text=cast_lines(story.bible, {key: spoken_name(key) for key in keys}), priority=2),
            Window(name="places", text=place_lines(story.bible, {}), priority=1),
        )
        return self._desk.library.render(_TEMPLATE, TreatmentAnswer, values=values, windows=windows, keys={"act": values["acts"]})


def treatment_section(treatment: str, act_id: str) -> str | None:
    """Return the prose of one act of a treatment; None if it has no section ``## <act id>`` with text."""
    for section in _SECTION.finditer(treatment):
        if section["act"] == act_id:
            rest = treatment[section.end() :]
            end = _SECTION_END.search(rest)
            return rest[: end.start() if end else None].strip() or None
    return None


def _variants(story: Story) -> list[str]:
    return [str(number) for number in range(1, story.metadata.story.treatments + 1)]


def _num_words(length_s: float | None) -> int | None:
    """Return how many words a treatment of a film of this length should have, about; None where no length is asked for."""
    if length_s is None:
        return None
    return max(_FEWEST_WORDS, min(_MOST_WORDS, round(length_s * _WORDS_PER_S / _STEP) * _STEP))


def _outline_text(outline: Outline) -> str:
    paragraphs: list[str] = []
    for act in outline.acts:
        seconds = sum(scene.seconds or 0.0 for scene in act.scenes)
        length = f" ({seconds:.0f} seconds)" if seconds else ""
        paragraphs.append("\n".join(line for line in (f"{_act_title(act)}{length}", act.synopsis) if line))
        paragraphs += [f"- {scene.heading}{': ' if scene.synopsis else ''}{scene.synopsis}" for scene in act.scenes]
    return "\n\n".join(paragraphs)


def _act_title(act: OutlineAct) -> str:
    return f"{act.id}: {act.title}" if act.title else act.id


def _markdown(answer: TreatmentAnswer, outline: Outline) -> str:
    """Return a treatment as Markdown.

    Raises:
        AnswerProblems: If an act is missing, empty or there twice, or its prose has headings of its own.
    """
    prose = {one.act: one.prose.strip() for one in answer.acts}
    problems = _problems(answer.acts, [act.id for act in outline.acts])
    if problems:
        raise AnswerProblems(problems)
    lines = [f"# {outline.title}", *([f"*{outline.logline}*"] if outline.logline else [])]
    for act in outline.acts:
        lines += [f"## {_act_title(act)}", prose[act.id]]
    return "\n\n".join(lines) + "\n"


def _problems(acts: Sequence[ActProse], wanted: Sequence[str]) -> list[str]:
    told = [one.act for one in acts]
    problems = [f"act {act} is missing" for act in wanted if act not in told]
    problems += [f"act {act} is there more than once" for act in wanted if told.count(act) > 1]
    problems += [f"there is no act {act}; the acts are {', '.join(wanted)}" for act in dict.fromkeys(told) if act not in wanted]
    problems += [f"act {one.act} has no prose" for one in acts if not one.prose.strip()]
    problems += [f"act {one.act}: write prose without headings" for one in acts if _HEADING.search(one.prose)]
    return problems
