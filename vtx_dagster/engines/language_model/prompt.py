"""Prompts: what a stage sends to a language model, made from a Markdown template that a studio or a project may replace.

A template has front matter and two sections, ``# system`` and ``# user``, which Jinja2 renders in its immutable sandbox. A name
that nobody gave is an error, not an empty text.
"""

import hashlib
import json
import re
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateError, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import BaseModel, Field

from vtx_dagster.core.document import Document
from vtx_dagster.core.errors import InvalidRequestError, NotFoundError
from vtx_dagster.core.suggestions import did_you_mean
from vtx_dagster.engines.language_model.context import Window, fit_windows
from vtx_dagster.engines.language_model.strict_schema import strict_schema
from vtx_dagster.engines.language_model.tokens import MESSAGE_TOKENS, estimated_tokens
from vtx_dagster.studio.documents import parse_document
from vtx_dagster.studio.files import read_text
from vtx_dagster.studio.yaml_source import syntax_error

__all__ = ["Message", "Prompt", "PromptLibrary", "Window"]

A = TypeVar("A", bound=BaseModel)

TEMPLATES_DIR = Path(__file__).parent / "templates"
"""Where the package's own templates are."""

_PACKAGE = "package"
_FENCE = "---"
_HEADINGS = ("# system", "# user")
_FILE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*\.md")
_HOLES = re.compile(r"\n{3,}")
# What an expression of a template can raise; anything else is a bug of this package.
_RENDER_ERRORS = (TemplateError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of a conversation with a model."""

    role: Literal["system", "user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt(Generic[A]):
    """A question to a language model, complete but for the model's name and parameters.

    Attributes:
        name: Name of the template: ``screenplay``.
        template: Template and version: ``screenplay 1``; or whose it is: ``screenplay (project)``.
        answer: What the answer is read as.
        schema: The strict JSON Schema of the answer, its enums of keys filled in.
        max_output_tokens: Where the answer is cut off.
        cuts: What was left out to fit: ``treatment: 1,200 of 3,400 tokens left out``.
    """

    name: str
    template: str
    messages: tuple[Message, ...]
    answer: type[A]
    schema: dict[str, Any]
    max_output_tokens: int
    cuts: tuple[str, ...] = ()

    @property
    def input_tokens(self) -> int:
        """The estimated tokens of all messages and of the schema, on the high side."""
        return _input_tokens(self.messages, self.schema)


class TemplateHeader(Document):
    """The front matter of a template."""

    # A template's version counts its revisions, not the formats of its file.
    version: int = Field(default=1, ge=1)  # pyright: ignore[reportIncompatibleVariableOverride] - see above
    max_output_tokens: int = Field(ge=1)
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _TemplateFile:
    """A file of the library: a template, or a partial that templates include."""

    owner: str
    path: Path
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Template:
    header: TemplateHeader
    sections: Mapping[str, str]


class PromptLibrary:
    """The prompt templates of a project. Every file is read once: make a new library to see a change."""

    def __init__(self, folders: Sequence[tuple[str, Path]], *, context_tokens: int) -> None:
        """Make a library.

        Args:
            folders: Whose templates come before the package's, and the folder of each; the first that has a name wins. A folder
                need not exist.
            context_tokens: How many tokens a prompt may have, estimated, its schema included.
        """
        self._folders = (*folders, (_PACKAGE, TEMPLATES_DIR))
        self._context_tokens = context_tokens
        self._files: dict[str, _TemplateFile] = {}
        self._templates: dict[str, _Template] = {}
        self._environment = _environment(self)

    def override_hash(self, name: str) -> str:
        """Return the SHA-256 of what a studio or project has in the place of the package's files; empty if nothing.

        Args:
            name: Name of a template. The partials that it includes count.

        Raises:
            NotFoundError: If there is no such template.
            InvalidFileError: If it is not valid.
        """
        own = [file for file in self._files_of(name) if file.owner != _PACKAGE]
        texts = [(file.path.name, file.text) for file in own]
        return hashlib.sha256(json.dumps(texts).encode()).hexdigest() if own else ""

    def render(
        self,
        name: str,
        answer: type[A],
        *,
        values: Mapping[str, object],
        windows: Sequence[Window] = (),
        keys: Mapping[str, Sequence[str]] | None = None,
    ) -> Prompt[A]:
        """Return a prompt that fits the context budget.

        Args:
            name: Name of a template.
            answer: Model of the answer.
            values: The template's variables.
            windows: Variables that may be cut to fit.
            keys: What fields of the answer may hold, by name of the field; see ``strict_schema``.

        Raises:
            NotFoundError: If there is no such template.
            InvalidFileError: If it is not valid, or wants a variable that is not there; starts with ``file:line:``.
            InvalidRequestError: If the prompt does not fit even without its windows.
        """
        self._files_of(name)
        template = self._template(name)
        schema = strict_schema(answer, keys=keys)

        def messages(texts: Mapping[str, str]) -> tuple[Message, ...]:
            return tuple(self._message(name, role, {**values, **texts}) for role in ("system", "user"))

        def fits(texts: Mapping[str, str]) -> bool:
            return _input_tokens(messages(texts), schema) <= self._context_tokens

        texts, cuts = fit_windows(windows, fits=fits)
        prompt = Prompt(
            name=name,
            template=self._label(name, template.header),
            messages=messages(texts),
            answer=answer,
            schema=schema,
            max_output_tokens=template.header.max_output_tokens,
            cuts=cuts,
        )
        if prompt.input_tokens > self._context_tokens:
            raise InvalidRequestError(
                f"the prompt {prompt.template!r} needs {prompt.input_tokens:,} tokens with everything left out that can be, and "
                f"VTX_STORY_CONTEXT_TOKENS is {self._context_tokens:,}: raise it, or shorten what the prompt is made from",
                template=name,
                input_tokens=prompt.input_tokens,
                context_tokens=self._context_tokens,
            )
        return prompt

    def source(self, file: str) -> tuple[str, Path]:
        """Return the text of a file of the library, and where it is.

        Args:
            file: Its name, such as ``style.md``.

        Raises:
            NotFoundError: If no folder has it.
        """
        found = self._file(file)
        return found.text, found.path

    def section(self, name: str, role: str) -> tuple[str, Path]:
        """Return one section of a template, on the lines on which it stands in its file, and where that is."""
        return self._template(name).sections[role], self._file(f"{name}.md").path

    def _label(self, name: str, header: TemplateHeader) -> str:
        owner = self._file(f"{name}.md").owner
        return f"{name} {header.version}" if owner == _PACKAGE else f"{name} ({owner})"

    def _file(self, file: str) -> _TemplateFile:
        if file not in self._files:
            self._files[file] = self._read(file)
        return self._files[file]

    def _read(self, file: str) -> _TemplateFile:
        if _FILE_NAME.fullmatch(file):
            for owner, folder in self._folders:
                try:
                    return _TemplateFile(owner=owner, path=folder / file, text=read_text(folder / file))
                except NotFoundError:
                    continue
        known = {path.name for _, folder in self._folders for path in folder.glob("*.md")}
        raise NotFoundError(f"there is no prompt template {file!r}{did_you_mean(file, known)}", template=file)

    def _template(self, name: str) -> _Template:
        if name not in self._templates:
            file = self._file(f"{name}.md")
            self._templates[name] = _parsed(file.text, str(file.path))
        return self._templates[name]

    def _files_of(self, name: str) -> list[_TemplateFile]:
        """Return the file of a template and the partials that it includes, in the order in which they come up."""
        template, file = self._template(name), self._file(f"{name}.md")
        found = {f"{name}.md": file}
        waiting = [(source, file) for source in template.sections.values()]
        while waiting:
            source, file = waiting.pop(0)
            for line, included in self._included(source, file):
                if included in found:
                    continue
                try:
                    found[included] = self._file(included)
                except NotFoundError as error:
                    raise syntax_error(str(file.path), line, error.message) from error
                waiting.append((found[included].text, found[included]))
        return list(found.values())

    def _included(self, source: str, file: _TemplateFile) -> Iterator[tuple[int, str]]:
        try:
            tree = self._environment.parse(source, filename=str(file.path))
        except TemplateSyntaxError as error:
            raise syntax_error(str(file.path), error.lineno, f"not a valid template: {error.message}") from error
        for node in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
            wanted = getattr(node, "template", None)
            if not isinstance(wanted, nodes.Const) or not isinstance(wanted.value, str):
                raise syntax_error(str(file.path), node.lineno, "name the one file that is included in quotes")
            yield node.lineno, wanted.value

    def _message(self, name: str, role: Literal["system", "user"], values: Mapping[str, object]) -> Message:
        try:
            text = self._environment.get_template(f"{name}#{role}").render(values)
        except _RENDER_ERRORS as error:
            file, line = self._place(name, error)
            raise syntax_error(file, line, f"the template cannot be filled in: {error}") from error
        return Message(role=role, text=_HOLES.sub("\n\n", text.strip()))

    def _place(self, name: str, error: BaseException) -> tuple[str, int]:
        """Return file and line of the template in which an error came up: Jinja2 puts them into the traceback."""
        paths = {str(file.path) for file in self._files_of(name)}
        frames = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
        return next((place for place in reversed(frames) if place[0] in paths), (str(self._file(f"{name}.md").path), 1))


class _Loader(BaseLoader):
    """Gives Jinja2 the sections of templates as ``<name>#<role>``, and partials by file name."""

    def __init__(self, library: PromptLibrary) -> None:
        self._library = library

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, None]:  # noqa: ARG002 - Jinja2's signature
        name, _, role = template.partition("#")
        text, path = self._library.section(name, role) if role else self._library.source(name)
        return text, str(path), None


def _environment(library: PromptLibrary) -> Environment:
    return ImmutableSandboxedEnvironment(
        loader=_Loader(library),
        undefined=StrictUndefined,
        autoescape=False,  # the text goes to a model, not to a browser
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        finalize=lambda value: "" if value is None else value,
    )


def _parsed(text: str, file: str) -> _Template:
    """Return a template; each section is moved down to its own lines, so that errors give the lines of the file."""
    lines = text.splitlines()
    if not lines or lines[0].rstrip() != _FENCE:
        raise syntax_error(
            file, 1, f"a template starts with front matter: a line {_FENCE}, 'max_output_tokens: 4000', a line {_FENCE}"
        )
    ends = [number for number, line in enumerate(lines[1:], start=1) if line.rstrip() == _FENCE]
    if not ends:
        raise syntax_error(file, 1, f"the front matter does not end: close it with a line {_FENCE}")
    header = parse_document("\n" + "\n".join(lines[1 : ends[0]]), TemplateHeader, name=file)
    starts = [number for number, line in enumerate(lines) if number > ends[0] and line.rstrip() in _HEADINGS]
    if [lines[number].rstrip() for number in starts] != list(_HEADINGS):
        raise syntax_error(file, ends[0] + 1, f"a template has two sections, in this order: {' and '.join(_HEADINGS)}")
    between = [number for number in range(ends[0] + 1, starts[0]) if lines[number].strip()]
    if between:
        raise syntax_error(file, between[0] + 1, f"text before the section {_HEADINGS[0]!r}: move it into a section")
    bodies = {"system": (starts[0] + 1, starts[1]), "user": (starts[1] + 1, len(lines))}
    for role, (start, end) in bodies.items():
        if not any(line.strip() for line in lines[start:end]):
            raise syntax_error(file, start, f"the section {role!r} is empty")
    sections = {role: "\n" * start + "\n".join(lines[start:end]) for role, (start, end) in bodies.items()}
    return _Template(header=header, sections=sections)


def _input_tokens(messages: Sequence[Message], schema: Mapping[str, Any]) -> int:
    texts = sum(estimated_tokens(message.text) + MESSAGE_TOKENS for message in messages)
    return texts + estimated_tokens(json.dumps(schema, ensure_ascii=False))
