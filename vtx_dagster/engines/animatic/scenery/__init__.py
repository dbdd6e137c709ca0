"""Sets and props as data: one YAML file each, and what paints them."""
