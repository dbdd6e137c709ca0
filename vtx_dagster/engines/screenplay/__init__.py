"""What writers bring: screenplays in the formats that they are written in, read once, with marks and line numbers kept."""
