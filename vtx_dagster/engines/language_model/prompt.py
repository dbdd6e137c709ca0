"""Prompts: what a stage sends to a language model, made from a Markdown template that a studio or a project may replace.

A template has front matter and two sections, ``# system`` and ``# user``, which Jinja2 renders in its immutable sandbox. A name
that nobody gave is an error, not an empty text.
"""

import hashlib
import json
import re
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from inspect import getattr_static
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

from jinja2 import FunctionLoader, StrictUndefined, TemplateError, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import BaseModel, Field

from vtx_dagster.core.document import Document
from vtx_dagster.core.errors import InvalidRequestError, NotFoundError
from vtx_dagster.core.plain_form import plain_form
from vtx_dagster.core.suggestions import did_you_mean
from vtx_dagster.engines.language_model.basis import either
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
_NEWLINE = re.compile(r"\r\n?|\n")
_HOLES = re.compile(r"\n(?:[ \t]*\n){2,}")
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
class _File:
    """A file of the library: a template, or a partial that templates include."""

    owner: str
    path: Path
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Template:
    """A template that was read and checked.

    Attributes:
        sections: Text of each section by role, on the lines on which it stands in the file.
        partials: What it includes, in the order in which it comes up.
    """

    file: _File
    header: TemplateHeader
    sections: Mapping[str, str]
    partials: tuple[_File, ...] = ()


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja2's sandbox, in which values can be looked at and nothing more.

    By itself it lets templates call what has no underscore, and pydantic has such methods that read files and unpickle.
    """

    def is_safe_attribute(self, obj: object, attr: str, value: object) -> bool:
        """Say whether a template may have an attribute: of a pydantic model its own fields and properties, of a class none."""
        if isinstance(obj, type) or not super().is_safe_attribute(obj, attr, value):
            return False
        return not isinstance(obj, BaseModel) or attr in type(obj).model_fields or _is_property(type(obj), attr)


class PromptLibrary:
    """The prompt templates of a project. Every file is read once: make a new library to see a change.

    Attributes:
        context_tokens: How many tokens a prompt may have, estimated, its schema included.
    """

    def __init__(self, folders: Sequence[tuple[str, Path]], *, context_tokens: int) -> None:
        """Make a library.

        Args:
            folders: Whose templates come before the package's, and the folder of each; the first that has a name wins. A folder
                need not exist.
            context_tokens: How many tokens a prompt may have, estimated, its schema included.
        """
        self._folders = (*folders, (_PACKAGE, TEMPLATES_DIR))
        self.context_tokens = context_tokens
        self._files: dict[str, _File] = {}
        self._templates: dict[str, _Template] = {}
        self._environment = _Sandbox(
            loader=FunctionLoader(self._source),
            undefined=StrictUndefined,
            autoescape=False,  # the text goes to a model, not to a browser
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            finalize=lambda value: "" if value is None else value,
        )

    def override_hash(self, name: str) -> str:
        """Return the SHA-256 of what a studio or project has in the place of the package's files; empty if nothing.

        It is that of the plain form of the texts, and where one is stored otherwise, after a space, that of the texts as they are
        stored, which is what earlier versions noted.

        Args:
            name: Name of a template. The partials that it includes count.

        Raises:
            NotFoundError: If there is no such template.
            InvalidFileError: If it is not valid.
        """
        template = self._template(name)
        own = [(file.path.name, file.text) for file in (template.file, *template.partials) if file.owner != _PACKAGE]
        texts = (own, [(name, plain_form(text)) for name, text in own])
        stored, plain = (hashlib.sha256(json.dumps(one).encode()).hexdigest() for one in texts)
        return either(plain, stored) if own else ""

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
        template = self._template(name)
        schema = strict_schema(answer, keys=keys)

        def messages(texts: Mapping[str, str]) -> tuple[Message, ...]:
            filled = {**values, **texts}
            return (self._message(name, "system", filled), self._message(name, "user", filled))

        texts, cuts = fit_windows(
            windows, size_of=lambda texts: _input_tokens(messages(texts), schema), budget=self.context_tokens
        )
        prompt = Prompt(
            name=name,
            template=_label(name, template),
            messages=messages(texts),
            answer=answer,
            schema=schema,
            max_output_tokens=template.header.max_output_tokens,
            cuts=cuts,
        )
        if prompt.input_tokens > self.context_tokens:
            raise InvalidRequestError(
                f"the prompt {prompt.template!r} needs {prompt.input_tokens:,} tokens with everything left out that can be, and "
                f"VTX_STORY_CONTEXT_TOKENS is {self.context_tokens:,}: raise it, or shorten what the prompt is made from",
                template=name,
                input_tokens=prompt.input_tokens,
                context_tokens=self.context_tokens,
            )
        return prompt

    def _file(self, file: str) -> _File:
        if file not in self._files:
            self._files[file] = self._read(file)
        return self._files[file]

    def _read(self, file: str) -> _File:
        if _FILE_NAME.fullmatch(file):
            for owner, folder in self._folders:
                try:
                    return _File(owner=owner, path=folder / file, text=read_text(folder / file))
                except NotFoundError:
                    continue
        known = {path.name for _, folder in self._folders for path in folder.glob("*.md")}
        raise NotFoundError(f"there is no prompt template {file!r}{did_you_mean(file, known)}", template=file)

    def _template(self, name: str) -> _Template:
        if name not in self._templates:
            template = _parsed(self._file(f"{name}.md"))
            self._templates[name] = replace(template, partials=self._partials(template))
        return self._templates[name]

    def _partials(self, template: _Template) -> tuple[_File, ...]:
        found: dict[str, _File] = {}
        waiting = [(template.file, source) for source in template.sections.values()]
        for file, source in waiting:
            for line, included in self._included(file, source):
                if included in found:
                    continue
                try:
                    found[included] = self._file(included)
                except NotFoundError as error:
                    raise syntax_error(str(file.path), line, error.message) from error
                if _NEWLINE.split(found[included].text)[0].rstrip() == _FENCE:
                    raise syntax_error(
                        str(found[included].path), 1, f"{included} is included by {file.path.name}: remove its front matter"
                    )
                waiting.append((found[included], found[included].text))
        return tuple(found.values())

    def _included(self, file: _File, source: str) -> Iterator[tuple[int, str]]:
        """Yield line and name of every file that a text includes."""
        try:
            tree = self._environment.parse(source)
        except TemplateSyntaxError as error:
            raise syntax_error(str(file.path), error.lineno, f"not a valid template: {error.message}") from error
        for node in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
            wanted = node.template
            if not isinstance(wanted, nodes.Const) or not isinstance(wanted.value, str):
                raise syntax_error(str(file.path), node.lineno, "write the name of the one included file in quotes")
            yield node.lineno, wanted.value

    def _source(self, wanted: str) -> tuple[str, str, None]:
        """Return text and file name of what Jinja2 loads: a section as ``screenplay#user``, a partial as ``style.md``."""
        name, _, role = wanted.partition("#")
        if role:
            template = self._template(name)
            return template.sections[role], str(template.file.path), None
        partial = self._file(wanted)
        return partial.text, str(partial.path), None

    def _message(self, name: str, role: Literal["system", "user"], values: Mapping[str, object]) -> Message:
        try:
            text = self._environment.get_template(f"{name}#{role}").render(values)
        except _RENDER_ERRORS as error:
            file, line = _place(self._template(name), error)
            raise syntax_error(file, line, f"the template cannot be filled in: {error}") from error
        return Message(role=role, text=_HOLES.sub("\n\n", text.strip()))


def _is_property(model: type[BaseModel], name: str) -> bool:
    """Say whether a model has a property of this name that is not one of pydantic's."""
    return not hasattr(BaseModel, name) and isinstance(getattr_static(model, name, None), (property, cached_property))


def _label(name: str, template: _Template) -> str:
    own = [f"{file.path.stem} ({file.owner})" for file in (template.file, *template.partials) if file.owner != _PACKAGE]
    return ", ".join(own if template.file.owner != _PACKAGE else [f"{name} {template.header.version}", *own])


def _place(template: _Template, error: BaseException) -> tuple[str, int]:
    """Return file and line of a template in which an error came up; Jinja2 puts them into the traceback."""
    files = {str(file.path) for file in (template.file, *template.partials)}
    frames = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    return next((place for place in reversed(frames) if place[0] in files), (str(template.file.path), 1))


def _parsed(file: _File) -> _Template:
    """Return a template without its partials."""
    name, lines = str(file.path), _NEWLINE.split(file.text)
    if lines[0].rstrip() != _FENCE:
        raise syntax_error(
            name, 1, f"a template starts with front matter: {_FENCE}, 'max_output_tokens: 4000', {_FENCE}, each on a line"
        )
    end = next((number for number, line in enumerate(lines) if number and line.rstrip() == _FENCE), None)
    if end is None:
        raise syntax_error(name, 1, f"the front matter does not end: close it with a line {_FENCE}")
    # An empty line in the place of the first fence keeps the numbers of the lines.
    header = parse_document("\n".join(["", *lines[1:end]]), TemplateHeader, name=name)
    starts = [number for number, line in enumerate(lines) if number > end and line.rstrip() in _HEADINGS]
    if [lines[number].rstrip() for number in starts] != list(_HEADINGS):
        raise syntax_error(name, end + 1, f"a template has two sections, in this order: {' and '.join(_HEADINGS)}")
    system, user = starts
    for number in range(end + 1, system):
        if lines[number].strip():
            raise syntax_error(name, number + 1, f"text before {_HEADINGS[0]!r}: move it into a section")
    sections = {"system": _section(lines, system + 1, user), "user": _section(lines, user + 1, len(lines))}
    for heading, text in zip(starts, sections.values(), strict=True):
        if not text.strip():
            raise syntax_error(name, heading + 1, f"the section {lines[heading].rstrip()!r} is empty")
    return _Template(file=file, header=header, sections=sections)


def _section(lines: Sequence[str], start: int, end: int) -> str:
    """Return some lines of a file, with empty ones before them, so that Jinja2 counts as an editor does."""
    return "\n".join([*[""] * start, *lines[start:end]])


def _input_tokens(messages: Sequence[Message], schema: Mapping[str, Any]) -> int:
    texts = sum(estimated_tokens(message.text) + MESSAGE_TOKENS for message in messages)
    return texts + estimated_tokens(json.dumps(schema, ensure_ascii=False))
