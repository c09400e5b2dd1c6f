"""Utility bills (水电气账单): imported, priced by the tariff, paid once."""
