"""Names that would break out of a careless writer, and those that Hypothesis finds."""

from __future__ import annotations

from hypothesis import strategies as st

NAMES = (
    "/srv/ctg",
    "/srv/Dossier de l’été",
    '/srv/l\'été "cité"',
    "/srv/100 % %h %n %%",
    "/srv/a;rm -rf $HOME",
    "/srv/$(id)`id`${HOME}$PATH$$",
    "/srv/a && b || c | d > e < f & #g",
    "/srv/<Exec>&amp;]]></Arguments>",
    "/srv/ --executer -x",
    "/srv/{{workflow.name}} {{item}}",
    "/srv/* * * * * root id",
    "/srv/a\\ b\\",
    "/srv/ a\n30 5 * * 1 id\n",
    "/srv/ExecStart=\r\n[Service]",
    "/srv/\t\x1b[31m\x7f\u2028\u2029\u0085",
    "/srv/\udcff\udc80",
    "/srv/: - @ ! + ; 日本",
)
SIGNS = st.sampled_from(list(" '\"%$\\;&|<>(){}#*`!~^=,:@+-éà«»日\n\r\t\x01\x7f\u2028\udcff[]?/.aZ0"))
WORDS = st.text(SIGNS | st.characters(exclude_characters="\0"), min_size=1, max_size=30)
