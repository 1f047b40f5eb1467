"""What happened before: files, REST pages, and the part of the window before a start."""
