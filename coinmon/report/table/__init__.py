"""The interactive table of a running scan: sorted, filtered, and a pair's sheet on Enter."""
