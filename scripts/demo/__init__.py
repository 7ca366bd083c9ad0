"""What the fictional territory of ``data/demo`` is made of; ``scripts/make_demo.py`` writes it."""
