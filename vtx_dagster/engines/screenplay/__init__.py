"""Screenplays as people bring them. Every format becomes Fountain text; what reads that text does not know where it came from."""
