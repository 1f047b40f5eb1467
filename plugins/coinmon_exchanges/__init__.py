"""The bundled venues: one public module each, found by walking this package."""
