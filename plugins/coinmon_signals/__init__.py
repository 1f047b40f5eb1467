"""The bundled signals: one public module each, found by walking this package."""
