"""The live desk: the page that `coinmon serve` shows to browsers."""
