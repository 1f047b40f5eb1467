"""Help and errors in the language of whoever typed the command."""
