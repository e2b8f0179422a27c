"""The router: navigation in groups, page settings, the build picker. Start it with ``streamlit run app/main.py``."""

import sys
from pathlib import Path

# ``streamlit run`` puts app/ on the path, not its parent; a bare clone needs the parent.
ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

import streamlit as st  # noqa: E402

from app.common import address, glossary, guard, heap, jobs_panel, owner, resources, second, state  # noqa: E402
from engine.builds import names  # noqa: E402
from engine.errors import TriescopeError  # noqa: E402

# Before the navigation: else the browser would fetch the page's icon from a host of Google's, to show it in its tab.
st.set_page_config(page_icon=str(ROOT / "app" / "icon.svg"), layout="wide")

EXPLORE = [
    st.Page("../pages/start.py", title="Start", icon=":material/home:", default=True),
    st.Page("../pages/decode.py", title="Decode", icon=":material/conversion_path:", url_path="decode"),
    st.Page("../pages/trie.py", title="Trie", icon=":material/account_tree:", url_path="trie"),
    st.Page("../pages/map.py", title="Map", icon=":material/scatter_plot:", url_path="map"),
    st.Page("../pages/sessions.py", title="Sessions", icon=":material/history:", url_path="sessions"),
]
COMPARE = [
    st.Page("../pages/compare.py", title="Compare", icon=":material/compare_arrows:", url_path="compare"),
    st.Page("../pages/evaluate.py", title="Evaluate", icon=":material/fact_check:", url_path="evaluate"),
    st.Page("../pages/verdict.py", title="Verdict", icon=":material/gavel:", url_path="verdict"),
    st.Page("../pages/claims.py", title="Claims", icon=":material/balance:", url_path="claims"),
]
BUILD = [
    st.Page("../pages/catalogue.py", title="Catalogue", icon=":material/upload_file:", url_path="catalogue"),
    st.Page("../pages/builds.py", title="Builds", icon=":material/inventory_2:", url_path="builds"),
    st.Page("../pages/identifiers.py", title="Identifiers", icon=":material/fingerprint:", url_path="identifiers"),
    st.Page("../pages/codebooks.py", title="Codebooks", icon=":material/grid_on:", url_path="codebooks"),
    st.Page("../pages/train.py", title="Train", icon=":material/model_training:", url_path="train"),
]
LEARN = [st.Page("../pages/glossary.py", title="Glossary", icon=":material/dictionary:", url_path="glossary")]
# Before the password too, without a menu: else a link would lead whoever gives it to the first page.
menu = {"Explore": EXPLORE, "Compare": COMPARE, "Build": BUILD, "Learn": LEARN}
page = st.navigation(menu, position="hidden" if guard.waits() else "top")
guard.let_in()
st.set_page_config(page_title=f"{page.title} · Triescope")
st.html(ROOT / "app" / "page.css")
with st.container(key="scripts"):
    for script in ("phone_menu.html", "no_prefetch.html"):
        st.html(ROOT / "app" / script, unsafe_allow_javascript=True)
    owner.remember()
address.arrive(page.url_path)

# The picker stands above the page and runs before it, so that a page can rely on the chosen build.
with st.container(horizontal=True, vertical_alignment="center", gap="small", key="header"):
    if listed := names.names():
        chosen = address.one_of(state.BUILD, listed, names.first(listed), "build")
        asked = address.own(state.BUILD, chosen, address.OF_ONE_BUILD)
        st.selectbox("Build", listed, label_visibility="collapsed", width=200, **asked)
        resources.describe_build(st.session_state[state.BUILD])
        glossary.offer(page.url_path)
        second.offer(listed, page.url_path)
    else:
        st.caption("No build yet. Everything runs on this machine; nothing is sent anywhere.")
    jobs_panel.offer()
    if guard.read_only():
        st.badge("read only", icon=":material/visibility:", color="gray", help=guard.SHOWS)

try:
    page.run()
except TriescopeError as error:
    # What a build holds is opened when it is first asked for: by then it may be gone, or turn out to be damaged.
    st.error(state.said(str(error)), icon=":material/error:")
finally:  # also after a page that stopped early
    address.leave(page.url_path)
    heap.settle()
