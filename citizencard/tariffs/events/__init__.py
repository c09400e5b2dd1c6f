"""Events from files, such as rides, stays and bills, priced by a tariff one after the other."""
