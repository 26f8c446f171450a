"""Declare the facility environment: a furnace, thermostats, zones and alarms of a small plant."""

from runtime.plugins.stdlib.facility.plugin import PLUGIN

__all__ = ["PLUGIN"]
