"""The bundled indicators: one public module each, found by walking this package."""
