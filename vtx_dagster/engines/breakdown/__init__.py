"""The story by rule: a Fountain screenplay becomes an outline, scene files and a shotlist, without a language model.

``fountain`` parses, ``shots`` states the rules by which scenes become shots, and ``writer`` is the story writer that the
stages of the studio call.
"""
