"""Benchmarks: each compares wabot with the bare thing in the same run, so that the figures are ratios and not this machine's speed."""
