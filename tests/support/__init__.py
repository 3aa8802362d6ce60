"""What the tests are written with: the running product, users of it, and waiting without sleeping."""
