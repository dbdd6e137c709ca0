"""The animatic: a storyboard that moves, drawn on the CPU from the plan alone; the same bytes every time."""
