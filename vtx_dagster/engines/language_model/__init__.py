"""The story writer that asks a language model, and keeps it under control: prompts, budget, memory, repairs, continuity."""
