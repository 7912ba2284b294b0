"""How real files become rows of the city's database: one mapping file a source, no code."""
