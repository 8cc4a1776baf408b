"""Versions of the template, rendering by Copier, and the recorded answers."""
