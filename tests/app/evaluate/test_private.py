"""A private query set on the Evaluate page: hidden until asked for, in this session alone, and counted."""

from engine import evaluation, workspace
from engine.builds.opened import Build
from tests.app.at import button, said, sound, visit


def test_figures_are_hidden_until_somebody_asks_for_them(with_trained):
    build = Build(with_trained)
    judged = workspace.Judged({"a": "a man at sea"}, {"a": {build.documents[3].id: 1}})
    workspace.query_sets.keep(build.catalogue, "mine", judged, build.corpus.qrels)
    for split in ("dev", "mine"):
        asked = evaluation.Asked(judged.queries, judged.qrels) if split == "mine" else None
        found = evaluation.evaluate(build, split, ["bm25", "tfidf"], asked=asked)
        spec = {
            "split": split,
            "retrievers": ["bm25", "tfidf"],
            "beams": 100,
            "filter": "",
            "measures": list(evaluation.MEASURES),
        }
        workspace.evaluations.keep(build.catalogue, "sixty", spec, found.as_json() | found.by_query())
    at = visit("evaluate", evaluation="2")
    assert "nDCG@10 on 1 query of mine" in " ".join(one.value for one in at.header)
    at.toggle(key="private-mine").set_value(True).run()
    assert workspace.private.names(build.catalogue) == {"mine": 0}
    assert "Nobody looked at them yet" in " ".join(one.value for one in sound(at).info)
    assert not [one for one in at.header if "nDCG" in one.value]
    other = visit("evaluate", evaluation="1")
    assert "2: mine" not in " ".join(str(one) for box in other.selectbox if box.key == "against" for one in box.options)
    button(at, "Show its figures, and count the look").click().run()
    assert "nDCG@10 on 1 query of mine" in " ".join(one.value for one in sound(at).header)
    assert workspace.private.names(build.catalogue) == {"mine": 1}
    again = visit("evaluate", evaluation="2")
    assert "looked at 1 time." in said(again) + " ".join(one.value for one in again.info)
