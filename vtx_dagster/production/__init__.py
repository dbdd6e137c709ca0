"""The work of each stage of film-making, on the studio folder and through the engines. No Dagster."""
