"""The pages in a real browser, against the whole running product."""
