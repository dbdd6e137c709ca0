"""The animatic: a storyboard that moves, drawn on the CPU from the plan alone. No model, no network, the same bytes every time."""
