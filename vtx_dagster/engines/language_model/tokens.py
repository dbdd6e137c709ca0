"""How many tokens a text has, estimated on the high side without knowing the model."""

BYTES_PER_TOKEN = 3
"""English prose has more than 4 bytes per token with the tokenisers of 2026, JSON and most other languages more than 3."""

MESSAGE_TOKENS = 8
"""What a message costs besides its text: its role and the marks around it, rounded up."""


def estimated_tokens(text: str) -> int:
    """Return the estimated number of tokens of a text: a third of its UTF-8 bytes, rounded up."""
    return -(-len(text.encode()) // BYTES_PER_TOKEN)
