"""How rules are written: files, grammar, functions, texts."""
