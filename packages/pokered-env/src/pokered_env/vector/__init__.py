"""Many environments behind one vector interface, on threads."""
