"""Planning for loads that no machine here can make: simulation, service times, checks."""
