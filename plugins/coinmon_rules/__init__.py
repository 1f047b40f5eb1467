"""Signals written in YAML: conditions over the fields of any indicator, checked, explained, tested and replayed."""
