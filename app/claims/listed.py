"""All claims with what is known of them: the table, the marks of verdicts, and of what catalogue a finding is."""

import pandas as pd
import streamlit as st

from app.charts import verdict as charts
from app.common import state
from engine.builds import layout
from engine.builds.opened import Build
from engine.claims import CLAIMS, Finding, kept
from engine.files import sha256
from engine.verdict.shown import describe

COLUMNS = {"Claim": st.column_config.TextColumn(width=640), "Documents": st.column_config.NumberColumn(format="localized")}
MARKS = {
    "holds": (":material/check_circle:", "green"),
    "holds partly": (":material/contrast:", "orange"),
    "does not hold here": (":material/cancel:", "red"),
    "not testable here": (":material/help:", "gray"),
}


def job_name(build: Build) -> str:
    """Name of the job; a build's name has no blank, so none is mistaken for it."""
    return f"claims on {build.folder.name}"


def found(build: Build) -> dict[str, Finding]:
    """What is known, by key; see :func:`engine.claims.kept.shown`."""
    shown = {key: kept.shown(build, key) for key in CLAIMS}
    return {key: finding for key, finding in shown.items() if finding}


def table(known: dict[str, Finding]) -> pd.DataFrame:
    """A row a claim, in the order in which they are learned."""
    rows = []
    for key, claim in CLAIMS.items():
        of = known.get(key)
        rows.append(
            {
                "No.": claim.number,
                "Verdict": of.verdict if of else "not made anew yet",  # before the claim, which is wider than a small window
                "Claim": claim.statement,
                "On": of.corpus if of else "",
                "Documents": of.documents if of else None,
                "Source": claim.source,
            }
        )
    return pd.DataFrame(rows)


def named(key: str) -> str:
    """A claim in a list."""
    return f"{CLAIMS[key].number}. {CLAIMS[key].statement}"


def of_what(finding: Finding, build: Build) -> str:
    """Of which catalogue a finding is, when and where it was made."""
    on = f"on {finding.corpus}, {finding.documents:,} documents" + (f", {finding.queries:,} queries" if finding.queries else "")
    came = "" if finding.build == build.folder.name else "; it is not of this build"
    return f"{on}; {finding.made[:10]}, {finding.device}, {finding.seconds:,.1f} s, seed {finding.seed}{came}"


def stale(finding: Finding, build: Build) -> str:
    """That a build of this name has changed since, in a sentence; empty where it has not, or where it is of another one."""
    ours = kept.read(kept.folder(build), finding.key) is not None
    if ours and finding.manifest != sha256(build.folder / layout.MANIFEST):
        return "The build has changed since; make it anew for figures of now."
    return ""


def section(finding: Finding) -> None:
    """What was found: sentences, pictures, and folded the table and how it was measured."""
    shown, name = finding.section, f"{finding.key}-{finding.corpus}"
    st.write(state.said(shown.says))
    for place, picture in enumerate(filter(None, (shown.picture, shown.beside))):
        st.plotly_chart(charts.figure(picture), key=f"claim-{name}-{place}", alt=describe(picture))
    if shown.rows:
        with st.expander("The picture as a table", key=f"table-{name}"):
            st.dataframe(pd.DataFrame(shown.rows, columns=list(shown.columns)), hide_index=True)
    with st.expander("How it was measured", key=f"notes-{name}"):
        st.markdown("\n".join(f"- {state.said(note)}" for note in shown.notes) or "Nothing was measured.")
        st.code(shown.command, language="bash", wrap_lines=True)


def time(seconds: int) -> str:
    """So many seconds in words.

    >>> time(20), time(150)
    ('20 s', '2 min')
    """
    return f"{seconds} s" if seconds < 100 else f"{seconds // 60} min"
