"""Monitoring: is the traffic of the demo still like the data that the champion was trained on?"""
