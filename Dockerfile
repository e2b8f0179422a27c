# Triescope in a container, in two stages: everything is installed and the films are built in the first, the second has only what
# runs. One image, two commands: the window (by default) and the service (see compose.yaml).
FROM python:3.11-slim AS build

# The CPU wheel of torch is a tenth of the default one; its version is the one that requirements.txt pins.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH
WORKDIR /app
COPY requirements.txt requirements-serve.txt ./
RUN pip install --no-cache-dir --index-url "$TORCH_INDEX" "$(grep -o '^torch==[^ ]*' requirements.txt)" \
 && pip install --no-cache-dir -r requirements.txt -r requirements-serve.txt \
 && pip uninstall --yes pip

COPY .streamlit .streamlit
COPY data data
COPY engine engine
COPY app app
COPY pages pages
# The films, the exported encoder and the compiled loops: what a volume begins with, so that nobody waits for them.
ENV HF_HUB_OFFLINE=1 TRIESCOPE_HOME=/data NUMBA_CACHE_DIR=/data/cache/numba
RUN python -m app.prepare && python -m engine search films "a heist inside dreams" -r hybrid > /dev/null

FROM python:3.11-slim AS runtime

RUN useradd --create-home --uid 1000 triescope
COPY --from=build /venv /venv
COPY --from=build /app /app
COPY --from=build --chown=triescope:triescope /data /data
# All that is written goes to /data; the rest of the file system may be read-only.
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HF_HUB_OFFLINE=1 \
    TRIESCOPE_HOME=/data NUMBA_CACHE_DIR=/data/cache/numba HF_HOME=/data/cache/hf
WORKDIR /app
USER triescope
VOLUME /data

EXPOSE 8501 8600
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
CMD ["python", "-m", "app.serve", "--server.address=0.0.0.0", "--server.port=8501", "--client.showErrorDetails=type"]
