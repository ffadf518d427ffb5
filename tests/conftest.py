"""One Hypothesis profile: no deadlines, because neighbours on a shared machine would fail a law."""

from hypothesis import HealthCheck, settings

settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")
