"""Stage of the way of the data; see the README."""
