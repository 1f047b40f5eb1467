"""`coinmon doctor --deep`: what each venue says today, compared with what coinmon believes of it."""
