"""Style sheets, templates and modules of the desk, read as text."""
