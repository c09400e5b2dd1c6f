"""Tariffs as data: checked, approved by two, priced by one engine, compiled for devices."""
