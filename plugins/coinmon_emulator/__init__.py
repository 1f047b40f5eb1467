"""The four venues' public APIs on loopback: the demo, the tests' wire, the plugin author's test bench."""
