"""Following one instrument: which of its minutes are proven, and what is stored of them."""
