"""Chart builders: plain data in, an ECharts option or a Plotly figure out. None of them imports streamlit."""
