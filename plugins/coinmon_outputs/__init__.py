"""The bundled outputs: one public module each, found by walking this package."""
