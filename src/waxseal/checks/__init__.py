"""Facts to verdicts: one file per check, found by walking the topic folders (DESIGN §4)."""
