"""Published answers, what ctgeval gives on the same data, and what peers gave."""
