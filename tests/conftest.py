"""Hypothesis on machines that are busy or slow: how long making an example takes is no finding."""

from hypothesis import HealthCheck, settings

settings.register_profile("waxseal", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("waxseal")
