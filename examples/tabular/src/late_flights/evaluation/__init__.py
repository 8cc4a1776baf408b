"""Metrics, bootstrap intervals, model selection and plots."""
