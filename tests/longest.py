"""The files of tests that take the most, begun first: none of them is left running alone at the end.

What other files wait for (`make bilan`, for the pages of the demo) is at the head, and its readers are further.
"""

from __future__ import annotations

LONGEST = {
    "test_readme.py": 130,
    "test_architecture.py": 75,
    "confidentiality/test_independent_attacker.py": 75,
    "confinement/test_hostile_notebook.py": 70,
    "report/test_injection.py": 56,
    "sources/test_every_real_file.py": 50,
    "confidentiality/test_attack.py": 48,
    "test_real_dossier.py": 45,
    "report/cluster/test_cluster.py": 45,
    "report/test_canary.py": 42,
    "report/test_demo_pages.py": 40,
    "test_bad_follow_up.py": 32,
    "test_dossier.py": 30,
    "designs/test_tables.py": 25,
    "report/test_build.py": 20,
    "report/formats/test_same_figures.py": 20,
    "report/test_browser.py": 20,
    "test_diffusion.py": 15,
    "confidentiality/test_suppression.py": 9,
}
"""Weight of each file, in seconds of one core; the others run after them, in the order of their names."""
