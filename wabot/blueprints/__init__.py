"""Plugins: thin. Parse, call one service, render. Modules whose name begins with `_` are shared by them."""
