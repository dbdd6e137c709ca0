"""Screenplay and shotlist as the files that other people's programs read: Fountain, Final Draft, PDF, HTML and CSV."""
