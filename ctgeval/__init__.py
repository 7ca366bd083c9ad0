"""ctgeval: evaluate a convention territoriale globale."""
