"""Questionnaires: who answered, weights, shares and their intervals, change between two waves, scales.

- ``recruitment``: how respondents were found decides of what may be said: volunteers get «des répondants», no interval.
- ``weighting``: raking to known margins, trimmed or not; its convergence is diagnosed.
- ``design``: weights, strata, clusters and replicate weights of one wave; ``replication`` makes the last ones.
- ``estimates``: shares, means and medians, by group, with intervals.
- ``waves``: what changed between two waves, on the same persons or on others.
- ``scales``: scores and their reliability (alpha, omega); ``likert``: distributions of ordered answers.
"""
