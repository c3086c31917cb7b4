# vikt as a service: docker build -t vikt . && docker run -p 8000:8000 -v ./models:/models:ro -e VIKT_TOKEN=... vikt spam.vikt
FROM python:3.13-slim-bookworm AS build
ARG EXTRAS=serve,report
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY scripts scripts
COPY src src
RUN python -m venv /opt/vikt && /opt/vikt/bin/pip install --no-cache-dir ".[${EXTRAS}]"

FROM python:3.13-slim-bookworm
COPY --from=build /opt/vikt /opt/vikt
RUN useradd --system --uid 10001 --no-create-home vikt
ENV PATH=/opt/vikt/bin:$PATH PYTHONUNBUFFERED=1
WORKDIR /models
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
ENTRYPOINT ["vikt", "serve", "--host", "0.0.0.0"]
CMD ["model.vikt"]
