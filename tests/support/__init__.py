"""Helpers that several tests share; scripts and benchmarks may import them, too."""
