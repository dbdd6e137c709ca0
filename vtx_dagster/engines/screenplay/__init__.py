"""Screenplays as people bring them. Every format becomes Fountain text, and one reader reads that, marks and lines and all."""
