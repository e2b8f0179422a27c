# Triescope in a container: CPU torch, no root, the bundled catalogue built into the image.
FROM python:3.11-slim

RUN useradd --create-home triescope
WORKDIR /home/triescope/app
ENV PYTHONUNBUFFERED=1 HF_HUB_OFFLINE=1 TRIESCOPE_HOME=/home/triescope/data

# The CPU wheel of torch is a tenth of the default one; its version is the one that requirements.txt pins.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
COPY requirements.txt ./
RUN pip install --no-cache-dir --index-url "$TORCH_INDEX" "$(grep -o '^torch==[^ ]*' requirements.txt)" \
 && pip install --no-cache-dir -r requirements.txt

COPY --chown=triescope . .
RUN mkdir -p /home/triescope/data && chown -R triescope /home/triescope
USER triescope
RUN python -m app.prepare

EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
  CMD python -c "import urllib.request as u; u.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"
CMD ["python", "-m", "streamlit", "run", "app/main.py", "--server.address=0.0.0.0", "--server.port=8501", "--client.showErrorDetails=type"]
