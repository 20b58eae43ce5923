"""How questions are written: options, numbers, keys, pictures, references, passages, and what headers mean."""
