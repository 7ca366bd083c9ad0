"""The rule that a dossier declares: thresholds by object, audience and source, each with the text that founds it."""

from __future__ import annotations

from collections.abc import Iterable

from ctgeval.confidentiality.rules import Rule, SourceRule
from ctgeval.config import AUDIENCES, Config

__all__ = ["declared_rule", "public_rule"]

_CHOICE = "Choix du dossier ([publication] seuil de ctg.toml), à défaut de seuil légal pour ces comptages."


def declared_rule(config: Config, audiences: Iterable[str]) -> Rule:
    """Return the rule for readers of these audiences.

    Versions of one table are protected together, because one may read several of them: their thresholds are the highest
    of those of the audiences given.

    Parameters
    ----------
    config : Config
        ``[publication]``: ``seuil``, ``texte``, ``audience``; ``secret`` of each ``[[source]]``.
    audiences : iterable of str
        Who will read.

    Returns
    -------
    Rule
    """
    publication = config.publication
    usual = publication.seuil
    own = [(name, publication.audience[name]) for name in sorted(publication.audience) if name in set(audiences)]
    least = max((secret.seuil for _, secret in own), default=0)
    by_source = tuple(
        SourceRule(source.cle, source.secret.seuil, source.secret.texte)
        for source in config.sources
        if source.secret is not None
    )
    texts = [
        publication.texte.strip() or _CHOICE,
        *(f"Audience {name} (moins de {secret.seuil}) : {secret.texte}" for name, secret in own),
        *(f"Source {one.source} (moins de {one.threshold}) : {one.text}" for one in by_source),
    ]
    return Rule(
        threshold=max(usual.personnes, least),
        sensitive_threshold=max(usual.sensible, least),
        households=None if usual.foyers is None else max(usual.foyers, least),
        enterprises=None if usual.entreprises is None else max(usual.entreprises, least),
        source=" ".join(texts),
        by_source=by_source,
    )


def public_rule(config: Config) -> Rule:
    """Return the rule of every version but that of the team.

    Who reads two versions must not find in one what the other masks: the highest threshold is that of all of them.
    """
    return declared_rule(config, (name for name in AUDIENCES if name != "interne"))
